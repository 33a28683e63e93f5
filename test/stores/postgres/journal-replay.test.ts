import type { DispatchStore, Lease } from "dispatch-kit";
import { isDispatchError } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { JOURNAL_KINDS } from "../../../src/dispatch/journal.ts";
import { beforeAll, expect, it } from "vitest";
import {
  approved,
  capped,
  decision,
  empty,
  free,
  manualClock,
  micro,
  newSchema,
  NO,
  paid,
  pool,
  YES,
} from "../memory/support.ts";
import { allEntries, replay } from "./replay.ts";

// After any history, the entries say the same as the tables.

const schema = newSchema();
const clock = manualClock();
const store = postgresStore(pool(), { schema, clock, by: "tests" });

beforeAll(() => store.migrate());

/** Numbers below a bound, always the same ones for a seed. */
function below(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** A step of a history. What it is refused changes nothing, and has no entry. */
type Step = () => Promise<unknown>;

function stepsOf(own: DispatchStore, next: (bound: number) => number): readonly Step[] {
  const leases: Lease[] = [];
  let made = 0;
  const scopes = () => capped(60 + next(60), ...["a", "b", "c"].slice(next(2), 2 + next(2)));
  const hold = () => `h-${String(next(12))}`;
  const job = () => `j-${String(next(14))}`;
  const tags = () => (next(3) === 0 ? { tags: { user: `u-"${String(next(3))}"` } } : {});
  const lease = () => leases[next(leases.length)];
  const many = (count: number, run: (index: number) => Promise<unknown>): Promise<unknown> =>
    Promise.all(Array.from({ length: 1 + next(count) }, (_, index) => tolerant(() => run(index))));
  const request = () => {
    const bounds = {
      maxAttempts: 1 + next(3),
      ...tags(),
      ...(next(4) === 0 && { claimBy: new Date((clock.now + 30) * 1000) }),
    };
    switch (next(3)) {
      case 0:
        return free(job(), bounds);
      case 1:
        return paid(job(), { scopes: scopes(), ...bounds });
      default:
        return approved(job(), scopes(), bounds);
    }
  };
  const actual = () => (next(2) === 0 ? {} : { actual: micro(next(16)) });
  const with_ = (run: (lease: Lease) => Promise<unknown>): Promise<unknown> => {
    const one = lease();
    return one === undefined ? Promise.resolve() : run(one);
  };
  return [
    () =>
      many(4, () =>
        own.hold({
          holdId: hold(),
          amount: micro(next(20)),
          scopes: scopes(),
          ttlSeconds: 1 + next(60),
          ...tags(),
        }),
      ),
    () =>
      many(3, () =>
        own.hold({
          holdId: `new-${String(++made)}`,
          amount: micro(next(9)),
          scopes: capped(1000, "a", "d"),
          ttlSeconds: 60,
        }),
      ),
    () => many(3, () => own.settle(hold(), micro(next(25)))),
    () => own.release(hold()),
    () => own.extend(hold(), micro(next(5)), 1 + next(2)),
    () => own.expire({ limit: 3 }),
    () => own.correct(next(2) === 0 ? hold() : `job:${job()}#1`, micro(next(30)), decision()),
    () => own.pinCap(["a", "b", "c"][next(3)] ?? "a", micro(40 + next(60)), decision()),
    () => own.unpinCap(["a", "b", "c"][next(3)] ?? "a", decision()),
    () => own.raiseCap("b", { to: micro(150), until: new Date((clock.now + 20) * 1000) }, decision()),
    () => many(3, () => own.submit(request())),
    () => own.submitMany([request(), request(), request()]),
    () => own.submitMany([approved(`k-${String(++made)}`, scopes()), free(`k-${String(++made)}`)]),
    () => own.approve(job(), next(2) === 0 ? YES : decision()),
    async () => {
      const [waits] = await own.jobs({ state: "awaiting_approval", limit: 1 });
      if (waits) await own.approve(waits.jobId, decision(), { scopes: capped(1000, "d", "e") });
    },
    () => own.reject(job(), NO),
    () => own.cancel(job(), NO),
    async () => {
      const [failed] = await own.jobs({ state: "failed", limit: 1 });
      const scoped = failed?.backend === "local" || next(2) === 0 ? {} : { scopes: capped(1000, "d") };
      if (failed) await own.retry(failed.jobId, { after: next(2), ...scoped }, decision());
    },
    () => (next(2) === 0 ? own.pauseLane("text", decision()) : own.resumeLane("text", decision())),
    () => own.resumeLane("text", decision()),
    async () => {
      const claimed = await own.claimMany(["text"], 1 + next(4), next(2) === 0 ? { by: "node-1" } : {});
      leases.push(...claimed.map((each) => each.lease));
    },
    async () => {
      const claimed = await own.claim(["text"]);
      if (claimed) leases.push(claimed.lease);
    },
    () => many(3, () => with_((one) => own.complete(one, "done", actual()))),
    () => own.completeMany(leases.slice(-3).map((one) => ({ lease: one, result: 1 }))),
    () => own.completeMany(leases.slice(-4).map((one) => ({ lease: one, result: 1, ...actual() }))),
    () => with_((one) => own.fail(one, "x", { retriable: next(4) > 0, ...actual() })),
    () => with_((one) => own.fail(one, "x", { retriable: true, counts: false, ...actual() })),
    // Far more than it was estimated at: there is no room for the next attempt.
    () => with_((one) => own.fail(one, "x", { retriable: true, actual: micro(150) })),
    () => own.recoverStale({ ttlSeconds: next(30), limit: 4 }),
    () => Promise.resolve((clock.now += next(25))),
    () => own.prune({ before: new Date((clock.now - 5) * 1000), limit: 2 }),
    () => own.forget({ before: new Date((clock.now - 20) * 1000), limit: 3 }),
  ];
}

async function tolerant(step: Step): Promise<void> {
  try {
    await step();
  } catch (error) {
    const isRefusal =
      error instanceof RangeError || (isDispatchError(error) && error.code !== "store_failed");
    if (!isRefusal) throw error;
  }
}

/** What the tables say. */
async function tables() {
  const rows = async (sql: string) => (await pool().query<{ key: string; value: string }>(sql)).rows;
  return {
    committed: await rows(
      `SELECT scope AS key, (reserved + spent)::text AS value FROM ${schema}.scopes WHERE reserved + spent > 0`,
    ),
    holds: await rows(
      `SELECT hold_id AS key, concat_ws(' ', state, held, booked) AS value FROM ${schema}.holds`,
    ),
    jobs: await rows(`SELECT job_id AS key, concat_ws(' ', state, tried) AS value FROM ${schema}.jobs`),
    paused: await rows(`SELECT lane AS key, 'paused' AS value FROM ${schema}.lanes WHERE paused`),
  };
}

const kinds = new Set<string>();
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

it.each(SEEDS)("postgresStore: the journal of history %d replays to its tables", async (seed) => {
  await empty(pool(), schema);
  await pool().query(`INSERT INTO ${schema}.store SELECT 'id'`);
  const next = below(seed);
  const steps = stepsOf(store, next);
  for (let count = 0; count < 150; count++) {
    const step = steps[next(steps.length)];
    if (step) await tolerant(step);
  }
  const entries = await allEntries(store);
  const said = replay(entries);
  const found = await tables();
  const byKey = (list: readonly { key: string; value: string }[]) =>
    new Map(list.map(({ key, value }) => [key, value]));

  expect(
    new Map([...said.committed].filter(([, sum]) => sum > 0n).map(([scope, sum]) => [scope, String(sum)])),
  ).toEqual(byKey(found.committed));
  const holds = byKey(found.holds);
  expect([...said.holds.keys()].sort()).toEqual([...holds.keys()].sort());
  for (const [holdId, { state, held, booked }] of said.holds) {
    const amounts = `${String(held)} ${String(booked)}`;
    const states = state === "resolved" ? ["settled", "charged"] : [state];
    expect(states.map((each) => `${each} ${amounts}`)).toContain(holds.get(holdId));
  }
  expect(
    new Map(
      [...said.jobs].map(([jobId, { state, attempts }]) => [jobId, `${String(state)} ${String(attempts)}`]),
    ),
  ).toEqual(byKey(found.jobs));
  expect([...said.paused]).toEqual(found.paused.map(({ key }) => key));
  expect(entries.every(({ by }) => by === "tests" || by === "node-1")).toBe(true);
  expect(await store.audit()).toEqual([]);
  for (const { kind } of entries) kinds.add(kind);
});

it("postgresStore: the histories together have every kind of entry", () => {
  // Nothing makes the others yet.
  const missing = JOURNAL_KINDS.filter((kind) => !kinds.has(kind));
  expect(missing).toEqual(["voted", "carried_in"]);
});

it("postgresStore: audit names the scopes that differ, and by how much", async () => {
  await empty(pool(), schema);
  await store.hold({ holdId: "x", amount: micro(5), scopes: capped(9, "right", "wrong"), ttlSeconds: 60 });
  await pool().query(`UPDATE ${schema}.scopes SET spent = 2 WHERE scope = 'wrong'`);
  expect(await store.audit()).toEqual([
    {
      scope: "wrong",
      counter: { reserved: micro(5), spent: micro(2) },
      holds: { reserved: micro(5), spent: micro(0) },
      journal: micro(5),
    },
  ]);
});
