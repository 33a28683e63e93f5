import { CohereClientV2 } from "cohere-ai";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT, type Provider } from "../client.ts";

export const COHERE: Provider = { name: "cohere", baseUrl: "https://api.cohere.com" };

const request = {
  model: "command-a-03-2025",
  messages: [{ role: "user" as const, content: PROMPT }],
  maxTokens: MAX_TOKENS,
};

export const cohereClients: readonly Client[] = [
  {
    name: "cohere-ai",
    provider: COHERE,
    model: request.model,
    refusal: { is: "CohereError", status: "statusCode", says: "Status code: 402\nBody: {body}" },
    requests: { 400: 1, 402: 1, 429: 3, 500: 3, 529: 3, broken: 1, "not connected": 1 },
    stopping: "ends the request",
    cutShort: "ends",
    make: (fetch) => {
      const client = new CohereClientV2({ token: "unused", fetch });
      return {
        call: async () => plain(await client.chat(request)),
        stream: async () => all(await client.chatStream(request)),
        stop: async () => first(await client.chatStream(request)),
      };
    },
  },
];
