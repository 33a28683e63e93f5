import { type ExecutionContext, NonRetriableError, RetriableError } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { approved, capped, free, micro, RUN } from "../stores/memory/support.ts";
import { fakeTime, hearing, NOBODY, pass, pending, storeWith, watching, working } from "./support.ts";

fakeTime();

describe("work: a stop that takes too long", () => {
  it.each<readonly [string, (reason: unknown) => unknown, bigint]>([
    ["the reason of the signal", (reason) => reason, 10n],
    ["another error", () => new Error("interrupted"), 10n],
    ["a RetriableError with a cost", () => new RetriableError("interrupted", { actual: micro(4) }), 4n],
    ["a NonRetriableError with a cost", () => new NonRetriableError("interrupted", { actual: micro(4) }), 4n],
    ["one of another copy", () => ({ code: "non_retriable", actual: 4n }), 4n],
  ])("gives back what runs after stopWithinSeconds and then throws %s", async (_, thrown, spent) => {
    const { store } = storeWith();
    // The attempt is the last one: if it counted, the job would fail.
    await store.submit(approved("a", capped(100, RUN), { maxAttempts: 1 }));
    const { onEvent, heard } = hearing();
    const worker = working(store, interrupted(thrown), { stopWithinSeconds: 5, onEvent });
    await pass(1);
    const stopped = worker.stop();
    await pass(4.9);
    expect((await store.job("a"))?.state).toBe("running");
    await pass(0.1);
    expect(await stopped).toEqual({ ...NOBODY, given_back: 1 });
    expect([(await store.usage(RUN)).spent, vi.getTimerCount()]).toEqual([spent, 0]);
    expect(heard("given_back")).toMatchObject([{ booked: spent, overrun: 0n }]);
    expect(["queued", "awaiting_approval"]).toContain((await store.job("a"))?.state);
  });

  it("offers what it gives back at once, and the attempt does not count", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxAttempts: 1 }));
    const worker = working(
      store,
      interrupted((reason) => reason),
      { stopWithinSeconds: 5 },
    );
    await pass(1);
    const stopped = worker.stop();
    await pass(5);
    expect(await stopped).toEqual({ ...NOBODY, given_back: 1 });
    expect(await store.job("a")).toMatchObject({ state: "pending", attempts: 0 });
    const next = working(store, () => "done");
    await pass(0);
    expect(await next.stop()).toEqual({ ...NOBODY, completed: 1 });
  });

  it("does not run what a claim brings after that, and charges nothing for it", async () => {
    const { store: memory } = storeWith();
    await memory.submit(approved("a", capped(100, RUN), { maxAttempts: 1 }));
    const { store } = storeWith({
      claimMany: async (lanes, limit) => {
        const jobs = await memory.claimMany(lanes, limit);
        await new Promise((resolve) => setTimeout(resolve, 8000));
        return jobs;
      },
      renew: (lease) => memory.renew(lease),
      fail: (lease, error, options) => memory.fail(lease, error, options),
    });
    const executor = vi.fn();
    const worker = working(store, executor, { stopWithinSeconds: 5 });
    await pass(1);
    const stopped = worker.stop();
    await pass(7);
    expect(await stopped).toEqual({ ...NOBODY, given_back: 1 });
    expect([executor.mock.calls.length, (await memory.usage(RUN)).spent]).toEqual([0, 0n]);
    expect(await memory.job("a")).toMatchObject({ state: "queued", attempts: 0 });
  });

  it("counts a failure after the lease was lost, although the worker was stopped then", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxAttempts: 2 }));
    const fail = vi.spyOn(store, "fail");
    const end = pending();
    const executor = async (): Promise<never> => {
      await end.promise;
      throw new RetriableError("too late", { counts: false });
    };
    const worker = working(
      storeWith({
        claimMany: (lanes, limit) => store.claimMany(lanes, limit),
        renew: () => false,
        fail: (lease, error, options) => store.fail(lease, error, options),
      }).store,
      executor,
      { leaseSeconds: 30 },
    );
    await pass(10);
    end.resolve(null);
    expect(await worker.stop()).toEqual({ ...NOBODY, requeued: 1 });
    expect(fail.mock.calls[0]?.[2]).toEqual({ retriable: true, retryAfterSeconds: 1 });
    expect(await store.job("a")).toMatchObject({ state: "pending", attempts: 1 });
  });

  it("waits without end where no limit is given", async () => {
    const { store } = storeWith();
    await store.submit(free("a"));
    const { executor, end, aborted } = watching();
    const worker = working(store, executor);
    await pass(1);
    const stopped = worker.stop();
    await pass(10_000);
    expect(aborted).toEqual([]);
    end.resolve("done");
    expect(await stopped).toEqual({ ...NOBODY, completed: 1 });
  });
});

/** An executor that runs until its signal aborts, and then throws. */
function interrupted(
  thrown: (reason: unknown) => unknown,
): (payload: unknown, context: ExecutionContext) => unknown {
  return (_, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- executors may throw anything
        reject(thrown(signal.reason));
      });
    });
}
