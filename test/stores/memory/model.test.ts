import {
  type Decision,
  type DispatchStore,
  epochSeconds,
  isDispatchError,
  type MicroCents,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Answer, type Cap, type Decided, LedgerModel, type Row } from "./ledger-model.ts";
import { type Clock, decision, micro, setUp, START, runs } from "./support.ts";

const HOLDS = ["h1", "h2", "h3"] as const;
const SCOPES = ["run:1", "run:2", "month:2026-11"] as const;

const id = fc.constantFrom(...HOLDS);
const scope = fc.constantFrom(...SCOPES);
const amount = fc.oneof(fc.bigInt({ min: 0n, max: 12n }), fc.constantFrom(10n, 10n, 5n));
const cap = fc.constantFrom(0n, 10n, 20n, 20n, 25n, 40n);
const anyCap = fc.record({
  scope,
  cap: fc.option(cap, { nil: null, freq: 8 }),
  until: fc.constantFrom(null, null, null, START + 6),
});
const caps: fc.Arbitrary<readonly Cap[]> = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(anyCap, { selector: (each) => each.scope }) },
  { weight: 1, arbitrary: fc.array(anyCap, { maxLength: 3 }) },
  {
    weight: 4,
    arbitrary: fc.constant<Cap[]>([
      { scope: "run:1", cap: 20n, until: null },
      { scope: "month:2026-11", cap: 25n, until: null },
    ]),
  },
);
/** Mostly one of its own. */
const decisionId = fc.constantFrom(null, null, null, null, "d1", "d2");
const seconds = fc.constantFrom(0.5, 1, 4, 5);
const limit = fc.integer({ min: 1, max: 3 });

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      op: fc.constant("hold" as const),
      id,
      amount,
      scopes: caps,
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
      amount: fc.constantFrom(5n, 5n, 5n, 2n, 0n),
      step: fc.constantFrom(1, 1, 2, 2, 3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("expire" as const), limit }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("correct" as const),
      id,
      amount: fc.constantFrom(3n, 10n, 13n),
      decisionId,
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("pin" as const), scope, cap, decisionId }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("unpin" as const), scope, decisionId }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("raise" as const), scope, to: cap, seconds, decisionId }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("tick" as const), seconds }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("prune" as const), limit }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("forget" as const), limit }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a call answers, `{}` for nothing, or which error it throws. */
async function answerOf(call: unknown): Promise<unknown> {
  try {
    return (await call) ?? {};
  } catch (error) {
    if (isDispatchError(error)) return { error: error.code };
    if (error instanceof RangeError) return { error: "RangeError" };
    throw error;
  }
}

/** Everything that the store shows of its money. */
async function snapshot(store: DispatchStore): Promise<unknown> {
  const holds = await Promise.all(HOLDS.map((holdId) => store.getHold(holdId)));
  const usages = await Promise.all(SCOPES.map((name) => store.usage(name)));
  const pins = await Promise.all(SCOPES.map((name) => store.cap(name)));
  return { holds, usages, pins };
}

/** The holds that a model and a store have, and the store has pruned or forgotten since. */
async function swept(store: DispatchStore, model: LedgerModel): Promise<{ pruned: Row[]; forgotten: Row[] }> {
  const pruned: Row[] = [];
  const forgotten: Row[] = [];
  for (const row of model.holds.values()) {
    const shown = await store.getHold(row.id);
    if (shown === null) forgotten.push(row);
    else if (!row.pruned && shown.tags["hold"] === undefined) pruned.push(row);
  }
  return { pruned, forgotten };
}

