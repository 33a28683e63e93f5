import { GoogleGenAI } from "@google/genai";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT, type Provider } from "../client.ts";
import type { Fetch } from "../fetch.ts";

export const GOOGLE: Provider = {
  name: "google",
  baseUrl: "https://generativelanguage.googleapis.com",
};

const request = { model: "gemini-2.5-flash", contents: PROMPT, config: { maxOutputTokens: MAX_TOKENS } };

/** What its user sees, without what it keeps of the HTTP response. */
function shown(answer: object): unknown {
  return plain({ ...answer, sdkHttpResponse: undefined });
}

const modelsOf = (fetch: Fetch): GoogleGenAI["models"] =>
  new GoogleGenAI({ apiKey: "unused", httpOptions: { fetch } }).models;

export const googleClients: readonly Client[] = [
  {
    name: "@google/genai",
    provider: GOOGLE,
    model: request.model,
    more: [
      {
        name: "embeddings",
        model: "gemini-embedding-001",
        steps: 1,
        ask: async (fetch) =>
          shown(await modelsOf(fetch).embedContent({ model: "gemini-embedding-001", contents: PROMPT })),
      },
      {
        name: "a count of tokens",
        model: null,
        steps: 1,
        ask: async (fetch) => {
          const { model, contents } = request;
          return shown(await modelsOf(fetch).countTokens({ model, contents }));
        },
      },
      {
        name: "the list of models",
        model: null,
        steps: 1,
        ask: async (fetch) => plain(await all(await modelsOf(fetch).list())),
      },
    ],
    refusal: { is: "ApiError", status: "status", says: "{body}" },
    requests: { 400: 1, 402: 1, 429: 1, 500: 1, 529: 1, broken: 1, "not connected": 1 },
    stopping: "leaves the body unread",
    cutShort: "ends",
    make: (fetch) => {
      const models = modelsOf(fetch);
      return {
        call: async () => shown(await models.generateContent(request)),
        stream: async () => (await all(await models.generateContentStream(request))).map(shown),
        stop: async () => first(await models.generateContentStream(request)),
      };
    },
  },
];
