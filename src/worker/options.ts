import type { Awaitable, BudgetLedger } from "../budget/contract.ts";
import { abortSignal, type DrainOptions } from "../dispatch/drain.ts";
import type { Lease } from "../dispatch/lease.ts";
import type { Claimed, JobStore } from "../dispatch/contract.ts";
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
  wrongType,
} from "../internal/check.ts";

/** What a worker needs of a store. What is optional is used where the store has it. */
export interface WorkStore<Payload = unknown, Result = unknown>
  extends JobStore<Payload, Result>, Partial<Pick<BudgetLedger, "expire">> {
  /** Up to `limit` jobs at once, in the order in which `claim` would give them. */
  claimMany?(lanes: readonly string[], limit: number): Awaitable<readonly Claimed<Payload>[]>;
}

/**
 * Subscribes to news of jobs in these lanes, and answers with what ends the subscription.
 *
 * The listener never throws and may be called at any time and as often as one likes: it makes an idle worker
 * look at once. News that is lost costs a wait, never a job, because the worker goes on polling.
 */
export type Wake = (lanes: readonly string[], listener: () => void) => Awaitable<() => Awaitable<void>>;

export interface WorkOptions<Payload, Result> extends DrainOptions<Payload, Result> {
  /** Stops the worker: nothing more is claimed; what runs is finished and recorded. */
  readonly signal?: AbortSignal;
  /** Told of each result that came too late to count. What it throws stops the worker, which rejects with it. */
  readonly onStale?: (lease: Lease) => unknown;
  /**
   * Told of each call of the store, or of `wake`, that failed; the worker waits and goes on. Without it, the
   * first failure stops the worker, which rejects with it; so does what it throws. It is also told what
   * `actualCost` threw, or that what it gave is no amount: the attempt was charged in full.
   */
  readonly onError?: (error: unknown) => unknown;
  /** How many jobs may run at a time; 1 by default. */
  readonly concurrency?: number;
  /**
   * Seconds after which a lease that was not renewed counts as lost; 60 by default. The same for every worker
   * of a store: a shorter one takes the jobs of the others.
   */
  readonly leaseSeconds?: number;
  /** Seconds between two recoveries of lost leases and expired holds, at most; by default `leaseSeconds`. */
  readonly recoverEverySeconds?: number;
  /**
   * Seconds between two looks for jobs while there are none: `minSeconds` at first, 0.2 by default, doubled
   * up to `maxSeconds`, 5 by default. It is also how long the worker waits when a call of the store failed.
   */
  readonly poll?: { readonly minSeconds?: number; readonly maxSeconds?: number };
  /**
   * Seconds until a job is tried again whose {@link RetriableError} does not say: `baseSeconds` after the first
   * attempt, 1 by default, doubled by each, up to `maxSeconds`, 300 by default.
   */
  readonly backoff?: { readonly baseSeconds?: number; readonly maxSeconds?: number };
  /**
   * Seconds that running jobs have after the stop, before their signals abort; without it they have forever.
   * The signal's reason is a {@link RetriableError}: an executor that throws it has its job tried again.
   */
  readonly stopWithinSeconds?: number;
  /** Tells an idle worker of new jobs. */
  readonly wake?: Wake;
  /** From 0 to 1, for the jitter: every wait is cut by up to half; `Math.random` by default. */
  readonly random?: () => number;
}

/** What a timer can wait for; a longer one would fire at once. */
const wait: Reader<number> = (what, value) => {
  const seconds = finite(what, value);
  if (seconds <= 1e6) return seconds;
  throw outOfRange(what, "at most 1e6 seconds", seconds);
};

/** A wait that is one. */
const interval: Reader<number> = (what, value) => {
  const seconds = wait(what, value);
  if (seconds > 0) return seconds;
  throw outOfRange(what, "above 0 seconds", seconds);
};

const stopping: Reader<AbortSignal> = (what, value) => {
  const signal = abortSignal(what, value);
  if ("addEventListener" in signal && "removeEventListener" in signal) {
    // Its two methods are called as an AbortSignal's.
    return signal as AbortSignal;
  }
  throw wrongType(what, "an AbortSignal", value);
};

interface Range {
  readonly least: number;
  readonly most: number;
}

const poll: Reader<Range> = (what, value) => {
  const readers = { minSeconds: optional(interval, 0.2), maxSeconds: optional(interval, 5) };
  const { minSeconds, maxSeconds } = read(what, value, readers, true);
  return range(what, minSeconds, maxSeconds);
};

const backoff: Reader<Range> = (what, value) => {
  const readers = { baseSeconds: optional(duration, 1), maxSeconds: optional(duration, 300) };
  const { baseSeconds, maxSeconds } = read(what, value, readers, true);
  return range(what, baseSeconds, maxSeconds);
};

function range(what: string, least: number, most: number): Range {
  if (least <= most) return { least, most };
  throw outOfRange(`${what}.maxSeconds`, `at least ${least}, the least wait`, most);
}

/** The options of `work`, checked. */
export interface Settings<Payload, Result> extends Pick<
  WorkOptions<Payload, Result>,
  "actualCost" | "onError" | "onStale" | "signal" | "stopWithinSeconds" | "wake"
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
  const given = read(
    "work",
    options,
    {
      lanes: listOf(identifier),
      signal: optional(stopping, undefined),
      actualCost: call,
      onStale: call,
      onError: call,
      concurrency: optional(wholeFrom(1), 1),
      leaseSeconds: optional(interval, 60),
      recoverEverySeconds: optional(interval, undefined),
      poll: (what, value) => poll(what, value ?? {}),
      backoff: (what, value) => backoff(what, value ?? {}),
      stopWithinSeconds: optional(wait, undefined),
      wake: call,
      random: optional(callable, Math.random),
    },
    true,
  );
  const recoverEverySeconds = given.recoverEverySeconds ?? given.leaseSeconds;
  // The functions among them are called as their declared types say.
  return { ...given, recoverEverySeconds } as Settings<Payload, Result>;
}
