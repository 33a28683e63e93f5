import type { PostgresClient } from "dispatch-kit/postgres";
import postgres from "postgres";
import { afterAll, inject } from "vitest";
import { isReadyForQuery } from "../../support/cutting-proxy.ts";
import { testCases } from "./cases.ts";
import { inTransaction, postgresMaker } from "./postgres.ts";

/** The wrapper that the docs show. */
const wrap = (sql: Pick<postgres.Sql, "unsafe">): PostgresClient => ({
  query: async (text, values) => ({ rows: await sql.unsafe(text, values) }),
});

const open = (url: string): postgres.Sql => postgres(url, { max: 4, onnotice: () => undefined });

const makeStore = postgresMaker(inject("databaseUrl"), {
  connect: (url) => {
    const sql = open(url);
    return Promise.resolve({ client: wrap(sql), close: () => sql.end({ timeout: 0 }) });
  },
  async rolledBack(url, use) {
    const sql = open(url);
    const own = await sql.reserve();
    await inTransaction(wrap(own), use);
    own.release();
    await sql.end();
  },
  isAnswered: isReadyForQuery,
});
afterAll(makeStore.end);

testCases("postgresStore on postgres.js", makeStore);
