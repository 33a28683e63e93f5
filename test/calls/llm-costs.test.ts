import { estimateTokens, tokenCost, type TokenRates, usd } from "dispatch-kit";
import { ratesFromGenaiPrices, ratesFromLitellm, type RatesOutcome } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { RECORDED_COSTS, recordedUsage, type RecordedCost } from "../support/llm-costs.ts";

const at = new Date("2026-11-25T10:00:00Z");

/** The recorded prices as an entry of genai-prices. */
function asGenai({ unit_prices: prices }: RecordedCost): unknown {
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
function asLitellm({ unit_prices: prices }: RecordedCost): unknown {
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

function priced(outcome: RatesOutcome): TokenRates {
  if (outcome.kind === "priced") return outcome.rates;
  throw new Error(outcome.reason);
}

describe.each<readonly [string, (cost: RecordedCost) => TokenRates]>([
  ["ratesFromGenaiPrices", (cost) => priced(ratesFromGenaiPrices(asGenai(cost), { at }))],
  ["ratesFromLitellm", (cost) => priced(ratesFromLitellm(asLitellm(cost), "m", { at }))],
])("%s: costs that other projects' tests assert", (_, ratesOf) => {
  it.each(RECORDED_COSTS.map((cost) => [cost.id, cost.model, cost] as const))(
    "%s %s",
    (_id, _model, cost) => {
      const rates = ratesOf(cost);
      const usage = recordedUsage(cost);
      const expected = usd(cost.expected_usd.total, "up");
      expect(tokenCost(rates, usage)).toBe(expected);
      const { inputTokens, outputTokens, searches = 0 } = usage;
      const most = { maxInputTokens: inputTokens, maxOutputTokens: outputTokens, maxSearches: searches };
      expect(estimateTokens(rates, most)).toBeGreaterThanOrEqual(expected);
    },
  );
});
