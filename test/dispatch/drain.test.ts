import {
  type Claimed,
  type CompleteOptions,
  DispatchError,
  drain,
  type ExecutionContext,
  type FailOptions,
  type JobStore,
  Lease,
  type MicroCents,
  RetriableError,
  type WorkerExecutor,
  epochSeconds,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import {
  approved,
  AT_ONCE,
  capped,
  counters,
  free,
  micro,
  RUN,
  setUp,
  START,
} from "../stores/memory/support.ts";

const LANES = { lanes: ["text"] };
const NOBODY = { completed: 0, requeued: 0, failed: 0, waiting: 0, stale: 0 };

type Call = readonly [method: string, ...args: readonly unknown[]];

/** A store of one job that records what it is asked, and whose answers a test replaces. */
function recorder(replaced: Partial<JobStore<string, string>> = {}): {
  readonly store: JobStore<string, string>;
  readonly calls: Call[];
} {
  const calls: Call[] = [];
  let left = 1;
  const lease = new Lease({ jobId: "j", leasedAt: epochSeconds(START), attempts: 1, token: "t" });
  const store: JobStore<string, string> = {
    claim: () => (left-- > 0 ? { lease, payload: "p" } : null),
    complete: () => ({ kind: "completed", booked: micro(0), overrun: micro(0) }),
    fail: () => ({ kind: "failed", booked: micro(0) }),
    recoverStale: () => ({ attempts: [], more: false }),
    ...replaced,
  };
  return {
    calls,
    store: {
      claim(lanes) {
        calls.push(["claim", lanes]);
        return store.claim(lanes);
      },
      complete(lease, result, options) {
        calls.push(["complete", lease.jobId, result, options]);
        return store.complete(lease, result, options);
      },
      fail(lease, error, options) {
        calls.push(["fail", lease.jobId, error, options]);
        return store.fail(lease, error, options);
      },
      recoverStale: (options) => store.recoverStale(options),
    },
  };
}

const reports = (calls: readonly Call[]): readonly Call[] => calls.filter(([method]) => method !== "claim");
const throwing = (error: unknown) => (): never => {
  throw error;
};

describe("drain: what runs", () => {
  it("runs everything in its lanes, one after another, and says how many ended how", async () => {
    const { store } = setUp();
    await store.submitMany(["a", "b", "c"].map((id) => free(id)));
    await store.submit(free("elsewhere", { lane: "video" }));
    const order: string[] = [];
    const summary = await drain(
      store,
      async (payload) => {
        order.push(`start ${String(payload)}`);
        await Promise.resolve();
        order.push(`end ${String(payload)}`);
        return { done: payload };
      },
      LANES,
    );
    expect(summary).toEqual({ ...NOBODY, completed: 3 });
    expect(order).toEqual(["start a", "end a", "start b", "end b", "start c", "end c"]);
    expect(await store.job("b")).toMatchObject({ state: "succeeded", result: { done: "b" } });
    expect(await store.job("elsewhere")).toMatchObject({ state: "pending" });
    expect(await drain(store, () => null, LANES)).toEqual(NOBODY);
  });

  it("runs what is submitted meanwhile, and what is tried again", async () => {
    const { store } = setUp();
    await store.submit(free("a"));
    let runs = 0;
    const summary = await drain(
      store,
      async (payload) => {
        if (payload === "a") await store.submit(free("b"));
        if (payload === "b" && ++runs < 3) throw new RetriableError("not yet");
        return payload;
      },
      LANES,
    );
    expect(summary).toEqual({ ...NOBODY, completed: 2, requeued: 2 });
    expect(await store.job("b")).toMatchObject({ state: "succeeded", attempts: 3 });
  });

  it("goes on past a job that fails", async () => {
    const { store } = setUp();
    await store.submitMany(["a", "b", "c"].map((id) => free(id)));
    const summary = await drain(
      store,
      (payload) => {
        if (payload === "b") throw new Error("broken");
        return payload;
      },
      LANES,
    );
    expect(summary).toEqual({ ...NOBODY, completed: 2, failed: 1 });
    expect(await store.job("b")).toMatchObject({
      state: "failed",
      attempts: 1,
      error: { code: "error", message: "broken" },
    });
  });

  it("takes a WorkerExecutor, and calls it as a method", async () => {
    class Upper implements WorkerExecutor<string, string> {
      readonly seen: string[] = [];
      execute(payload: string, { lease }: ExecutionContext): string {
        this.seen.push(lease.jobId);
        return payload.toUpperCase();
      }
    }
    const { store, calls } = recorder();
    const executor = new Upper();
    await drain(store, executor, LANES);
    expect(executor.seen).toEqual(["j"]);
    expect(reports(calls)).toEqual([["complete", "j", "P", {}]]);
  });

  it("is typed by the store", async () => {
    const { store } = setUp<number, string>({ payload: Number, result: String });
    await drain(store, (payload) => payload.toFixed(1), LANES);
    // @ts-expect-error the result is a string
    await drain(store, (payload) => payload, LANES);
    // @ts-expect-error the payload is a number
    await drain(store, (payload: string) => payload, LANES);
    // @ts-expect-error the cost of a result is money
    await drain(store, String, { ...LANES, actualCost: (result) => result.length });
  });

  it("passes the lanes on", async () => {
    const { store, calls } = recorder();
    await drain(store, () => "", { lanes: ["a", "b"] });
    expect(calls[0]).toEqual(["claim", ["a", "b"]]);
    expect(await drain(setUp().store, () => null, { lanes: [] })).toEqual(NOBODY);
  });

  it("takes a store whose methods answer at once or later", async () => {
    const { store } = recorder();
    const later: JobStore<string, string> = {
      ...store,
      claim: (lanes) => Promise.resolve(store.claim(lanes)),
    };
    expect(await drain(later, () => "", LANES)).toEqual({ ...NOBODY, completed: 1 });
  });

  it("reports no result for null", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    expect(await drain(store, () => undefined, LANES)).toEqual({ ...NOBODY, completed: 1 });
    expect(await store.job("j")).toMatchObject({ state: "succeeded", result: null });
  });
});

