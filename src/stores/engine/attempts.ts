import type { Lacking } from "../../budget/contract.ts";
import { isOver } from "../../budget/holds.ts";
import type { CompleteOutcome, Job } from "../../dispatch/contract.ts";
import { Lease, shouldGiveUp } from "../../dispatch/lease.ts";
import { JobState } from "../../dispatch/lifecycle.ts";
import { isFree, noActualCost, noRoom } from "../../dispatch/rules.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import type { AttemptOperations, ClaimedText, Completion } from "../operations.ts";
import type { Holds } from "./holds.ts";
import type { AttemptEnd, JobRecord, Tables } from "./tables.ts";

type JobError = NonNullable<Job["error"]>;
type Retried = "requeued" | "failed" | "waiting";

/** A lease's own attempt, counted from 1. */
interface Found {
  readonly job: JobRecord;
  readonly attempt: number;
  readonly end: AttemptEnd | null;
}

/** Claims and reports over any tables. What throws has changed nothing. */
export function attemptOperations(tables: Tables, holds: Holds): AttemptOperations {
  return {
    claimMany(lanes, limit) {
      const now = tables.now();
      const claimed: ClaimedText[] = [];
      while (claimed.length < limit) {
        const job = tables.claimable(lanes, now);
        if (!job) break;
        const { jobId, payload } = job.body;
        const token = crypto.randomUUID();
        const attempts = [...job.attempts, { token, end: null }];
        tables.putJob({ ...job, state: JobState.RUNNING, leasedAt: now, attempts });
        const lease = new Lease({ jobId, leasedAt: now, attempts: attempts.length, token });
        claimed.push({ lease, payload, paid: !isFree(job.body) });
      }
      return claimed;
    },

    complete,

    /** All of them, or, if one throws, none. */
    completeMany(completions) {
      for (const { lease, actual } of completions) find("complete", lease, actual);
      return Object.freeze(completions.map(complete));
    },

    fail({ lease, error, actual, retriable, maxAttempts, retryAfterSeconds }) {
      const now = tables.now();
      const found = find("fail", lease, actual);
      if (found && (found.end === "requeued" || found.end === "failed" || found.end === "waiting")) {
        return outcome({
          kind: found.end,
          booked: holds.firstBooking(found.job, found.attempt).booked,
        });
      }
      if (found?.end !== null) return tooLate(found, actual);
      const { booked } = holds.closeAttempt(found.job, actual);
      const limit = retriable ? maxAttempts : 0;
      const why = { code: "error", message: error } as const;
      const next = retryOrEnd(found.job, limit, now, retryAfterSeconds, why);
      tables.putJob(ended(next.job, next.kind));
      return outcome({ kind: next.kind, booked });
    },

    renew(lease) {
      const found = find("renew", lease, null);
      if (found?.end !== null) return false;
      tables.putJob({ ...found.job, leasedAt: tables.now() });
      return true;
    },

    recoverStale({ ttlSeconds, maxAttempts, limit }) {
      const now = tables.now();
      const stale = tables.stale(now, ttlSeconds, limit + 1);
      const attempts = stale.slice(0, limit).map((job) => {
        const attempt = job.attempts.length;
        const { booked } = holds.closeAttempt(job, null);
        const error = { code: "lost", message: `attempt ${attempt} lost its lease` } as const;
        const next = retryOrEnd(job, maxAttempts, now, 0, error);
        tables.putJob(ended(next.job, "taken"));
        return { jobId: job.body.jobId, attempt, charged: booked, outcome: next.kind };
      });
      return outcome({ attempts: outcomes(attempts), more: stale.length > limit });
    },
  };

  function complete({ lease, result, actual }: Completion): CompleteOutcome {
    const now = tables.now();
    const found = find("complete", lease, actual);
    if (found?.end === "completed") return completed(found);
    if (found?.end !== null) return tooLate(found, actual);
    holds.closeAttempt(found.job, actual);
    tables.putJob(
      ended({ ...found.job, state: JobState.SUCCEEDED, result, error: null, endedAt: now }, "completed"),
    );
    return completed(found);
  }

  /** The attempt that a lease's token was minted for; one without an end is the one that holds the job now. */
  function find(what: string, { jobId, token }: Lease, actual: MicroCents | null): Found | null {
    const job = tables.job(jobId);
    const index = job?.attempts.findIndex((made) => made.token === token) ?? -1;
    if (!job || index < 0) return null;
    if (actual !== null && isFree(job.body)) {
      throw noActualCost(what, jobId, actual);
    }
    return { job, attempt: index + 1, end: job.attempts[index]?.end ?? null };
  }

  function completed({ job, attempt }: Found): CompleteOutcome {
    const { booked, overrun } = holds.firstBooking(job, attempt);
    return outcome({ kind: "completed", booked, overrun });
  }

  /** A report that changes no job; the cost that it tells still corrects its own attempt's charge. */
  function tooLate(found: Found | null, actual: MicroCents | null): { readonly kind: "stale" } {
    if (found && actual !== null) {
      holds.correctAttempt(found.job.body.jobId, found.attempt, actual);
    }
    return outcome({ kind: "stale" });
  }

  /** The job after an attempt that did not succeed: queued again with its next hold, ended, or waiting. */
  function retryOrEnd(
    job: JobRecord,
    maxAttempts: number,
    now: EpochSeconds,
    delay: number,
    error: JobError,
  ): { readonly kind: Retried; readonly job: JobRecord } {
    if (shouldGiveUp(job.attempts.length, Math.min(job.body.maxAttempts, maxAttempts))) {
      return { kind: "failed", job: { ...job, state: JobState.FAILED, error, endedAt: now } };
    }
    // A later instant is an instant: the delay has a limit.
    const later = { ...job, runAt: (now + delay) as EpochSeconds, error };
    if (isFree(job.body)) return { kind: "requeued", job: { ...later, state: JobState.PENDING } };
    const lacking = holdRetry(job, now);
    if (lacking.length === 0) return { kind: "requeued", job: { ...later, state: JobState.QUEUED } };
    const waiting = { state: JobState.AWAITING_APPROVAL, error: noRoom(error.message, lacking) };
    return { kind: "waiting", job: { ...later, ...waiting } };
  }

  /** Holds for the next attempt; if it cannot, the scopes that lack room. */
  function holdRetry(job: JobRecord, now: EpochSeconds): readonly Lacking[] {
    const over = job.scopes.find((scope) => isOver(scope, now));
    if (over) return [{ scope: over.scope, by: job.body.maxCost, over: true }];
    return holds.holdNext(job, job.scopes);
  }
}

function ended(job: JobRecord, end: AttemptEnd): JobRecord {
  const attempts = job.attempts.map((attempt) => (attempt.end === null ? { ...attempt, end } : attempt));
  return { ...job, attempts };
}
