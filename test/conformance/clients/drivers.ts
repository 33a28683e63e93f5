import type { SqliteDatabase } from "../../../src/stores/sqlite/index.ts";

/** A connection of a SQLite client, and its end. */
export interface Connection extends SqliteDatabase {
  close(): unknown;
}

/** Opens a file for reading and writing, and waits 5 seconds for others who write. */
export type Open = (file: string) => Connection;

type Database = new (file: string, options?: { readonly timeout: number }) => Connection;

/** The clients that a store may be given, each loaded where it is. */
export const DRIVERS = {
  "node:sqlite": async (): Promise<Open> => {
    const { DatabaseSync } = await import("node:sqlite");
    return (file) => new DatabaseSync(file, { timeout: 5000 });
  },
  "better-sqlite3": async (): Promise<Open> => {
    const { default: Database } = await load<{ default: Database }>("../../clients/better-sqlite3.mjs");
    return (file) => new Database(file, { timeout: 5000 });
  },
  "bun:sqlite": async (): Promise<Open> => {
    const { Database } = await load<{ Database: Database }>("bun:sqlite");
    return (file) => {
      const database = new Database(file);
      database.exec("PRAGMA busy_timeout = 5000");
      // As most services have it; the others are tested with the journal that is SQLite's default.
      database.exec("PRAGMA journal_mode = WAL");
      return database;
    };
  },
};

export type Driver = keyof typeof DRIVERS;

/** What has no types here: it is installed on demand, or part of another runtime. */
async function load<Module>(specifier: string): Promise<Module> {
  return (await import(specifier)) as Module;
}
