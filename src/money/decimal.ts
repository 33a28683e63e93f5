import { outOfRange, wrongType } from "../internal/check.ts";

/** An exact price or quantity: plain decimal digits, or a number of at most 15 significant digits. */
export type Price = string | number;

/** An exact decimal: `units / 10 ** places`. */
interface Decimal {
  readonly units: bigint;
  readonly places: number;
}

/** A double keeps every decimal of up to 15 significant digits unchanged (IEEE 754, binary64). */
const EXACT_DIGITS = 15;

const DECIMAL = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/**
 * Reads a plain decimal string, or a number as its shortest decimal.
 *
 * @param noisy - accept a number with 16 or 17 significant digits; these may come from float arithmetic.
 */
function parse(what: string, value: unknown, noisy: boolean): Decimal {
  const isNumber = typeof value === "number";
  if (!isNumber && typeof value !== "string") throw wrongType(what, "a decimal string or a number", value);
  // Stryker disable next-line ArrayDeclaration: a mutant adds a first element, which is not read
  const [, whole, fraction = "", exponent] = DECIMAL.exec(String(value)) ?? [];
  // JavaScript prints very small and very large numbers with an exponent; a string must not have one.
  if (whole === undefined || (exponent !== undefined && !isNumber)) {
    throw outOfRange(what, "a plain decimal such as 12.50", value);
  }
  const places = fraction.length - Number(exponent ?? 0);
  // Stryker disable next-line EqualityOperator: ten to the power of 0 is 1
  const units = BigInt(whole + fraction) * (places < 0 ? 10n ** BigInt(-places) : 1n);
  // The pattern takes quadratic time on a long string of zeros, so it runs only on numbers, which are short.
  if (isNumber && !noisy && String(units).replace(/-|0+$/g, "").length > EXACT_DIGITS) {
    throw outOfRange(
      what,
      `exact: a string, or a number of at most ${EXACT_DIGITS} significant digits`,
      value,
    );
  }
  return { units, places: Math.max(places, 0) };
}

/**
 * Reads a decimal in units of `10 ** -scale`. The result is exact, or with `up` rounded towards positive infinity.
 *
 * @throws RangeError if the value has more decimal places than `scale` and `up` is not set.
 */
export function unitsAt(scale: number, what: string, value: unknown, up = false): bigint {
  const { units, places } = parse(what, value, up);
  // Stryker disable next-line EqualityOperator: ten to the power of 0 is 1
  if (places <= scale) return units * 10n ** BigInt(scale - places);
  const divisor = 10n ** BigInt(places - scale);
  const rest = units % divisor;
  if (rest !== 0n && !up) throw outOfRange(what, `a decimal with at most ${scale} decimal places`, value);
  return units / divisor + (rest > 0n ? 1n : 0n);
}

/** A rate or quantity of at least 0, in units of 10^-18, exactly. */
export function units18(what: string, value: unknown): bigint {
  const units = unitsAt(18, what, value);
  if (units < 0n) throw outOfRange(what, "at least 0", value);
  return units;
}

/** {@link units18} of a price that was checked before. */
export function unitsOf(checked: Price): bigint {
  // Stryker disable next-line StringLiteral: the price was checked before, so no message shows it
  return units18("", checked);
}

/** Checks a price and returns it unchanged. */
export function price(what: string, value: unknown): Price {
  units18(what, value);
  // units18 throws unless the value is a string or a number.
  return value as Price;
}

/** `numerator / denominator`, rounded up; the numerator is at least 0. */
export function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** `units / 10 ** places` in plain digits, with at least `least` decimal places. */
export function decimalText(units: bigint, places: number, least: number): string {
  if (units < 0n) return `-${decimalText(-units, places, least)}`;
  const digits = units.toString().padStart(places + 1, "0");
  const point = digits.length - places;
  let end = digits.length;
  while (end > point + least && digits.charCodeAt(end - 1) === 48) end--;
  const whole = digits.slice(0, point);
  return end > point ? `${whole}.${digits.slice(point, end)}` : whole;
}

/** The same fields, with every price as plain digits. `aboveInputTokens` stays a number. */
export function pricesJson(prices: object): Record<string, unknown> {
  const json = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(json);
    if (typeof value === "object") return value && pricesJson(value);
    // Stryker disable next-line StringLiteral: the price was checked before, so no message shows it
    return decimalText(units18("", value), 18, 0);
  };
  return Object.fromEntries(
    Object.entries(prices).map(([key, value]) => [key, key === "aboveInputTokens" ? value : json(value)]),
  );
}
