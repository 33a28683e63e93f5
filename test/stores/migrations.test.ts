import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type PostgresStore, postgresStore } from "dispatch-kit/postgres";
import { sqliteStore } from "dispatch-kit/sqlite";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { approved, capped, counters, leaseOf, micro, newSchema, pool, RUN } from "./memory/support.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Milliseconds for processes that start on a busy machine. */
const PATIENCE = 120_000;

/** How many processes migrate at once. */
const MANY = 5;

/** Starts them, lets them go together, and gives what each was answered. */
async function together(...where: readonly string[]): Promise<readonly string[]> {
  const file = fileURLToPath(new URL("migrate-process.ts", import.meta.url));
  const all = Array.from({ length: MANY }, (_, index) => {
    const args = [file, ...where, `h${String(index)}`];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    return {
      child,
      lines: createInterface(child.stdout)[Symbol.asyncIterator](),
      closed: once(child, "close"),
    };
  });
  for (const { lines } of all) expect((await lines.next()).value).toBe("ready");
  for (const { child } of all) child.stdin.end("go\n");
  const answers = await Promise.all(all.map(async ({ lines }) => String((await lines.next()).value)));
  await Promise.all(all.map(({ closed }) => closed));
  return [...answers].sort();
}

const EACH_ONCE = ["held", "held", "held", "refused", "refused"];

describe("migrate: many processes at once", () => {
  it(
    "make the schema once in PostgreSQL, and each can use it",
    async () => {
      const schema = newSchema();
      expect(await together("postgres", inject("databaseUrl"), schema)).toEqual(EACH_ONCE);
      const { rows } = await pool().query(`SELECT version FROM ${schema}.migrations ORDER BY version`);
      expect(rows).toEqual(rows.map((_, index) => ({ version: index + 1 })));
      expect(await counters(postgresStore(pool(), { schema }), RUN)).toEqual([3n, 0n]);
    },
    PATIENCE,
  );

  it(
    "make the tables once in a SQLite file, and each can use them",
    async () => {
      const file = join(folder, "many.db");
      expect(await together("sqlite", file, "many")).toEqual(EACH_ONCE);
      const database = new DatabaseSync(file, { timeout: 5000 });
      const rows = database.prepare("SELECT version FROM many_migrations ORDER BY version").all();
      expect(rows).toEqual(rows.map((_, index) => ({ version: index + 1 })));
      expect(await counters(sqliteStore(database, { schema: "many" }), RUN)).toEqual([3n, 0n]);
      database.close();
    },
    PATIENCE,
  );
});

describe("migrate: SQLite", () => {
  it("again changes nothing, and brings up tables that were begun by an older version", async () => {
    const database = new DatabaseSync(":memory:", { timeout: 5000 });
    database.exec("CREATE TABLE dispatch_kit_migrations (version INTEGER PRIMARY KEY)");
    const store = sqliteStore(database);
    await expect(store.usage(RUN)).rejects.toThrow("at version 0, this code needs 1; call migrate() once");
    await store.migrate();
    await store.submit(approved("j"));
    await store.migrate();
    expect(await leaseOf(store)).toMatchObject({ jobId: "j", attempts: 1 });
  });
});

