import Anthropic from "@anthropic-ai/sdk";
import { all, type Client, first, MAX_TOKENS, plain, PROMPT, type Provider } from "../client.ts";
import type { Fetch } from "../fetch.ts";
import { STAINLESS_REQUESTS } from "./openai.ts";

export const ANTHROPIC: Provider = { name: "anthropic", baseUrl: "https://api.anthropic.com" };

const clientOf = (fetch: Fetch): Anthropic => new Anthropic({ apiKey: "unused", fetch });

const message = {
  model: "claude-haiku-4-5",
  max_tokens: MAX_TOKENS,
  messages: [{ role: "user" as const, content: PROMPT }],
};

const shared = {
  provider: ANTHROPIC,
  model: message.model,
  refusal: {
    is: "PaymentRequiredError",
    status: "status",
    says: "402 {body}",
    has: { type: "billing_error" },
  },
  requests: STAINLESS_REQUESTS,
  cutShort: "ends",
} as const;

export const anthropicClients: readonly Client[] = [
  {
    ...shared,
    name: "@anthropic-ai/sdk, create",
    more: [
      {
        name: "a count of tokens",
        model: null,
        steps: 1,
        ask: async (fetch) => {
          const { model, messages } = message;
          return plain(await clientOf(fetch).messages.countTokens({ model, messages }));
        },
      },
      {
        name: "the list of models",
        model: null,
        steps: 1,
        ask: async (fetch) => plain(await all(clientOf(fetch).models.list())),
      },
    ],
    stopping: "ends the request",
    make: (fetch) => {
      const { messages } = clientOf(fetch);
      return {
        call: async () => plain(await messages.create(message)),
        stream: async () => all(await messages.create({ ...message, stream: true })),
        stop: async () => first(await messages.create({ ...message, stream: true })),
      };
    },
  },
  {
    ...shared,
    name: "@anthropic-ai/sdk, stream",
    callStreams: true,
    stopping: "ends the request",
    make: (fetch) => {
      const { messages } = clientOf(fetch);
      return {
        call: async () => plain(await messages.stream(message).finalMessage()),
        stream: async () => (await all(messages.stream(message))).map(plain),
        stop: () => first(messages.stream(message)),
      };
    },
  },
];
