import type { Approval, ApprovalFields } from "../approval/approval.ts";
import type { Decision } from "../approval/decision.ts";
import type { BudgetLedger, PinnedCap } from "../budget/contract.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import type { JournalQuestions } from "./questions.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { Instant } from "../time.ts";
import type { Job, JobFilter, JobRequest, LaneState } from "./job.ts";
import type { Lease } from "./lease.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  PruneOutcome,
  RecoverOutcome,
  RejectOutcome,
  RetryOutcome,
  SubmitOutcome,
} from "./outcomes.ts";

/** A claimed job: its lease and its payload. */
export interface Claimed<Payload> {
  readonly lease: Lease;
  readonly payload: Payload;
  /** The most seconds that the job may run; then its lease is lost. Missing or `null`: no limit. */
  readonly maxRunSeconds?: number | null | undefined;
}

/** A claimed job that was given back because the store's parser refused its payload. */
export interface RefusedPayload {
  readonly lease: Lease;
  /** A `TypeError` with the parser's message; its `cause` is what the parser threw. */
  readonly error: unknown;
  /**
   * `requeued`: the job is offered again later. `waiting`: after eight refusals it waits for a person. `stale`: the lease
   * was lost meanwhile. `null`: the store did not record the refusal, and recovery will take the lease back.
   */
  readonly outcome: "requeued" | "waiting" | "failed" | "stale" | null;
}

