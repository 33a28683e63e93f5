import {
  DispatchError,
  type DispatchEvent,
  drain,
  type FailOptions,
  NonRetriableError,
  RetriableError,
} from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { approved, capped, counters, free, micro, RUN, setUp } from "../stores/memory/support.ts";
import { LANES, NOBODY, recorder, reports, throwing } from "./drain-support.ts";

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

  it.each<readonly [string, unknown, object]>([
    ["a known cost", new NonRetriableError("refused", { actual: micro(2) }), { actual: 2n }],
    ["an unknown cost", new NonRetriableError("refused"), {}],
    ["a cost that is no money", new NonRetriableError("refused", { actual: 2 as never }), {}],
    [
      "what counts for no final failure",
      Object.assign(new NonRetriableError("refused"), { counts: false }),
      {},
    ],
    [
      "a cost, in another copy of the library",
      Object.assign(new Error("refused"), { code: "non_retriable", actual: 2n }),
      { actual: 2n },
    ],
  ])("reports a NonRetriableError with %s, and the job is not tried again", async (_, error, cost) => {
    const { store, calls } = recorder();
    await drain(store, throwing(error), LANES);
    expect(reports(calls)).toEqual([
      ["fail", "j", "refused", { retriable: false, retryAfterSeconds: 0, ...cost }],
    ]);
  });

  it("ends a job at the known cost of a NonRetriableError", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const refused = throwing(new NonRetriableError("refused", { actual: micro(2) }));
    expect(await drain(store, refused, LANES)).toEqual({ ...NOBODY, failed: 1 });
    expect(await store.job("j")).toMatchObject({ state: "failed", error: { message: "refused" } });
    expect(await counters(store, RUN)).toEqual([0n, 2n]);
  });

  it("keeps a free job's failure though a NonRetriableError tells a cost", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const refused = throwing(new NonRetriableError("refused", { actual: micro(0) }));
    expect(await drain(store, refused, LANES)).toEqual({ ...NOBODY, failed: 1 });
  });

  it("gives a job back for a RetriableError that does not count, and tells so", async () => {
    const { store, clock } = setUp();
    await store.submit(approved("j", capped(100), { maxAttempts: 1 }));
    const events: DispatchEvent[] = [];
    const error = new RetriableError("no key", { counts: false, actual: micro(0), retryAfterSeconds: 30 });
    const options = { ...LANES, onEvent: (event: DispatchEvent) => events.push(event) };
    expect(await drain(store, throwing(error), options)).toEqual({ ...NOBODY, given_back: 1 });
    expect(events[1]).toMatchObject({
      kind: "given_back",
      booked: 0n,
      overrun: 0n,
      error,
      outcome: "requeued",
    });
    expect(await store.job("j")).toMatchObject({ state: "queued", attempts: 0 });
    clock.now += 30;
    expect(await drain(store, () => "done", LANES)).toEqual({ ...NOBODY, completed: 1 });
  });

  it("counts what a RetriableError of another copy says of counting, if it says no nonsense", async () => {
    for (const [counts, expected] of [
      [false, { counts: false }],
      ["no", {}],
    ] as const) {
      const { store, calls } = recorder();
      await drain(store, throwing(Object.assign(new Error("busy"), { code: "retriable", counts })), LANES);
      expect(reports(calls)).toEqual([
        ["fail", "j", "busy", { retriable: true, retryAfterSeconds: 0, ...expected }],
      ]);
    }
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
