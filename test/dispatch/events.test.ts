import { type DispatchEvent, drain, RetriableError, usd } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { approved, capped, free, micro, setUp } from "../stores/memory/support.ts";
import { LANES, NOBODY, throwing } from "./drain-support.ts";

describe("DispatchEvent", () => {
  it("is frozen, and JSON writes its money as dollars and its error as a message", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(usd("5")), { maxCost: usd("1"), maxAttempts: 1 }));
    const events: DispatchEvent[] = [];
    const busy = throwing(new RetriableError("busy", { actual: usd("1.25") }));
    await drain(store, busy, { ...LANES, onEvent: (event) => events.push(event) });
    expect(events.every(Object.isFrozen)).toBe(true);
    expect(JSON.parse(JSON.stringify(events))).toMatchObject([
      { kind: "claimed", lease: { jobId: "j", attempts: 1 } },
      { kind: "failed", lease: { jobId: "j" }, booked: "1.25", overrun: "0.25", error: "busy" },
      { kind: "stopped", summary: { ...NOBODY, failed: 1 } },
    ]);
  });

  const loop: Record<string, unknown> = { cost: 1n };
  loop["self"] = loop;
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  it.each<readonly [string, unknown, string]>([
    ["a string", "plain text", "plain text"],
    ["an error", new Error("broken"), "broken"],
    ["an object that JSON cannot hold", loop, "threw an object"],
    ["an object that nobody can read", proxy, "threw"],
    ["nothing", undefined, "threw undefined"],
  ])("can be written as JSON though the executor threw %s", async (_, thrown, message) => {
    const { store } = setUp();
    await store.submit(free("j"));
    const events: DispatchEvent[] = [];
    await drain(store, throwing(thrown), { ...LANES, onEvent: (event) => events.push(event) });
    expect(JSON.parse(JSON.stringify(events[1]))).toMatchObject({ kind: "failed", error: message });
  });
});

describe("onEvent", () => {
  it.each<readonly [string, () => unknown]>([
    ["throws", throwing(new Error("enough"))],
    ["rejects", () => Promise.reject(new Error("enough"))],
    ["never ends", () => new Promise(() => undefined)],
    ["returns what cannot be awaited", () => ({ then: throwing(new Error("enough")) })],
  ])("changes nothing if it %s", async (_, onEvent) => {
    const rejections = vi.fn();
    process.on("unhandledRejection", rejections);
    const { store } = setUp();
    await store.submitMany([free("a"), approved("b")]);
    const summary = await drain(store, () => null, { ...LANES, actualCost: () => micro(1), onEvent });
    await new Promise((resolve) => setTimeout(resolve));
    process.off("unhandledRejection", rejections);
    expect(summary).toEqual({ ...NOBODY, completed: 2 });
    expect(rejections).not.toHaveBeenCalled();
  });
});
