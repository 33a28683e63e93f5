import type { DispatchStore } from "../../dispatch/contract.ts";
import { epochSeconds } from "../../time.ts";
import { type DatabaseOptions, ensureClient, storeOptions } from "../options.ts";
import { Store } from "../door.ts";
import type { SqliteDatabase } from "./client.ts";
import { Transactions } from "./transactions.ts";

export type { SqliteDatabase, SqliteStatement, SqliteValue } from "./client.ts";
export type { DatabaseOptions, DatabaseOptions as SqliteStoreOptions } from "../options.ts";

/** A store in a SQLite database. */
export interface SqliteStore<Payload = unknown, Result = unknown> extends DispatchStore<Payload, Result> {
  /**
   * The same store inside a transaction that you have begun on a connection of your own: what it answers counts
   * once you commit, and is undone if you roll back.
   */
  within(database: SqliteDatabase): DispatchStore<Payload, Result>;
}

/**
 * Jobs and money in a SQLite database: one file, any number of processes on one machine.
 *
 * Calls that are in flight together run in one transaction. The connection must have `synchronous` at `FULL`,
 * SQLite's default, and a busy timeout; both are checked. Call `migrate()` once before anything else.
 *
 * @param database - an open connection of `node:sqlite`, `better-sqlite3` or `bun:sqlite`, not in a transaction.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a schema that is no name.
 * @example
 * ```ts
 * const store = sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }));
 * await store.migrate();
 * const scopes = [{ scope: runScope("42"), cap: usd("1") }];
 * const held = await store.hold({ holdId: "call-1", amount: usd("0.60"), scopes, ttlSeconds: 60 });
 * held.kind; // => "held"
 * ```
 */
export function sqliteStore<Payload = unknown, Result = unknown>(
  database: SqliteDatabase,
  options: DatabaseOptions<Payload, Result> = {},
): SqliteStore<Payload, Result> {
  const { parsers, clock, by, schema } = storeOptions("sqliteStore", options, true);
  const on = (what: string, connection: SqliteDatabase): Transactions => {
    const needed = "an open connection, such as a DatabaseSync of node:sqlite";
    ensureClient(what, needed, connection, ["prepare", "exec"]);
    return new Transactions(connection, schema, clock ?? (() => epochSeconds(new Date())), by);
  };
  const own = on("sqliteStore: database", database);
  return Object.assign(new Store<Payload, Result>(own.grouped, parsers, () => own.migrate()), {
    within: (connection: SqliteDatabase) => {
      const theirs = on("within: database", connection);
      return new Store<Payload, Result>(theirs.within, parsers, () => {
        theirs.migrateWithin();
      });
    },
  });
}
