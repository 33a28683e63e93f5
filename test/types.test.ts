import {
  admits,
  type AdmissionDecision,
  type Approval,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  BudgetState,
  drain,
  type EpochSeconds,
  epochSeconds,
  formatUsd,
  isLeaseStale,
  type Job,
  type JobStore,
  type MicroCents,
  microCents,
  type Routable,
  selectBackend,
  ToolRequirements,
  usd,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { expect, expectTypeOf, it } from "vitest";

// What must not compile: `npm run types` fails if a line below it does. None of this is run.
export function mustNotCompile(
  state: BudgetState,
  cap: BudgetCap,
  at: EpochSeconds,
  needs: ToolRequirements,
): void {
  // @ts-expect-error a bare bigint is no money
  admits(5n, state, state, cap);
  // @ts-expect-error a number is no money
  admits(5, state, state, cap);
  // @ts-expect-error a string is no money
  admits("5", state, state, cap);
  // @ts-expect-error the sum of two amounts has lost its brand: microCents(a + b) gives it back
  admits(usd(1) + usd(2), state, state, cap);
  // @ts-expect-error a cap is no state
  admits(usd(1), cap, state, cap);
  // @ts-expect-error a state is no cap
  admits(usd(1), state, state, state);
  // @ts-expect-error a plain object of the right shape is no cap
  admits(usd(1), state, state, { run: usd(1), month: usd(1) });
  // @ts-expect-error an instant is no money
  new BudgetCap({ run: at });
  // @ts-expect-error a bare bigint is no cap
  new BudgetCap({ run: 5n });
  // @ts-expect-error a misspelt cap
  new BudgetCap({ runs: usd(1) });
  // @ts-expect-error a state has no defaults
  new BudgetState({ reserved: usd(1) });
  // @ts-expect-error milliseconds are no EpochSeconds
  isLeaseStale(Date.now(), at, 60);
  // @ts-expect-error an amount is no instant
  isLeaseStale(usd(1), at, 60);
  // @ts-expect-error a decision is read, not trusted
  expect(admits(usd(1), state, state, cap).reason.length);
  // @ts-expect-error a kind that is none
  selectBackend([{ kind: "gpu", capabilities: new BackendCapabilities() }], needs);
  // @ts-expect-error neither capabilities nor canSatisfy
  selectBackend([{ kind: BackendKind.LOCAL }], needs);
  // @ts-expect-error values are frozen
  cap.run = usd(1);
  // @ts-expect-error the executor's payload is the store's
  void drain(memoryStore<string, number>(), (payload: number) => payload, { lanes: [] });
  // @ts-expect-error the executor's result is the store's
  void drain(memoryStore<string, number>(), (payload) => payload, { lanes: [] });
  // @ts-expect-error a look-alike is no approval
  void memoryStore().approve("1", { author: "a" } as Pick<Approval, "author">, { scopes: [] });
}

it("types: what comes back has the type that went in", () => {
  expectTypeOf(usd).returns.toEqualTypeOf<MicroCents>();
  expectTypeOf(microCents(1n)).toEqualTypeOf<MicroCents>();
  expectTypeOf(formatUsd).parameter(0).toEqualTypeOf<bigint>();
  expectTypeOf(epochSeconds(0)).toEqualTypeOf<EpochSeconds>();
  const backends = [
    { kind: BackendKind.LOCAL, capabilities: new BackendCapabilities(), url: "u", weight: 1 },
  ];
  const chosen = selectBackend(backends, new ToolRequirements({ toolId: "x" }));
  expectTypeOf(chosen).toEqualTypeOf<(typeof backends)[number]>();
  expectTypeOf(chosen).toExtend<Routable>();
  expect(chosen.url).toBe("u");
});

it("types: a decision is told apart by `admitted`", () => {
  const explain = (decision: AdmissionDecision): string => (decision.admitted ? "yes" : decision.reason);
  const nothing = new BudgetState({ reserved: usd(0), spent: usd(0) });
  expect(explain(admits(usd(0), nothing, nothing, new BudgetCap()))).toBe("yes");
});

it("types: a job's payload and result have their types where its parsers accept them", () => {
  const shown = (job: Job<string, number>): string => {
    if (job.unreadable === null) {
      expectTypeOf(job.payload).toBeString();
      expectTypeOf(job.result).toEqualTypeOf<number | null>();
      return job.payload;
    }
    expectTypeOf(job.payload).toBeUnknown();
    expectTypeOf(job.result).toBeUnknown();
    return job.unreadable;
  };
  expect(shown({ unreadable: "why", payload: 5 } as never)).toBe("why");
  expect(shown({ unreadable: null, payload: "x" } as never)).toBe("x");
});

it("types: a store of the user's own fits the contract", () => {
  const own: JobStore<string, number> = {
    claim: () => null,
    complete: () => ({ kind: "stale", corrected: false }),
    fail: () => ({ kind: "stale", corrected: false }),
    recoverStale: () => ({ attempts: [], ended: [], more: false }),
  };
  expectTypeOf(drain(own, (payload) => payload.length, { lanes: [] })).resolves.toHaveProperty("completed");
  expectTypeOf(memoryStore<string, number>()).toExtend<JobStore<string, number>>();
});
