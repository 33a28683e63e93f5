import { type DispatchStore, isDispatchError, type MicroCents } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Clock, micro, setUp, START, runs } from "./support.ts";

const HOLDS = ["h1", "h2", "h3", "h4"] as const;
const SCOPES = ["run:1", "run:2", "month:2026-11"] as const;

/** A scope in a request, and the cap that it brings. */
type Cap = readonly [scope: string, cap: bigint];

interface Row {
  readonly asked: bigint;
  steps: bigint[];
  readonly caps: readonly Cap[];
  state: "open" | "settled" | "released" | "charged";
  /** What it was before it was settled. */
  from: "open" | "released" | "charged";
  booked: bigint;
  readonly expiresAt: number;
}

/** Answers as data; an error is its code, or `RangeError`. */
type Answer = Readonly<Record<string, unknown>>;

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/** The ledger as the specification puts it: every sum is taken over the holds, and no counter is kept. */
class Model {
  readonly holds = new Map<string, Row>();
  readonly pinned = new Map<string, bigint>();
  now = START;

  aside(row: Row): bigint {
    return row.asked + sum(row.steps);
  }

  reserved(scope: string): bigint {
    return sum(this.#in(scope).map((row) => (row.state === "open" ? this.aside(row) : 0n)));
  }

  spent(scope: string): bigint {
    return sum(this.#in(scope).map(({ booked }) => booked));
  }

  committed(scope: string): bigint {
    return this.reserved(scope) + this.spent(scope);
  }

  hold(id: string, asked: bigint, caps: readonly Cap[], ttl: number): Answer {
    const names = (of: readonly Cap[]): string =>
      of
        .map(([scope]) => scope)
        .sort()
        .join();
    if (new Set(caps.map(([scope]) => scope)).size !== caps.length || caps.length === 0) {
      return { error: "RangeError" };
    }
    const known = this.holds.get(id);
    if (known) {
      const same = known.asked === asked && names(known.caps) === names(caps);
      return same ? { kind: "exists", state: known.state } : { error: "hold_conflict" };
    }
    if (caps.some(([scope, cap]) => (this.pinned.get(scope) ?? cap) !== cap))
      return { error: "cap_conflict" };
    const lacking = this.#lacking(asked, caps);
    if (lacking.length > 0) return { kind: "refused", lacking };
    const row: Row = {
      asked,
      steps: [],
      caps,
      state: "open",
      from: "open",
      booked: 0n,
      expiresAt: this.now + ttl,
    };
    this.holds.set(id, row);
    return { kind: "held" };
  }

  settle(id: string, actual: bigint): Answer {
    const row = this.holds.get(id);
    if (!row) return { error: "hold_unknown" };
    if (row.state === "settled" && row.booked !== actual) return { kind: "conflict", booked: row.booked };
    if (row.state !== "settled") row.from = row.state;
    row.state = "settled";
    row.booked = actual;
    const aside = row.from === "released" ? 0n : this.aside(row);
    const overrun = actual > aside ? actual - aside : 0n;
    return { kind: "settled", booked: actual, overrun, corrected: row.from !== "open" };
  }

  release(id: string): Answer {
    const row = this.holds.get(id);
    if (!row) return { error: "hold_unknown" };
    if (row.state === "settled" || row.state === "charged") return { kind: "closed", as: row.state };
    row.state = "released";
    return { kind: "released" };
  }

  extend(id: string, by: bigint, step: number): Answer {
    const row = this.holds.get(id);
    if (!row) return { error: "hold_unknown" };
    const made = row.steps[step - 1];
    if (made !== undefined && made !== by) return { error: "hold_conflict" };
    if (made !== undefined || row.state !== "open") return { kind: "exists", state: row.state };
    if (step !== row.steps.length + 1) return { error: "RangeError" };
    const lacking = this.#lacking(by, row.caps);
    if (lacking.length > 0) return { kind: "refused", lacking };
    row.steps.push(by);
    return { kind: "held" };
  }

  /** Open holds whose time is over, with what they will be charged. */
  due(): readonly { readonly holdId: string; readonly amount: bigint }[] {
    return [...this.holds]
      .filter(([, row]) => row.state === "open" && row.expiresAt <= this.now)
      .map(([holdId, row]) => ({ holdId, amount: this.aside(row) }));
  }

  charge(id: string): void {
    const row = this.holds.get(id);
    if (!row) throw new Error(`${id} was charged and never held`);
    row.booked = this.aside(row);
    row.state = "charged";
  }

  #in(scope: string): readonly Row[] {
    return [...this.holds.values()].filter(({ caps }) => caps.some(([name]) => name === scope));
  }

  #lacking(amount: bigint, caps: readonly Cap[]): readonly unknown[] {
    return caps.flatMap(([scope, cap]) => {
      const by = this.committed(scope) + amount - (this.pinned.get(scope) ?? cap);
      return by > 0n ? [{ scope, by }] : [];
    });
  }
}

