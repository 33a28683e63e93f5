import type { Awaitable } from "../internal/awaitable.ts";
import { isDispatchError } from "../errors.ts";
import { isObject, orElse, positive, wrongType } from "../internal/check.ts";
import { monotonicSeconds, startTimer } from "../internal/timers.ts";
import { ledgerAmount } from "../money/amount.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { Claimed, JobStore } from "./contract.ts";
import { type AttemptEvent, messageOf, type Tell } from "./events.ts";
import { type ExecutionContext, type Executor, failureOf, RetriableError } from "./executor.ts";

/** An executor as a function. */
export type Run<Payload, Result> = (payload: Payload, context: ExecutionContext) => Awaitable<Result>;

/** Checks an executor and returns it as a function. */
export function runnable<Payload, Result>(
  what: string,
  executor: Executor<Payload, Result>,
): Run<Payload, Result> {
  if (typeof executor === "function") return executor;
  const value: unknown = executor;
  if (isObject(value) && "execute" in value && typeof value.execute === "function") {
    return (payload, context) => executor.execute(payload, context);
  }
  throw wrongType(`${what}: executor`, "a function or a WorkerExecutor", executor);
}

/** The part of a store that a running job uses. */
export type AttemptStore<Payload, Result> = Pick<JobStore<Payload, Result>, "complete" | "fail" | "renew">;

/** Returns the actual cost of a job, if it is known. */
export type ActualCost<Payload, Result> = (
  result: Result,
  job: Claimed<Payload>,
) => Awaitable<MicroCents | null>;

/** What running a job needs beside the store and the job. */
export interface RunOptions<Payload, Result> {
  readonly run: Run<Payload, Result>;
  readonly actualCost: ActualCost<Payload, Result> | undefined;
  readonly tell: Tell;
  /** Aborts the job's signal. The reason of each abort is a {@link RetriableError}. */
  readonly controller: AbortController;
}

/** Why a job's signal aborts when another worker may have the job. */
export function lostLease(): RetriableError {
  return new RetriableError("the lease was lost");
}

/**
 * Calls `onOver` when the job's `maxRunSeconds` are over.
 *
 * @param claimedAt - when the claim was sent, on the monotonic clock.
 * @returns a function that stops the timer.
 */
export function limitRun(
  job: Claimed<unknown>,
  claimedAt: number,
  onOver: (reason: RetriableError) => void,
): () => void {
  // A store of somebody's own may say anything.
  const limit = orElse(positive, null)("maxRunSeconds", job.maxRunSeconds);
  if (limit === null) return () => undefined;
  return startTimer(claimedAt + limit - monotonicSeconds(), () => {
    onOver(new RetriableError("the job ran for its maxRunSeconds"));
  });
}

/**
 * Runs one claimed job and records how it ended.
 *
 * @throws unknown what the store throws.
 */
export async function runJob<Payload, Result>(
  store: AttemptStore<Payload, Result>,
  job: Claimed<Payload>,
  { run, actualCost, tell, controller }: RunOptions<Payload, Result>,
): Promise<AttemptEvent> {
  const { lease, payload } = job;
  // Errors of the store during a renewal. They are no failures of the job, even if the executor rethrows them.
  const storeFailures = new Set<unknown>();
  const context: ExecutionContext = {
    lease,
    signal: controller.signal,
    async renew() {
      try {
        const held = (await store.renew?.(lease)) ?? true;
        if (!held) controller.abort(lostLease());
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
    return recordFailure(error, null);
  }
  // With an unknown cost the attempt is charged in full, and the result is kept.
  const actual = await knownCost();
  try {
    const end = await reportWithCost(actual, (cost) => store.complete(lease, result, cost));
    if (end.kind === "stale") return { kind: "stale", lease, corrected: end.corrected };
    return { kind: "completed", lease, booked: end.booked, overrun: end.overrun };
  } catch (error) {
    // The store would refuse the same result again, so the job has failed. Other errors are not about the job.
    if (isDispatchError(error, "result_refused")) return recordFailure(error, actual);
    throw error;
  }

  async function recordFailure(error: unknown, cost: MicroCents | null): Promise<AttemptEvent> {
    const thrown = failureOf(error);
    const { signal } = controller;
    // After an abort the failure is not the job's own: the reason says whether the attempt counts.
    const { retriable, counts } = signal.aborted ? failureOf(signal.reason) : thrown;
    const end = await reportWithCost(thrown.actual ?? cost, (actual) =>
      store.fail(lease, messageOf(error, "the executor threw"), {
        retriable,
        ...(!counts && { counts }),
        retryAfterSeconds: thrown.retryAfterSeconds,
        ...actual,
      }),
    );
    if (end.kind === "stale") return { kind: "stale", lease, corrected: end.corrected };
    const { kind, booked, overrun } = end;
    if (counts) return { kind, lease, booked, overrun, error };
    return { kind: "given_back", lease, booked, overrun, error, outcome: kind };
  }

  async function knownCost(): Promise<MicroCents | null> {
    try {
      const cost = (await actualCost?.(result, job)) ?? null;
      return cost === null ? null : ledgerAmount("actualCost", cost);
    } catch (error) {
      tell({ kind: "cost_unknown", lease, error });
      return null;
    }
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
