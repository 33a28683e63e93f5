import type { DecisionDraft } from "../approval/decision.ts";
import type {
  CorrectOutcome,
  ExpireOutcome,
  Hold,
  HoldOutcome,
  PinnedCap,
  ReleaseOutcome,
  SettleOutcome,
} from "../budget/contract.ts";
import type { HeldScope } from "../budget/scopes.ts";
import type { CheckedHold } from "../budget/hold-request.ts";
import type { BudgetState } from "../budget/state.ts";
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
} from "../dispatch/outcomes.ts";
import type { LaneState } from "../dispatch/job.ts";
import type { Lease } from "../dispatch/lease.ts";
import type { CheckedRequest } from "../dispatch/job-request.ts";
import type { failOptions, recoverOptions } from "../dispatch/options.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds } from "../time.ts";
import type {
  AuditDifference,
  JobAttempt,
  JobCount,
  ListedHold,
  ScopeStatus,
} from "../dispatch/questions.ts";
import type { JournalRow } from "./journal-rows.ts";
import type { CheckedFilter, CheckedHoldFilter, ShownJob } from "./engine/tables.ts";

/** A checked job to submit. */
export type Submission = CheckedRequest;

/** A checked decision, with what it decides as JSON: what a repeat of its id is compared with. */
export interface Decided extends DecisionDraft {
  readonly body: string;
}

/** Whom a claim is for. */
export interface Claimant {
  readonly leaseSeconds: number | null;
  readonly by: string | null;
}

/** A claimed job whose payload is still JSON. */
export interface ClaimedText {
  readonly lease: Lease;
  readonly payload: string;
  readonly paid: boolean;
  readonly maxRunSeconds: number | null;
}

/** A worker's checked report that a job is complete. */
export interface Completion {
  readonly lease: Lease;
  /** JSON. */
  readonly result: string;
  readonly actual: MicroCents | null;
}

/** A worker's checked report that a job has failed. */
export interface Failure extends ReturnType<typeof failOptions> {
  readonly lease: Lease;
  readonly error: string;
  /** Whether the payload was refused. */
  readonly isRefusal: boolean;
}

/** What a batch of claims may be. */
export const MOST_CLAIMED_BYTES = 8_000_000;

/** The operations of the ledger; their arguments are checked. */
export interface LedgerOperations {
  hold(request: CheckedHold): Awaitable<HoldOutcome>;
  settle(holdId: string, actual: MicroCents): Awaitable<SettleOutcome>;
  release(holdId: string): Awaitable<ReleaseOutcome>;
  extend(holdId: string, by: MicroCents, step: number): Awaitable<HoldOutcome>;
  expire(limit: number): Awaitable<ExpireOutcome>;
  usage(scope: string): Awaitable<BudgetState>;
  getHold(holdId: string): Awaitable<Hold | null>;
  correct(holdId: string, actual: MicroCents, decided: Decided): Awaitable<CorrectOutcome>;
  pinCap(scope: string, cap: MicroCents, decided: Decided): Awaitable<void>;
  unpinCap(scope: string, decided: Decided): Awaitable<void>;
  raiseCap(scope: string, to: MicroCents, until: EpochSeconds, decided: Decided): Awaitable<void>;
  cap(scope: string): Awaitable<PinnedCap | null>;
}

/** Submissions, decisions and look-ups; their arguments are checked, payloads and results are JSON. */
export interface QueueOperations {
  submit(submission: Submission): Awaitable<SubmitOutcome>;
  submitMany(submissions: readonly Submission[]): Awaitable<readonly SubmitOutcome[]>;
  approve(jobId: string, scopes: readonly HeldScope[] | null, decided: Decided): Awaitable<ApproveOutcome>;
  reject(jobId: string, decided: Decided): Awaitable<RejectOutcome>;
  cancel(jobId: string, decided: Decided): Awaitable<CancelOutcome>;
  retry(
    jobId: string,
    after: number,
    scopes: readonly HeldScope[] | null,
    decided: Decided,
  ): Awaitable<RetryOutcome>;
  setLane(lane: string, paused: boolean, decided: Decided): Awaitable<void>;
  lanes(): Awaitable<readonly LaneState[]>;
  job(jobId: string): Awaitable<ShownJob | null>;
  jobs(filter: CheckedFilter): Awaitable<readonly ShownJob[]>;
  prune(before: EpochSeconds, limit: number): Awaitable<PruneOutcome>;
  forget(before: EpochSeconds, limit: number): Awaitable<PruneOutcome>;
  id(): Awaitable<string>;
}

/** Claims and reports; their arguments are checked. */
export interface AttemptOperations {
  /** At most `limit` jobs, and at most {@link MOST_CLAIMED_BYTES} of payloads; at least one job if there is one. */
  claimMany(lanes: readonly string[], limit: number, claimant: Claimant): Awaitable<readonly ClaimedText[]>;
  complete(completion: Completion): Awaitable<CompleteOutcome>;
  completeMany(completions: readonly Completion[]): Awaitable<readonly CompleteOutcome[]>;
  fail(failure: Failure): Awaitable<FailOutcome>;
  renew(lease: Lease): Awaitable<boolean>;
  recoverStale(options: ReturnType<typeof recoverOptions>): Awaitable<RecoverOutcome>;
}

/** Rows of the journal, in their order. */
export interface JournalRows {
  readonly rows: readonly JournalRow[];
  /** Whether more rows can be read now. */
  readonly more: boolean;
  /** Since when rows are held back; `null` if none are. */
  readonly heldBackSince: EpochSeconds | null;
}

/** What is asked of a store; the arguments are checked. */
export interface QuestionOperations {
  /**
   * The rows with entries behind a place, at most `limit`.
   *
   * @param isSum - for a sum, which needs every row that is committed: none is held back for the order of the reader.
   */
  journalRows(after: number, limit: number, isSum?: boolean): Awaitable<JournalRows>;
  /** The last place before an instant. */
  placeAt(at: EpochSeconds): Awaitable<number>;
  scopes(prefix: string, after: string, limit: number): Awaitable<readonly ScopeStatus[]>;
  holds(filter: CheckedHoldFilter): Awaitable<readonly ListedHold[]>;
  attempts(jobId: string): Awaitable<readonly JobAttempt[]>;
  counts(): Awaitable<readonly JobCount[]>;
  audit(): Awaitable<readonly AuditDifference[]>;
}

/** The operations of a store; their arguments are checked. */
export interface Operations
  extends LedgerOperations, QueueOperations, AttemptOperations, QuestionOperations {}

/** Runs an operation in its own transaction, or together with concurrent ones. */
export type Run = <Answer>(operation: (operations: Operations) => Awaitable<Answer>) => Promise<Answer>;
