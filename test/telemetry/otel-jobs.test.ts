import { BackendKind, type DispatchEvent, drain, NonRetriableError, RetriableError, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { observed } from "dispatch-kit/telemetry";
import { work } from "dispatch-kit/worker";
import { describe, expect, it } from "vitest";
import { sdk } from "./sdk.ts";

const approved = {
  approval: { author: "ann", reason: "secret" },
  scopes: [{ scope: "run:1", cap: usd("1") }],
};

function job(jobId: string) {
  const paid = { backend: BackendKind.SDK, maxCost: usd("0.20"), maxAttempts: 1 };
  return { jobId, lane: "text", payload: "secret", approved, ...paid };
}

describe("otel: jobs", () => {
  it("are spans of their attempts, and counts of events, and their money is counted once", async () => {
    const { telemetry, spans, points } = sdk();
    const store = observed(memoryStore(), telemetry);
    await store.submitMany([job("good"), job("bad")]);
    let calls = 0;
    const executor = () => {
      if (++calls === 2) throw new NonRetriableError("secret", { actual: usd("0.05") });
      return "secret";
    };
    const actualCost = () => usd("0.30");
    const options = { lanes: ["text"], actualCost, onEvent: telemetry.onEvent };
    await drain(store, executor, options);
    const named = spans().filter(({ name }) => name === "dispatch_kit.job");
    const of = (id: string, kind: string) => ({
      "dispatch_kit.job.id": id,
      "dispatch_kit.job.attempt": 1,
      "dispatch_kit.kind": kind,
    });
    const cost = (booked: number, overrun: number) => ({
      "dispatch_kit.booked_usd": booked,
      "dispatch_kit.overrun_usd": overrun,
    });
    const failed = { "error.type": "non_retriable" };
    expect(named.map(({ kind, status, attributes }) => [kind, status, attributes])).toEqual([
      [4, 0, { ...of("good", "completed"), ...cost(0.3, 0.1) }],
      [4, 2, { ...of("bad", "failed"), ...failed, ...cost(0.05, 0) }],
    ]);
    const { jobs, "job.duration": durations, "cost.booked": booked, overrun } = await points();
    const kinds = [
      [{ "dispatch_kit.kind": "completed" }, 1] as const,
      [{ "dispatch_kit.kind": "failed", ...failed }, 1] as const,
    ];
    expect(jobs).toEqual([[{ "dispatch_kit.kind": "claimed" }, 2], ...kinds]);
    expect(durations).toEqual(kinds);
    expect(booked).toEqual([
      [{ "dispatch_kit.operation": "complete" }, 0.3],
      [{ "dispatch_kit.operation": "fail" }, 0.05],
    ]);
    expect(overrun).toEqual([[{ "dispatch_kit.operation": "complete" }, 0.1]]);
    expect(JSON.stringify([spans(), await points()])).not.toContain("secret");
  });

  it("of a worker are told too, until it has stopped", async () => {
    const { telemetry, points } = sdk();
    const store = memoryStore();
    await store.submit({ ...job("1"), maxAttempts: 2 });
    const stop = new AbortController();
    let calls = 0;
    const executor = () => {
      if (++calls === 1) throw new RetriableError("busy", { actual: usd("0"), retryAfterSeconds: 0.01 });
      stop.abort();
      return null;
    };
    const poll = { minSeconds: 0.01, maxSeconds: 0.02 };
    await work(store, executor, { lanes: ["text"], signal: stop.signal, poll, onEvent: telemetry.onEvent });
    const { jobs } = await points();
    expect(jobs).toEqual([
      [{ "dispatch_kit.kind": "claimed" }, 2],
      [{ "dispatch_kit.kind": "requeued", "error.type": "retriable" }, 1],
      [{ "dispatch_kit.kind": "completed" }, 1],
    ]);
  });

  it("that are recovered, refused or unknown have no span, and an attempt that was lost is booked nowhere", async () => {
    const { telemetry, spans, points } = sdk();
    const lease = { jobId: "1", attempts: 1, token: "secret", leasedAt: 0 } as never;
    const events: readonly DispatchEvent[] = [
      { kind: "completed", lease, booked: usd(1), overrun: usd(0) },
      { kind: "claimed", lease },
      { kind: "cost_unknown", lease, error: "secret" },
      { kind: "stale", lease, corrected: false },
      { kind: "recovered", jobId: "1", attempt: 1, charged: usd(1), outcome: "failed" },
    ];
    events.forEach(telemetry.onEvent);
    expect(spans().map(({ status, attributes }) => [status, attributes])).toEqual([
      [0, { "dispatch_kit.job.id": "1", "dispatch_kit.job.attempt": 1, "dispatch_kit.kind": "stale" }],
    ]);
    const { jobs } = await points();
    expect(jobs).toContainEqual([{ "dispatch_kit.kind": "cost_unknown", "error.type": "_OTHER" }, 1]);
    expect(jobs).toContainEqual([{ "dispatch_kit.kind": "recovered" }, 1]);
  });
});
