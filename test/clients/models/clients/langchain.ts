import { ChatOpenAI } from "@langchain/openai";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT } from "../client.ts";
import { OPENAI } from "./openai.ts";

export const langchainClients: readonly Client[] = [
  {
    name: "@langchain/openai",
    provider: OPENAI,
    model: "gpt-4o-mini",
    refusal: { is: "APIError", status: "status", says: "402 {text}", has: { code: "over_budget" } },
    // Its own default is six more, with seconds between them.
    requests: { 400: 1, 402: 1, 429: 1, 500: 2, 529: 2, broken: 2, "not connected": 2 },
    stopping: "ends the request",
    cutShort: "ends",
    make: (fetch) => {
      const model = new ChatOpenAI({
        apiKey: "unused",
        model: "gpt-4o-mini",
        maxTokens: MAX_TOKENS,
        maxRetries: 1,
        configuration: { fetch },
      });
      return {
        call: async () => plain(await model.invoke(PROMPT)),
        stream: async () => (await all(await model.stream(PROMPT))).map(plain),
        stop: async () => first(await model.stream(PROMPT)),
      };
    },
  },
];
