import type { Approval } from "../approval/approval.ts";
import type { Awaitable, BudgetLedger, Lacking } from "../budget/contract.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import type { JobState } from "./lifecycle.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { BackendKind } from "../routing/select-backend.ts";
import type { EpochSeconds } from "../time.ts";
import type { Lease } from "./lease.ts";

/** A claimed job: the right to run it, and what to run. */
export interface Claimed<Payload> {
  readonly lease: Lease;
  readonly payload: Payload;
}

/**
 * `booked` is what the attempt was charged, `overrun` what nobody had set aside, in micro-cents. `stale`: the
 * lease was lost, and the result does not count; the actual that came with it still corrects its own charge.
 */
export type CompleteOutcome =
  | { readonly kind: "completed"; readonly booked: MicroCents; readonly overrun: MicroCents }
  | { readonly kind: "stale" };

/** `waiting`: a retry was due, and there was no room for it or its month was over; a person decides. */
export type FailOutcome =
  | { readonly kind: "requeued" | "failed" | "waiting"; readonly booked: MicroCents }
  | { readonly kind: "stale" };

/** What recovery did with each attempt that was lost. */
export interface RecoverOutcome {
  readonly attempts: readonly {
    readonly jobId: string;
    readonly attempt: number;
    readonly charged: MicroCents;
    readonly outcome: "requeued" | "failed" | "waiting";
  }[];
  /** Whether there was more than the limit. */
  readonly more: boolean;
}

export interface CompleteOptions {
  /** What it has truly cost, in micro-cents; without it the attempt is charged in full. */
  readonly actual?: MicroCents;
}

export interface FailOptions {
  /** Whether another attempt may help. */
  readonly retriable: boolean;
  /** Lowers the job's own limit; it cannot raise it. */
  readonly maxAttempts?: number;
  /** What it has truly cost, in micro-cents: `0` says that nothing ran. Without it: in full. */
  readonly actual?: MicroCents;
  /** Seconds until the retry may be claimed. */
  readonly retryAfterSeconds?: number;
}

/**
 * Jobs that run once: what a worker needs of a queue. Implement it against a database; the rules that every
 * store applies are functions of `dispatch-kit/rules`.
 *
 * @typeParam Payload - what a job is.
 * @typeParam Result - what it answers.
 */
export interface JobStore<Payload = unknown, Result = unknown> {
  /** The next job of these lanes, now this caller's alone; `null` if none can be claimed. */
  claim(lanes: readonly string[]): Awaitable<Claimed<Payload> | null>;
  /**
   * Records the result and settles the attempt's hold at its actual cost, or charges it in full. The same
   * token's repeat gets the first answer.
   *
   * @throws DispatchError `result_refused` for a result that the store cannot hold.
   */
  complete(lease: Lease, result: Result, options?: CompleteOptions): Awaitable<CompleteOutcome>;
  /** Records a failure, and queues the next attempt if one may help and there is room for it. */
  fail(lease: Lease, error: string, options: FailOptions): Awaitable<FailOutcome>;
  /** Restarts the lease's time; false if it is lost. */
  renew?(lease: Lease): Awaitable<boolean>;
  /** Takes back every lease that is at least `ttlSeconds` old, and charges its attempt in full. */
  recoverStale(options: {
    readonly ttlSeconds: number;
    readonly maxAttempts?: number;
    readonly limit?: number;
  }): Awaitable<RecoverOutcome>;
}

/** Scopes to hold in, and who agreed. */
export interface ApprovedScopes {
  readonly approval: Approval;
  readonly scopes: readonly ScopeCap[];
}

/** A job to run. `backend: "local"` with `maxCost` 0 is free: it needs no approval and holds nothing. */
export interface JobRequest<Payload> {
  /** 1 to 200 code units; the same job twice is one job. */
  readonly jobId: string;
  /** The queue that it waits in. */
  readonly lane: string;
  /** Anything that JSON can hold. */
  readonly payload: Payload;
  readonly backend: BackendKind;
  /** The most that one attempt can cost, in micro-cents. */
  readonly maxCost: MicroCents;
  /** How often it may be executed, crashes included; at least 1. */
  readonly maxAttempts: number;
  /** Higher goes first; 0 by default. */
  readonly priority?: number;
  /** Not before this instant. */
  readonly runAt?: EpochSeconds | null;
  /** An approval that is there already. */
  readonly approved?: ApprovedScopes;
}

