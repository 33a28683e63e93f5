import type { ClaimOptions } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it, vi } from "vitest";
import { free } from "../stores/memory/support.ts";
import {
  failedCalls,
  fakeTime,
  hearing,
  NOBODY,
  pass,
  type Pending,
  pending,
  storeWith,
  working,
} from "./support.ts";

fakeTime();

describe("work: claims", () => {
  it("runs as many jobs at a time as its concurrency, and claims for the room that is left", async () => {
    const { store } = storeWith();
    const limits: number[] = [];
    const claimMany: typeof store.claimMany = (lanes, limit) => {
      limits.push(limit);
      return store.claimMany(lanes, limit);
    };
    await store.submitMany(["a", "b", "c", "d"].map((id) => free(id)));
    const ends = new Map<unknown, Pending>();
    const worker = working(
      new Proxy(store, {
        get: (_, name) => (name === "claimMany" ? claimMany : (Reflect.get(store, name) as unknown)),
      }),
      (payload) => {
        const end = pending();
        ends.set(payload, end);
        return end.promise;
      },
      { concurrency: 3 },
    );
    await pass(0);
    expect([[...ends.keys()], limits]).toEqual([["a", "b", "c"], [3]]);
    ends.get("b")?.resolve("done");
    await pass(0);
    expect([[...ends.keys()], limits]).toEqual([
      ["a", "b", "c", "d"],
      [3, 1],
    ]);
    for (const end of ends.values()) end.resolve("done");
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 4 });
  });

  it("claims one by one from a store that cannot give several, and no more than there is room for", async () => {
    const { store, times } = storeWith({ claimMany: undefined });
    await store.submitMany(["a", "b", "c"].map((id) => free(id)));
    const worker = working(store, () => pending().promise, { concurrency: 2, leaseSeconds: 1000 });
    await pass(0);
    expect([times("claim").length, (await store.job("c"))?.state]).toEqual([2, "pending"]);
    worker.stop().catch(() => undefined);
  });

  it("stops claiming one by one when it is told to stop meanwhile", async () => {
    const { store } = storeWith({ claimMany: undefined });
    await store.submitMany(["a", "b"].map((id) => free(id)));
    const ran: unknown[] = [];
    const stop = new AbortController();
    const worker = working(
      new Proxy(store, {
        get: (_, name): unknown =>
          name === "claim"
            ? async (lanes: readonly string[]) => {
                stop.abort();
                return store.claim(lanes);
              }
            : Reflect.get(store, name),
      }),
      (payload) => ran.push(payload),
      { concurrency: 2, signal: stop.signal },
    );
    expect([await worker.summary, ran]).toEqual([{ ...NOBODY, completed: 1 }, ["a"]]);
  });

  it("claims nothing when it was stopped before it began, and leaves no timer", async () => {
    const { store, asked } = storeWith();
    expect(await working(store, () => null, { signal: AbortSignal.abort() }).summary).toEqual(NOBODY);
    expect([asked, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it("finishes and records what runs when it is stopped, and claims nothing more", async () => {
    const { store } = storeWith();
    await store.submitMany([free("a"), free("b")]);
    const end = pending();
    const worker = working(store, () => end.promise);
    await pass(1);
    const stopped = worker.stop();
    await pass(10);
    end.resolve("done");
    expect(await stopped).toEqual({ ...NOBODY, completed: 1 });
    expect([(await store.job("a"))?.result, (await store.job("b"))?.state]).toEqual(["done", "pending"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("work: what it tells the store", () => {
  it("claims with the length of its lease, its name, and a signal that aborts at the stop", async () => {
    for (const claimMany of [true, false]) {
      const asked: (ClaimOptions | undefined)[] = [];
      const { store: memory } = storeWith();
      const { store } = storeWith({
        claim: (lanes, options) => {
          asked.push(options);
          return memory.claim(lanes, options);
        },
        claimMany: claimMany
          ? (lanes, limit, options) => {
              asked.push(options);
              return memory.claimMany(lanes, limit, options);
            }
          : undefined,
      });
      const worker = working(store, () => null, { leaseSeconds: 30, by: "gpu-7" });
      await pass(0);
      const { signal } = asked[0] ?? {};
      expect([asked[0], signal?.aborted]).toMatchObject([{ leaseSeconds: 30, by: "gpu-7" }, false]);
      await worker.stop();
      expect(signal?.aborted).toBe(true);
    }
  });

  it("saves the worker's name with the lease", async () => {
    const { store } = storeWith();
    await store.submit(free("a"));
    const end = pending();
    const worker = working(store, () => end.promise, { by: "gpu-7" });
    await pass(0);
    expect(await store.job("a")).toMatchObject({ state: "running", leasedBy: "gpu-7" });
    end.resolve(null);
    await worker.stop();
  });

  it("hears of each payload that the parser refuses, and runs the others of the same claim", async () => {
    let isOld = false;
    const payload = (value: unknown): unknown => {
      if (isOld && value === "b") throw new Error("this is a newer job");
      return value;
    };
    const store = memoryStore({ payload });
    await store.submitMany([free("a"), free("b", { maxAttempts: 1 })]);
    isOld = true;
    const { onEvent, heard, kinds } = hearing();
    const worker = working(store, (payload) => payload, { concurrency: 5, onEvent });
    await pass(0);
    expect(await worker.stop()).toEqual({ ...NOBODY, completed: 1 });
    expect(kinds()).toEqual(["payload_refused", "claimed", "completed", "stopped"]);
    const error: unknown = expect.objectContaining({ message: expect.stringContaining("newer") as string });
    expect(heard("payload_refused")).toMatchObject([{ lease: { jobId: "b" }, error, outcome: "requeued" }]);
  });
});

describe("work: polling", () => {
  it("looks less and less often while there is nothing, up to a limit", async () => {
    const { store, times } = storeWith();
    const worker = working(store, () => null, { poll: { minSeconds: 1, maxSeconds: 5 }, leaseSeconds: 1000 });
    await pass(22);
    expect(times("claimMany")).toEqual([0, 1, 3, 7, 12, 17, 22]);
    await worker.stop();
  });

  it("waits 0.2 seconds at first and 5 at most, if nobody says otherwise", async () => {
    const { store, times } = storeWith();
    const worker = working(store, () => null, { leaseSeconds: 1000 });
    await pass(20);
    expect(times("claimMany")).toHaveLength(8);
    expect(times("claimMany").slice(-2)).toEqual([expect.closeTo(11.2), expect.closeTo(16.2)]);
    await worker.stop();
  });

  it("begins anew with the shortest wait once it has found something", async () => {
    const { store, times } = storeWith();
    const worker = working(store, () => null, { poll: { minSeconds: 1, maxSeconds: 60 } });
    await pass(7);
    await store.submit(free("a"));
    await pass(8);
    // Found at 15; asked again at once because its end made room, and then after the shortest wait.
    await pass(1);
    expect(times("claimMany")).toEqual([0, 1, 3, 7, 15, 15, 16]);
    await worker.stop();
  });

  it.each([
    ["half of a wait at most", 1, [0, 0.5, 1.5]],
    ["nothing for a share that is no share", Number.NaN, [0, 1]],
    ["nothing for a share above 1", 1.5, [0, 1]],
    ["nothing for a share below 0", -0.5, [0, 1]],
  ])("takes off %s", async (_, share, expected) => {
    const { store, times } = storeWith();
    const poll = { minSeconds: 1, maxSeconds: 60 };
    const worker = working(store, () => null, { poll, random: () => share, leaseSeconds: 1000 });
    await pass(1.5);
    expect(times("claimMany")).toEqual(expected);
    await worker.stop();
  });
});

describe("work: wake-up", () => {
  it("looks at once when it hears of a job, and once more when the subscription begins", async () => {
    const { store, times } = storeWith();
    const leave = vi.fn();
    let tell = (): void => undefined;
    const wake = vi.fn((_: readonly string[], listener: () => void) => {
      tell = listener;
      return leave;
    });
    const worker = working(store, (payload) => payload, { wake, poll: { minSeconds: 100, maxSeconds: 100 } });
    await pass(0);
    const before = times("claimMany").length;
    await store.submit(free("a"));
    await pass(5);
    expect([times("claimMany").length, (await store.job("a"))?.state]).toEqual([before, "pending"]);
    tell();
    await pass(0);
    expect((await store.job("a"))?.state).toBe("succeeded");
    expect([wake.mock.calls.length, wake.mock.calls[0]?.[0], leave.mock.calls.length]).toEqual([
      1,
      ["text"],
      0,
    ]);
    await worker.stop();
    expect([leave.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it("looks again for what it heard while a claim was on its way", async () => {
    const gate = pending();
    let tell = (): void => undefined;
    let claims = 0;
    const { store: memory } = storeWith();
    const { store, times } = storeWith({
      claimMany: async (lanes, limit) => {
        const found = await memory.claimMany(lanes, limit);
        if (claims++ === 0) await gate.promise;
        return found;
      },
      complete: (lease, result) => memory.complete(lease, result),
    });
    const wake = (_: readonly string[], listener: () => void) => {
      tell = listener;
      return () => undefined;
    };
    const worker = working(store, (payload) => payload, { wake, poll: { minSeconds: 100, maxSeconds: 100 } });
    await pass(0);
    await memory.submit(free("a"));
    tell();
    gate.resolve(null);
    await pass(0);
    expect([(await memory.job("a"))?.state, times("claimMany").length]).toEqual(["succeeded", 3]);
    await worker.stop();
  });

  it("tells of a subscription that failed, and subscribes again after a wait that doubles", async () => {
    const { store } = storeWith();
    const at: number[] = [];
    const told: unknown[] = [];
    const lost = new Error("no listener");
    const wake = (): never => {
      at.push(Date.now());
      throw lost;
    };
    const poll = { minSeconds: 1, maxSeconds: 60 };
    const worker = working(store, () => null, { wake, poll, onEvent: failedCalls(told) });
    await pass(7);
    expect(at.map((time) => (time - (at[0] ?? 0)) / 1000)).toEqual([0, 1, 3, 7]);
    expect(told).toEqual(Array(4).fill(lost));
    await worker.stop();
  });
});
