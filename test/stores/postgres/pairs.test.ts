import { BackendKind, type DispatchStore, type JobRequest, type Lease } from "dispatch-kit";
import { postgresStore } from "dispatch-kit/postgres";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { capped, micro, newSchema, NO, YES } from "../memory/support.ts";
import { unlike } from "./mirror.ts";

const schema = newSchema();
const connection = (): Client => new Client({ connectionString: inject("databaseUrl") });
const [first, second, observer] = [connection(), connection(), connection()];
const store = postgresStore(second, { schema });
const scopes = capped(1_000_000, "hot", "other");

beforeAll(async () => {
  await Promise.all([first.connect(), second.connect(), observer.connect()]);
  await store.migrate();
});
afterAll(() => Promise.all([first.end(), second.end(), observer.end()]));

interface Subject {
  readonly jobId: string;
  readonly lease: Lease | null;
}
type Operation = (on: DispatchStore, subject: Subject) => Promise<unknown>;

const request = (jobId: string): JobRequest<unknown> => ({
  jobId,
  lane: jobId,
  payload: null,
  backend: BackendKind.CLOUD_WORKER,
  maxCost: micro(10),
  maxAttempts: 2,
});

/** What can be done to a job, by whoever knows it and by who holds it. */
const operations: Readonly<Record<string, Operation>> = {
  submit: (on, { jobId }) => on.submit({ ...request(jobId), approved: { approval: YES, scopes } }),
  approve: (on, { jobId }) => on.approve(jobId, YES, { scopes }),
  reject: (on, { jobId }) => on.reject(jobId, NO),
  cancel: (on, { jobId }) => on.cancel(jobId, NO),
  retry: (on, { jobId }) => on.retry(jobId, { after: 0 }, { id: `retry ${jobId}`, approval: YES }),
  claim: (on, { jobId }) => on.claim([jobId]),
  complete: async (on, { lease }) => lease && on.complete(lease, null, { actual: micro(7) }),
  completeMany: async (on, { lease }) => lease && on.completeMany([{ lease, result: null }]),
  fail: async (on, { lease }) => lease && on.fail(lease, "no", { retriable: true, actual: micro(3) }),
  giveBack: async (on, { lease }) => lease && on.fail(lease, "no", { retriable: true, counts: false }),
  correct: async (on, { jobId, lease }) => {
    const decision = { id: `correct ${jobId}`, approval: YES };
    return lease && on.correct(`job:${jobId}#1`, micro(1), decision);
  },
  pinCap: (on) => on.pinCap("other", micro(1_000_000), { id: `pin ${String(made)}`, approval: YES }),
  forget: (on) => on.forget({ before: new Date(Date.now() + 60_000), limit: 1 }),
  renew: async (on, { lease }) => lease && on.renew(lease),
  recoverStale: (on) => on.recoverStale({ ttlSeconds: 0, limit: 1000 }),
};

/** What a job is before the pair meets it. */
const beginnings: Readonly<Record<string, (jobId: string) => Promise<Lease | null>>> = {
  unknown: () => Promise.resolve(null),
  awaiting_approval: async (jobId) => {
    await store.submit(request(jobId));
    return null;
  },
  queued: async (jobId) => {
    await operations["submit"]?.(store, { jobId, lease: null });
    return null;
  },
  failed: async (jobId) => {
    await operations["submit"]?.(store, { jobId, lease: null });
    const lease = (await store.claim([jobId]))?.lease ?? null;
    if (lease) await store.fail(lease, "no", { retriable: false, actual: micro(2) });
    return lease;
  },
  running: async (jobId) => {
    await operations["submit"]?.(store, { jobId, lease: null });
    return (await store.claim([jobId]))?.lease ?? null;
  },
};

let made = 0;

/** Runs the second operation while the first one's transaction is open, until it is done or waits for a lock. */
async function meet(
  one: Operation,
  two: Operation,
  subject: Subject,
  end: "COMMIT" | "ROLLBACK",
): Promise<void> {
  await first.query("BEGIN");
  const answered: Promise<unknown>[] = [];
  try {
    await one(postgresStore(first, { schema }).within(first), subject).catch(ignoreUnknown);
    const answer = two(store, subject).catch(ignoreUnknown);
    answered.push(answer);
    const over = answer.then(() => true);
    while (!(await Promise.race([over, waits()]))) await Promise.resolve();
  } finally {
    await first.query(end);
  }
  await Promise.all(answered);
}

async function waits(): Promise<boolean> {
  const { rows } = await observer.query("SELECT 1 FROM pg_locks WHERE NOT granted AND pid = $1", [
    // What `pg` knows of its connection; its types do not.
    (second as Client & { readonly processID: number }).processID,
  ]);
  return rows.length > 0;
}

/** What does not exist, or any more, is an error of the caller's. */
function ignoreUnknown(error: unknown): void {
  const { code } = error as { readonly code?: unknown };
  if (code !== "job_unknown" && code !== "hold_unknown") throw error;
}

describe.each(["COMMIT", "ROLLBACK"] as const)("two operations at once, the first ends with %s", (end) => {
  it.each(Object.keys(beginnings))(
    "every pair: neither deadlocks, and the counters equal their holds, for a job that is %s",
    async (beginning) => {
      for (const [one, doOne] of Object.entries(operations)) {
        for (const [two, doTwo] of Object.entries(operations)) {
          const jobId = `job-${String(++made)}`;
          const lease = (await beginnings[beginning]?.(jobId)) ?? null;
          await meet(doOne, doTwo, { jobId, lease }, end);
          expect({ pair: `${one}, ${two}`, unlike: await unlike(observer, schema) }).toEqual({
            pair: `${one}, ${two}`,
            unlike: [],
          });
          // Out of the way of the next pair's recovery.
          await store.cancel(jobId, NO).catch(ignoreUnknown);
        }
      }
      const { reserved } = await store.usage("hot");
      expect(reserved).toBe(0n);
    },
    120_000,
  );
});
