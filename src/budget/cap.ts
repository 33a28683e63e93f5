import { oneOf, optional, read, type Reader } from "../internal/check.ts";
import { foreignReader, ReturnOverride, seal } from "../internal/value.ts";
import { anyAmount } from "../money/amount.ts";
import { moneyJson, usdFromJson } from "../money/json.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";

/** The two windows that {@link admits} checks, in this order. */
export const BudgetWindow: Readonly<{ RUN: "run"; MONTH: "month" }> = /* @__PURE__ */ Object.freeze({
  RUN: "run",
  MONTH: "month",
});
export type BudgetWindow = (typeof BudgetWindow)[keyof typeof BudgetWindow];

const orZero = /* @__PURE__ */ optional(anyAmount, /* @__PURE__ */ microCents(0n));
const FIELDS = { run: orZero, month: orZero };

/**
 * The most that may be committed in each window, in micro-cents. A window that is left out has a cap of $0, so that
 * no paid work runs until somebody sets a cap.
 *
 * @example
 * ```ts
 * const cap = new BudgetCap({ run: usd("10"), month: usd("250") });
 * cap.forWindow(BudgetWindow.MONTH); // => 25000000000n
 * new BudgetCap().run; // => 0n
 * ```
 */
export class BudgetCap {
  declare readonly run: MicroCents;
  declare readonly month: MicroCents;

  /**
   * @throws TypeError for an unknown field, or an amount that is not a bigint.
   * @throws RangeError for a negative amount.
   */
  constructor(caps: { readonly run?: MicroCents | undefined; readonly month?: MicroCents | undefined } = {}) {
    const fields = read("BudgetCap", caps, FIELDS);
    new Made(this);
    seal(this, fields);
  }

  /**
   * The cap of one window, in micro-cents.
   *
   * @throws RangeError if there is no such window.
   */
  forWindow(window: BudgetWindow): MicroCents {
    return budgetCap("forWindow: this", this)[oneOf(BudgetWindow)("forWindow", window)];
  }

  /** Decimal dollars: `{ run: "10.00", month: "250.00" }`. */
  toJSON(): { run: string; month: string } {
    return moneyJson(this) as { run: string; month: string };
  }

  /** Reads what {@link BudgetCap.toJSON} wrote; both windows are required. */
  static fromJSON(json: unknown): BudgetCap {
    return make(read("BudgetCap", json, { run: usdFromJson, month: usdFromJson }));
  }
}

/** Outside the class: a bundler renames a class that refers to itself, and the new name would be printed. */
function make(caps: { readonly run: MicroCents; readonly month: MicroCents }): BudgetCap {
  return new BudgetCap(caps);
}

/** This class has its own mark, because every admission checks it, and a mark that all classes share is slower. */
class Made extends ReturnOverride {
  readonly #made = true;

  static has(value: unknown): value is BudgetCap {
    return typeof value === "object" && value !== null && #made in value;
  }
}

/** Reads a {@link BudgetCap}. */
export const budgetCap: Reader<BudgetCap> = (what, value) =>
  Made.has(value) ? value : otherBudgetCap(what, value);

const otherBudgetCap = /* @__PURE__ */ foreignReader("BudgetCap", FIELDS, make);
