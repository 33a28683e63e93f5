import type { Awaitable } from "../internal/awaitable.ts";
import type { BudgetLedger } from "../budget/contract.ts";
import { listenableSignal } from "../internal/abort.ts";
import { LONGEST_TIMER } from "../internal/timers.ts";
import type { DrainOptions } from "../dispatch/drain.ts";
import type { Claimed, ClaimOptions, JobStore } from "../dispatch/contract.ts";
import type { DispatchEvent } from "../dispatch/events.ts";
import { leaseSeconds } from "../dispatch/options.ts";
import type { Wake } from "../dispatch/wake.ts";
import {
  callable,
  duration,
  finite,
  identifier,
  listOf,
  optional,
  outOfRange,
  read,
  type Reader,
  wholeFrom,
} from "../internal/check.ts";

/** The part of a store that a worker uses. An optional method is used if the store has it. */
export interface WorkStore<Payload = unknown, Result = unknown>
  extends JobStore<Payload, Result>, Partial<Pick<BudgetLedger, "expire">> {
  /** Claims up to `limit` jobs, in the same order as `claim`. */
  claimMany?(
    lanes: readonly string[],
    limit: number,
    options?: ClaimOptions,
  ): Awaitable<readonly Claimed<Payload>[]>;
}

/** Options of {@link work}. */
export interface WorkOptions<Payload, Result> extends DrainOptions<Payload, Result> {
  /** Stops the worker: it claims no more jobs, and finishes and records the running ones. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with all that happens. What it throws or rejects with is ignored, and nothing waits for its promise.
   *
   * With it the worker goes on while the store fails, and each failed call is a `store_failed` event. Without it nobody
   * would hear of the failures, so they end the worker: see {@link work}.
   */
  readonly onEvent?: ((event: DispatchEvent) => unknown) | undefined;
  /** The name of this worker or its machine, 1 to 200 code units. The store saves it with each lease. */
  readonly by?: string | undefined;
  /** The most jobs that run at the same time; 1 by default. */
  readonly concurrency?: number | undefined;
  /**
   * Seconds after which a lease that was not renewed counts as lost, above 0 and at most a day; 60 by default. It is also
   * the age at which this worker recovers the leases that have no length of their own, such as those of an older version.
   */
  readonly leaseSeconds?: number | undefined;
  /**
   * The most seconds between two recoveries of lost leases and expired holds; by default `leaseSeconds`. The first is at
   * the start.
   */
  readonly recoverEverySeconds?: number | undefined;
  /**
   * Seconds between two claims while there are no jobs. The first wait is `minSeconds` (0.2 by default); each wait
   * doubles the last, up to `maxSeconds` (5 by default). The worker waits as long after a failed call to the store.
   */
  readonly poll?:
    { readonly minSeconds?: number | undefined; readonly maxSeconds?: number | undefined } | undefined;
  /**
   * Seconds until a job is tried again if its `RetriableError` has no `retryAfterSeconds`. It is `baseSeconds`
   * after the first attempt (1 by default) and doubles with each attempt, up to `maxSeconds` (300 by default).
   */
  readonly backoff?:
    { readonly baseSeconds?: number | undefined; readonly maxSeconds?: number | undefined } | undefined;
  /**
   * Seconds after the stop until the signals of running jobs abort. If it is left out, the stop does not abort them. A job
   * that then fails in any way is given back: the attempt does not count. It is charged at the `actual` of a
   * `RetriableError` or `NonRetriableError`, else in full.
   */
  readonly stopWithinSeconds?: number | undefined;
  /** Notifies an idle worker of new jobs. */
  readonly wake?: Wake | undefined;
  /** Returns a number from 0 to 1 for the jitter, which shortens every wait by up to half; `Math.random` by default. */
  readonly random?: (() => number) | undefined;
}

/** Seconds that a timer can wait. A timer that is too long fires at once. */
const waitSeconds: Reader<number> = (what, value) => {
  const seconds = finite(what, value);
  if (seconds <= LONGEST_TIMER) return seconds;
  throw outOfRange(what, "at most 1e6 seconds", seconds);
};

/** A wait above 0. */
const positiveWait: Reader<number> = (what, value) => {
  const seconds = waitSeconds(what, value);
  if (seconds > 0) return seconds;
  throw outOfRange(what, "above 0 seconds", seconds);
};

interface Range {
  readonly least: number;
  readonly most: number;
}

const poll: Reader<Range> = (what, value) => {
  const readers = { minSeconds: optional(positiveWait, 0.2), maxSeconds: optional(positiveWait, 5) };
  const { minSeconds, maxSeconds } = read(what, value, readers);
  return range(what, minSeconds, maxSeconds);
};

const backoff: Reader<Range> = (what, value) => {
  const readers = { baseSeconds: optional(duration, 1), maxSeconds: optional(duration, 300) };
  const { baseSeconds, maxSeconds } = read(what, value, readers);
  return range(what, baseSeconds, maxSeconds);
};

function range(what: string, least: number, most: number): Range {
  if (least <= most) return { least, most };
  throw outOfRange(`${what}.maxSeconds`, `at least ${least}, the shortest wait`, most);
}

/** The checked options of {@link work}, with their defaults. */
export interface Settings<Payload, Result> extends Pick<
  WorkOptions<Payload, Result>,
  "actualCost" | "by" | "onEvent" | "signal" | "stopWithinSeconds" | "wake"
> {
  readonly lanes: readonly string[];
  readonly concurrency: number;
  readonly leaseSeconds: number;
  readonly recoverEverySeconds: number;
  readonly poll: Range;
  readonly backoff: Range;
  readonly random: () => number;
}

export function settingsOf<Payload, Result>(
  options: WorkOptions<Payload, Result>,
): Settings<Payload, Result> {
  const call = optional(callable, undefined);
  const checked = read("work: options", options, {
    lanes: listOf(identifier),
    signal: optional(listenableSignal, undefined),
    actualCost: call,
    onEvent: call,
    by: optional(identifier, undefined),
    concurrency: optional(wholeFrom(1), 1),
    leaseSeconds: optional(leaseSeconds, 60),
    recoverEverySeconds: optional(positiveWait, undefined),
    poll: (what, value) => poll(what, value ?? {}),
    backoff: (what, value) => backoff(what, value ?? {}),
    stopWithinSeconds: optional(waitSeconds, undefined),
    wake: call,
    random: optional(callable, Math.random),
  });
  const recoverEverySeconds = checked.recoverEverySeconds ?? checked.leaseSeconds;
  // The arguments and results of the functions are not checked.
  return { ...checked, recoverEverySeconds } as Settings<Payload, Result>;
}
