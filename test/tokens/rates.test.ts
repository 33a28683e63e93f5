import { estimateTokens, tokenCost, TokenRates, type TokenTier } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimals } from "../support/arbitraries.ts";
import { add, compare, divide, dollars, rational, times } from "../support/rational.ts";
import { without } from "../support/without.ts";

const price = decimals(18, 100n);
const optionalPrice = fc.option(price, { nil: null });
const prices = fc.record({
  inputUsdPerMTok: price,
  outputUsdPerMTok: price,
  cacheReadUsdPerMTok: optionalPrice,
  cacheWriteUsdPerMTok: optionalPrice,
  requestUsd: optionalPrice,
});
const tiers = fc.uniqueArray(
  fc
    .tuple(fc.nat(1000), prices)
    .map(([aboveInputTokens, tier]): TokenTier => ({ aboveInputTokens, ...tier })),
  { maxLength: 4, selector: ({ aboveInputTokens }) => aboveInputTokens },
);
const rates = fc.tuple(prices, tiers).map(([base, of]) => new TokenRates({ ...base, tiers: of }));

/** A usage within the most input and output tokens. */
const usageWithin = (maxInput: number, maxOutput: number): fc.Arbitrary<Parameters<typeof tokenCost>[1]> =>
  fc
    .tuple(fc.nat(maxInput), fc.nat(maxOutput), fc.nat(100), fc.nat(100))
    .map(([inputTokens, outputTokens, read, write]) => {
      const cacheReadTokens = Math.floor((inputTokens * read) / 200);
      return {
        inputTokens,
        outputTokens,
        cacheReadTokens,
        cacheWriteTokens: Math.floor((inputTokens * write) / 200),
      };
    });

describe("tokenCost", () => {
  it("is the exact sum, rounded up once, at the price of the tier that the input reaches", () => {
    fc.assert(
      fc.property(rates, usageWithin(1500, 1000), (of, usage) => {
        const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage;
        const reached = [...of.tiers]
          .sort((a, b) => b.aboveInputTokens - a.aboveInputTokens)
          .find(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
        const at = reached ?? of;
        const part = (tokens: number, usdPerMTok: string | number | null | undefined) =>
          divide(times(rational(tokens), rational(usdPerMTok ?? at.inputUsdPerMTok)), 1_000_000n);
        const exact = add(
          part(inputTokens - cacheReadTokens - cacheWriteTokens, at.inputUsdPerMTok),
          part(cacheReadTokens, at.cacheReadUsdPerMTok),
          part(cacheWriteTokens, at.cacheWriteUsdPerMTok),
          part(outputTokens, at.outputUsdPerMTok),
          rational(at.requestUsd ?? of.requestUsd ?? 0),
        );
        const cost = dollars(tokenCost(of, usage));
        expect(compare(cost, exact)).toBeGreaterThanOrEqual(0);
        expect(compare(cost, add(exact, dollars(1n)))).toBe(-1);
      }),
    );
  });

  it("takes the higher tier above its start, not at it", () => {
    const of = new TokenRates({
      inputUsdPerMTok: 3,
      outputUsdPerMTok: 15,
      tiers: [{ aboveInputTokens: 200_000, inputUsdPerMTok: 6, outputUsdPerMTok: 22.5 }],
    });
    expect(tokenCost(of, { inputTokens: 200_000, outputTokens: 0 })).toBe(60_000_000n);
    expect(tokenCost(of, { inputTokens: 200_001, outputTokens: 0 })).toBe(120_000_600n);
  });

  it("a missing cache price is the input price, never zero", () => {
    const of = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15 });
    const cached = { inputTokens: 1000, outputTokens: 0, cacheReadTokens: 600, cacheWriteTokens: 400 };
    expect(tokenCost(of, cached)).toBe(tokenCost(of, { inputTokens: 1000, outputTokens: 0 }));
  });

  it.each([
    [{ inputTokens: 10, outputTokens: 0, cacheReadTokens: 6, cacheWriteTokens: 5 }, RangeError],
    [{ inputTokens: -1, outputTokens: 0 }, RangeError],
    [{ inputTokens: 1.5, outputTokens: 0 }, RangeError],
    [{ inputTokens: 2 ** 53, outputTokens: 0 }, RangeError],
    [{ inputTokens: NaN, outputTokens: 0 }, RangeError],
    [{ inputTokens: 1 }, TypeError],
    [{ inputTokens: undefined, outputTokens: 1 }, TypeError],
    [{ inputTokens: 1, outputTokens: 1, cacheReadTokens: null }, TypeError],
    [{ inputTokens: 1, outputTokens: 1, cachedTokens: 1 }, TypeError],
    [{ inputTokens: "1", outputTokens: 1 }, TypeError],
  ])("refuses the usage %j", (usage, error) => {
    const of = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15 });
    expect(() => tokenCost(of, usage as never)).toThrow(error);
  });
});