describe("migrate: PostgreSQL", () => {
  async function migrated(schema = newSchema()): Promise<{
    readonly store: PostgresStore;
    readonly schema: string;
  }> {
    const store = postgresStore(pool(), { schema });
    await store.migrate();
    return { store, schema };
  }

  it("again changes nothing", async () => {
    const { store } = await migrated();
    await store.submit(approved("j"));
    await store.migrate();
    expect(await leaseOf(store)).toMatchObject({ jobId: "j", attempts: 1 });
  });

  it("brings up a schema that was begun by an older version", async () => {
    const schema = newSchema();
    await pool().query(`CREATE SCHEMA ${schema} CREATE TABLE migrations (version int PRIMARY KEY)`);
    const old = postgresStore(pool(), { schema });
    await expect(old.usage(RUN)).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("call migrate() once") as string,
    });
    const { store } = await migrated(schema);
    expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
  });

  it("leaves a newer schema as it is, on which this code goes on working", async () => {
    const { store, schema } = await migrated();
    await pool().query(`INSERT INTO ${schema}.migrations (version) VALUES (99)`);
    await store.migrate();
    expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
    expect(await store.complete(await leaseOf(store), "done", { actual: micro(4) })).toMatchObject({
      booked: 4n,
    });
  });

  it("of a newer schema that has dropped what this code calls is refused by every call", async () => {
    const { store, schema } = await migrated();
    const { rows } = await pool().query<{ name: string }>(
      "SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = $1::regnamespace",
      [schema],
    );
    expect(rows.length).toBeGreaterThan(10);
    await pool().query(rows.map(({ name }) => `DROP FUNCTION ${name} CASCADE`).join(";"));
    await pool().query(`INSERT INTO ${schema}.migrations (version) VALUES (99)`);
    const calls = [store.submit(approved("j")), store.claim(["text"]), store.usage(RUN)];
    for (const call of await Promise.allSettled(calls)) {
      const message = expect.stringContaining("if a newer version has, update this one") as string;
      expect(call).toMatchObject({ status: "rejected", reason: { code: "store_failed", message } });
    }
  });

  it("makes a schema whose name is a word of SQL", async () => {
    for (const word of ["user", "order", "table"]) {
      const { store } = await migrated(word);
      onTestFinished(async () => {
        await pool().query(`DROP SCHEMA "${word}" CASCADE`);
      });
      expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
      expect(await store.complete(await leaseOf(store), null)).toMatchObject({ kind: "completed" });
    }
  });

  describe("the schema", () => {
    const hold = (schema: string, holdId: string, jobId: string): string =>
      `INSERT INTO ${schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils)
        VALUES ('${holdId}', ${jobId}, 1, 1, '{run:1}', '{1}', '{NULL}')`;
    let made: Awaited<ReturnType<typeof migrated>>;
    beforeAll(async () => {
      made = await migrated();
      await made.store.submit(approved("j"));
      await made.store.hold({ holdId: "h", amount: micro(1), scopes: capped(100), ttlSeconds: 60 });
    });

    it.each<readonly [string, (schema: string) => string]>([
      ["a negative balance of what is reserved", (s) => `UPDATE ${s}.scopes SET reserved = reserved - 1000`],
      ["a negative balance of what is spent", (s) => `UPDATE ${s}.scopes SET spent = -1`],
      ["a negative cap", (s) => `UPDATE ${s}.scopes SET pinned = -1`],
      ["a negative hold", (s) => `UPDATE ${s}.holds SET asked = -1`],
      ["a negative booking", (s) => `UPDATE ${s}.holds SET state = 'settled', booked = -1, resolved_at = 1`],
      ["an unknown state of a hold", (s) => `UPDATE ${s}.holds SET state = 'lost'`],
      ["an unknown state of a job", (s) => `UPDATE ${s}.jobs SET state = 'lost'`],
      [
        "a released hold that is booked",
        (s) => `UPDATE ${s}.holds SET state = 'released', booked = 1, resolved_at = 1`,
      ],
      ["a resolved hold without an instant", (s) => `UPDATE ${s}.holds SET state = 'settled'`],
      ["an ended job without an end", (s) => `UPDATE ${s}.jobs SET state = 'failed'`],
      ["a second hold of an attempt", (s) => hold(s, "job:j#1", "'j'")],
      ["a second hold under an id", (s) => hold(s, "h", "NULL")],
      ["a job's hold that is nobody's", (s) => `UPDATE ${s}.holds SET job_id = NULL`],
      ["a job that never runs", (s) => `UPDATE ${s}.jobs SET max_attempts = 0`],
    ])("lets no %s in", async (_, sql) => {
      // 23505: unique; 23514: check. PostgreSQL's appendix of error codes.
      await expect(pool().query(sql(made.schema))).rejects.toMatchObject({
        code: expect.stringMatching(/^235(05|14)$/) as string,
      });
    });
  });
});
