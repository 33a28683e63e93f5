import { optional, outOfRange, read, whole } from "../internal/check.ts";
import { ceilDiv } from "../money/decimal.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import type { TokenLimits } from "./fields.ts";
import { kindReaders, type LimitField, limitOf, TOKEN_KINDS } from "./kinds.ts";
import { type TokenRates, tokenRates } from "./rates.ts";
import { fees, MICRO_CENT, type Units, unitsByStart } from "./units.ts";

const atMost = /* @__PURE__ */ optional(whole, Infinity);
const LIMITS = /* @__PURE__ */ kindReaders(limitOf, whole, atMost, {
  maxSearches: /* @__PURE__ */ optional(whole, 0),
});
type Counts<Field extends string> = Readonly<Record<Field, number>>;

/**
 * An upper bound of the cost of a call. It counts no discount for cache hits, and takes the highest prices that the
 * limits allow, in the most expensive tier that the input can reach. Providers disagree about the tier of a call with
 * exactly `aboveInputTokens` tokens, so the higher price counts there. Writes to an hour's cache count only if the rates
 * have `cacheWrite1hUsdPerMTok`; {@link tokenCost} refuses them otherwise.
 *
 * @param limits - the most input tokens (cached ones included) and output tokens, whole numbers. Set a lower limit for
 *   kinds of tokens that the call has fewer of, such as `maxInputAudioTokens: 0`.
 * @returns micro-cents, rounded up once; at least {@link tokenCost} of every usage within the limits that it
 *   accepts.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a count that is negative or not whole, or for searches or
 *   `maxCacheWrite1hTokens` above 0 without a price.
 * @example
 * ```ts
 * const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheWriteUsdPerMTok: 3.75 });
 * const limits = { maxInputTokens: 1000, maxOutputTokens: 100 };
 * formatUsd(estimateTokens(rates, limits)); // => "0.00525"
 * formatUsd(estimateTokens(rates, { ...limits, maxCacheWriteTokens: 0 })); // => "0.0045"
 * ```
 */
export function estimateTokens(rates: TokenRates, limits: TokenLimits): MicroCents {
  const tiers = unitsByStart(tokenRates("estimateTokens: rates", rates));
  const counts = read<Counts<keyof typeof LIMITS>>("estimateTokens", limits, LIMITS);
  const input = counts.maxInputTokens;
  let most = 0n;
  tiers.forEach((tier, index) => {
    // The base starts at 0, so one tier always applies.
    if (tier.above > input) return;
    // A tier ends where the next one starts: with more input, the next tier's prices apply to the whole call.
    const reach = Math.min(input, tiers[index + 1]?.above ?? input);
    const hour = counts.maxCacheWrite1hTokens;
    // A limit that was left out is infinite. Then the kind is not counted: tokenCost refuses it.
    if (tier.price.cacheWrite1h === null && hour > 0 && hour < Infinity) {
      const needed = "0 because the rates have no cacheWrite1hUsdPerMTok";
      throw outOfRange("estimateTokens: maxCacheWrite1hTokens", needed, hour);
    }
    const cost =
      maxCostOf(tier.input, reach, counts) +
      maxCostOf(tier.output, counts.maxOutputTokens, counts) +
      fees("estimateTokens: maxSearches", tier, counts.maxSearches);
    // Stryker disable next-line EqualityOperator: for equal costs the result is the same
    if (cost > most) most = cost;
  });
  return microCents(ceilDiv(most, MICRO_CENT));
}

/**
 * An upper bound of the cost of `tokens` tokens. It takes as many tokens as possible of the kind with the highest
 * price, then of the next kind, and so on.
 *
 * The result is the maximum if every kind has only one chain of parents. Cached audio and images have two parents,
 * cached tokens and audio or images. They reduce only the room for audio or images. The limit for cached tokens still
 * applies to each kind alone, but no kind reduces it. That can only raise the result, so it stays an upper bound.
 */
function maxCostOf(kinds: Units["input"], tokens: number, limits: Counts<LimitField>): bigint {
  const room = { ...limits };
  let left = tokens;
  let cost = 0n;
  for (const [kind, price] of kinds) {
    const parts = [kind, ...TOKEN_KINDS[kind]];
    const taken = Math.min(left, ...parts.map((part) => room[limitOf(part)]));
    for (const part of parts) if (part !== "cacheRead") room[limitOf(part)] -= taken;
    cost += BigInt(taken) * price;
    left -= taken;
    // Stryker disable next-line ConditionalExpression: the rest of the loop takes 0 tokens
    if (left === 0) break;
  }
  return cost;
}
