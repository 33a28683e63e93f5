import { ledgerAmount } from "../../money/amount.ts";
import { read, whole } from "../../internal/check.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import { estimateTokens } from "../../tokens/estimate-tokens.ts";
import { type TokenRates, tokenRates } from "../../tokens/rates.ts";

/**
 * The most output tokens that an amount pays for after the input. Use it as the provider's output limit.
 *
 * @param limits - `amount` in micro-cents, and `maxInputTokens`, cached tokens included.
 * @returns a whole number, or `null` if the amount does not cover the input.
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
  const prices = tokenRates("affordableTokens: rates", rates);
  const costs = (maxOutputTokens: number): bigint =>
    estimateTokens(prices, { maxInputTokens, maxOutputTokens });
  if (costs(0) > amount) return null;
  // More output never costs less, so a binary search finds the maximum.
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
