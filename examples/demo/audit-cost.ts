// Computes costs a second time, with fractions of whole numbers. It does not import the library, so that it cannot have
// the library's mistakes.

/** Prices as listed: USD per million tokens; `thousandCalls` in USD per thousand calls. */
export interface AuditedPrices {
  readonly above: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly thousandCalls: number | null;
}

/** `top / bottom`, with a bottom above 0. */
interface Ratio {
  readonly top: bigint;
  readonly bottom: bigint;
}

/** Prices in micro-cents, per token and per call. */
interface Tier {
  readonly above: number;
  readonly input: Ratio;
  /** The highest of the three prices of an input token. */
  readonly dearestInput: Ratio;
  readonly output: Ratio;
  readonly call: Ratio;
}

const MICRO_CENTS_PER_USD = 100_000_000n;

/** Exact costs by a price list. */
export class ExactPrices {
  readonly #tiers: readonly Tier[];

  /** @param prices - the base prices, then the tiers in order. */
  constructor(prices: readonly AuditedPrices[]) {
    this.#tiers = prices.map(({ above, input, output, cacheRead, cacheWrite, thousandCalls }) => {
      const per = (count: bigint, usd: number): Ratio => {
        const { top, bottom } = ratio(usd);
        return { top: top * MICRO_CENTS_PER_USD, bottom: bottom * count };
      };
      const perToken = (usd: number | null): Ratio => per(1_000_000n, usd ?? input);
      return {
        above,
        input: perToken(input),
        dearestInput: [perToken(cacheRead), perToken(cacheWrite)].reduce(dearer, perToken(input)),
        output: perToken(output),
        call: per(1000n, thousandCalls ?? 0),
      };
    });
  }

  /** The actual cost of a call without caching, in micro-cents, rounded up. */
  trueCost(inputTokens: number, outputTokens: number): bigint {
    const tier = this.#tiers.filter(({ above }, index) => index === 0 || inputTokens > above).at(-1);
    if (tier === undefined) throw new TypeError("ExactPrices: no prices");
    return roundedUp(exactCost(tier, tier.input, inputTokens, outputTokens));
  }

  /** The most that a call within these limits can cost, in micro-cents: in any tier and at its edges, cached or not. */
  mostCost(maxInput: number, maxOutput: number): bigint {
    const costs = this.#tiers
      .filter(({ above }, index) => index === 0 || maxInput >= above)
      .map((tier, index) => {
        const longest = Math.min(maxInput, this.#tiers[index + 1]?.above ?? maxInput);
        return exactCost(tier, tier.dearestInput, longest, maxOutput);
      });
    return roundedUp(costs.reduce(dearer));
  }
}

/** Decimal dollars as micro-cents, for the caps. */
export function microCentsOf(usd: string): bigint {
  const { top, bottom } = ratio(usd);
  return (top * MICRO_CENTS_PER_USD) / bottom;
}

function exactCost(tier: Tier, input: Ratio, inputTokens: number, outputTokens: number): Ratio {
  const tokens = plus(times(input, inputTokens), times(tier.output, outputTokens));
  return plus(tokens, tier.call);
}

/** Reads a decimal such as `0.15` or `1e-7`, exactly. */
function ratio(decimal: number | string): Ratio {
  const [mantissa = "", exponent = "0"] = String(decimal).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = BigInt(whole + fraction);
  const places = fraction.length - Number(exponent);
  return places > 0
    ? { top: digits, bottom: 10n ** BigInt(places) }
    : { top: digits * 10n ** BigInt(-places), bottom: 1n };
}

function plus(a: Ratio, b: Ratio): Ratio {
  return { top: a.top * b.bottom + b.top * a.bottom, bottom: a.bottom * b.bottom };
}

function times(a: Ratio, factor: number): Ratio {
  return { top: a.top * BigInt(factor), bottom: a.bottom };
}

function dearer(a: Ratio, b: Ratio): Ratio {
  return a.top * b.bottom < b.top * a.bottom ? b : a;
}

function roundedUp({ top, bottom }: Ratio): bigint {
  return top / bottom + (top % bottom > 0n ? 1n : 0n);
}
