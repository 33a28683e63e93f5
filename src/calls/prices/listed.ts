import { decimalText, unitsAt } from "../../money/decimal.ts";
import { kindOf, quote } from "../../internal/text.ts";
import type { RefusedPrice } from "./outcome.ts";

/** Thrown inside a reader if a list has no usable price for a model. `ratesOf` turns it into a refusal. */
export class RefusedPriceError extends Error {
  readonly why: RefusedPrice;
  constructor(why: RefusedPrice, reason: string) {
    super(reason);
    this.why = why;
  }
}

/** A price with float noise is rounded up to this many decimal places of a dollar. */
const NOISE_PLACES = 12;
/** Rates can hold this many decimal places. */
const EXACT_PLACES = 18;

/**
 * Reads a number of a price list as plain digits. A number may have become a string, such as `"1.5e-07"`.
 *
 * A number with up to 15 significant digits was written by a person and stays exact. More digits are noise of float
 * arithmetic (`0.08333333333333334`, `2.9999900000000002e-06`); such a number is rounded up to the next 10^-12 USD.
 *
 * @param shift - how many places the decimal point moves to the right: 6 from USD per token to USD per million tokens.
 * @throws RefusedPriceError if it is not a price.
 */
export function listedPrice(name: string, value: unknown, shift: number): string {
  const plain = typeof value === "string" ? withoutExponent(value) : value;
  for (const [places, up] of [
    [EXACT_PLACES, false],
    [NOISE_PLACES, true],
  ] as const) {
    try {
      const units = unitsAt(places + shift, name, plain, up);
      if (units >= 0n) return decimalText(units, places, 0);
    } catch {
      // Too many decimal places or digits, so the second try rounds up. It fails too if the value is not a decimal.
    }
  }
  const shown = typeof value === "string" ? quote(value) : kindOf(value);
  throw new RefusedPriceError("unreadable", `${name} must be a decimal of at least 0; got ${shown}`);
}

/** Writes `1.5e-07` as `0.00000015`. Any other text, or an exponent beyond 99, is returned as it is. */
function withoutExponent(text: string): string {
  const [, whole, fraction = "", exponent = "0"] =
    /^(\d{1,40})(?:\.(\d{1,40}))?(?:e([+-]?\d{1,2}))?$/i.exec(text.trim()) ?? [];
  if (whole === undefined) return text;
  const places = fraction.length - Number(exponent);
  const units = BigInt(whole + fraction) * 10n ** BigInt(Math.max(0, -places));
  return decimalText(units, Math.max(0, places), 0);
}

/** A whole number of at least 0, also one that became a string; `null` for anything else. */
export function listedCount(value: unknown): number | null {
  const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

/** A limit of a model: a count above 0, or else `null`. */
export function listedLimit(value: unknown): number | null {
  const count = listedCount(value);
  return count === 0 ? null : count;
}

/** Whether a model's name says that it is free: `…:free`, `… (free)`, `…-Free`. */
export function isNamedFree(name: unknown): boolean {
  return typeof name === "string" && /(?:^|[^a-z])free(?:[^a-z]|$)/i.test(name);
}
