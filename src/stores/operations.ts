import type { ApprovalDraft } from "../approval/approval.ts";
import type { ExpireOutcome, Hold, HoldOutcome, ReleaseOutcome, SettleOutcome } from "../budget/contract.ts";
import type { CheckedHold } from "../budget/holds.ts";
import type { BudgetState } from "../budget/state.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "../dispatch/contract.ts";
import type { Lease } from "../dispatch/lease.ts";
import type { CheckedApproval, failOptions, JobBody, recoverOptions } from "../dispatch/rules.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds } from "../time.ts";
import type { CheckedFilter, ShownJob } from "./engine/tables.ts";

/** A checked job to submit. */
export interface Submission {
  readonly body: JobBody;
  readonly approved: CheckedApproval | null;
}

/** A claimed job whose payload is still JSON. */
export interface ClaimedText {
  readonly lease: Lease;
  readonly payload: string;
  readonly paid: boolean;
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
}

export interface Pruned {
  readonly jobs: number;
  readonly holds: number;
}

/** The operations of the ledger; their arguments are checked. */
export interface LedgerOperations {
  hold(request: CheckedHold): Awaitable<HoldOutcome>;
  settle(holdId: string, actual: MicroCents): Awaitable<SettleOutcome>;
  release(holdId: string): Awaitable<ReleaseOutcome>;
  extend(holdId: string, by: MicroCents, step: number): Awaitable<HoldOutcome>;
  expire(limit: number): Awaitable<ExpireOutcome>;
  usage(scope: string): Awaitable<BudgetState>;
  getHold(holdId: string): Awaitable<Hold | null>;
  pinCap(scope: string, cap: MicroCents): Awaitable<void>;
}

/** Submissions, decisions and look-ups; their arguments are checked, payloads and results are JSON. */
export interface QueueOperations {
  submit(submission: Submission): Awaitable<SubmitOutcome>;
  submitMany(submissions: readonly Submission[]): Awaitable<readonly SubmitOutcome[]>;
  approve(jobId: string, approved: CheckedApproval): Awaitable<ApproveOutcome>;
  reject(jobId: string, decision: ApprovalDraft): Awaitable<RejectOutcome>;
  cancel(jobId: string): Awaitable<CancelOutcome>;
  job(jobId: string): Awaitable<ShownJob | null>;
  jobs(filter: CheckedFilter): Awaitable<readonly ShownJob[]>;
  prune(before: EpochSeconds): Awaitable<Pruned>;
}

/** Claims and reports; their arguments are checked. */
export interface AttemptOperations {
  claimMany(lanes: readonly string[], limit: number): Awaitable<readonly ClaimedText[]>;
  complete(completion: Completion): Awaitable<CompleteOutcome>;
  completeMany(completions: readonly Completion[]): Awaitable<readonly CompleteOutcome[]>;
  fail(failure: Failure): Awaitable<FailOutcome>;
  renew(lease: Lease): Awaitable<boolean>;
  recoverStale(options: ReturnType<typeof recoverOptions>): Awaitable<RecoverOutcome>;
}

/** The operations of a store; their arguments are checked. */
export interface Operations extends LedgerOperations, QueueOperations, AttemptOperations {}

/** Runs an operation in its own transaction, or together with concurrent ones. */
export type Run = <Answer>(operation: (operations: Operations) => Awaitable<Answer>) => Promise<Answer>;
