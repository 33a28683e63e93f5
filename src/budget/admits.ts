import { wrongType } from "../internal/check.ts";
import { formatUsd, type MicroCents } from "../money/micro-cents.ts";
import { type BudgetCap, budgetCap, BudgetWindow } from "./cap.ts";
import { type BudgetState, budgetState } from "./state.ts";

/**
 * The answer of {@link admits}. Test `decision.admitted`: the object itself is always truthy. A refusal names the
 * window without room; `refusedWindow` is `null` if the estimate is negative.
 */
export type AdmissionDecision =
  | { readonly admitted: true; readonly refusedWindow: null; readonly reason: null }
  | { readonly admitted: false; readonly refusedWindow: BudgetWindow | null; readonly reason: string };

const ADMITTED: AdmissionDecision = /* @__PURE__ */ Object.freeze({
  admitted: true,
  refusedWindow: null,
  reason: null,
});

/**
 * Whether work that costs at most `estimate` fits under the cap in both windows. The run is checked first.
 *
 * The function is pure and reserves nothing. If two processes ask before either reserves, both are admitted; a
 * {@link BudgetLedger} checks and reserves in one step.
 *
 * @param estimate - an upper bound of the cost, in micro-cents; a negative one is refused.
 * @param run - the committed amounts of the run.
 * @param month - the committed amounts of the month.
 * @param cap - the most that each window may commit; an exact fit is admitted.
 * @returns a frozen decision. A refusal is truthy too: test `.admitted`.
 * @throws TypeError if an argument has a wrong type.
 * @example
 * ```ts
 * const nothing = new BudgetState({ reserved: usd(0), spent: usd(0) });
 * const cap = new BudgetCap({ run: usd("1"), month: usd("20") });
 * admits(usd("1"), nothing, nothing, cap).admitted; // => true
 * admits(usd("1.01"), nothing, nothing, cap).refusedWindow; // => "run"
 * ```
 */
export function admits(
  estimate: MicroCents,
  run: BudgetState,
  month: BudgetState,
  cap: BudgetCap,
): AdmissionDecision {
  if (typeof estimate !== "bigint") throw wrongType("admits: estimate", "MicroCents", estimate);
  const runState = budgetState("admits: run", run);
  const monthState = budgetState("admits: month", month);
  const caps = budgetCap("admits: cap", cap);
  if (estimate < 0n) return refused(null, `an estimate of $${formatUsd(estimate)} is below $0.00`);
  if (runState.reserved + runState.spent + estimate > caps.run) {
    return overCap(BudgetWindow.RUN, estimate, runState, caps.run);
  }
  if (monthState.reserved + monthState.spent + estimate > caps.month) {
    return overCap(BudgetWindow.MONTH, estimate, monthState, caps.month);
  }
  return ADMITTED;
}

function overCap(window: BudgetWindow, asked: bigint, state: BudgetState, cap: bigint): AdmissionDecision {
  const committed = formatUsd(state.reserved + state.spent);
  return refused(
    window,
    `the ${window} budget refuses $${formatUsd(asked)}: $${committed} of its $${formatUsd(cap)} cap is committed`,
  );
}

function refused(refusedWindow: BudgetWindow | null, reason: string): AdmissionDecision {
  return Object.freeze({ admitted: false, refusedWindow, reason });
}