/** `refused`: nothing was stored, and it may be submitted again. `exists`: it was submitted before. */
export type SubmitOutcome =
  | { readonly kind: "queued" | "awaiting_approval" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "exists"; readonly state: JobState };

/** `refused`: there is no room, and the job still waits. */
export type ApproveOutcome =
  | { readonly kind: "queued" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "not_waiting"; readonly state: JobState };

export type RejectOutcome =
  { readonly kind: "rejected" } | { readonly kind: "not_waiting"; readonly state: JobState };

/** `state` is `rejected` if it was awaiting approval, else `failed`; `ended`: it had ended before. */
export type CancelOutcome =
  | { readonly kind: "cancelled"; readonly state: "rejected" | "failed"; readonly booked: MicroCents }
  | { readonly kind: "ended"; readonly state: JobState };

/** A job as the store knows it. */
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
  /** How often it was claimed. */
  readonly attempts: number;
  readonly approval: Approval | null;
  /** Why it failed, was rejected or waits again. */
  readonly error: { readonly code: JobErrorCode; readonly message: string } | null;
  /** `null` until it has succeeded. */
  readonly result: Result | null;
}

/** `error`: the executor failed; `lost`: its lease was recovered; `no_room`: a retry could not hold. */
export type JobErrorCode = "cancelled" | "error" | "lost" | "no_room" | "rejected";

/** The part of a store that queues jobs and decides about them. */
export interface JobQueue<Payload = unknown, Result = unknown> {
  /** Queues a job, or lets it wait for approval. @throws DispatchError `job_conflict` for another under its id. */
  submit(job: JobRequest<Payload>): Promise<SubmitOutcome>;
  /**
   * Submits jobs in order, each with its own outcome, in one transaction: if it throws, none was submitted.
   *
   * @throws DispatchError `job_conflict` or `cap_conflict`.
   */
  submitMany(jobs: readonly JobRequest<Payload>[]): Promise<readonly SubmitOutcome[]>;
  /**
   * Holds the cost of a job's next attempt in these scopes, and queues it; without room it goes on waiting.
   *
   * @throws DispatchError `job_unknown`, or `cap_conflict` against a pinned cap.
   */
  approve(
    jobId: string,
    approval: Approval,
    options: { readonly scopes: readonly ScopeCap[] },
  ): Promise<ApproveOutcome>;
  /** Ends a job that waits for approval. @throws DispatchError `job_unknown`. */
  reject(jobId: string, approval: Approval): Promise<RejectOutcome>;
  /**
   * Ends a job. One that runs is charged in full, and its result will not count.
   *
   * @throws DispatchError `job_unknown`.
   */
  cancel(jobId: string): Promise<CancelOutcome>;
  /** A job as it is now; `null` if there is none, or it was pruned. */
  job(jobId: string): Promise<Job<Payload, Result> | null>;
  /** In the order of submission, after the job `after`; at most `limit`, 100 by default. */
  jobs(filter?: {
    readonly state?: JobState;
    readonly lane?: string;
    readonly limit?: number;
    readonly after?: string;
  }): Promise<readonly Job<Payload, Result>[]>;
}

/** The same methods, each of which answers with a promise. */
type Promised<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
};

/** Job and money in one database: what every store of this library is. */
export interface DispatchStore<Payload = unknown, Result = unknown>
  extends Promised<Required<JobStore<Payload, Result>>>, JobQueue<Payload, Result>, Promised<BudgetLedger> {
  /** Prepares the store; call it once before anything else. */
  migrate(): Promise<void>;
  /** Up to `limit` jobs at once, in the order in which `claim` would give them. */
  claimMany(lanes: readonly string[], limit: number): Promise<readonly Claimed<Payload>[]>;
  /**
   * Completes jobs in order, each with its own outcome, in one transaction: if it throws, none was completed.
   *
   * @throws DispatchError `result_refused` for a result that the store cannot hold.
   * @throws RangeError for an actual cost of free work.
   */
  completeMany(
    completions: readonly (CompleteOptions & { readonly lease: Lease; readonly result: Result })[],
  ): Promise<readonly CompleteOutcome[]>;
  /** Makes the store own a scope's cap; a request with another is then a `cap_conflict`. */
  pinCap(scope: string, cap: MicroCents): Promise<void>;
  /** Forgets the contents of what ended before an instant; ids still answer `exists`. */
  prune(options: {
    readonly before: EpochSeconds;
  }): Promise<{ readonly jobs: number; readonly holds: number }>;
}
