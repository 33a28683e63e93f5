import type { Approval, ApprovalFields } from "../approval/approval.ts";
import type { Tags } from "../budget/contract.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { BackendKind } from "../routing/kind.ts";
import type { EpochSeconds, Instant } from "../time.ts";
import type { JobState } from "./lifecycle.ts";

/** An approval, and the scopes to hold the cost in; by default the `scopes` of the submission. */
export interface ApprovedScopes {
  readonly approval: Approval | ApprovalFields;
  readonly scopes?: readonly ScopeCap[] | undefined;
}

/** A job to run. A job with `backend: "local"` and `maxCost` 0 is free: it needs no approval and holds no money. */
export interface JobRequest<Payload> {
  /** 1 to 200 code units. Submitting the same job again does nothing. */
  readonly jobId: string;
  /** The queue that the job waits in. */
  readonly lane: string;
  /** Any JSON value. */
  readonly payload: Payload;
  readonly backend: BackendKind;
  /** An upper bound of the cost of one attempt, in micro-cents. */
  readonly maxCost: MicroCents;
  /** The most attempts, crashed ones included; at least 1. */
  readonly maxAttempts: number;
  /** A job with a higher priority is claimed first; 0 by default. */
  readonly priority?: number | undefined;
  /** The earliest time at which the job may be claimed; by default as soon as it is queued. */
  readonly runAt?: Instant | null | undefined;
  /** An approval that was given before the job is submitted, and its scopes. */
  readonly approved?: ApprovedScopes | null | undefined;
  /** The scopes that an approval holds the cost in if it names none. Their names are a part of the job's identity. */
  readonly scopes?: readonly ScopeCap[] | null | undefined;
  /** Who asked for the job. */
  readonly requestedBy?: string | null | undefined;
  /** Labels of the job, such as `{ user: "u-7" }`. They move no money. */
  readonly tags?: Tags | undefined;
  /** The job is rejected if nobody has decided on it by then. It binds the first decision. */
  readonly decideBy?: Instant | null | undefined;
  /** The job fails, and its money is given back, if nobody has claimed it by then. It binds the first claim. */
  readonly claimBy?: Instant | null | undefined;
  /** The most seconds that an attempt may run, above 0. After that its lease is lost and its attempt is charged in full. */
  readonly maxRunSeconds?: number | null | undefined;
}

/** A lane that a person has paused or resumed. */
export interface LaneState {
  readonly lane: string;
  readonly paused: boolean;
  /** Who paused or resumed it last. */
  readonly approval: Approval;
}

/** What a store has saved of a job beside its payload and result. */
interface JobFields {
  readonly jobId: string;
  readonly lane: string;
  readonly backend: BackendKind;
  readonly maxCost: MicroCents;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly runAt: EpochSeconds | null;
  readonly state: JobState;
  /** The number of attempts so far that count: claims without those that were given back. */
  readonly attempts: number;
  /** How often a person has retried the job. */
  readonly retries: number;
  /** Who approved or rejected the job last. */
  readonly approval: Approval | null;
  /** Who cancelled the job. */
  readonly cancellation: Approval | null;
  /** Why the job failed, was rejected, or waits for approval again. */
  readonly error: { readonly code: JobErrorCode; readonly message: string } | null;
  readonly requestedBy: string | null;
  readonly tags: Tags;
  readonly decideBy: EpochSeconds | null;
  readonly claimBy: EpochSeconds | null;
  readonly maxRunSeconds: number | null;
  /** The `by` of the claim that runs; `null` if the job does not run, or its claim gave none. */
  readonly leasedBy: string | null;
  readonly submittedAt: EpochSeconds;
  /** When a person decided on it last. */
  readonly decidedAt: EpochSeconds | null;
  /** When the claim began that runs, or that ran last. */
  readonly startedAt: EpochSeconds | null;
  /** Since when it waits for a person; `null` if it does not. */
  readonly waitingSince: EpochSeconds | null;
  readonly endedAt: EpochSeconds | null;
  /** What is booked for all its attempts, in micro-cents. */
  readonly booked: MicroCents;
}

/** A job whose payload and result the store's parsers accept. */
export interface ReadableJob<Payload = unknown, Result = unknown> extends JobFields {
  readonly unreadable: null;
  readonly payload: Payload;
  /** `null` until the job has succeeded. */
  readonly result: Result | null;
}

/** A job whose payload or result one of the store's parsers refuses; newer code may read it. */
export interface UnreadableJob extends JobFields {
  /** What the parser said. */
  readonly unreadable: string;
  /** As it was stored, not parsed. */
  readonly payload: unknown;
  /** As it was stored, not parsed; `null` until the job has succeeded. */
  readonly result: unknown;
}

/** A job as the store has saved it. Its payload and result have their types if `unreadable` is `null`. */
export type Job<Payload = unknown, Result = unknown> = ReadableJob<Payload, Result> | UnreadableJob;

/**
 * Why a job failed, was rejected or waits again.
 *
 * `error`: the executor failed. `lost`: the lease was recovered. `timed_out`: the job ran for its `maxRunSeconds`.
 * `no_room`: the cost of a retry could not be held. `cost_limit`: a job that was given back has cost as much as its
 * attempts may. `payload_refused`: the store's parser refused the payload eight times. `expired`: `decideBy` or `claimBy`
 * has passed. `cancelled`, `rejected`: a person decided so.
 */
export type JobErrorCode = (typeof JOB_ERROR_CODES)[number];

export const JOB_ERROR_CODES = [
  "cancelled",
  "cost_limit",
  "error",
  "expired",
  "lost",
  "no_room",
  "payload_refused",
  "rejected",
  "timed_out",
] as const;

/** Selects the jobs of a list. A field that is left out does not filter. */
export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly lane?: string | undefined;
  /** The most jobs to list; 100 by default. */
  readonly limit?: number | undefined;
  /** The id of a job: the list starts after it. */
  readonly after?: string | undefined;
}
