import type { TokenPrices } from "./fields.ts";
import { KIND_LIST } from "./kinds.ts";
import { TokenRates } from "./rates.ts";
import { kindFields, type PriceFields, priceText } from "./resolved.ts";
import { highest, type Units, unitsByStart } from "./units.ts";

/**
 * Rates at which a call costs at least as much as at each of the given ones: for each kind of tokens, and for each fee,
 * the highest price that one of them has. What one of them has no price for has none. One alone is returned as it is;
 * otherwise the result does not say what it is for.
 */
export function dearest(first: TokenRates, ...others: readonly TokenRates[]): TokenRates {
  if (others.length === 0) return first;
  const all = [first, ...others].map(unitsByStart);
  const base = highestUnits(all.map(([of]) => of));
  const starts = new Set(all.flatMap(([, ...tiers]) => tiers.map(({ above }) => above)));
  const tiers = [...starts].map((aboveInputTokens) => {
    // A tier starts above its count, so it is the last one whose start is not higher.
    const reached = all.map((of) =>
      of.reduce((found, next) => (next.above <= aboveInputTokens ? next : found)),
    );
    return { ...fieldsOf(highestUnits(reached), base), aboveInputTokens };
  });
  return new TokenRates({ ...fieldsOf(base, null), tiers });
}

type Highest = Pick<Units, "price" | "request" | "search">;

function highestUnits(all: readonly Units[]): Highest {
  const most = (prices: readonly (bigint | null)[]): bigint | null =>
    prices.includes(null) ? null : highest(prices.filter((price) => price !== null));
  // The entries have every kind.
  const price = Object.fromEntries(
    KIND_LIST.map(([kind]) => [kind, most(all.map((of) => of.price[kind]))]),
  ) as Units["price"];
  return {
    price,
    request: all.map((of) => of.request).reduce((most, next) => (next > most ? next : most)),
    search: most(all.map((of) => of.search)),
  };
}

/** The fields of these prices. Fees are left out where they are those of the base. */
function fieldsOf({ price, request, search }: Highest, base: Highest | null): TokenPrices {
  const fields: PriceFields = kindFields(price, () => false);
  if (request !== (base?.request ?? 0n)) fields.requestUsd = priceText(request);
  if (search !== null && search !== base?.search) fields.searchUsd = priceText(search);
  // kindFields always writes the input and the output price, because they have no other to inherit.
  return fields as TokenPrices;
}
