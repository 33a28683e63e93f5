import { outOfRange } from "../internal/check.ts";
import { units18 } from "../money/decimal.ts";
import type { TokenPrices, TokenTier } from "./fields.ts";
import { KIND_LIST, type TokenKind } from "./kinds.ts";

/** The exact price of every kind of tokens, in 10^-18 USD per million; `null` for a kind without a price. */
export type KindPrices = Readonly<Record<TokenKind, bigint | null>>;

/** Kinds of tokens with their prices, the highest price first. */
type Dearest = readonly (readonly [TokenKind, bigint])[];

/**
 * Exact prices of the base, or of the tier from `above` input tokens, in 10^-18 USD per million tokens, call or search.
 */
export interface Units {
  readonly above: number;
  readonly price: KindPrices;
  /** The kinds of input that have a price. */
  readonly input: Dearest;
  /** The kinds of output that have a price. */
  readonly output: Dearest;
  readonly request: bigint;
  /** `null` if searches have no price. */
  readonly search: bigint | null;
}

/** Parses the prices of checked rates: the base first, then the tiers in order of their start. */
export function unitsByStart(
  rates: TokenPrices & { readonly tiers: readonly TokenTier[] },
): readonly [Units, ...Units[]] {
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
const parsed = /* @__PURE__ */ new WeakMap<object, readonly [Units, ...Units[]]>();

/** Parses prices; `base` has the fees of a tier that has none of its own. */
export function unitsOf(prices: TokenPrices, above: number, base: Units | null): Units {
  const own = ownUnits(prices);
  // The loop sets every kind, its parents first.
  const all = {} as Record<TokenKind, bigint | null>;
  const isOwn = (kind: TokenKind): boolean => own(`${kind}UsdPerMTok`) !== null;
  for (const [kind, parents] of [...KIND_LIST].reverse()) {
    all[kind] = own(`${kind}UsdPerMTok`) ?? inherited(kind, parents, isOwn, all);
  }
  const dearest = (direction: TokenKind): Dearest =>
    KIND_LIST.filter(([kind, parents]) => (parents.at(-1) ?? kind) === direction)
      .flatMap(([kind]): Dearest => {
        const price = all[kind];
        return price === null ? [] : [[kind, price]];
      })
      // Stryker disable next-line EqualityOperator: kinds with the same price may come in any order
      .sort(([, a], [, b]) => (a > b ? -1 : 1));
  return {
    above,
    price: all,
    input: dearest("input"),
    output: dearest("output"),
    request: own("requestUsd") ?? base?.request ?? 0n,
    search: own("searchUsd") ?? base?.search ?? null,
  };
}

/** Reads the own fields of prices: a polluted prototype must not set a price that the rates leave out. */
export function ownUnits(prices: TokenPrices): (field: keyof TokenPrices) => bigint | null {
  return (field) => {
    const value = Object.hasOwn(prices, field) ? (prices[field] ?? null) : null;
    // Stryker disable next-line StringLiteral: the price was checked before, so no message shows it
    return value === null ? null : units18("price", value);
  };
}

/**
 * The price of a kind without a price of its own. It is never zero: it is the highest price that the rates give for the
 * kind's parents below the whole input or output, or else the nearest parent's price. Writes to an hour's cache have
 * none, because they cost more than their parents.
 */
export function inherited(
  kind: TokenKind,
  parents: readonly TokenKind[],
  isOwn: (kind: TokenKind) => boolean,
  all: KindPrices,
): bigint | null {
  const [nearest] = parents;
  if (kind === "cacheWrite1h" || nearest === undefined) return null;
  const given = parents.slice(0, -1).filter(isOwn);
  const prices = given.map((parent) => all[parent]).filter((price) => price !== null);
  return highest(prices) ?? all[nearest];
}

/** The highest price, or `null` of an empty list. */
export function highest(prices: readonly bigint[]): bigint | null {
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
