import { finite, identifier, optional, type Reader, whole } from "../internal/check.ts";
import { define, valueReader } from "../internal/value.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";

const FIELDS = {
  jobId: identifier,
  leasedAt: instant,
  attempts: /* @__PURE__ */ optional(whole, 0),
  token: identifier,
};

/**
 * The right to run one attempt of a job. A token fences it: `complete`, `fail` and `renew` accept only the token that
 * holds the job now.
 *
 * @example
 * ```ts
 * const leasedAt = epochSeconds(1_795_392_000);
 * new Lease({ jobId: "42", leasedAt, attempts: 1, token: "t-1" }).attempts; // => 1
 * ```
 */
export class Lease {
  declare readonly jobId: string;
  /** When it was claimed or last renewed, on the store's clock. */
  declare readonly leasedAt: EpochSeconds;
  /** The number of this attempt, counted from 1; 0 if it was left out. */
  declare readonly attempts: number;
  /** An opaque string, new for every claim. */
  declare readonly token: string;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for an id or token that is not 1 to 200 code units without control characters, an instant in
   *   milliseconds, or a count that is negative or not whole.
   */
  constructor(lease: {
    readonly jobId: string;
    readonly leasedAt: Instant;
    readonly attempts?: number | undefined;
    readonly token: string;
  }) {
    define(this, "Lease", lease, FIELDS);
  }
}

/** Reads a {@link Lease}. */
export const leaseOf: Reader<Lease> = /* @__PURE__ */ valueReader(
  "Lease",
  FIELDS,
  (fields) => new Lease(fields),
);

/**
 * Whether a lease is so old that its worker counts as lost: its age is at least `ttlSeconds`.
 *
 * @param leasedAt - when it was claimed or renewed. A lease from the future is not stale.
 * @param now - the current time, on the same clock.
 * @param ttlSeconds - at least 0.
 * @throws TypeError if an argument has a wrong type.
 * @throws RangeError for milliseconds, a value that is not finite, or a negative `ttlSeconds`.
 * @example
 * ```ts
 * isLeaseStale(epochSeconds(1000), epochSeconds(1060), 60); // => true
 * isLeaseStale(epochSeconds(1000), epochSeconds(1059.9), 60); // => false
 * ```
 */
export function isLeaseStale(leasedAt: Instant, now: Instant, ttlSeconds: number): boolean {
  const age = instant("isLeaseStale: now", now) - instant("isLeaseStale: leasedAt", leasedAt);
  return age >= finite("isLeaseStale: ttlSeconds", ttlSeconds);
}

/** What decides about a running job's lease. */
export interface LeaseTerms {
  readonly leasedAt: EpochSeconds;
  /** The lease's own length in seconds; `null` if its claim gave none. */
  readonly leaseSeconds: number | null;
  /** When the job's `maxRunSeconds` are over; `null` if it has none. */
  readonly runUntil: EpochSeconds | null;
}

/** Whether a job has run for its `maxRunSeconds`: nothing renews its lease any more. */
export function isTimedOut({ runUntil }: Pick<LeaseTerms, "runUntil">, now: EpochSeconds): boolean {
  return runUntil !== null && now >= runUntil;
}

/** Whether recovery takes a lease back: its job has timed out, or it is past its own length, or else `ttlSeconds`. */
export function isLeaseLost(terms: LeaseTerms, now: EpochSeconds, ttlSeconds: number): boolean {
  return isTimedOut(terms, now) || isLeaseStale(terms.leasedAt, now, terms.leaseSeconds ?? ttlSeconds);
}

/**
 * Whether a job has used up its attempts.
 *
 * @param attempts - the number of attempts so far, a whole number.
 * @param maxAttempts - the most attempts allowed, a whole number; with 0 the job never runs.
 * @throws TypeError if either is not a number.
 * @throws RangeError if either is negative or not whole.
 * @example
 * ```ts
 * shouldGiveUp(3, 3); // => true
 * ```
 */
export function shouldGiveUp(attempts: number, maxAttempts: number): boolean {
  return whole("shouldGiveUp: attempts", attempts) >= whole("shouldGiveUp: maxAttempts", maxAttempts);
}
