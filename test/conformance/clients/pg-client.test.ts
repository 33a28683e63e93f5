import { Client } from "pg";
import { afterAll, inject } from "vitest";
import { isReadyForQuery } from "../../support/cutting-proxy.ts";
import { testCases } from "./cases.ts";
import { inTransaction, postgresMaker } from "./postgres.ts";

const connect = async (connectionString: string): Promise<Client> => {
  const client = new Client({ connectionString });
  // Its calls in flight are told; what is lost between them is no concern of these tests.
  client.on("error", () => undefined);
  await client.connect();
  return client;
};

const makeStore = postgresMaker(inject("databaseUrl"), {
  async connect(url) {
    const client = await connect(url);
    return { client, close: () => client.end() };
  },
  async rolledBack(url, use) {
    const client = await connect(url);
    await inTransaction(client, use);
    await client.end();
  },
  isAnswered: isReadyForQuery,
});
afterAll(makeStore.end);

testCases("postgresStore on a Client of pg", makeStore);
