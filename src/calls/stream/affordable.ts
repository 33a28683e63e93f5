import { ledgerAmount } from "../../money/amount.ts";
import { read, whole } from "../../internal/check.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import { estimateTokens, type TokenRates } from "../../tokens/rates.ts";

/**
 * The most output tokens that an amount pays for, after the input: what to ask a provider for as its limit.
 *
 * @param limits - `amount` in micro-cents; `maxInputTokens`, cached ones included.
 * @returns a whole number, or `null` if the amount does not even pay for the input.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a count that is negative or not whole, or an amount out of range.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: "15" });
 * affordableTokens(rates, { amount: usd("0.01"), maxInputTokens: 1000 }); // => 466
 * affordableTokens(rates, { amount: usd("0.01"), maxInputTokens: 10_000 }); // => null
 * ```
 */
export function affordableTokens(
  rates: TokenRates,
  limits: { readonly amount: MicroCents; readonly maxInputTokens: number },
): number | null {
  const readers = { amount: ledgerAmount, maxInputTokens: whole };
  const { amount, maxInputTokens } = read("affordableTokens", limits, readers);
  const costs = (maxOutputTokens: number): bigint =>
    estimateTokens(rates, { maxInputTokens, maxOutputTokens });
  if (costs(0) > amount) return null;
  // More output is never cheaper, so the most is between what fits and what does not.
  let fits = 0;
  let beyond = Number.MAX_SAFE_INTEGER;
  if (costs(beyond) <= amount) return beyond;
  while (beyond - fits > 1) {
    const middle = fits + Math.floor((beyond - fits) / 2);
    if (costs(middle) <= amount) fits = middle;
    else beyond = middle;
  }
  return fits;
}
