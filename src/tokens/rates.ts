import { listOf, optional, orNull, notOurs, outOfRange, read, seal, whole } from "../internal/check.ts";
import { ceilDiv, type Price, price, pricesJson, units18 } from "../money/decimal.ts";
import {
  KIND_LIST,
  kindReaders,
  type LimitField,
  limitOf,
  TOKEN_KINDS,
  type TokenKind,
} from "./kinds.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import type { TokenLimits, TokenPrices, TokenTier, TokenUsage } from "./fields.ts";

const fee = /* @__PURE__ */ orNull(price);
const count = /* @__PURE__ */ optional(whole, 0);
const atMost = /* @__PURE__ */ optional(whole, Infinity);

const PRICES = /* @__PURE__ */ kindReaders<
  `${TokenKind}UsdPerMTok`,
  "requestUsd" | "searchUsd",
  Price | null
>((kind) => `${kind}UsdPerMTok`, price, fee, { requestUsd: fee, searchUsd: fee });
const COUNTS = /* @__PURE__ */ kindReaders((kind) => `${kind}Tokens` as const, whole, count, {
  searches: count,
});
const LIMITS = /* @__PURE__ */ kindReaders(limitOf, whole, atMost, { maxSearches: count });
type Counts<Field extends string> = Readonly<Record<Field, number>>;

/** Exact prices in units of 10^-18 USD (a million tokens, a request, a search) from `above` input tokens on. */
interface Units {
  readonly above: number;
  readonly price: Readonly<Record<TokenKind, bigint>>;
  /** The kinds of input and of output, the dearest first. */
  readonly input: readonly TokenKind[];
  readonly output: readonly TokenKind[];
  readonly request: bigint;
  /** `null` if searches have no price. */
  readonly search: bigint | null;
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
  readonly #ours: undefined;
  declare readonly inputUsdPerMTok: Price;
  declare readonly outputUsdPerMTok: Price;
  declare readonly cacheReadUsdPerMTok: Price | null;
  declare readonly cacheWriteUsdPerMTok: Price | null;
  declare readonly cacheWrite1hUsdPerMTok?: Price;
  declare readonly inputAudioUsdPerMTok?: Price;
  declare readonly inputImageUsdPerMTok?: Price;
  declare readonly inputVideoUsdPerMTok?: Price;
  declare readonly cacheReadAudioUsdPerMTok?: Price;
  declare readonly cacheReadImageUsdPerMTok?: Price;
  declare readonly outputAudioUsdPerMTok?: Price;
  declare readonly outputImageUsdPerMTok?: Price;
  declare readonly outputVideoUsdPerMTok?: Price;
  declare readonly outputReasoningUsdPerMTok?: Price;
  declare readonly outputCitationUsdPerMTok?: Price;
  declare readonly requestUsd: Price | null;
  declare readonly searchUsd?: Price;
  declare readonly tiers: readonly TokenTier[];

  /**
   * @throws TypeError for an unknown or missing field, an explicit `undefined` or a wrong type.
   * @throws RangeError for a negative or inexact price, or two tiers that start at the same count.
   */
  constructor(rates: TokenPrices & { readonly tiers?: readonly TokenTier[] }) {
    const tiers = optional(tierList, Object.freeze([]));
    seal(this, stated(read<object>("TokenRates", rates, { ...PRICES, tiers })));
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

/** Without the fields that few models have, where there is no such price. */
function stated(fields: object): object {
  const always = ["cacheReadUsdPerMTok", "cacheWriteUsdPerMTok", "requestUsd"];
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => value !== null || always.includes(key)),
  );
}

/** Reads tiers: no two start at the same count. */
function tierList(what: string, value: unknown): readonly TokenTier[] {
  const tiers = listOf((at, entry) =>
    // The readers of the two prices that must be there take no null.
    Object.freeze(stated(read<object>(at, entry, { aboveInputTokens: whole, ...PRICES })) as TokenTier),
  )(what, value);
  const starts = tiers.map(({ aboveInputTokens }) => aboveInputTokens);
  if (new Set(starts).size === starts.length) return tiers;
  throw outOfRange(what, "of different aboveInputTokens", starts.join(", "));
}

