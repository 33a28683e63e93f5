import { DispatchError, type DispatchStore, RetriableError } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { approved, capped, free, NO, RUN } from "../stores/memory/support.ts";
import {
  failedCalls,
  fakeTime,
  hearing,
  NOBODY,
  pass,
  type Pending,
  pending,
  storeWith,
  watching,
  working,
} from "./support.ts";

fakeTime();

const lost = new DispatchError("outcome_unknown", "the connection is lost");

describe("work: leases", () => {
  it("renews at thirds of the lease as long as the job runs, and not after it", async () => {
    const { store, times } = storeWith();
    await store.submit(free("a"));
    const { executor, end, aborted } = watching();
    const worker = working(store, executor, { leaseSeconds: 30 });
    await pass(45);
    end.resolve("done");
    await pass(60);
    expect(times("renew")).toEqual([10, 20, 30, 40]);
    expect([aborted, (await store.job("a"))?.state]).toEqual([[], "succeeded"]);
    await worker.stop();
  });

  it("aborts the job's signal when its lease is lost, and tells of the result that came too late", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxAttempts: 1 }));
    const { executor, end, aborted } = watching();
    const { onEvent, heard } = hearing();
    const worker = working(store, executor, { leaseSeconds: 30, onEvent });
    await pass(5);
    await store.cancel("a", NO);
    await pass(5);
    expect(aborted).toEqual([[expect.any(RetriableError), 10]]);
    end.resolve("too late");
    expect(await worker.stop()).toEqual({ ...NOBODY, stale: 1 });
    expect(heard("stale")).toMatchObject([{ lease: { jobId: "a", attempts: 1 }, corrected: false }]);
  });

  it("claims with its lease's length, so that a worker with a shorter one does not take live jobs", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { lane: "train" }));
    await store.submit(free("b", { lane: "mail" }));
    const end = pending();
    const train = working(store, () => end.promise, { lanes: ["train"], leaseSeconds: 60 });
    const mail = working(store, () => null, { lanes: ["mail"], leaseSeconds: 1 });
    await pass(300);
    expect(await store.job("a")).toMatchObject({ state: "running", attempts: 1 });
    end.resolve("done");
    expect(await train.stop()).toEqual({ ...NOBODY, completed: 1 });
    expect(await mail.stop()).toEqual({ ...NOBODY, completed: 1 });
  });

  it("tries again soon when a renewal fails, tells of it, and the job goes on", async () => {
    let failures = 2;
    const { store: memory } = storeWith();
    const { store, times } = storeWith({
      claimMany: (lanes, limit) => memory.claimMany(lanes, limit),
      complete: (lease, result) => memory.complete(lease, result),
      renew: (lease) => {
        if (failures-- > 0) throw lost;
        return memory.renew(lease);
      },
    });
    await memory.submit(free("a"));
    const told: unknown[] = [];
    const { executor, end, aborted } = watching();
    const worker = working(store, executor, { leaseSeconds: 30, onEvent: failedCalls(told) });
    await pass(26);
    expect(times("renew")).toEqual([10, 12.5, 15, 25]);
    expect([told, aborted]).toEqual([[lost, lost], []]);
    end.resolve("done");
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1 });
  });

  it("aborts the signal when the lease could not be renewed for as long as it lasts", async () => {
    const { store } = storeWith({
      renew: () => {
        throw lost;
      },
    });
    await store.submit(free("a"));
    const { executor, end, aborted } = watching();
    const worker = working(store, executor, {
      leaseSeconds: 30,
      recoverEverySeconds: 1000,
      onEvent: () => null,
    });
    await pass(29.9);
    expect(aborted).toEqual([]);
    await pass(0.1);
    expect(aborted).toEqual([[expect.any(RetriableError), 30]]);
    end.resolve("done");
    expect(await worker.stop()).toMatchObject({ completed: 1 });
  });

  it("counts the lease from when the renewal was asked for, not from its answer", async () => {
    const answers: Pending[] = [];
    const { store } = storeWith({
      renew: async () => {
        const answer = pending();
        answers.push(answer);
        await answer.promise;
        return true;
      },
    });
    await store.submit(free("a"));
    const { executor, end, aborted } = watching();
    const worker = working(store, executor, { leaseSeconds: 30 });
    await pass(25);
    answers[0]?.resolve(true);
    await pass(14.9);
    expect(aborted).toEqual([]);
    // The renewal of second 35 is without an answer: the last that is known is that of second 10.
    await pass(0.1);
    expect(aborted).toEqual([[expect.any(RetriableError), 40]]);
    answers[1]?.resolve(true);
    end.resolve("done");
    await worker.stop();
  });

  it("cannot renew where the store cannot, and aborts when the lease is over", async () => {
    const { store } = storeWith({ renew: undefined });
    await store.submit(free("a", { maxAttempts: 1 }));
    const held: boolean[] = [];
    const { executor, end, aborted } = watching();
    const worker = working(
      store,
      async (payload, context) => {
        held.push(await context.renew());
        return executor(payload, context);
      },
      { leaseSeconds: 30 },
    );
    await pass(30);
    expect([held, aborted]).toEqual([[true], [[expect.any(RetriableError), 30]]]);
    end.resolve("done");
    await worker.stop();
  });

  it("lets the executor renew by itself, which restarts the lease's time", async () => {
    const { store } = storeWith();
    await store.submit(free("a", { maxAttempts: 1 }));
    const held: boolean[] = [];
    const worker = working(store, async (_, context) => {
      held.push(await context.renew());
      await store.cancel("a", NO);
      held.push(await context.renew());
      held.push(context.signal.aborted, context.signal.reason instanceof RetriableError);
    });
    await pass(0);
    expect(held).toEqual([true, false, true, true]);
    await worker.stop();
  });

  it("counts a lease as held while its time lasts, if the executor's own renewal fails", async () => {
    const { store } = storeWith({
      renew: () => {
        throw lost;
      },
    });
    await store.submit(free("a", { maxAttempts: 1 }));
    const held: boolean[] = [];
    const end = pending();
    const worker = working(
      store,
      async (_, { renew }) => {
        held.push(await renew());
        await end.promise;
        held.push(await renew());
      },
      { leaseSeconds: 30, recoverEverySeconds: 1000, onEvent: () => null },
    );
    await pass(30);
    end.resolve(null);
    expect(await worker.stop()).toMatchObject({ completed: 1 });
    expect(held).toEqual([true, false]);
  });

  it.each([
    ["false", () => false],
    [
      "by throwing",
      () => {
        throw lost;
      },
    ],
  ])("does not care what a renewal answers, %s, once the job has ended", async (_, answer) => {
    const gate = pending();
    const { store } = storeWith({
      renew: async () => {
        await gate.promise;
        return answer();
      },
    });
    await store.submit(free("a"));
    const { executor, end, aborted } = watching();
    const told: unknown[] = [];
    const worker = working(store, executor, { leaseSeconds: 30, onEvent: failedCalls(told) });
    await pass(12);
    end.resolve("done");
    await pass(1);
    gate.resolve(null);
    await pass(1);
    expect([aborted, told]).toEqual([[], []]);
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1 });
  });

  it("asks the store about a lease that was long on its way, before anything is spent on it", async () => {
    for (const recovered of [false, true]) {
      const store = slowClaims(10);
      await store.submit(free("a"));
      const executor = vi.fn(() => "done");
      const options = { leaseSeconds: 30, poll: { minSeconds: 1000, maxSeconds: 1000 } };
      const worker = working(store, executor, options);
      await pass(1);
      if (recovered) await store.recoverStale({ ttlSeconds: 0 });
      await pass(9);
      // What was recovered is claimed again, and run once.
      expect(executor).toHaveBeenCalledTimes(1);
      expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1, stale: recovered ? 1 : 0 });
    }
  });

  it("charges nothing for an attempt whose lease was lost before it ran", async () => {
    const store = slowClaims(10);
    await store.submit(approved("a", capped(100, RUN), { maxAttempts: 1 }));
    const { onEvent, heard } = hearing();
    const worker = working(store, () => "done", { leaseSeconds: 30, onEvent });
    await pass(1);
    await store.recoverStale({ ttlSeconds: 0 });
    expect((await store.usage(RUN)).spent).toBe(10n);
    await pass(9);
    expect([(await store.usage(RUN)).spent, heard("stale")]).toMatchObject([0n, [{ corrected: true }]]);
    await worker.stop();
  });

  it("repeats the renewal of such a lease if it fails, and then runs the job", async () => {
    let failures = 2;
    const { store: memory } = storeWith();
    const store = slowClaims(10, {
      renew: (lease) => {
        if (failures-- > 0) throw lost;
        return memory.renew(lease);
      },
      claimMany: (lanes, limit) => memory.claimMany(lanes, limit),
      complete: (lease, result) => memory.complete(lease, result),
    });
    await memory.submit(free("a"));
    const worker = working(store, () => "done", { leaseSeconds: 30 });
    await pass(12);
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1 });
  });
});

/** A store whose first claim answers after some seconds. */
function slowClaims(seconds: number, changed: Parameters<typeof storeWith>[0] = {}): DispatchStore {
  let isFirst = true;
  const { store } = storeWith(changed);
  return new Proxy(store, {
    get: (_, name): unknown => {
      if (name !== "claimMany") return Reflect.get(store, name);
      return async (lanes: readonly string[], limit: number) => {
        // The leases have no length of their own, so that a recovery may take them at once.
        const jobs = await store.claimMany(lanes, limit);
        if (isFirst) {
          isFirst = false;
          await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        }
        return jobs;
      };
    },
  });
}
