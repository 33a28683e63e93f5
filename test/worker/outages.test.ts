import { DispatchError, type DispatchEvent, RetriableError } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { free } from "../stores/memory/support.ts";
import { elapsed, failedCalls, fakeTime, NOBODY, pass, pending, storeWith, working } from "./support.ts";

fakeTime();

const broken = new Error("no connection");

describe("work: a store that fails, with onEvent", () => {
  it("tells of a claim that failed, waits, doubles the wait, and goes on", async () => {
    let works = false;
    const { store: memory } = storeWith();
    const { store, times } = storeWith({
      claimMany: (lanes, limit) => {
        if (works) return memory.claimMany(lanes, limit);
        throw broken;
      },
    });
    await memory.submit(free("a"));
    const told: unknown[] = [];
    const worker = working(store, () => null, {
      poll: { minSeconds: 1, maxSeconds: 4 },
      leaseSeconds: 5,
      onEvent: failedCalls(told),
    });
    await pass(11);
    expect(times("claimMany")).toEqual([0, 1, 3, 7, 11]);
    expect(told).toEqual(Array(5).fill(broken));
    works = true;
    await pass(4);
    expect(times("claimMany")).toEqual([0, 1, 3, 7, 11, 15, 15]);
    await worker.stop();
  });

  it("goes on for ever, also after a TypeError of the first claim", async () => {
    const told: unknown[] = [];
    const wrong = new TypeError("fetch failed");
    const { store } = storeWith({
      claimMany: () => {
        throw wrong;
      },
    });
    const worker = working(store, () => null, { onEvent: failedCalls(told) });
    await pass(10_000);
    expect(await worker.stop()).toEqual(NOBODY);
    expect([told.length > 1000, told.every((error) => error === wrong)]).toEqual([true, true]);
  });

  it.each<readonly [string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("enough");
      },
    ],
    ["rejects", () => Promise.reject(new Error("enough"))],
    ["never ends", () => pending().promise],
  ])("does not care if onEvent %s, and waits for nothing", async (_, onEvent) => {
    const rejections = vi.fn();
    process.on("unhandledRejection", rejections);
    const { store } = storeWith();
    await store.submitMany([free("a"), free("b", { maxAttempts: 1 })]);
    const executor = (payload: unknown): unknown => {
      if (payload === "b") throw new Error("broken");
      return payload;
    };
    const worker = working(store, executor, { onEvent });
    await pass(1);
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1, failed: 1 });
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve));
    process.off("unhandledRejection", rejections);
    expect(rejections).not.toHaveBeenCalled();
  });
});

