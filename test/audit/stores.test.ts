import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { type DispatchStore, runScope, usd } from "dispatch-kit";
import { type Checkpoint, checkpoint, leafHashes, verify } from "dispatch-kit/audit";
import { memoryStore } from "dispatch-kit/memory";
import { sqliteStore } from "dispatch-kit/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listed, ORIGIN, sealed } from "./support.ts";

// The journal of real stores, rewritten by someone who can write to the database.

const scopes = [{ scope: runScope("42"), cap: usd("1000") }];

async function spend(store: DispatchStore, from: number, to: number): Promise<void> {
  for (let call = from; call < to; call++) {
    await store.hold({ holdId: `call-${call}`, amount: usd("0.60"), scopes, ttlSeconds: 60 });
    await store.settle(`call-${call}`, usd("0.25"));
  }
}

const key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
const seal = async (store: DispatchStore): Promise<Checkpoint> =>
  sealed(await checkpoint(store, { origin: ORIGIN, key }));

describe("memoryStore", () => {
  it("has a journal that can be sealed and goes on", async () => {
    const store = memoryStore();
    await spend(store, 0, 10);
    const first = await seal(store);
    await spend(store, 10, 20);
    const answer = await checkpoint(store, { origin: ORIGIN, key, previous: first });
    expect(first.size).toBe(20);
    expect(sealed(answer).size).toBe(40);
  });
});

describe("sqliteStore", () => {
  let folder: string;
  let database: DatabaseSync;
  let store: DispatchStore;
  let checkpoints: Checkpoint[];
  let leaves: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "audit-"));
    database = new DatabaseSync(join(folder, "ledger.db"), { timeout: 5000 });
    store = sqliteStore(database);
    await store.migrate();
    await spend(store, 0, 5);
    const first = await seal(store);
    await spend(store, 5, 10);
    checkpoints = [first, await seal(store)];
    leaves = await listed(leafHashes(store));
    await spend(store, 10, 12);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  it("is intact, also for another process", async () => {
    const other = new DatabaseSync(join(folder, "ledger.db"), { timeout: 5000 });
    expect(await verify(sqliteStore(other), checkpoints, { leaves })).toMatchObject({
      kind: "intact",
      size: 24,
    });
    other.close();
  });

  it.each([
    {
      was: "a cost was lowered",
      sql: "UPDATE dispatch_kit_journal SET body = replace(body, '25000000', '15000000') WHERE place = 14",
      entry: { index: 13, change: "changed" },
    },
    {
      was: "a time was changed",
      sql: "UPDATE dispatch_kit_journal SET at = at - 3600 WHERE place = 14",
      entry: { index: 13, change: "changed" },
    },
    {
      was: "a row was dropped",
      sql: "DELETE FROM dispatch_kit_journal WHERE place = 14",
      entry: { index: 13, change: "dropped" },
    },
    {
      was: "a row was written twice, and the places after it moved up",
      sql:
        "UPDATE dispatch_kit_journal SET place = -place WHERE place > 14; " +
        "UPDATE dispatch_kit_journal SET place = 1 - place WHERE place < 0; " +
        "INSERT INTO dispatch_kit_journal SELECT 15, entries, at, body FROM dispatch_kit_journal WHERE place = 14",
      entry: { index: 14, change: "changed" },
    },
    {
      was: "two rows were swapped",
      sql:
        "UPDATE dispatch_kit_journal SET place = -1 WHERE place = 14; " +
        "UPDATE dispatch_kit_journal SET place = 14 WHERE place = 15; " +
        "UPDATE dispatch_kit_journal SET place = 15 WHERE place = -1",
      // The place is part of an entry.
      entry: { index: 13, change: "changed" },
    },
  ])("shows that $was", async ({ sql, entry }) => {
    database.exec(sql);
    const [after, before] = checkpoints;
    const differs = { kind: "differs", after, before };
    expect(await verify(store, checkpoints, { leaves })).toMatchObject({ ...differs, entry });
    expect(await verify(store, checkpoints)).toMatchObject({ ...differs, entry: null });
    expect(await checkpoint(store, { origin: ORIGIN, key, previous: before })).toMatchObject({
      kind: "differs",
    });
  });

  it("shows that it was restored from a backup, which needs a new origin", async () => {
    const [, before] = checkpoints;
    await backup(database, join(folder, "backup.db"));
    await spend(store, 12, 14);
    const last = await seal(store);
    const restored = new DatabaseSync(join(folder, "backup.db"), { timeout: 5000 });
    const again = sqliteStore(restored);
    const all = [...checkpoints, last];
    expect(await verify(again, all)).toMatchObject({
      kind: "shorter",
      size: 24,
      after: before,
      before: last,
    });
    await spend(again, 100, 110);
    expect(await verify(again, all)).toMatchObject({ kind: "differs", after: before, before: last });
    const next = await checkpoint(again, { origin: `${ORIGIN}/2`, key });
    expect(sealed(next).size).toBe(44);
    restored.close();
  });
});
