import { postgresStore } from "dispatch-kit/postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { approved, capped, counters, free, newSchema, pool, YES } from "../memory/support.ts";
import { unlike } from "./mirror.ts";

const schema = newSchema();
const store = postgresStore(pool(), { schema });
/** A session that ends each statement after 150 ms. */
const hurried = new Client({
  connectionString: inject("databaseUrl"),
  options: "-c statement_timeout=150",
});
const JOBS = 3000;
const later = (): Date => new Date(Date.now() + 60_000);

beforeAll(async () => {
  await hurried.connect();
  await store.migrate();
  const jobs = Array.from({ length: JOBS }, (_, index) =>
    approved(`done-${String(index)}`, capped(1e6, `run:${String(index)}`, "month")),
  );
  for (let from = 0; from < JOBS; from += 500) await store.submitMany(jobs.slice(from, from + 500));
  for (let done = 0; done < JOBS;) {
    const claimed = await store.claimMany(["text"], 500);
    await store.completeMany(claimed.map(({ lease }) => ({ lease, result: "done" })));
    done += claimed.length;
  }
  // They are in nobody's way.
  await store.submitMany(Array.from({ length: 500 }, (_, index) => free(`waits-${String(index)}`)));
}, 60_000);
afterAll(() => hurried.end());

describe.each(["prune", "forget"] as const)("%s under a statement_timeout of 150 ms", (name) => {
  it("gets to its end in steps, and leaves what is not over", async () => {
    const inSteps = postgresStore(hurried, { schema });
    let jobs = 0;
    for (let more = true; more;) {
      const step = await inSteps[name]({ before: later(), limit: 250 });
      expect(step.jobs).toBeLessThanOrEqual(250);
      jobs += step.jobs;
      more = step.more;
    }
    expect(jobs).toBe(JOBS);
    expect(await store.jobs({ limit: 1 })).toMatchObject([{ jobId: "waits-0", state: "pending" }]);
    // What each run has cost stays in its scope.
    expect(await counters(store, "run:7")).toEqual([0n, 10n]);
    const { rows } = await pool().query(`SELECT count(*)::int AS jobs FROM ${schema}.jobs`);
    expect(rows).toEqual([{ jobs: name === "prune" ? JOBS + 500 : 500 }]);
    if (name === "prune") expect(await unlike(pool(), schema)).toEqual([]);
  }, 60_000);
});

describe("the decisions about a job that is forgotten", () => {
  it("are forgotten with it, and those about caps and lanes stay", async () => {
    await store.submit(free("decided", { lane: "decided" }));
    await store.cancel("decided", { id: "cancel it", approval: { author: "a", reason: "r" } });
    await store.pauseLane("decided", { id: "pause it", approval: YES });
    await store.forget({ before: later() });
    const { rows } = await pool().query(`SELECT id FROM ${schema}.decisions ORDER BY id`);
    expect(rows).toEqual([{ id: "pause it" }]);
  });
});
