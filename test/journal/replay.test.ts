import { type JournalEntry, microCents, type MicroCents, usd } from "dispatch-kit";
import { journalEntries, replay, type Replayed } from "dispatch-kit/journal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { approved, AT_ONCE, capped, decision, leaseOf, micro, setUp } from "../stores/memory/support.ts";
import { histories, Life, SCOPES } from "./history.ts";
import { listOf, STORES } from "./stores.ts";
import { Course, courses } from "./course.ts";

/** The most that a scope had committed. */
function mostOf(entries: readonly JournalEntry[], name: string): bigint {
  const all = entries.flatMap(({ scopes }) => scopes.filter(({ scope }) => scope === name));
  return all.reduce((most, { before, after }) => [most, before, after].reduce((a, b) => (a > b ? a : b)), 0n);
}

const sumsOf = ({ scopes }: Replayed) =>
  Object.fromEntries(scopes.map(({ scope, spent, committed, most }) => [scope, [spent, committed, most]]));

const everywhere = (cap: bigint): { readonly caps: Record<string, MicroCents> } => ({
  caps: { "*": microCents(cap) },
});

describe.each(Object.keys(STORES))("replay of a random history: %s", (name) => {
  it("under the real caps it refuses nothing, and its sums are those of the store", async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.boolean(), async (history, hasPins) => {
        const life = new Life(name);
        const rules = ["pin", "unpin", "raise"];
        await life.live(hasPins ? history : history.filter(({ op }) => !rules.includes(op)));
        const entries = await listOf(journalEntries(life.store));
        // Requests bring a cap of 40; a pinned and raised one is at most 60.
        const replayed = await replay(entries, everywhere(hasPins ? 60n : 40n));
        expect(replayed.refused).toEqual([]);
        const moved = SCOPES.filter((scope) =>
          entries.some(({ scopes }) => scopes.some((own) => own.scope === scope)),
        );
        const sums = await Promise.all(
          moved.map(async (scope) => {
            const { reserved, spent } = await life.store.usage(scope);
            return [scope, [spent, reserved + spent, mostOf(entries, scope)]] as const;
          }),
        );
        expect(sumsOf(replayed)).toEqual(Object.fromEntries(sums));
      }),
      { numRuns: 100 },
    );
  });

  it("begun at any later place, what is committed at the end is the same", async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(40), async (history, from) => {
        const life = new Life(name);
        await life.live(history);
        const entries = (await listOf(journalEntries(life.store))).slice(from);
        const { refused, scopes } = await replay(entries, { caps: {} });
        expect(refused).toEqual([]);
        for (const { scope, committed, cap } of scopes) {
          const { reserved, spent } = await life.store.usage(scope);
          expect([scope, committed, cap]).toEqual([scope, reserved + spent, null]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("under lower caps it answers what a store with these caps has done", async () => {
    await fc.assert(
      fc.asyncProperty(courses, fc.integer({ min: 0, max: 40 }), async (course, cap) => {
        const rich = new Course(name, 1_000_000);
        const poor = new Course(name, cap);
        await rich.take(course);
        await poor.take(course);
        expect(rich.refused).toEqual([]);
        const replayed = await replay(journalEntries(rich.store), everywhere(BigInt(cap)));
        expect(replayed.refused.map(({ holdId, jobId }) => jobId ?? holdId)).toEqual(poor.refused);
        const entries = await listOf(journalEntries(poor.store));
        for (const { scope, spent, committed, most } of replayed.scopes) {
          const usage = await poor.store.usage(scope);
          const expected = [scope, usage.spent, usage.reserved + usage.spent, mostOf(entries, scope)];
          expect([scope, spent, committed, most]).toEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("replay", () => {
  it("says which holds, when, and what they lacked", async () => {
    const { store, clock } = setUp();
    for (const holdId of ["a", "b", "c"]) {
      clock.now += 10;
      await store.hold({ holdId, amount: usd("30"), scopes: capped(usd("100"), "m", "n"), ttlSeconds: 60 });
      await store.settle(holdId, usd("20"));
    }
    const { refused, scopes } = await replay(journalEntries(store), {
      caps: { m: usd("50"), other: usd("0") },
    });
    expect(refused).toEqual([
      {
        ...{ place: 5, at: clock.now, holdId: "c", jobId: null, amount: usd("30") },
        lacking: [{ scope: "m", by: usd("20") }],
      },
    ]);
    const committed = usd("40");
    const most = usd("50");
    expect(scopes).toEqual([
      { scope: "m", cap: usd("50"), spent: committed, committed, most },
      { scope: "n", cap: null, spent: committed, committed, most },
    ]);
    expect(JSON.stringify(scopes[0])).toBe(
      '{"scope":"m","cap":"50.00","spent":"40.00","committed":"40.00","most":"50.00"}',
    );
  });

  it("a scope's own name counts before the longest beginning", async () => {
    const { store } = setUp();
    for (const scope of ["day:1", "day:2", "day:20", "run:1"]) {
      await store.hold({ holdId: scope, amount: micro(5), scopes: capped(9, scope), ttlSeconds: 60 });
    }
    const caps = { "*": micro(9), "day:*": micro(1), "day:2*": micro(2), "day:2": micro(7) };
    const { scopes, refused } = await replay(journalEntries(store), { caps });
    expect(scopes.map(({ cap }) => cap)).toEqual([1n, 7n, 2n, 9n]);
    expect(refused.map(({ holdId }) => holdId)).toEqual(["day:1", "day:20"]);
  });

  it("a job that is refused at its retry keeps what its first attempt has cost, and does not run again", async () => {
    const { store } = setUp();
    await store.submit(approved("1", capped(100, "m")));
    await store.fail(await leaseOf(store), "x", { retriable: true, actual: micro(4) });
    await store.recoverStale(AT_ONCE);
    await store.complete(await leaseOf(store), 1, { actual: micro(9) });
    await store.correct("job:1#1", micro(3), decision());
    const { refused, scopes } = await replay(journalEntries(store), { caps: { m: micro(13) } });
    expect(refused.map(({ holdId }) => holdId)).toEqual(["job:1#2"]);
    expect(scopes[0]).toMatchObject({ spent: 3n, committed: 3n, most: 10n });
  });

  it("work whose extension is refused costs at most what it held", async () => {
    const { store } = setUp();
    await store.hold({ holdId: "h", amount: micro(5), scopes: capped(100, "m"), ttlSeconds: 60 });
    await store.extend("h", micro(6), 1);
    await store.extend("h", micro(1), 2);
    await store.settle("h", micro(11));
    const { refused, scopes } = await replay(journalEntries(store), { caps: { m: micro(10) } });
    expect(refused.map(({ holdId, amount }) => [holdId, amount])).toEqual([["h", 6n]]);
    expect(scopes[0]).toMatchObject({ spent: 5n, most: 5n });
  });

  it("an id that was forgotten is a new one", async () => {
    const { store, clock } = setUp();
    for (let time = 0; time < 2; time++) {
      await store.hold({ holdId: "h", amount: micro(6 - 4 * time), scopes: capped(9, "m"), ttlSeconds: 60 });
      await store.release("h");
      clock.now += 1;
      await store.forget({ before: clock() });
    }
    const { refused, scopes } = await replay(journalEntries(store), { caps: { m: micro(5) } });
    expect(refused.map(({ place }) => place)).toEqual([1]);
    expect(scopes[0]).toMatchObject({ spent: 0n, most: 2n });
  });

  it.each<[string, unknown]>([
    ["a number", { caps: { m: 5 } }],
    ["dollars below 0", { caps: { m: -1n } }],
    ["a cap that is undefined", { caps: { m: undefined } }],
    ["a Map", { caps: new Map() }],
    ["no caps", {}],
  ])("refuses %s", async (_, options) => {
    await expect(replay([], options as Parameters<typeof replay>[1])).rejects.toThrow(/^replay: options/);
  });
});
