import { PGlite } from "@electric-sql/pglite";
import { type PostgresClient, postgresStore, postgresWake } from "dispatch-kit/postgres";
import { afterAll, expect, it, vi } from "vitest";
import { free } from "../../stores/memory/support.ts";
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

it("postgresWake on PGlite: hears of what is queued, until it leaves", async () => {
  const store = postgresStore(database, { notify: true });
  await store.migrate();
  const wake = postgresWake((channel, heard) => database.listen(channel, heard));
  const heard = vi.fn();
  const leave = await wake(["text"], heard);
  await store.submit(free("a"));
  await vi.waitFor(() => {
    expect(heard).toHaveBeenCalledTimes(1);
  });
  await leave();
  await database.query("SELECT pg_notify('dispatch_kit_jobs', 'text')");
  expect(heard).toHaveBeenCalledTimes(1);
});
