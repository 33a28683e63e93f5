import { epochSeconds, isDispatchError, microCents } from "dispatch-kit";
import { type SqliteDatabase, sqliteStore } from "dispatch-kit/sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import {
  approved,
  capped,
  counters,
  free,
  manualClock,
  micro,
  MOST,
  RUN,
  START,
  leaseOf,
} from "../memory/support.ts";

const folders: string[] = [];

/** A database in a file, and another connection to it. */
function file(): { readonly open: () => DatabaseSync } {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
  folders.push(folder);
  return { open: () => new DatabaseSync(join(folder, "jobs.db"), { timeout: 5000 }) };
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const memory = (): DatabaseSync => new DatabaseSync(":memory:", { timeout: 5000 });

async function migrated(database: SqliteDatabase = memory()): Promise<ReturnType<typeof sqliteStore>> {
  const store = sqliteStore(database, { clock: manualClock() });
  await store.migrate();
  return store;
}

const hold = (holdId: string, amount: number | bigint = 10, cap: number | bigint = 100) => ({
  holdId,
  amount: micro(amount),
  scopes: capped(cap),
  ttlSeconds: 60,
});

/** A client that fails where a test says. */
function failing(database: DatabaseSync, fails: (sql: string) => boolean): SqliteDatabase {
  const check = (sql: string): void => {
    if (fails(sql)) throw new Error("disk I/O error");
  };
  return {
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        all: (...values) => (check(sql), statement.all(...values)),
        run: (...values) => (check(sql), statement.run(...values)),
      };
    },
    exec: (sql) => {
      check(sql);
      database.exec(sql);
    },
  };
}

describe("sqliteStore: what it is given", () => {
  it.each<readonly [string, unknown]>([
    ["an upper-case schema", { schema: "Jobs" }],
    ["a quote in the schema", { schema: 'a"b' }],
    ["an empty schema", { schema: "" }],
    ["a long schema", { schema: "a".repeat(42) }],
  ])("refuses %s", (_, options) => {
    expect(() => sqliteStore(memory(), options as never)).toThrow(RangeError);
  });

  it("keeps two schemas apart in one database", async () => {
    const database = memory();
    const a = await migrated(database);
    const b = sqliteStore(database, { schema: "other" });
    await b.migrate();
    await a.hold(hold("h"));
    expect(await b.getHold("h")).toBeNull();
  });

  it("refuses a database that is not safe", async () => {
    const noTimeout = sqliteStore(new DatabaseSync(":memory:", { timeout: 0 }));
    await expect(noTimeout.migrate()).rejects.toThrow("PRAGMA busy_timeout must be above 0 milliseconds");
    const database = memory();
    database.exec("PRAGMA synchronous = NORMAL");
    await expect(sqliteStore(database).usage("a")).rejects.toThrow("PRAGMA synchronous must be FULL (2)");
    const store = await migrated();
    database.exec("BEGIN IMMEDIATE");
    await expect(store.within(database).usage("a")).rejects.toThrow("PRAGMA synchronous must be FULL (2)");
  });
});