describe("work: a store that fails, without onEvent", () => {
  it("survives a deadlock or a cut of every kind of call", async () => {
    const cut = new DispatchError("store_failed", "deadlock detected");
    const { store: memory } = storeWith();
    await memory.submit(free("a"));
    const failed = new Set<string>();
    /** Fails at the first call. */
    const once = (name: "claimMany" | "complete" | "expire" | "recoverStale" | "renew") => ({
      [name]: (...args: readonly unknown[]): unknown => {
        if (failed.has(name)) return Reflect.apply(Reflect.get(memory, name) as () => unknown, memory, args);
        failed.add(name);
        throw cut;
      },
    });
    const { store } = storeWith({
      ...once("claimMany"),
      ...once("complete"),
      ...once("expire"),
      ...once("recoverStale"),
      ...once("renew"),
    });
    const end = pending();
    const worker = working(store, () => end.promise, { leaseSeconds: 30 });
    await pass(100);
    end.resolve("done");
    await pass(10);
    expect([await worker.stop(), failed.size]).toEqual([{ ...NOBODY, completed: 1 }, 5]);
  });

  it("ends with the last error once the claims have failed for leaseSeconds, after what runs is recorded", async () => {
    const { store: memory } = storeWith();
    await memory.submit(free("a"));
    let claims = 0;
    const end = pending();
    const { store } = storeWith({
      claimMany: (lanes, limit) => {
        if (claims++ === 0) return memory.claimMany(lanes, limit);
        throw new Error(`no connection ${claims}`);
      },
      renew: (lease) => memory.renew(lease),
      complete: (lease, result, options) => memory.complete(lease, result, options),
    });
    const endedAt: number[] = [];
    const options = { concurrency: 2, leaseSeconds: 20, poll: { minSeconds: 5, maxSeconds: 5 } };
    const worker = working(store, () => end.promise, options);
    worker.summary.catch(() => endedAt.push(elapsed()));
    await pass(50);
    end.resolve("done");
    // The first failure was at 5, so the one at 25 is the last.
    await expect(worker.summary).rejects.toThrow("no connection 6");
    expect([claims, (await memory.job("a"))?.result, vi.getTimerCount()]).toEqual([6, "done", 0]);
  });

  it("goes on if there was an answer in between", async () => {
    let claims = 0;
    const { store: memory } = storeWith();
    const { store } = storeWith({
      claimMany: (lanes, limit) => {
        if (++claims % 5 !== 0) throw broken;
        return memory.claimMany(lanes, limit);
      },
    });
    const poll = { minSeconds: 5, maxSeconds: 5 };
    const worker = working(store, () => null, { leaseSeconds: 20, poll });
    await pass(1000);
    expect(await worker.stop()).toEqual(NOBODY);
  });

  it.each(["recoverStale", "expire"] as const)("ends with the error of %s", async (name) => {
    const { store, times } = storeWith({
      [name]: () => {
        throw broken;
      },
    });
    const worker = working(store, () => null, { leaseSeconds: 20, recoverEverySeconds: 15 });
    await expect(Promise.race([worker.summary, pass(100)])).rejects.toBe(broken);
    expect(times(name)).toEqual([0, 15, 30]);
  });

  it("ends with the error of wake", async () => {
    const { store } = storeWith();
    const wake = (): never => {
      throw broken;
    };
    const worker = working(store, () => null, { wake, leaseSeconds: 20 });
    await expect(Promise.race([worker.summary, pass(100)])).rejects.toBe(broken);
    expect(elapsed()).toBeGreaterThan(20);
  });

  it.each([
    ["that was repeated for leaseSeconds", new DispatchError("outcome_unknown", "cut off"), 10],
    ["that the store refused", new DispatchError("job_conflict", "no"), 0],
  ])("ends with the error of a report %s", async (_, error, at) => {
    const { store, times } = storeWith({
      complete: () => {
        throw error;
      },
    });
    await store.submit(free("a"));
    const poll = { minSeconds: 5, maxSeconds: 5 };
    const worker = working(store, () => "done", { leaseSeconds: 10, poll });
    await expect(Promise.race([worker.summary, pass(100)])).rejects.toBe(error);
    expect(times("complete").at(-1)).toBe(at);
  });

  it.each([new TypeError("claim is not a function"), new RangeError("out of range")])(
    "ends at once with %s of the first claim: that is a mistake",
    async (error) => {
      let claims = 0;
      const { store } = storeWith({
        claimMany: () => {
          claims++;
          throw error;
        },
      });
      await expect(working(store, () => null).summary).rejects.toBe(error);
      expect(claims).toBe(1);
    },
  );

  it("does not end with such an error of a later claim", async () => {
    let claims = 0;
    const { store: memory } = storeWith();
    const { store } = storeWith({
      claimMany: (lanes, limit) => {
        if (claims++ === 1) throw new TypeError("fetch failed");
        return memory.claimMany(lanes, limit);
      },
    });
    const worker = working(store, () => null);
    await pass(10);
    expect([await worker.stop(), claims > 2]).toEqual([NOBODY, true]);
  });
});

it("work: an event is frozen, and JSON writes its money as dollars and its error as a message", async () => {
  const { store } = storeWith();
  await store.submit(free("a", { maxAttempts: 1 }));
  const events: DispatchEvent[] = [];
  const executor = (): never => {
    throw new RetriableError("busy");
  };
  const worker = working(store, executor, { onEvent: (event) => events.push(event) });
  await pass(0);
  await worker.stop();
  expect(events.every(Object.isFrozen)).toBe(true);
  expect(JSON.parse(JSON.stringify(events[1]))).toMatchObject({
    kind: "failed",
    lease: { jobId: "a" },
    booked: "0.00",
    overrun: "0.00",
    error: "busy",
  });
});
