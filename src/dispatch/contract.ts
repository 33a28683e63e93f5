import type { Approval, ApprovalFields } from "../approval/approval.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type { BudgetLedger, Lacking } from "../budget/contract.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import type { JobState } from "./lifecycle.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { BackendKind } from "../routing/kind.ts";
import type { EpochSeconds, Instant } from "../time.ts";
import type { Lease } from "./lease.ts";

/** A claimed job: its lease and its payload. */
export interface Claimed<Payload> {
  readonly lease: Lease;
  readonly payload: Payload;
}

/**
 * `booked` is the amount that was charged for the attempt, `overrun` the part of it above the held amount, both in
 * micro-cents. `stale`: the lease was lost and the result does not count; a reported actual cost still corrects the
 * charge of its own attempt.
 */
export type CompleteOutcome =
  | { readonly kind: "completed"; readonly booked: MicroCents; readonly overrun: MicroCents }
  | { readonly kind: "stale" };

/**
 * `waiting`: the retry could not be held, because a scope had no room or had expired; a person must approve it again.
 */
export type FailOutcome =
  | { readonly kind: "requeued" | "failed" | "waiting"; readonly booked: MicroCents }
  | { readonly kind: "stale" };

/** What recovery did with each lost attempt. */
export interface RecoverOutcome {
  readonly attempts: readonly {
    readonly jobId: string;
    readonly attempt: number;
    readonly charged: MicroCents;
    readonly outcome: "requeued" | "failed" | "waiting";
  }[];
  /** Whether more leases are stale than the limit allowed. */
  readonly more: boolean;
}

/** Options of {@link JobStore.complete}. */
export interface CompleteOptions {
  /** The actual cost of the attempt in micro-cents. Without it the attempt is charged in full. */
  readonly actual?: MicroCents | undefined;
}

/** Options of {@link JobStore.fail}. */
export interface FailOptions {
  /** Whether another attempt may help. */
  readonly retriable: boolean;
  /** Lowers the job's own limit; it cannot raise it. */
  readonly maxAttempts?: number | undefined;
  /** The actual cost of the attempt in micro-cents, `0` if nothing ran. Without it the attempt is charged in full. */
  readonly actual?: MicroCents | undefined;
  /** Seconds until the retry may be claimed. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Options of {@link JobStore.recoverStale}. */
export interface RecoverOptions {
  /** The age of a lease, in seconds, from which its worker counts as lost. */
  readonly ttlSeconds: number;
  /** Lowers each job's own limit; it cannot raise it. */
  readonly maxAttempts?: number | undefined;
  /** The most leases to recover in this call; 100 by default. */
  readonly limit?: number | undefined;
}

/**
 * The part of a queue that a worker needs. Each attempt of a job runs under one claim. To implement it over a database,
 * use the rules that every store applies: the functions of `dispatch-kit/rules`.
 *
 * @typeParam Payload - the input of a job.
 * @typeParam Result - the result of a job.
 */
export interface JobStore<Payload = unknown, Result = unknown> {
  /** Claims the next job of these lanes for this caller alone; `null` if no job can be claimed. */
  claim(lanes: readonly string[]): Awaitable<Claimed<Payload> | null>;
  /**
   * Records the result, and settles the attempt's hold at its actual cost or charges it in full. A repeated call with
   * the same token gets the first outcome again.
   *
   * @throws DispatchError `result_refused` for a result that the store cannot save.
   */
  complete(lease: Lease, result: Result, options?: CompleteOptions): Awaitable<CompleteOutcome>;
  /** Records a failure. Queues the next attempt if it may help and its cost can be held. */
  fail(lease: Lease, error: string, options: FailOptions): Awaitable<FailOutcome>;
  /** Restarts the lease's time; false if it is lost. */
  renew?(lease: Lease): Awaitable<boolean>;
  /** Ends every lease that is at least `ttlSeconds` old and charges its attempt in full; at most `limit` leases. */
  recoverStale(options: RecoverOptions): Awaitable<RecoverOutcome>;
}

/** The scopes to hold the cost in, and the approval. */
export interface ApprovedScopes {
  readonly approval: Approval | ApprovalFields;
  readonly scopes: readonly ScopeCap[];
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
  readonly approved?: ApprovedScopes | undefined;
}

/** `refused`: nothing was stored, and the job may be submitted again. `exists`: the same job was submitted before. */
export type SubmitOutcome =
  | { readonly kind: "queued" | "awaiting_approval" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "exists"; readonly state: JobState };

/** `refused`: a scope has no room or has expired; the job still waits for approval. */
export type ApproveOutcome =
  | { readonly kind: "queued" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "not_waiting"; readonly state: JobState };

export type RejectOutcome =
  { readonly kind: "rejected" } | { readonly kind: "not_waiting"; readonly state: JobState };

/**
 * `cancelled`: the new `state` is `rejected` if the job was awaiting approval, else `failed`. `ended`: it had already
 * ended.
 */
export type CancelOutcome =
  | { readonly kind: "cancelled"; readonly state: "rejected" | "failed"; readonly booked: MicroCents }
  | { readonly kind: "ended"; readonly state: JobState };

/** A job as the store has saved it. */
export interface Job<Payload = unknown, Result = unknown> {
  readonly jobId: string;
  readonly lane: string;
  readonly payload: Payload;
  readonly backend: BackendKind;
  readonly maxCost: MicroCents;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly runAt: EpochSeconds | null;
  readonly state: JobState;
  /** The number of claims so far. */
  readonly attempts: number;
  readonly approval: Approval | null;
  /** Why the job failed, was rejected, or waits for approval again. */
  readonly error: { readonly code: JobErrorCode; readonly message: string } | null;
  /** `null` until the job has succeeded. */
  readonly result: Result | null;
}

/** `error`: the executor failed. `lost`: the lease was recovered. `no_room`: the cost of a retry could not be held. */
export type JobErrorCode = "cancelled" | "error" | "lost" | "no_room" | "rejected";

/** Selects the jobs of a list. A field that is left out does not filter. */
export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly lane?: string | undefined;
  /** The most jobs to list; 100 by default. */
  readonly limit?: number | undefined;
  /** The id of a job: the list starts after it. */
  readonly after?: string | undefined;
}

