import { decidedAt } from "../../approval/approval.ts";
import { isTerminal, JobState } from "../../dispatch/lifecycle.ts";
import { ensureSameJob, isFree, unknownJob } from "../../dispatch/rules.ts";
import type { SubmitOutcome } from "../../dispatch/contract.ts";
import { microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { QueueOperations, Submission } from "../operations.ts";
import type { Holds } from "./holds.ts";
import type { JobRecord, Tables } from "./tables.ts";

/** Submissions, decisions and look-ups over any tables. What throws has changed nothing. */
export function queueOperations(tables: Tables, holds: Holds): QueueOperations {
  return {
    submit,

    /** All of them, or, if one throws, none. */
    submitMany(submissions) {
      for (const submission of submissions) check(submission, tables.job(submission.body.jobId));
      return Object.freeze(submissions.map(submit));
    },

    approve(jobId, approved) {
      const job = known(jobId);
      if (job.state !== JobState.AWAITING_APPROVAL) return outcome({ kind: "not_waiting", state: job.state });
      holds.checkPins(approved.scopes);
      const decision = decidedAt(approved.approval, tables.now());
      const lacking = holds.holdNext(job, approved.scopes);
      if (lacking.length > 0) return outcome({ kind: "refused", lacking: outcomes(lacking) });
      tables.putJob({ ...job, state: JobState.QUEUED, scopes: approved.scopes, decision, error: null });
      return outcome({ kind: "queued" });
    },

    reject(jobId, draft) {
      const endedAt = tables.now();
      const job = known(jobId);
      if (job.state !== JobState.AWAITING_APPROVAL) return outcome({ kind: "not_waiting", state: job.state });
      const decision = decidedAt(draft, endedAt);
      const error = { code: "rejected", message: decision.reason } as const;
      tables.putJob({ ...job, state: JobState.REJECTED, decision, error, endedAt });
      return outcome({ kind: "rejected" });
    },

    cancel(jobId) {
      const endedAt = tables.now();
      const job = known(jobId);
      if (isTerminal(job.state)) return outcome({ kind: "ended", state: job.state });
      const state = job.state === JobState.AWAITING_APPROVAL ? JobState.REJECTED : JobState.FAILED;
      // Claimed, it may have run: charged in full. Only queued, it has not.
      let booked = microCents(0n);
      let { attempts } = job;
      if (job.state === JobState.RUNNING) {
        booked = holds.closeAttempt(job, null).booked;
        attempts = attempts.map((attempt) => (attempt.end === null ? { ...attempt, end: "taken" } : attempt));
      } else if (job.state === JobState.QUEUED) holds.releaseNext(job);
      const error = { code: "cancelled", message: "cancelled" } as const;
      tables.putJob({ ...job, state, attempts, error, endedAt });
      return outcome({ kind: "cancelled", state, booked });
    },

    job(jobId) {
      const job = tables.job(jobId);
      return job && !job.pruned ? job : null;
    },

    jobs(filter) {
      if (filter.after !== null) known(filter.after);
      return tables.jobs(filter);
    },

    /** Forgets contents; ids go on answering, and scopes keep what was spent in them. */
    prune(before) {
      return { jobs: tables.pruneJobs(before), holds: tables.pruneHolds(before) };
    },
  };

  function submit(submission: Submission): SubmitOutcome {
    const { body, approved } = submission;
    const known = tables.job(body.jobId);
    check(submission, known);
    if (known) return outcome({ kind: "exists", state: known.state });
    const now = tables.now();
    const job: JobRecord = {
      body,
      state: isFree(body) ? JobState.PENDING : approved ? JobState.QUEUED : JobState.AWAITING_APPROVAL,
      runAt: body.runAt ?? now,
      leasedAt: now,
      scopes: approved?.scopes ?? [],
      decision: approved && decidedAt(approved.approval, now),
      error: null,
      result: null,
      endedAt: null,
      pruned: false,
      attempts: [],
    };
    if (job.state === JobState.QUEUED) {
      const lacking = holds.holdNext(job, job.scopes);
      if (lacking.length > 0) return outcome({ kind: "refused", lacking: outcomes(lacking) });
    }
    tables.putJob(job);
    return outcome({ kind: job.state === JobState.AWAITING_APPROVAL ? "awaiting_approval" : "queued" });
  }

  /** Throws what `submit` throws, and changes nothing. */
  function check({ body, approved }: Submission, known: JobRecord | null): void {
    if (known === null) holds.checkPins(isFree(body) ? [] : (approved?.scopes ?? []));
    else if (!known.pruned) ensureSameJob(known.body, body);
  }

  function known(jobId: string): JobRecord {
    const job = tables.job(jobId);
    if (!job) throw unknownJob(jobId);
    return job;
  }
}
