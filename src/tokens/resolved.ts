import { decimalText } from "../money/decimal.ts";
import type { TokenPrices } from "./fields.ts";
import { KIND_LIST, type TokenKind } from "./kinds.ts";
import { inherited, type KindPrices, type Units } from "./units.ts";

/** Prices in 10^-18 USD as fields of rates. */
export type PriceFields = Partial<Record<keyof TokenPrices, string>>;

/** 10^-18 USD as plain digits. */
export function priceText(units: bigint): string {
  return decimalText(units, 18, 0);
}

/**
 * The fields that give each kind exactly its price in `all`: those that `isOwn` names, and each other one that would
 * otherwise have the price of another kind.
 */
export function kindFields(all: KindPrices, isOwn: (kind: TokenKind) => boolean): PriceFields {
  const fields: PriceFields = {};
  const written = new Set<TokenKind>();
  for (const [kind, parents] of [...KIND_LIST].reverse()) {
    const price = all[kind];
    if (price === null) continue;
    if (!isOwn(kind) && inherited(kind, parents, (parent) => written.has(parent), all) === price) continue;
    written.add(kind);
    fields[`${kind}UsdPerMTok`] = priceText(price);
  }
  return fields;
}

/** The price of every kind, by what `priceOf` makes of it. */
export function mapKinds(
  { price }: Units,
  priceOf: (price: bigint, kind: TokenKind) => bigint | null,
): KindPrices {
  // The loop sets every kind.
  const all = {} as Record<TokenKind, bigint | null>;
  for (const [kind] of KIND_LIST) {
    const of = price[kind];
    all[kind] = of === null ? null : priceOf(of, kind);
  }
  return all;
}
