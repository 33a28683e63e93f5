import type { PGlite, Transaction } from "@electric-sql/pglite";
import type { NeonQueryFunction } from "@neondatabase/serverless";
import type { PostgresClient, PostgresListener } from "dispatch-kit/postgres";
import type { SqliteDatabase, SqliteStatement, SqliteValue } from "dispatch-kit/sqlite";
import type { DatabaseSync } from "node:sqlite";
import type { Client, Pool, PoolClient } from "pg";
import type { Sql } from "postgres";
import { describe, expectTypeOf, it } from "vitest";

// Checked by the compiler; better-sqlite3's and Bun's in test/clients/types.ts, where they are installed, and there
// under each version of TypeScript, by test/runtimes.
describe("the types of clients", () => {
  it("fit as they are", () => {
    expectTypeOf<Pool>().toExtend<PostgresClient>();
    expectTypeOf<Client>().toExtend<PostgresClient>();
    expectTypeOf<PoolClient>().toExtend<PostgresClient>();
    expectTypeOf<PGlite>().toExtend<PostgresClient>();
    expectTypeOf<Transaction>().toExtend<PostgresClient>();
    expectTypeOf<DatabaseSync>().toExtend<SqliteDatabase>();
  });

  it("give a wrapper the types of what it is handed", () => {
    expectTypeOf<Parameters<SqliteDatabase["prepare"]>>().toEqualTypeOf<[string]>();
    expectTypeOf<Parameters<SqliteStatement["all"]>>().toEqualTypeOf<SqliteValue[]>();
    expectTypeOf<Parameters<SqliteStatement["run"]>>().toEqualTypeOf<SqliteValue[]>();
  });

  it("fit as listeners, if they are a connection", () => {
    expectTypeOf<Client>().toExtend<PostgresListener>();
    expectTypeOf<PoolClient>().toExtend<PostgresListener>();
    expectTypeOf<Pool>().not.toExtend<PostgresListener>();
  });

  it("do not fit where a wrapper is needed", () => {
    expectTypeOf<Sql>().not.toExtend<PostgresClient>();
    expectTypeOf<NeonQueryFunction<false, false>>().not.toExtend<PostgresClient>();
    // A SQLite client has to answer at once.
    expectTypeOf<{ all(): Promise<unknown[]>; run(): unknown }>().not.toExtend<SqliteStatement>();
  });
});
