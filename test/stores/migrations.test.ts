import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type PostgresStore, postgresStore } from "dispatch-kit/postgres";
import { sqliteStore } from "dispatch-kit/sqlite";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { migrationsIn, migrationsOf, modules } from "../../scripts/sql.ts";
import { approved, capped, counters, leaseOf, micro, newSchema, pool, RUN } from "./memory/support.ts";

/**
 * The migrations that were released: each store's, by version, with the SHA-256 that `npx node scripts/sql.ts` prints.
 * A release adds its own, and changes none.
 */
const published: Readonly<Record<"postgres" | "sqlite", Readonly<Record<number, string>>>> = {
  postgres: {},
  sqlite: {},
};

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Milliseconds for processes that start on a busy machine. */
const PATIENCE = 120_000;

/** How many processes migrate at once. */
const MANY = 5;

/** Starts processes that migrate at once; returns what each was answered, or the code of its error. */
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

function digests(store: "postgres" | "sqlite"): readonly unknown[] {
  return migrationsIn(migrationsOf(store)).map(({ version, sha256 }) => ({ version, sha256 }));
}

/** The versions of published migrations that are not what was released. */
function changed(folder: string, released: Readonly<Record<number, string>>): readonly string[] {
  const now = new Map(migrationsIn(folder).map(({ version, sha256 }) => [String(version), sha256]));
  return Object.entries(released).flatMap(([version, sha256]) =>
    now.get(version) === sha256 ? [] : [version],
  );
}

describe("the SQL files", () => {
  it.each([...modules()])("are what %s has; else run `npx node scripts/sql.ts`", (path, text) => {
    // Compared as a whole first: a difference of 1,500 lines is not worth reading.
    expect(readFileSync(path, "utf8") === text, "run `npx node scripts/sql.ts`").toBe(true);
  });

  it.each(["postgres", "sqlite"] as const)(
    "of a published migration of %s are what was released",
    (store) => {
      expect(changed(migrationsOf(store), published[store])).toEqual([]);
    },
  );

  it.each([
    ["postgres", "001/06-ledger.sql"],
    ["sqlite", "001.sql"],
  ] as const)("of a published migration of %s may not change by a byte", (store, file) => {
    const copy = join(folder, store);
    cpSync(migrationsOf(store), copy, { recursive: true });
    const released = Object.fromEntries(migrationsIn(copy).map(({ version, sha256 }) => [version, sha256]));
    expect(changed(copy, released)).toEqual([]);
    const bytes = readFileSync(join(copy, file));
    writeFileSync(join(copy, file), bytes.fill(bytes.readUInt8(9) ^ 1, 9, 10));
    expect(changed(copy, released)).toEqual(["1"]);
    rmSync(join(copy, file.split("/")[0] ?? ""), { recursive: true });
    expect(changed(copy, released)).toEqual(["1"]);
  });
});

const EACH_ONCE = ["held", "held", "held", "refused", "refused"];

describe("migrate: many processes at once", () => {
  it(
    "make the schema once in PostgreSQL, and each can use it",
    async () => {
      const schema = newSchema();
      expect(await together("postgres", inject("databaseUrl"), schema)).toEqual(EACH_ONCE);
      const { rows } = await pool().query(
        `SELECT version, sha256 FROM ${schema}.migrations ORDER BY version`,
      );
      expect(rows).toEqual(digests("postgres"));
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
      const rows = database.prepare("SELECT version, sha256 FROM many_migrations ORDER BY version").all();
      expect(rows).toEqual(digests("sqlite"));
      expect(await counters(sqliteStore(database, { schema: "many" }), RUN)).toEqual([3n, 0n]);
      database.close();
    },
    PATIENCE,
  );

  it(
    "are each refused by a schema of a version that was never published",
    async () => {
      const schema = newSchema();
      await pool().query(`CREATE SCHEMA ${schema} CREATE TABLE migrations (version int PRIMARY KEY)`);
      await pool().query(`INSERT INTO ${schema}.migrations VALUES (1)`);
      expect(await together("postgres", inject("databaseUrl"), schema)).toEqual(
        Array(MANY).fill("store_failed"),
      );
      const file = join(folder, "unpublished.db");
      const database = new DatabaseSync(file, { timeout: 5000 });
      database.exec(
        "CREATE TABLE old_migrations (version INTEGER PRIMARY KEY); INSERT INTO old_migrations VALUES (1)",
      );
      expect(await together("sqlite", file, "old")).toEqual(Array(MANY).fill("store_failed"));
      database.close();
    },
    PATIENCE,
  );
});

/** What a schema says that has kept no digests, or others. */
const unpublished = (schema: string, drop: string): string =>
  `the schema ${schema} was made by a version of dispatch-kit that was never published; ` +
  `drop ${drop}, or name another one, and call migrate() again`;

