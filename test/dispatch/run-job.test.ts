import {
  DispatchError,
  type DispatchEvent,
  drain,
  type ExecutionContext,
  Lease,
  RetriableError,
} from "dispatch-kit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  approved,
  AT_ONCE,
  capped,
  counters,
  free,
  micro,
  NO,
  RUN,
  setUp,
} from "../stores/memory/support.ts";
import { LANES, NOBODY, recorder, reports, throwing } from "./drain-support.ts";

describe("drain: a lease that is lost", () => {
  it("counts a result that came too late, and tells of it", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(100), { maxAttempts: 1 }));
    const events: DispatchEvent[] = [];
    const summary = await drain(
      store,
      async () => {
        await store.recoverStale(AT_ONCE);
        return "late";
      },
      { ...LANES, actualCost: () => micro(3), onEvent: (event) => events.push(event) },
    );
    expect(summary).toEqual({ ...NOBODY, stale: 1 });
    expect(events).toMatchObject([
      { kind: "claimed", lease: { jobId: "j", attempts: 1 } },
      { kind: "stale", lease: { jobId: "j", attempts: 1 }, corrected: true },
      { kind: "stopped", summary },
    ]);
    expect(await store.job("j")).toMatchObject({ state: "failed", result: null });
  });

  it("counts a failure that came too late the same way", async () => {
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
        if (payload === "a") await store.cancel("a", NO);
        await renew();
      },
      LANES,
    );
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });
});

describe("drain: maxRunSeconds", () => {
  const interrupted = (_: unknown, { signal }: ExecutionContext): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(new Error("interrupted"));
      });
    });

  it("aborts the job's signal when they are over; the job is tried again, and the attempt counts", async () => {
    const { store } = setUp();
    await store.submit(free("j", { maxAttempts: 2, maxRunSeconds: 0.02 }));
    const executor = (payload: unknown, context: ExecutionContext): unknown =>
      context.lease.attempts === 1 ? interrupted(payload, context) : "second";
    expect(await drain(store, executor, LANES)).toEqual({ ...NOBODY, requeued: 1, completed: 1 });
    expect(await store.job("j")).toMatchObject({ result: "second", attempts: 2 });
  });

  it("aborts with a RetriableError, which the executor may throw", async () => {
    const { store } = setUp();
    await store.submit(free("j", { maxAttempts: 1, maxRunSeconds: 0.02 }));
    const executor = (_: unknown, { signal }: ExecutionContext): Promise<never> =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason as RetriableError);
        });
      });
    expect(await drain(store, executor, LANES)).toEqual({ ...NOBODY, failed: 1 });
    expect(await store.job("j")).toMatchObject({ error: { message: "the job ran for its maxRunSeconds" } });
  });

  it("leaves no timer when the job has ended", async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { store } = setUp();
    await store.submit(free("j", { maxRunSeconds: 3600 }));
    await drain(store, () => vi.getTimerCount(), LANES);
    expect([(await store.job("j"))?.result, vi.getTimerCount()]).toEqual([1, 0]);
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

  it("is told, and then the summary", async () => {
    const { store } = recorder({ complete: throwing(gone) });
    const events: DispatchEvent[] = [];
    const options = { ...LANES, onEvent: (event: DispatchEvent) => events.push(event) };
    await expect(drain(store, () => "", options)).rejects.toBe(gone);
    expect(events).toEqual([
      { kind: "claimed", lease: expect.any(Lease) as Lease },
      { kind: "store_failed", error: gone },
      { kind: "stopped", summary: NOBODY },
    ]);
  });

  it("is thrown when it refuses every report of a failure", async () => {
    const refusal = new TypeError("nothing is good enough");
    const { store } = recorder({ fail: throwing(refusal) });
    await expect(drain(store, throwing(new Error("x")), LANES)).rejects.toBe(refusal);
  });
});
