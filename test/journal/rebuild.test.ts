import type { JournalEntry } from "dispatch-kit";
import { JOURNAL_KINDS } from "../../src/dispatch/journal.ts";
import { journalEntries, rebuild, type Rebuilt } from "dispatch-kit/journal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { histories, HOLDS, JOBS, LANES, Life, SCOPES } from "./history.ts";
import { listOf, STORES } from "./stores.ts";

async function allOf(life: Life): Promise<readonly JournalEntry[]> {
  return listOf(journalEntries(life.store));
}

/** What a store's tables say. */
async function tablesOf({ store }: Life, { jobs }: Rebuilt): Promise<unknown> {
  const usages = await Promise.all(SCOPES.map((scope) => store.usage(scope)));
  const caps = await Promise.all(SCOPES.map((scope) => store.cap(scope)));
  const ids = [
    ...HOLDS,
    ...JOBS.flatMap((id) => Array.from({ length: 30 }, (_, n) => `job:${id}#${String(n + 1)}`)),
  ];
  const holds = await Promise.all(ids.map((id) => store.getHold(id)));
  const shown = await Promise.all(JOBS.map((id) => store.job(id)));
  const lanes = await store.lanes();
  return {
    scopes: usages.map(({ reserved, spent }) => [reserved, spent]),
    holds: holds.flatMap((hold) => (hold ? [[hold.holdId, hold.amount, hold.booked, hold.state]] : [])),
    caps,
    lanes: LANES.filter((name) => lanes.some(({ lane, paused }) => lane === name && paused)),
    // A pruned job is not shown, and the journal still knows it.
    jobs: shown.map((job, index) => (job ? [job.state, job.attempts] : jobs.has(JOBS[index] ?? ""))),
  };
}

/** The same of what the journal says. */
async function toldOf({ store, clock }: Life, rebuilt: Rebuilt): Promise<unknown> {
  const { scopes, holds, caps, pausedLanes, jobs } = rebuilt;
  const ids = [
    ...HOLDS,
    ...JOBS.flatMap((id) => Array.from({ length: 30 }, (_, n) => `job:${id}#${String(n + 1)}`)),
  ];
  return {
    scopes: SCOPES.map((scope) => {
      const { reserved, spent } = scopes.get(scope) ?? { reserved: 0n, spent: 0n };
      return [reserved, spent];
    }),
    holds: ids.flatMap((id) => {
      const hold = holds.get(id);
      return hold ? [[id, hold.held, hold.booked, hold.state]] : [];
    }),
    caps: SCOPES.map((scope) => {
      const { pinned, raise } = caps.get(scope) ?? { pinned: null, raise: null };
      if (pinned === null) return null;
      const isRaised = raise !== null && clock.now < raise.until;
      return { pinned, cap: isRaised ? raise.to : pinned, until: isRaised ? raise.until : null };
    }),
    lanes: LANES.filter((name) => pausedLanes.has(name)),
    jobs: await Promise.all(
      JOBS.map(async (id) => {
        const job = jobs.get(id);
        const isShown = (await store.job(id)) !== null;
        return job && isShown ? [job.state, job.attempts] : job !== undefined;
      }),
    ),
  };
}

describe.each(Object.keys(STORES))("the journal of a random history: %s", (name) => {
  it("rebuild: equals the tables, and audit finds nothing", { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const life = new Life(name);
        await life.live(history);
        const entries = await allOf(life);
        const rebuilt = await rebuild(entries);
        expect(await toldOf(life, rebuilt)).toEqual(await tablesOf(life, rebuilt));
        expect(await life.store.audit()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("places rise, and before and after chain in each scope without a break", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const life = new Life(name);
        await life.live(history);
        const committed = new Map<string, bigint>();
        let place = 0;
        for (const entry of await allOf(life)) {
          expect(entry.place).toBeGreaterThan(place);
          place = entry.place;
          for (const { scope, before, after } of entry.scopes) {
            expect([entry.place, scope, before]).toEqual([entry.place, scope, committed.get(scope) ?? 0n]);
            committed.set(scope, after);
          }
        }
        for (const scope of SCOPES) {
          const { reserved, spent } = await life.store.usage(scope);
          expect(committed.get(scope) ?? 0n).toBe(reserved + spent);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("paging by any limit, with any filter, gives what one read gives", async () => {
    const filters = fc.record({
      kinds: fc.option(fc.subarray([...JOURNAL_KINDS]), { nil: undefined }),
      scope: fc.option(fc.constantFrom(...SCOPES), { nil: undefined }),
      jobId: fc.option(fc.constantFrom(...JOBS), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        histories,
        filters,
        fc.constantFrom(1, 2, 3, 7, 100),
        async (history, filter, limit) => {
          const life = new Life(name);
          await life.live(history);
          const { kinds, scope, jobId } = filter;
          const wanted = (await allOf(life)).filter(
            (entry) =>
              (kinds?.includes(entry.kind) ?? true) &&
              (scope === undefined || entry.scopes.some((own) => own.scope === scope)) &&
              (jobId === undefined || entry.jobId === jobId),
          );
          const paged = await listOf(journalEntries(life.store, { ...filter, limit }));
          expect(paged).toEqual(wanted);
          const { entries, more } = await life.store.journal({ ...filter, limit: 1000 });
          expect([entries, more]).toEqual([wanted, false]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

it("the random histories reach every kind of entry that a store makes", async () => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const life = new Life("memory");
      await life.live(history);
      for (const { kind } of await allOf(life)) kinds.add(kind);
    }),
    // The same ones each time: the rarest kind is in one of 50.
    { numRuns: 300, seed: 1 },
  );
  const notYet: readonly string[] = ["voted", "carried_in"];
  expect([...kinds].sort()).toEqual(JOURNAL_KINDS.filter((kind) => !notYet.includes(kind)).sort());
});