describe("drain: what it cost", () => {
  it("books what actualCost tells of the result and the job", async () => {
    const { store } = setUp();
    await store.submitMany([approved("a"), approved("b")]);
    const told: unknown[] = [];
    await drain(store, (payload) => ({ payload, cost: 4 }), {
      ...LANES,
      actualCost: (result, job) => {
        told.push([result, job.payload, job.lease.jobId]);
        return job.lease.jobId === "a" ? micro(4) : micro(0);
      },
    });
    expect(told).toEqual([
      [{ payload: "a", cost: 4 }, "a", "a"],
      [{ payload: "b", cost: 4 }, "b", "b"],
    ]);
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it.each<readonly [string, () => MicroCents | null | Promise<MicroCents>]>([
    ["null", () => null],
    ["undefined", () => undefined as never],
    ["a throw", throwing(new Error("no idea"))],
    ["a number", () => 4 as never],
    ["a rejection", () => Promise.reject(new Error("no idea"))],
    ["a negative amount", () => micro(-1)],
    ["an amount above the limit", () => micro(2n ** 62n)],
  ])("charges in full, and keeps the result, if actualCost gives %s", async (_, actualCost) => {
    const { store } = setUp();
    await store.submit(approved("j"));
    expect(await drain(store, () => "kept", { ...LANES, actualCost })).toEqual({ ...NOBODY, completed: 1 });
    expect(await store.job("j")).toMatchObject({ state: "succeeded", result: "kept" });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });

  it("waits for what actualCost has to look up", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await drain(store, () => "kept", { ...LANES, actualCost: () => Promise.resolve(micro(4)) });
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it("keeps the result of free work, though actualCost tells a cost", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const summary = await drain(store, () => "kept", { ...LANES, actualCost: () => micro(0) });
    expect(summary).toEqual({ ...NOBODY, completed: 1 });
  });

  it("is not asked for after a failure", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await drain(store, throwing(new Error("x")), { ...LANES, actualCost: throwing(new Error("asked")) });
    expect(await store.job("j")).toMatchObject({ error: { message: "x" } });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });
});

describe("drain: what a retry can fix", () => {
  it.each<readonly [string, RetriableError, FailOptions]>([
    [
      "nothing more",
      new RetriableError("busy", { cause: new Error("429") }),
      { retriable: true, retryAfterSeconds: 0 },
    ],
    [
      "a cost",
      new RetriableError("busy", { actual: micro(2) }),
      { retriable: true, retryAfterSeconds: 0, actual: micro(2) },
    ],
    [
      "that nothing ran",
      new RetriableError("busy", { actual: micro(0) }),
      { retriable: true, retryAfterSeconds: 0, actual: micro(0) },
    ],
    [
      "a delay",
      new RetriableError("busy", { retryAfterSeconds: 30 }),
      { retriable: true, retryAfterSeconds: 30 },
    ],
  ])("reports a RetriableError that says %s", async (_, error, options) => {
    const { store, calls } = recorder();
    await drain(store, throwing(error), LANES);
    expect(reports(calls)).toEqual([["fail", "j", "busy", options]]);
  });

  it("reports one of another copy of the library, by its code", async () => {
    const foreign = Object.assign(new Error("busy"), { code: "retriable", actual: 2n, retryAfterSeconds: 5 });
    const { store, calls } = recorder();
    await drain(store, throwing(foreign), LANES);
    expect(reports(calls)).toEqual([
      ["fail", "j", "busy", { retriable: true, retryAfterSeconds: 5, actual: 2n }],
    ]);
  });

  it("requeues with the delay and the cost, or lets a person decide", async () => {
    const { store, clock } = setUp();
    await store.submit(approved("j", capped(20)));
    const busy = throwing(new RetriableError("busy", { actual: micro(4), retryAfterSeconds: 30 }));
    expect(await drain(store, busy, LANES)).toEqual({ ...NOBODY, requeued: 1 });
    expect(await counters(store, RUN)).toEqual([10n, 4n]);
    clock.now += 30;
    expect(await drain(store, throwing(new RetriableError("busy")), LANES)).toEqual({
      ...NOBODY,
      waiting: 1,
    });
    expect(await counters(store, RUN)).toEqual([0n, 14n]);
  });

  it.each<readonly [string, object]>([
    ["a negative cost", { actual: -1n }],
    ["a cost that is no money", { actual: 2 }],
    ["no numbers at all", { actual: undefined, retryAfterSeconds: undefined }],
    ["a negative delay", { actual: null, retryAfterSeconds: -1 }],
    ["an endless delay", { actual: null, retryAfterSeconds: Infinity }],
  ])("reports without what the store refuses: %s", async (_, numbers) => {
    const { store } = setUp();
    await store.submit(approved("j", capped(100), { maxAttempts: 1 }));
    const error = Object.assign(new Error("busy"), { code: "retriable", ...numbers });
    expect(await drain(store, throwing(error), LANES)).toEqual({ ...NOBODY, failed: 1 });
    expect(await store.job("j")).toMatchObject({ error: { code: "error", message: "busy" } });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });

  it("keeps a good delay though the cost is refused", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const error = new RetriableError("busy", { actual: micro(-1), retryAfterSeconds: 30 });
    expect(await drain(store, throwing(error), LANES)).toEqual({ ...NOBODY, requeued: 1 });
  });

  it("keeps a good cost though the delay is refused", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(100), { maxAttempts: 1 }));
    const error = new RetriableError("busy", { actual: micro(4), retryAfterSeconds: -1 });
    await drain(store, throwing(error), LANES);
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });
});

