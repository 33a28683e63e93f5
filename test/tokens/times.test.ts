import { estimateTokens, type TokenPrices, TokenRates, tokenCost } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimals } from "../support/arbitraries.ts";
import { compare, type Rational, rational, times } from "../support/rational.ts";

const KINDS = [
  "input",
  "cacheRead",
  "cacheWrite",
  "cacheWrite1h",
  "inputAudio",
  "inputImage",
  "inputVideo",
  "cacheReadAudio",
  "cacheReadImage",
  "output",
  "outputAudio",
  "outputImage",
  "outputVideo",
  "outputReasoning",
  "outputCitation",
] as const;
type Kind = (typeof KINDS)[number];

const price = decimals(12, 100n);
const rare = fc.option(price, { nil: null });
const prices: fc.Arbitrary<TokenPrices> = fc
  .tuple(price, price, fc.array(rare, { minLength: 13, maxLength: 13 }), rare, rare)
  .map(([inputUsdPerMTok, outputUsdPerMTok, others, requestUsd, searchUsd]) => {
    const kinds = KINDS.filter((kind) => kind !== "input" && kind !== "output");
    const more = Object.fromEntries(kinds.map((kind, index) => [`${kind}UsdPerMTok`, others[index]]));
    return { ...more, inputUsdPerMTok, outputUsdPerMTok, requestUsd, searchUsd };
  });
const rates = fc
  .tuple(prices, fc.option(prices, { nil: undefined }))
  .map(
    ([base, tier]) =>
      new TokenRates({ model: "m", ...base, tiers: tier ? [{ ...tier, aboveInputTokens: 2_000_000 }] : [] }),
  );

/** What a million tokens of a kind cost more than none of them, in micro-cents; `null` if they have no price. */
function costOf(of: TokenRates, kind: Kind, inputTokens: number): bigint | null {
  const count = 1_000_000;
  const parents: Partial<Record<Kind, readonly string[]>> = {
    cacheWrite1h: ["cacheWriteTokens"],
    cacheReadAudio: ["cacheReadTokens", "inputAudioTokens"],
    cacheReadImage: ["cacheReadTokens", "inputImageTokens"],
  };
  const fields = [`${kind}Tokens`, ...(parents[kind] ?? [])];
  const isOutput = kind.startsWith("output");
  const usage = { inputTokens, outputTokens: isOutput ? count : 0 };
  if (isOutput && kind === "output")
    return tokenCost(of, usage) - tokenCost(of, { ...usage, outputTokens: 0 });
  const counts = Object.fromEntries(fields.map((field) => [field, isOutput ? count : inputTokens]));
  try {
    return tokenCost(of, { ...usage, ...counts }) - tokenCost(of, { inputTokens: 0, outputTokens: 0 });
  } catch {
    return null;
  }
}

// A cost is rounded up by less than a micro-cent, which a factor below 4 makes less than 4.
const near = (found: bigint | null, exact: Rational | null): boolean =>
  found === null || exact === null
    ? found === exact
    : compare(rational(String(found - 4n)), exact) <= 0 && compare(rational(String(found + 4n)), exact) >= 0;

