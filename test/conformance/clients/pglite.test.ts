import { PGlite } from "@electric-sql/pglite";
import type { PostgresClient } from "dispatch-kit/postgres";
import { afterAll } from "vitest";
import { testCases } from "./cases.ts";
import { postgresMaker } from "./postgres.ts";

const database = new PGlite();

class Undo extends Error {}

// In process, with one connection: there is nothing to cut, and calls of all handles wait for one another.
const makeStore = postgresMaker("", {
  isShared: false,
  connect: () => Promise.resolve({ client: database, close: () => database.close() }),
  async rolledBack(_, use) {
    const undone = database.transaction(async (transaction) => {
      await use(transaction satisfies PostgresClient);
      throw new Undo();
    });
    await undone.catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  },
});
afterAll(makeStore.end);

testCases("postgresStore on PGlite", makeStore, "makeStore.cut is not given");
