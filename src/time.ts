import { outOfRange, type Reader, wrongType } from "./internal/check.ts";

/** An instant in seconds since 1970-01-01T00:00:00Z; fractions are allowed. Make one with {@link epochSeconds}. */
export type EpochSeconds = number & { readonly "~dispatch-kit": "EpochSeconds" };

/** An instant as every call accepts it: a `Date` or epoch seconds. */
export type Instant = EpochSeconds | Date;

/** A value from here on must be milliseconds: 10^11 seconds is in the year 5138, 10^11 milliseconds in March 1973. */
const LIMIT = 1e11;

/**
 * Brands an instant as epoch seconds.
 *
 * @param value - a `Date`, or seconds since 1970; negative before 1970.
 * @throws TypeError if it is neither.
 * @throws RangeError if it is not finite, or so large (10^11 or more) that it must be milliseconds.
 * @example
 * ```ts
 * epochSeconds(new Date("2026-11-23T00:00:00Z")); // => 1795392000
 * ```
 */
export function epochSeconds(value: Date | number): EpochSeconds {
  return instant("epochSeconds", value);
}

/** Reads an instant. */
export const instant: Reader<EpochSeconds> = (what, value) => {
  const seconds = value instanceof Date ? value.getTime() / 1000 : value;
  if (typeof seconds !== "number") throw wrongType(what, "a Date or epoch seconds", value);
  if (!(Math.abs(seconds) < LIMIT)) {
    throw outOfRange(what, "a valid Date or finite epoch seconds, not milliseconds", seconds);
  }
  // This check creates the brand.
  return seconds as EpochSeconds;
};
