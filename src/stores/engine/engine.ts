import type { Approval } from "../../approval/approval.ts";
import type {
  ExpireOutcome,
  Hold,
  HoldOutcome,
  HoldRequest,
  ReleaseOutcome,
  SettleOutcome,
} from "../../budget/contract.ts";
import type { BudgetState } from "../../budget/state.ts";
import type { Lease } from "../../dispatch/lease.ts";
import type { CheckedApproval, recoverOptions } from "../../dispatch/rules.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "../../dispatch/contract.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { Operations, Pruned } from "../operations.ts";
import { Attempts, type ClaimedText, type Completion, type Failure } from "./attempts.ts";
import { Ledger } from "./ledger.ts";
import { Queue, type Submission } from "./queue.ts";
import type { JobFilter, JobRecord, Tables } from "./tables.ts";

/** Every operation over any tables, each to be run inside one transaction. What throws has changed nothing. */
export class Engine implements Operations {
  readonly #tables: Tables;
  readonly #ledger: Ledger;
  readonly #queue: Queue;
  readonly #attempts: Attempts;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#ledger = new Ledger(tables);
    this.#queue = new Queue(tables, this.#ledger);
    this.#attempts = new Attempts(tables, this.#ledger);
  }

  hold(request: HoldRequest): HoldOutcome {
    return this.#ledger.hold(request);
  }

  settle(holdId: string, actual: MicroCents): SettleOutcome {
    return this.#ledger.settle(holdId, actual);
  }

  release(holdId: string): ReleaseOutcome {
    return this.#ledger.release(holdId);
  }

  extend(holdId: string, by: MicroCents, step: number): HoldOutcome {
    return this.#ledger.extend(holdId, by, step);
  }

  expire(limit: number): ExpireOutcome {
    return this.#ledger.expire(limit);
  }

  usage(scope: string): BudgetState {
    return this.#ledger.usage(scope);
  }

  getHold(holdId: string): Hold | null {
    return this.#ledger.getHold(holdId);
  }

  pinCap(scope: string, cap: MicroCents): void {
    this.#ledger.pinCap(scope, cap);
  }

  submit(submission: Submission): SubmitOutcome {
    return this.#queue.submit(submission);
  }

  submitMany(submissions: readonly Submission[]): readonly SubmitOutcome[] {
    return this.#queue.submitMany(submissions);
  }

  approve(jobId: string, approved: CheckedApproval): ApproveOutcome {
    return this.#queue.approve(jobId, approved);
  }

  reject(jobId: string, decision: Approval): RejectOutcome {
    return this.#queue.reject(jobId, decision);
  }

  cancel(jobId: string): CancelOutcome {
    return this.#queue.cancel(jobId);
  }

  claimMany(lanes: readonly string[], limit: number): readonly ClaimedText[] {
    return this.#attempts.claimMany(lanes, limit);
  }

  complete(completion: Completion): CompleteOutcome {
    return this.#attempts.complete(completion);
  }

  completeMany(completions: readonly Completion[]): readonly CompleteOutcome[] {
    return this.#attempts.completeMany(completions);
  }

  fail(failure: Failure): FailOutcome {
    return this.#attempts.fail(failure);
  }

  renew(lease: Lease): boolean {
    return this.#attempts.renew(lease);
  }

  recoverStale(options: ReturnType<typeof recoverOptions>): RecoverOutcome {
    return this.#attempts.recoverStale(options);
  }

  job(jobId: string): JobRecord | null {
    return this.#queue.job(jobId);
  }

  jobs(filter: JobFilter): readonly JobRecord[] {
    return this.#queue.jobs(filter);
  }

  /** Forgets contents; ids go on answering, and scopes keep what was spent in them. */
  prune(before: EpochSeconds): Pruned {
    return { jobs: this.#tables.pruneJobs(before), holds: this.#tables.pruneHolds(before) };
  }
}
