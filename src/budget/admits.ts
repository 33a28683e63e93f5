import { notOurs, wrongType } from "../internal/check.ts";
import { formatUsd, type MicroCents } from "../money/micro-cents.ts";
import { BudgetCap, BudgetWindow } from "./cap.ts";
import { BudgetState } from "./state.ts";

/**
 * The answer of {@link admits}. Test `decision.admitted`: the object itself is always truthy. A refusal
 * names the window without room; `null` if the estimate itself is refused.
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
 * Whether work that costs at most `estimate` fits under the cap in both windows, the run's first.
 *
 * Pure: it reserves nothing. Two processes that both ask before either has reserved are both admitted;
 * a {@link BudgetLedger} checks and reserves in one step.
 *
 * @param estimate - an upper bound of the cost, in micro-cents; a negative one is refused.
 * @param run - what the run has committed.
 * @param month - what the month has committed.
 * @param cap - the most that either may commit; an exact fit is admitted.
 * @returns a frozen decision. It is truthy also when it refuses: test `.admitted`.
 * @throws TypeError if an argument is not of its type, or was not made by this copy of the library.
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
  if (!BudgetState.is(run)) throw notOurs("admits: run", "BudgetState", run);
  if (!BudgetState.is(month)) throw notOurs("admits: month", "BudgetState", month);
  if (!BudgetCap.is(cap)) throw notOurs("admits: cap", "BudgetCap", cap);
  if (estimate < 0n) return refused(null, `an estimate of $${formatUsd(estimate)} is below $0.00`);
  if (run.reserved + run.spent + estimate > cap.run) return overCap(BudgetWindow.RUN, estimate, run, cap.run);
  if (month.reserved + month.spent + estimate > cap.month) {
    return overCap(BudgetWindow.MONTH, estimate, month, cap.month);
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