describe("migrate: SQLite", () => {
  it("again changes nothing", async () => {
    const store = sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }));
    await expect(store.usage(RUN)).rejects.toThrow("at version 0, this code needs 1; call migrate() once");
    await store.migrate();
    await store.submit(approved("j"));
    await store.migrate();
    expect(await leaseOf(store)).toMatchObject({ jobId: "j", attempts: 1 });
  });

  it("goes on where it was begun", async () => {
    const database = new DatabaseSync(":memory:", { timeout: 5000 });
    database.exec("CREATE TABLE dispatch_kit_migrations (version INTEGER PRIMARY KEY, sha256 TEXT NOT NULL)");
    const store = sqliteStore(database);
    await expect(store.usage(RUN)).rejects.toThrow("at version 0, this code needs 1; call migrate() once");
    await store.migrate();
    expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
  });

  it.each([
    ["no digests and no rows", "(version INTEGER PRIMARY KEY)", ""],
    ["no digests", "(version INTEGER PRIMARY KEY)", "VALUES (1)"],
    ["a row without a digest", "(version INTEGER PRIMARY KEY, sha256 TEXT)", "VALUES (1, NULL)"],
    ["another digest", "(version INTEGER PRIMARY KEY, sha256 TEXT)", "VALUES (1, 'e3b0c442')"],
  ])("refuses a schema with %s, in a transaction too, and leaves it as it is", async (_, columns, rows) => {
    const database = new DatabaseSync(":memory:", { timeout: 5000 });
    database.exec(`CREATE TABLE dispatch_kit_migrations ${columns}`);
    if (rows !== "") database.exec(`INSERT INTO dispatch_kit_migrations ${rows}`);
    const store = sqliteStore(database);
    const refused = { code: "store_failed", message: unpublished("dispatch_kit", "its tables") };
    await expect(store.migrate()).rejects.toMatchObject(refused);
    await expect(store.usage(RUN)).rejects.toMatchObject(refused);
    database.exec("BEGIN IMMEDIATE");
    await expect(store.within(database).migrate()).rejects.toMatchObject(refused);
    await expect(store.within(database).usage(RUN)).rejects.toMatchObject(refused);
    database.exec("COMMIT");
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    expect(tables).toEqual([{ name: "dispatch_kit_migrations" }]);
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

  it("goes on where it was begun", async () => {
    const schema = newSchema();
    await pool().query(`CREATE SCHEMA ${schema}`);
    await pool().query(
      `CREATE TABLE ${schema}.migrations (version int PRIMARY KEY, sha256 text NOT NULL, at timestamptz DEFAULT now())`,
    );
    const old = postgresStore(pool(), { schema });
    await expect(old.usage(RUN)).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("call migrate() once") as string,
    });
    const { store } = await migrated(schema);
    expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
  });

  it.each([
    ["no digests and no rows", "(version int PRIMARY KEY)", ""],
    ["no digests", "(version int PRIMARY KEY)", "VALUES (1)"],
    ["a row without a digest", "(version int PRIMARY KEY, sha256 text)", "VALUES (1, NULL)"],
    ["a newer row without a digest", "(version int PRIMARY KEY, sha256 text)", "VALUES (99, NULL)"],
    ["another digest", "(version int PRIMARY KEY, sha256 text)", "VALUES (1, 'e3b0c442')"],
    ["a newer row alone", "(version int PRIMARY KEY, sha256 text)", "VALUES (99, 'e3b0c442')"],
  ])("refuses a schema with %s, in a transaction too, and leaves it as it is", async (_, columns, rows) => {
    const schema = newSchema();
    await pool().query(`CREATE SCHEMA ${schema} CREATE TABLE migrations ${columns}`);
    if (rows !== "") await pool().query(`INSERT INTO ${schema}.migrations ${rows}`);
    const store = postgresStore(pool(), { schema });
    const refused = { code: "store_failed", message: `PostgreSQL: ${unpublished(`"${schema}"`, "it")}` };
    await expect(store.migrate()).rejects.toMatchObject(refused);
    const client = new Client({ connectionString: inject("databaseUrl") });
    await client.connect();
    await client.query("BEGIN");
    await expect(store.within(client).migrate()).rejects.toMatchObject(refused);
    await client.query("ROLLBACK");
    await client.end();
    const made = await pool().query("SELECT 1 FROM pg_tables WHERE schemaname = $1", [schema]);
    expect(made.rows).toHaveLength(1);
  });

  it("works in a transaction, whose search path it leaves as it is", async () => {
    const schema = newSchema();
    const client = new Client({
      connectionString: inject("databaseUrl"),
      options: "-c search_path=hostile,public",
    });
    await client.connect();
    await client.query("BEGIN");
    const store = postgresStore(pool(), { schema }).within(client);
    await store.migrate();
    expect((await client.query("SHOW search_path")).rows).toEqual([{ search_path: "hostile,public" }]);
    expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
    await client.query("ROLLBACK");
    await client.end();
    const made = await pool().query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
    expect(made.rows).toEqual([]);
  });

  it("leaves a newer schema as it is, on which this code goes on working", async () => {
    const { store, schema } = await migrated();
    await pool().query(`INSERT INTO ${schema}.migrations (version, sha256) VALUES (99, 'e3b0c442')`);
    await store.migrate();
    expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
    expect(await store.complete(await leaseOf(store), "done", { actual: micro(4) })).toMatchObject({
      booked: 4n,
    });
  });

  it("of a newer schema that has dropped what this code calls is refused by every call", async () => {
    const { store, schema } = await migrated();
    const { rows } = await pool().query<{ name: string }>(
      "SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = $1::regnamespace AND proname LIKE '%v1'",
      [schema],
    );
    expect(rows.length).toBeGreaterThan(10);
    await pool().query(rows.map(({ name }) => `DROP ROUTINE ${name} CASCADE`).join(";"));
    await pool().query(`INSERT INTO ${schema}.migrations (version, sha256) VALUES (99, 'e3b0c442')`);
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
      `INSERT INTO ${schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils, held_at)
        VALUES ('${holdId}', ${jobId}, 1, 1, '{run:1}', '{1}', '{NULL}', 1)`;
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
      [
        "a second entry of a job that can be claimed",
        (s) => `INSERT INTO ${s}.ready SELECT job_id, 'x', 0, 0, 0 FROM ${s}.jobs`,
      ],
    ])("lets no %s in", async (_, sql) => {
      // 23505: unique; 23514: check. PostgreSQL's appendix of error codes.
      await expect(pool().query(sql(made.schema))).rejects.toMatchObject({
        code: expect.stringMatching(/^235(05|14)$/) as string,
      });
    });
  });
});
