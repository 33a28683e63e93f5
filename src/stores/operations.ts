import type { Approval } from "../approval/approval.ts";
import type {
  Awaitable,
  ExpireOutcome,
  Hold,
  HoldOutcome,
  HoldRequest,
  ReleaseOutcome,
  SettleOutcome,
} from "../budget/contract.ts";
import type { BudgetState } from "../budget/state.ts";
import type { Lease } from "../dispatch/lease.ts";
import type { CheckedApproval, recoverOptions } from "../dispatch/rules.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "../dispatch/contract.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds } from "../time.ts";
import type { ClaimedText, Completion, Failure } from "./engine/attempts.ts";
import type { Submission } from "./engine/queue.ts";
import type { JobFilter, ShownJob } from "./engine/tables.ts";

export interface Pruned {
  readonly jobs: number;
  readonly holds: number;
}

/** What a store does once everything that it was given is checked; payloads and results are JSON. */
export interface Operations {
  hold(request: HoldRequest): Awaitable<HoldOutcome>;
  settle(holdId: string, actual: MicroCents): Awaitable<SettleOutcome>;
  release(holdId: string): Awaitable<ReleaseOutcome>;
  extend(holdId: string, by: MicroCents, step: number): Awaitable<HoldOutcome>;
  expire(limit: number): Awaitable<ExpireOutcome>;
  usage(scope: string): Awaitable<BudgetState>;
  getHold(holdId: string): Awaitable<Hold | null>;
  pinCap(scope: string, cap: MicroCents): Awaitable<void>;
  submit(submission: Submission): Awaitable<SubmitOutcome>;
  submitMany(submissions: readonly Submission[]): Awaitable<readonly SubmitOutcome[]>;
  approve(jobId: string, approved: CheckedApproval): Awaitable<ApproveOutcome>;
  reject(jobId: string, decision: Approval): Awaitable<RejectOutcome>;
  cancel(jobId: string): Awaitable<CancelOutcome>;
  claimMany(lanes: readonly string[], limit: number): Awaitable<readonly ClaimedText[]>;
  complete(completion: Completion): Awaitable<CompleteOutcome>;
  completeMany(completions: readonly Completion[]): Awaitable<readonly CompleteOutcome[]>;
  fail(failure: Failure): Awaitable<FailOutcome>;
  renew(lease: Lease): Awaitable<boolean>;
  recoverStale(options: ReturnType<typeof recoverOptions>): Awaitable<RecoverOutcome>;
  job(jobId: string): Awaitable<ShownJob | null>;
  jobs(filter: JobFilter): Awaitable<readonly ShownJob[]>;
  prune(before: EpochSeconds): Awaitable<Pruned>;
}

/** Runs an operation in a transaction of its own, or together with others that are in flight. */
export type Run = <Answer>(operation: (operations: Operations) => Awaitable<Answer>) => Promise<Answer>;
