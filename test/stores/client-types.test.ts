import type { PGlite, Transaction } from "@electric-sql/pglite";
import type { NeonQueryFunction } from "@neondatabase/serverless";
import type { PostgresClient, PostgresListener } from "dispatch-kit/postgres";
import type { SqliteDatabase } from "dispatch-kit/sqlite";
import type { DatabaseSync } from "node:sqlite";
import type { Client, Pool, PoolClient } from "pg";
import type { Sql } from "postgres";
import { describe, expectTypeOf, it } from "vitest";

// Checked by the compiler; better-sqlite3's and Bun's in test/clients/types.ts, where they are installed.
describe("the types of clients", () => {
  it("fit as they are", () => {
    expectTypeOf<Pool>().toExtend<PostgresClient>();
    expectTypeOf<Client>().toExtend<PostgresClient>();
    expectTypeOf<PoolClient>().toExtend<PostgresClient>();
    expectTypeOf<PGlite>().toExtend<PostgresClient>();
    expectTypeOf<Transaction>().toExtend<PostgresClient>();
    expectTypeOf<DatabaseSync>().toExtend<SqliteDatabase>();
  });

  it("fit as listeners, if they are a connection", () => {
    expectTypeOf<Client>().toExtend<PostgresListener>();
    expectTypeOf<PoolClient>().toExtend<PostgresListener>();
    expectTypeOf<Pool>().not.toExtend<PostgresListener>();
  });

  it("do not fit where a wrapper is needed", () => {
    expectTypeOf<Sql>().not.toExtend<PostgresClient>();
    expectTypeOf<NeonQueryFunction<false, false>>().not.toExtend<PostgresClient>();
  });
});
