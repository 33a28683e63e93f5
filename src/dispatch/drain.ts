import type { Awaitable } from "../internal/awaitable.ts";
import { type DispatchError, isDispatchError } from "../errors.ts";
import {
  callable,
  duration,
  identifier,
  listOf,
  optional,
  orElse,
  read,
  wrongType,
} from "../internal/check.ts";
import { abortSignal } from "../internal/abort.ts";
import { anyAmount } from "../money/amount.ts";
import { kindOf } from "../internal/text.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { ExecutionContext, Executor, RetriableError } from "./executor.ts";
import type { Lease } from "./lease.ts";
import type { Claimed, CompleteOutcome, FailOutcome, JobStore } from "./contract.ts";

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
  /** Called for each result that came too late to count. If it throws, the drain ends with its error. */
  readonly onStale?: ((lease: Lease) => unknown) | undefined;
}

/** The number of jobs for each way to end. */
export type DrainSummary = Record<(CompleteOutcome | FailOutcome)["kind"], number>;

/**
 * Runs every job that can be claimed in these lanes, one after another, and then returns.
 *
 * If a job fails, the failure is recorded and the next job runs. If the store fails, its error is thrown. `drain` does
 * not wait for retries that are not due, recover lost leases or expire holds.
 *
 * @param executor - a function, or a {@link WorkerExecutor}. It throws {@link RetriableError} if another attempt can
 *   help, and any other error if none can.
 * @returns the number of jobs for each way to end.
 * @throws TypeError if an argument has a wrong type.
 * @throws unknown what the store and `onStale` throw.
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
  const settings = read("drain", options, {
    lanes: listOf(identifier),
    signal: optional(abortSignal, undefined),
    actualCost: call,
    onStale: call,
  });
  const { lanes, signal, onStale } = settings;
  // Any function may be given; its result is checked.
  const actualCost = settings.actualCost as DrainOptions<Payload, Result>["actualCost"];
  const run = runnable(executor);
  const summary: DrainSummary = { completed: 0, requeued: 0, failed: 0, waiting: 0, stale: 0 };
  while (signal?.aborted !== true) {
    const job = await store.claim(lanes);
    if (job === null) break;
    const { kind } = await runJob(store, run, job, actualCost, new AbortController());
    summary[kind]++;
    if (kind === "stale") await onStale?.(job.lease);
  }
  return summary;
}

/** An executor as a function. */
export type Run<Payload, Result> = (payload: Payload, context: ExecutionContext) => Awaitable<Result>;

/** Checks an executor and returns it as a function. */
export function runnable<Payload, Result>(
  executor: Executor<Payload, Result>,
  what = "drain",
): Run<Payload, Result> {
  if (typeof executor === "function") return executor;
  const value: unknown = executor;
  if (
    typeof value === "object" &&
    value !== null &&
    "execute" in value &&
    typeof value.execute === "function"
  ) {
    return (payload, context) => executor.execute(payload, context);
  }
  throw wrongType(`${what}: executor`, "a function or a WorkerExecutor", executor);
}

/** The part of a store that a running job uses. */
export type AttemptStore<Payload, Result> = Pick<JobStore<Payload, Result>, "complete" | "fail" | "renew">;

/**
 * Runs one claimed job and records how it ended.
 *
 * @param onUnknownCost - called with the error if `actualCost` throws or returns no amount.
 */
export async function runJob<Payload, Result>(
  store: AttemptStore<Payload, Result>,
  run: Run<Payload, Result>,
  job: Claimed<Payload>,
  actualCost: DrainOptions<Payload, Result>["actualCost"],
  controller: AbortController,
  onUnknownCost?: (error: unknown) => void,
): Promise<CompleteOutcome | FailOutcome> {
  const { lease, payload } = job;
  // Errors of the store during a renewal. They are no failures of the job, even if the executor rethrows them.
  const storeFailures = new Set<unknown>();
  const context: ExecutionContext = {
    lease,
    signal: controller.signal,
    async renew() {
      try {
        const held = (await store.renew?.(lease)) ?? true;
        if (!held) controller.abort();
        return held;
      } catch (error) {
        storeFailures.add(error);
        throw error;
      }
    },
  };
  let result: Result;
  try {
    result = await run(payload, context);
  } catch (error) {
    if (storeFailures.has(error)) throw error;
    return recordFailure(store, lease, error);
  }
  // With an unknown cost the attempt is charged in full, and the result is kept.
  // Stryker disable next-line OptionalChaining: the error means an unknown cost too, and drain reports none
  const actual = await costOf(() => actualCost?.(result, job), onUnknownCost);
  try {
    return await reportWithCost(actual, (cost) => store.complete(lease, result, cost));
  } catch (error) {
    // The store would refuse the same result again, so the job has failed. Other errors are not about the job.
    if (isDispatchError(error, "result_refused")) return recordFailure(store, lease, error, actual);
    throw error;
  }
}

async function recordFailure<Payload, Result>(
  store: AttemptStore<Payload, Result>,
  lease: Lease,
  error: unknown,
  cost: MicroCents | null = null,
): Promise<FailOutcome> {
  // The executor may have thrown anything, such as an object whose getters throw.
  const message = tryOr(() => messageOf(error), "the executor threw");
  const retry = tryOr(() => retryOf(error), null);
  const options = { retriable: retry !== null, retryAfterSeconds: retry?.retryAfterSeconds ?? 0 };
  return reportWithCost(retry?.actual ?? cost, (actual) =>
    store.fail(lease, message, { ...options, ...actual }),
  );
}

/** The cost and delay of a {@link RetriableError} of this copy or another; an invalid delay counts as 0. */
function retryOf(error: unknown): Pick<RetriableError, "actual" | "retryAfterSeconds"> | null {
  if (!isDispatchError(error, "retriable")) return null;
  const { actual, retryAfterSeconds } = error as DispatchError &
    Pick<RetriableError, "actual" | "retryAfterSeconds">;
  return {
    // Stryker disable next-line StringLiteral: the reader's message is dropped
    actual: orElse(anyAmount, null)("actual", actual),
    // Stryker disable next-line StringLiteral: as above
    retryAfterSeconds: orElse(duration, 0)("retryAfterSeconds", retryAfterSeconds),
  };
}

async function costOf(
  readCost: () => unknown,
  onUnknownCost?: (error: unknown) => void,
): Promise<MicroCents | null> {
  try {
    const cost = (await readCost()) ?? null;
    // Stryker disable next-line StringLiteral: drain drops the message
    return cost === null ? null : anyAmount("actualCost", cost);
  } catch (error) {
    onUnknownCost?.(error);
    return null;
  }
}

function tryOr<Value>(read: () => Value, fallback: Value): Value {
  try {
    return read();
  } catch {
    return fallback;
  }
}

/** Reports an end with its cost. If the store refuses the cost, as it does for a free job, it reports without one. */
async function reportWithCost<Outcome>(
  actual: MicroCents | null,
  report: (cost: { readonly actual?: MicroCents | undefined }) => Awaitable<Outcome>,
): Promise<Outcome> {
  try {
    return await report(actual === null ? {} : { actual });
  } catch (error) {
    if (actual !== null && error instanceof RangeError) return report({});
    throw error;
  }
}

function messageOf(error: unknown): string {
  const message: unknown = error instanceof Error ? error.message : error;
  return typeof message === "string" && message !== "" ? message : `the executor threw ${kindOf(message)}`;
}
