import { type ExecutionContext, RetriableError } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { approved, capped, free, RUN } from "../stores/memory/support.ts";
import { fakeTime, hearing, NOBODY, pass, storeWith, watching, working } from "./support.ts";

fakeTime();

describe("work: maxRunSeconds", () => {
  it("aborts the job's signal when they are over, and renews no more; recovery ends the job", async () => {
    const { store, times } = storeWith();
    await store.submit(approved("a", capped(100, RUN), { maxAttempts: 1, maxRunSeconds: 25 }));
    const { executor, end, aborted } = watching();
    const { onEvent, heard } = hearing();
    const worker = working(store, executor, { leaseSeconds: 30, recoverEverySeconds: 35, onEvent });
    await pass(100);
    expect([aborted, times("renew")]).toEqual([[[expect.any(RetriableError), 25]], [10, 20]]);
    expect(await store.job("a")).toMatchObject({ state: "failed", error: { code: "timed_out" } });
    expect(heard("recovered")).toMatchObject([{ jobId: "a", attempt: 1, charged: 10n, outcome: "failed" }]);
    end.resolve("too late");
    expect(await worker.stop()).toEqual({ ...NOBODY, stale: 1 });
  });

  it("tries a job again that fails after them, and the attempt counts", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxAttempts: 2, maxRunSeconds: 5 }));
    const executor = (_: unknown, { signal, lease }: ExecutionContext): unknown => {
      if (lease.attempts === 2) return "second";
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reject(new Error("interrupted"));
        });
      });
    };
    const worker = working(store, executor);
    await pass(10);
    expect(await worker.stop()).toEqual({ ...NOBODY, requeued: 1, completed: 1 });
    expect(await store.job("a")).toMatchObject({ state: "succeeded", attempts: 2 });
  });

  it("is a limit also if the store does not know it, and leaves no timer", async () => {
    const { store: memory } = storeWith();
    const { store, times } = storeWith({
      claimMany: async (lanes, limit) => {
        const jobs = await memory.claimMany(lanes, limit);
        return jobs.map((job) => ({ ...job, maxRunSeconds: 25 }));
      },
      renew: (lease) => memory.renew(lease),
      complete: (lease, result) => memory.complete(lease, result),
    });
    await memory.submit(free("a"));
    const { executor, end, aborted } = watching();
    const held: boolean[] = [];
    const renewing = async (payload: unknown, context: ExecutionContext): Promise<unknown> => {
      const result = await executor(payload, context);
      held.push(await context.renew());
      return result;
    };
    const worker = working(store, renewing, { leaseSeconds: 30 });
    await pass(40);
    end.resolve("late");
    await pass(0);
    expect([aborted, times("renew"), held]).toEqual([[[expect.any(RetriableError), 25]], [10, 20], [false]]);
    // Nobody has recovered the lease, so the result counts.
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no timer when the job has ended", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxRunSeconds: 3600 }));
    const worker = working(store, () => "done");
    await pass(1);
    expect([await worker.stop(), vi.getTimerCount()]).toEqual([{ ...NOBODY, completed: 1 }, 0]);
  });

  it("may be longer than a timer can wait", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxRunSeconds: 2_500_000 }));
    const { executor, end, aborted } = watching();
    const worker = working(store, executor, { leaseSeconds: 86_400 });
    await pass(2_499_999);
    expect(aborted).toEqual([]);
    await pass(1);
    expect(aborted).toEqual([[expect.any(RetriableError), 2_500_000]]);
    end.resolve("late");
    await worker.stop();
  });

  it.each([Number.NaN, -1, 0, Infinity, "5", null, undefined])(
    "is no limit if the store says %s",
    async (limit) => {
      const { store: memory } = storeWith();
      const { store } = storeWith({
        claimMany: async (lanes, limitOfJobs) => {
          const jobs = await memory.claimMany(lanes, limitOfJobs);
          // What an own store may say.
          return jobs.map((job) => ({ ...job, maxRunSeconds: limit as number }));
        },
        renew: (lease) => memory.renew(lease),
        complete: (lease, result) => memory.complete(lease, result),
      });
      await memory.submit(free("a"));
      const { executor, end, aborted } = watching();
      const worker = working(store, executor);
      await pass(100);
      expect(aborted).toEqual([]);
      end.resolve("done");
      expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1 });
    },
  );
});
