import type { DispatchStore } from "dispatch-kit";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { cutOff } from "./makers.ts";

/** Cases that need a hook that a store in memory cannot have. */
const skipped: readonly string[] = [
  "journal: what is rolled back leaves no entry",
  "claim: a queued paid job whose hold is not open is never claimed, and blocks no other job",
  "within: a decision that is rolled back is not remembered",
  "within: a roll-back undoes the calls in the caller's transaction, and keeps concurrent calls outside of it",
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

  it("has another id for each store", async () => {
    const ids = await Promise.all([memoryStore(), memoryStore()].map((store) => store.id()));
    expect(new Set(ids).size).toBe(2);
  });

  it.each(cases.map(({ name, run }) => [name, run] as const))("%s", async (name, run) => {
    expect((await run()).kind).toBe(skipped.includes(name) ? "skipped" : "passed");
  });
});
