import { type DispatchStore, type Lease, microCents, type MicroCents } from "dispatch-kit";
import fc from "fast-check";
import {
  AT_ONCE,
  approved,
  type Clock,
  decision,
  manualClock,
  micro,
  paid,
  YES,
} from "../stores/memory/support.ts";
import { STORES } from "./stores.ts";

// What callers and workers do under any caps: who is refused does no more. Two stores with different caps see the same course.

const IDS = ["a", "b", "c", "d"] as const;
const op = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name);
const id = fc.constantFrom(...IDS);
const amount = fc.integer({ min: 0, max: 20 });
const scopes = fc.subarray(["month", "day"], { minLength: 1 });

const steps = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: op("hold"), id, amount, scopes }) },
  { weight: 4, arbitrary: fc.record({ op: op("extend"), id, amount }) },
  { weight: 4, arbitrary: fc.record({ op: op("settle"), id, amount }) },
  { weight: 1, arbitrary: fc.record({ op: op("release"), id }) },
  { weight: 1, arbitrary: fc.record({ op: op("correct"), id, amount }) },
  { weight: 1, arbitrary: fc.record({ op: op("expire") }) },
  { weight: 5, arbitrary: fc.record({ op: op("submit"), id, scopes, waits: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ op: op("approve"), id, scopes }) },
  { weight: 2, arbitrary: fc.record({ op: op("retry"), id, after: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ op: op("cancel"), id }) },
  { weight: 8, arbitrary: fc.record({ op: op("claim"), id }) },
  { weight: 3, arbitrary: fc.record({ op: op("complete"), id, nth: fc.nat(3), actual: fc.option(amount) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: op("fail"),
      id,
      nth: fc.nat(3),
      actual: fc.option(amount),
      retriable: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: op("recover") }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: op("correctJob"), id, nth: fc.integer({ min: 1, max: 3 }), amount }),
  },
  { weight: 2, arbitrary: fc.record({ op: op("tick") }) },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

export const courses: fc.Arbitrary<readonly Step[]> = fc.array(steps, {
  minLength: 5,
  maxLength: 60,
  size: "max",
});

/** A store on its course. */
export class Course {
  readonly store: DispatchStore;
  /** The ids of the holds and jobs that were refused money, in order. */
  readonly refused: string[] = [];
  readonly #clock: Clock = manualClock();
  readonly #cap: MicroCents;
  /** The holds whose extension was refused, and how often each hold was extended. */
  readonly #cut = new Set<string>();
  readonly #extended = new Map<string, number>();
  readonly #leases = new Map<string, Lease[]>();

  constructor(name: string, cap: number) {
    this.#cap = micro(cap);
    const make = STORES[name];
    if (!make) throw new Error(`there is no store ${name}`);
    this.store = make(this.#clock, (payload) => payload);
  }

  async take(course: readonly Step[]): Promise<void> {
    await this.store.migrate();
    for (const step of course) {
      const isMoney = ["hold", "extend", "settle", "release", "correct"].includes(step.op);
      // Jobs and holds have ids of their own.
      await (isMoney ? this.#money(step) : this.#job(step));
    }
  }

  #capped(names: readonly string[]) {
    return names.map((scope) => ({ scope, cap: this.#cap }));
  }

  async #money(step: Step): Promise<void> {
    const { store } = this;
    if (!("id" in step)) return;
    const holdId = `hold-${step.id}`;
    if (this.refused.includes(holdId) && !this.#cut.has(holdId)) return;
    if (step.op === "hold") {
      const request = {
        holdId,
        amount: micro(step.amount),
        scopes: this.#capped(step.scopes),
        ttlSeconds: 5,
      };
      const { kind } = (await unlessError(store.hold(request))) ?? {};
      if (kind === "refused") this.refused.push(holdId);
      return;
    }
    const hold = await store.getHold(holdId);
    if (!hold) return;
    if (step.op === "extend") {
      if (this.#cut.has(holdId) || hold.state !== "open") return;
      const nth = (this.#extended.get(holdId) ?? 0) + 1;
      const { kind } = await store.extend(holdId, micro(step.amount), nth);
      if (kind === "held") this.#extended.set(holdId, nth);
      if (kind !== "refused") return;
      this.#cut.add(holdId);
      this.refused.push(holdId);
    }
    // Work that could not be extended has ended there.
    const told = (asked: number): MicroCents =>
      microCents(this.#cut.has(holdId) && hold.amount < BigInt(asked) ? hold.amount : BigInt(asked));
    if (step.op === "settle") await store.settle(holdId, told(step.amount));
    if (step.op === "release") await store.release(holdId);
    if (step.op === "correct") await store.correct(holdId, told(step.amount), decision());
  }

  async #job(step: Step): Promise<void> {
    const { store } = this;
    if (step.op === "tick") this.#clock.now += 2;
    if (step.op === "expire") await store.expire();
    if (step.op === "recover") {
      const { attempts } = await store.recoverStale(AT_ONCE);
      for (const { jobId, outcome } of attempts) if (outcome === "waiting") this.refused.push(jobId);
    }
    if (!("id" in step)) return;
    const jobId = step.id;
    // By its number, so that both stores mean the same attempt.
    const lease = "nth" in step ? this.#leases.get(jobId)?.[step.nth] : undefined;
    const actual = "actual" in step && step.actual !== null ? { actual: micro(step.actual) } : {};
    if (step.op === "complete" && lease) await store.complete(lease, 1, actual);
    if (step.op === "fail" && lease) {
      const { retriable } = step;
      const { kind } = await store.fail(lease, "x", { retriable, ...actual });
      // A repeat gets the first answer.
      if (kind === "waiting" && !this.refused.includes(jobId)) this.refused.push(jobId);
    }
    if (step.op === "correctJob") {
      await unlessError(store.correct(`job:${jobId}#${String(step.nth)}`, micro(step.amount), decision()));
    }
    if (this.refused.includes(jobId)) return;
    // A lane of its own, so that what is refused to one job moves no other.
    const own = { lane: jobId, maxAttempts: 2 };
    let answer: { readonly kind: string } | null = null;
    if (step.op === "submit") {
      const scopesOf = this.#capped(step.scopes);
      answer = await unlessError(
        store.submit(step.waits ? paid(jobId, own) : approved(jobId, scopesOf, own)),
      );
    }
    if (step.op === "approve")
      answer = await unlessError(store.approve(jobId, YES, { scopes: this.#capped(step.scopes) }));
    if (step.op === "retry")
      answer = await unlessError(store.retry(jobId, { after: step.after }, decision()));
    if (step.op === "cancel")
      await unlessError(store.cancel(jobId, { author: "bob", reason: "no", outcome: "rejected" }));
    if (step.op === "claim") {
      const claimed = await store.claim([jobId]);
      if (claimed) this.#leases.set(jobId, [...(this.#leases.get(jobId) ?? []), claimed.lease]);
    }
    if (answer?.kind === "refused") this.refused.push(jobId);
  }
}

/** An unknown id, or another request under a known one. */
async function unlessError<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  return answer.catch(() => null);
}
