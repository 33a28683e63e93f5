import type { DispatchStore, Lease } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { approved, capped, free, leaseOf, micro, newSchema, NO, paid, pool, YES } from "../memory/support.ts";

// PostgreSQL keeps the plans of a function for a connection, and may have made them while the tables were empty. Then a
// join is cheapest by reading a whole table, and stays so when the table has grown, until its statistics are renewed.

const schema = newSchema();
const client = new Client({ connectionString: inject("databaseUrl") });
const inside = postgresStore(pool(), { schema }).within(client);
const filled = postgresStore(pool(), { schema });

/** How many jobs there are in the end, each with a hold and a scope of its own. */
const JOBS = 2000;
/** The most rows that an operation about one thing may read. */
const FEW = 60;

beforeAll(async () => {
  await client.connect();
  await filled.migrate();
});
afterAll(() => client.end());

let made = 0;
const own = (number: number) => capped(1_000_000, `run:${String(number)}`, "month");

/** The rows that the statements of one transaction read, by an index or without one. */
async function rowsRead(run: () => Promise<unknown>): Promise<number> {
  const read = async (): Promise<number> => {
    const { rows } = await client.query<{ read: string }>(
      `SELECT sum(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0))::text AS read FROM pg_stat_xact_user_tables
        WHERE schemaname = $1`,
      [schema],
    );
    return Number(rows[0]?.read);
  };
  await client.query("BEGIN");
  // What was read before, and is not yet in the server's statistics, is counted too.
  const before = await read();
  await run();
  const after = await read();
  await client.query("COMMIT");
  return after - before;
}

/** Every operation about one hold or one job, in an order in which each has something to do. */
async function each(
  store: DispatchStore,
  run: (name: string, call: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const number = ++made;
  const [id, lane] = [`probe-${String(number)}`, `lane-${String(number)}`];
  const holdId = `hold-${String(number)}`;
  const claim = async (): Promise<Lease> => {
    const claimed = await store.claim([lane]);
    if (claimed === null) throw new Error("there is nothing to claim");
    return claimed.lease;
  };
  let lease: Lease | undefined;
  const held = (): Lease => lease ?? (undefined as never);
  await run("hold", () => store.hold({ holdId, amount: micro(2), scopes: own(number), ttlSeconds: 0.001 }));
  await run("hold, again", () =>
    store.hold({ holdId, amount: micro(2), scopes: own(number), ttlSeconds: 60 }),
  );
  await run("extend", () => store.extend(holdId, micro(1), 1));
  await run("getHold", () => store.getHold(holdId));
  await run("usage", () => store.usage(`run:${String(number)}`));
  await run("expire", () => store.expire());
  await run("settle", () => store.settle(holdId, micro(1)));
  await run("release", () => store.release(holdId));
  await run("submit", () => store.submit(approved(id, own(number), { lane })));
  await run("claim", async () => (lease = await claim()));
  await run("renew", () => store.renew(held()));
  await run("fail", () => store.fail(held(), "x", { retriable: true }));
  await run("fail, late", () => store.fail(held(), "x", { retriable: true, actual: micro(1) }));
  await run("claim, again", async () => (lease = await claim()));
  await run("complete", () => store.complete(held(), null));
  await run("complete, again", () => store.complete(held(), null));
  await run("submitMany", () =>
    store.submitMany([free(`${id}-1`, { lane }), approved(`${id}-2`, own(number), { lane })]),
  );
  let leases: readonly Lease[] = [];
  await run("claimMany", async () => {
    leases = (await store.claimMany([lane], 2)).map((claimed) => claimed.lease);
  });
  await run("completeMany", () => store.completeMany(leases.map((one) => ({ lease: one, result: null }))));
  for (const end of ["approve", "reject"]) {
    await run("submit, unapproved", () => store.submit(paid(`${id}-${end}`)));
    if (end === "approve") await run(end, () => store.approve(`${id}-${end}`, YES, { scopes: own(number) }));
    else await run(end, () => store.reject(`${id}-${end}`, NO));
  }
  await run("cancel", () => store.cancel(`${id}-approve`, NO));
  const decision = (name: string) => ({ id: `${id} ${name}`, approval: YES });
  await run("retry", () => store.retry(`${id}-approve`, { after: 0 }, decision("retry")));
  await run("correct", () => store.correct(holdId, micro(2), decision("correct")));
  await run("pinCap", () => store.pinCap(`run:${String(number)}`, micro(1_000_000), decision("pin")));
  await run("cap", () => store.cap(`run:${String(number)}`));
  await run("pauseLane", () => store.pauseLane(lane, decision("pause")));
  await run("claim from a paused lane", () => store.claim([lane]));
  await run("resumeLane", () => store.resumeLane(lane, decision("resume")));
  await run("prune", () => store.prune({ before: new Date(Date.now() + 60_000), limit: 1 }));
  await run("forget", () => store.forget({ before: new Date(Date.now() + 60_000), limit: 1 }));
  await run("recoverStale", () => store.recoverStale({ ttlSeconds: 0, limit: 2 }));
  await run("job", () => store.job(id));
  await run("jobs", () => store.jobs({ limit: 3 }));
  await run("jobs, of a state", () => store.jobs({ state: "rejected", limit: 3 }));
}

describe("postgresStore: plans that were made on small tables", () => {
  it("read few rows of large ones", async () => {
    // More often than the five times after which PostgreSQL may settle on a plan for all values.
    for (let times = 0; times < 7; times++) {
      await each(inside, async (_, call) => {
        await rowsRead(call);
      });
      await pool().query(
        `ANALYZE ${["jobs", "holds", "scopes", "ready", "leases", "ended", "decisions", "lanes"].map((t) => `${schema}.${t}`).join()}`,
      );
    }
    const jobs = Array.from({ length: JOBS }, (_, index) =>
      approved(`job-${String(index)}`, own(index + 100)),
    );
    for (let from = 0; from < JOBS; from += 500) await filled.submitMany(jobs.slice(from, from + 500));
    await filled.claimMany(["text"], JOBS / 2);
    const many: Record<string, number> = {};
    await each(inside, async (name, call) => {
      const read = await rowsRead(call);
      if (read > FEW) many[name] = read;
    });
    // It looks at every lease.
    const { recoverStale = 0, ...others } = many;
    expect(others).toEqual({});
    expect(recoverStale).toBeLessThan(3 * JOBS);
    // What a statement reads that goes through a table is seen.
    const all = `SELECT count(payload) FROM ${schema}.jobs`;
    expect(await rowsRead(() => client.query(all))).toBeGreaterThanOrEqual(JOBS);
    await leaseOf(filled);
  });
});