/** Options of {@link JobStore.claim}. */
export interface ClaimOptions {
  /**
   * Seconds after which the lease is lost if it is not renewed, above 0 and at most a day. `renew` keeps the length.
   * Without it, recovery goes by the `ttlSeconds` of its caller.
   */
  readonly leaseSeconds?: number | undefined;
  /** The name of the worker or its machine. It is stored with the lease. */
  readonly by?: string | undefined;
  /** Called for each job whose payload the store's parser refused. What it throws is ignored. */
  readonly onRefused?: ((refused: RefusedPayload) => unknown) | undefined;
  /** After its abort, a claim that meets only refused payloads ends. */
  readonly signal?: AbortSignal | undefined;
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
  /**
   * `false` gives the job back: it is offered again, and the attempt does not count. By default an attempt counts.
   * `retriable` and `maxAttempts` then do not matter.
   */
  readonly counts?: boolean | undefined;
  /** Lowers the job's own limit; it cannot raise it. */
  readonly maxAttempts?: number | undefined;
  /** The actual cost of the attempt in micro-cents, `0` if nothing ran. Without it the attempt is charged in full. */
  readonly actual?: MicroCents | undefined;
  /** Seconds until the retry may be claimed. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Options of {@link JobStore.recoverStale}. */
export interface RecoverOptions {
  /** The age, in seconds, from which a lease without a length of its own counts as lost. */
  readonly ttlSeconds: number;
  /** Lowers each job's own limit; it cannot raise it. */
  readonly maxAttempts?: number | undefined;
  /** The most leases and jobs to recover in this call; 100 by default. */
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
  claim(lanes: readonly string[], options?: ClaimOptions): Awaitable<Claimed<Payload> | null>;
  /**
   * Records the result, and settles the attempt's hold at its actual cost or charges it in full. A repeated call with
   * the same token gets the first outcome again.
   *
   * @throws DispatchError `result_refused` for a result that the store cannot save.
   */
  complete(lease: Lease, result: Result, options?: CompleteOptions): Awaitable<CompleteOutcome>;
  /** Records a failure. Queues the next attempt if it may help and its cost can be held. */
  fail(lease: Lease, error: string, options: FailOptions): Awaitable<FailOutcome>;
  /** Restarts the lease's time; false if it is lost, or its job has run for its `maxRunSeconds`. */
  renew?(lease: Lease): Awaitable<boolean>;
  /**
   * Ends every lost lease and charges its attempt in full: one past its own length, or past `ttlSeconds` if it has none, or
   * whose job has run for its `maxRunSeconds`. Also ends the jobs whose `decideBy` or `claimBy` has passed.
   */
  recoverStale(options: RecoverOptions): Awaitable<RecoverOutcome>;
}

/** Options of {@link JobQueue.retry}. */
export interface RetryOptions {
  /** How often the job was retried before: `retries` of the {@link Job} that the person has seen. */
  readonly after: number;
  /** The scopes to hold the cost in; by default those of the last approval. */
  readonly scopes?: readonly ScopeCap[] | undefined;
}

/** Options of {@link DispatchStore.prune} and {@link DispatchStore.forget}. */
export interface PruneOptions {
  /** Only jobs and holds that ended before this instant. */
  readonly before: Instant;
  /** The most jobs, and the most holds of callers, in this call; 500 by default. */
  readonly limit?: number | undefined;
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
   * Holds the cost of a job's next attempt and queues the job. Without room the job keeps waiting.
   *
   * @param options - `scopes`: by default those of the submission. Free work needs none.
   * @throws RangeError if neither this call nor the submission has scopes.
   * @throws DispatchError `job_unknown`, `cap_conflict` if a scope's cap is pinned at another amount, `cap_unknown` if a
   *   scope has none, or `decision_conflict` if the decision's id was used for another change.
   */
  approve(
    jobId: string,
    approval: Approval | ApprovalFields | Decision,
    options?: { readonly scopes?: readonly ScopeCap[] | undefined },
  ): Promise<ApproveOutcome>;
  /** Ends a job that waits for approval. @throws DispatchError `job_unknown`, `decision_conflict`. */
  reject(jobId: string, approval: Approval | ApprovalFields | Decision): Promise<RejectOutcome>;
  /**
   * Ends a job. A running job is charged in full, and its result will not count.
   *
   * @throws DispatchError `job_unknown`, `decision_conflict`.
   */
  cancel(jobId: string, approval: Approval | ApprovalFields | Decision): Promise<CancelOutcome>;
  /**
   * Queues a failed job again, for `maxAttempts` more attempts. Without room it stays failed. It has no `claimBy` any more.
   *
   * @throws DispatchError `job_unknown`, `job_pruned`, `cap_conflict`, `cap_unknown` or `decision_conflict`.
   */
  retry(jobId: string, options: RetryOptions, decision: Decision): Promise<RetryOutcome>;
  /** Stops a lane: its jobs are not offered, and their money stays held. Claims that run go on. */
  pauseLane(lane: string, decision: Decision): Promise<void>;
  /** Offers the jobs of a lane again. */
  resumeLane(lane: string, decision: Decision): Promise<void>;
  /** The lanes that were ever paused, by name. */
  lanes(): Promise<readonly LaneState[]>;
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
  extends
    Promised<Required<JobStore<Payload, Result>>>,
    JobQueue<Payload, Result>,
    Promised<Required<BudgetLedger>>,
    JournalQuestions {
  /** Prepares the store; call it once before anything else. */
  migrate(): Promise<void>;
  /** The random id of this store, which `migrate` made: another database has another. */
  id(): Promise<string>;
  /** Claims up to `limit` jobs, in the same order as `claim`, and as many as 8 MB of payloads allow; at least one. */
  claimMany(
    lanes: readonly string[],
    limit: number,
    options?: ClaimOptions,
  ): Promise<readonly Claimed<Payload>[]>;
  /**
   * Completes jobs in order in one transaction, each with its own outcome. If it throws, no job was completed.
   *
   * @throws DispatchError `result_refused` for a result that the store cannot save.
   * @throws RangeError for an actual cost of a free job.
   */
  completeMany(
    completions: readonly (CompleteOptions & { readonly lease: Lease; readonly result: Result })[],
  ): Promise<readonly CompleteOutcome[]>;
  /**
   * Pins the cap of a scope in the store, and ends its raise. A request with another cap then throws a `cap_conflict`.
   * With a cap of 0 nothing new that costs money is admitted.
   *
   * @throws DispatchError `decision_conflict` if the decision's id was used for another change.
   */
  pinCap(scope: string, cap: MicroCents, decision: Decision): Promise<void>;
  /** Removes the pinned cap of a scope, and its raise. @throws DispatchError `decision_conflict`. */
  unpinCap(scope: string, decision: Decision): Promise<void>;
  /**
   * Raises a pinned cap until an instant. Requests are still compared with the pinned cap, and judged by the raised one.
   *
   * @throws DispatchError `cap_unknown` if the scope has no pinned cap, `cap_conflict` if `to` is below it, or
   *   `decision_conflict`.
   */
  raiseCap(
    scope: string,
    raise: { readonly to: MicroCents; readonly until: Instant },
    decision: Decision,
  ): Promise<void>;
  /** The pinned cap of a scope; `null` if it has none. */
  cap(scope: string): Promise<PinnedCap | null>;
  /**
   * Deletes the contents of jobs that ended, and the caps and tags of closed holds. Their ids still answer `exists`, and a
   * hold's cost can still be corrected. Call it again while `more` is true.
   */
  prune(options: PruneOptions): Promise<PruneOutcome>;
  /**
   * Deletes jobs that ended, with all their holds and decisions, and closed holds. Nothing of them is left but what their
   * scopes have booked; the same id is then new. Call it again while `more` is true.
   */
  forget(options: PruneOptions): Promise<PruneOutcome>;
}
