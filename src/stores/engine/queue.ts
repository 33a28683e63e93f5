import type { Approval } from "../../approval/approval.ts";
import {
  type CheckedApproval,
  ensureSameJob,
  isFree,
  type JobBody,
  unknownJob,
} from "../../dispatch/rules.ts";
import type { ApproveOutcome, CancelOutcome, RejectOutcome, SubmitOutcome } from "../../dispatch/contract.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { isTerminal, JobState } from "../../dispatch/lifecycle.ts";
import { microCents } from "../../money/micro-cents.ts";
import type { Ledger } from "./ledger.ts";
import { closeAttempt, nextHold } from "./money.ts";
import type { JobFilter, JobRecord, Tables } from "./tables.ts";

/** A job to submit, checked. */
export interface Submission {
  readonly body: JobBody;
  readonly approved: CheckedApproval | null;
}

/** Submissions and decisions over any tables. What throws has changed nothing. */
export class Queue {
  readonly #tables: Tables;
  readonly #ledger: Ledger;

  constructor(tables: Tables, ledger: Ledger) {
    this.#tables = tables;
    this.#ledger = ledger;
  }

  submit(submission: Submission): SubmitOutcome {
    const { body, approved } = submission;
    const known = this.#tables.job(body.jobId);
    this.#check(submission, known);
    if (known) return outcome({ kind: "exists", state: known.state });
    const now = this.#tables.now();
    const job: JobRecord = {
      body,
      state: isFree(body) ? JobState.PENDING : approved ? JobState.QUEUED : JobState.AWAITING_APPROVAL,
      runAt: body.runAt ?? now,
      leasedAt: now,
      scopes: approved?.scopes ?? [],
      decision: approved?.approval ?? null,
      error: null,
      result: null,
      endedAt: null,
      pruned: false,
      attempts: [],
    };
    if (job.state === JobState.QUEUED) {
      const lacking = this.#ledger.holdForJob(nextHold(job), body.maxCost, job.scopes);
      if (lacking.length > 0) return outcome({ kind: "refused", lacking: outcomes(lacking) });
    }
    this.#tables.putJob(job);
    return outcome({ kind: job.state === JobState.AWAITING_APPROVAL ? "awaiting_approval" : "queued" });
  }

  /** All of them, or, if one throws, none. */
  submitMany(submissions: readonly Submission[]): readonly SubmitOutcome[] {
    for (const submission of submissions) this.#check(submission, this.#tables.job(submission.body.jobId));
    return Object.freeze(submissions.map((submission) => this.submit(submission)));
  }

  approve(jobId: string, approved: CheckedApproval): ApproveOutcome {
    const job = this.#known(jobId);
    if (job.state !== JobState.AWAITING_APPROVAL) return outcome({ kind: "not_waiting", state: job.state });
    this.#ledger.checkPins(approved.scopes);
    const lacking = this.#ledger.holdForJob(nextHold(job), job.body.maxCost, approved.scopes);
    if (lacking.length > 0) return outcome({ kind: "refused", lacking: outcomes(lacking) });
    const { approval: decision, scopes } = approved;
    this.#tables.putJob({ ...job, state: JobState.QUEUED, scopes, decision, error: null });
    return outcome({ kind: "queued" });
  }

  reject(jobId: string, decision: Approval): RejectOutcome {
    const endedAt = this.#tables.now();
    const job = this.#known(jobId);
    if (job.state !== JobState.AWAITING_APPROVAL) return outcome({ kind: "not_waiting", state: job.state });
    const error = { code: "rejected", message: decision.reason } as const;
    this.#tables.putJob({ ...job, state: JobState.REJECTED, decision, error, endedAt });
    return outcome({ kind: "rejected" });
  }

  cancel(jobId: string): CancelOutcome {
    const endedAt = this.#tables.now();
    const job = this.#known(jobId);
    if (isTerminal(job.state)) return outcome({ kind: "ended", state: job.state });
    const state = job.state === JobState.AWAITING_APPROVAL ? JobState.REJECTED : JobState.FAILED;
    // Claimed, it may have run: charged in full. Only queued, it has not.
    let booked = microCents(0n);
    let { attempts } = job;
    if (job.state === JobState.RUNNING) {
      booked = closeAttempt(this.#ledger, job, null).booked;
      attempts = attempts.map((attempt) => (attempt.end === null ? { ...attempt, end: "taken" } : attempt));
    } else if (job.state === JobState.QUEUED) this.#ledger.releaseForJob(nextHold(job));
    const error = { code: "cancelled", message: "cancelled" } as const;
    this.#tables.putJob({ ...job, state, attempts, error, endedAt });
    return outcome({ kind: "cancelled", state, booked });
  }

  job(jobId: string): JobRecord | null {
    const job = this.#tables.job(jobId);
    return job && !job.pruned ? job : null;
  }

  jobs(filter: JobFilter): readonly JobRecord[] {
    if (filter.after !== null) this.#known(filter.after);
    return this.#tables.jobs(filter);
  }

  /** Throws what `submit` throws, and changes nothing. */
  #check({ body, approved }: Submission, known: JobRecord | null): void {
    if (known === null) this.#ledger.checkPins(isFree(body) ? [] : (approved?.scopes ?? []));
    else if (!known.pruned) ensureSameJob(known.body, body);
  }

  #known(jobId: string): JobRecord {
    const job = this.#tables.job(jobId);
    if (!job) throw unknownJob(jobId);
    return job;
  }
}
