import type { HoldOutcome, MicroCents } from "dispatch-kit";
import type { PostgresClient, PostgresStore } from "dispatch-kit/postgres";
import type { ConnectionOptions, PgBoss, SendOptions } from "pg-boss";
import { type Budget, chargeDead, holdAttempt, holdIdOf, runAttempt } from "../queue-budget/attempt.ts";

/** A queue of pg-boss with a budget. */
export interface PaidQueue {
  readonly boss: PgBoss;
  readonly store: PostgresStore;
  readonly queue: string;
  readonly deadLetter: string;
  readonly budget: Budget;
}

/** Options that make pg-boss use the transaction of this client. */
function on(client: PostgresClient): Required<Pick<ConnectionOptions, "db">> {
  return { db: { executeSql: (text, values = []) => client.query(text, values) } };
}

/**
 * Holds the money and sends the job, both in the transaction that you have begun on `client`.
 * `refused`: nothing was sent. `exists`: a job with this id was sent before.
 *
 * @param jobId - your own UUID: if you send the job again after a time-out, it is still sent once.
 */
export async function sendPaid(
  client: PostgresClient,
  { boss, store, queue, deadLetter, budget }: PaidQueue,
  jobId: string,
  data: object,
  options: Omit<SendOptions, "id" | "db" | "deadLetter"> = {},
): Promise<HoldOutcome> {
  const held = await holdAttempt(store.within(client), budget, jobId, 1);
  if (held.kind !== "held") return held;
  const sent = await boss.send(queue, data, { ...options, ...on(client), id: jobId, deadLetter });
  if (sent === null) throw new Error(`${jobId} is already in ${queue}, but nothing was held for it`);
  return held;
}

/**
 * Works on the queue. Each attempt has its own hold, which is settled at its actual cost. A dead job, which has no retries
 * left or whose process was lost, goes to the dead-letter queue; there its open holds are charged.
 */
export async function workPaid(
  { boss, store, queue, deadLetter, budget }: PaidQueue,
  call: (
    data: object,
    signal: AbortSignal,
  ) => Promise<{ readonly value: unknown; readonly cost: MicroCents }>,
): Promise<void> {
  await boss.work<object>(queue, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
    if (!job) throw new Error("pg-boss gave no job");
    return runAttempt(store, budget, job.id, job.retryCount + 1, () => call(job.data, job.signal));
  });
  await boss.work(deadLetter, { pollingIntervalSeconds: 0.5, includeMetadata: true }, async ([dead]) => {
    if (!dead?.sourceId) throw new Error(`${deadLetter} has a job that is not a dead letter`);
    await chargeDead(store, dead.sourceId, (dead.sourceRetryCount ?? 0) + 1);
  });
}

/** Cancels a job in the transaction of this client, and releases its money if it has never started. */
export async function cancelPaid(
  client: PostgresClient,
  { boss, store, queue }: PaidQueue,
  jobId: string,
): Promise<void> {
  // Cancel first, so that no worker can take the job any more.
  await boss.cancel(queue, jobId, on(client));
  const [job] = await boss.findJobs(queue, { id: jobId, ...on(client) });
  // It is `null` until a worker takes the job; the type does not say so.
  const begun = job?.startedOn as Date | null | undefined;
  // A running job settles its own hold; until then it may spend money.
  if (begun === null && job?.state === "cancelled") {
    await store.within(client).release(holdIdOf(jobId, 1));
  }
}
