import OpenAI from "openai";
import {
  all,
  type Client,
  type ErrorShape,
  first,
  MAX_TOKENS,
  plain,
  PROMPT,
  type Provider,
} from "../client.ts";
import type { Fetch } from "../fetch.ts";

export const OPENAI: Provider = { name: "openai", baseUrl: "https://api.openai.com/v1" };

/** Two more requests for what may pass, but not for an answer that has begun. */
export const STAINLESS_REQUESTS = {
  400: 1,
  402: 1,
  429: 3,
  500: 3,
  529: 3,
  broken: 1,
  "not connected": 3,
};

const API_ERROR: ErrorShape = {
  is: "APIError",
  status: "status",
  says: "402 {text}",
  has: { code: "over_budget" },
};

const clientOf = (fetch: Fetch): OpenAI => new OpenAI({ apiKey: "unused", fetch });

const chat = {
  model: "gpt-4o-mini",
  messages: [{ role: "user" as const, content: PROMPT }],
  max_completion_tokens: MAX_TOKENS,
};

const response = { model: "gpt-5-mini", input: PROMPT, max_output_tokens: MAX_TOKENS };

const shared = {
  provider: OPENAI,
  refusal: API_ERROR,
  requests: STAINLESS_REQUESTS,
  stopping: "ends the request",
  cutShort: "ends",
} as const;

export const openaiClients: readonly Client[] = [
  {
    ...shared,
    name: "openai, chat",
    model: chat.model,
    more: [
      {
        name: "embeddings",
        model: "text-embedding-3-small",
        steps: 1,
        ask: async (fetch) => {
          const request = { model: "text-embedding-3-small", input: PROMPT };
          return plain(await clientOf(fetch).embeddings.create(request));
        },
      },
      {
        name: "the list of models",
        model: null,
        steps: 1,
        ask: async (fetch) => plain(await all(clientOf(fetch).models.list())),
      },
    ],
    make: (fetch) => {
      const { completions } = clientOf(fetch).chat;
      return {
        call: async () => plain(await completions.create(chat)),
        stream: async () => all(await completions.create({ ...chat, stream: true })),
        stop: async () => first(await completions.create({ ...chat, stream: true })),
      };
    },
  },
  {
    ...shared,
    name: "openai, chat with include_usage",
    model: chat.model,
    make: (fetch) => {
      const { completions } = clientOf(fetch).chat;
      const streamed = { ...chat, stream: true, stream_options: { include_usage: true } } as const;
      return {
        call: async () => plain(await completions.create(chat)),
        stream: async () => all(await completions.create(streamed)),
        stop: async () => first(await completions.create(streamed)),
      };
    },
  },
  {
    ...shared,
    name: "openai, responses",
    model: response.model,
    make: (fetch) => {
      const { responses } = clientOf(fetch);
      return {
        call: async () => plain(await responses.create(response)),
        stream: async () => all(await responses.create({ ...response, stream: true })),
        stop: async () => first(await responses.create({ ...response, stream: true })),
      };
    },
  },
];
