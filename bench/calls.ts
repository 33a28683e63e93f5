import { calcPrice, extractUsage, findProvider } from "@pydantic/genai-prices";
import { estimateTokens, type TokenRates } from "dispatch-kit";
import { actualOf, maxTokensOf, ratesFromGenaiPrices, ratesFromLitellm } from "dispatch-kit/calls";
import { countTokens as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { do_not_optimize } from "mitata";
import { TEXTS } from "../test/support/texts.ts";
import { json } from "../test/support/vectors.ts";
import type { Case } from "./measure.ts";
import { numbers } from "./random.ts";

const CALLS = 256;
const MODEL = "gpt-4o-mini";
const TIERED = "gemini-2.5-pro";
const AT = new Date("2026-11-25T10:00:00Z");

/** What a service does for each call: look up the price, bound the cost, read the actual cost. */
export function callsCases(): readonly Case[] {
  const litellm = json("litellm-prices");
  const below = numbers(CALLS);
  const counts = Array.from({ length: CALLS }, () => ({ input: 1000 + below(100_000), output: below(4000) }));
  const limits = counts.map(({ input, output }) => ({ maxInputTokens: input, maxOutputTokens: output }));
  const chat = counts.map(({ input, output }) => ({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: input >> 1, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: output >> 1, audio_tokens: 0 },
  }));
  const messages = counts.map(({ input, output }) => ({
    input_tokens: input,
    cache_creation_input_tokens: 500,
    cache_read_input_tokens: 500,
    cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 200 },
    output_tokens: output,
  }));
  const entry = listed(MODEL);
  const tiered = listed(TIERED);
  const rates = ratesOf(MODEL);
  const openai = findProvider({ providerId: "openai" });
  if (openai === undefined) throw new Error("the price list does not have OpenAI");

  const each = <Of>(of: readonly Of[], run: (one: Of) => unknown): Case["run"] => {
    return () => {
      for (const one of of) do_not_optimize(run(one));
    };
  };
  const cases: Record<string, Case["run"]> = {
    [`ratesFromGenaiPrices, ${MODEL}`]: each(counts, () => ratesFromGenaiPrices(entry, { at: AT })),
    [`ratesFromGenaiPrices, ${TIERED}, two tiers`]: each(counts, () =>
      ratesFromGenaiPrices(tiered, { at: AT }),
    ),
    [`ratesFromLitellm, ${MODEL}`]: each(counts, () => ratesFromLitellm(litellm, MODEL, { at: AT })),
    "estimateTokens, with given rates": each(limits, (of) => estimateTokens(rates, of)),
    "actualOf, a chat completion": each(chat, (usage) => actualOf(rates, { usage })),
    "actualOf, an Anthropic message": each(messages, (usage) => actualOf(rates, { usage })),
    "genai-prices: calcPrice, in floats": each(counts, ({ input, output }) =>
      calcPrice({ input_tokens: input, output_tokens: output }, MODEL, { timestamp: AT }),
    ),
    "genai-prices: extractUsage, calcPrice": each(chat, (usage) => {
      const read = extractUsage(openai, { model: MODEL, usage }, "chat");
      return calcPrice(read.usage, MODEL, { provider: openai, timestamp: AT });
    }),
  };
  return Object.entries(cases).map(([name, run]) => ({ name, calls: CALLS, run }));
}

function listed(model: string): unknown {
  return calcPrice({}, model)?.model;
}

function ratesOf(model: string): TokenRates {
  const found = ratesFromGenaiPrices(listed(model), { at: AT });
  if (found.kind === "priced") return found.rates;
  throw new Error(found.reason);
}

// Special tokens in a text count as plain text.
const plain = { disallowedSpecial: new Set<string>() };

export const TOKENIZERS: Readonly<Record<string, (text: string) => number>> = {
  o200k: (text) => o200k(text, plain),
  cl100k: (text) => cl100k(text, plain),
};

/** The time per kB of UTF-8 for several texts: the bound, and real tokenizers. */
export function boundCases(): readonly Case[] {
  const counters = { maxTokensOf, ...prefixed("gpt-tokenizer: ", TOKENIZERS) };
  return Object.entries(counters).flatMap(([counter, tokensOf]) =>
    ["English", "Russian", "Chinese", "TypeScript"].map((language) => {
      const text = TEXTS.find(([name]) => name === language)?.[1] ?? "";
      const bytes = new TextEncoder().encode(text).length;
      const run = (): void => {
        do_not_optimize(tokensOf(text));
      };
      return { name: `${counter}, ${language}`, calls: bytes / 1000, run };
    }),
  );
}

function prefixed<Of>(prefix: string, of: Readonly<Record<string, Of>>): Readonly<Record<string, Of>> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [prefix + name, value]));
}