describe("sqliteStore: the schema", () => {
  it("must be there", async () => {
    await expect(sqliteStore(memory()).hold(hold("h"))).rejects.toThrow("call migrate() once");
  });

  it("may be migrated again, and by several connections", async () => {
    const { open } = file();
    const stores = Array.from({ length: 4 }, () => sqliteStore(open()));
    await Promise.all(stores.flatMap((store) => [store.migrate(), store.migrate()]));
    expect(await stores[3]?.hold(hold("h"))).toEqual({ kind: "held" });
    expect(await stores[0]?.hold(hold("h"))).toEqual({ kind: "exists", state: "open" });
  });

  it("of a newer version is refused, and left as it is", async () => {
    const database = memory();
    const store = await migrated(database);
    database.exec("INSERT INTO dispatch_kit_migrations VALUES (99, 'e3b0c442')");
    const calls = [store.hold(hold("h")), store.migrate(), sqliteStore(database).usage("a")];
    for (const settled of await Promise.allSettled(calls)) {
      const message = "the schema dispatch_kit is at version 99, this code knows 1; update dispatch-kit";
      expect(settled).toMatchObject({ reason: { code: "store_failed", message } });
    }
  });

  it.each([
    ["a negative balance", "UPDATE dispatch_kit_scopes SET reserved = '-1'"],
    ["a number for money", "UPDATE dispatch_kit_scopes SET spent = 1.5"],
    ["an empty amount", "UPDATE dispatch_kit_holds SET booked = ''"],
    ["an unknown state of a hold", "UPDATE dispatch_kit_holds SET state = 'lost'"],
    ["an unknown state of a job", "UPDATE dispatch_kit_jobs SET state = 'lost'"],
    ["an ended job without an end", "UPDATE dispatch_kit_jobs SET state = 'failed'"],
    [
      "a released hold that is booked",
      "UPDATE dispatch_kit_holds SET state = 'released', booked = '1', resolved_at = 1",
    ],
    [
      "a second open hold of a job",
      `INSERT INTO dispatch_kit_holds (hold_id, job_id, asked, steps, scopes, state, booked, settled_from, pruned)
        VALUES ('job:j#2', 'j', '1', '[]', '[]', 'open', '0', 'open', 0)`,
    ],
  ])("lets no %s in", async (_, sql) => {
    const database = memory();
    const store = await migrated(database);
    await store.submit(approved("j"));
    expect(() => {
      database.exec(sql);
    }).toThrow(/constraint failed/);
  });
});

describe("sqliteStore: money", () => {
  it.each([2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, MOST])("of %d micro-cents is exact", async (amount) => {
    const store = await migrated();
    await store.hold(hold("h", amount, MOST));
    expect(await counters(store, RUN)).toEqual([amount, 0n]);
    expect(await store.settle("h", microCents(amount))).toMatchObject({ booked: amount });
    expect(await store.getHold("h")).toMatchObject({ amount, booked: amount });
  });

  it("adds up past 2^64", async () => {
    const store = await migrated();
    const ids = ["a", "b", "c", "d", "e"];
    for (const id of ids) await store.hold(hold(id, 0));
    for (const id of ids) await store.settle(id, microCents(MOST));
    expect(await counters(store, RUN)).toEqual([0n, 5n * MOST]);
    expect(await store.hold(hold("f", 1, MOST))).toMatchObject({
      kind: "refused",
      lacking: [{ by: 4n * MOST + 1n }, {}],
    });
  });
});

it("sqliteStore: a connection that reads integers as bigints knows what was pruned", async () => {
  const database = new DatabaseSync(":memory:", { timeout: 5000, readBigInts: true });
  const store = await migrated(database);
  await store.submit(approved("j"));
  await store.complete(await leaseOf(store), null, { actual: micro(4) });
  await store.hold(hold("h"));
  await store.settle("h", micro(4));
  expect(await store.prune({ before: epochSeconds(START + 1) })).toEqual({ jobs: 1, holds: 1, more: false });
  expect(await store.prune({ before: epochSeconds(START + 1) })).toEqual({ jobs: 0, holds: 0, more: false });
  expect((await store.getHold("job:j#1"))?.scopes[0]?.cap).toBeNull();
  expect(await store.job("j")).toBeNull();
  expect(await store.submit(approved("j"))).toEqual({ kind: "exists", state: "succeeded" });
  expect(await store.hold(hold("h"))).toEqual({ kind: "exists", state: "settled" });
  expect(await store.forget({ before: epochSeconds(START + 1) })).toEqual({ jobs: 1, holds: 1, more: false });
  expect(await store.getHold("h")).toBeNull();
  expect(await store.usage(RUN)).toMatchObject({ reserved: 0n, spent: 8n });
});

