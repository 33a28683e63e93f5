import { listOf, optional, orNull, notOurs, outOfRange, read, seal, whole } from "./internal/check.ts";
import { ceilDiv, type Price, price, pricesJson, units18 } from "./internal/decimal.ts";
import { type MicroCents, microCents } from "./money.ts";

/** What a model call costs, in USD per million tokens; `requestUsd` once a call. */
export interface TokenPrices {
  readonly inputUsdPerMTok: Price;
  readonly outputUsdPerMTok: Price;
  /** Missing or `null`: the input price, never zero. */
  readonly cacheReadUsdPerMTok?: Price | null;
  /** Missing or `null`: the input price, never zero. */
  readonly cacheWriteUsdPerMTok?: Price | null;
  /** A fee for the call itself, in USD; none if missing (in a tier: the base fee). */
  readonly requestUsd?: Price | null;
}

/** Prices that apply to the whole call once it has more than `aboveInputTokens` input tokens. */
export interface TokenTier extends TokenPrices {
  readonly aboveInputTokens: number;
}

const PRICES = {
  inputUsdPerMTok: price,
  outputUsdPerMTok: price,
  cacheReadUsdPerMTok: /* @__PURE__ */ orNull(price),
  cacheWriteUsdPerMTok: /* @__PURE__ */ orNull(price),
  requestUsd: /* @__PURE__ */ orNull(price),
};

/** Exact prices in units of 10^-18 USD (a million tokens, or a request) from `above` input tokens on. */
interface Units {
  readonly above: number;
  readonly input: bigint;
  readonly output: bigint;
  readonly cacheRead: bigint;
  readonly cacheWrite: bigint;
  readonly request: bigint;
}

/**
 * The prices of a model, exact: per million tokens, as published.
 *
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" });
 * formatUsd(estimateTokens(rates, { maxInputTokens: 1000, maxOutputTokens: 500 })); // => "0.00045"
 * ```
 */
export class TokenRates {
  readonly #ours = true;
  declare readonly inputUsdPerMTok: Price;
  declare readonly outputUsdPerMTok: Price;
  declare readonly cacheReadUsdPerMTok: Price | null;
  declare readonly cacheWriteUsdPerMTok: Price | null;
  declare readonly requestUsd: Price | null;
  declare readonly tiers: readonly TokenTier[];

  /**
   * @throws TypeError for an unknown or missing field, an explicit `undefined` or a wrong type.
   * @throws RangeError for a negative or inexact price, or two tiers that start at the same count.
   */
  constructor(rates: TokenPrices & { readonly tiers?: readonly TokenTier[] }) {
    seal(this, read("TokenRates", rates, { ...PRICES, tiers: optional(tierList, Object.freeze([])) }));
  }