const id = fc.constantFrom(...HOLDS);
const amount = fc.oneof(fc.bigInt({ min: 0n, max: 12n }), fc.constantFrom(10n, 10n, 5n));
const cap = fc.constantFrom(0n, 10n, 20n, 20n, 25n, 40n);
const caps = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.uniqueArray(fc.tuple(fc.constantFrom(...SCOPES), cap), { selector: ([name]) => name }),
  },
  { weight: 1, arbitrary: fc.array(fc.tuple(fc.constantFrom(...SCOPES), cap), { maxLength: 3 }) },
  {
    weight: 4,
    arbitrary: fc.constant<Cap[]>([
      ["run:1", 20n],
      ["month:2026-11", 25n],
    ]),
  },
);

type Step =
  | {
      readonly op: "hold";
      readonly id: string;
      amount: bigint;
      readonly caps: readonly Cap[];
      readonly ttl: number;
    }
  | { readonly op: "settle"; readonly id: string; readonly amount: bigint }
  | { readonly op: "release"; readonly id: string }
  | { readonly op: "extend"; readonly id: string; readonly amount: bigint; readonly step: number }
  | { readonly op: "expire"; readonly limit: number }
  | { readonly op: "pin"; readonly scope: string; readonly cap: bigint }
  | { readonly op: "tick"; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("hold" as const),
      id,
      amount,
      caps,
      ttl: fc.constantFrom(1, 5, 5, 30),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("settle" as const), id, amount }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("release" as const), id }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("extend" as const),
      id,
      amount: fc.constantFrom(5n, 5n, 5n, 2n),
      step: fc.constantFrom(1, 1, 2, 2, 3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("expire" as const), limit: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("pin" as const), scope: fc.constantFrom(...SCOPES), cap }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("tick" as const), seconds: fc.constantFrom(0.5, 1, 4, 5) }),
  },
);

/** What a call answers, or which error it throws. */
async function answerOf(call: unknown): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (isDispatchError(error)) return { error: error.code };
    if (error instanceof RangeError) return { error: "RangeError" };
    throw error;
  }
}

/** Everything that the store shows of its money. */
async function snapshot(store: DispatchStore): Promise<unknown> {
  const holds = await Promise.all(HOLDS.map((holdId) => store.getHold(holdId)));
  const usages = await Promise.all(SCOPES.map((scope) => store.usage(scope)));
  return { holds, usages };
}

async function apply(store: DispatchStore, clock: Clock, model: Model, step: Step): Promise<Answer> {
  const money = (bare: bigint): MicroCents => micro(bare);
  let answer: Answer = {};
  switch (step.op) {
    case "hold": {
      const scopes = step.caps.map(([scope, most]) => ({ scope, cap: money(most) }));
      const request = { holdId: step.id, amount: money(step.amount), scopes, ttlSeconds: step.ttl };
      answer = model.hold(step.id, step.amount, step.caps, step.ttl);
      expect(await answerOf(store.hold(request))).toEqual(answer);
      break;
    }
    case "settle":
      answer = model.settle(step.id, step.amount);
      expect(await answerOf(store.settle(step.id, money(step.amount)))).toEqual(answer);
      break;
    case "release":
      answer = model.release(step.id);
      expect(await answerOf(store.release(step.id))).toEqual(answer);
      break;
    case "extend":
      answer = model.extend(step.id, step.amount, step.step);
      expect(await answerOf(store.extend(step.id, money(step.amount), step.step))).toEqual(answer);
      break;
    case "expire": {
      const due = model.due();
      const { charged, more } = await store.expire({ limit: step.limit });
      // Which of them it takes first is the store's choice.
      expect(charged).toHaveLength(Math.min(due.length, step.limit));
      expect(more).toBe(due.length > step.limit);
      expect(due).toEqual(expect.arrayContaining([...charged]));
      expect(new Set(charged.map(({ holdId }) => holdId)).size).toBe(charged.length);
      for (const { holdId } of charged) model.charge(holdId);
      break;
    }
    case "pin":
      model.pinned.set(step.scope, step.cap);
      await store.pinCap(step.scope, money(step.cap));
      break;
    case "tick":
      model.now += step.seconds;
      clock.now += step.seconds;
      break;
  }
  return answer;
}

describe("ledger", () => {
  it("answers and counts as a model of the specification does, in any history", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), async (steps) => {
        const { store, clock } = setUp();
        const model = new Model();
        for (const next of steps) {
          const before = await snapshot(store);
          const answer = await apply(store, clock, model, next);
          const { kind, error } = answer;
          if (error !== undefined || kind === "refused" || kind === "exists" || kind === "conflict") {
            expect(await snapshot(store)).toEqual(before);
          }
          for (const scope of SCOPES) {
            const { reserved, spent } = await store.usage(scope);
            expect([reserved, spent]).toEqual([model.reserved(scope), model.spent(scope)]);
            expect(reserved >= 0n && spent >= 0n).toBe(true);
          }
          for (const holdId of HOLDS) {
            const row = model.holds.get(holdId);
            const shown = row && { amount: model.aside(row), state: row.state, booked: row.booked };
            expect(await store.getHold(holdId)).toEqual(shown ? expect.objectContaining(shown) : null);
          }
          if (kind !== "held" || (next.op !== "hold" && next.op !== "extend")) continue;
          for (const [scope, most] of model.holds.get(next.id)?.caps ?? []) {
            expect(model.committed(scope)).toBeLessThanOrEqual(model.pinned.get(scope) ?? most);
          }
        }
      }),
      { numRuns: runs(500) },
    );
  });
});
