import {
  BackendKind,
  type Decision,
  type DispatchStore,
  epochSeconds,
  isDispatchError,
  type JobRequest,
  type Lease,
  type ScopeCap,
} from "dispatch-kit";
import fc from "fast-check";
import { type Clock, decision, manualClock, micro, YES } from "../stores/memory/support.ts";
import { STORES } from "./stores.ts";

// Random histories of every operation that changes something. What is refused or does not fit changes nothing, so that any
// order of steps is a history.

export const SCOPES = ["month:1", "day:1", "day:2", "run:a"] as const;
export const HOLDS = ["h1", "h2", "h3", "h4", "h5"] as const;
export const JOBS = ["j1", "j2", "j3", "free"] as const;
export const LANES = ["x", "y"] as const;

const op = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name);
const amount = fc.integer({ min: 0, max: 12 });
const actual = fc.option(amount);
const scopes = fc.subarray([...SCOPES], { minLength: 1 });
const holdId = fc.constantFrom(...HOLDS);
const jobId = fc.constantFrom(...JOBS);
const lane = fc.constantFrom(...LANES);
const nth = fc.nat(5);
const many = fc.constantFrom(1, 2, 100);

export const steps = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ op: op("hold"), holdId, amount, scopes, ttl: fc.constantFrom(3, 1000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: op("extend"), holdId, amount, step: fc.constantFrom(1, 1, 2, 3) }),
  },
  { weight: 4, arbitrary: fc.record({ op: op("settle"), holdId, amount }) },
  { weight: 2, arbitrary: fc.record({ op: op("release"), holdId }) },
  { weight: 2, arbitrary: fc.record({ op: op("expire"), limit: many }) },
  { weight: 2, arbitrary: fc.record({ op: op("correct"), holdId, amount }) },
  { weight: 2, arbitrary: fc.record({ op: op("correctJob"), jobId, nth, amount }) },
  { weight: 5, arbitrary: fc.record({ op: op("submit"), jobId, scopes, approved: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: op("submitMany"),
      jobIds: fc.subarray([...JOBS]),
      scopes,
      approved: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: op("approve"), jobId, scopes: fc.option(scopes) }) },
  { weight: 1, arbitrary: fc.record({ op: op("reject"), jobId }) },
  { weight: 1, arbitrary: fc.record({ op: op("cancel"), jobId }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: op("retry"),
      jobId,
      after: fc.constantFrom(0, 0, 1, 2),
      scopes: fc.option(scopes),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ op: op("claim"), lane, refuses: fc.constantFrom(false, false, false, true) }),
  },
  { weight: 2, arbitrary: fc.record({ op: op("claimMany"), limit: many }) },
  { weight: 3, arbitrary: fc.record({ op: op("complete"), nth, actual }) },
  { weight: 1, arbitrary: fc.record({ op: op("completeMany"), actual }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: op("fail"),
      nth,
      actual,
      retriable: fc.boolean(),
      counts: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: op("renew"), nth }) },
  { weight: 3, arbitrary: fc.record({ op: op("recover"), ttl: fc.constantFrom(0, 5), limit: many }) },
  { weight: 2, arbitrary: fc.record({ op: op("pause"), lane, paused: fc.constantFrom(true, false, false) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: op("pin"),
      scope: fc.constantFrom(...SCOPES),
      cap: fc.constantFrom(0, 10, 40, 40),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: op("unpin"), scope: fc.constantFrom(...SCOPES) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: op("raise"),
      scope: fc.constantFrom(...SCOPES),
      to: fc.constantFrom(10, 40, 60),
      ends: fc.constantFrom(-1, 2, 50),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: op("tick"), seconds: fc.constantFrom(1, 2, 5, 60) }) },
  { weight: 1, arbitrary: fc.record({ op: op("prune"), limit: many }) },
  { weight: 1, arbitrary: fc.record({ op: op("forget"), limit: many }) },
);
export type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

export const histories: fc.Arbitrary<readonly Step[]> = fc.array(steps, {
  minLength: 5,
  maxLength: 80,
  size: "max",
});

/** A store that lives through a history. */
export class Life {
  readonly clock: Clock = manualClock();
  readonly store: DispatchStore;
  readonly #cap: number;
  readonly #leases: Lease[] = [];
  #refuses = false;

