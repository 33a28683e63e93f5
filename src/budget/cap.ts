import { amount } from "../money/amount.ts";
import { notOurs, oneOf, optional, read, seal } from "../internal/check.ts";
import { moneyJson, usdFromJson } from "../money/json.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";

/** The two windows that {@link admits} checks, in this order. */
export const BudgetWindow: Readonly<{ RUN: "run"; MONTH: "month" }> = /* @__PURE__ */ Object.freeze({
  RUN: "run",
  MONTH: "month",
});
export type BudgetWindow = (typeof BudgetWindow)[keyof typeof BudgetWindow];

/**
 * The most that may be committed in each window, in micro-cents; $0 where none is set, so that nothing
 * paid runs until somebody sets one.
 *
 * @example
 * ```ts
 * const cap = new BudgetCap({ run: usd("10"), month: usd("250") });
 * cap.forWindow(BudgetWindow.MONTH); // => 25000000000n
 * new BudgetCap().run; // => 0n
 * ```
 */
export class BudgetCap {
  readonly #ours: undefined;
  declare readonly run: MicroCents;
  declare readonly month: MicroCents;

  /**
   * @throws TypeError for an unknown field, an explicit `undefined`, or what is no bigint.
   * @throws RangeError for a negative amount.
   */
  constructor(caps: { readonly run?: MicroCents; readonly month?: MicroCents } = {}) {
    const orNothing = optional(amount, microCents(0n));
    seal(this, read("BudgetCap", caps, { run: orNothing, month: orNothing }));
  }

  /** Whether a value is a cap that this copy of the library made: not a clone, not a look-alike. */
  static is(this: void, value: unknown): value is BudgetCap {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /**
   * The cap of one window, in micro-cents.
   *
   * @throws RangeError if there is no such window.
   */
  forWindow(window: BudgetWindow): MicroCents {
    return ourCap("forWindow: this", this)[oneOf(BudgetWindow)("forWindow", window)];
  }

  /** Decimal dollars: `{ run: "10.00", month: "250.00" }`. */
  toJSON(): { run: string; month: string } {
    return moneyJson(this) as { run: string; month: string };
  }

  /** Reads what {@link BudgetCap.toJSON} wrote; both windows are required. */
  static fromJSON(json: unknown): BudgetCap {
    return fromJson(json);
  }
}

/** Outside the class: one that names itself is renamed by bundlers, and prints under that name. */
function fromJson(json: unknown): BudgetCap {
  return new BudgetCap(read("BudgetCap", json, { run: usdFromJson, month: usdFromJson }));
}

/** Reads a cap of this copy. */
export function ourCap(what: string, value: unknown): BudgetCap {
  if (BudgetCap.is(value)) return value;
  throw notOurs(what, "BudgetCap", value);
}
