import type { Approval } from "../../approval/approval.ts";
import type { HoldRow } from "../../budget/holds.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import type { JobBody } from "../../dispatch/rules.ts";
import type { Job } from "../../dispatch/contract.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";

/** A hold as it is kept. */
export interface HoldRecord extends HoldRow {
  readonly expiresAt: EpochSeconds | null;
  readonly resolvedAt: EpochSeconds | null;
  /** Its scopes were folded into their counters: only its identity and its answers are left. */
  readonly pruned: boolean;
}

/** How an attempt ended; `taken`: it was recovered or cancelled, and its own report came too late. */
export type AttemptEnd = "completed" | "requeued" | "failed" | "waiting" | "taken";

/** One claim of a job. */
export interface Attempt {
  readonly token: string;
  readonly end: AttemptEnd | null;
}

/** A job as it is kept. */
export interface JobRecord {
  readonly body: JobBody;
  readonly state: JobState;
  /** When it may be claimed next. */
  readonly runAt: EpochSeconds;
  readonly leasedAt: EpochSeconds;
  /** Where a retry holds; none before its approval. */
  readonly scopes: readonly HeldScope[];
  readonly decision: Approval | null;
  readonly error: Job["error"];
  /** JSON. */
  readonly result: string | null;
  readonly endedAt: EpochSeconds | null;
  readonly pruned: boolean;
  readonly attempts: readonly Attempt[];
}

/** The part of a job that is shown. */
export type ShownJob = Pick<JobRecord, "body" | "state" | "decision" | "error" | "result"> & {
  readonly attempts: { readonly length: number };
};

export interface Counter {
  readonly reserved: bigint;
  readonly spent: bigint;
}

export interface CheckedFilter {
  readonly state: JobState | null;
  readonly lane: string | null;
  readonly limit: number;
  readonly after: string | null;
}

/**
 * Where an engine keeps its records: read and written by one caller at a time, inside one transaction.
 *
 * A record is never changed, only replaced.
 */
export interface Tables {
  readonly now: () => EpochSeconds;

  hold(holdId: string): HoldRecord | null;
  putHold(hold: HoldRecord): void;
  /** Open holds that are over by now, at most `limit`. */
  expired(now: EpochSeconds, limit: number): readonly HoldRecord[];
  /** Takes the scopes from the holds that were settled before an instant; how many there were. */
  pruneHolds(before: EpochSeconds): number;

  counter(scope: string): Counter;
  putCounter(scope: string, counter: Counter): void;
  pinned(scope: string): MicroCents | undefined;
  pin(scope: string, cap: MicroCents): void;

  job(jobId: string): JobRecord | null;
  /** A new job comes after all others; an old one keeps its place. */
  putJob(job: JobRecord): void;
  /**
   * The first due job of these lanes: higher priority first, then the earlier time, then the earlier submission. A paid
   * job's next hold must be open, since an attempt without one would spend money that was never set aside.
   */
  claimable(lanes: readonly string[], now: EpochSeconds): JobRecord | null;
  /** Running jobs whose lease is at least `ttlSeconds` old, at most `limit`. */
  stale(now: EpochSeconds, ttlSeconds: number, limit: number): readonly JobRecord[];
  /** Not the pruned ones, in the order of submission. */
  jobs(filter: CheckedFilter): readonly JobRecord[];
  /** Takes the contents from the jobs that ended before an instant; how many there were. */
  pruneJobs(before: EpochSeconds): number;
}
