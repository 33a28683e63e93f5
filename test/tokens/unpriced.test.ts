import { estimateTokens, tokenCost, TokenRates } from "dispatch-kit";
import { describe, expect, it } from "vitest";

const prices = { inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheWriteUsdPerMTok: "3.75" };
const usage = { inputTokens: 1000, outputTokens: 0, cacheWriteTokens: 1000, cacheWrite1hTokens: 1000 };
const limits = { maxInputTokens: 1000, maxOutputTokens: 0 };
const refused = (what: string, field: string, count: number) =>
  new RangeError(
    `${what}: ${field} must be 0 because the rates have no cacheWrite1hUsdPerMTok; got ${count}`,
  );

describe("tokenCost, estimateTokens: writes to an hour's cache without a price", () => {
  // At Anthropic they cost twice the input price, so neither other price is a bound.
  it.each([
    ["beside a price for writes", prices],
    ["without any price for writes", { inputUsdPerMTok: 3, outputUsdPerMTok: 15 }],
    ["with a price of null", { ...prices, cacheWrite1hUsdPerMTok: null }],
    ["where all is free", { inputUsdPerMTok: 0, outputUsdPerMTok: 0 }],
  ])("are refused %s", (_, given) => {
    const of = new TokenRates(given);
    expect(() => tokenCost(of, usage)).toThrow(refused("tokenCost", "cacheWrite1hTokens", 1000));
    expect(() => estimateTokens(of, { ...limits, maxCacheWrite1hTokens: 5 })).toThrow(
      refused("estimateTokens", "maxCacheWrite1hTokens", 5),
    );
  });

  it("are not counted by estimateTokens unless the limits name them", () => {
    const of = new TokenRates(prices);
    expect(estimateTokens(of, limits)).toBe(375_000n);
    expect(estimateTokens(of, { ...limits, maxCacheWrite1hTokens: 0 })).toBe(375_000n);
    expect(estimateTokens(of, { ...limits, maxCacheWrite1hTokens: undefined })).toBe(375_000n);
    expect(tokenCost(of, { ...usage, cacheWrite1hTokens: 0 })).toBe(375_000n);
    const priced = new TokenRates({ ...prices, cacheWrite1hUsdPerMTok: 6 });
    expect(estimateTokens(priced, limits)).toBe(600_000n);
    expect(tokenCost(priced, usage)).toBe(600_000n);
  });

  it("are refused in the tier that has no price for them, and only there", () => {
    const tier = {
      aboveInputTokens: 2000,
      inputUsdPerMTok: 6,
      outputUsdPerMTok: 15,
      cacheWriteUsdPerMTok: "7.5",
    };
    const of = new TokenRates({ ...prices, cacheWrite1hUsdPerMTok: 6, tiers: [tier] });
    expect(tokenCost(of, usage)).toBe(600_000n);
    const long = { ...usage, inputTokens: 2001 };
    expect(() => tokenCost(of, long)).toThrow(refused("tokenCost", "cacheWrite1hTokens", 1000));
    expect(estimateTokens(of, { ...limits, maxCacheWrite1hTokens: 9 })).toBeGreaterThan(0n);
    expect(() => estimateTokens(of, { ...limits, maxInputTokens: 2001, maxCacheWrite1hTokens: 9 })).toThrow(
      refused("estimateTokens", "maxCacheWrite1hTokens", 9),
    );
  });
});

describe("tokenCost, estimateTokens: searches without a price", () => {
  it("refuses searches that have no price", () => {
    const of = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15 });
    const most = { maxInputTokens: 1, maxOutputTokens: 1, maxSearches: 1 };
    expect(() => estimateTokens(of, most)).toThrow(
      new RangeError("estimateTokens: maxSearches must be 0 because the rates have no searchUsd; got 1"),
    );
    expect(() => tokenCost(of, { inputTokens: 1, outputTokens: 1, searches: 2 })).toThrow(
      new RangeError("tokenCost: searches must be 0 because the rates have no searchUsd; got 2"),
    );
  });
});
