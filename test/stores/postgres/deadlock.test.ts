import { postgresStore } from "dispatch-kit/postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { approved, capped, leaseOf, newSchema, stateOf } from "../memory/support.ts";

const schema = newSchema();
const connection = (): Client => new Client({ connectionString: inject("databaseUrl") });
const [holder, reporter, recoverer, observer] = [connection(), connection(), connection(), connection()];
const reports = postgresStore(reporter, { schema });
const recovers = postgresStore(recoverer, { schema });

beforeAll(async () => {
  await Promise.all([holder, reporter, recoverer, observer].map((client) => client.connect()));
  await reports.migrate();
  // The recovery finds it first, and is undone.
  await reporter.query("SET deadlock_timeout = '5s'");
});
afterAll(() => Promise.all([holder, reporter, recoverer, observer].map((client) => client.end())));

/** Until so many connections wait for a lock. */
async function waiting(count: number): Promise<void> {
  for (;;) {
    const { rows } = await observer.query(
      "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid = ANY ($1)",
      [
        // What `pg` knows of its connections; its types do not.
        [reporter, recoverer].map((client) => (client as Client & { readonly processID: number }).processID),
      ],
    );
    if (rows.length === count) return;
  }
}

describe("postgresStore: a late report meets the recovery of its job's next attempt", () => {
  it("in a deadlock, which neither is told of", async () => {
    const scopes = capped(1000);
    await reports.submit(approved("late", scopes));
    const late = await leaseOf(reports);
    await reports.fail(late, "lost", { retriable: true });
    await leaseOf(reports);
    await reports.submit(approved("good", scopes));
    const good = await leaseOf(reports);
    // The report gets the counters first; the recovery has the job, and waits for them.
    await holder.query("BEGIN");
    await holder.query(`SELECT 1 FROM ${schema}.scopes FOR UPDATE`);
    const reported = reports.completeMany([
      { lease: good, result: null },
      { lease: late, result: null },
    ]);
    reported.catch(() => undefined);
    await waiting(1);
    const recovered = recovers.recoverStale({ ttlSeconds: 0 });
    recovered.catch(() => undefined);
    await waiting(2);
    await holder.query("COMMIT");
    expect(await reported).toMatchObject([{ kind: "completed" }, { kind: "stale" }]);
    // Again: what the report has locked by then is passed over.
    const attempts = [await recovered, await recovers.recoverStale({ ttlSeconds: 0 })];
    expect(attempts.flatMap((recovery) => recovery.attempts)).toMatchObject([{ jobId: "late", attempt: 2 }]);
    expect(await stateOf(reports, "good")).toBe("succeeded");
    expect(await reports.usage("run:1")).toMatchObject({ reserved: 10n, spent: 30n });
  });
});
