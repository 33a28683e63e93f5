import { outOfRange, wrongType } from "../internal/check.ts";
import { decimalText, unitsAt } from "./decimal.ts";

/**
 * An exact amount of money in millionths of a US cent: 1 USD = 100,000,000n.
 *
 * A plain bigint with a compile-time brand. Make one with {@link usd} or {@link microCents}; sums and
 * differences of amounts lose the brand; `microCents(a + b)` restores it.
 */
export type MicroCents = bigint & { readonly "~dispatch-kit": "MicroCents" };

/** One micro-cent is 10^-8 USD. */
const PLACES = 8;

/**
 * Converts dollars to micro-cents, exactly or not at all.
 *
 * @param value - plain decimal dollars such as `"12.50"`, or a number of at most 15 significant digits.
 *   Zeros after the eighth decimal place are accepted, and so are negative amounts.
 * @param rounding - `"up"` rounds towards positive infinity. Use it for a float that a provider reports.
 * @returns the amount in micro-cents.
 * @throws TypeError if `value` is neither a string nor a number.
 * @throws RangeError if it is not a plain decimal, not finite, or finer than a micro-cent; for another `rounding`.
 * @example
 * ```ts
 * usd("12.50"); // => 1250000000n
 * usd(0.1 + 0.2, "up"); // => 30000001n
 * ```
 */
export function usd(value: string | number, rounding?: "up"): MicroCents {
  const up = rounding === "up";
  if (!up && (rounding as unknown) !== undefined)
    throw outOfRange("usd: rounding", '"up" or left out', rounding);
  // This function creates the brand.
  return unitsAt(PLACES, "usd", value, up) as MicroCents;
}

/**
 * Brands a value that is already in micro-cents: the result of arithmetic, or digits from a database row.
 *
 * @param value - micro-cents, as a bigint or as whole digits (`"1250000000"`); not dollars.
 * @throws TypeError if it is neither a bigint nor a string.
 * @throws RangeError if the string is not a whole number.
 * @example
 * ```ts
 * microCents(usd("1.50") + usd("0.25")); // => 175000000n
 * microCents("175000000"); // => 175000000n
 * ```
 */
export function microCents(value: bigint | string): MicroCents {
  // This function creates the brand.
  if (typeof value === "bigint") return value as MicroCents;
  if (typeof value !== "string") throw wrongType("microCents", "a bigint or its digits", value);
  if (!/^-?\d+$/.test(value)) throw outOfRange("microCents", "whole digits such as 1250000000", value);
  return BigInt(value) as MicroCents;
}

/**
 * Formats micro-cents as plain decimal dollars with two to eight places; `usd(formatUsd(m)) === m` for every `m`.
 *
 * @param amount - any bigint of micro-cents.
 * @throws TypeError if it is not a bigint.
 * @example
 * ```ts
 * formatUsd(usd("12.5")); // => "12.50"
 * formatUsd(microCents(1n)); // => "0.00000001"
 * ```
 */
export function formatUsd(amount: bigint): string {
  if (typeof amount !== "bigint") throw wrongType("formatUsd", "a bigint of micro-cents", amount);
  return decimalText(amount, PLACES, 2);
}
