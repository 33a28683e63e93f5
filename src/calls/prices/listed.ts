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
 * Reads a number of a price list as plain digits.
 *
 * A number with up to 15 significant digits was written by a person and stays exact. More digits are noise of float
 * arithmetic (`0.08333333333333334`, `2.9999900000000002e-06`); such a number is rounded up to the next 10^-12 USD.
 *
 * @param shift - how many places the decimal point moves to the right: 6 from USD per token to USD per million tokens.
 * @throws RefusedPriceError if it is not a price.
 */
export function listedPrice(name: string, value: unknown, shift: number): string {
  for (const [places, up] of [
    [EXACT_PLACES, false],
    [NOISE_PLACES, true],
  ] as const) {
    try {
      const units = unitsAt(places + shift, name, value, up);
      if (units >= 0n) return decimalText(units, places, 0);
    } catch {
      // Too many decimal places or digits, so the second try rounds up. It fails too if the value is not a decimal.
    }
  }
  const shown = typeof value === "string" ? quote(value) : kindOf(value);
  throw new RefusedPriceError("unreadable", `${name} must be a decimal of at least 0; got ${shown}`);
}

/** Whether a model's name says that it is free: `…:free`, `… (free)`, `…-Free`. */
export function isNamedFree(name: unknown): boolean {
  return typeof name === "string" && /(?:^|[^a-z])free(?:[^a-z]|$)/i.test(name);
}