describe("drain: a hostile executor", () => {
  class Silent {
    get [Symbol.toStringTag](): string {
      throw new Error("hidden");
    }
    toString(): string {
      throw new Error("hidden");
    }
  }

  it.each<readonly [string, unknown, string]>([
    ["a string", "plain text", "plain text"],
    ["an empty string", "", "the executor threw a string"],
    ["undefined", undefined, "the executor threw undefined"],
    ["null", null, "the executor threw null"],
    ["a number", 42, "the executor threw 42"],
    ["a bigint", 42n, "the executor threw a bigint"],
    ["a symbol", Symbol("s"), "the executor threw a symbol"],
    ["an object", { password: "secret" }, "the executor threw an object"],
    ["an object without a prototype", Object.create(null), "the executor threw an object"],
    ["an object that throws when it is printed", new Silent(), "the executor threw an object"],
    ["an error without a message", new Error(), "the executor threw a string"],
    ["an error whose message is no text", Object.assign(new Error(), { message: 5 }), "the executor threw 5"],
    ["an error of another realm", { name: "Error", message: "x" }, "the executor threw an object"],
    ["a DispatchError", new DispatchError("store_failed", "inner"), "inner"],
    ["a code that says nothing", Object.assign(new Error("x"), { code: "ECONNRESET" }), "x"],
  ])("that throws %s fails its job, and the next one runs", async (_, thrown, message) => {
    const { store } = setUp();
    await store.submitMany([free("a", { priority: 1 }), free("b")]);
    const summary = await drain(
      store,
      (payload) => {
        if (payload === "a") throw thrown;
        return payload;
      },
      LANES,
    );
    expect(summary).toEqual({ ...NOBODY, completed: 1, failed: 1 });
    expect(await store.job("a")).toMatchObject({ state: "failed", error: { code: "error", message } });
  });

  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  it.each<readonly [string, unknown, string]>([
    ["an object whose code cannot be read", hidden({}, "code"), "the executor threw an object"],
    ["an error whose message cannot be read", hidden(new Error("x"), "message"), "the executor threw"],
    ["a retriable error whose cost cannot be read", hidden(new RetriableError("x"), "actual"), "x"],
    ["a revoked proxy", proxy, "the executor threw"],
  ])("that throws %s fails its job, and the next one runs", async (_, thrown, message) => {
    const { store } = setUp();
    await store.submitMany([free("a", { priority: 1, maxAttempts: 1 }), free("b")]);
    const summary = await drain(
      store,
      (payload) => {
        if (payload === "a") throw thrown;
        return payload;
      },
      LANES,
    );
    expect(summary).toEqual({ ...NOBODY, completed: 1, failed: 1 });
    expect(await store.job("a")).toMatchObject({ state: "failed", error: { code: "error", message } });
  });

  it("that rejects is one that throws", async () => {
    const { store, calls } = recorder();
    await drain(store, () => Promise.reject(new Error("later")), LANES);
    expect(reports(calls)).toEqual([["fail", "j", "later", { retriable: false, retryAfterSeconds: 0 }]]);
  });

  it.each<readonly [string, unknown]>([
    ["a bigint", { cost: 1n }],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
  ])("whose result is %s, which no store can hold, fails its job for good", async (_, result) => {
    const { store } = setUp();
    await store.submitMany([approved("a", capped(100), { priority: 1 }), free("b")]);
    const summary = await drain(store, (payload) => (payload === "a" ? result : payload), LANES);
    expect(summary).toEqual({ ...NOBODY, completed: 1, failed: 1 });
    expect(await store.job("a")).toMatchObject({ state: "failed", attempts: 1, result: null });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });

  it("whose result the store's parser refuses fails its job for good, and the next one runs", async () => {
    const result = (value: unknown): unknown => {
      if (value === "bad") throw new Error("no result");
      return value;
    };
    const { store } = setUp({ result });
    await store.submitMany([approved("a", capped(100), { priority: 1 }), free("b")]);
    const summary = await drain(store, (payload) => (payload === "a" ? "bad" : payload), LANES);
    expect(summary).toEqual({ ...NOBODY, completed: 1, failed: 1 });
    expect(await store.job("a")).toMatchObject({ state: "failed", attempts: 1 });
  });

  it("whose result is refused has still cost what it has cost", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await drain(store, () => 1n, { ...LANES, actualCost: () => micro(4) });
    expect(await store.job("j")).toMatchObject({ state: "failed" });
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });
});

