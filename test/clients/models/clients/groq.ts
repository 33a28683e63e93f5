import Groq from "groq-sdk";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT, type Provider } from "../client.ts";
import { STAINLESS_REQUESTS } from "./openai.ts";

export const GROQ: Provider = { name: "groq", baseUrl: "https://api.groq.com/openai/v1" };

const request = {
  model: "llama-3.3-70b-versatile",
  messages: [{ role: "user" as const, content: PROMPT }],
  max_completion_tokens: MAX_TOKENS,
};

export const groqClients: readonly Client[] = [
  {
    name: "groq-sdk",
    provider: GROQ,
    model: request.model,
    refusal: { is: "APIError", status: "status", says: "402 {body}" },
    requests: STAINLESS_REQUESTS,
    stopping: "ends the request",
    cutShort: "ends",
    make: (fetch) => {
      const { completions } = new Groq({ apiKey: "unused", fetch }).chat;
      return {
        call: async () => plain(await completions.create(request)),
        stream: async () => all(await completions.create({ ...request, stream: true })),
        stop: async () => first(await completions.create({ ...request, stream: true })),
      };
    },
  },
];
