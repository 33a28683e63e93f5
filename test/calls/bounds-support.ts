import type { TokenLimits, TokenRates, TokenUsage } from "dispatch-kit";
import { type Bounded, boundOf, type BoundOptions, type BoundOutcome, type Prices } from "dispatch-kit/calls";
import { expect } from "vitest";

export const AT = new Date("2026-11-23T09:00:00Z");

/** Plain entries, in LiteLLM's form, with numbers that are easy to multiply: $1 in, $10 out per million. */
export const LIST = {
  "gpt-test": { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" },
  "gpt-4o": {
    input_cost_per_token: 1e-6,
    output_cost_per_token: 1e-5,
    input_cost_per_token_priority: 2e-6,
    output_cost_per_token_priority: 2e-5,
    input_cost_per_token_flex: 5e-7,
    output_cost_per_token_flex: 5e-6,
    max_input_tokens: 128_000,
    max_output_tokens: 16_384,
    search_context_cost_per_query: { search_context_size_medium: 0.01 },
    mode: "chat",
  },
  "gpt-image-1": {
    input_cost_per_token: 5e-6,
    input_cost_per_image_token: 1e-5,
    output_cost_per_image_token: 4e-5,
    mode: "image_generation",
  },
  "text-embedding-3-small": { input_cost_per_token: 2e-8, mode: "embedding" },
  "claude-opus-4-8": {
    input_cost_per_token: 5e-6,
    output_cost_per_token: 2.5e-5,
    cache_creation_input_token_cost: 6.25e-6,
    cache_creation_input_token_cost_above_1hr: 1e-5,
    cache_read_input_token_cost: 5e-7,
    search_context_cost_per_query: { search_context_size_medium: 0.01 },
    max_input_tokens: 1_000_000,
    max_output_tokens: 64_000,
    mode: "chat",
  },
  "claude-haiku-4-5": { input_cost_per_token: 1e-6, output_cost_per_token: 5e-6, mode: "chat" },
  "gemini/gemini-3-flash": {
    input_cost_per_token: 1e-6,
    output_cost_per_token: 1e-5,
    input_cost_per_audio_token: 3e-6,
    mode: "chat",
  },
  "xai/grok-4": { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" },
  "mistral/mistral-small": { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" },
  "azure/gpt-4o": { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" },
  "us.anthropic.claude-sonnet-4-6": {
    input_cost_per_token: 1e-6,
    output_cost_per_token: 1e-5,
    mode: "chat",
  },
  "anthropic.claude-sonnet-4-6": { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" },
  "global.anthropic.claude-sonnet-4-6": {
    input_cost_per_token: 1e-6,
    output_cost_per_token: 1e-5,
    mode: "chat",
  },
  "command-a": { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" },
  "voyage/rerank-2": { input_cost_per_token: 1e-6, mode: "embedding" },
} as const;

type Body = Readonly<Record<string, unknown>>;

export function ask(
  url: string,
  body: unknown,
  options: Partial<BoundOptions> = {},
  prices: Prices = LIST,
): BoundOutcome {
  return boundOf({ url, body }, prices, { at: AT, ...options });
}

/** The bound of a request that must have one. */
export function bound(url: string, body: unknown, options?: Partial<BoundOptions>, prices?: Prices): Bounded {
  const found = ask(url, body, options, prices);
  expect(found).toMatchObject({ kind: "bounded" });
  if (found.kind !== "bounded") throw new Error(found.kind);
  return found;
}

/** Why a request has no bound: "unbounded: nobody knows …". */
export function refusal(url: string, body: unknown, options?: Partial<BoundOptions>): string {
  const found = ask(url, body, options);
  return found.kind === "refused" ? `${found.why}: ${found.reason}` : found.kind;
}

export const CHAT = "https://api.openai.com/v1/chat/completions";
export const RESPONSES = "https://api.openai.com/v1/responses";
export const CLAUDE = "https://api.anthropic.com/v1/messages";
export const GEMINI =
  "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-flash:generateContent";

export function chat(more: Body = {}): Body {
  return {
    model: "gpt-4o",
    max_completion_tokens: 100,
    messages: [{ role: "user", content: "Hello" }],
    ...more,
  };
}

export function responses(more: Body = {}): Body {
  return { model: "gpt-4o", max_output_tokens: 100, input: "Hello", ...more };
}

export function claude(more: Body = {}): Body {
  return {
    model: "claude-opus-4-8",
    max_tokens: 100,
    messages: [{ role: "user", content: "Hello" }],
    ...more,
  };
}

export function gemini(more: Body = {}): Body {
  return { contents: [{ parts: [{ text: "Hello" }] }], generationConfig: { maxOutputTokens: 100 }, ...more };
}

/** The value of one of a bound's numbers. */
export function numberOf(found: Bounded, name: string): number | undefined {
  return found.numbers.find((one) => one.name === name)?.value;
}

const WITHIN: readonly (readonly [keyof TokenUsage, keyof TokenLimits, "in" | "out"])[] = [
  ["cacheWriteTokens", "maxCacheWriteTokens", "in"],
  ["cacheReadTokens", "maxCacheReadTokens", "in"],
  ["inputAudioTokens", "maxInputAudioTokens", "in"],
  ["inputImageTokens", "maxInputImageTokens", "in"],
  ["inputVideoTokens", "maxInputVideoTokens", "in"],
  ["outputAudioTokens", "maxOutputAudioTokens", "out"],
  ["outputImageTokens", "maxOutputImageTokens", "out"],
  ["outputReasoningTokens", "maxOutputReasoningTokens", "out"],
];

/** A usage within limits: all tokens that they allow, or fewer. */
export function usageWithin(
  limits: TokenLimits,
  rates: TokenRates,
  draw: (most: number) => number,
): TokenUsage {
  const inputTokens = limits.maxInputTokens - draw(Math.min(limits.maxInputTokens, 3));
  const outputTokens = limits.maxOutputTokens - draw(Math.min(limits.maxOutputTokens, 3));
  const left = { in: inputTokens, out: outputTokens };
  const kinds = WITHIN.map(([kind, limit, side]) => {
    const tokens = draw(Math.min(left[side], limits[limit] ?? Infinity));
    left[side] -= tokens;
    return [kind, tokens] as const;
  });
  const searches = rates.searchUsd === undefined ? 0 : draw(limits.maxSearches ?? 0);
  const usage = { inputTokens, outputTokens, searches, ...Object.fromEntries(kinds) };
  const hour = rates.cacheWrite1hUsdPerMTok === undefined ? 0 : draw(usageOf(usage, "cacheWriteTokens"));
  return { ...usage, cacheWrite1hTokens: Math.min(hour, limits.maxCacheWrite1hTokens ?? Infinity) };
}

function usageOf(usage: TokenUsage, kind: keyof TokenUsage): number {
  return usage[kind] ?? 0;
}
