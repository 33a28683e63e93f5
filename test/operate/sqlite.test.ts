import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { type SqliteStore, sqliteStore } from "dispatch-kit/sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { capped, counters, micro } from "../stores/memory/support.ts";

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
const open: DatabaseSync[] = [];
afterAll(() => {
  for (const each of open) each.close();
  rmSync(folder, { recursive: true });
});
const opened = (file: string, pragmas = "", timeout = 5000): DatabaseSync => {
  const database = new DatabaseSync(join(folder, file), { timeout });
  open.push(database);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${pragmas}`);
  return database;
};
const hold = (holdId: string): Parameters<SqliteStore["hold"]>[0] => ({
  holdId,
  amount: micro(1),
  scopes: capped(9, "run:1"),
  ttlSeconds: 60,
});

describe("SQLite", () => {
  it.each([
    ["PRAGMA synchronous = NORMAL", "synchronous"],
    ["PRAGMA busy_timeout = 0", "busy_timeout"],
  ])("with %s is refused before anything is done", async (pragma, name) => {
    await expect(sqliteStore(opened("unsafe.db", pragma)).migrate()).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining(`PRAGMA ${name} must be`) as string,
    });
  });

  it("waits for an await within another transaction of the process, and blocks nothing else meanwhile", async () => {
    const store = sqliteStore(opened("within.db"));
    await store.migrate();
    const own = opened("within.db");
    own.exec("BEGIN IMMEDIATE");
    await store.within(own).hold(hold("inside"));
    const other = store.hold(hold("other"));
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 10);
    await wait(300);
    clearInterval(ticking);
    own.exec("COMMIT");
    expect((await other).kind).toBe("held");
    expect(ticks).toBeGreaterThan(5);
    expect(await counters(store, "run:1")).toEqual([2n, 0n]);
  });

  it("throws store_failed if that takes longer than the busy timeout, and has done nothing", async () => {
    const store = sqliteStore(opened("late.db", "", 100));
    await store.migrate();
    const own = opened("late.db");
    own.exec("BEGIN IMMEDIATE");
    await expect(store.hold(hold("late"))).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("nothing was done") as string,
    });
    own.exec("ROLLBACK");
    expect((await store.hold(hold("late"))).kind).toBe("held");
  });

  it("is copied by VACUUM INTO while it is used; a copy of the file alone lacks what is in its log", async () => {
    const store = sqliteStore(opened("live.db"));
    await store.migrate();
    await store.hold(hold("before"));
    const copier = opened("live.db");
    copyFileSync(join(folder, "live.db"), join(folder, "file.db"));
    await expect(sqliteStore(opened("file.db")).usage("run:1")).rejects.toMatchObject({
      code: "store_failed",
    });
    copier.exec(`VACUUM INTO '${join(folder, "copy.db")}'`);
    await store.hold(hold("after"));
    const copy = sqliteStore(opened("copy.db"));
    expect(await counters(copy, "run:1")).toEqual([1n, 0n]);
    expect(await copy.id()).toBe(await store.id());
    expect((await copy.hold(hold("before"))).kind).toBe("exists");
  });
});
