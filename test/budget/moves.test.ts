import {
  admits,
  BudgetCap,
  BudgetState,
  type MicroCents,
  microCents,
  reconcile,
  release,
  reserve,
  usd,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../support/arbitraries.ts";

const state = new BudgetState({ reserved: usd("1.50"), spent: usd("2") });

/** A state and an estimate that it has reserved. */
const held = fc.tuple(amounts, amounts, amounts).map(([rest, estimate, spent]) => ({
  estimate,
  before: new BudgetState({ reserved: rest, spent }),
  after: new BudgetState({ reserved: microCents(rest + estimate), spent }),
}));

describe("reserve", () => {
  it("adds the estimate to what is reserved, exactly", () => {
    fc.assert(
      fc.property(held, ({ before, estimate, after }) => {
        expect(reserve(before, estimate)).toEqual(after);
      }),
    );
  });

  it("after admits: the cap is kept, and used to the last micro-cent", () => {
    fc.assert(
      fc.property(amounts, fc.array(amounts, { maxLength: 8 }), (limit, estimates) => {
        const cap = new BudgetCap({ run: limit, month: limit });
        let run = new BudgetState({ reserved: usd(0), spent: usd(0) });
        for (const estimate of estimates) {
          if (admits(estimate, run, run, cap).admitted) run = reserve(run, estimate);
          else expect(run.committed() + estimate > limit).toBe(true);
          expect(run.committed() <= limit).toBe(true);
        }
      }),
    );
  });
});

describe("release", () => {
  it("undoes reserve", () => {
    fc.assert(
      fc.property(held, ({ before, estimate, after }) => {
        expect(release(after, estimate)).toEqual(before);
      }),
    );
  });
});

describe("reconcile", () => {
  it("replaces the estimate by the actual cost: no other job's money moves", () => {
    fc.assert(
      fc.property(held, amounts, ({ before, estimate, after }, actual) => {
        const settled = reconcile(after, estimate, actual);
        expect(settled.reserved).toBe(before.reserved);
        expect(settled.spent).toBe(before.spent + actual);
        expect(settled.committed()).toBe(after.committed() - estimate + actual);
      }),
    );
  });

  it("to an actual cost of $0 is what release does", () => {
    fc.assert(
      fc.property(held, ({ estimate, after }) => {
        expect(reconcile(after, estimate, usd(0))).toEqual(release(after, estimate));
      }),
    );
  });

  it("in any order of the jobs ends in the same state", () => {
    const job = fc.record({ estimate: amounts, actual: amounts });
    fc.assert(
      fc.property(fc.array(job, { maxLength: 6 }), (jobs) => {
        const none = new BudgetState({ reserved: usd(0), spent: usd(0) });
        const all = jobs.reduce((sum, { estimate }) => reserve(sum, estimate), none);
        const settle = (order: typeof jobs): BudgetState =>
          order.reduce((sum, { estimate, actual }) => reconcile(sum, estimate, actual), all);
        const end = settle(jobs);
        expect(settle([...jobs].reverse())).toEqual(end);
        expect(end.reserved).toBe(0n);
        expect(end.spent).toBe(jobs.reduce((sum, { actual }) => sum + actual, 0n));
      }),
    );
  });
});

const moves: readonly [string, (state: BudgetState, estimate: MicroCents) => BudgetState][] = [
  ["reserve", reserve],
  ["release", release],
  ["reconcile", (from, estimate) => reconcile(from, estimate, usd(0))],
];

describe.each(moves)("%s", (name, move) => {
  it("answers with a new, frozen state, and leaves the given one alone", () => {
    const before = state.toJSON();
    const after = move(state, usd("0.50"));
    expect(after).toBeInstanceOf(BudgetState);
    expect(after).toSatisfy(Object.isFrozen);
    expect(after).not.toBe(state);
    expect(state.toJSON()).toEqual(before);
  });

  it("reads another copy's state, or a clone, by its fields", () => {
    const foreign = Object.assign(Object.create({}) as object, state);
    const others = [structuredClone(state), { ...state }, foreign];
    for (const other of others) {
      expect(move(other as BudgetState, usd("0.50"))).toEqual(move(state, usd("0.50")));
    }
  });

  it("refuses wrong types", () => {
    expect(() => move({ reserved: 1n } as never, usd(1))).toThrow(
      new TypeError(`${name}: state.spent must be MicroCents, from usd(…) or microCents(…); got undefined`),
    );
    expect(() => move(state, 1 as never)).toThrow(
      new TypeError(`${name}: estimate must be MicroCents, from usd(…) or microCents(…); got 1`),
    );
    expect(() => move(undefined as never, usd(1))).toThrow(
      new TypeError(`${name}: state must be a BudgetState or its fields; got undefined`),
    );
  });

  it("refuses a negative estimate", () => {
    expect(() => move(state, usd(-1))).toThrow(
      new RangeError(`${name}: estimate must be at least 0 micro-cents; got -100000000`),
    );
  });
});

describe.each(moves.slice(1))("%s", (name, move) => {
  it("gives all that is reserved back, and not a micro-cent more", () => {
    expect(move(state, usd("1.50")).reserved).toBe(0n);
    expect(() => move(state, microCents(usd("1.50") + 1n))).toThrow(
      new RangeError(`${name}: estimate must be at most the $1.50 that is reserved; got $1.50000001`),
    );
    fc.assert(
      fc.property(held, amounts, ({ after }, more) => {
        fc.pre(more > 0n);
        expect(() => move(after, microCents(after.reserved + more))).toThrow(RangeError);
      }),
    );
  });
});

describe("reconcile", () => {
  it("takes an actual cost above the estimate, and refuses a negative one", () => {
    expect(reconcile(state, usd("0.50"), usd("9")).spent).toBe(usd("11"));
    expect(() => reconcile(state, usd("0.50"), usd("-0.01"))).toThrow(
      new RangeError("reconcile: actual must be at least 0 micro-cents; got -1000000"),
    );
    expect(() => reconcile(state, usd("0.50"), undefined as never)).toThrow(
      new TypeError("reconcile: actual must be MicroCents, from usd(…) or microCents(…); got undefined"),
    );
  });
});
