import { decimalText, unitsAt } from "../../money/decimal.ts";
import { kindOf, quote } from "../../internal/text.ts";
import type { RefusedPrice } from "./outcome.ts";

/** What a reader throws to itself when a list has no price for a model; a refusal by the time it is out. */
export class NoPrice extends Error {
  readonly why: RefusedPrice;
  constructor(why: RefusedPrice, reason: string) {
    super(reason);
    this.why = why;
  }
}

/** Places of a dollar that float noise is rounded up to. */
const NOISE = 12;
/** Places that rates can hold. */
const EXACT = 18;

/**
 * A number of a price list, as plain digits.
 *
 * Up to 15 significant digits are what somebody wrote, and stay as they are. More are the noise of a float's
 * arithmetic (`0.08333333333333334`, `2.9999900000000002e-06`): they are rounded up to the next 10^-12 USD.
 *
 * @param shift - by how many places the point moves to the right: from USD a token to USD a million, 6.
 * @throws NoPrice if it is no price.
 */
export function listedPrice(name: string, value: unknown, shift: number): string {
  for (const [places, up] of [
    [EXACT, false],
    [NOISE, true],
  ] as const) {
    try {
      const units = unitsAt(places + shift, name, value, up);
      if (units >= 0n) return decimalText(units, places, 0);
    } catch {
      // Finer than the rates can hold, or noise; or no number at all, which the second try finds too.
    }
  }
  const shown = typeof value === "string" ? quote(value) : kindOf(value);
  throw new NoPrice("unreadable", `${name} is no price: ${shown}`);
}

/** Whether a name says that a model is free: `…:free`, `… (free)`, `…-Free`. */
export function saysFree(name: unknown): boolean {
  return typeof name === "string" && /(?:^|[^a-z])free(?:[^a-z]|$)/i.test(name);
}
