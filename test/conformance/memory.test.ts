import type { DispatchStore } from "dispatch-kit";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { cutOff } from "./makers.ts";

/** Cases that need a hook which a store in memory cannot offer. */
const skipped: readonly string[] = [
  "claim: a queued paid job whose hold is not open is never claimed, and blocks no other",
  "within: what a caller's transaction did is undone with it, and calls in flight beside it stand",
];

const makeStore: MakeStore<DispatchStore> = Object.assign(
  (options: Parameters<MakeStore<DispatchStore>>[0]) => memoryStore(options),
  { peer: (store: DispatchStore) => store, cut: cutOff },
);

const cases = conformance(makeStore);

describe("memoryStore", () => {
  it("skips cases that there are", () => {
    expect(cases.map(({ name }) => name)).toEqual(expect.arrayContaining([...skipped]));
  });

  it.each(cases.map(({ name, run }) => [name, run] as const))("%s", async (name, run) => {
    expect((await run()).kind).toBe(skipped.includes(name) ? "skipped" : "passed");
  });
});
