import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { CHAT, COMPLETION, ground } from "./support.ts";

const TEXT = JSON.stringify({
  model: "gpt-4o-mini",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
});
const bytes = new TextEncoder().encode(TEXT);
const answer = (): Response => Response.json(COMPLETION);
const streamed = (init: object): RequestInit => Object.assign({ method: "POST", duplex: "half" }, init);

/** Time in which an endless body could be read several times. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A body that has no end, and how often it was read and whether it was cancelled. */
function endless(): { readonly body: ReadableStream; readonly seen: { reads: number; cancelled: unknown } } {
  const seen = { reads: 0, cancelled: null as unknown };
  const body = new ReadableStream({
    pull: async (controller) => {
      seen.reads++;
      // Each piece in a turn of its own, as from a socket.
      await new Promise((resolve) => setImmediate(resolve));
      controller.enqueue(new Uint8Array(10));
    },
    cancel: (reason) => {
      seen.cancelled = reason;
    },
  });
  return { body, seen };
}

describe("guardedFetch: the body of a request", () => {
  it.each<[string, RequestInit["body"]]>([
    ["an ArrayBuffer", bytes.slice().buffer],
    ["a part of a buffer", new Uint8Array([0, ...bytes, 0]).subarray(1, -1)],
    ["a DataView", new DataView(bytes.slice().buffer)],
    ["a Blob", new Blob([TEXT])],
    ["a stream", new Blob([TEXT]).stream()],
  ])("may be %s, and is sent as it is", async (_, body) => {
    const { guard, sent, usage } = ground(answer);
    expect((await guard(CHAT, streamed({ body }))).status).toBe(200);
    expect(await new Response(sent[0]?.body as BodyInit).text()).toBe(TEXT);
    expect(await usage()).toMatchObject({ reserved: 0n, spent: 2000n });
  });

  it.each<[string, BodyInit | null]>([
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d])],
    ["nothing", null],
  ])("of %s is refused", async (_, body) => {
    const { guard, sent, events } = ground(answer);
    const refused = await guard(CHAT, { method: "POST", body });
    expect(refused.statusText).toBe(
      "dispatch-kit refused: its body is not JSON (unreadable); nothing was sent",
    );
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ kind: "refused", code: "unreadable", model: null, holdId: null }]);
  });

  it.each<[string, unknown]>([
    ["an error", new Error("enough")],
    ["a text", "enough"],
  ])("that has no end is read no further after an abort, whose reason is %s", async (_, reason) => {
    const { body, seen } = endless();
    const { guard, sent, events } = ground(answer);
    const controller = new AbortController();
    const asked = guard(CHAT, streamed({ body, signal: controller.signal }));
    await turns();
    controller.abort(reason);
    await expect(asked).rejects.toBe(reason);
    expect(seen.cancelled).toBe(reason);
    const { reads } = seen;
    expect(reads).toBeGreaterThan(1);
    await turns();
    expect(seen.reads).toBeLessThanOrEqual(reads + 1);
    expect([sent, events]).toEqual([[], []]);
  });

  it("is not read at all if the request is aborted before", async () => {
    const { body, seen } = endless();
    const { guard, sent } = ground(answer);
    await expect(guard(CHAT, streamed({ body, signal: AbortSignal.abort("enough") }))).rejects.toBe("enough");
    expect(seen.reads).toBeLessThanOrEqual(1);
    expect(seen.cancelled).toBe("enough");
    expect(sent).toEqual([]);
  });

  it("and all else of a request obey a signal of a class of its own", async () => {
    const reason = new Error("enough");
    for (const body of [TEXT, endless().body]) {
      const signal = Object.assign(new EventTarget(), { aborted: false });
      const { guard } = ground(async () => new Promise(() => null));
      const asked = guard(CHAT, streamed({ body, signal }));
      await turns();
      Object.assign(signal, { aborted: true, reason });
      signal.dispatchEvent(new Event("abort"));
      await expect(asked).rejects.toBe(reason);
      await expect(guard(CHAT, streamed({ body: TEXT, signal }))).rejects.toBe(reason);
    }
  });

  it("keeps no listener of the signal after it was read", async () => {
    const { signal } = new AbortController();
    const { guard } = ground(answer);
    expect((await guard(CHAT, streamed({ body: new Blob([TEXT]), signal }))).status).toBe(200);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("that fails is the client's own error", async () => {
    const reason = new Error("the file is gone");
    const body = new ReadableStream({
      pull: (controller) => {
        controller.error(reason);
      },
    });
    const { guard, sent } = ground(answer);
    await expect(guard(CHAT, streamed({ body }))).rejects.toBe(reason);
    expect(sent).toEqual([]);
  });
});
