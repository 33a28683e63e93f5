import type { Awaitable } from "../budget/contract.ts";
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
import { amount } from "../money/amount.ts";
import { kindOf } from "../internal/text.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { ExecutionContext, Executor, RetriableError } from "./executor.ts";
import type { Lease } from "./lease.ts";
import type { Claimed, CompleteOutcome, FailOutcome, JobStore } from "./contract.ts";

export interface DrainOptions<Payload, Result> {
  /** Where to claim; the job of the highest priority among all of them is first. */
  readonly lanes: readonly string[];
  /** Stops claiming; what runs is finished and recorded. */
  readonly signal?: AbortSignal;
  /** What a job has truly cost, in micro-cents; `null`, a throw, or what is no amount charges it in full. */
  readonly actualCost?: (result: Result, job: Claimed<Payload>) => Awaitable<MicroCents | null>;
  /** Told of each result that came too late to count. What it throws ends the drain. */
  readonly onStale?: (lease: Lease) => unknown;
}

/** How many jobs ended how. */
export type DrainSummary = Record<(CompleteOutcome | FailOutcome)["kind"], number>;

/**
 * Runs every job that can be claimed in these lanes, one after another, and then returns.
 *
 * A job that fails is recorded and the next one runs; a store that fails is thrown. It does not wait for
 * retries that are not due, recover lost leases or expire holds.
 *
 * @param executor - a function, or a {@link WorkerExecutor}; it throws {@link RetriableError} for what
 *   another attempt can fix, and anything else for what none can.
 * @returns how many jobs ended how.
 * @throws TypeError if an argument is not of its type.
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
  // Before anything is claimed: a worker that cannot run must not take a job.
  const call = optional(callable, undefined);
  const given = read(
    "drain",
    options,
    { lanes: listOf(identifier), signal: optional(abortSignal, undefined), actualCost: call, onStale: call },
    true,
  );
  const { lanes, signal, onStale } = given;
  // A function, which is called as its declared type says.
  const actualCost = given.actualCost as DrainOptions<Payload, Result>["actualCost"];
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

/** Reads an AbortSignal by its shape: passing the controller instead would never stop anything. */
export function abortSignal(what: string, value: unknown): { readonly aborted: boolean } {
  if (
    typeof value === "object" &&
    value !== null &&
    "aborted" in value &&
    typeof value.aborted === "boolean"
  ) {
    // Its `aborted` is read again each time, which is what a signal is for.
    return value as { readonly aborted: boolean };
  }
  throw wrongType(what, "an AbortSignal", value);
}

/** An executor as a function. */
export type Run<Payload, Result> = (payload: Payload, context: ExecutionContext) => Awaitable<Result>;

/** Checks an executor, and makes a function of it. */
export function runnable<Payload, Result>(
  executor: Executor<Payload, Result>,
  what = "drain",
): Run<Payload, Result> {
  if (typeof executor === "function") return executor;
  const given: unknown = executor;
  if (
    typeof given === "object" &&
    given !== null &&
    "execute" in given &&
    typeof given.execute === "function"
  ) {
    return (payload, context) => executor.execute(payload, context);
  }
  throw wrongType(`${what}: executor`, "a function or a WorkerExecutor", executor);
}

/** What a job that runs needs of its store. */
export type Reports<Payload, Result> = Pick<JobStore<Payload, Result>, "complete" | "fail" | "renew">;

/**
 * Runs one claimed job and records how it ended.
 *
 * @param untold - told why `actualCost` could not tell.
 */
export async function runJob<Payload, Result>(
  store: Reports<Payload, Result>,
  run: Run<Payload, Result>,
  job: Claimed<Payload>,
  actualCost: DrainOptions<Payload, Result>["actualCost"],
  controller: AbortController,
  untold?: (error: unknown) => void,
): Promise<CompleteOutcome | FailOutcome> {
  const { lease, payload } = job;
  // What the store threw while the lease was renewed: not the job's failure, also if the executor passes it on.
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
  // A cost that cannot be told is no reason to lose the result: the attempt is charged in full.
  // Stryker disable next-line OptionalChaining: what throws is no amount either, and drain has nobody to tell
  const actual = await costOf(() => actualCost?.(result, job), untold);
  try {
    return await orWithout(actual, (cost) => store.complete(lease, result, cost));
  } catch (error) {
    // The store refuses the result itself, and would again. Any other failure says nothing about the job.
    if (isDispatchError(error, "result_refused")) return recordFailure(store, lease, error, actual);
    throw error;
  }
}

async function recordFailure<Payload, Result>(
  store: Reports<Payload, Result>,
  lease: Lease,
  error: unknown,
  cost: MicroCents | null = null,
): Promise<FailOutcome> {
  // Whatever was thrown is the executor's, and may throw again when it is read.
  const message = attempt(() => messageOf(error), "the executor threw");
  const retry = attempt(() => retryOf(error), null);
  const options = { retriable: retry !== null, retryAfterSeconds: retry?.retryAfterSeconds ?? 0 };
  return orWithout(retry?.actual ?? cost, (actual) => store.fail(lease, message, { ...options, ...actual }));
}

/** What a {@link RetriableError}, of this copy or another, says; a delay that is none is no delay. */
function retryOf(error: unknown): Pick<RetriableError, "actual" | "retryAfterSeconds"> | null {
  if (!isDispatchError(error, "retriable")) return null;
  const { actual, retryAfterSeconds } = error as DispatchError &
    Pick<RetriableError, "actual" | "retryAfterSeconds">;
  return {
    // Stryker disable next-line StringLiteral: nobody sees what the reader says
    actual: orElse(amount, null)("actual", actual),
    // Stryker disable next-line StringLiteral: the same
    retryAfterSeconds: orElse(duration, 0)("retryAfterSeconds", retryAfterSeconds),
  };
}

async function costOf(tell: () => unknown, untold?: (error: unknown) => void): Promise<MicroCents | null> {
  try {
    const cost = (await tell()) ?? null;
    // Stryker disable next-line StringLiteral: drain has nobody to tell it to
    return cost === null ? null : amount("actualCost", cost);
  } catch (error) {
    untold?.(error);
    return null;
  }
}

function attempt<Value>(read: () => Value, other: Value): Value {
  try {
    return read();
  } catch {
    return other;
  }
}

/** Reports with the cost; if the store refuses it, as it does for free work, without. */
async function orWithout<Outcome>(
  actual: MicroCents | null,
  report: (cost: { readonly actual?: MicroCents }) => Awaitable<Outcome>,
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
