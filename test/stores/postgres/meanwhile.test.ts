import { postgresStore } from "dispatch-kit/postgres";
import { Client, Pool, type PoolClient } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { capped, counters, free, micro, newSchema, NO, paid, pool, YES } from "../memory/support.ts";
import { unlike } from "./mirror.ts";

// What is made while an operation waits for its locks is seen afterwards, and was not locked.

const schema = newSchema();
const own = new Pool({ connectionString: inject("databaseUrl"), max: 6 });
own.on("error", () => undefined);
const store = postgresStore(own, { schema });
const other = postgresStore(pool(), { schema });

beforeAll(() => store.migrate());
afterAll(() => own.end());

/** A transaction of somebody who has locked some rows. */
async function locking(sql: string): Promise<PoolClient> {
  const client = await pool().connect();
  await client.query("BEGIN");
  await client.query(sql);
  return client;
}

async function end(client: PoolClient): Promise<void> {
  await client.query("COMMIT");
  client.release();
}

/** Until so many connections wait for a lock in this database. */
async function untilWaiting(count: number): Promise<void> {
  for (;;) {
    const { rows } = await pool().query("SELECT DISTINCT pid FROM pg_locks WHERE NOT granted");
    if (rows.length >= count) return;
  }
}

describe("a job that is submitted while a decision about it waits", () => {
  it("is not approved over its rejection", async () => {
    const scopes = capped(100, "approved");
    await other.hold({ holdId: "x", amount: micro(0), scopes, ttlSeconds: 600 });
    const holder = await locking(`SELECT 1 FROM ${schema}.scopes WHERE scope = 'approved' FOR UPDATE`);
    const approved = store.approve("j", YES, { scopes });
    await untilWaiting(1);
    await other.submit(paid("j"));
    const person = await pool().connect();
    await person.query("BEGIN");
    expect(await other.within(person).reject("j", NO)).toEqual({ kind: "rejected" });
    await end(holder);
    await untilWaiting(1);
    await end(person);
    expect(await approved).toMatchObject({ kind: "not_waiting", state: "rejected" });
    expect((await other.job("j"))?.state).toBe("rejected");
    expect(await unlike(pool(), schema)).toEqual([]);
  });

  it("is not rejected over its approval, and its money is not lost", async () => {
    await other.submit(paid("k"));
    const holder = await locking(`SELECT 1 FROM ${schema}.jobs WHERE job_id = 'k' FOR UPDATE`);
    const rejected = [store.reject("k", NO), store.reject("n", NO)];
    await untilWaiting(1);
    await other.submit(paid("n"));
    const person = await pool().connect();
    await person.query("BEGIN");
    const scopes = capped(100, "rejected");
    expect(await other.within(person).approve("n", YES, { scopes })).toEqual({ kind: "queued" });
    await end(holder);
    await untilWaiting(1);
    await end(person);
    expect(await Promise.all(rejected)).toMatchObject([
      { kind: "rejected" },
      { kind: "not_waiting", state: "queued" },
    ]);
    expect(await counters(other, "rejected")).toEqual([10n, 0n]);
    expect(await unlike(pool(), schema)).toEqual([]);
  });

  it("is approved in the scopes of its submission", async () => {
    const scopes = capped(100, "asked");
    await other.submit(paid("p", { scopes }));
    await other.hold({ holdId: "y", amount: micro(0), scopes, ttlSeconds: 600 });
    const holder = await locking(`SELECT 1 FROM ${schema}.scopes WHERE scope = 'asked' FOR UPDATE`);
    const approved = [store.approve("p", YES), store.approve("m", YES)];
    await untilWaiting(1);
    await other.submit(paid("m", { scopes: capped(100, "asked later") }));
    await end(holder);
    expect(await Promise.all(approved)).toEqual([{ kind: "queued" }, { kind: "queued" }]);
    expect(await counters(other, "asked later")).toEqual([10n, 0n]);
  });
});

describe("a hold that is made while its settlement waits", () => {
  it("is settled in its own scopes", async () => {
    const known = capped(100, "known");
    await other.hold({ holdId: "known", amount: micro(10), scopes: known, ttlSeconds: 600 });
    const holder = await locking(`SELECT 1 FROM ${schema}.scopes WHERE scope = 'known' FOR UPDATE`);
    const settled = [store.settle("known", micro(1)), store.settle("new", micro(2))];
    await untilWaiting(1);
    await other.hold({ holdId: "new", amount: micro(10), scopes: capped(100, "new"), ttlSeconds: 600 });
    await end(holder);
    expect(await Promise.all(settled)).toMatchObject([{ kind: "settled" }, { kind: "settled" }]);
    expect(await counters(other, "new")).toEqual([0n, 2n]);
  });
});

describe("the same jobs, submitted by several processes in other orders", () => {
  it("are submitted once each, without an error", async () => {
    const clients = Array.from({ length: 6 }, () => new Client({ connectionString: inject("databaseUrl") }));
    await Promise.all(clients.map((client) => client.connect()));
    const jobs = Array.from({ length: 200 }, (_, index) => free(`cron-${String(index)}`, { lane: "cron" }));
    const answers = await Promise.all(
      clients.map((client, index) => {
        const order = index % 2 === 0 ? jobs : [...jobs].reverse();
        const from = index * 37;
        return postgresStore(client, { schema }).submitMany([...order.slice(from), ...order.slice(0, from)]);
      }),
    );
    const queued = answers.flat().filter(({ kind }) => kind === "queued");
    expect(queued).toHaveLength(jobs.length);
    await Promise.all(clients.map((client) => client.end()));
  });

  it("are listed and claimed in the order of the submission that came first", async () => {
    const ids = ["z", "a", "m"].map((id) => `order-${id}`);
    await other.submitMany(ids.map((id) => free(id, { lane: "order" })));
    expect((await other.jobs({ lane: "order" })).map(({ jobId }) => jobId)).toEqual(ids);
    expect((await other.claimMany(["order"], 3)).map(({ lease }) => lease.jobId)).toEqual(ids);
  });
});
