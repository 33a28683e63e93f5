import { Approval, BackendKind, type JobRequest, usd } from "dispatch-kit";
import { postgresStore, type PostgresStore } from "dispatch-kit/postgres";
import { poolOf } from "../server.ts";
import type { Pool } from "pg";
import { type Contestant, type Load, range, type Session, share, untilNone } from "../contestant.ts";

export const LANE = "work";
export const SCOPES = [
  { scope: "run:1", cap: usd("1000000") },
  { scope: "month:2026-11", cap: usd("1000000") },
] as const;
const approval = new Approval({ author: "bench", reason: "measured", decidedAt: "2026-11-23T00:00:00Z" });
const actual = usd("0.006");

/** A job that costs money, is approved with its submission, and has a hold in two scopes. */
export function paidJob(number: number, rest: Partial<JobRequest<unknown>> = {}): JobRequest<unknown> {
  return {
    jobId: `job-${String(number)}`,
    lane: LANE,
    payload: { number },
    backend: BackendKind.CLOUD_WORKER,
    maxCost: usd("0.01"),
    maxAttempts: 3,
    approved: { approval, scopes: SCOPES },
    ...rest,
  };
}

export async function installStore(url: string): Promise<void> {
  const pool = poolOf(url, 1);
  await postgresStore(pool).migrate();
  await pool.end();
}

export const ours: Contestant = {
  name: "dispatch-kit",
  install: installStore,
  open: (url, load) => {
    const pool = poolOf(url, Math.max(load.callers, 2));
    const store = postgresStore(pool);
    return Promise.resolve(load.batch === 1 ? oneByOne(store, pool, load) : inBatches(store, pool, load));
  },
};

function oneByOne(store: PostgresStore, pool: Pool, load: Load): Session {
  return {
    enqueue: (from, to) =>
      share(load, from, to, async (number) => {
        const { kind } = await store.submit(paidJob(number));
        if (kind !== "queued") throw new Error(`a job was ${kind}`);
      }),
    work: () =>
      untilNone(load, async () => {
        const claimed = await store.claim([LANE]);
        if (claimed === null) return 0;
        const { kind } = await store.complete(claimed.lease, null, { actual });
        if (kind !== "completed") throw new Error(`a completion was ${kind}`);
        return 1;
      }),
    close: () => pool.end(),
  };
}

function inBatches(store: PostgresStore, pool: Pool, load: Load): Session {
  return {
    enqueue: (from, to) =>
      share(load, from, to, async (start, end) => {
        const outcomes = await store.submitMany(range(start, end).map((number) => paidJob(number)));
        if (outcomes.some(({ kind }) => kind !== "queued")) throw new Error("not all jobs are queued");
      }),
    work: () =>
      untilNone(load, async () => {
        const claimed = await store.claimMany([LANE], load.batch);
        if (claimed.length === 0) return 0;
        const completions = claimed.map(({ lease }) => ({ lease, result: null, actual }));
        const outcomes = await store.completeMany(completions);
        if (outcomes.some(({ kind }) => kind !== "completed")) throw new Error("not all are completed");
        return claimed.length;
      }),
    close: () => pool.end(),
  };
}
