import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHAT, chat, CHAT_CHUNKS, COMPLETION, type ground as groundHere, sse, streamOf } from "./support.ts";

beforeEach(() => {
  vi.resetModules();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The guard of a runtime, whose globals are looked up when it is loaded. */
async function loaded(): Promise<{ readonly ground: typeof groundHere }> {
  return import("./support.ts");
}

describe("guardedFetch: a runtime without AsyncLocalStorage", () => {
  it.each<[string, () => void]>([
    ["no process", () => vi.stubGlobal("process", undefined)],
    ["no getBuiltinModule", () => vi.stubGlobal("process", {})],
    ["no node:async_hooks", () => vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined)],
    ["a node:async_hooks without it", () => vi.spyOn(process, "getBuiltinModule").mockReturnValue({})],
  ])("has %s: run throws, and all else works", async (_, lacks) => {
    const { ground } = await loaded();
    lacks();
    const { guard, usage } = ground(() => Response.json(COMPLETION));
    expect(() => guard.run({}, () => null)).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: "guard.run needs AsyncLocalStorage, which this runtime does not have",
      }),
    );
    expect((await guard(CHAT, chat())).status).toBe(200);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
  });
});

describe("guardedFetch: a runtime without WeakRef and FinalizationRegistry", () => {
  beforeEach(() => {
    vi.stubGlobal("WeakRef", undefined);
    vi.stubGlobal("FinalizationRegistry", undefined);
  });

  it("books a stream at its last event", async () => {
    const { ground } = await loaded();
    const { guard, usage } = ground(() => streamOf([sse(...CHAT_CHUNKS)]));
    const answer = await guard(CHAT, chat({ stream: true, stream_options: { include_usage: true } }));
    expect(await answer.text()).toBe(sse(...CHAT_CHUNKS));
    await guard.settled();
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
  });

  it("ends a stream when its client aborts", async () => {
    const { ground } = await loaded();
    const controller = new AbortController();
    const endless = new ReadableStream({
      pull: (one) => {
        one.enqueue(new TextEncoder().encode(sse(CHAT_CHUNKS[1])));
      },
    });
    const { guard, usage, events } = ground(
      () => new Response(endless, { headers: { "content-type": "text/event-stream" } }),
    );
    const reader = (
      await guard(CHAT, { ...chat({ stream: true }), signal: controller.signal })
    ).body?.getReader();
    await reader?.read();
    controller.abort(new Error("enough"));
    await expect(reader?.read()).rejects.toThrow("enough");
    await guard.settled();
    expect((await usage()).spent).toBe(0n);
    expect(events.map(({ kind }) => kind)).toEqual(["held", "unknown"]);
  });
});
