import { type JournalEntry, microCents, type MicroCents, usd } from "dispatch-kit";
import { crossings, journalEntries } from "dispatch-kit/journal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capped, decision, micro, setUp } from "../stores/memory/support.ts";
import { histories, Life } from "./history.ts";
import { listOf } from "./stores.ts";

/** An entry that has moved one scope. */
function moving(before: bigint, after: bigint, cap: MicroCents | null): JournalEntry {
  return {
    ...{ place: 1, at: 0 as JournalEntry["at"], kind: "held", jobId: null, attempt: null, state: null },
    ...{
      closed: null,
      opened: null,
      lane: null,
      backend: null,
      until: null,
      digest: null,
      tags: {},
      by: null,
    },
    scopes: [{ scope: "m", cap, before: microCents(before), after: microCents(after) }],
    decision: null,
  };
}

const reached = (before: bigint, after: bigint, cap: MicroCents | null, thresholds = [0.5, 0.8, 1]) =>
  crossings(moving(before, after, cap), thresholds).map(({ threshold }) => threshold);

describe("crossings", () => {
  it.each<[string, bigint, bigint, bigint | null, readonly number[]]>([
    ["none below", 0n, 49n, 100n, []],
    ["one that is reached exactly", 49n, 50n, 100n, [0.5]],
    ["none of one that was reached before", 50n, 79n, 100n, []],
    ["all that one step passes", 0n, 100n, 100n, [0.5, 0.8, 1]],
    ["past the cap, once", 99n, 120n, 100n, [1]],
    ["none past the cap again", 120n, 130n, 100n, []],
    ["none on the way down", 90n, 10n, 100n, []],
    ["none without a cap", 0n, 100n, null, []],
    ["none of a cap of 0", 0n, 100n, 0n, []],
    ["none where nothing has moved", 80n, 80n, 100n, []],
  ])("%s", (_, before, after, cap, expected) => {
    expect(reached(before, after, cap === null ? null : micro(cap))).toEqual(expected);
  });

  it("a threshold is exact: where a float would say 0.29 * 100 = 28.999999999999996", () => {
    expect(0.29 * 100).toBeLessThan(29);
    expect(reached(28n, 29n, micro(100), [0.29])).toEqual([0.29]);
    // A third of a micro-cent above: the next one reaches it.
    expect(
      reached(
        0n,
        33n,
        micro(100),
        [1 / 3].map((third) => Number(third.toFixed(4))),
      ),
    ).toEqual([]);
    const big = micro(2n ** 62n - 1n);
    expect(crossings(moving(big - 1n, big, big), ["1"])).toHaveLength(1);
    expect(crossings(moving(0n, big - 1n, big), ["1", "0.999999999999999999"])).toHaveLength(1);
  });

  it("says the cap and what is committed, frozen, with money as dollars in JSON", () => {
    const found = crossings(moving(0n, usd("41"), usd("50")), ["0.8"]);
    expect(JSON.stringify(found)).toBe('[{"scope":"m","threshold":"0.8","cap":"50.00","committed":"41.00"}]');
    expect(Object.isFrozen(found) && Object.isFrozen(found[0])).toBe(true);
  });

  it.each([0, -0.5, "0.0", "x", NaN, ".8"])("refuses the threshold %s", (threshold) => {
    expect(() => crossings(moving(0n, 1n, null), [threshold])).toThrow(RangeError);
  });

  it("a cap that is lowered, raised or unpinned has crossed nothing", async () => {
    const { store } = setUp();
    await store.hold({ holdId: "h", amount: micro(40), scopes: capped(100, "m"), ttlSeconds: 60 });
    await store.pinCap("m", micro(50), decision());
    await store.raiseCap("m", { to: micro(90), until: new Date("2030-01-01") }, decision());
    await store.unpinCap("m", decision());
    const { entries } = await store.journal();
    expect(entries.map((entry) => crossings(entry, [0.3, 0.8]).length)).toEqual([1, 0, 0, 0]);
  });

  it("under one cap each way up over a threshold is in exactly one entry", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const life = new Life("memory");
        await life.live(history.filter(({ op }) => op !== "pin" && op !== "prune"));
        const line = 20n;
        const up = new Map<string, number>();
        const committed = new Map<string, bigint>();
        const seen = new Map<string, number>();
        for (const entry of await listOf(journalEntries(life.store))) {
          for (const { scope, after } of entry.scopes) {
            if ((committed.get(scope) ?? 0n) < line && after >= line) up.set(scope, (up.get(scope) ?? 0) + 1);
            committed.set(scope, after);
          }
          for (const { scope } of crossings(entry, [0.5])) seen.set(scope, (seen.get(scope) ?? 0) + 1);
        }
        expect([...seen].sort()).toEqual([...up].sort());
      }),
      { numRuns: 50 },
    );
  });
});