  /** @param cap - that of each request for a scope without a pin. */
  constructor(name: string, cap = 40) {
    this.#cap = cap;
    const make = STORES[name];
    if (!make) throw new Error(`there is no store ${name}`);
    this.store = make(this.clock, (payload) => {
      if (this.#refuses) throw new Error("of a newer version");
      return payload;
    });
  }

  /** @returns the answer, or `null` if the step does not fit what is there. */
  async apply(step: Step): Promise<unknown> {
    try {
      return await this.#call(step);
    } catch (error) {
      if (isDispatchError(error) || error instanceof RangeError) return null;
      throw error;
    }
  }

  async live(history: readonly Step[]): Promise<void> {
    await this.store.migrate();
    for (const step of history) await this.apply(step);
  }

  async #call(step: Step): Promise<unknown> {
    const { store } = this;
    switch (step.op) {
      case "hold": {
        const tags = { user: step.holdId };
        const request = {
          holdId: step.holdId,
          amount: micro(step.amount),
          scopes: await this.#caps(step.scopes),
          tags,
        };
        return store.hold({ ...request, ttlSeconds: step.ttl });
      }
      case "extend":
        return store.extend(step.holdId, micro(step.amount), step.step);
      case "settle":
        return store.settle(step.holdId, micro(step.amount));
      case "release":
        return store.release(step.holdId);
      case "expire":
        return store.expire({ limit: step.limit });
      case "correct":
        return store.correct(step.holdId, micro(step.amount), decision());
      case "correctJob":
        return store.correct(`job:${step.jobId}#${String(step.nth)}`, micro(step.amount), decision());
      case "submit":
        return store.submit(await this.#job(step.jobId, step.scopes, step.approved));
      case "submitMany":
        return store.submitMany(
          await Promise.all(step.jobIds.map((id) => this.#job(id, step.scopes, step.approved))),
        );
      case "approve":
        return store.approve(step.jobId, YES, step.scopes ? { scopes: await this.#caps(step.scopes) } : {});
      case "reject":
        return store.reject(step.jobId, no());
      case "cancel":
        return store.cancel(step.jobId, no());
      case "retry": {
        const at = step.scopes ? { scopes: await this.#caps(step.scopes) } : {};
        return store.retry(step.jobId, { after: step.after, ...at }, decision());
      }
      case "claim": {
        this.#refuses = step.refuses;
        const stop = new AbortController();
        const claimed = await store
          .claim([step.lane], {
            by: "w1",
            signal: stop.signal,
            onRefused: () => {
              stop.abort();
            },
          })
          .finally(() => {
            this.#refuses = false;
          });
        if (claimed) this.#leases.push(claimed.lease);
        return claimed;
      }
      case "claimMany": {
        const claimed = await store.claimMany(LANES, step.limit);
        this.#leases.push(...claimed.map(({ lease }) => lease));
        return claimed;
      }
      case "complete": {
        const lease = this.#leases.at(-1 - step.nth);
        return lease && store.complete(lease, "done", this.#told(lease, step.actual));
      }
      case "completeMany": {
        const told = this.#leases
          .slice(-2)
          .map((lease) => ({ lease, result: 1, ...this.#told(lease, step.actual) }));
        return store.completeMany(told);
      }
      case "fail": {
        const lease = this.#leases.at(-1 - step.nth);
        const { retriable, counts } = step;
        return lease && store.fail(lease, "x", { retriable, counts, ...this.#told(lease, step.actual) });
      }
      case "renew": {
        const lease = this.#leases.at(-1 - step.nth);
        return lease && store.renew(lease);
      }
      case "recover":
        return store.recoverStale({ ttlSeconds: step.ttl, limit: step.limit });
      case "pause":
        return step.paused ? store.pauseLane(step.lane, decision()) : store.resumeLane(step.lane, decision());
      case "pin":
        return store.pinCap(step.scope, micro(step.cap), decision());
      case "unpin":
        return store.unpinCap(step.scope, decision());
      case "raise": {
        const until = epochSeconds(this.clock.now + step.ends);
        return store.raiseCap(step.scope, { to: micro(step.to), until }, decision());
      }
      case "tick":
        this.clock.now += step.seconds;
        return null;
      case "prune":
        return store.prune({ before: this.clock(), limit: step.limit });
      case "forget":
        return store.forget({ before: this.clock(), limit: step.limit });
    }
  }

  /** A cost is only told of paid work. */
  #told({ jobId: id }: Lease, cost: number | null): { readonly actual?: ReturnType<typeof micro> } {
    return cost === null || id === "free" ? {} : { actual: micro(cost) };
  }

  /** Without a cap where one is pinned, so that any pinned cap is taken. */
  #caps(names: readonly string[]): Promise<readonly ScopeCap[]> {
    return Promise.all(
      names.map(async (scope) => {
        const pinned = await this.store.cap(scope);
        return pinned === null ? { scope, cap: micro(this.#cap) } : { scope };
      }),
    );
  }

  async #job(id: string, names: readonly string[], isApproved: boolean): Promise<JobRequest<unknown>> {
    const asked = await this.#caps(names);
    const isFree = id === "free";
    return {
      jobId: id,
      lane: id === "j2" ? "y" : "x",
      payload: id,
      backend: isFree ? BackendKind.LOCAL : BackendKind.CLOUD_WORKER,
      maxCost: micro(isFree ? 0 : 6),
      maxAttempts: 3,
      maxRunSeconds: id === "j3" ? 4 : null,
      tags: { job: id },
      decideBy: id === "j3" ? epochSeconds(this.clock.now + 8) : null,
      claimBy: id === "j2" ? epochSeconds(this.clock.now + 8) : null,
      approved: isApproved && !isFree ? { approval: YES, scopes: asked } : null,
    };
  }
}

function no(): Decision {
  const { id } = decision();
  return { id, approval: { author: "bob", reason: "no", outcome: "rejected" } };
}