describe("tokenCost, estimateTokens", () => {
  const of = new TokenRates({
    inputUsdPerMTok: "3",
    outputUsdPerMTok: "15",
    cacheReadUsdPerMTok: "0.3",
    tiers: [{ aboveInputTokens: 1000, inputUsdPerMTok: 6, outputUsdPerMTok: "22.5" }],
  });
  const most = { maxInputTokens: 2000, maxOutputTokens: 100 };
  const usage = { inputTokens: 2000, outputTokens: 100, cacheReadTokens: 10 };

  it("read a look-alike of rates by its fields, and judge it as TokenRates would", () => {
    for (const other of [{ ...of }, structuredClone(of), JSON.parse(JSON.stringify(of)), new Proxy(of, {})]) {
      expect(estimateTokens(other as TokenRates, most)).toBe(estimateTokens(of, most));
      expect(tokenCost(other as TokenRates, usage)).toBe(tokenCost(of, usage));
    }
    const not = [
      without(of, "outputUsdPerMTok"),
      Object.create(of),
      new Map(Object.entries(of)),
      [of],
      TokenRates,
      null,
    ];
    for (const other of not) {
      expect(() => estimateTokens(other as TokenRates, most)).toThrow(TypeError);
      expect(() => tokenCost(other as TokenRates, usage)).toThrow(TypeError);
    }
  });

  it("take an explicit undefined for a count that is not there", () => {
    const rest = without(usage, "cacheReadTokens");
    expect(tokenCost(of, { ...usage, cacheReadTokens: undefined, searches: undefined })).toBe(
      tokenCost(of, rest),
    );
    const limits = { ...most, maxCacheReadTokens: undefined, maxSearches: undefined };
    expect(estimateTokens(of, limits)).toBe(estimateTokens(of, most));
  });
});

