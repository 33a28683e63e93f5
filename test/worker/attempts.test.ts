import { DispatchError, type ExecutionContext, type Lease, RetriableError, usd } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { approved, capped, free, micro, RUN } from "../stores/memory/support.ts";
import { elapsed, fakeTime, NOBODY, pass, type Pending, pending, storeWith, working } from "./support.ts";

fakeTime();

const lost = new DispatchError("outcome_unknown", "the connection is lost");

/** The reason for which a job's signal aborted, and when. */
function watching(): {
  readonly aborted: (readonly [reason: unknown, at: number])[];
  readonly executor: (payload: unknown, context: ExecutionContext) => Promise<unknown>;
  readonly end: Pending;
} {
  const aborted: (readonly [unknown, number])[] = [];
  const end = pending();
  return {
    aborted,
    end,
    executor: (_, { signal }) => {
      signal.addEventListener("abort", () => aborted.push([signal.reason, elapsed()]));
      return end.promise;
    },
  };
}

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
    const stale: Lease[] = [];
    const worker = working(store, executor, { leaseSeconds: 30, onStale: (lease) => stale.push(lease) });
    await pass(5);
    await store.recoverStale({ ttlSeconds: 0 });
    await pass(5);
    expect(aborted).toEqual([[expect.any(RetriableError), 10]]);
    end.resolve("too late");
    expect(await worker.stop()).toEqual({ ...NOBODY, stale: 1 });
    expect(stale.map(({ jobId, attempts }) => [jobId, attempts])).toEqual([["a", 1]]);
  });

  it("stops with what onStale throws", async () => {
    const enough = new Error("enough");
    const { store } = storeWith();
    await store.submit(free("a"));
    const worker = working(
      store,
      async () => {
        await store.recoverStale({ ttlSeconds: 0 });
      },
      {
        onStale: () => {
          throw enough;
        },
      },
    );
    await expect(worker.summary).rejects.toBe(enough);
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
    const worker = working(store, executor, { leaseSeconds: 30, onError: (error) => told.push(error) });
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
      onError: () => null,
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
    const worker = working(
      store,
      async (_, context) => {
        held.push(await context.renew());
        await store.recoverStale({ ttlSeconds: 0 });
        held.push(await context.renew());
        held.push(context.signal.aborted);
      },
      { leaseSeconds: 30 },
    );
    await pass(0);
    expect(held).toEqual([true, false, true]);
    await worker.stop();
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
    const worker = working(store, executor, { leaseSeconds: 30, onError: (error) => told.push(error) });
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
      const { store: memory } = storeWith();
      await memory.submit(free("a"));
      let claims = 0;
      const { store } = storeWith({
        claimMany: async (lanes, limit) => {
          const jobs = await memory.claimMany(lanes, limit);
          if (claims++ > 0) return jobs;
          await new Promise((resolve) => setTimeout(resolve, 10_000));
          if (recovered) await memory.recoverStale({ ttlSeconds: 0 });
          return jobs;
        },
        renew: (lease) => memory.renew(lease),
        complete: (lease, result) => memory.complete(lease, result),
      });
      const executor = vi.fn(() => "done");
      const options = { leaseSeconds: 30, poll: { minSeconds: 1000, maxSeconds: 1000 } };
      const worker = working(store, executor, options);
      await pass(10);
      // What was recovered is claimed again, and run once.
      expect(executor).toHaveBeenCalledTimes(1);
      expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1, stale: recovered ? 1 : 0 });
    }
  });
});

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

  it("charges in full what actualCost cannot tell, and tells onError, if there is one", async () => {
    const wrong: readonly (readonly [unknown, string])[] = [
      [() => 0.03, "actualCost must be"],
      [() => Promise.resolve(-1n), "actualCost must be"],
      [() => Promise.reject(new Error("no usage")), "no usage"],
    ];
    for (const [actualCost, message] of wrong) {
      for (const told of [new Array<unknown>(), null]) {
        const { store } = storeWith();
        await store.submit(approved("a", capped(100, RUN)));
        const worker = working(store, () => "done", {
          // What nothing but a type forbids.
          actualCost: actualCost as () => null,
          ...(told && { onError: (error: unknown) => told.push(error) }),
        });
        await pass(0);
        expect((await store.usage(RUN)).spent).toBe(10n);
        expect(await worker.stop()).toMatchObject({ completed: 1 });
        if (told)
          expect(told).toEqual([
            expect.objectContaining({ message: expect.stringContaining(message) as string }),
          ]);
      }
    }
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
    const options = { poll: { minSeconds: 1, maxSeconds: 4 }, onError: (error: unknown) => told.push(error) };
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
      onError: (error) => told.push(error),
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
    const worker = working(store, () => "done", { onError: (error) => told.push(error) });
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
        return { kind: "requeued", booked: micro(0) };
      },
    });
    await store.submit(free("a"));
    const executor = (): never => {
      throw new RetriableError("busy");
    };
    const worker = working(store, executor, {
      backoff: { baseSeconds: 100 },
      random: () => (shares++ % 2 === 0 ? 1 : 0.5),
      onError: () => null,
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
  ])("reports %s", async (_, thrown, retriable, retryAfterSeconds) => {
    const fail = vi.fn(() => ({ kind: "failed", booked: micro(0) }) as const);
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
});

describe("work: a stop that takes too long", () => {
  it("aborts what runs after stopWithinSeconds, and what it throws then is tried again", async () => {
    const { store } = storeWith();
    await store.submit(free("a"));
    const worker = working(
      store,
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(new Error("interrupted"));
          });
        }),
      { stopWithinSeconds: 5 },
    );
    await pass(1);
    const stopped = worker.stop();
    await pass(4.9);
    expect((await store.job("a"))?.state).toBe("running");
    await pass(0.1);
    expect(await stopped).toEqual({ ...NOBODY, requeued: 1 });
    expect([(await store.job("a"))?.error?.message, vi.getTimerCount()]).toEqual(["interrupted", 0]);
  });

  it("aborts at once what a claim brings that was on its way", async () => {
    const { store: memory } = storeWith();
    await memory.submit(free("a"));
    const { store } = storeWith({
      claimMany: async (lanes, limit) => {
        const jobs = await memory.claimMany(lanes, limit);
        await new Promise((resolve) => setTimeout(resolve, 8000));
        return jobs;
      },
      renew: (lease) => memory.renew(lease),
      complete: (lease, result) => memory.complete(lease, result),
    });
    const seen: unknown[] = [];
    const worker = working(store, (_, { signal }) => seen.push(signal.reason), { stopWithinSeconds: 5 });
    await pass(1);
    const stopped = worker.stop();
    await pass(7);
    expect(seen).toEqual([expect.any(RetriableError)]);
    expect(await stopped).toEqual({ ...NOBODY, completed: 1 });
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
