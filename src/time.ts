import { outOfRange, wrongType } from "./internal/check.ts";

/** An instant in seconds since 1970-01-01T00:00:00Z, fractions allowed; made by {@link epochSeconds}. */
export type EpochSeconds = number & { readonly "~dispatch-kit": "EpochSeconds" };

/** Above this (the year 5138) a value can only be milliseconds: those passed it in March 1973. */
const LIMIT = 1e11;

/**
 * Brands an instant as epoch seconds.
 *
 * @param value - a `Date`, or seconds since 1970; negative ones are before it.
 * @throws TypeError if it is neither.
 * @throws RangeError if it is not finite, or so large that it can only be milliseconds.
 * @example
 * ```ts
 * epochSeconds(new Date("2026-11-23T00:00:00Z")); // => 1795392000
 * ```
 */
export function epochSeconds(value: Date | number): EpochSeconds {
  return instant("epochSeconds", value instanceof Date ? value.getTime() / 1000 : value);
}

/** Checks that a value is an instant in seconds. */
export function instant(what: string, value: unknown): EpochSeconds {
  if (typeof value !== "number") throw wrongType(what, "seconds, or epochSeconds(…) of a Date", value);
  if (!(Math.abs(value) < LIMIT))
    throw outOfRange(what, "finite seconds, no milliseconds and no invalid Date", value);
  // The brand is what this check is for.
  return value as EpochSeconds;
}