/** The base prices and the tiers of rates that this copy made, by where they start. */
function unitsByStart(what: string, value: unknown): readonly [Units, ...Units[]] {
  const rates = ourRates(what, value);
  let units = parsed.get(rates);
  // Stryker disable next-line ConditionalExpression: parsed again, they are the same
  if (units === undefined) {
    const base = unitsOf(rates, 0, null);
    const tiers = rates.tiers.map((tier) => unitsOf(tier, tier.aboveInputTokens, base));
    units = [base, ...tiers.sort((a, b) => a.above - b.above)];
    // Stryker disable next-line CallExpression: the same
    parsed.set(rates, units);
  }
  return units;
}

/** What prices parse to, once for each rates: they are frozen. */
const parsed = /* @__PURE__ */ new WeakMap<TokenRates, readonly [Units, ...Units[]]>();

/** A missing price is that of what the kind is part of, the dearest of several, never zero. */
function unitsOf(prices: TokenPrices, above: number, base: Units | null): Units {
  // Own fields only: what few models have is not there, and a polluted prototype must not stand in for it.
  const own = (field: keyof TokenPrices): bigint | null => {
    const given = Object.hasOwn(prices, field) ? (prices[field] ?? null) : null;
    // Stryker disable next-line StringLiteral: what is parsed was checked, so nobody sees it
    return given === null ? null : units18("price", given);
  };
  const ownPrice = (kind: TokenKind): bigint | null => own(`${kind}UsdPerMTok`);
  // Every kind gets its price below, what it is part of before it.
  const all = {} as Record<TokenKind, bigint>;
  for (const [kind, wholes] of [...KIND_LIST].reverse()) {
    const [nearest] = wholes;
    const given = ownPrice(kind);
    const inherited = wholes.slice(0, -1).filter((whole) => ownPrice(whole) !== null);
    all[kind] = given ?? dearest(inherited.map((whole) => all[whole])) ?? all[nearest ?? kind];
  }
  const sorted = (direction: TokenKind): readonly TokenKind[] => {
    const kinds = KIND_LIST.filter(([kind, wholes]) => (wholes.at(-1) ?? kind) === direction);
    // Stryker disable next-line EqualityOperator: of two at one price either may be first
    return kinds.map(([kind]) => kind).sort((a, b) => (all[a] > all[b] ? -1 : 1));
  };
  return {
    above,
    price: all,
    input: sorted("input"),
    output: sorted("output"),
    request: own("requestUsd") ?? base?.request ?? 0n,
    search: own("searchUsd") ?? base?.search ?? null,
  };
}

function dearest(prices: readonly bigint[]): bigint | null {
  // Stryker disable next-line EqualityOperator: the same
  return prices.reduce<bigint | null>((most, next) => (most === null || next > most ? next : most), null);
}

const TOKENS_PER_PRICE = 1_000_000n;
/** A micro-cent, in tokens times 10^-18 USD a million tokens. */
const MICRO_CENT = 10_000_000_000_000_000n;

/**
 * The most that a call can cost: no cache hit, the dearest price and the dearest tier within reach. At the
 * very edge of a tier, where providers disagree, the dearer side counts.
 *
 * @param limits - the most input tokens (cached ones included) and output tokens, whole numbers; and less
 *   for the kinds of tokens that the call cannot have so many of, such as `maxInputAudioTokens: 0`.
 * @returns micro-cents, rounded up once; never below {@link tokenCost} of any usage within the limits.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a count that is negative or not whole, or for searches that have no price.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheWriteUsdPerMTok: 3.75 });
 * const limits = { maxInputTokens: 1000, maxOutputTokens: 100 };
 * formatUsd(estimateTokens(rates, limits)); // => "0.00525"
 * formatUsd(estimateTokens(rates, { ...limits, maxCacheWriteTokens: 0 })); // => "0.0045"
 * ```
 */
