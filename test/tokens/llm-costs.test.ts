import { estimateTokens, tokenCost, TokenRates, type TokenTier, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { RECORDED_COSTS, recordedUsage, type RecordedCost } from "../support/llm-costs.ts";

/** The fields of a price list that a call by tokens has, and what this library calls them. */
const FIELDS = {
  input_mtok: "inputUsdPerMTok",
  output_mtok: "outputUsdPerMTok",
  cache_read_mtok: "cacheReadUsdPerMTok",
  cache_write_mtok: "cacheWriteUsdPerMTok",
  cache_write_1h_mtok: "cacheWrite1hUsdPerMTok",
} as const;

function ratesOf({ unit_prices: prices }: RecordedCost): TokenRates {
  const base: Record<string, string> = {};
  const tiers = new Map<number, Record<string, string>>();
  for (const [listed, field] of Object.entries(FIELDS)) {
    const price = prices[listed];
    if (price === undefined) continue;
    base[field] = typeof price === "string" ? price : price.base;
    for (const tier of typeof price === "string" ? [] : price.tiers) {
      tiers.set(tier.above_input_tokens, { ...tiers.get(tier.above_input_tokens), [field]: tier.price });
    }
  }
  // Searches are sold by the thousand.
  const searches = prices["web_searches_kcount"];
  const fee = typeof searches === "string" ? { searchUsd: Number(searches) / 1000 } : {};
  return TokenRates.fromJSON({
    ...base,
    ...fee,
    tiers: [...tiers].map(([aboveInputTokens, tier]) => ({ aboveInputTokens, ...tier })),
  });
}

describe("costs that other projects' tests assert", () => {
  it.each(RECORDED_COSTS.map((cost) => [cost.id, cost.model, cost] as const))(
    "tokenCost: %s %s",
    (_id, _model, cost) => {
      expect(tokenCost(ratesOf(cost), recordedUsage(cost))).toBe(usd(cost.expected_usd.total, "up"));
    },
  );

  it.each(RECORDED_COSTS.map((cost) => [cost.id, cost.model, cost] as const))(
    "estimateTokens: covers %s %s",
    (_id, _model, cost) => {
      const { inputTokens, outputTokens, searches = 0 } = recordedUsage(cost);
      const most = estimateTokens(ratesOf(cost), {
        maxInputTokens: inputTokens,
        maxOutputTokens: outputTokens,
        maxSearches: searches,
      });
      expect(most).toBeGreaterThanOrEqual(usd(cost.expected_usd.total, "up"));
    },
  );

  it("TokenRates: every tier in the recorded prices is read", () => {
    const tiers = RECORDED_COSTS.flatMap((cost): readonly TokenTier[] => ratesOf(cost).tiers);
    expect(tiers.length).toBeGreaterThan(0);
  });
});
