import { afterAll, describe, inject, it } from "vitest";
import { pgbouncer, startPooler } from "../../support/pgbouncer.ts";
import { testCases } from "./cases.ts";
import { poolWay, postgresMaker } from "./postgres.ts";

const title = "postgresStore through pgbouncer in transaction mode";
const program = pgbouncer();

if (program === null) {
  console.log(`skipped: ${title}: pgbouncer is not installed`);
  describe.skip(title, () => {
    it("pgbouncer is not installed", () => undefined);
  });
} else {
  const pooler = await startPooler(program, inject("databaseUrl"));
  const makeStore = postgresMaker(pooler.url, poolWay);
  afterAll(async () => {
    await makeStore.end();
    await pooler.stop();
  });
  testCases(title, makeStore);
}
