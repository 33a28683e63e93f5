import { setTimeout } from "node:timers/promises";
import type { DispatchStore } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { capped, micro, newSchema, pool } from "../memory/support.ts";
import { allEntries } from "./replay.ts";

// A reader that keeps its cursor misses no entry and sees none twice, whatever is committed when.

const schema = newSchema();
const own = new Client({ connectionString: inject("databaseUrl") });
const store = postgresStore(pool(), { schema });
/** A handle that knows nothing yet. */
const fresh = (): DispatchStore => postgresStore(pool(), { schema });

let made = 0;
const hold = (on: DispatchStore, scope: string): Promise<unknown> =>
  on.hold({ holdId: `h-${String(++made)}`, amount: micro(1), scopes: capped(1e9, scope), ttlSeconds: 600 });
const holdIds = async (on: DispatchStore): Promise<readonly (string | undefined)[]> =>
  (await allEntries(on)).map(({ opened }) => opened?.holdId);

beforeAll(async () => {
  await own.connect();
  await store.migrate();
});
afterAll(() => own.end());

/** The places of every entry in the table. */
async function places(): Promise<readonly number[]> {
  const { rows } = await pool().query<{ place: string }>(
    `SELECT (place + n)::text AS place FROM ${schema}.journal,
        generate_series(0, json_array_length(body::json -> 'entries') - 1) AS n ORDER BY place + n`,
  );
  return rows.map(({ place }) => Number(place));
}

describe("postgresStore.journal", () => {
  it("shows nothing behind a place that an open transaction may have taken, and everything once that is over", async () => {
    await hold(store, "before");
    expect(await holdIds(store)).toEqual(["h-1"]);
    await own.query("BEGIN");
    await hold(store.within(own), "open");
    await hold(store, "later");
    const seen = fresh();
    const { entries, more, heldBackSince, cursor } = await seen.journal();
    expect(entries).toEqual([]);
    expect([more, cursor]).toEqual([false, 0]);
    expect(heldBackSince).toBeGreaterThan(Date.now() / 1000 - 60);
    // Since then, however often it is asked.
    expect((await seen.journal()).heldBackSince).toBe(heldBackSince);
    // A handle that knew before what was over shows that.
    expect(await store.journal()).toMatchObject({ entries: [{ opened: { holdId: "h-1" } }] });
    await own.query("COMMIT");
    expect(await holdIds(seen)).toEqual(["h-1", "h-2", "h-3"]);
  });

  it("goes past what was rolled back", async () => {
    await own.query("BEGIN");
    await hold(store.within(own), "undone");
    await hold(store, "stays");
    expect((await fresh().journal()).heldBackSince).not.toBeNull();
    await own.query("ROLLBACK");
    expect((await holdIds(fresh())).slice(-2)).toEqual(["h-3", "h-5"]);
  });

  it("is not held back by a transaction that has taken no id, nor by one that began after the number was noted", async () => {
    await own.query("BEGIN");
    await own.query(`SELECT count(*) FROM ${schema}.journal`);
    expect(await holdIds(fresh())).toHaveLength((await places()).length);
    const noted = fresh();
    const known = await allEntries(noted);
    await hold(store.within(own), "open again");
    expect((await noted.journal({ limit: 100 })).entries).toEqual(known);
    await own.query("ROLLBACK");
  });

  it("within a transaction shows what was safe before it, and nothing of its own", async () => {
    const before = await holdIds(store);
    await own.query("BEGIN");
    const inside = store.within(own);
    await hold(inside, "inside");
    const { entries } = await inside.journal({ limit: 100 });
    await own.query("ROLLBACK");
    expect(entries.map(({ opened }) => opened?.holdId)).toEqual(before);
  });

  it("begins anew when the schema was made anew", async () => {
    const other = newSchema();
    const lasting = postgresStore(pool(), { schema: other });
    for (const holds of [3, 1]) {
      await lasting.migrate();
      for (let count = 0; count < holds; count++) await hold(lasting, "s");
      expect(await allEntries(lasting)).toHaveLength(holds);
      await pool().query(`DROP SCHEMA ${other} CASCADE`);
    }
  });

  it("holds nothing back from a sum: spend adds up what is committed, beside an open transaction too", async () => {
    const window = { from: new Date(0), to: new Date("2100-01-01") };
    const spent = async (on: DispatchStore): Promise<unknown> => (await on.spend(window))[0]?.booked ?? 0n;
    const before = await spent(store);
    await own.query("BEGIN");
    await hold(store.within(own), "not committed");
    await store.hold({ holdId: "sum", amount: micro(5), scopes: capped(1e9, "sum"), ttlSeconds: 600 });
    await store.settle("sum", micro(3));
    expect((await fresh().journal()).heldBackSince).not.toBeNull();
    expect(await spent(fresh())).toBe(micro(BigInt(String(before)) + 3n));
    await own.query("ROLLBACK");
  });
});

