import { finite, identifier, read, seal, whole } from "../internal/check.ts";
import { type EpochSeconds, instant } from "../time.ts";

/**
 * The right to run one attempt of a job, fenced by a token: complete, fail and renew act only for the
 * token that holds the job now.
 *
 * @example
 * ```ts
 * const leasedAt = epochSeconds(1_795_392_000);
 * new Lease({ jobId: "42", leasedAt, attempts: 1, token: "t-1" }).attempts; // => 1
 * ```
 */
export class Lease {
  readonly #ours: undefined;
  declare readonly jobId: string;
  /** When it was claimed or last renewed, on the store's clock. */
  declare readonly leasedAt: EpochSeconds;
  /** Which attempt of the job this is, from 1. */
  declare readonly attempts: number;
  /** Opaque, new with every claim. */
  declare readonly token: string;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for an id or token that is no identifier, milliseconds, or a negative count.
   */
  constructor(lease: {
    readonly jobId: string;
    readonly leasedAt: EpochSeconds;
    readonly attempts: number;
    readonly token: string;
  }) {
    const readers = { jobId: identifier, leasedAt: instant, attempts: whole, token: identifier };
    seal(this, read("Lease", lease, readers));
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is Lease {
    return typeof value === "object" && value !== null && #ours in value;
  }
}

/**
 * Whether a lease is so old that its worker counts as lost; at the very second of its TTL it is.
 *
 * @param leasedAt - when it was claimed or renewed, epoch seconds; one from the future is not stale.
 * @param now - epoch seconds, on the same clock.
 * @param ttlSeconds - at least 0.
 * @throws TypeError if an argument is not a number.
 * @throws RangeError for milliseconds, or a value that is not finite.
 * @example
 * ```ts
 * isLeaseStale(epochSeconds(1000), epochSeconds(1060), 60); // => true
 * isLeaseStale(epochSeconds(1000), epochSeconds(1059.9), 60); // => false
 * ```
 */
export function isLeaseStale(leasedAt: EpochSeconds, now: EpochSeconds, ttlSeconds: number): boolean {
  const age = instant("isLeaseStale: now", now) - instant("isLeaseStale: leasedAt", leasedAt);
  return age >= finite("isLeaseStale: ttlSeconds", ttlSeconds);
}

/**
 * Whether a job has used up its attempts.
 *
 * @param attempts - how many were made, a whole number.
 * @param maxAttempts - how many it may make; with 0 it never runs.
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