/** An object one of whose fields throws when it is read. */
function hidden(value: object, field: string): object {
  return Object.defineProperty(value, field, { get: throwing(new Error("hidden")) });
}

describe("drain: a lease that is lost", () => {
  it("counts a result that came too late, and tells onStale", async () => {
    const { store } = setUp();
    await store.submit(free("j", { maxAttempts: 1 }));
    const told: Lease[] = [];
    const summary = await drain(
      store,
      async () => {
        await store.recoverStale(AT_ONCE);
        return "late";
      },
      { ...LANES, onStale: (lease) => told.push(lease) },
    );
    expect(summary).toEqual({ ...NOBODY, stale: 1 });
    expect(told).toMatchObject([{ jobId: "j", attempts: 1 }]);
    expect(await store.job("j")).toMatchObject({ state: "failed", result: null });
  });

  it("tells onStale of nothing else", async () => {
    const { store } = setUp();
    await store.submitMany([free("a"), free("b")]);
    const told: Lease[] = [];
    const executor = (payload: unknown): unknown => {
      if (payload === "a") throw new Error("a fails");
      return payload;
    };
    await drain(store, executor, { ...LANES, onStale: (lease) => told.push(lease) });
    expect(told).toEqual([]);
  });

  it("counts a failure that came too late the same way, and goes on without onStale", async () => {
    const { store } = setUp();
    await store.submit(free("j", { maxAttempts: 2 }));
    const summary = await drain(
      store,
      async (_, { lease }) => {
        if (lease.attempts === 2) return "second";
        await store.recoverStale(AT_ONCE);
        throw new Error("late");
      },
      LANES,
    );
    expect(summary).toEqual({ ...NOBODY, stale: 1, completed: 1 });
    expect(await store.job("j")).toMatchObject({ result: "second" });
  });

  it("corrects its attempt's charge by what it has cost", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(100), { maxAttempts: 1 }));
    const recovering = async (): Promise<string> => {
      await store.recoverStale(AT_ONCE);
      return "late";
    };
    await drain(store, recovering, { ...LANES, actualCost: () => micro(3) });
    expect(await counters(store, RUN)).toEqual([0n, 3n]);
  });

  it("aborts the signal when a renewal finds it lost, once", async () => {
    const { store, clock } = setUp();
    await store.submit(free("j", { maxAttempts: 1 }));
    const seen: unknown[] = [];
    await drain(
      store,
      async (_, { renew, signal }) => {
        signal.addEventListener("abort", () => seen.push("aborted"));
        clock.now += 50;
        seen.push(await renew(), signal.aborted);
        clock.now += 50;
        await store.recoverStale({ ttlSeconds: 60 });
        seen.push(await renew(), signal.aborted);
        clock.now += 60;
        await store.recoverStale({ ttlSeconds: 60 });
        seen.push(await renew(), signal.aborted, await renew());
      },
      LANES,
    );
    expect(seen).toEqual([true, false, true, false, "aborted", false, true, false]);
  });

  it("is never known to a store that cannot renew", async () => {
    const { store } = recorder();
    const seen: unknown[] = [];
    await drain(
      store,
      async (_, { renew, signal }) => {
        seen.push(await renew(), signal.aborted);
        return "";
      },
      LANES,
    );
    expect(seen).toEqual([true, false]);
  });

  it("gives each job a signal of its own", async () => {
    const { store } = setUp();
    await store.submitMany([free("a"), free("b")]);
    const signals: AbortSignal[] = [];
    await drain(
      store,
      async (payload, { signal, renew }) => {
        signals.push(signal);
        if (payload === "a") await store.cancel("a");
        await renew();
      },
      LANES,
    );
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });
});

