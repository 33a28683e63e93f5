import { amount } from "../money/amount.ts";
import { notOurs, read, seal } from "../internal/check.ts";
import { moneyJson, usdFromJson } from "../money/json.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";

/**
 * What a window has committed, in micro-cents. Both fields are required: a row with misspelt columns
 * must not read as nothing committed.
 *
 * @example
 * ```ts
 * const state = new BudgetState({ reserved: usd("1.50"), spent: usd("2") });
 * formatUsd(state.committed()); // => "3.50"
 * ```
 */
export class BudgetState {
  readonly #ours: undefined;
  /** Set aside for work that has not been settled. */
  declare readonly reserved: MicroCents;
  /** Paid, or charged because nobody knows better. */
  declare readonly spent: MicroCents;

  /**
   * @throws TypeError for a missing or unknown field, or what is no bigint.
   * @throws RangeError for a negative amount.
   */
  constructor(state: { readonly reserved: MicroCents; readonly spent: MicroCents }) {
    seal(this, read("BudgetState", state, { reserved: amount, spent: amount }));
  }

  /** Whether a value is a state that this copy of the library made: not a clone, not a look-alike. */
  static is(this: void, value: unknown): value is BudgetState {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /** Reserved and spent together. */
  committed(): MicroCents {
    return committed(this);
  }

  /** Decimal dollars: `{ reserved: "1.50", spent: "2.00" }`. */
  toJSON(): { reserved: string; spent: string } {
    return moneyJson(this) as { reserved: string; spent: string };
  }

  /** Reads what {@link BudgetState.toJSON} wrote. */
  static fromJSON(json: unknown): BudgetState {
    return fromJson(json);
  }
}

/** Checked, since a look-alike that borrows the method may hold text, which would be joined. */
function committed(state: BudgetState): MicroCents {
  if (!BudgetState.is(state)) throw notOurs("committed: this", "BudgetState", state);
  return microCents(state.reserved + state.spent);
}

/** Outside the class: one that names itself is renamed by bundlers, and prints under that name. */
function fromJson(json: unknown): BudgetState {
  return new BudgetState(read("BudgetState", json, { reserved: usdFromJson, spent: usdFromJson }));
}