/** Runs a step on both, and compares what they answer. */
async function apply(store: DispatchStore, clock: Clock, model: LedgerModel, step: Step): Promise<Answer> {
  const money = (bare: bigint): MicroCents => micro(bare);
  let answer: Answer = {};
  /** A decision of the step: the model's, and the store's. */
  const decided = (
    given: string | null,
    subject: string | null,
    ...body: readonly unknown[]
  ): Decided & {
    readonly asked: Decision;
  } => {
    const asked = decision(...(given === null ? [] : [given]));
    return { id: asked.id, body: [step.op, ...body.map(String)].join(), subject, asked };
  };
  switch (step.op) {
    case "hold": {
      const scopes = step.scopes.map(({ scope: name, cap: most, until }) => ({
        scope: name,
        cap: most === null ? null : money(most),
        until: until === null ? null : epochSeconds(until),
      }));
      const tags = { hold: step.id };
      const request = { holdId: step.id, amount: money(step.amount), scopes, ttlSeconds: step.ttl, tags };
      answer = model.hold(step.id, step.amount, step.scopes, step.ttl);
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
    case "correct": {
      const by = decided(step.decisionId, step.id, step.id, step.amount);
      answer = model.decide(by, () => model.correct(step.id, step.amount));
      expect(await answerOf(store.correct(step.id, money(step.amount), by.asked))).toEqual(answer);
      break;
    }
    case "pin": {
      const by = decided(step.decisionId, null, step.scope, step.cap);
      answer = model.decide(by, () => model.pin(step.scope, step.cap));
      expect(await answerOf(store.pinCap(step.scope, money(step.cap), by.asked))).toEqual(answer);
      break;
    }
    case "unpin": {
      const by = decided(step.decisionId, null, step.scope);
      answer = model.decide(by, () => model.unpin(step.scope));
      expect(await answerOf(store.unpinCap(step.scope, by.asked))).toEqual(answer);
      break;
    }
    case "raise": {
      const until = model.now + step.seconds;
      const by = decided(step.decisionId, null, step.scope, step.to, until);
      answer = model.decide(by, () => model.raise(step.scope, step.to, until));
      const raise = { to: money(step.to), until: epochSeconds(until) };
      expect(await answerOf(store.raiseCap(step.scope, raise, by.asked))).toEqual(answer);
      break;
    }
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
    case "prune": {
      const due = model.closedBefore(model.now).filter(({ pruned }) => !pruned);
      const holds = Math.min(due.length, step.limit);
      expect(await store.prune({ before: clock(), limit: step.limit })).toEqual({
        jobs: 0,
        holds,
        more: due.length > step.limit,
      });
      const { pruned } = await swept(store, model);
      expect(pruned).toHaveLength(holds);
      expect(due).toEqual(expect.arrayContaining(pruned));
      pruned.forEach((row) => {
        model.prune(row);
      });
      break;
    }
    case "forget": {
      const due = model.closedBefore(model.now);
      const holds = Math.min(due.length, step.limit);
      expect(await store.forget({ before: clock(), limit: step.limit })).toEqual({
        jobs: 0,
        holds,
        more: due.length > step.limit,
      });
      const { forgotten } = await swept(store, model);
      expect(forgotten).toHaveLength(holds);
      expect(due).toEqual(expect.arrayContaining(forgotten));
      forgotten.forEach((row) => {
        model.forget(row);
      });
      break;
    }
    case "tick":
      model.now += step.seconds;
      clock.now += step.seconds;
      break;
  }
  return answer;
}

/** A step after which nothing may have changed. */
function leavesAlone({ kind, error }: Answer): boolean {
  return error !== undefined || ["refused", "exists", "conflict", "open"].includes(String(kind));
}

describe("ledger", () => {
  it("answers and counts as a model of the specification does, in any history", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), async (steps) => {
        const { store, clock } = setUp();
        const model = new LedgerModel();
        for (const next of steps) {
          const before = await snapshot(store);
          const answer = await apply(store, clock, model, next);
          if (leavesAlone(answer)) expect(await snapshot(store)).toEqual(before);
          for (const name of SCOPES) {
            const { reserved, spent } = await store.usage(name);
            expect([reserved, spent]).toEqual([model.reserved(name), model.spent(name)]);
            expect(reserved >= 0n && spent >= 0n).toBe(true);
            const pin = model.pins.get(name);
            expect(await store.cap(name)).toEqual(pin ? model.cap(pin) : null);
          }
          for (const holdId of HOLDS) {
            const row = model.holds.get(holdId);
            const shown = row && {
              holdId,
              amount: model.aside(row),
              scopes: row.caps,
              state: row.state,
              booked: row.booked,
              expiresAt: row.expiresAt,
              tags: row.pruned ? {} : { hold: holdId },
            };
            expect(await store.getHold(holdId)).toEqual(shown ?? null);
          }
          if (answer["kind"] !== "held" || (next.op !== "hold" && next.op !== "extend")) continue;
          if (next.amount === 0n) continue;
          for (const { scope: name, cap: most } of model.holds.get(next.id)?.caps ?? []) {
            const committed = model.committed(name);
            expect(committed <= (model.inForce(name, most) ?? -1n)).toBe(true);
          }
        }
      }),
      { numRuns: runs(500) },
    );
  });
});
