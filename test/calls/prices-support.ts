import type { TokenRates, TokenUsage } from "dispatch-kit";
import type { RatesOutcome } from "dispatch-kit/calls";
import { usages } from "./usages.ts";

/** The rates of an outcome that must have some. */
export function priced(outcome: RatesOutcome): TokenRates {
  if (outcome.kind === "priced") return outcome.rates;
  throw new Error(outcome.reason);
}

/** {@link usages} that the rates accept: without writes to an hour's cache unless these have a price everywhere. */
export function acceptedUsages(
  rates: TokenRates,
  draw: (limit: number) => number,
  count: number,
): readonly TokenUsage[] {
  const hour = [rates, ...rates.tiers].every((of) => of.cacheWrite1hUsdPerMTok !== undefined);
  return usages(rates, draw, count).map((usage) => (hour ? usage : { ...usage, cacheWrite1hTokens: 0 }));
}
