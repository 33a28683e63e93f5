import {
  estimateTokens,
  tokenCost,
  type TokenLimits,
  type TokenPrices,
  TokenRates,
  type TokenUsage,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimals } from "../support/arbitraries.ts";
import { add, compare, divide, dollars, type Rational, rational, times } from "../support/rational.ts";

// What a call is made of, leaf by leaf, and where the price of each is looked for: written apart from the library.
const LEAVES = [
  ["text", ["input"]],
  ["cached", ["cacheRead", "input"]],
  ["cachedAudio", ["cacheReadAudio", "*cacheRead*inputAudio", "input"]],
  ["cachedImage", ["cacheReadImage", "*cacheRead*inputImage", "input"]],
  ["written", ["cacheWrite", "input"]],
  ["written1h", ["cacheWrite1h"]],
  ["audio", ["inputAudio", "input"]],
  ["image", ["inputImage", "input"]],
  ["video", ["inputVideo", "input"]],
  ["answer", ["output"]],
  ["spoken", ["outputAudio", "output"]],
  ["drawn", ["outputImage", "output"]],
  ["filmed", ["outputVideo", "output"]],
  ["thought", ["outputReasoning", "output"]],
  ["cited", ["outputCitation", "output"]],
] as const;
type Leaf = (typeof LEAVES)[number][0];
type Leaves = Readonly<Record<Leaf, number>>;

const price = decimals(12, 100n);
const rare = fc.option(price, { nil: null });
const prices: fc.Arbitrary<TokenPrices> = fc.record({
  inputUsdPerMTok: price,
  outputUsdPerMTok: price,
  cacheReadUsdPerMTok: rare,
  cacheWriteUsdPerMTok: rare,
  cacheWrite1hUsdPerMTok: rare,
  inputAudioUsdPerMTok: rare,
  inputImageUsdPerMTok: rare,
  inputVideoUsdPerMTok: rare,
  cacheReadAudioUsdPerMTok: rare,
  cacheReadImageUsdPerMTok: rare,
  outputAudioUsdPerMTok: rare,
  outputImageUsdPerMTok: rare,
  outputVideoUsdPerMTok: rare,
  outputReasoningUsdPerMTok: rare,
  outputCitationUsdPerMTok: rare,
  requestUsd: rare,
  searchUsd: price,
});
const tiers = fc.uniqueArray(
  fc.tuple(fc.nat(600), prices).map(([aboveInputTokens, of]) => ({ ...of, aboveInputTokens })),
  { maxLength: 2, selector: ({ aboveInputTokens }) => aboveInputTokens },
);
const rates = fc.tuple(prices, tiers).map(([base, of]) => new TokenRates({ ...base, tiers: of }));
const count = fc.oneof(fc.constant(0), fc.nat(100));
const leaves: fc.Arbitrary<Leaves> = fc.record({
  text: count,
  cached: count,
  cachedAudio: count,
  cachedImage: count,
  written: count,
  written1h: count,
  audio: count,
  image: count,
  video: count,
  answer: count,
  spoken: count,
  drawn: count,
  filmed: count,
  thought: count,
  cited: count,
});

/** The parts without writes to an hour's cache, unless these have a price everywhere. */
function acceptedBy(of: TokenRates, parts: Leaves): Leaves {
  const hour = [of, ...of.tiers].every(({ cacheWrite1hUsdPerMTok: price }) => typeof price === "string");
  return hour ? parts : { ...parts, written1h: 0 };
}

function usageOf(of: Leaves, searches = 0): Required<TokenUsage> {
  const cacheReadTokens = of.cached + of.cachedAudio + of.cachedImage;
  const cacheWriteTokens = of.written + of.written1h;
  return {
    inputTokens: of.text + cacheReadTokens + cacheWriteTokens + of.audio + of.image + of.video,
    outputTokens: of.answer + of.spoken + of.drawn + of.filmed + of.thought + of.cited,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: of.written1h,
    inputAudioTokens: of.audio + of.cachedAudio,
    inputImageTokens: of.image + of.cachedImage,
    inputVideoTokens: of.video,
    cacheReadAudioTokens: of.cachedAudio,
    cacheReadImageTokens: of.cachedImage,
    outputAudioTokens: of.spoken,
    outputImageTokens: of.drawn,
    outputVideoTokens: of.filmed,
    outputReasoningTokens: of.thought,
    outputCitationTokens: of.cited,
    searches,
  };
}

