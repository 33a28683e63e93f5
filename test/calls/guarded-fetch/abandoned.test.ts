import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { CHAT, chat, CHAT_CHUNKS, ground, sse } from "./support.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const withUsage = { stream: true, stream_options: { include_usage: true } };

describe("guardedFetch: a stream", () => {
  it("left without a word is given up when it is garbage: it stays held, and its source is ended", async () => {
    let ended = 0;
    const endless = (): Response => {
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          controller.enqueue(new TextEncoder().encode(sse(CHAT_CHUNKS[1])));
        },
        cancel: () => {
          ended++;
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const at = ground(endless);
    const settled = (async () => {
      const unread = await at.guard(CHAT, chat(withUsage));
      const begun = await at.guard(CHAT, chat({ stream: true }));
      await begun.body?.getReader().read();
      expect(unread.bodyUsed).toBe(false);
    })().then(async () => at.guard.settled());
    await vi.waitFor(async () => {
      collectGarbage();
      await Promise.race([settled, Promise.reject(new Error("not yet"))]);
    }, 20_000);
    await settled;
    const held = at.events.filter((event) => event.kind === "held");
    expect(held).toHaveLength(2);
    expect(await at.usage()).toMatchObject({
      reserved: held.reduce((sum, { amount }) => sum + amount, 0n),
      spent: 0n,
    });
    expect(at.events.slice(2)).toMatchObject([
      { kind: "unknown", reason: "nobody reads the rest of the answer" },
      { kind: "unknown" },
    ]);
    expect(ended).toBe(2);
  });
});
