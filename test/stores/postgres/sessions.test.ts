import { postgresStore, type PostgresStore } from "dispatch-kit/postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { approved, AT_ONCE, claim, counters, leaseOf, micro, newSchema, RUN } from "../memory/support.ts";

const schema = newSchema();
const clients: Client[] = [];

/** A store on a connection whose session is set as some people set theirs. */
async function inSession(settings: Readonly<Record<string, string>>): Promise<PostgresStore> {
  const options = Object.entries(settings).map(
    ([name, value]) => `-c ${name}=${value.replaceAll(" ", "\\ ")}`,
  );
  const client = new Client({ connectionString: inject("databaseUrl"), options: options.join(" ") });
  clients.push(client);
  await client.connect();
  return postgresStore(client, { schema });
}

beforeAll(async () => {
  await (await inSession({})).migrate();
});
afterAll(() => Promise.all(clients.map((client) => client.end())));

describe("a caller's session", () => {
  it.each(["repeatable read", "serializable"])("at %s decides nothing, and says why", async (level) => {
    const store = await inSession({ default_transaction_isolation: level });
    await expect(store.submit(approved("isolated"))).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining(`must be READ COMMITTED, it is ${level}`) as string,
    });
    await expect(
      store.hold({ holdId: "h", amount: micro(1), scopes: [{ scope: RUN, cap: micro(9) }], ttlSeconds: 1 }),
    ).rejects.toMatchObject({ code: "store_failed" });
    expect(await (await inSession({})).job("isolated")).toBeNull();
  });

  it("that only reads is refused", async () => {
    const store = await inSession({ default_transaction_read_only: "on" });
    await expect(store.submit(approved("read"))).rejects.toMatchObject({ code: "store_failed" });
  });

  it("that waits too long for a lock has done nothing, and knows it", async () => {
    const holder = clients[0];
    const store = await inSession({ statement_timeout: "200" });
    await store.submit(approved("late"));
    const lease = await leaseOf(store);
    await holder?.query("BEGIN");
    await holder?.query(`SELECT 1 FROM ${schema}.scopes FOR UPDATE`);
    await expect(store.complete(lease, null)).rejects.toMatchObject({
      code: "store_failed",
      cause: { code: "57014" },
    });
    await holder?.query("ROLLBACK");
    expect(await store.complete(lease, null, { actual: micro(4) })).toMatchObject({
      kind: "completed",
      booked: 4n,
    });
  });

  it.each([
    ["off", "on"],
    ["local", "on"],
    ["remote_write", "on"],
    ["on", "on"],
    ["remote_apply", "remote_apply"],
  ])("whose synchronous_commit is %s commits with %s", async (asked, kept) => {
    const store = await inSession({ synchronous_commit: asked });
    const client = clients.at(-1);
    if (client === undefined) throw new Error("inSession adds its client");
    await client.query("BEGIN");
    await store.within(client).usage(RUN);
    const { rows } = await client.query("SHOW synchronous_commit");
    await client.query("COMMIT");
    expect(rows).toEqual([{ synchronous_commit: kept }]);
  });

  it.each([
    { search_path: "hostile,pg_catalog" },
    { extra_float_digits: "-15" },
    { synchronous_commit: "off" },
    { "plpgsql.extra_errors": "all", row_security: "off" },
    { plan_cache_mode: "force_generic_plan", enable_indexscan: "off", enable_nestloop: "off" },
  ])("of %o changes no answer", async (settings) => {
    const plain = await inSession({});
    await clients.at(-1)?.query(`
      CREATE SCHEMA IF NOT EXISTS hostile;
      CREATE OR REPLACE FUNCTION hostile.cardinality(anyarray) RETURNS int LANGUAGE sql AS 'SELECT 7';`);
    const store = await inSession(settings);
    const [id, before] = [JSON.stringify(settings), await counters(plain, RUN)];
    await store.submit(approved(id));
    const { lease } = await claim(store);
    expect(lease).toMatchObject({ jobId: id, attempts: 1 });
    expect(Math.abs(Date.now() / 1000 - lease.leasedAt)).toBeLessThan(60);
    expect(await store.recoverStale(AT_ONCE)).toMatchObject({ attempts: [{ jobId: id, charged: 10n }] });
    expect(await store.complete(lease, null, { actual: micro(1) })).toEqual({
      kind: "stale",
      corrected: true,
    });
    expect(await store.complete(await leaseOf(store), null)).toMatchObject({
      kind: "completed",
      booked: 10n,
    });
    const [reserved, spent] = await counters(plain, RUN);
    expect([reserved - before[0], spent - before[1]]).toEqual([0n, 11n]);
  });
});
