import { estimateTokens, tokenCost, TokenRates, type TokenTier, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { RECORDED_COSTS, recordedUsage, type RecordedCost } from "./support/llm-costs.ts";

/** The fields of a price list that a call by tokens has, and what this library calls them. */
const FIELDS = {
  input_mtok: "inputUsdPerMTok",
  output_mtok: "outputUsdPerMTok",
  cache_read_mtok: "cacheReadUsdPerMTok",
  cache_write_mtok: "cacheWriteUsdPerMTok",
} as const;

function ratesOf({ usage, unit_prices: prices }: RecordedCost): TokenRates {
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
  // Searches are sold by the thousand; a call's share of them is a fee of the call.
  const searches = usage["web_searches"] ?? 0;
  const perThousand = prices["web_searches_kcount"];
  const fee =
    searches > 0 && typeof perThousand === "string"
      ? { requestUsd: (Number(perThousand) * searches) / 1000 }
      : {};
  return TokenRates.fromJSON({
    ...base,
    ...fee,
    tiers: [...tiers].map(([aboveInputTokens, tier]) => ({ aboveInputTokens, ...tier })),
  });
}

describe("costs that other projects' tests assert", () => {
  // A second price for writes that live an hour is one that TokenRates does not have.
  const hourly = RECORDED_COSTS.filter(({ usage }) => (usage["cache_write_1h_tokens"] ?? 0) > 0);
  const plain = RECORDED_COSTS.filter((cost) => !hourly.includes(cost));

  it.each(plain.map((cost) => [cost.id, cost.model, cost] as const))(
    "tokenCost: %s %s",
    (_id, _model, cost) => {
      expect(tokenCost(ratesOf(cost), recordedUsage(cost))).toBe(usd(cost.expected_usd.total, "up"));
    },
  );

  it.each(plain.map((cost) => [cost.id, cost.model, cost] as const))(
    "estimateTokens: covers %s %s",
    (_id, _model, cost) => {
      const { inputTokens, outputTokens } = recordedUsage(cost);
      const most = estimateTokens(ratesOf(cost), {
        maxInputTokens: inputTokens,
        maxOutputTokens: outputTokens,
      });
      expect(most).toBeGreaterThanOrEqual(usd(cost.expected_usd.total, "up"));
    },
  );

  it("tokenCost: two prices for cache writes are two usages", () => {
    expect(hourly.map(({ id }) => id)).toEqual(["c031"]);
    const prices = { inputUsdPerMTok: "3", cacheReadUsdPerMTok: "0.3", outputUsdPerMTok: "15" };
    const fiveMinutes = new TokenRates({ ...prices, cacheWriteUsdPerMTok: "3.75" });
    const hour = new TokenRates({ ...prices, cacheWriteUsdPerMTok: "6" });
    const first = tokenCost(fiveMinutes, { inputTokens: 300, outputTokens: 50, cacheWriteTokens: 200 });
    const second = tokenCost(hour, { inputTokens: 100, outputTokens: 0, cacheWriteTokens: 100 });
    expect(first + second).toBe(usd("0.0024"));
  });

  it("TokenRates: every tier in the recorded prices is read", () => {
    const tiers = plain.flatMap((cost): readonly TokenTier[] => ratesOf(cost).tiers);
    expect(tiers.length).toBeGreaterThan(0);
  });
});
