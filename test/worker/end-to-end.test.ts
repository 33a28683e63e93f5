import { memoryStore } from "dispatch-kit/memory";
import { work } from "dispatch-kit/worker";
import { describe, expect, it } from "vitest";
import { free } from "../stores/memory/support.ts";

const NOBODY = { completed: 0, requeued: 0, failed: 0, waiting: 0, given_back: 0, stale: 0 };

describe("work: end to end", () => {
  it("runs what is submitted before and meanwhile, and ends when it is told to", async () => {
    const store = memoryStore();
    await store.submitMany(["a", "b", "c"].map((id) => free(id)));
    const stop = new AbortController();
    const seen: unknown[] = [];
    const summary = await work(
      store,
      async (payload) => {
        seen.push(payload);
        if (payload === "a") await store.submit(free("d"));
        if (payload === "d") stop.abort();
      },
      { lanes: ["text"], signal: stop.signal },
    );
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(summary).toEqual({ ...NOBODY, completed: 4 });
  });
});
