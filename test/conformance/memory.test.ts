import type { DispatchStore } from "dispatch-kit";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { cutOff } from "./makers.ts";

/** Cases that need a hook which a store in memory cannot offer. */
const skipped: readonly string[] = [];

const makeStore: MakeStore<DispatchStore> = Object.assign(
  (options: Parameters<MakeStore<DispatchStore>>[0]) => memoryStore(options),
  { peer: (store: DispatchStore) => store, cut: cutOff },
);

describe("memoryStore", () => {
  it.each(conformance(makeStore).map(({ name, run }) => [name, run] as const))("%s", async (name, run) => {
    expect((await run()).kind).toBe(skipped.includes(name) ? "skipped" : "passed");
  });
});