it("postgresStore.journal: 12 writers and a transaction that stays open: no entry is missed, none comes twice", async () => {
  const connections = new Pool({ connectionString: inject("databaseUrl"), max: 12 });
  const reader = fresh();
  const seen: number[] = [];
  let cursor = 0;
  let heldBack = 0;
  const read = async (): Promise<boolean> => {
    const page = await reader.journal({ after: cursor, limit: 50 });
    cursor = page.cursor;
    seen.push(...page.entries.map(({ place }) => place));
    if (page.heldBackSince !== null) heldBack++;
    return page.more || page.heldBackSince !== null;
  };
  let isWriting = true;
  const reading = (async () => {
    do await read();
    while (isWriting as boolean);
  })();
  const writing = Array.from({ length: 12 }, async (_, writer) => {
    const writes = postgresStore(connections, { schema });
    for (let round = 0; round < 25; round++) {
      const scope = `w-${String((writer + round) % 5)}`;
      await Promise.all(Array.from({ length: 1 + ((writer + round) % 3) }, () => hold(writes, scope)));
    }
  });
  await own.query("BEGIN");
  await hold(store.within(own), "stays open");
  const shown = cursor;
  while ((await reader.journal({ after: shown })).heldBackSince === null) await hold(store, "beside");
  await setTimeout(100);
  const during = seen.length;
  await own.query("COMMIT");
  await Promise.all(writing);
  isWriting = false;
  await reading;
  while (await read());
  const all = await places();
  expect(seen).toEqual(all);
  expect(heldBack).toBeGreaterThan(0);
  expect(during).toBeLessThan(all.length);
  await connections.end();
}, 60_000);

it("postgresStore.journal: entries of more calls than a row takes are split, each after what came before it", async () => {
  const { rows } = await pool().query<{ first: string; second: string }>(
    `SELECT (SELECT ${schema}.keep_entries(
        ROW(ARRAY['s'], ARRAY[0], ARRAY[0], NULL, NULL, ARRAY[5])::${schema}.counters,
        ARRAY(SELECT '{"kind":"held","opened":["split-' || n || '","2"],"moved":"2","scopes":[["s",null]]}'
          FROM generate_series(1, 10002) AS n), 0
      )) IS NULL, NULL`,
  );
  expect(rows).toHaveLength(1);
  const last = await pool().query<{ body: string; place: string }>(
    `SELECT body, place FROM ${schema}.journal ORDER BY place DESC LIMIT 1`,
  );
  const { before, entries } = JSON.parse(last.rows[0]?.body ?? "") as { before: object; entries: unknown[] };
  expect(before).toEqual({ s: "20005" });
  expect(entries).toHaveLength(2);
  const reader = fresh();
  await allEntries(reader, 10_000);
  const page = await reader.journal({ after: Number(last.rows[0]?.place) - 3, limit: 10 });
  expect(page.entries.map(({ scopes }) => scopes[0]?.after)).toEqual([20003n, 20005n, 20007n, 20009n]);
});
