import type { TokenUsage } from "../../tokens/fields.ts";
import { TokenRates } from "../../tokens/rates.ts";
import { tokenCost } from "../../tokens/token-cost.ts";
import { UncountableError } from "./account.ts";

/**
 * Checks that every count is at least the sum of its parts.
 *
 * @throws UncountableError if it is not: then the protocol does not account for the report.
 */
export function mustFit(usage: TokenUsage): void {
  try {
    tokenCost(ratesForAll(), usage);
  } catch (error) {
    // Whole numbers of at least 0 have nothing else wrong than their range.
    throw new UncountableError((error as RangeError).message);
  }
}

let pricedRates: TokenRates | null = null;

/** Rates with a price for everything. They are made on first use, because an import must have no side effect. */
function ratesForAll(): TokenRates {
  const price = 1;
  pricedRates ??= new TokenRates({
    inputUsdPerMTok: price,
    outputUsdPerMTok: price,
    cacheWrite1hUsdPerMTok: price,
    searchUsd: price,
  });
  return pricedRates;
}
