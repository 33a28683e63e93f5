import type { HoldOutcome, MicroCents } from "dispatch-kit";
import type { PostgresClient, PostgresStore } from "dispatch-kit/postgres";
import type { ConnectionOptions, PgBoss, SendOptions } from "pg-boss";
import { type Budget, chargeDead, holdAttempt, holdIdOf, runAttempt } from "../queue-budget/attempt.ts";

/** A queue of pg-boss with a budget in front of it. */
export interface PaidQueue {
  readonly boss: PgBoss;
  readonly store: PostgresStore;
  readonly queue: string;
  readonly deadLetter: string;
  readonly budget: Budget;
}

/** pg-boss, inside the transaction of this client. */
function on(client: PostgresClient): Required<Pick<ConnectionOptions, "db">> {
  return { db: { executeSql: (text, values = []) => client.query(text, values) } };
}

/**
 * Holds the money and sends the job, in the transaction that you have begun on `client`: both or neither.
 * `refused`: nothing was sent. `exists`: the job was sent before, under this id.
 *
 * @param jobId - a UUID of yours: whoever sends it again, after a time-out, sends it once.
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
  if (sent === null) throw new Error(`${jobId} is in ${queue} already, and nothing was held for it`);
  return held;
}

/**
 * Works on the queue: each attempt under its own hold, settled at what it has cost. A job that is dead, because its
 * retries are exhausted or because its process was lost, comes by the dead letters, and leaves no hold open.
 */
export async function workPaid(
  { boss, store, queue, deadLetter, budget }: PaidQueue,
  call: (
    data: object,
    signal: AbortSignal,
  ) => Promise<{ readonly value: unknown; readonly cost: MicroCents }>,
): Promise<void> {
  await boss.work<object>(queue, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
    if (!job) throw new Error("pg-boss gives at least one job");
    return runAttempt(store, budget, job.id, job.retryCount + 1, () => call(job.data, job.signal));
  });
  await boss.work(deadLetter, { pollingIntervalSeconds: 0.5, includeMetadata: true }, async ([dead]) => {
    if (!dead?.sourceId) throw new Error(`${deadLetter} is for dead letters`);
    await chargeDead(store, dead.sourceId, (dead.sourceRetryCount ?? 0) + 1);
  });
}

/** Cancels a job, in the transaction of this client; the money comes back if it has never begun. */
export async function cancelPaid(
  client: PostgresClient,
  { boss, store, queue }: PaidQueue,
  jobId: string,
): Promise<void> {
  // First: from here on no worker can take it.
  await boss.cancel(queue, jobId, on(client));
  const [job] = await boss.findJobs(queue, { id: jobId, ...on(client) });
  // `null` until a worker takes it, whatever the type says.
  const begun = job?.startedOn as Date | null | undefined;
  // One that runs settles its own hold; until then it may spend.
  if (begun === null && job?.state === "cancelled") {
    await store.within(client).release(holdIdOf(jobId, 1));
  }
}
