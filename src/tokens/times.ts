import { flag, listOf, oneOf, optional, outOfRange, read } from "../internal/check.ts";
import { ceilDiv, type Price, units18 } from "../money/decimal.ts";
import type { TokenPrices, TokenTier } from "./fields.ts";
import { TOKEN_KINDS, type TokenKind } from "./kinds.ts";
import { kindFields, mapKinds, priceText } from "./resolved.ts";
import { ownUnits, type Units, unitsOf } from "./units.ts";

/** Which prices a factor changes. */
export interface TimesOptions {
  /** The kinds of tokens, such as `["input", "cacheRead"]`; by default all. The prices of other kinds stay the same. */
  readonly kinds?: readonly TokenKind[] | undefined;
  /** Whether the fees per request and per search are multiplied too. By default they stay the same. */
  readonly fees?: boolean | undefined;
}

const ONE = 10n ** 18n;

/** The prices of checked rates, times a factor, as fields of new rates. */
export function timesFields(
  rates: TokenPrices & { readonly tiers: readonly TokenTier[] },
  factor: Price,
  options: TimesOptions,
): TokenPrices & { readonly tiers: readonly TokenTier[] } {
  const what = "TokenRates.times";
  const by = units18(`${what}: factor`, factor);
  if (by === 0n) throw outOfRange(`${what}: factor`, "above 0", factor);
  const { kinds, fees } = read(what, options, {
    kinds: optional(listOf(tokenKind), null),
    fees: optional(flag, false),
  });
  // Rounded up where a product has more than 18 decimal places, so that a price is never too low.
  const scaled = (price: bigint): bigint => ceilDiv(price * by, ONE);
  const fieldsOf = (prices: TokenPrices, units: Units): TokenPrices => {
    const own = ownUnits(prices);
    const all = mapKinds(units, (price, kind) => (kinds?.includes(kind) === false ? price : scaled(price)));
    const fields = kindFields(all, (kind) => own(`${kind}UsdPerMTok`) !== null);
    for (const fee of ["requestUsd", "searchUsd"] as const) {
      const price = own(fee);
      if (price !== null) fields[fee] = priceText(fees ? scaled(price) : price);
    }
    // kindFields always writes the input and the output price, because they have no other to inherit.
    return fields as TokenPrices;
  };
  const base = unitsOf(rates, 0, null);
  const tiers = rates.tiers.map((tier): TokenTier => {
    const { aboveInputTokens } = tier;
    return { ...fieldsOf(tier, unitsOf(tier, aboveInputTokens, base)), aboveInputTokens };
  });
  return { ...fieldsOf(rates, base), tiers };
}

function tokenKind(what: string, value: unknown): TokenKind {
  const kinds = Object.keys(TOKEN_KINDS).map((kind) => [kind, kind]);
  // The keys of TOKEN_KINDS are the kinds.
  return oneOf(Object.fromEntries(kinds) as Record<TokenKind, TokenKind>)(what, value);
}
