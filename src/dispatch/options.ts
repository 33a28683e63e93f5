import { abortSignal } from "../internal/abort.ts";
import {
  callable,
  duration,
  finite,
  flag,
  identifier,
  listOf,
  optional,
  orNull,
  outOfRange,
  positive,
  read,
  type Reader,
  whole,
  wholeFrom,
} from "../internal/check.ts";
import { ledgerAmount } from "../money/amount.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { RefusedPayload } from "./contract.ts";

/** Reads the length of a lease or a run in seconds: above 0. */
export function leaseLength(what: string, value: unknown): number {
  const seconds = duration(what, value);
  if (seconds > 0) return seconds;
  throw outOfRange(what, "above 0 seconds", seconds);
}

/** Reads lanes; none at all means that nothing is claimed. */
export const laneNames: Reader<readonly string[]> = /* @__PURE__ */ listOf(identifier);

const money = /* @__PURE__ */ optional(ledgerAmount, null);
const attemptLimit = /* @__PURE__ */ optional(whole, Infinity);

/** Reads a limit: at least 1, 100 if it is left out. */
export const pageLimit: Reader<number> = /* @__PURE__ */ optional(/* @__PURE__ */ wholeFrom(1), 100);

/** Reads the limit of a sweep: at least 1, 500 if it is left out. */
export const sweepLimit: Reader<number> = /* @__PURE__ */ optional(/* @__PURE__ */ wholeFrom(1), 500);

/** The longest lease in seconds: a day. */
const LONGEST_LEASE = 86_400;

/** Reads the length of a lease in seconds. */
export const leaseSeconds: Reader<number> = (what, value) => {
  const seconds = positive(what, value);
  if (seconds <= LONGEST_LEASE) return seconds;
  throw outOfRange(what, `at most ${LONGEST_LEASE} seconds, a day`, seconds);
};

/** Checks the options of `claim`. */
export function claimOptions(
  what: string,
  options: unknown,
): {
  readonly leaseSeconds: number | null;
  readonly by: string | null;
  readonly onRefused: ((refused: RefusedPayload) => unknown) | null;
  readonly signal: { readonly aborted: boolean } | null;
} {
  return read(`${what}: options`, options, {
    leaseSeconds: orNull(leaseSeconds),
    by: orNull(identifier),
    // Its argument is typed, its result is not used.
    onRefused: orNull(callable),
    signal: orNull(abortSignal),
  });
}

/** Checks the options of `complete`. */
export function completeOptions(options: unknown): { readonly actual: MicroCents | null } {
  return read("complete: options", options, { actual: money });
}

/** Checks the options of `fail`. */
export function failOptions(options: unknown): {
  readonly retriable: boolean;
  readonly counts: boolean;
  readonly maxAttempts: number;
  readonly actual: MicroCents | null;
  readonly retryAfterSeconds: number;
} {
  return read("fail: options", options, {
    retriable: flag,
    counts: optional(flag, true),
    maxAttempts: attemptLimit,
    actual: money,
    retryAfterSeconds: optional(duration, 0),
  });
}

/** Checks the options of `recoverStale`. */
export function recoverOptions(options: unknown): {
  readonly ttlSeconds: number;
  readonly maxAttempts: number;
  readonly limit: number;
} {
  return read("recoverStale: options", options, {
    ttlSeconds: finite,
    maxAttempts: attemptLimit,
    limit: pageLimit,
  });
}
