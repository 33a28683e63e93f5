import { ExternalEndpoint, type MicroCents, SecretRef, usd } from "dispatch-kit";
import {
  boundOf,
  type BoundOptions,
  guardedFetch,
  type GuardEvent,
  type GuardOptions,
} from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

export const PRICES = {
  "gpt-4o-mini": { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" },
  "xai/grok-4": { input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5, mode: "chat" },
  "claude-sonnet-4-5": { input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5, mode: "chat" },
  "anthropic.claude-3-5-haiku-20241022-v1:0": {
    input_cost_per_token: 8e-7,
    output_cost_per_token: 4e-6,
    mode: "chat",
  },
  "gemini/gemini-2.5-flash": {
    input_cost_per_token: 3e-7,
    input_cost_per_audio_token: 1e-6,
    output_cost_per_token: 2.5e-6,
    mode: "chat",
    max_output_tokens: 65_536,
    search_context_cost_per_query: {
      search_context_size_low: 0.035,
      search_context_size_medium: 0.035,
      search_context_size_high: 0.035,
    },
  },
  "gemini/gemini-2.5-flash-image": {
    input_cost_per_token: 3e-7,
    output_cost_per_token: 2.5e-6,
    output_cost_per_image_token: 3e-5,
    mode: "chat",
    max_output_tokens: 32_768,
  },
  "gemini/gemini-2.5-flash-preview-tts": {
    input_cost_per_token: 3e-7,
    output_cost_per_token: 2.5e-6,
    output_cost_per_audio_token: 1e-5,
    max_output_tokens: 8_000,
  },
  "gemini/gemini-2.0-flash-exp": {
    input_cost_per_token: 1e-7,
    output_cost_per_token: 4e-7,
    output_cost_per_image_token: 3e-5,
    output_cost_per_audio_token: 2e-5,
    mode: "chat",
    max_output_tokens: 8_192,
  },
  "gemini/gemini-3-pro": {
    input_cost_per_token: 2e-6,
    output_cost_per_token: 1.2e-5,
    mode: "chat",
    max_output_tokens: 65_536,
  },
};

export const bound = (
  url: string,
  body: unknown,
  options: Partial<BoundOptions> = {},
  headers: Record<string, string> = {},
) => boundOf({ url, body, headers }, PRICES, { at: new Date("2026-11-23T09:00:00Z"), ...options });

/** The amount of a bound; -1 for a refused request. */
export const amountOf = (outcome: ReturnType<typeof bound>): number =>
  outcome.kind === "bounded" ? Number(outcome.amount) : -1;

export function setUp(answer: (body: unknown) => Response, options: Partial<GuardOptions> = {}) {
  const ledger = memoryStore();
  const events: GuardEvent[] = [];
  const sent: { readonly url: string; readonly init: RequestInit }[] = [];
  const endpoint = [
    "https://api.openai.com/v1",
    "https://generativelanguage.googleapis.com",
    "https://api.anthropic.com",
    "https://api.x.ai/v1",
    "https://bedrock-runtime.us-east-1.amazonaws.com",
  ].map((baseUrl, index) => new ExternalEndpoint({ name: `e${index}`, baseUrl, secret: new SecretRef("K") }));
  const guard = guardedFetch({
    ledger,
    prices: PRICES,
    endpoint,
    scopes: [{ scope: "s", cap: usd("5") }],
    env: { K: "sk-1" },
    log: () => null,
    onEvent: (event) => events.push(event),
    fetch: (url, init) => {
      sent.push({ url, init });
      return Promise.resolve(answer(init.body));
    },
    ...options,
  });
  const spent = async (): Promise<MicroCents> => (await ledger.usage("s")).spent;
  return { guard, ledger, events, sent, spent };
}

export const kinds = (events: readonly GuardEvent[]): string[] => events.map(({ kind }) => kind);
