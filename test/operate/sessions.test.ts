import type { Socket } from "node:net";
import { postgresStore, type PostgresStore } from "dispatch-kit/postgres";
import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { capped, counters, decision, micro, newSchema, pool } from "../stores/memory/support.ts";
import { refusedOperations } from "./operations.ts";
import { documented, newRole, poolOf } from "./roles.ts";

// Timeouts, isolation and row security, as docs/operate.md describes them.

const schema = newSchema();
const role = `${schema}_worker`;
const admin = postgresStore(pool(), { schema });
const opened: (Client | Pool)[] = [];

/** A store of the role, whose sessions have these settings. */
function storeWith(settings: Readonly<Record<string, string>> = {}): PostgresStore {
  const made = poolOf(role, 4, settings);
  opened.push(made);
  return postgresStore(made, { schema });
}

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: inject("databaseUrl") });
  client.on("error", () => undefined);
  opened.push(client);
  await client.connect();
  return client;
}

const hold = (holdId: string): Parameters<PostgresStore["hold"]>[0] => ({
  holdId,
  amount: micro(1),
  scopes: capped(9, holdId),
  ttlSeconds: 60,
});

/** Calls `act` while another transaction holds the counter of a scope. */
async function whileLocked<Value>(scope: string, act: () => Promise<Value>): Promise<Value> {
  await admin.pinCap(scope, micro(9), decision());
  const holder = await connected();
  await holder.query("BEGIN");
  await holder.query(`SELECT 1 FROM ${schema}.scopes WHERE scope = $1 FOR UPDATE`, [scope]);
  try {
    return await act();
  } finally {
    await holder.query("ROLLBACK");
  }
}

const codesOf = (error: unknown): unknown => {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return [code, cause?.code];
};