/** Options of {@link DispatchStore.prune}. */
export interface PruneOptions {
  /** Only jobs and holds that ended before this instant are pruned. */
  readonly before: Instant;
}

/** The part of a store that submits, approves, cancels and lists jobs. */
export interface JobQueue<Payload = unknown, Result = unknown> {
  /**
   * Queues a job, or lets it wait for approval.
   *
   * @throws DispatchError `job_conflict` if the id was used for a different job, `cap_conflict` if a scope's cap is
   *   pinned at another amount.
   */
  submit(job: JobRequest<Payload>): Promise<SubmitOutcome>;
  /**
   * Submits jobs in order in one transaction, each with its own outcome. If it throws, no job was submitted.
   *
   * @throws DispatchError `job_conflict` or `cap_conflict`.
   */
  submitMany(jobs: readonly JobRequest<Payload>[]): Promise<readonly SubmitOutcome[]>;
  /**
   * Holds the cost of a job's next attempt in these scopes and queues the job. Without room the job keeps waiting.
   *
   * @throws DispatchError `job_unknown`, or `cap_conflict` if a scope's cap is pinned at another amount.
   */
  approve(
    jobId: string,
    approval: Approval | ApprovalFields,
    options: { readonly scopes: readonly ScopeCap[] },
  ): Promise<ApproveOutcome>;
  /** Ends a job that waits for approval. @throws DispatchError `job_unknown`. */
  reject(jobId: string, approval: Approval | ApprovalFields): Promise<RejectOutcome>;
  /**
   * Ends a job. A running job is charged in full, and its result will not count.
   *
   * @throws DispatchError `job_unknown`.
   */
  cancel(jobId: string): Promise<CancelOutcome>;
  /** The current job of this id; `null` if there is none, or it was pruned. */
  job(jobId: string): Promise<Job<Payload, Result> | null>;
  /** Lists jobs in the order of submission. */
  jobs(filter?: JobFilter): Promise<readonly Job<Payload, Result>[]>;
}

/** The same methods; each returns a promise. */
type Promised<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
};

/** A store of jobs and money in one database, as every store of this library implements it. */
export interface DispatchStore<Payload = unknown, Result = unknown>
  extends Promised<Required<JobStore<Payload, Result>>>, JobQueue<Payload, Result>, Promised<BudgetLedger> {
  /** Prepares the store; call it once before anything else. */
  migrate(): Promise<void>;
  /** Claims up to `limit` jobs, in the same order as `claim`. */
  claimMany(lanes: readonly string[], limit: number): Promise<readonly Claimed<Payload>[]>;
  /**
   * Completes jobs in order in one transaction, each with its own outcome. If it throws, no job was completed.
   *
   * @throws DispatchError `result_refused` for a result that the store cannot save.
   * @throws RangeError for an actual cost of a free job.
   */
  completeMany(
    completions: readonly (CompleteOptions & { readonly lease: Lease; readonly result: Result })[],
  ): Promise<readonly CompleteOutcome[]>;
  /** Pins the cap of a scope in the store. A request with another cap then throws a `cap_conflict`. */
  pinCap(scope: string, cap: MicroCents): Promise<void>;
  /** Deletes the contents of jobs and holds that ended before an instant. Their ids still answer `exists`. */
  prune(options: PruneOptions): Promise<{ readonly jobs: number; readonly holds: number }>;
}
