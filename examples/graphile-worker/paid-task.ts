import type { HoldOutcome, MicroCents } from "dispatch-kit";
import type { PostgresClient, PostgresStore } from "dispatch-kit/postgres";
import type { Task } from "graphile-worker";
import { type Budget, chargeDead, holdAttempt, holdIdOf, runAttempt } from "../queue-budget/attempt.ts";

/** A task of Graphile Worker with a budget. */
export interface PaidTask {
  readonly store: PostgresStore;
  readonly task: string;
  readonly budget: Budget;
  /** The schema of Graphile Worker: `graphile_worker`, unless you have set another. */
  readonly schema: string;
}

/**
 * Holds the money and adds the job, both in the transaction that you have begun on `client`.
 * `refused`: nothing was added. `exists`: a job with this id was added before.
 */
export async function addPaid(
  client: PostgresClient,
  { store, task, budget, schema }: PaidTask,
  jobId: string,
  payload: object,
  maxAttempts = 25,
): Promise<HoldOutcome> {
  const held = await holdAttempt(store.within(client), budget, jobId, 1);
  if (held.kind !== "held") return held;
  const add = `SELECT ${schema}.add_job($1, payload := $2::json, job_key := $3, max_attempts := $4::int)`;
  await client.query(add, [task, JSON.stringify(payload), jobId, maxAttempts]);
  return held;
}

/** The task itself: each attempt has its own hold, which is settled at its actual cost. */
export function paidTask(
  { store, budget }: PaidTask,
  call: (payload: unknown) => Promise<{ readonly value: unknown; readonly cost: MicroCents }>,
): Task {
  return async (payload, { job }) => {
    if (job.key === null) throw new Error(`job ${job.id} was not added by addPaid: it has no key`);
    await runAttempt(store, budget, job.key, job.attempts, () => call(payload));
  };
}

/** Removes a job in the transaction of this client, and releases its money if it has never started. */
export async function removePaid(
  client: PostgresClient,
  { store, schema }: PaidTask,
  jobId: string,
): Promise<void> {
  const remove = `SELECT attempts, locked_at FROM ${schema}.remove_job($1)`;
  const [removed] = (await client.query(remove, [jobId])).rows as readonly {
    readonly attempts: number | null;
    readonly locked_at: Date | null;
  }[];
  // A running job settles its own hold; until then it may spend money.
  const neverBegan = removed?.attempts === 0 && removed.locked_at === null;
  if (neverBegan) await store.within(client).release(holdIdOf(jobId, 1));
}

/**
 * Charges the open holds of dead jobs, which have no attempts left and whose last process was lost. Call it regularly, as
 * `store.expire()`.
 */
export async function chargeDeadJobs(
  client: PostgresClient,
  { store, task, schema }: PaidTask,
): Promise<void> {
  // Graphile Worker too treats the worker of a locked job as lost after four hours.
  const dead = `SELECT key, attempts FROM ${schema}.jobs WHERE task_identifier = $1 AND key IS NOT NULL
    AND attempts >= max_attempts AND (locked_at IS NULL OR locked_at < now() - interval '4 hours')`;
  const { rows } = await client.query(dead, [task]);
  for (const { key, attempts } of rows as readonly { readonly key: string; readonly attempts: number }[]) {
    await chargeDead(store, key, attempts);
  }
}
