import { outOfRange, wrongType } from "../internal/check.ts";

/** An exact price or quantity: plain decimal digits, or a number of at most 15 significant digits. */
export type Price = string | number;

/** An exact decimal: `units / 10 ** places`. */
interface Decimal {
  readonly units: bigint;
  readonly places: number;
}

/** Every decimal of up to 15 significant digits survives a double unchanged (IEEE 754, binary64). */
const EXACT_DIGITS = 15;

const DECIMAL = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/**
 * Reads a plain decimal string, or a number as its shortest decimal.
 *
 * @param noisy - accept the 16th and 17th digit of a number, which a literal may not have said.
 */
function parse(what: string, value: unknown, noisy: boolean): Decimal {
  const isNumber = typeof value === "number";
  if (!isNumber && typeof value !== "string") throw wrongType(what, "a decimal string or a number", value);
  // Stryker disable next-line ArrayDeclaration: only the first element could be one, and it is not read
  const [, whole, fraction = "", exponent] = DECIMAL.exec(String(value)) ?? [];
  // Only a number may have an exponent: it is how JavaScript prints a small one.
  if (whole === undefined || (exponent !== undefined && !isNumber)) {
    throw outOfRange(what, "a plain decimal such as 12.50", value);
  }
  const places = fraction.length - Number(exponent ?? 0);
  // Stryker disable next-line EqualityOperator: ten to the power of 0 is 1
  const units = BigInt(whole + fraction) * (places < 0 ? 10n ** BigInt(-places) : 1n);
  // Only for a number, which is short: the pattern is quadratic in a string of zeros.
  if (isNumber && !noisy && String(units).replace(/-|0+$/g, "").length > EXACT_DIGITS) {
    throw outOfRange(what, `exact: a string, or a number of at most ${EXACT_DIGITS} digits`, value);
  }
  return { units, places: Math.max(places, 0) };
}

/**
 * A decimal in units of `10 ** -scale`, exactly; rounded towards positive infinity only if `up`.
 *
 * @throws RangeError if it is finer than that and `up` is not set.
 */
export function unitsAt(scale: number, what: string, value: unknown, up = false): bigint {
  const { units, places } = parse(what, value, up);
  // Stryker disable next-line EqualityOperator: ten to the power of 0 is 1
  if (places <= scale) return units * 10n ** BigInt(scale - places);
  const divisor = 10n ** BigInt(places - scale);
  const rest = units % divisor;
  if (rest !== 0n && !up) throw outOfRange(what, `of at most ${scale} decimal places`, value);
  return units / divisor + (rest > 0n ? 1n : 0n);
}

/** A rate or quantity of at least 0, in units of 10^-18, exactly. */
export function units18(what: string, value: unknown): bigint {
  const units = unitsAt(18, what, value);
  if (units < 0n) throw outOfRange(what, "at least 0", value);
  return units;
}

/** The same of a price that was checked before. */
export function unitsOf(checked: Price): bigint {
  // Stryker disable next-line StringLiteral: it cannot be refused any more
  return units18("", checked);
}

/** Checks a price and leaves it as it was given. */
export function price(what: string, value: unknown): Price {
  units18(what, value);
  // units18 has shown that it is a string or a number.
  return value as Price;
}

/** `numerator / denominator`, rounded up; the numerator is at least 0. */
export function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** `units / 10 ** places` in plain digits, with at least `least` of the places. */
export function decimalText(units: bigint, places: number, least: number): string {
  if (units < 0n) return `-${decimalText(-units, places, least)}`;
  const digits = units.toString().padStart(places + 1, "0");
  const point = digits.length - places;
  let end = digits.length;
  while (end > point + least && digits.charCodeAt(end - 1) === 48) end--;
  const whole = digits.slice(0, point);
  return end > point ? `${whole}.${digits.slice(point, end)}` : whole;
}

/** The same fields with every price as plain digits; counts of tokens stay numbers. */
export function pricesJson(prices: object): Record<string, unknown> {
  const json = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(json);
    if (typeof value === "object") return value && pricesJson(value);
    // Stryker disable next-line StringLiteral: it cannot be refused any more
    return decimalText(units18("", value), 18, 0);
  };
  return Object.fromEntries(
    Object.entries(prices).map(([key, value]) => [key, key === "aboveInputTokens" ? value : json(value)]),
  );
}
