import { ceilDiv, decimalText, units18 } from "../../money/decimal.ts";
import type { AnyObject } from "../own-fields.ts";
import { entriesOf, higher, type Prices, tokenPrices, wholeOf } from "./litellm-keys.ts";
import type { Level, Levels } from "./litellm-levels.ts";

/**
 * The levels of a service tier: batches, flex or priority.
 *
 * The tier must have its own prices for the input and the output. A kind of tokens for which the list has no price in
 * the tier never has a cheaper one: it costs as much as the whole input or output in the tier, or what it costs in the
 * standard tier if that is more. If the tier is dearer than the standard tier, the price of the standard tier is raised
 * in proportion. So discounts for cached tokens count in a tier only where the list has them there.
 */
export function tierLevels(entry: AnyObject, tier: string, standard: Levels): Levels {
  const [base] = standard;
  const suffix = `_${tier}`;
  const first: Prices = { ...tokenPrices(entry, suffix), ...tokenPrices(base.source, suffix) };
  // The prices that the list has for the tier, those of the levels before included.
  let own = first;
  const levelOf = (level: Level): Level => {
    if (level !== base) own = { ...raised(own, first, level, base), ...namedAt(level, suffix) };
    const prices = { ...own };
    for (const [field, price] of entriesOf(level.prices)) {
      const whole = own[wholeOf(field)];
      // Without a price for the whole input and output, the model is refused.
      if (Object.hasOwn(own, field) || field === wholeOf(field) || whole === undefined) continue;
      prices[field] = higher(inProportion(price, whole, level.prices[wholeOf(field)]), whole);
    }
    return { ...level, prices };
  };
  const [, ...above] = standard;
  return [levelOf(base), ...above.map(levelOf)];
}

/** The prices of the tier at a level. The tier stands before or after the number of tokens. */
function namedAt({ source, ending }: Level, suffix: string): Prices {
  return tokenPrices(source, `${suffix}${ending}`, `${ending}${suffix}`);
}

/** The tier's prices so far, raised where the standard tier has another price at this level than in its base. */
function raised(own: Prices, first: Prices, level: Level, base: Level): Prices {
  const prices = { ...own };
  for (const [field, price] of entriesOf(own)) {
    const standard = level.prices[field];
    if (standard === undefined || standard === base.prices[field]) continue;
    // A kind that one of the two bases has no price for rises like the whole of which it is a part.
    const isInBoth = first[field] !== undefined && base.prices[field] !== undefined;
    const of = isInBoth ? field : wholeOf(field);
    prices[field] = higher(inProportion(standard, first[of], base.prices[of]), price);
  }
  return prices;
}

/** The price times `tier / standard`, rounded up, if the tier is dearer than the standard tier; or else the price. */
function inProportion(price: string, tier: string | undefined, standard: string | undefined): string {
  const to = units18("price", tier ?? "0");
  const from = units18("price", standard ?? "0");
  if (from === 0n || to <= from) return price;
  return decimalText(ceilDiv(units18("price", price) * to, from), 18, 0);
}
