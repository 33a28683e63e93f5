import { GoogleGenAI } from "@google/genai";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT, type Provider } from "../client.ts";

export const GOOGLE: Provider = {
  name: "google",
  baseUrl: "https://generativelanguage.googleapis.com",
};

const request = { model: "gemini-2.5-flash", contents: PROMPT, config: { maxOutputTokens: MAX_TOKENS } };

/** What its user sees, without what it keeps of the HTTP response. */
function shown(answer: object): unknown {
  return plain({ ...answer, sdkHttpResponse: undefined });
}

export const googleClients: readonly Client[] = [
  {
    name: "@google/genai",
    provider: GOOGLE,
    model: request.model,
    refusal: { is: "ApiError", status: "status", says: "{body}" },
    requests: { 400: 1, 402: 1, 429: 1, 500: 1, 529: 1, broken: 1, "not connected": 1 },
    stopping: "leaves the body unread",
    cutShort: "ends",
    make: (fetch) => {
      const { models } = new GoogleGenAI({ apiKey: "unused", httpOptions: { fetch } });
      return {
        call: async () => shown(await models.generateContent(request)),
        stream: async () => (await all(await models.generateContentStream(request))).map(shown),
        stop: async () => first(await models.generateContentStream(request)),
      };
    },
  },
];