function priceOf(of: TokenPrices, places: readonly string[]): Rational {
  const found = (kind: string): Rational | null => {
    const listed = Object.entries({ ...of }).find(([key]) => key === `${kind}UsdPerMTok`)?.[1];
    return typeof listed === "string" ? rational(listed) : null;
  };
  for (const place of places) {
    const candidates = place.startsWith("*") ? place.slice(1).split("*").map(found) : [found(place)];
    const dearest = candidates.reduce((a, b) => (a === null || (b !== null && compare(b, a) > 0) ? b : a));
    if (dearest !== null) return dearest;
  }
  throw new Error(`no price at ${places.join()}`);
}

function exact(of: TokenRates, parts: Leaves, searches: number): Rational {
  const { inputTokens } = usageOf(parts);
  const reached = [...of.tiers]
    .sort((a, b) => b.aboveInputTokens - a.aboveInputTokens)
    .find(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  const at = reached ?? of;
  const tokens = LEAVES.filter(([leaf]) => parts[leaf] > 0).map(([leaf, places]) =>
    times(rational(parts[leaf]), priceOf(at, places)),
  );
  return add(
    ...tokens.map((cost) => divide(cost, 1_000_000n)),
    rational(at.requestUsd ?? of.requestUsd ?? 0),
    times(rational(searches), rational(at.searchUsd ?? 0)),
  );
}

describe("tokenCost: kinds of tokens", () => {
  it("is the exact sum over every kind, each at its own price or that of what it is part of", () => {
    fc.assert(
      fc.property(rates, leaves, fc.nat(9), (of, any, searches) => {
        const parts = acceptedBy(of, any);
        const cost = dollars(tokenCost(of, usageOf(parts, searches)));
        const sum = exact(of, parts, searches);
        expect(compare(cost, sum)).toBeGreaterThanOrEqual(0);
        expect(compare(cost, add(sum, dollars(1n)))).toBe(-1);
      }),
      { numRuns: 500 },
    );
  });

  const given = { inputUsdPerMTok: 3, outputUsdPerMTok: 15 };
  it.each([
    ["more audio than input", { inputTokens: 5, outputTokens: 0, inputAudioTokens: 6 }],
    ["cached audio that is not cached", { inputTokens: 5, outputTokens: 0, cacheReadAudioTokens: 1 }],
    [
      "cached audio that is no audio",
      { inputTokens: 5, outputTokens: 0, cacheReadTokens: 1, cacheReadAudioTokens: 1 },
    ],
    [
      "an hour's writes that are no writes",
      { inputTokens: 5, outputTokens: 0, cacheWriteTokens: 1, cacheWrite1hTokens: 2 },
    ],
    ["more reasoning than output", { inputTokens: 5, outputTokens: 1, outputReasoningTokens: 2 }],
    [
      "kinds that together are more than the output",
      {
        inputTokens: 5,
        outputTokens: 3,
        outputReasoningTokens: 2,
        outputAudioTokens: 2,
      },
    ],
    ["a search without a price", { inputTokens: 5, outputTokens: 1, searches: 1 }],
  ])("refuses %s", (_, usage) => {
    expect(() => tokenCost(new TokenRates(given), usage)).toThrow(RangeError);
  });

  it("a search has the base price in a tier that has none", () => {
    const of = new TokenRates({ ...given, searchUsd: "0.01", tiers: [{ aboveInputTokens: 1, ...given }] });
    const usage = { inputTokens: 2, outputTokens: 0 };
    expect(tokenCost(of, { ...usage, searches: 3 }) - tokenCost(of, usage)).toBe(3_000_000n);
  });
});

describe("estimateTokens: kinds of tokens", () => {
  it("is never below the cost of any usage within all of its bounds", () => {
    fc.assert(
      fc.property(
        rates,
        leaves,
        fc.nat(5),
        fc.array(fc.oneof(fc.constant(0), fc.nat(50)), { minLength: 16, maxLength: 16 }),
        fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
        (of, parts, searches, more, left) => {
          const usage = usageOf(acceptedBy(of, parts), searches);
          const limits = Object.entries(usage).flatMap(([field, tokens], at) => {
            const name = `max${field.charAt(0).toUpperCase()}${field.slice(1)}`;
            const needed = ["inputTokens", "outputTokens", "searches"].includes(field);
            // A limit above 0 for a kind that has no price is refused.
            const extra = field === "cacheWrite1hTokens" && tokens === 0 ? 0 : (more[at] ?? 0);
            return needed || left[at] === true ? [[name, Number(tokens) + extra]] : [];
          });
          // The names are those of its fields.
          const most = Object.fromEntries(limits) as TokenLimits;
          expect(estimateTokens(of, most)).toBeGreaterThanOrEqual(tokenCost(of, usage));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("takes the dearest kind unless its bound says less", () => {
    const of = new TokenRates({
      inputUsdPerMTok: "0.30",
      inputAudioUsdPerMTok: "1.00",
      outputUsdPerMTok: "2.50",
      cacheReadUsdPerMTok: "0.03",
    });
    const most = { maxInputTokens: 1_000_000, maxOutputTokens: 0 };
    expect(estimateTokens(of, most)).toBe(100_000_000n);
    expect(estimateTokens(of, { ...most, maxInputAudioTokens: 0 })).toBe(30_000_000n);
    expect(estimateTokens(of, { ...most, maxInputAudioTokens: 500_000 })).toBe(65_000_000n);
  });

  it("a bound of what a kind is part of bounds it too", () => {
    const of = new TokenRates({
      inputUsdPerMTok: 3,
      outputUsdPerMTok: 0,
      cacheWriteUsdPerMTok: "3.75",
      cacheWrite1hUsdPerMTok: 6,
    });
    const most = { maxInputTokens: 1_000_000, maxOutputTokens: 0 };
    expect(estimateTokens(of, most)).toBe(600_000_000n);
    expect(estimateTokens(of, { ...most, maxCacheWrite1hTokens: 0 })).toBe(375_000_000n);
    expect(estimateTokens(of, { ...most, maxCacheWriteTokens: 0 })).toBe(300_000_000n);
  });

  it("cached audio uses up the room for audio, and leaves that for cached tokens to others", () => {
    const of = new TokenRates({
      inputUsdPerMTok: 1,
      outputUsdPerMTok: 0,
      cacheReadUsdPerMTok: 3,
      inputAudioUsdPerMTok: "4.9",
      cacheReadAudioUsdPerMTok: 5,
    });
    const bounds = {
      maxInputTokens: 200,
      maxCacheReadTokens: 100,
      maxInputAudioTokens: 100,
      maxOutputTokens: 0,
    };
    // The dearest kind first would take both bounds, and leave the cheapest: $0.0006.
    const usage = { inputTokens: 200, outputTokens: 0, inputAudioTokens: 100, cacheReadTokens: 100 };
    expect(tokenCost(of, usage)).toBe(79_000n);
    expect(estimateTokens(of, { ...bounds, maxCacheReadImageTokens: 0 })).toBe(80_000n);
  });

  it("a kind that is part of something free is free", () => {
    const of = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 0, inputAudioUsdPerMTok: 0 });
    const spoken = {
      inputTokens: 100,
      cacheReadTokens: 100,
      inputAudioTokens: 100,
      cacheReadAudioTokens: 100,
    };
    expect(tokenCost(of, { ...spoken, outputTokens: 0 })).toBe(0n);
  });

  it("at the very edge of a tier, where providers disagree, the dearer side counts", () => {
    const of = new TokenRates({
      inputUsdPerMTok: 3,
      outputUsdPerMTok: 15,
      tiers: [{ aboveInputTokens: 200_000, inputUsdPerMTok: 6, outputUsdPerMTok: "22.5" }],
    });
    // Helicone's own test has $1.425 for exactly this call, Anthropic's price list $0.75.
    const most = { maxInputTokens: 200_000, maxOutputTokens: 10_000 };
    expect(estimateTokens(of, most)).toBe(142_500_000n);
    expect(estimateTokens(of, { ...most, maxInputTokens: 199_999 })).toBe(74_999_700n);
    expect(tokenCost(of, { inputTokens: 200_000, outputTokens: 10_000 })).toBe(75_000_000n);
  });
});

describe("TokenRates: kinds of tokens", () => {
  it("a price that few models have is there only where it is given", () => {
    const plain = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 2, inputAudioUsdPerMTok: null });
    expect(Object.keys(plain)).not.toContain("inputAudioUsdPerMTok");
    const spoken = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 2, outputAudioUsdPerMTok: "64" });
    expect(JSON.stringify(spoken)).toContain('"outputAudioUsdPerMTok":"64"');
  });

  it("fromJSON reads every kind back", () => {
    fc.assert(
      fc.property(rates, (of) => {
        const again = TokenRates.fromJSON(JSON.parse(JSON.stringify(of)) as unknown);
        expect(JSON.stringify(again)).toBe(JSON.stringify(of));
      }),
    );
  });
});