describe("drain: stopping", () => {
  it("claims nothing once the signal is aborted", async () => {
    const { store, calls } = recorder();
    expect(await drain(store, () => "", { ...LANES, signal: AbortSignal.abort() })).toEqual(NOBODY);
    expect(calls).toEqual([]);
  });

  it("finishes and records what runs, and leaves the rest to others", async () => {
    const { store } = setUp();
    await store.submitMany(["a", "b"].map((id) => free(id)));
    const stop = new AbortController();
    const summary = await drain(
      store,
      (payload, { signal }) => {
        stop.abort();
        // What runs is not interrupted: its result counts.
        expect(signal.aborted).toBe(false);
        return payload;
      },
      { ...LANES, signal: stop.signal },
    );
    expect(summary).toEqual({ ...NOBODY, completed: 1 });
    expect(await store.job("a")).toMatchObject({ state: "succeeded" });
    expect(await store.job("b")).toMatchObject({ state: "pending", attempts: 0 });
  });

  const told = new Error("told");
  it.each<readonly [string, () => unknown]>([
    ["throws", throwing(told)],
    ["rejects with", () => Promise.reject(told)],
  ])("ends at the error that onStale %s, after the outcome was recorded", async (_, onStale) => {
    const { store } = setUp();
    await store.submit(free("j"));
    const cancelling = (): Promise<unknown> => store.cancel("j");
    await expect(drain(store, cancelling, { ...LANES, onStale })).rejects.toBe(told);
  });
});

