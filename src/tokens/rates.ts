import {
  listOf,
  optional,
  orNull,
  outOfRange,
  read,
  type Reader,
  type Readers,
  whole,
} from "../internal/check.ts";
import { become, valueReader } from "../internal/value.ts";
import { type Price, price, pricesJson, units18 } from "../money/decimal.ts";
import type { TokenPrices, TokenTier } from "./fields.ts";
import { KIND_LIST, kindReaders, type TokenKind } from "./kinds.ts";

const fee = /* @__PURE__ */ orNull(price);

const PRICES = /* @__PURE__ */ kindReaders<
  `${TokenKind}UsdPerMTok`,
  "requestUsd" | "searchUsd",
  Price | null
>((kind) => `${kind}UsdPerMTok`, price, fee, { requestUsd: fee, searchUsd: fee });
const FIELDS = /* @__PURE__ */ withTiers();

/**
 * Exact prices of the base, or of the tier from `above` input tokens, in 10^-18 USD per million tokens, call or search.
 */
export interface Units {
  readonly above: number;
  readonly price: Readonly<Record<TokenKind, bigint>>;
  /** The kinds of input, the highest price first. */
  readonly input: readonly TokenKind[];
  /** The kinds of output, the highest price first. */
  readonly output: readonly TokenKind[];
  readonly request: bigint;
  /** `null` if searches have no price. */
  readonly search: bigint | null;
}

/**
 * The exact prices of a model per million tokens, as published.
 *
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: "0.15", outputUsdPerMTok: "0.60" });
 * formatUsd(estimateTokens(rates, { maxInputTokens: 1000, maxOutputTokens: 500 })); // => "0.00045"
 * ```
 */
export class TokenRates {
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
  declare readonly model?: string;
  declare readonly serviceTier?: string;
  declare readonly searchPer?: "query" | "prompt";
  declare readonly searchesIncluded?: true;
  declare readonly tiers: readonly TokenTier[];

  /**
   * @throws TypeError for an unknown or missing field or a wrong type.
   * @throws RangeError for a negative or inexact price, or two tiers with the same `aboveInputTokens`.
   */
  constructor(rates: TokenPrices & { readonly tiers?: readonly TokenTier[] | undefined }) {
    become(this, "TokenRates", withoutMissing(read<object>("TokenRates", rates, FIELDS)));
  }

  /** Every price as an exact decimal string. */
  toJSON(): Record<string, unknown> {
    return pricesJson(this);
  }

  /** Reads what {@link TokenRates.toJSON} wrote. */
  static fromJSON(json: unknown): TokenRates {
    return make(read<object>("TokenRates", json, FIELDS));
  }
}

/** Outside the class: a bundler renames a class that refers to itself, and the new name would be printed. */
function make(rates: object): TokenRates {
  // The readers of FIELDS have checked every field.
  return new TokenRates(rates as TokenRates);
}

/** Reads {@link TokenRates}. */
export const tokenRates: Reader<TokenRates> = /* @__PURE__ */ valueReader<TokenRates, object>(
  "TokenRates",
  FIELDS,
  make,
);

/** Drops the fields without a price, except the three that every instance has. */
function withoutMissing(fields: object): object {
  const always = ["cacheReadUsdPerMTok", "cacheWriteUsdPerMTok", "requestUsd"];
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => value !== null || always.includes(key)),
  );
}

function withTiers(): Readers<object> {
  const tiers = optional(tierList, Object.freeze([]));
  return { ...PRICES, tiers };
}

/** Reads tiers. No two may start at the same count. */
function tierList(what: string, value: unknown): readonly TokenTier[] {
  const tiers = listOf((at, entry) =>
    // The readers of the two required prices refuse null.
    Object.freeze(
      withoutMissing(read<object>(at, entry, { aboveInputTokens: whole, ...PRICES })) as TokenTier,
    ),
  )(what, value);
  const starts = tiers.map(({ aboveInputTokens }) => aboveInputTokens);
  if (new Set(starts).size === starts.length) return tiers;
  throw outOfRange(what, "tiers with different aboveInputTokens", starts.join(", "));
}

/** Reads {@link TokenRates} and parses their prices: the base first, then the tiers in order of their start. */
export function unitsByStart(what: string, value: unknown): readonly [Units, ...Units[]] {
  const rates = tokenRates(what, value);
  let units = parsed.get(rates);
  // Stryker disable next-line ConditionalExpression: without the cache the result is the same
  if (units === undefined) {
    const base = unitsOf(rates, 0, null);
    const tiers = rates.tiers.map((tier) => unitsOf(tier, tier.aboveInputTokens, base));
    units = [base, ...tiers.sort((a, b) => a.above - b.above)];
    // Stryker disable next-line CallExpression: as above
    parsed.set(rates, units);
  }
  return units;
}

/** The parsed prices of each instance. Instances are frozen, so an entry stays true. */
const parsed = /* @__PURE__ */ new WeakMap<TokenRates, readonly [Units, ...Units[]]>();

/**
 * Parses prices. A missing price is never zero: it is the highest price that the rates give for the kind's parents
 * below the whole input or output, or else the nearest parent's price.
 */
function unitsOf(prices: TokenPrices, above: number, base: Units | null): Units {
  // Own fields only: a polluted prototype must not set a price that the rates leave out.
  const own = (field: keyof TokenPrices): bigint | null => {
    const value = Object.hasOwn(prices, field) ? (prices[field] ?? null) : null;
    // Stryker disable next-line StringLiteral: the price was checked before, so no message shows it
    return value === null ? null : units18("price", value);
  };
  const ownPrice = (kind: TokenKind): bigint | null => own(`${kind}UsdPerMTok`);
  // The loop sets every kind, its parents first.
  const all = {} as Record<TokenKind, bigint>;
  for (const [kind, parents] of [...KIND_LIST].reverse()) {
    const [nearest] = parents;
    const priced = parents.slice(0, -1).filter((parent) => ownPrice(parent) !== null);
    all[kind] = ownPrice(kind) ?? highest(priced.map((parent) => all[parent])) ?? all[nearest ?? kind];
  }
  const sorted = (direction: TokenKind): readonly TokenKind[] => {
    const kinds = KIND_LIST.filter(([kind, parents]) => (parents.at(-1) ?? kind) === direction);
    // Stryker disable next-line EqualityOperator: kinds with the same price may come in any order
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

function highest(prices: readonly bigint[]): bigint | null {
  // Stryker disable next-line EqualityOperator: for equal prices the result is the same
  return prices.reduce<bigint | null>((most, next) => (most === null || next > most ? next : most), null);
}

const TOKENS_PER_PRICE = 1_000_000n;

/** A micro-cent in the unit of costs here: 10^-18 USD per million tokens, times tokens. */
export const MICRO_CENT = 10_000_000_000_000_000n;

/** The fees of a call and of its searches, in the unit of {@link MICRO_CENT}. */
export function fees(what: string, tier: Units, searches: number): bigint {
  if (tier.search === null && searches > 0)
    throw outOfRange(what, "0 because the rates have no searchUsd", searches);
  return (tier.request + BigInt(searches) * (tier.search ?? 0n)) * TOKENS_PER_PRICE;
}
