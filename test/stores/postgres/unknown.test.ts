import { type DispatchStore, isDispatchError } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { approved, capped, counters, free, leaseOf, micro, newSchema, pool, YES } from "../memory/support.ts";

// What cannot be read admits nothing: rows that a policy hides, and rows that another deletes meanwhile.

const schema = newSchema();
const role = `${schema}_worker`;
const admin = postgresStore(pool(), { schema });
let worker: Pool;

beforeAll(async () => {
  await admin.migrate();
  await pool().query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'worker';
    GRANT USAGE ON SCHEMA ${schema} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};`);
  const url = new URL(inject("databaseUrl"));
  [url.username, url.password] = [role, "worker"];
  worker = new Pool({ connectionString: url.href, max: 4 });
  // Dropped connections at the end of the server are no matter here.
  worker.on("error", () => undefined);
});
afterAll(async () => {
  await worker.end();
  await pool().query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${role}`);
});

describe("row security", () => {
  const tables = ["scopes", "holds", "jobs", "ready", "leases", "ended", "decisions", "lanes", "store"];
  const store = (): DispatchStore => postgresStore(worker, { schema });
  let made = 0;

  beforeEach(async () => {
    for (const table of tables)
      await pool().query(`ALTER TABLE ${schema}.${table} DISABLE ROW LEVEL SECURITY`);
  });

  it("does not stop a role to which no policy applies", async () => {
    const held = await store().hold({ holdId: "seen", amount: micro(1), scopes: capped(9), ttlSeconds: 60 });
    expect(held.kind).toBe("held");
  });

  it.each(tables)("on %s admits nothing, and every operation says why", async (table) => {
    const scope = `tenant:b:${String(++made)}`;
    const id = String(made);
    await admin.pinCap(scope, micro(2), { id, approval: YES });
    await admin.submit(approved(`before ${id}`, capped(100, `run:${id}`)));
    const lease = await leaseOf(admin);
    await pool().query(`
      DROP POLICY IF EXISTS tenant ON ${schema}.${table};
      CREATE POLICY tenant ON ${schema}.${table} TO ${role} USING (false) WITH CHECK (true);
      ALTER TABLE ${schema}.${table} ENABLE ROW LEVEL SECURITY;`);
    const decision = { id: `d${id}`, approval: YES };
    const request = { amount: micro(1), scopes: [{ scope, cap: micro(2) }], ttlSeconds: 60 };
    const calls: readonly ((store: DispatchStore) => Promise<unknown>)[] = [
      (on) => on.hold({ holdId: `h${id}`, ...request }),
      (on) => on.settle("seen", micro(1)),
      (on) => on.release("seen"),
      (on) => on.extend("seen", micro(1), 1),
      (on) => on.expire(),
      (on) => on.usage(scope),
      (on) => on.getHold("seen"),
      (on) => on.correct("seen", micro(1), decision),
      (on) => on.pinCap(scope, micro(1), decision),
      (on) => on.raiseCap(scope, { to: micro(9), until: new Date(Date.now() + 60_000) }, decision),
      (on) => on.unpinCap(scope, decision),
      (on) => on.cap(scope),
      (on) => on.submit(approved(`j${id}`, [{ scope, cap: micro(2) }], { maxCost: micro(50) })),
      (on) => on.submitMany([free(`f${id}`), free(`g${id}`)]),
      (on) => on.approve(`before ${id}`, YES),
      (on) => on.reject(`before ${id}`, { author: "a", reason: "r" }),
      (on) => on.cancel(`before ${id}`, { author: "a", reason: "r" }),
      (on) => on.retry(`before ${id}`, { after: 0 }, decision),
      (on) => on.pauseLane("text", decision),
      (on) => on.lanes(),
      (on) => on.claim(["text"]),
      (on) => on.renew(lease),
      (on) => on.fail(lease, "x", { retriable: true }),
      (on) => on.complete(lease, null),
      (on) => on.recoverStale({ ttlSeconds: 0 }),
      (on) => on.job(`before ${id}`),
      (on) => on.jobs(),
      (on) => on.prune({ before: new Date() }),
      (on) => on.forget({ before: new Date() }),
      (on) => on.id(),
    ];
    for (const call of calls) {
      const error: unknown = await call(store()).catch((thrown: unknown) => thrown);
      expect([String(call), isDispatchError(error, "store_failed"), String(error)]).toEqual([
        String(call),
        true,
        expect.stringContaining("policies of row security hide rows of the schema"),
      ]);
    }
    expect(await counters(admin, scope)).toEqual([0n, 0n]);
    expect((await admin.complete(lease, null)).kind).toBe("completed");
  });

  it("that its owner bypasses changes nothing for the owner", async () => {
    await pool().query(`ALTER TABLE ${schema}.scopes ENABLE ROW LEVEL SECURITY`);
    const held = await admin.hold({
      holdId: "own",
      amount: micro(1),
      scopes: capped(9, "own"),
      ttlSeconds: 60,
    });
    expect(held.kind).toBe("held");
  });
});

describe("a counter that another deletes", () => {
  it.each(["hold", "submit", "approve"] as const)("while %s waits for it admits nothing", async (call) => {
    const scope = `deleted:${call}`;
    const waiting = new Client({ connectionString: inject("databaseUrl") });
    const other = new Client({ connectionString: inject("databaseUrl") });
    await Promise.all([waiting.connect(), other.connect()]);
    const store = postgresStore(waiting, { schema });
    await admin.pinCap(scope, micro(2), { id: `pin ${call}`, approval: YES });
    const scopes = [{ scope, cap: micro(2) }];
    const job = { ...approved(`deleted ${call}`, scopes), maxCost: micro(2) };
    if (call === "approve") await admin.submit({ ...job, approved: undefined });
    await other.query("BEGIN");
    await other.query(`DELETE FROM ${schema}.scopes WHERE scope = $1`, [scope]);
    const calls = {
      hold: () => store.hold({ holdId: "deleted", amount: micro(2), scopes, ttlSeconds: 60 }),
      submit: () => store.submit(job),
      approve: () => store.approve("deleted approve", YES, { scopes }),
    };
    const answer = calls[call]().catch((error: unknown) => error);
    await untilWaiting(waiting);
    await other.query("COMMIT");
    expect(await answer).toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("a counter cannot be read") as string,
    });
    await Promise.all([waiting.end(), other.end()]);
  });

  it("is missed by the completion that would have counted in it", async () => {
    await admin.submit(approved("missed", capped(100, "missed")));
    const lease = await leaseOf(admin);
    await pool().query(`DELETE FROM ${schema}.scopes WHERE scope = 'missed'`);
    await expect(admin.complete(lease, null)).rejects.toMatchObject({ code: "store_failed" });
    expect((await admin.job("missed"))?.state).toBe("running");
  });
});

async function untilWaiting(client: Client): Promise<void> {
  for (;;) {
    const { rows } = await pool().query("SELECT 1 FROM pg_locks WHERE NOT granted AND pid = $1", [
      // What `pg` knows of its connection; its types do not.
      (client as Client & { readonly processID: number }).processID,
    ]);
    if (rows.length > 0) return;
  }
}
