import { admits, BudgetCap, BudgetState, microCents, usd } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../support/arbitraries.ts";
import { add, compare, dollars } from "../support/rational.ts";

const nothing = new BudgetState({ reserved: usd(0), spent: usd(0) });

describe("admits", () => {
  it("admits an exact fit in both windows, and refuses a micro-cent more", () => {
    const cap = new BudgetCap({ run: usd("1"), month: usd("1") });
    expect(admits(usd("1"), nothing, nothing, cap)).toEqual({
      admitted: true,
      refusedWindow: null,
      reason: null,
    });
    expect(admits(microCents(usd("1") + 1n), nothing, nothing, cap).admitted).toBe(false);
  });

  it("names the run first when neither window has room", () => {
    expect(admits(usd(1), nothing, nothing, new BudgetCap()).refusedWindow).toBe("run");
    expect(admits(usd(1), nothing, nothing, new BudgetCap({ run: usd(1) })).refusedWindow).toBe("month");
  });

  it("admits work that costs nothing even under a $0 cap, and refuses it over a cap", () => {
    expect(admits(usd(0), nothing, nothing, new BudgetCap()).admitted).toBe(true);
    const over = new BudgetState({ reserved: usd(0), spent: microCents(1n) });
    expect(admits(usd(0), over, nothing, new BudgetCap()).admitted).toBe(false);
  });

  it("refuses a negative estimate, which would make room, in no window's name", () => {
    const cap = new BudgetCap({ run: usd(9), month: usd(9) });
    expect(admits(usd(-1), nothing, nothing, cap)).toEqual({
      admitted: false,
      refusedWindow: null,
      reason: "an estimate of $-1.00 is below $0.00",
    });
  });

  it("says what was asked, what is committed and what the cap is", () => {
    const state = new BudgetState({ reserved: usd("8"), spent: usd("1.50") });
    const decision = admits(usd("0.75"), state, nothing, new BudgetCap({ run: usd("10"), month: usd("1") }));
    expect(decision.reason).toBe("the run budget refuses $0.75: $9.50 of its $10.00 cap is committed");
    expect(Object.isFrozen(decision)).toBe(true);
  });

  it("decides as the fractions do, at and around every edge", () => {
    const around = fc.constantFrom(-1n, 0n, 1n);
    fc.assert(
      fc.property(
        fc.tuple(amounts, amounts, amounts, amounts, amounts, amounts, amounts),
        around,
        around,
        fc.nat(3),
        ([estimate, runReserved, runSpent, monthReserved, monthSpent, anyRun, anyMonth], a, b, edges) => {
          const atLeastNone = (cap: bigint): bigint => (cap < 0n ? 0n : cap);
          const runCap = edges & 1 ? atLeastNone(runReserved + runSpent + estimate + a) : anyRun;
          const monthCap = edges & 2 ? atLeastNone(monthReserved + monthSpent + estimate + b) : anyMonth;
          const state = (reserved: bigint, spent: bigint): BudgetState =>
            new BudgetState({ reserved: microCents(reserved), spent: microCents(spent) });
          const over = (cap: bigint, ...committed: readonly bigint[]): boolean =>
            compare(add(...[estimate, ...committed].map(dollars)), dollars(cap)) > 0;
          const expected = over(runCap, runReserved, runSpent)
            ? "run"
            : over(monthCap, monthReserved, monthSpent)
              ? "month"
              : null;
          const cap = new BudgetCap({ run: microCents(runCap), month: microCents(monthCap) });
          const decision = admits(
            microCents(estimate),
            state(runReserved, runSpent),
            state(monthReserved, monthSpent),
            cap,
          );
          expect(decision.refusedWindow).toBe(expected);
          expect(decision.admitted).toBe(expected === null);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
