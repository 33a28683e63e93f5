import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DispatchStore } from "../../../src/index.ts";
import type { MakeStore, MakeStoreOptions } from "../../../src/conformance/index.ts";
import { engine } from "../../../src/stores/engine/engine.ts";
import { Client } from "../../../src/stores/sqlite/client.ts";
import { sqliteStore, type SqliteStore } from "../../../src/stores/sqlite/index.ts";
import { SqliteTables } from "../../../src/stores/sqlite/tables.ts";
import { type Connection, type Driver, DRIVERS } from "./drivers.ts";
import { Remote } from "./remote.ts";

interface Made {
  readonly file: string;
  readonly options: MakeStoreOptions;
  readonly close: () => unknown;
}

export interface SqliteMaker extends MakeStore<DispatchStore> {
  /** Deletes what was made. */
  readonly end: () => Promise<void>;
}

/**
 * Makes stores on one SQLite client, each in a file of its own; the peer is a store in another process, and a
 * cut connection is a process that is killed.
 */
export async function sqliteMaker(driver: Driver): Promise<SqliteMaker> {
  const open = await DRIVERS[driver]();
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
  const made = new Map<DispatchStore, Made>();
  let files = 0;
  let other: Remote | undefined;
  // Started before it is needed.
  let doomed = new Remote(driver);

  const madeOf = (store: DispatchStore): Made => {
    const of = made.get(store);
    if (!of) throw new Error("a store of another maker");
    return of;
  };
  /** Calls `use` with a connection in a transaction of its own. */
  const inTransaction = async (
    file: string,
    end: "COMMIT" | "ROLLBACK",
    use: (connection: Connection) => unknown,
  ): Promise<void> => {
    const connection = open(file);
    connection.exec("BEGIN IMMEDIATE");
    try {
      await use(connection);
      connection.exec(end);
    } finally {
      connection.close();
    }
  };

  const make = async (options: MakeStoreOptions): Promise<DispatchStore> => {
    const file = join(folder, `${String(++files)}.db`);
    const connection = open(file);
    const store = sqliteStore(connection, options);
    await store.migrate();
    const close = (): void => {
      connection.close();
      for (const rest of ["", "-wal", "-shm", "-journal"]) rmSync(file + rest, { force: true });
    };
    made.set(store, { file, options, close });
    return store;
  };

  return Object.assign(make, {
    async peer(store: DispatchStore) {
      const { file, options } = madeOf(store);
      other ??= new Remote(driver);
      const opened = await other.open(file, options);
      made.set(opened.store, { file, options, close: opened.close });
      return opened.store;
    },
    async cut(store: DispatchStore, when: "before" | "after") {
      const { file, options } = madeOf(store);
      const process = doomed;
      doomed = new Remote(driver);
      const opened = await process.open(file, options, when);
      made.set(opened.store, { file, options, close: () => process.end() });
      return opened.store;
    },
    async rolledBack(store: DispatchStore, use: (inside: DispatchStore) => Promise<void>) {
      const { file, options } = madeOf(store);
      await inTransaction(file, "ROLLBACK", async (connection) => {
        // A store on the connection that is given: `within` asks nothing of the one it is called on.
        const outside: SqliteStore = sqliteStore(connection, options);
        await use(outside.within(connection));
      });
    },
    async closeHold(store: DispatchStore, holdId: string) {
      const { file, options } = madeOf(store);
      await inTransaction(file, "COMMIT", async (connection) => {
        const tables = new SqliteTables(new Client(connection), "dispatch_kit", options.clock);
        // Below the door, which refuses to touch a job's hold.
        await engine(tables).release(holdId);
      });
    },
    async close(store: DispatchStore) {
      const { close } = madeOf(store);
      made.delete(store);
      await close();
    },
    async end() {
      await Promise.all([other?.end(), doomed.end()]);
      rmSync(folder, { recursive: true });
    },
  });
}