export function estimateTokens(rates: TokenRates, limits: TokenLimits): MicroCents {
  const tiers = unitsByStart("estimateTokens: rates", rates);
  const given = read<Counts<keyof typeof LIMITS>>("estimateTokens", limits, LIMITS);
  const input = given.maxInputTokens;
  let most = 0n;
  tiers.forEach((tier, index) => {
    // The base starts at 0: it is always within reach.
    if (tier.above > input) return;
    // A tier ends where the next one starts; a call with more input is repriced as a whole.
    const reach = Math.min(input, tiers[index + 1]?.above ?? input);
    const cost =
      dearestOf(tier, tier.input, reach, given) +
      dearestOf(tier, tier.output, given.maxOutputTokens, given) +
      fees("estimateTokens: maxSearches", tier, given.maxSearches);
    // Stryker disable next-line EqualityOperator: the same
    if (cost > most) most = cost;
  });
  return microCents(ceilDiv(most, MICRO_CENT));
}

/**
 * The most that so many tokens can cost: as many as there can be of the dearest kind, and so on down.
 *
 * That is the most because the bounds nest, save that cached audio is part of two kinds that do not: it uses up the
 * room for audio. The room for cached tokens limits each kind, and is used up by none, which can but raise the sum.
 */
function dearestOf(
  tier: Units,
  kinds: readonly TokenKind[],
  tokens: number,
  limits: Counts<LimitField>,
): bigint {
  const room = { ...limits };
  let left = tokens;
  let cost = 0n;
  for (const kind of kinds) {
    const parts = [kind, ...TOKEN_KINDS[kind]];
    const taken = Math.min(left, ...parts.map((part) => room[limitOf(part)]));
    for (const part of parts) if (part !== "cacheRead") room[limitOf(part)] -= taken;
    cost += BigInt(taken) * tier.price[kind];
    left -= taken;
    // Stryker disable next-line ConditionalExpression: none of the rest is taken
    if (left === 0) break;
  }
  return cost;
}

/** What is paid for the call itself and for its searches. */
function fees(what: string, tier: Units, searches: number): bigint {
  if (tier.search === null && searches > 0) throw outOfRange(what, "0, for they have no price", searches);
  return (tier.request + BigInt(searches) * (tier.search ?? 0n)) * TOKENS_PER_PRICE;
}

/**
 * What a call has cost, from the provider's usage report.
 *
 * @param usage - token counts, whole numbers; `inputTokens` includes those read from and written to a
 *   cache, and every kind of tokens those that are part of it. What is left out is 0.
 * @returns micro-cents, rounded up once.
 * @throws TypeError for a missing or unknown field, an explicit `undefined` or a wrong type.
 * @throws RangeError for a count that is negative or not whole, more tokens of a kind than of what it is
 *   part of, or searches that have no price.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheReadUsdPerMTok: 0.3 });
 * const usage = { inputTokens: 1000, outputTokens: 100, cacheReadTokens: 800 };
 * formatUsd(tokenCost(rates, usage)); // => "0.00234"
 * ```
 */
export function tokenCost(rates: TokenRates, usage: TokenUsage): MicroCents {
  const tiers = unitsByStart("tokenCost: rates", rates);
  const { searches, ...counts } = read<Counts<keyof typeof COUNTS>>("tokenCost", usage, COUNTS);
  // The list is never empty, and only its later members start above 0.
  const tier = tiers.reduce((found, next) => (counts.inputTokens > next.above ? next : found));
  const left = { ...counts };
  let cost = fees("tokenCost: searches", tier, searches);
  for (const [kind, wholes] of KIND_LIST) {
    const own = left[`${kind}Tokens`];
    // Stryker disable next-line ConditionalExpression: none cost nothing
    if (own === 0) continue;
    // Stryker disable next-line EqualityOperator: 0 was passed by
    if (own < 0) {
      const parts = counts[`${kind}Tokens`] - own;
      throw outOfRange(
        `tokenCost: ${kind}Tokens`,
        `at least the ${parts} within it`,
        counts[`${kind}Tokens`],
      );
    }
    for (const of of wholes) left[`${of}Tokens`] -= own;
    cost += BigInt(own) * tier.price[kind];
  }
  return microCents(ceilDiv(cost, MICRO_CENT));
}