describe("drain: a store that fails", () => {
  const gone = new DispatchError("store_failed", "the database is gone");

  it.each(["claim", "complete"] as const)(
    "is thrown from %s, and nothing else is reported",
    async (method) => {
      const { store, calls } = recorder({ [method]: throwing(gone) });
      await expect(drain(store, () => "", LANES)).rejects.toBe(gone);
      expect(calls.at(-1)?.[0]).toBe(method);
      expect(reports(calls).length).toBeLessThanOrEqual(1);
    },
  );

  it.each([new Error("x"), new RetriableError("x")])("is thrown from fail, after %s", async (error) => {
    const { store, calls } = recorder({ fail: throwing(gone) });
    await expect(drain(store, throwing(error), LANES)).rejects.toBe(gone);
    expect(reports(calls)).toHaveLength(1);
  });

  it.each([
    new DispatchError("outcome_unknown", "cut off"),
    new TypeError("fetch failed"),
    new Error("socket closed"),
    "closed",
  ])("says nothing about the job: %s is no failure of it", async (error) => {
    const { store, calls } = recorder({ complete: throwing(error) });
    await expect(drain(store, () => "", LANES)).rejects.toBe(error);
    expect(reports(calls)).toHaveLength(1);
  });

  it.each([
    ["a RangeError without a cost that it could be about", new RangeError("no such lease"), undefined],
    ["another error though there is a cost", new Error("socket closed"), () => micro(1)],
  ])("is asked once: %s is no refusal of the cost", async (_, error, actualCost) => {
    const { store, calls } = recorder({ complete: throwing(error) });
    const options = actualCost === undefined ? LANES : { ...LANES, actualCost };
    await expect(drain(store, () => "", options)).rejects.toBe(error);
    expect(reports(calls)).toHaveLength(1);
  });

  it("is thrown when it refuses a report twice, for another reason the second time", async () => {
    let calls = 0;
    const { store } = recorder({
      complete: () => {
        throw calls++ === 0 ? new RangeError("no such cost") : gone;
      },
    });
    await expect(drain(store, () => "", { ...LANES, actualCost: () => micro(1) })).rejects.toBe(gone);
  });

  it("is thrown when it cannot renew and the executor passes that on: it is no failure of the job", async () => {
    const { store, calls } = recorder();
    const renewing = async (_: string, { renew }: ExecutionContext): Promise<string> => {
      await renew();
      return "";
    };
    await expect(drain({ ...store, renew: throwing(gone) }, renewing, LANES)).rejects.toBe(gone);
    expect(reports(calls)).toEqual([]);
  });

  it("is thrown when it refuses every report of a failure", async () => {
    const refusal = new TypeError("nothing is good enough");
    const { store } = recorder({ fail: throwing(refusal) });
    await expect(drain(store, throwing(new Error("x")), LANES)).rejects.toBe(refusal);
  });
});

describe("drain: invalid arguments", () => {
  it.each<readonly [string, unknown]>([
    ["no options", undefined],
    ["no lanes", {}],
    ["lanes that are no list", { lanes: "text" }],
    ["lanes that are no text", { lanes: [1] }],
    ["a controller for a signal", { ...LANES, signal: new AbortController() }],
    ["a signal that is a flag", { ...LANES, signal: true }],
    ["a signal whose state is no flag", { ...LANES, signal: { aborted: "no" } }],
    ["no signal at all", { ...LANES, signal: null }],
    ["a cost that is no function", { ...LANES, actualCost: micro(1) }],
    ["an onStale that is no function", { ...LANES, onStale: {} }],
    ["a misspelt option", { ...LANES, onStal: () => null }],
  ])("refuses %s before anything is claimed", async (_, options) => {
    const { store, calls } = recorder();
    await expect(drain(store, () => "", options as never)).rejects.toThrow(TypeError);
    expect(calls).toEqual([]);
  });

  it("refuses a lane that is no name before anything is claimed", async () => {
    const { store, calls } = recorder();
    await expect(drain(store, () => "", { lanes: ["text", "a\n"] })).rejects.toThrow(RangeError);
    expect(calls).toEqual([]);
  });

  it.each<readonly [unknown]>([[undefined], [null], ["run"], [{}], [{ execute: "run" }]])(
    "refuses the executor %j before anything is claimed",
    async (executor) => {
      const { store, calls } = recorder();
      await expect(drain(store, executor as never, LANES)).rejects.toThrow(TypeError);
      expect(calls).toEqual([]);
    },
  );

  it("takes an explicit undefined for what is left out", async () => {
    const { store } = recorder();
    const options = { ...LANES, signal: undefined, actualCost: undefined, onStale: undefined };
    expect(await drain(store, () => "", options as never)).toEqual({ ...NOBODY, completed: 1 });
  });
});

it("drain: the example of its documentation", async () => {
  const store = memoryStore();
  await store.submit(free("1", { payload: "hello" }));
  const seen: (Claimed<unknown> | CompleteOptions)[] = [];
  const summary = await drain(store, (payload) => payload, {
    ...LANES,
    actualCost: (_, job) => {
      seen.push(job);
      return null;
    },
  });
  expect(summary.completed).toBe(1);
  expect(seen).toMatchObject([{ payload: "hello" }]);
});
