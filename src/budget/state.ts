import { read, type Reader } from "../internal/check.ts";
import { foreignReader, ReturnOverride, seal } from "../internal/value.ts";
import { anyAmount } from "../money/amount.ts";
import { moneyJson, usdFromJson } from "../money/json.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";

const FIELDS = { reserved: anyAmount, spent: anyAmount };

/**
 * The amounts that a window has committed, in micro-cents. Both fields are required: a row with misspelt columns must
 * not read as zero.
 *
 * @example
 * ```ts
 * const state = new BudgetState({ reserved: usd("1.50"), spent: usd("2") });
 * formatUsd(state.committed()); // => "3.50"
 * ```
 */
export class BudgetState {
  /** Held for work that is not settled yet. */
  declare readonly reserved: MicroCents;
  /** Paid, or charged because nobody reported the actual cost. */
  declare readonly spent: MicroCents;

  /**
   * @throws TypeError for a missing or unknown field, or an amount that is not a bigint.
   * @throws RangeError for a negative amount.
   */
  constructor(state: { readonly reserved: MicroCents; readonly spent: MicroCents }) {
    const fields = read("BudgetState", state, FIELDS);
    new Made(this);
    seal(this, fields);
  }

  /** The sum of reserved and spent, in micro-cents. */
  committed(): MicroCents {
    // A look-alike that borrows the method may hold strings, and `+` would join them.
    const { reserved, spent } = budgetState("committed: this", this);
    return microCents(reserved + spent);
  }

  /** Decimal dollars: `{ reserved: "1.50", spent: "2.00" }`. */
  toJSON(): { reserved: string; spent: string } {
    return moneyJson(this) as { reserved: string; spent: string };
  }

  /** Reads what {@link BudgetState.toJSON} wrote. */
  static fromJSON(json: unknown): BudgetState {
    return make(read("BudgetState", json, { reserved: usdFromJson, spent: usdFromJson }));
  }
}

/** Outside the class: a bundler renames a class that refers to itself, and the new name would be printed. */
function make(state: { readonly reserved: MicroCents; readonly spent: MicroCents }): BudgetState {
  return new BudgetState(state);
}

/** This class has its own mark, because every admission checks it, and a mark that all classes share is slower. */
class Made extends ReturnOverride {
  readonly #made = true;

  static has(value: unknown): value is BudgetState {
    return typeof value === "object" && value !== null && #made in value;
  }
}

/** Reads a {@link BudgetState}. */
export const budgetState: Reader<BudgetState> = (what, value) =>
  Made.has(value) ? value : otherBudgetState(what, value);

const otherBudgetState = /* @__PURE__ */ foreignReader("BudgetState", FIELDS, make);
