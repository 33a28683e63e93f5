import { Ollama } from "ollama";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT, type Provider } from "../client.ts";

export const OLLAMA: Provider = { name: "ollama", baseUrl: "https://ollama.com" };

const request = {
  model: "gpt-oss:120b",
  messages: [{ role: "user", content: PROMPT }],
  options: { num_predict: MAX_TOKENS },
};

export const ollamaClients: readonly Client[] = [
  {
    name: "ollama",
    provider: OLLAMA,
    model: request.model,
    refusal: { is: "ResponseError", status: "status_code", says: "{text}" },
    requests: { 400: 1, 402: 1, 429: 1, 500: 1, 529: 1, broken: 1, "not connected": 1 },
    stopping: "leaves the body unread",
    cutShort: "throws",
    make: (fetch) => {
      const client = new Ollama({ host: OLLAMA.baseUrl, fetch });
      return {
        call: async () => plain(await client.chat(request)),
        stream: async () => all(await client.chat({ ...request, stream: true })),
        stop: async () => first(await client.chat({ ...request, stream: true })),
      };
    },
  },
];
