import type { Awaitable } from "../internal/awaitable.ts";
import { callable, identifier, listOf, optional, read, type Reader } from "../internal/check.ts";
import { abortSignal } from "../internal/abort.ts";
import { monotonicSeconds, pacer } from "../internal/timers.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { Executor } from "./executor.ts";
import type { Claimed, ClaimOptions, JobStore } from "./contract.ts";
import { type DispatchEvent, type DrainSummary, emptySummary, teller } from "./events.ts";
import { leaseSeconds as leaseTime } from "./options.ts";
import { limitRun, runJob, runnable } from "./run-job.ts";

/** Options of {@link drain}. */
export interface DrainOptions<Payload, Result> {
  /** The lanes to claim from. The job with the highest priority in all of them is claimed first. */
  readonly lanes: readonly string[];
  /** Stops claiming. The job that runs is finished and recorded. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Returns the actual cost of a job in micro-cents. If it returns `null` or no amount, or throws, the job is charged
   * in full.
   */
  readonly actualCost?: ((result: Result, job: Claimed<Payload>) => Awaitable<MicroCents | null>) | undefined;
  /** Called with all that happens. What it throws or rejects with is ignored, and nothing waits for its promise. */
  readonly onEvent?: ((event: DispatchEvent) => unknown) | undefined;
  /**
   * Seconds after which the lease of a job is lost if the executor does not renew it, above 0 and at most a day. Without
   * it, the `leaseSeconds` of the worker that recovers lost leases counts.
   */
  readonly leaseSeconds?: number | undefined;
}

/**
 * Runs every job that can be claimed in these lanes, one after another, and then returns.
 *
 * If a job fails, the failure is recorded and the next job runs. If the store fails, its error is thrown. A job's signal
 * aborts when its `maxRunSeconds` are over. `drain` does not renew leases, wait for retries that are not due, recover lost
 * leases or expire holds. Every 10 ms it lets timers and I/O run, also between jobs that wait for nothing.
 *
 * @param executor - a function, or a {@link WorkerExecutor}. It throws {@link RetriableError} if another attempt can
 *   help, {@link NonRetriableError} if none can and the cost is known, and any other error if none can.
 * @returns the number of jobs for each way to end.
 * @throws TypeError if an argument has a wrong type.
 * @throws RangeError if a lane or `leaseSeconds` is out of range.
 * @throws unknown what the store throws.
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
 * const summary = await drain(store, (payload) => payload, { lanes: ["text"] });
 * summary.completed; // => 1
 * ```
 */
export async function drain<Payload, Result>(
  store: JobStore<Payload, Result>,
  executor: Executor<Payload, Result>,
  options: DrainOptions<Payload, Result>,
): Promise<DrainSummary> {
  // Checked before the first claim: a drain that cannot run must not take a job.
  const call = optional(callable, undefined);
  const { lanes, signal, actualCost, onEvent, leaseSeconds } = read("drain: options", options, {
    lanes: listOf(identifier),
    // Only its `aborted` is used.
    signal: optional(abortSignal as Reader<AbortSignal>, undefined),
    // Any function may be given; its result is checked.
    actualCost: call as Reader<DrainOptions<Payload, Result>["actualCost"]>,
    onEvent: call,
    leaseSeconds: optional(leaseTime, undefined),
  });
  const run = runnable("drain", executor);
  const tell = teller(onEvent);
  const pace = pacer();
  const claimOptions: ClaimOptions = {
    leaseSeconds,
    signal,
    onRefused({ lease, error, outcome }) {
      tell({ kind: "payload_refused", lease, error, outcome });
      // The store waits for it, so that a claim that meets many such jobs can be stopped.
      return pace();
    },
  };
  const summary = emptySummary();
  try {
    while (signal?.aborted !== true) {
      const claimedAt = monotonicSeconds();
      const job = await store.claim(lanes, claimOptions);
      if (job === null) break;
      tell({ kind: "claimed", lease: job.lease });
      const controller = new AbortController();
      const stopTimer = limitRun(job, claimedAt, (reason) => {
        controller.abort(reason);
      });
      const end = await runJob(store, job, { run, actualCost, tell, controller }).finally(stopTimer);
      summary[end.kind]++;
      tell(end);
      await pace();
    }
    return summary;
  } catch (error) {
    tell({ kind: "store_failed", error });
    throw error;
  } finally {
    tell({ kind: "stopped", summary: Object.freeze({ ...summary }) });
  }
}