  /** Whether a value is one that this copy of the library made: not a clone, not a look-alike. */
  static is(this: void, value: unknown): value is TokenRates {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /** Exact decimal strings, in USD per million tokens. */
  toJSON(): Record<string, unknown> {
    return pricesJson(this);
  }

  /** Reads what {@link TokenRates.toJSON} wrote. */
  static fromJSON(json: unknown): TokenRates {
    return fromJson(json);
  }
}

/** Outside the class: one that names itself is renamed by bundlers, and prints under that name. */
function fromJson(json: unknown): TokenRates {
  // The constructor validates every field of whatever it is given.
  return new TokenRates(json as TokenRates);
}

function ourRates(what: string, value: unknown): TokenRates {
  if (TokenRates.is(value)) return value;
  throw notOurs(what, "TokenRates", value);
}

/** Reads tiers: no two start at the same count. */
function tierList(what: string, value: unknown): readonly TokenTier[] {
  const tiers = listOf((at, entry) =>
    Object.freeze(read<TokenTier>(at, entry, { aboveInputTokens: whole, ...PRICES })),
  )(what, value);
  const starts = tiers.map(({ aboveInputTokens }) => aboveInputTokens);
  if (new Set(starts).size === starts.length) return tiers;
  throw outOfRange(what, "of different aboveInputTokens", starts.join(", "));
}

/** The base prices and the tiers of rates that this copy made, by where they start. */
function unitsByStart(what: string, value: unknown): readonly [Units, ...Units[]] {
  const rates = ourRates(what, value);
  let units = parsed.get(rates);
  if (units === undefined) {
    const base = unitsOf(rates, 0, 0n);
    const tiers = rates.tiers.map((tier) => unitsOf(tier, tier.aboveInputTokens, base.request));
    units = [base, ...tiers.sort((a, b) => a.above - b.above)];
    parsed.set(rates, units);
  }
  return units;
}

/** What prices parse to, once for each rates: they are frozen. */
const parsed = /* @__PURE__ */ new WeakMap<TokenRates, readonly [Units, ...Units[]]>();

/** A missing cache price is the input price, never zero. */
function unitsOf(prices: TokenPrices, above: number, baseRequest: bigint): Units {
  const units = (given: Price | null | undefined, missing: bigint): bigint =>
    (given ?? null) === null ? missing : units18("price", given);
  const input = units(prices.inputUsdPerMTok, 0n);
  return {
    above,
    input,
    output: units(prices.outputUsdPerMTok, 0n),
    cacheRead: units(prices.cacheReadUsdPerMTok, input),
    cacheWrite: units(prices.cacheWriteUsdPerMTok, input),
    request: units(prices.requestUsd, baseRequest),
  };
}

const TOKENS_PER_PRICE = 1_000_000n;
/** A micro-cent, in tokens times 10^-18 USD a million tokens. */
const MICRO_CENT = 10_000_000_000_000_000n;

/**
 * The most that a call can cost: no cache hit, the dearest price and the dearest tier within reach.
 *
 * @param limits - the most input tokens (cached ones included) and output tokens, whole numbers.
 * @returns micro-cents, rounded up once; never below {@link tokenCost} of any usage within the limits.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a count that is negative or not whole.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheWriteUsdPerMTok: 3.75 });
 * formatUsd(estimateTokens(rates, { maxInputTokens: 1000, maxOutputTokens: 100 })); // => "0.00525"
 * ```
 */
export function estimateTokens(
  rates: TokenRates,
  limits: { readonly maxInputTokens: number; readonly maxOutputTokens: number },
): MicroCents {
  const tiers = unitsByStart("estimateTokens: rates", rates);
  const given = read("estimateTokens", limits, { maxInputTokens: whole, maxOutputTokens: whole });
  const input = given.maxInputTokens;
  const output = BigInt(given.maxOutputTokens);
  let most = 0n;
  tiers.forEach((tier, index) => {
    if (index > 0 && tier.above >= input) return;
    // A tier ends where the next one starts; a call with more input is repriced as a whole.
    let dearest = tier.input;
    for (const cached of [tier.cacheRead, tier.cacheWrite]) if (cached > dearest) dearest = cached;
    const reach = BigInt(Math.min(input, tiers[index + 1]?.above ?? input));
    const cost = reach * dearest + output * tier.output + tier.request * TOKENS_PER_PRICE;
    if (cost > most) most = cost;
  });
  return microCents(ceilDiv(most, MICRO_CENT));
}

/**
 * What a call has cost, from the provider's usage report.
 *
 * @param usage - token counts, whole numbers; `inputTokens` includes those read from and written to a
 *   cache, which default to 0.
 * @returns micro-cents, rounded up once.
 * @throws TypeError for a missing or unknown field, an explicit `undefined` or a wrong type.
 * @throws RangeError for a count that is negative or not whole, or more cached tokens than input tokens.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheReadUsdPerMTok: 0.3 });
 * const usage = { inputTokens: 1000, outputTokens: 100, cacheReadTokens: 800 };
 * formatUsd(tokenCost(rates, usage)); // => "0.00234"
 * ```
 */
export function tokenCost(
  rates: TokenRates,
  usage: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cacheReadTokens?: number;
    readonly cacheWriteTokens?: number;
  },
): MicroCents {
  const tiers = unitsByStart("tokenCost: rates", rates);
  const none = optional(whole, 0);
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = read("tokenCost", usage, {
    inputTokens: whole,
    outputTokens: whole,
    cacheReadTokens: none,
    cacheWriteTokens: none,
  });
  const cacheRead = BigInt(cacheReadTokens);
  const cacheWrite = BigInt(cacheWriteTokens);
  const uncached = BigInt(inputTokens) - cacheRead - cacheWrite;
  if (uncached < 0n) {
    throw outOfRange("tokenCost: inputTokens", `at least the cached ${cacheRead + cacheWrite}`, inputTokens);
  }
  // The list is never empty, and only its later members start above 0.
  const tier = tiers.reduce((found, next) => (inputTokens > next.above ? next : found));
  const cost =
    uncached * tier.input +
    cacheRead * tier.cacheRead +
    cacheWrite * tier.cacheWrite +
    BigInt(outputTokens) * tier.output +
    tier.request * TOKENS_PER_PRICE;
  return microCents(ceilDiv(cost, MICRO_CENT));
}