describe("TokenRates.times", () => {
  it("changes the price of the named kinds by the factor, and that of no other kind", () => {
    const kinds = fc.uniqueArray(fc.constantFrom(...KINDS), { maxLength: 15 });
    fc.assert(
      fc.property(rates, decimals(4, 3n), fc.option(kinds, { nil: undefined }), (of, factor, named) => {
        fc.pre(Number(factor) > 0);
        const scaled = of.times(factor, { kinds: named });
        for (const kind of KINDS.filter((one) => one !== "input" && !one.startsWith("output"))) {
          for (const input of [1_000_000, 3_000_000]) {
            const before = costOf(of, kind, input);
            const by = named === undefined || named.includes(kind) ? factor : 1;
            const exact = before === null ? null : times(rational(String(before)), rational(by));
            if (of.requestUsd === null && of.tiers.every((tier) => !tier.requestUsd)) {
              expect(near(costOf(scaled, kind, input), exact)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  const given = {
    model: "m",
    serviceTier: "flex",
    inputUsdPerMTok: 2.5,
    outputUsdPerMTok: "10",
    cacheReadUsdPerMTok: "0.25",
    requestUsd: "0.01",
    searchUsd: "0.02",
  };
  const of = new TokenRates({
    ...given,
    tiers: [{ aboveInputTokens: 1000, inputUsdPerMTok: 5, outputUsdPerMTok: 15, searchUsd: "0.03" }],
  });

  it("scales every token price in every tier, and keeps the fees and what the rates are for", () => {
    expect(of.times("1.1").toJSON()).toMatchObject({
      ...given,
      inputUsdPerMTok: "2.75",
      outputUsdPerMTok: "11",
      cacheReadUsdPerMTok: "0.275",
      tiers: [
        { aboveInputTokens: 1000, inputUsdPerMTok: "5.5", outputUsdPerMTok: "16.5", searchUsd: "0.03" },
      ],
    });
  });

  it("scales fees if asked to, as for a router that charges a part of the whole bill", () => {
    const router = of.times("1.055", { fees: true });
    expect([router.requestUsd, router.searchUsd, router.tiers[0]?.searchUsd]).toEqual([
      "0.01055",
      "0.0211",
      "0.03165",
    ]);
    const usage = { inputTokens: 100_000, outputTokens: 1000, searches: 2 };
    expect(tokenCost(router, usage) * 1000n).toBe(tokenCost(of, usage) * 1055n);
  });

  it("times 1 is the same", () => {
    fc.assert(
      fc.property(rates, (one) => {
        expect(one.times(1)).toEqual(TokenRates.fromJSON(one.toJSON()));
      }),
    );
  });

  it("a kind that is not named keeps the price that it had from another one", () => {
    const plain = new TokenRates({ inputUsdPerMTok: 2, outputUsdPerMTok: 8 });
    const input = plain.times("0.5", { kinds: ["input"] });
    expect(input.inputUsdPerMTok).toBe("1");
    const cached = { inputTokens: 1_000_000, outputTokens: 0, cacheReadTokens: 1_000_000 };
    expect(tokenCost(input, cached)).toBe(200_000_000n);
    const read = plain.times("0.5", { kinds: ["cacheRead"] });
    expect(tokenCost(read, cached)).toBe(100_000_000n);
    const audio = { ...cached, inputAudioTokens: 1_000_000, cacheReadAudioTokens: 1_000_000 };
    expect(tokenCost(read, audio)).toBe(200_000_000n);
  });

  it("rounds up what has more than 18 decimal places", () => {
    const fine = new TokenRates({ inputUsdPerMTok: "0.000000000000000001", outputUsdPerMTok: 0 });
    expect(fine.times("1.1").inputUsdPerMTok).toBe("0.000000000000000002");
    expect(fine.times("0.000000000000000001").inputUsdPerMTok).toBe("0.000000000000000001");
    expect(fine.times(2).outputUsdPerMTok).toBe("0");
  });

  it("a bound is never below the cost after it either", () => {
    fc.assert(
      fc.property(rates, decimals(3, 2n), fc.nat(3_000_000), fc.nat(1000), (one, factor, input, output) => {
        fc.pre(Number(factor) > 0);
        const scaled = one.times(factor, { kinds: ["input", "cacheReadAudio"] });
        const usage = { inputTokens: input, outputTokens: output };
        const most = estimateTokens(scaled, { maxInputTokens: input, maxOutputTokens: output });
        expect(most).toBeGreaterThanOrEqual(tokenCost(scaled, usage));
      }),
    );
  });

  it.each<readonly [unknown, unknown, ErrorConstructor]>([
    [0, undefined, RangeError],
    ["-1", undefined, RangeError],
    [NaN, undefined, RangeError],
    ["10%", undefined, RangeError],
    ["0.0000000000000000001", undefined, RangeError],
    [undefined, undefined, TypeError],
    [1n, undefined, TypeError],
    [2, { kinds: ["tokens"] }, RangeError],
    [2, { kinds: "input" }, TypeError],
    [2, { kinds: [1] }, TypeError],
    [2, { fees: 1 }, TypeError],
    [2, { only: ["input"] }, TypeError],
    [2, null, TypeError],
  ])("refuses %s with %j", (factor, options, error) => {
    expect(() => of.times(factor as never, options as never)).toThrow(error);
    expect(() => of.times(factor as never, options as never)).toThrow(/^TokenRates\.times/);
  });
});
