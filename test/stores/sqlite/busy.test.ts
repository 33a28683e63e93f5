import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { usd } from "dispatch-kit";
import { type SqliteDatabase, sqliteStore } from "dispatch-kit/sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
let made = 0;
let file: string;

function open(timeout = 2000): DatabaseSync {
  const database = new DatabaseSync(file, { timeout });
  database.exec("PRAGMA journal_mode = WAL");
  return database;
}

const hold = (holdId: string) => ({
  holdId,
  amount: usd("0.01"),
  scopes: [{ scope: "run:1", cap: usd(1) }],
  ttlSeconds: 60,
});

const wait = (milliseconds: number): Promise<void> => new Promise((go) => setTimeout(go, milliseconds));

beforeAll(() => {
  file = join(folder, `${String(++made)}.db`);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("sqliteStore: a file that is locked", () => {
  it("by a within with an await in it stops neither the process nor the other calls", async () => {
    const [own, theirs] = [open(), open()];
    const store = sqliteStore(own);
    await store.migrate();
    theirs.exec("BEGIN IMMEDIATE");
    expect(await store.within(theirs).hold(hold("inside"))).toMatchObject({ kind: "held" });
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const others = Promise.all(
      Array.from({ length: 20 }, (_, index) => store.hold(hold(`other-${String(index)}`))),
    );
    // The caller's own work, such as a request.
    await wait(200);
    theirs.exec("COMMIT");
    expect(new Set((await others).map(({ kind }) => kind))).toEqual(new Set(["held"]));
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(10);
    expect((await store.usage("run:1")).reserved).toBe(usd("0.21"));
    for (const database of [own, theirs]) database.close();
  });

  it("by somebody's own transaction on the store's connection is waited for, and undone with it is nothing", async () => {
    const database = open();
    const store = sqliteStore(database);
    await store.migrate();
    database.exec("BEGIN");
    const held = store.hold(hold("beside"));
    await wait(50);
    database.exec("ROLLBACK");
    expect(await held).toMatchObject({ kind: "held" });
    expect(await store.getHold("beside")).toMatchObject({ state: "open" });
    database.close();
  });

  it("for longer than the busy timeout is store_failed, and nothing was done", async () => {
    const [own, theirs] = [open(100), open()];
    const store = sqliteStore(own);
    theirs.exec("BEGIN IMMEDIATE");
    const answers = await Promise.allSettled([store.hold(hold("late-1")), store.usage("run:1")]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: "rejected",
        reason: {
          code: "store_failed",
          message: expect.stringMatching(
            /another transaction was open for \d+ ms; nothing was done/,
          ) as string,
        },
      });
    }
    theirs.exec("COMMIT");
    expect(await store.getHold("late-1")).toBeNull();
    expect(own.prepare("PRAGMA busy_timeout").get()).toMatchObject({ timeout: 100 });
    for (const database of [own, theirs]) database.close();
  });

  it("is waited for by migrate, too", async () => {
    const [own, theirs] = [open(), open()];
    theirs.exec("BEGIN IMMEDIATE");
    const migrated = sqliteStore(own, { schema: "later" }).migrate();
    await wait(50);
    theirs.exec("COMMIT");
    await migrated;
    for (const database of [own, theirs]) database.close();
  });

  it("by somebody's own transaction at the first call of all is waited for", async () => {
    const database = open();
    database.exec("BEGIN");
    const used = sqliteStore(database).usage("run:1");
    await wait(50);
    database.exec("COMMIT");
    expect((await used).spent).toBe(0n);
    database.close();
  });

  it("gives each call its own time, by the connection's busy timeout as it is", async () => {
    const [own, theirs] = [open(100), open()];
    const store = sqliteStore(own);
    await store.usage("run:1");
    own.exec("PRAGMA busy_timeout = 300");
    theirs.exec("BEGIN IMMEDIATE");
    const early = store.usage("run:1").then(() => "answered", String);
    await wait(200);
    const late = store.usage("run:1");
    expect(await early).toContain("another transaction was open for 3");
    theirs.exec("COMMIT");
    expect((await late).spent).toBe(0n);
    expect(own.prepare("PRAGMA busy_timeout").get()).toMatchObject({ timeout: 300 });
    for (const database of [own, theirs]) database.close();
  });

  it("is not locked for long by many calls of one turn, and the process goes on", async () => {
    const database = open();
    const store = sqliteStore(database);
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const calls = Array.from({ length: 4000 }, (_, index) => store.usage(`scope:${String(index)}`));
    await wait(0);
    last = performance.now();
    longest = 0;
    expect(await Promise.all(calls)).toHaveLength(4000);
    clearInterval(ticking);
    // Without a limit, all of them are one transaction.
    expect(longest).toBeLessThan(100);
    database.close();
  });

  it.each([
    ["node:sqlite", { code: "ERR_SQLITE_ERROR", errcode: 5 }],
    ["node:sqlite, in a snapshot", { code: "ERR_SQLITE_ERROR", errcode: 517 }],
    ["better-sqlite3", { code: "SQLITE_BUSY" }],
    ["bun:sqlite", { code: "SQLITE_BUSY_RECOVERY", errno: 261 }],
  ])("is known by the error of %s", async (_, error) => {
    const database = open();
    let tries = 0;
    const busyTwice: SqliteDatabase = {
      prepare: (sql: string) => database.prepare(sql),
      exec(sql) {
        if (sql === "BEGIN IMMEDIATE" && tries++ < 2)
          throw Object.assign(new Error("database is locked"), error);
        database.exec(sql);
      },
      get isTransaction() {
        return database.isTransaction;
      },
    };
    expect((await sqliteStore(busyTwice).usage("run:1")).spent).toBe(0n);
    expect(tries).toBe(3);
    database.close();
  });

  it("is not what any other failure of a BEGIN means", async () => {
    const database = open();
    const broken: SqliteDatabase = {
      prepare: (sql: string) => database.prepare(sql),
      exec(sql) {
        if (sql === "BEGIN IMMEDIATE") throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
        database.exec(sql);
      },
    };
    await expect(sqliteStore(broken).usage("run:1")).rejects.toMatchObject({
      code: "store_failed",
      message: "SQLite: disk I/O error",
    });
    database.close();
  });
});
