import { estimateTokens, tokenCost, type TokenRates, usd } from "dispatch-kit";
import { ratesFromGenaiPrices, ratesFromLitellm, type RatesOutcome } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { json } from "../support/vectors.ts";

type UnitPrice =
  | string
  | { readonly base: string; readonly tiers: readonly { above_input_tokens: number; price: string }[] };

interface Cost {
  readonly id: string;
  readonly model: string;
  readonly usage: Readonly<Record<string, number>>;
  readonly expected_usd: { readonly total: string };
  readonly unit_prices: Readonly<Record<string, UnitPrice>>;
  readonly convention: string;
}

const { token_cases: cases } = json("llm-costs") as { readonly token_cases: readonly Cost[] };
const at = new Date("2026-11-25T10:00:00Z");

/** The recorded prices as an entry of genai-prices. */
function asGenai({ unit_prices: prices }: Cost): unknown {
  const entries = Object.entries(prices).map(([key, price]) => [
    key,
    typeof price === "string"
      ? Number(price)
      : {
          base: Number(price.base),
          tiers: price.tiers.map((tier) => ({ start: tier.above_input_tokens, price: Number(tier.price) })),
        },
  ]);
  return { id: "m", prices: Object.fromEntries(entries) as unknown };
}

const LITELLM: Readonly<Record<string, string>> = {
  input_mtok: "input_cost_per_token",
  output_mtok: "output_cost_per_token",
  cache_read_mtok: "cache_read_input_token_cost",
  cache_write_mtok: "cache_creation_input_token_cost",
  cache_write_1h_mtok: "cache_creation_input_token_cost_above_1hr",
};

/** The same as LiteLLM's list has it: by the token, each number as a float that was divided. */
function asLitellm({ unit_prices: prices }: Cost): unknown {
  const entries = Object.entries(prices).flatMap(([key, price]): (readonly [string, unknown])[] => {
    const name = LITELLM[key];
    if (name === undefined) {
      const search = { search_context_size_medium: Number(price) / 1000 };
      return [["search_context_cost_per_query", search]];
    }
    if (typeof price === "string") return [[name, Number(`${price}e-6`)]];
    return [
      [name, Number(`${price.base}e-6`)],
      ...price.tiers.map((tier): readonly [string, unknown] => [
        `${name}_above_${tier.above_input_tokens / 1000}k_tokens`,
        Number(`${tier.price}e-6`),
      ]),
    ];
  });
  return { m: Object.fromEntries(entries) as unknown };
}

/** The counts as `tokenCost` takes them: the input includes what was cached. */
function usageOf({ usage, convention }: Cost): Parameters<typeof tokenCost>[1] {
  const count = (field: string): number => usage[field] ?? 0;
  const cached = count("cache_read_tokens") + count("cache_write_tokens");
  return {
    inputTokens: count("input_tokens") + (convention.startsWith("exclusive") ? cached : 0),
    outputTokens: count("output_tokens"),
    cacheReadTokens: count("cache_read_tokens"),
    cacheWriteTokens: count("cache_write_tokens"),
    cacheWrite1hTokens: count("cache_write_1h_tokens"),
    searches: count("web_searches"),
  };
}

function priced(outcome: RatesOutcome): TokenRates {
  if (outcome.kind === "priced") return outcome.rates;
  throw new Error(outcome.reason);
}

describe.each<readonly [string, (cost: Cost) => TokenRates]>([
  ["ratesFromGenaiPrices", (cost) => priced(ratesFromGenaiPrices(asGenai(cost), { at }))],
  ["ratesFromLitellm", (cost) => priced(ratesFromLitellm(asLitellm(cost), "m", { at }))],
])("%s: costs that other projects' tests assert", (_, ratesOf) => {
  it.each(cases.map((cost) => [cost.id, cost.model, cost] as const))("%s %s", (_id, _model, cost) => {
    const rates = ratesOf(cost);
    const usage = usageOf(cost);
    const expected = usd(cost.expected_usd.total, "up");
    expect(tokenCost(rates, usage)).toBe(expected);
    const { inputTokens, outputTokens, searches = 0 } = usage;
    const most = { maxInputTokens: inputTokens, maxOutputTokens: outputTokens, maxSearches: searches };
    expect(estimateTokens(rates, most)).toBeGreaterThanOrEqual(expected);
  });
});
