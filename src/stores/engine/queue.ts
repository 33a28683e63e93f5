import { decidedAt } from "../../approval/approval.ts";
import { isTerminal, JobState } from "../../dispatch/lifecycle.ts";
import {
  deadlineOf,
  isPast,
  prunedJob,
  scopesMissing,
  storableText,
  unknownJob,
} from "../../dispatch/rules.ts";
import { ensureSameJob, isFree } from "../../dispatch/job-request.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  NotWaiting,
  RejectOutcome,
  RetryOutcome,
  SubmitOutcome,
} from "../../dispatch/outcomes.ts";
import type { Lacking } from "../../budget/contract.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import { microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import type { QueueOperations, Submission } from "../operations.ts";
import { decide, DONE } from "./decide.ts";
import type { Holds } from "./holds.ts";
import type { Journal } from "./journal.ts";
import { forget, prune } from "./sweeps.ts";
import { ended, type JobRecord, jobSubject, phaseOf, type ShownJob, type Tables } from "./tables.ts";

/** Submissions, decisions and look-ups over any tables. What throws has changed nothing. */
export function queueOperations(tables: Tables, holds: Holds, journal: Journal): QueueOperations {
  return {
    submit,

    /** All of them, or, if one throws, none. */
    submitMany(submissions) {
      for (const submission of submissions) check(submission);
      return Object.freeze(submissions.map(submit));
    },

    approve(jobId, scopes, decided) {
      return decide(tables, jobSubject(jobId), decided, (approval, now): ApproveOutcome => {
        const job = known(jobId);
        if (job.state !== JobState.AWAITING_APPROVAL) return notWaiting(job);
        const deadline = deadlineOf(job.terms, phaseOf(job));
        if (deadline !== null && isPast(deadline, now)) return outcome({ kind: "expired", deadline });
        const approved = { ...job, decision: approval };
        return queueJob("approved", approved, scopes ?? job.terms.askedScopes, now, true, decided.id);
      });
    },

    reject(jobId, decided) {
      return decide(tables, jobSubject(jobId), decided, (decision, endedAt): RejectOutcome => {
        const job = known(jobId);
        if (job.state !== JobState.AWAITING_APPROVAL) return notWaiting(job);
        const error = { code: "rejected", message: storableText(decision.reason) } as const;
        const rejected: JobRecord = {
          ...job,
          state: JobState.REJECTED,
          decision,
          error,
          endedAt,
          decidedAt: endedAt,
          waitingSince: null,
        };
        tables.putJob(rejected);
        journal.record("rejected", { job: rejected, decided: { id: decided.id, approval: decision } });
        return outcome({ kind: "rejected" });
      });
    },

    cancel(jobId, decided) {
      return decide(tables, jobSubject(jobId), decided, (cancellation, endedAt): CancelOutcome => {
        const job = known(jobId);
        if (isTerminal(job.state)) return outcome({ kind: "ended", state: job.state });
        const state = job.state === JobState.AWAITING_APPROVAL ? JobState.REJECTED : JobState.FAILED;
        // A claimed job may have run: charged in full. A queued one has not.
        let booked = microCents(0n);
        if (job.state === JobState.RUNNING) booked = holds.closeAttempt(job, null).booked;
        else if (job.state === JobState.QUEUED) holds.releaseCurrent(job);
        const error = { code: "cancelled", message: storableText(cancellation.reason) } as const;
        const over = { ...job, state, cancellation, error, endedAt, decidedAt: endedAt, waitingSince: null };
        const cancelled = ended(over, "taken", endedAt);
        tables.putJob(cancelled);
        journal.record("cancelled", { job: cancelled, decided: { id: decided.id, approval: cancellation } });
        return outcome({ kind: "cancelled", state, booked });
      });
    },

    retry(jobId, after, scopes, decided) {
      return decide(tables, jobSubject(jobId), decided, (decision, now): RetryOutcome => {
        const job = known(jobId);
        if (job.pruned) throw prunedJob(jobId);
        if (job.state !== JobState.FAILED || job.retries !== after) {
          return outcome({ kind: "moved_on", state: job.state, retries: job.retries });
        }
        const retried: JobRecord = {
          ...job,
          terms: { ...job.terms, claimBy: null },
          runAt: now,
          decision,
          cancellation: null,
          endedAt: null,
          triedBefore: job.tried,
          retries: job.retries + 1,
        };
        return queueJob("retried", retried, scopes ?? job.scopes, now, scopes !== null, decided.id);
      });
    },

    setLane(lane, paused, decided) {
      decide(tables, null, decided, (approval) => {
        tables.putLane({ lane, paused, approval });
        journal.record(paused ? "lane_paused" : "lane_resumed", {
          lane,
          decided: { id: decided.id, approval },
        });
        return DONE;
      });
    },

    lanes() {
      return Object.freeze(tables.lanes().map((lane) => Object.freeze(lane)));
    },

    job(jobId) {
      const job = tables.job(jobId);
      return job && !job.pruned ? shown(job) : null;
    },

    jobs(filter) {
      if (filter.after !== null) known(filter.after);
      return tables.jobs(filter).map(shown);
    },

    prune(before, limit) {
      return prune(tables, before, limit);
    },

    forget(before, limit) {
      return forget(tables, journal, before, limit);
    },

    id() {
      return tables.id();
    },
  };

  /**
   * Queues a job once more, as a person has decided, with its next hold in these scopes. Free work needs none.
   *
   * @param isRequest - whether the caps are those of a request, which are compared with the pinned ones.
   */
  function queueJob(
    kind: "approved" | "retried",
    job: JobRecord,
    scopes: readonly HeldScope[] | null,
    now: EpochSeconds,
    isRequest: boolean,
    decisionId: string | null,
  ): { readonly kind: "queued" } | { readonly kind: "refused"; readonly lacking: readonly Lacking[] } {
    const next = {
      ...job,
      error: null,
      grants: job.grants + 1,
      refusals: 0,
      decidedAt: now,
      waitingSince: null,
    };
    const put = (queued: JobRecord): void => {
      tables.putJob(queued);
      // Whoever queues it has decided so.
      const decided = queued.decision ? { id: decisionId, approval: queued.decision } : undefined;
      journal.record(kind, { job: queued, decided });
    };
    if (isFree(job.body)) {
      put({ ...next, state: JobState.PENDING });
      return outcome({ kind: "queued" });
    }
    if (scopes === null) throw scopesMissing(job.body.jobId);
    const lacking = holds.holdNext(job, scopes, now, isRequest);
    if (lacking.length > 0) return outcome({ kind: "refused", lacking: outcomes(lacking) });
    put({ ...next, state: JobState.QUEUED, scopes, holds: job.holds + 1 });
    return outcome({ kind: "queued" });
  }

  function submit(submission: Submission): SubmitOutcome {
    const { body, terms, approved } = submission;
    const known = tables.job(body.jobId);
    if (known) {
      ensureSame(known, submission);
      return outcome({ kind: "exists", state: known.state });
    }
    const now = tables.now();
    const state = isFree(body) ? JobState.PENDING : approved ? JobState.QUEUED : JobState.AWAITING_APPROVAL;
    const job: JobRecord = {
      body,
      terms,
      state,
      submittedAt: now,
      decidedAt: approved ? now : null,
      waitingSince: state === JobState.AWAITING_APPROVAL ? now : null,
      runAt: body.runAt ?? now,
      leasedAt: now,
      leaseSeconds: null,
      runUntil: null,
      leasedBy: null,
      scopes: approved?.scopes ?? [],
      decision: approved && decidedAt(approved.approval, now),
      cancellation: null,
      error: null,
      result: null,
      endedAt: null,
      pruned: false,
      attempts: [],
      holds: state === JobState.QUEUED ? 1 : 0,
      tried: 0,
      triedBefore: 0,
      retries: 0,
      grants: state === JobState.QUEUED ? 1 : 0,
      refusals: 0,
    };
    if (approved && state === JobState.QUEUED) {
      const lacking = holds.holdNext({ ...job, holds: 0 }, approved.scopes, now, true);
      if (lacking.length > 0) return outcome({ kind: "refused", lacking: outcomes(lacking) });
    }
    tables.putJob(job);
    const decided = job.decision ? { id: null, approval: job.decision } : undefined;
    journal.record("submitted", { job, decided });
    return outcome({ kind: state === JobState.AWAITING_APPROVAL ? state : "queued" });
  }

  function shown(job: JobRecord): ShownJob {
    const startedAt = job.attempts.at(-1)?.claimedAt ?? null;
    return { ...job, startedAt, booked: microCents(isFree(job.body) ? 0n : holds.bookedFor(job)) };
  }

  /** Throws what `submit` throws, and changes nothing. */
  function check(submission: Submission): void {
    const { body, approved } = submission;
    const known = tables.job(body.jobId);
    if (known) ensureSame(known, submission);
    else if (approved && !isFree(body)) holds.checkCaps(approved.scopes, tables.now());
  }

  function ensureSame(known: JobRecord, { body }: Submission): void {
    if (!known.pruned) ensureSameJob(known.body, body);
  }

  function known(jobId: string): JobRecord {
    const job = tables.job(jobId);
    if (!job) throw unknownJob(jobId);
    return job;
  }
}

/** The decision that stands about a job that does not wait. */
function notWaiting({ state, decision, cancellation }: JobRecord): NotWaiting {
  return outcome({ kind: "not_waiting", state, approval: cancellation ?? decision });
}
