import {
  type Claimed,
  type CompleteOptions,
  drain,
  type ClaimOptions,
  type DispatchEvent,
  type ExecutionContext,
  type JobStore,
  RetriableError,
  type WorkerExecutor,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { free, micro, setUp } from "../stores/memory/support.ts";
import { LANES, NOBODY, recorder, reports } from "./drain-support.ts";

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
    expect(calls[0]).toMatchObject(["claim", ["a", "b"], {}]);
    expect(await drain(setUp().store, () => null, { lanes: [] })).toEqual(NOBODY);
  });

  it("claims with its signal and the length of its lease, which an own signal need only have", async () => {
    const { store, calls } = recorder();
    const signal = { aborted: false } as AbortSignal;
    await drain(store, () => "", { ...LANES, signal, leaseSeconds: 7200 });
    expect(calls[0]?.[2]).toMatchObject({ signal, leaseSeconds: 7200 });
    expect((calls[0]?.[2] as ClaimOptions).signal).toBe(signal);
  });

  it("keeps its leases from a worker with a shorter one, if it says their length", async () => {
    const { store, clock } = setUp();
    await store.submit(free("j"));
    const summary = await drain(
      store,
      async () => {
        clock.now += 600;
        return (await store.recoverStale({ ttlSeconds: 60 })).attempts.length;
      },
      { ...LANES, leaseSeconds: 3600 },
    );
    expect(summary).toEqual({ ...NOBODY, completed: 1 });
    expect(await store.job("j")).toMatchObject({ result: 0 });
  });

  it("hears of each payload that the parser refuses, and runs the others", async () => {
    let isOld = false;
    const payload = (value: unknown): unknown => {
      if (isOld && value === "a") throw new Error("this is a newer job");
      return value;
    };
    const { store } = setUp({ payload });
    await store.submitMany([free("a", { maxAttempts: 1 }), free("b")]);
    isOld = true;
    const events: DispatchEvent[] = [];
    const summary = await drain(store, () => null, { ...LANES, onEvent: (event) => events.push(event) });
    expect(summary).toEqual({ ...NOBODY, completed: 1 });
    const error: unknown = expect.objectContaining({ message: expect.stringContaining("newer") as string });
    expect(events[0]).toMatchObject({
      kind: "payload_refused",
      lease: { jobId: "a" },
      error,
      outcome: "requeued",
    });
    expect(events.slice(1).map(({ kind }) => kind)).toEqual(["claimed", "completed", "stopped"]);
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
    ["an onEvent that is no function", { ...LANES, onEvent: {} }],
    ["the onStale of older versions", { ...LANES, onStale: () => null }],
    ["a misspelt option", { ...LANES, onEvnt: () => null }],
  ])("refuses %s before anything is claimed", async (_, options) => {
    const { store, calls } = recorder();
    await expect(drain(store, () => "", options as never)).rejects.toThrow(TypeError);
    expect(calls).toEqual([]);
  });

  it("names the option in its message", async () => {
    const { store } = recorder();
    await expect(drain(store, () => "", { ...LANES, leaseSeconds: 86_401 })).rejects.toThrow(
      "drain: options.leaseSeconds must be at most 86400 seconds, a day; got 86401",
    );
    // From plain JavaScript.
    await expect(drain(store, () => "", undefined as never)).rejects.toThrow(
      "drain: options must be a plain object; got undefined",
    );
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
    const options = {
      ...LANES,
      signal: undefined,
      actualCost: undefined,
      onEvent: undefined,
      leaseSeconds: undefined,
    };
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
