import type { TokenRates } from "../../tokens/rates.ts";
import type { PriceOptions, RatesOutcome } from "./outcome.ts";
export type PriceList = object;
export type Prices = PriceList | (() => PriceList);
export function ratesFor(
  prices: Prices,
  query: PriceOptions & {
    model: string;
    prefixes?: readonly string[];
    serviceTier?: string;
    region?: string;
    until?: PriceOptions["at"];
  },
): RatesOutcome {
  void prices;
  void query;
  return { kind: "refused", why: "unknown_model", reason: "stub" };
}
export type X = TokenRates;