beforeAll(async () => {
  await admin.migrate();
  await newRole(role);
  for (const statement of documented("A service or a worker", schema, role)) await pool().query(statement);
});
afterEach(() => pool().query(`ALTER ROLE ${role} RESET ALL`));
afterAll(async () => {
  await Promise.all(opened.map((each) => each.end().catch(() => undefined)));
  await pool().query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${role}`);
});

describe("the documented settings of a role", () => {
  it("let it do everything, whatever the database's own are", async () => {
    const statements = documented("The sessions of a service or a worker", schema, role);
    for (const statement of statements) await pool().query(statement);
    const shown = poolOf(role);
    opened.push(shown);
    const { rows } = await shown.query("SELECT current_setting('default_transaction_isolation') AS level");
    expect([statements.length, rows]).toEqual([6, [{ level: "read committed" }]]);
    expect(await refusedOperations(admin, postgresStore(shown, { schema }))).toEqual([]);
  });
});

describe("a call that takes too long", () => {
  it.each([
    [{ statement_timeout: "100" }, "57014"],
    [{ lock_timeout: "100" }, "55P03"],
  ])("by the server's %o is store_failed, and has done nothing", async (settings, code) => {
    const id = `late ${code}`;
    const late = (): Promise<unknown> => storeWith(settings).hold(hold(id)).catch(codesOf);
    expect(await whileLocked(id, late)).toEqual(["store_failed", code]);
    expect(await counters(admin, id)).toEqual([0n, 0n]);
  });

  it("by the client's query_timeout is outcome_unknown, and may be done: its repeat says so", async () => {
    const impatient = new Pool({ connectionString: inject("databaseUrl"), query_timeout: 100 });
    opened.push(impatient);
    const store = postgresStore(impatient, { schema });
    const unknown = await whileLocked("impatient", () => store.hold(hold("impatient")).catch(codesOf));
    expect(unknown).toEqual(["outcome_unknown", undefined]);
    await expect.poll(() => counters(admin, "impatient")).toEqual([1n, 0n]);
    expect(await store.hold(hold("impatient"))).toEqual({ kind: "exists", state: "open" });
  });

  it("whose connection the server ends is outcome_unknown", async () => {
    const client = await connected();
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const ended = await whileLocked("ended", async () => {
      const answer = postgresStore(client, { schema }).hold(hold("ended")).catch(codesOf);
      const isWaiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid = $1";
      await expect
        .poll(async () => (await pool().query(isWaiting, [rows[0]?.pid])).rows.length)
        .toBeGreaterThan(0);
      await pool().query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      return answer;
    });
    expect(ended).toEqual(["outcome_unknown", "57P01"]);
    expect(await counters(admin, "ended")).toEqual([0n, 0n]);
  });

  it("and whose client is gone ends with the server's client_connection_check_interval", async () => {
    const client = await connected();
    await client.query("SET client_connection_check_interval = 100");
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const gone = await whileLocked("gone", async () => {
      const answer = postgresStore(client, { schema }).hold(hold("gone")).catch(codesOf);
      // What `pg` knows of its connection; its types do not.
      const { connection } = client as Client & { readonly connection: { readonly stream: Socket } };
      const isThere = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
      connection.stream.destroy();
      await expect.poll(async () => (await pool().query(isThere, [rows[0]?.pid])).rows.length).toBe(0);
      return answer;
    });
    expect(gone).toEqual(["outcome_unknown", undefined]);
    expect(await counters(admin, "gone")).toEqual([0n, 0n]);
  });

  it("within an idle transaction finds that the server has ended it", async () => {
    const client = await connected();
    await client.query("SET idle_in_transaction_session_timeout = 50; BEGIN");
    const inside = admin.within(client);
    expect((await inside.hold(hold("idle"))).kind).toBe("held");
    await new Promise((resolve) => client.once("end", resolve));
    expect(await inside.hold(hold("idle 2")).catch(codesOf)).toEqual(["outcome_unknown", undefined]);
    expect(await counters(admin, "idle")).toEqual([0n, 0n]);
  });
});

describe("another isolation level than READ COMMITTED", () => {
  it.each(["repeatable read", "serializable"])("%s is refused, until the role has its own", async (level) => {
    await pool().query(`ALTER ROLE ${role} SET default_transaction_isolation = '${level}'`);
    const refused = storeWith().usage("run:1").catch(codesOf);
    expect(await refused).toEqual(["store_failed", "25000"]);
    const store = storeWith({ default_transaction_isolation: "read\\ committed" });
    expect((await store.usage("run:1")).committed()).toBe(0n);
  });

  it("is refused within a transaction, and one that begins at READ COMMITTED is not", async () => {
    const client = await connected();
    await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    expect(await admin.within(client).usage("run:1").catch(codesOf)).toEqual(["store_failed", "25000"]);
    await client.query("ROLLBACK");
    await client.query("SET default_transaction_isolation = 'serializable'");
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    expect((await admin.within(client).usage("run:1")).committed()).toBe(0n);
    await client.query("ROLLBACK");
  });
});

describe("policies of row security", () => {
  const scopes = `${schema}.scopes`;
  const refused = ["store_failed", "42501"];
  beforeAll(() =>
    pool().query(
      `CREATE POLICY own ON ${scopes} USING (true); ALTER TABLE ${scopes} ENABLE ROW LEVEL SECURITY`,
    ),
  );
  afterAll(() =>
    pool().query(`ALTER TABLE ${scopes} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY`),
  );

  it("are refused even if they show every row, also with row_security off", async () => {
    expect(await storeWith().usage("run:1").catch(codesOf)).toEqual(refused);
    expect(await storeWith({ row_security: "off" }).usage("run:1").catch(codesOf)).toEqual(refused);
  });

  it("do not stop a role with BYPASSRLS", async () => {
    await pool().query(`ALTER ROLE ${role} BYPASSRLS`);
    expect((await storeWith().usage("run:1")).committed()).toBe(0n);
    await pool().query(`ALTER ROLE ${role} NOBYPASSRLS`);
  });

  it("stop the owner of the tables only if they are forced", async () => {
    await pool().query(`ALTER TABLE ${scopes} OWNER TO ${role}`);
    expect((await storeWith().usage("run:1")).committed()).toBe(0n);
    await pool().query(`ALTER TABLE ${scopes} FORCE ROW LEVEL SECURITY`);
    expect(await storeWith().usage("run:1").catch(codesOf)).toEqual(refused);
  });
});
