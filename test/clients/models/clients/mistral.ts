import { HTTPClient, Mistral } from "@mistralai/mistralai";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT, type Provider } from "../client.ts";

export const MISTRAL: Provider = { name: "mistral", baseUrl: "https://api.mistral.ai/v1" };

const request = {
  model: "mistral-small-latest",
  messages: [{ role: "user" as const, content: PROMPT }],
  maxTokens: MAX_TOKENS,
};

export const mistralClients: readonly Client[] = [
  {
    name: "@mistralai/mistralai",
    provider: MISTRAL,
    model: request.model,
    refusal: { is: "SDKError", status: "statusCode", says: "API error occurred: Status 402\nBody: {body}" },
    requests: { 400: 1, 402: 1, 429: 1, 500: 1, 529: 1, broken: 1, "not connected": 1 },
    stopping: "ends the request",
    cutShort: "ends",
    make: (fetch) => {
      const { chat } = new Mistral({ apiKey: "unused", httpClient: new HTTPClient({ fetcher: fetch }) });
      return {
        call: async () => plain(await chat.complete(request)),
        stream: async () => all(await chat.stream(request)),
        stop: async () => first(await chat.stream(request)),
      };
    },
  },
];