describe("sqliteStore: calls in flight together", () => {
  it("run in one transaction", async () => {
    const begins: string[] = [];
    const database = failing(memory(), (sql) => sql === "BEGIN IMMEDIATE" && begins.push(sql) < 0);
    const store = await migrated(database);
    begins.length = 0;
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.hold(hold(`h${index}`))),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      ...Array<string>(10).fill("held"),
      ...Array<string>(10).fill("refused"),
    ]);
    expect(begins).toHaveLength(1);
  });

  it("fail by themselves: a bad one spoils none of the others", async () => {
    const store = await migrated();
    await store.hold(hold("h1", 5));
    const calls = [hold("h0"), hold("h1"), hold("h2")].map((request) => store.hold(request));
    const [first, second, third] = await Promise.allSettled(calls);
    expect([first, third]).toMatchObject([{ value: { kind: "held" } }, { value: { kind: "held" } }]);
    expect(second).toMatchObject({ reason: { code: "hold_conflict" } });
  });

  it("are each run alone after the database refused one of them", async () => {
    const base = memory();
    await migrated(base);
    // A trigger stands for whatever the database may find wrong with one row.
    base.exec(`CREATE TRIGGER refuse BEFORE INSERT ON dispatch_kit_holds WHEN NEW.hold_id = 'bad'
      BEGIN SELECT RAISE(ABORT, 'not this one'); END`);
    const store = sqliteStore(base);
    const calls = ["a", "bad", "b"].map((id) => store.hold(hold(id)));
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(settled[1]).toMatchObject({ reason: { code: "store_failed", message: "SQLite: not this one" } });
    expect(await counters(store, RUN)).toEqual([20n, 0n]);
  });
});

describe("sqliteStore: a database that fails", () => {
  it("is thrown, never an admission, and nothing is left behind", async () => {
    const base = memory();
    await migrated(base);
    let broken = true;
    const store = sqliteStore(failing(base, (sql) => broken && sql.includes("_scopes (scope, reserved")));
    await expect(store.hold(hold("h"))).rejects.toSatisfy((error) => isDispatchError(error, "store_failed"));
    broken = false;
    expect(await store.getHold("h")).toBeNull();
    expect(await store.hold(hold("h"))).toEqual({ kind: "held" });
  });

  it("that cannot begin refuses every call that waits", async () => {
    const store = sqliteStore(failing(memory(), (sql) => sql === "BEGIN IMMEDIATE"));
    const calls = await Promise.allSettled([store.hold(hold("a")), store.usage("a")]);
    for (const call of calls) expect(call).toMatchObject({ reason: { code: "store_failed" } });
  });

  it("that fails to commit leaves the outcome unknown, and the call is safe to repeat", async () => {
    const base = memory();
    await migrated(base);
    let broken = true;
    const store = sqliteStore(failing(base, (sql) => broken && sql === "COMMIT"));
    await expect(store.hold(hold("h"))).rejects.toSatisfy((error) =>
      isDispatchError(error, "outcome_unknown"),
    );
    broken = false;
    expect(await store.hold(hold("h"))).toEqual({ kind: "held" });
  });

  it("that throws what is no error is thrown as one", async () => {
    const database = memory();
    const store = await migrated(database);
    const odd: SqliteDatabase = {
      prepare: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- a client is anybody's code
        throw "gone";
      },
      exec: () => null,
    };
    await expect(sqliteStore(odd).usage("a")).rejects.toThrow("SQLite: the client threw what is no error");
    expect(await store.usage("a")).toMatchObject({ spent: 0n });
  });
});

