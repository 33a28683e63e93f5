import { type DispatchEvent, drain, type MicroCents } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { approved, counters, free, micro, RUN, setUp } from "../stores/memory/support.ts";
import { LANES, NOBODY, throwing } from "./drain-support.ts";

describe("drain: what it cost", () => {
  it("books what actualCost tells of the result and the job", async () => {
    const { store } = setUp();
    await store.submitMany([approved("a"), approved("b")]);
    const told: unknown[] = [];
    await drain(store, (payload) => ({ payload, cost: 4 }), {
      ...LANES,
      actualCost: (result, job) => {
        told.push([result, job.payload, job.lease.jobId]);
        return job.lease.jobId === "a" ? micro(4) : micro(0);
      },
    });
    expect(told).toEqual([
      [{ payload: "a", cost: 4 }, "a", "a"],
      [{ payload: "b", cost: 4 }, "b", "b"],
    ]);
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it.each<readonly [string, () => MicroCents | null | Promise<MicroCents>]>([
    ["null", () => null],
    ["undefined", () => undefined as never],
    ["a throw", throwing(new Error("no idea"))],
    ["a number", () => 4 as never],
    ["a rejection", () => Promise.reject(new Error("no idea"))],
    ["a negative amount", () => micro(-1)],
    ["an amount above the limit", () => micro(2n ** 62n)],
  ])("charges in full, and keeps the result, if actualCost gives %s", async (_, actualCost) => {
    const { store } = setUp();
    await store.submit(approved("j"));
    expect(await drain(store, () => "kept", { ...LANES, actualCost })).toEqual({ ...NOBODY, completed: 1 });
    expect(await store.job("j")).toMatchObject({ state: "succeeded", result: "kept" });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });

  it("tells what was booked and the overrun, and that a cost is unknown", async () => {
    const { store } = setUp();
    await store.submitMany([approved("a"), approved("b"), approved("c")]);
    const broken = new Error("no idea");
    const costs: Readonly<Record<string, () => MicroCents | null>> = {
      a: () => micro(17),
      b: throwing(broken),
      c: () => null,
    };
    const events: DispatchEvent[] = [];
    await drain(store, (payload) => payload, {
      ...LANES,
      actualCost: (payload) => costs[String(payload)]?.() ?? null,
      onEvent: (event) => events.push(event),
    });
    expect(events.filter(({ kind }) => kind !== "claimed")).toMatchObject([
      { kind: "completed", lease: { jobId: "a" }, booked: 17n, overrun: 7n },
      { kind: "cost_unknown", lease: { jobId: "b" }, error: broken },
      { kind: "completed", lease: { jobId: "b" }, booked: 10n, overrun: 0n },
      { kind: "completed", lease: { jobId: "c" }, booked: 10n, overrun: 0n },
      { kind: "stopped", summary: { completed: 3 } },
    ]);
  });

  it("waits for what actualCost has to look up", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await drain(store, () => "kept", { ...LANES, actualCost: () => Promise.resolve(micro(4)) });
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it("keeps the result of free work, though actualCost tells a cost", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const summary = await drain(store, () => "kept", { ...LANES, actualCost: () => micro(0) });
    expect(summary).toEqual({ ...NOBODY, completed: 1 });
  });

  it("is not asked for after a failure", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await drain(store, throwing(new Error("x")), { ...LANES, actualCost: throwing(new Error("asked")) });
    expect(await store.job("j")).toMatchObject({ error: { message: "x" } });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });
});
