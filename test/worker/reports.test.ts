import { DispatchError, type ExecutionContext, NonRetriableError, RetriableError, usd } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { approved, capped, free, micro, RUN } from "../stores/memory/support.ts";
import { elapsed, failedCalls, fakeTime, hearing, NOBODY, pass, storeWith, working } from "./support.ts";

fakeTime();

const lost = new DispatchError("outcome_unknown", "the connection is lost");

describe("work: reports", () => {
  it("books what actualCost says, with the job's claim", async () => {
    const { store } = storeWith();
    await store.submit(approved("a", capped(100, RUN)));
    const worker = working(store, () => "done", {
      actualCost: (result, { payload }) => (result === "done" && payload === "a" ? micro(4) : null),
    });
    await pass(0);
    expect((await store.usage(RUN)).spent).toBe(4n);
    await worker.stop();
  });

  it.each<readonly [string, () => unknown, string]>([
    ["a number", () => 0.03, "actualCost must be"],
    ["a negative amount", () => Promise.resolve(-1n), "actualCost must be"],
    ["an amount that no ledger holds", () => 2n ** 62n, "actualCost must be"],
    ["a rejection", () => Promise.reject(new Error("no usage")), "no usage"],
  ])("charges in full what actualCost cannot tell (%s), and says so", async (_, actualCost, message) => {
    for (const { onEvent, heard } of [hearing(), { ...hearing(), onEvent: undefined }]) {
      const { store } = storeWith();
      await store.submit(approved("a", capped(100, RUN)));
      // What nothing but a type forbids.
      const worker = working(store, () => "done", { actualCost: actualCost as () => null, onEvent });
      await pass(0);
      expect((await store.usage(RUN)).spent).toBe(10n);
      expect(await worker.stop()).toMatchObject({ completed: 1 });
      if (!onEvent) continue;
      expect(heard("cost_unknown")).toMatchObject([
        { lease: { jobId: "a" }, error: { message: expect.stringContaining(message) as string } },
      ]);
    }
  });

  it("tells what each attempt has booked, its overrun, and what the executor threw", async () => {
    const { store } = storeWith();
    await store.submit(approved("a", capped(100, RUN), { maxAttempts: 2 }));
    const busy = new RetriableError("busy", { actual: micro(12), retryAfterSeconds: 1 });
    const { onEvent, kinds, heard } = hearing();
    const executor = (_: unknown, { lease }: ExecutionContext): string => {
      if (lease.attempts === 1) throw busy;
      return "done";
    };
    const worker = working(store, executor, { onEvent, actualCost: () => micro(17) });
    await pass(5);
    const summary = await worker.stop();
    expect(kinds()).toEqual(["claimed", "requeued", "claimed", "completed", "stopped"]);
    expect(heard("requeued")).toMatchObject([
      { lease: { jobId: "a" }, booked: 12n, overrun: 2n, error: busy },
    ]);
    expect(heard("completed")).toMatchObject([{ lease: { jobId: "a" }, booked: 17n, overrun: 7n }]);
    expect(heard("stopped")).toMatchObject([{ summary }]);
  });

  it("repeats a report whose answer was lost, until the store has answered, with waits that double", async () => {
    let failures = 4;
    const { store: memory } = storeWith();
    await memory.submit(free("a"));
    const { store, times } = storeWith({
      claimMany: (lanes, limit) => memory.claimMany(lanes, limit),
      complete: async (lease, result) => {
        const answer = await memory.complete(lease, result);
        if (failures-- > 0) throw lost;
        return answer;
      },
    });
    const told: unknown[] = [];
    const options = { poll: { minSeconds: 1, maxSeconds: 4 }, onEvent: failedCalls(told) };
    const worker = working(store, () => "done", options);
    await pass(11);
    expect([times("complete"), told.length]).toEqual([[0, 1, 3, 7, 11], 4]);
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1 });
  });

  it("gives a report up after leaseSeconds, and leaves the job to the recovery", async () => {
    const { store, times } = storeWith({
      complete: () => {
        throw lost;
      },
    });
    await store.submit(free("a", { maxAttempts: 1 }));
    const told: unknown[] = [];
    const worker = working(store, () => "done", {
      leaseSeconds: 10,
      recoverEverySeconds: 1000,
      poll: { minSeconds: 4, maxSeconds: 4 },
      onEvent: failedCalls(told),
    });
    await pass(30);
    expect([times("complete"), told]).toEqual([[0, 4, 8, 12], Array(4).fill(lost)]);
    expect(await worker.stop()).toEqual(NOBODY);
  });

  it.each([
    ["a code that a repeat cannot change", new DispatchError("job_conflict", "no")],
    ["a RangeError", new RangeError("no")],
  ])("does not repeat a report that is refused with %s", async (_, refusal) => {
    const { store, times } = storeWith({
      complete: () => {
        throw refusal;
      },
    });
    await store.submit(free("a"));
    const told: unknown[] = [];
    const worker = working(store, () => "done", { onEvent: failedCalls(told) });
    await pass(1);
    expect([times("complete"), told]).toEqual([[0], [refusal]]);
    await worker.stop();
  });

  it("records a result that the store refuses as the job's failure", async () => {
    const { store } = storeWith();
    await store.submit(free("a"));
    const worker = working(store, () => 1n);
    await pass(0);
    expect(await worker.stop()).toEqual({ ...NOBODY, failed: 1 });
  });

  it("keeps a retry back: after the first attempt for baseSeconds, doubled by each, up to a limit", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxAttempts: 5 }));
    const at: number[] = [];
    const worker = working(
      store,
      () => {
        at.push(elapsed());
        throw new RetriableError("busy");
      },
      { backoff: { baseSeconds: 10, maxSeconds: 30 }, poll: { minSeconds: 1, maxSeconds: 1 } },
    );
    await pass(200);
    expect(at).toEqual([0, 10, 30, 60, 90]);
    expect(await worker.stop()).toEqual({ ...NOBODY, requeued: 4, failed: 1 });
  });

  it("jitters a retry's delay once, and repeats the same one when the report is repeated", async () => {
    const delays: unknown[] = [];
    let shares = 0;
    const { store } = storeWith({
      fail: (_, __, options) => {
        delays.push(options.retryAfterSeconds);
        if (delays.length === 1) throw lost;
        return { kind: "requeued", booked: micro(0), overrun: micro(0) };
      },
    });
    await store.submit(free("a"));
    const executor = (): never => {
      throw new RetriableError("busy");
    };
    const worker = working(store, executor, {
      backoff: { baseSeconds: 100 },
      random: () => (shares++ % 2 === 0 ? 1 : 0.5),
      onEvent: () => null,
    });
    await pass(1);
    expect(delays).toHaveLength(2);
    expect(delays[0]).toBe(delays[1]);
    expect([50, 75]).toContain(delays[0]);
    await worker.stop();
  });

  it.each([
    ["the delay that a RetriableError names", new RetriableError("busy", { retryAfterSeconds: 7 }), true, 7],
    ["no delay where the base is none", new RetriableError("busy"), true, 0],
    ["no delay for what no retry can fix", new Error("broken"), false, 0],
    ["no delay for a NonRetriableError", new NonRetriableError("refused"), false, 0],
  ])("reports %s", async (_, thrown, retriable, retryAfterSeconds) => {
    const fail = vi.fn(() => ({ kind: "failed", booked: micro(0), overrun: micro(0) }) as const);
    const { store } = storeWith({ fail });
    await store.submit(free("a"));
    const executor = (): never => {
      throw thrown;
    };
    const worker = working(store, executor, { backoff: { baseSeconds: 0, maxSeconds: 0 } });
    await pass(0);
    expect(fail).toHaveBeenCalledWith(expect.anything(), thrown.message, { retriable, retryAfterSeconds });
    await worker.stop();
  });

  it("reports what a failed attempt has cost", async () => {
    const { store } = storeWith();
    await store.submit(approved("a", capped(usd("1"), RUN), { maxAttempts: 1 }));
    const worker = working(store, () => {
      throw new RetriableError("busy", { actual: micro(3) });
    });
    await pass(0);
    expect((await store.usage(RUN)).spent).toBe(3n);
    await worker.stop();
  });

  it("ends a job at the known cost of a NonRetriableError", async () => {
    const { store } = storeWith();
    await store.submit(approved("a", capped(100, RUN)));
    const worker = working(store, () => {
      throw new NonRetriableError("refused", { actual: micro(3) });
    });
    await pass(0);
    expect([(await store.usage(RUN)).spent, (await store.job("a"))?.state]).toEqual([3n, "failed"]);
    expect(await worker.stop()).toEqual({ ...NOBODY, failed: 1 });
  });

  it("gives a job back for a RetriableError that does not count, after the same delay as a retry", async () => {
    const { store } = storeWith();
    await store.submit(approved("a", capped(100, RUN), { maxAttempts: 1 }));
    const { onEvent, heard } = hearing();
    const executor = (): string => {
      if (elapsed() < 10) throw new RetriableError("paused", { counts: false, actual: micro(0) });
      return "done";
    };
    const worker = working(store, executor, { backoff: { baseSeconds: 10 }, onEvent });
    await pass(20);
    expect(heard("given_back")).toMatchObject([{ lease: { jobId: "a" }, booked: 0n, outcome: "requeued" }]);
    expect(await worker.stop()).toEqual({ ...NOBODY, given_back: 1, completed: 1 });
    expect(await store.job("a")).toMatchObject({ state: "succeeded", attempts: 1 });
  });
});
