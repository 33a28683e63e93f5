import type { DrainSummary } from "../dispatch/events.ts";
import type { Executor } from "../dispatch/executor.ts";
import { runnable } from "../dispatch/run-job.ts";
import { settingsOf, type WorkOptions, type WorkStore } from "./options.ts";
import { Worker } from "./worker.ts";

/**
 * Runs the jobs of these lanes until it is stopped.
 *
 * It runs up to `concurrency` jobs and claims the next one when a job ends; while there are no jobs, it claims less and
 * less often. It renews the lease of every running job each third of `leaseSeconds`. At its start and then periodically it
 * recovers the lost leases of all workers, ends the jobs whose deadline has passed, and expires holds. Every 10 ms it lets
 * timers and I/O run, also between jobs that wait for nothing.
 *
 * The signal of a job aborts when its lease is lost or could not be renewed within `leaseSeconds`, and when its
 * `maxRunSeconds` are over: another worker may have the job then, and the result may not count. If the executor fails
 * after that, the job is tried again, and the attempt counts.
 *
 * A call to the store that fails is repeated later. The report of a job's end is safe to repeat, and is repeated for at
 * least `leaseSeconds`; after that, recovery charges the attempt in full. With `onEvent` the worker goes on for ever.
 * Without it, the worker stops and `work` rejects with the last error in three cases: the calls of one kind (claims,
 * renewals, recoveries, expiries or subscriptions of `wake`) have failed for `leaseSeconds` without an answer in between; a
 * report was given up or refused; or the first claim throws a `TypeError` or a `RangeError`, since that is a mistake in the
 * call.
 *
 * A call to the store or an executor that never returns is awaited without limit, also at the stop: set a timeout in the
 * database client.
 *
 * @param store - any `JobStore`. `claimMany`, `renew` and `expire` are used if it has them. Without `renew`,
 *   `leaseSeconds` must be longer than the longest job.
 * @param executor - as for `drain`; it throws `RetriableError` if another attempt can help, and `NonRetriableError` if
 *   none can and the cost is known.
 * @returns the number of jobs for each way to end, after the last job was recorded; no timer is left.
 * @throws TypeError if an argument has a wrong type.
 * @throws RangeError if a time or `concurrency` is out of range.
 * @throws unknown what the store throws if there is no `onEvent`, after the running jobs were finished and recorded.
 * @example
 * ```ts
 * const store = memoryStore();
 * await store.submit({
 *   jobId: "1",
 *   lane: "text",
 *   payload: "hello",
 *   backend: BackendKind.LOCAL,
 *   maxCost: usd(0),
 *   maxAttempts: 3,
 * });
 * const stop = new AbortController();
 * const executor = (payload: unknown) => {
 *   stop.abort(); // in a service: on SIGTERM
 *   return payload;
 * };
 * const summary = await work(store, executor, { lanes: ["text"], signal: stop.signal });
 * summary.completed; // => 1
 * ```
 */
export async function work<Payload, Result>(
  store: WorkStore<Payload, Result>,
  executor: Executor<Payload, Result>,
  options: WorkOptions<Payload, Result>,
): Promise<DrainSummary> {
  return new Worker(store, runnable("work", executor), settingsOf(options)).work();
}
