import { neon, neonConfig, type NeonQueryFunction } from "@neondatabase/serverless";
import type { PostgresClient } from "dispatch-kit/postgres";
import { afterAll, inject } from "vitest";
import { type Endpoint, neonEndpoint } from "../../support/neon-endpoint.ts";
import { testCases } from "./cases.ts";
import { poolWay, postgresMaker } from "./postgres.ts";

const endpoint: Endpoint = await neonEndpoint(inject("databaseUrl"));

// A host's HTTP endpoint: the port tells which one, since a request may go through a proxy that cuts it.
neonConfig.fetchEndpoint = (_, port) => `http://127.0.0.1:${String(port)}/sql`;

/** The wrapper that the docs show. */
const wrap = (sql: NeonQueryFunction<false, false>): PostgresClient => ({
  query: async (text, values) => ({ rows: await sql.query(text, values) }),
});

const neonUrl = `postgres://user:password@localhost:${new URL(endpoint.url).port}/postgres`;

const makeStore = postgresMaker(neonUrl, {
  connect: (url) => Promise.resolve({ client: wrap(neon(url)), close: () => Promise.resolve() }),
  // Over HTTP no transaction stays open between statements: the caller's own is on another client.
  rolledBack: (_, use) => poolWay.rolledBack(inject("databaseUrl"), use),
  // The endpoint answers at once and in whole, after the commit.
  isAnswered: () => true,
});
afterAll(async () => {
  await makeStore.end();
  await endpoint.close();
});

testCases("postgresStore on Neon's HTTP driver", makeStore);
