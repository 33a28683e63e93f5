import { anyAmount } from "../money/amount.ts";
import { formatUsd, type MicroCents, microCents } from "../money/micro-cents.ts";
import { BudgetState, budgetState } from "./state.ts";

/**
 * Sets an estimate aside in a window, once {@link admits} has let the work in.
 *
 * Pure, as are {@link reconcile} and {@link release}: nothing is stored. If two processes move the same state at once, one
 * of the moves is lost; a {@link BudgetLedger} prevents that.
 *
 * @param state - what the window has committed.
 * @param estimate - the most that the work can cost, in micro-cents; at least 0.
 * @returns a new state; the given one does not change.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a negative estimate.
 * @example
 * ```ts
 * const before = new BudgetState({ reserved: usd("1"), spent: usd("2") });
 * reserve(before, usd("0.50")).toJSON(); // => { reserved: "1.50", spent: "2.00" }
 * ```
 */
export function reserve(state: BudgetState, estimate: MicroCents): BudgetState {
  const { reserved, spent } = budgetState("reserve: state", state);
  const added = anyAmount("reserve: estimate", estimate);
  return new BudgetState({ reserved: microCents(reserved + added), spent });
}

/**
 * Replaces an estimate by what the work has cost: the reservation ends, and the actual cost is spent.
 *
 * @param state - what the window has committed, the estimate included.
 * @param estimate - what was reserved for this work, in micro-cents; at least 0.
 * @param actual - what it has cost, in micro-cents; at least 0, and it may be more than the estimate.
 * @returns a new state; the given one does not change.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a negative amount, or an estimate above what is reserved: the rest may be another job's
 *   money.
 * @example
 * ```ts
 * const before = new BudgetState({ reserved: usd("1.50"), spent: usd("2") });
 * reconcile(before, usd("0.50"), usd("0.20")).toJSON(); // => { reserved: "1.00", spent: "2.20" }
 * ```
 */
export function reconcile(state: BudgetState, estimate: MicroCents, actual: MicroCents): BudgetState {
  const { reserved, spent } = budgetState("reconcile: state", state);
  const rest = less("reconcile", reserved, estimate);
  return new BudgetState({
    reserved: rest,
    spent: microCents(spent + anyAmount("reconcile: actual", actual)),
  });
}

/**
 * Gives an estimate back: the work did not run, and nothing is spent.
 *
 * @param state - what the window has committed, the estimate included.
 * @param estimate - what was reserved for this work, in micro-cents; at least 0.
 * @returns a new state; the given one does not change.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a negative estimate, or one above what is reserved: the rest may be another job's money.
 * @example
 * ```ts
 * const before = new BudgetState({ reserved: usd("1.50"), spent: usd("2") });
 * release(before, usd("0.50")).toJSON(); // => { reserved: "1.00", spent: "2.00" }
 * ```
 */
export function release(state: BudgetState, estimate: MicroCents): BudgetState {
  const { reserved, spent } = budgetState("release: state", state);
  return new BudgetState({ reserved: less("release", reserved, estimate), spent });
}

/** What stays reserved. A floor at zero would hide an estimate that is given back twice. */
function less(what: string, reserved: MicroCents, estimate: MicroCents): MicroCents {
  const given = anyAmount(`${what}: estimate`, estimate);
  if (given <= reserved) return microCents(reserved - given);
  throw new RangeError(
    `${what}: estimate must be at most the $${formatUsd(reserved)} that is reserved; got $${formatUsd(given)}`,
  );
}
