import type { Approval } from "../approval/approval.ts";
import type { Lacking } from "../budget/contract.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds } from "../time.ts";
import type { JobState } from "./lifecycle.ts";

/**
 * `booked` is the amount that was charged for the attempt, `overrun` the part of it above the held amount, both in
 * micro-cents. `stale`: the lease was lost and the result does not count; `corrected`: a reported actual cost has
 * corrected the charge of its own attempt.
 */
export type CompleteOutcome =
  | { readonly kind: "completed"; readonly booked: MicroCents; readonly overrun: MicroCents }
  | { readonly kind: "stale"; readonly corrected: boolean };

/**
 * `waiting`: a person must approve the job again, because a scope had no room for the retry or had expired, or because a
 * job that was given back has cost too much or was refused too often. `booked` and `overrun` as in
 * {@link CompleteOutcome}.
 */
export type FailOutcome =
  | {
      readonly kind: "requeued" | "failed" | "waiting";
      readonly booked: MicroCents;
      readonly overrun: MicroCents;
    }
  | { readonly kind: "stale"; readonly corrected: boolean };

/** What recovery did with each lost attempt, and with each job whose deadline has passed. */
export interface RecoverOutcome {
  readonly attempts: readonly {
    readonly jobId: string;
    readonly attempt: number;
    readonly charged: MicroCents;
    readonly outcome: "requeued" | "failed" | "waiting";
  }[];
  /** The jobs that nobody approved before `decideBy` or claimed before `claimBy`, and the money that was given back. */
  readonly ended: readonly {
    readonly jobId: string;
    readonly state: "rejected" | "failed";
    readonly released: MicroCents;
  }[];
  /** Whether there is more to recover than the limit allowed. */
  readonly more: boolean;
}

/** `refused`: nothing was stored, and the job may be submitted again. `exists`: the same job was submitted before. */
export type SubmitOutcome =
  | { readonly kind: "queued" | "awaiting_approval" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "exists"; readonly state: JobState };

/** The job does not wait; `approval` is the decision that stands, `null` if there is none. */
export interface NotWaiting {
  readonly kind: "not_waiting";
  readonly state: JobState;
  readonly approval: Approval | null;
}

/**
 * `refused`: a scope has no room or has expired; the job still waits for approval. `expired`: the job's `decideBy` or
 * `claimBy` has passed; recovery will end it.
 */
export type ApproveOutcome =
  | { readonly kind: "queued" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "expired"; readonly deadline: EpochSeconds }
  | NotWaiting;

export type RejectOutcome = { readonly kind: "rejected" } | NotWaiting;

/**
 * `cancelled`: the new `state` is `rejected` if the job was awaiting approval, else `failed`. `ended`: it had already
 * ended.
 */
export type CancelOutcome =
  | { readonly kind: "cancelled"; readonly state: "rejected" | "failed"; readonly booked: MicroCents }
  | { readonly kind: "ended"; readonly state: JobState };

/** `moved_on`: the job has not failed, or was retried `retries` times already; nothing changed. */
export type RetryOutcome =
  | { readonly kind: "queued" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "moved_on"; readonly state: JobState; readonly retries: number };

/** How many jobs and how many holds of callers were pruned or forgotten, and whether there are more. */
export interface PruneOutcome {
  readonly jobs: number;
  readonly holds: number;
  readonly more: boolean;
}