describe("estimateTokens", () => {
  const limits = fc.tuple(fc.nat(1500), fc.nat(1000));

  it("is never below the cost of any usage within its bounds", () => {
    fc.assert(
      fc.property(
        rates,
        limits.chain(([maxInputTokens, maxOutputTokens]) =>
          fc.tuple(
            fc.constant({ maxInputTokens, maxOutputTokens }),
            usageWithin(maxInputTokens, maxOutputTokens),
          ),
        ),
        (of, [most, usage]) => {
          expect(estimateTokens(of, most)).toBeGreaterThanOrEqual(tokenCost(of, usage));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is reached: some usage within its bounds costs that much", () => {
    fc.assert(
      fc.property(rates, limits, (of, [maxInputTokens, maxOutputTokens]) => {
        // At the very edge of a tier the estimate is the dearer side, which tokenCost does not take.
        fc.pre(of.tiers.every(({ aboveInputTokens }) => aboveInputTokens !== maxInputTokens));
        const starts = [maxInputTokens, ...of.tiers.map(({ aboveInputTokens }) => aboveInputTokens)];
        const usages = starts
          .filter((inputTokens) => inputTokens <= maxInputTokens)
          .flatMap((inputTokens) => [
            { inputTokens, outputTokens: maxOutputTokens },
            { inputTokens, outputTokens: maxOutputTokens, cacheReadTokens: inputTokens },
            { inputTokens, outputTokens: maxOutputTokens, cacheWriteTokens: inputTokens },
          ]);
        const dearest = usages.map((usage) => tokenCost(of, usage)).reduce((a, b) => (a > b ? a : b));
        expect(estimateTokens(of, { maxInputTokens, maxOutputTokens })).toBe(dearest);
      }),
      { numRuns: 500 },
    );
  });
});

describe("TokenRates", () => {
  it.each([
    ["no input price", { outputUsdPerMTok: 1 }, TypeError],
    ["no output price", { inputUsdPerMTok: 1 }, TypeError],
    ["an input price of null", { inputUsdPerMTok: null, outputUsdPerMTok: 1 }, TypeError],
    ["an input price of undefined", { inputUsdPerMTok: undefined, outputUsdPerMTok: 1 }, TypeError],
    ["a negative price", { inputUsdPerMTok: 1, outputUsdPerMTok: "-1" }, RangeError],
    [
      "a price per token instead of per million, with 19 places",
      { inputUsdPerMTok: "0.0000000000000000001", outputUsdPerMTok: 1 },
      RangeError,
    ],
    [
      "a tier without an output price",
      { inputUsdPerMTok: 1, outputUsdPerMTok: 1, tiers: [{ aboveInputTokens: 1, inputUsdPerMTok: 1 }] },
      TypeError,
    ],
    [
      "a tier without a start",
      { inputUsdPerMTok: 1, outputUsdPerMTok: 1, tiers: [{ inputUsdPerMTok: 1, outputUsdPerMTok: 1 }] },
      TypeError,
    ],
    [
      "two tiers with one start",
      {
        inputUsdPerMTok: 1,
        outputUsdPerMTok: 1,
        tiers: [
          { aboveInputTokens: 5, inputUsdPerMTok: 1, outputUsdPerMTok: 1 },
          { aboveInputTokens: 5, inputUsdPerMTok: 2, outputUsdPerMTok: 2 },
        ],
      },
      RangeError,
    ],
    ["tiers that are no list", { inputUsdPerMTok: 1, outputUsdPerMTok: 1, tiers: {} }, TypeError],
  ])("refuses %s", (_, given, error) => {
    expect(() => new TokenRates(given as never)).toThrow(error);
  });

  it("takes an explicit undefined for a price that is not there", () => {
    const prices = { inputUsdPerMTok: 1, outputUsdPerMTok: 2 };
    const none = { requestUsd: undefined, searchUsd: undefined, cacheReadUsdPerMTok: undefined };
    const of = new TokenRates({ ...prices, ...none, tiers: undefined });
    expect(of).toEqual(new TokenRates(prices));
    expect(Object.keys(of)).toEqual(Object.keys(new TokenRates(prices)));
    const tier = { aboveInputTokens: 1, ...prices };
    expect(new TokenRates({ ...prices, tiers: [{ ...tier, ...none }] })).toEqual(
      new TokenRates({ ...prices, tiers: [tier] }),
    );
  });

  it("a tier without a fee has the base fee", () => {
    const of = new TokenRates({
      inputUsdPerMTok: 0,
      outputUsdPerMTok: 0,
      requestUsd: "0.01",
      tiers: [{ aboveInputTokens: 10, inputUsdPerMTok: 0, outputUsdPerMTok: 0 }],
    });
    expect(tokenCost(of, { inputTokens: 11, outputTokens: 0 })).toBe(1_000_000n);
  });

  const prices = { inputUsdPerMTok: "3", outputUsdPerMTok: "15" };
  const purpose = { model: "gpt-4o", serviceTier: "priority", searchPer: "prompt" } as const;

  it("says what it is for, keeps that in JSON, and costs the same", () => {
    const of = new TokenRates({ ...purpose, ...prices, requestUsd: "0.01", searchesIncluded: true });
    expect(of).toMatchObject({ ...purpose, searchesIncluded: true });
    expect(of.toJSON()).toMatchObject({ ...purpose, searchesIncluded: true, inputUsdPerMTok: "3" });
    const json: unknown = JSON.parse(JSON.stringify(of));
    expect(TokenRates.fromJSON(json)).toEqual(of);
    const usage = { inputTokens: 1000, outputTokens: 10 };
    const plain = new TokenRates({ ...prices, requestUsd: "0.01" });
    expect(tokenCost(of, usage)).toBe(tokenCost(plain, usage));
    expect(tokenCost({ ...of } as TokenRates, usage)).toBe(tokenCost(plain, usage));
    expect(Object.keys(plain)).not.toContain("model");
    const none = {
      model: undefined,
      serviceTier: undefined,
      searchPer: undefined,
      searchesIncluded: undefined,
    };
    expect(new TokenRates({ ...prices, requestUsd: "0.01", ...none })).toEqual(plain);
  });

  it.each([
    ["an empty model", { model: "" }, RangeError],
    ["a model of 201 code units", { model: "m".repeat(201) }, RangeError],
    ["a model with a line break", { model: "a\nb" }, RangeError],
    ["a model that is no string", { model: 4 }, TypeError],
    ["a model of null", { model: null }, TypeError],
    ["a tier that is no string", { serviceTier: ["flex"] }, TypeError],
    ["searches per answer", { searchPer: "answer" }, RangeError],
    ["searches that are not included", { requestUsd: 1, searchesIncluded: false }, RangeError],
    ["searches included by a word", { requestUsd: 1, searchesIncluded: "yes" }, TypeError],
    ["searches included in no fee", { searchesIncluded: true }, RangeError],
    [
      "searches included, and with a price",
      { requestUsd: 1, searchUsd: 1, searchesIncluded: true },
      RangeError,
    ],
    ["a model of a tier", { tiers: [{ aboveInputTokens: 1, ...prices, model: "m" }] }, TypeError],
  ])("refuses %s", (_, given, error) => {
    const named: object = { ...prices, ...given };
    expect(() => new TokenRates(named as never)).toThrow(error);
    expect(() => TokenRates.fromJSON(named)).toThrow(error);
  });
});
