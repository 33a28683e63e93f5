import { optional, outOfRange, read, whole } from "../internal/check.ts";
import { ceilDiv } from "../money/decimal.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import type { TokenUsage } from "./fields.ts";
import { KIND_LIST, kindReaders } from "./kinds.ts";
import { type TokenRates, tokenRates } from "./rates.ts";
import { fees, MICRO_CENT, unitsByStart } from "./units.ts";

const count = /* @__PURE__ */ optional(whole, 0);
const COUNTS = /* @__PURE__ */ kindReaders((kind) => `${kind}Tokens` as const, whole, count, {
  searches: count,
});
/**
 * The cost of a call, computed from the token counts of the provider's usage report.
 *
 * @param usage - token counts, whole numbers. Each count includes its parts: `inputTokens` includes the tokens that
 *   were read from and written to a cache. A count that is left out is 0.
 * @returns micro-cents, rounded up once.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a count that is negative or not whole, a count smaller than the sum of its parts,
 *   searches without a price, or tokens written to an hour's cache without `cacheWrite1hUsdPerMTok`.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheReadUsdPerMTok: 0.3 });
 * const usage = { inputTokens: 1000, outputTokens: 100, cacheReadTokens: 800 };
 * formatUsd(tokenCost(rates, usage)); // => "0.00234"
 * ```
 */
export function tokenCost(rates: TokenRates, usage: TokenUsage): MicroCents {
  return microCents(ceilDiv(unitCost(rates, usage), MICRO_CENT));
}

/** {@link tokenCost} before it is rounded, in the unit of {@link MICRO_CENT}: for a sum that is rounded once. */
export function unitCost(rates: TokenRates, usage: TokenUsage): bigint {
  const tiers = unitsByStart(tokenRates("tokenCost: rates", rates));
  const { searches, ...counts } = read<Readonly<Record<keyof typeof COUNTS, number>>>(
    "tokenCost",
    usage,
    COUNTS,
  );
  // The first element is the base, which always applies.
  const tier = tiers.reduce((found, next) => (counts.inputTokens > next.above ? next : found));
  const left = { ...counts };
  let cost = fees("tokenCost: searches", tier, searches);
  for (const [kind, parents] of KIND_LIST) {
    const own = left[`${kind}Tokens`];
    // Stryker disable next-line ConditionalExpression: zero tokens cost nothing
    if (own === 0) continue;
    // Stryker disable next-line EqualityOperator: 0 was skipped above
    if (own < 0) {
      const parts = counts[`${kind}Tokens`] - own;
      throw outOfRange(
        `tokenCost: ${kind}Tokens`,
        `at least ${parts}, the sum of its parts`,
        counts[`${kind}Tokens`],
      );
    }
    for (const parent of parents) left[`${parent}Tokens`] -= own;
    const price = tier.price[kind];
    if (price === null) {
      const needed = `0 because the rates have no ${kind}UsdPerMTok`;
      throw outOfRange(`tokenCost: ${kind}Tokens`, needed, counts[`${kind}Tokens`]);
    }
    cost += BigInt(own) * price;
  }
  return cost;
}