describe("within", () => {
  it("counts once the caller commits", async () => {
    const { open } = file();
    const [mine, theirs] = [open(), open()];
    const store = await migrated(theirs);
    mine.exec("CREATE TABLE orders (id TEXT)");
    mine.exec("BEGIN IMMEDIATE");
    const inside = store.within(mine);
    expect(await inside.hold(hold("h"))).toEqual({ kind: "held" });
    mine.exec("INSERT INTO orders VALUES ('1')");
    mine.exec("COMMIT");
    expect(await store.hold(hold("h"))).toEqual({ kind: "exists", state: "open" });
  });

  it("is undone with the caller's transaction, and takes no call of others with it", async () => {
    const { open } = file();
    const [mine, theirs] = [open(), open()];
    theirs.exec("PRAGMA journal_mode = WAL");
    const store = await migrated(theirs);
    const during = store.hold(hold("grouped"));
    await during;
    mine.exec("BEGIN IMMEDIATE");
    await store.within(mine).hold(hold("h"));
    mine.exec("ROLLBACK");
    expect(await store.getHold("h")).toBeNull();
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
  });

  it.each(["isTransaction", "inTransaction", "nothing"])(
    "refuses a connection without a transaction, of a client that has %s",
    async (name) => {
      const store = await migrated();
      const other = memory();
      const told: string[] = [];
      const client: SqliteDatabase = {
        prepare: (sql) => other.prepare(sql),
        exec: (sql) => {
          told.push(sql);
          other.exec(sql);
        },
      };
      Object.defineProperty(client, name, { get: () => other.isTransaction });
      await expect(store.within(client).hold(hold("h"))).rejects.toThrow("within: begin a transaction first");
      // It has to try only where the client does not tell.
      expect(told).toEqual(name === "nothing" ? ["BEGIN", "ROLLBACK"] : []);
      other.exec("BEGIN");
      await store.within(client).migrate();
      expect(await store.within(client).hold(hold("h"))).toEqual({ kind: "held" });
      other.exec("ROLLBACK");
    },
  );

  it("undoes a refused operation alone", async () => {
    const database = memory();
    const store = await migrated(database);
    database.exec("BEGIN IMMEDIATE");
    const inside = store.within(database);
    await inside.hold(hold("a"));
    await expect(inside.hold(hold("a", 11))).rejects.toThrow("was made for");
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON dispatch_kit_holds WHEN NEW.hold_id = 'bad'
      BEGIN SELECT RAISE(ABORT, 'not this one'); END`);
    await expect(inside.hold(hold("bad"))).rejects.toThrow("not this one");
    database.exec("COMMIT");
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
  });

  it("does not mix with a transaction that the caller has open on the store's own connection", async () => {
    const database = memory();
    const store = await migrated(database);
    database.exec("BEGIN");
    await expect(store.hold(hold("h"))).rejects.toSatisfy((error) => isDispatchError(error, "store_failed"));
    database.exec("ROLLBACK");
    expect(await store.hold(hold("h"))).toEqual({ kind: "held" });
  });
});

describe("sqliteStore: a file", () => {
  it("keeps what was answered when the process opens it again", async () => {
    const { open } = file();
    const first = open();
    const store = await migrated(first);
    await store.submit(approved("j"));
    await store.submit(free("later", { runAt: null }));
    const lease = await leaseOf(store);
    first.close();
    const again = sqliteStore(open(), { clock: manualClock() });
    expect(await again.complete(lease, { text: "done" }, { actual: micro(4) })).toMatchObject({ booked: 4n });
    expect(await again.job("j")).toMatchObject({ state: "succeeded", result: { text: "done" }, attempts: 1 });
    expect(await again.jobs({ lane: "text" })).toHaveLength(2);
  });

  it("skips what is due later at a higher priority", async () => {
    const store = await migrated(file().open());
    await store.submit(free("later", { priority: 9, runAt: epochSeconds(START + 10) }));
    await store.submit(free("never", { lane: "other", priority: 5 }));
    await store.submit(free("now", { priority: -1 }));
    expect(await leaseOf(store)).toMatchObject({ jobId: "now" });
    expect(await store.claim(["text"])).toBeNull();
  });
});
