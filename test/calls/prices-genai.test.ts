import { tokenCost } from "dispatch-kit";
import { ratesFromGenaiPrices } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { priced } from "./prices-support.ts";

const AT = new Date("2026-11-25T10:00:00Z");
const entry = (of: unknown, id = "m"): unknown => ({ id, prices: of });

describe("ratesFromGenaiPrices: free models", () => {
  it("a model that the list calls free has free tokens, if it says so by prices of zero", () => {
    const zero = { input_mtok: 0, output_mtok: 0 };
    const outcome = ratesFromGenaiPrices(entry(zero, "deepseek-r1:free"), { at: AT });
    expect(outcome).toMatchObject({ kind: "priced", free: true });
    const usage = { inputTokens: 1e6, outputTokens: 1e6, cacheWriteTokens: 9, cacheWrite1hTokens: 9 };
    expect(tokenCost(priced(outcome), usage)).toBe(0n);
    const named = { id: "gemma-3", name: "Gemma 3 (free)", prices: zero };
    expect(ratesFromGenaiPrices(named, { at: AT })).toMatchObject({ kind: "priced", free: true });
    expect(ratesFromGenaiPrices(entry(zero, "freedom-1"), { at: AT })).toMatchObject({ why: "zero" });
    expect(ratesFromGenaiPrices(entry({}, "deepseek-r1:free"), { at: AT })).toMatchObject({ why: "missing" });
    const noOutput = ratesFromGenaiPrices(entry({ input_mtok: 0 }, "m:free"), { at: AT, noOutput: true });
    expect(noOutput).toMatchObject({ free: true });
  });

  it("a free model's searches are not free: they have the list's price, or none", () => {
    const free = (more: object) =>
      priced(ratesFromGenaiPrices(entry({ input_mtok: 0, output_mtok: 0, ...more }, "m:free"), { at: AT }));
    const usage = { inputTokens: 1, outputTokens: 1, searches: 3 };
    expect(() => tokenCost(free({}), usage)).toThrow(RangeError);
    expect(() => tokenCost(free({ web_searches_kcount: 0 }), usage)).toThrow(RangeError);
    expect(tokenCost(free({ web_searches_kcount: 10, requests_kcount: 1 }), usage)).toBe(3_100_000n);
  });
});

describe("ratesFromGenaiPrices: what the rates are for", () => {
  const prices = { input_mtok: 3, output_mtok: 15 };

  it("names the model and its context, and takes numbers that became strings", () => {
    const found = ratesFromGenaiPrices(
      {
        id: "m",
        context_window: "200000",
        prices: { input_mtok: { base: "3", tiers: [{ start: "1000", price: "6e0" }] }, output_mtok: "15" },
      },
      { at: AT },
    );
    expect(found).toMatchObject({ model: "m", maxInputTokens: 200_000, maxOutputTokens: null });
    expect(priced(found)).toMatchObject({ model: "m", inputUsdPerMTok: "3", outputUsdPerMTok: "15" });
    expect(priced(found).tiers[0]).toMatchObject({ aboveInputTokens: 1000, inputUsdPerMTok: "6" });
    expect(ratesFromGenaiPrices(entry(prices), { at: AT })).toMatchObject({ maxInputTokens: null });
    expect(ratesFromGenaiPrices(entry(prices, "m".repeat(201)), { at: AT })).toMatchObject({
      why: "unreadable",
    });
  });

  it("a fee for each request pays for searches only where the model is one that searches", () => {
    const of = (id: string, more: object) =>
      priced(ratesFromGenaiPrices(entry({ ...prices, ...more }, id), { at: AT })).searchesIncluded;
    expect(of("sonar-pro", { requests_kcount: 14 })).toBe(true);
    expect(of("sonar-pro", { requests_kcount: 14, web_searches_kcount: 5 })).toBeUndefined();
    expect(of("sonar-pro", {})).toBeUndefined();
    expect(of("gpt-4o", { requests_kcount: 14 })).toBeUndefined();
  });

  it("an hour's cache has no price from where the other prices change, if none is listed there", () => {
    const tiered = (base: number, price: number) => ({ base, tiers: [{ start: 1000, price }] });
    const of = (hour: unknown) =>
      priced(
        ratesFromGenaiPrices(entry({ ...prices, input_mtok: tiered(3, 6), cache_write_1h_mtok: hour }), {
          at: AT,
        }),
      );
    expect(of(6).cacheWrite1hUsdPerMTok).toBe("6");
    expect(of(6).tiers[0]).not.toHaveProperty("cacheWrite1hUsdPerMTok");
    expect(of(tiered(6, 12)).tiers[0]).toMatchObject({ cacheWrite1hUsdPerMTok: "12" });
  });
});
