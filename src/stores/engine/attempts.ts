import type { CompleteOutcome, RecoverOutcome } from "../../dispatch/outcomes.ts";
import type { Job } from "../../dispatch/job.ts";
import { isTimedOut, Lease, shouldGiveUp } from "../../dispatch/lease.ts";
import { JobState } from "../../dispatch/lifecycle.ts";
import {
  costLimit,
  expired,
  lostLease,
  mayHoldAgain,
  MOST_REFUSALS,
  noActualCost,
  noRoom,
  refusalDelay,
  timedOut,
} from "../../dispatch/rules.ts";
import { isFree } from "../../dispatch/job-request.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import {
  type AttemptOperations,
  type Claimant,
  type ClaimedText,
  type Completion,
  MOST_CLAIMED_BYTES,
} from "../operations.ts";
import type { Holds } from "./holds.ts";
import type { Journal } from "./journal.ts";
import { type Attempt, ended, type JobRecord, type Tables } from "./tables.ts";

type JobError = NonNullable<Job["error"]>;
type Retried = "requeued" | "failed" | "waiting";

/** A lease's own attempt. */
interface Found {
  readonly job: JobRecord;
  readonly attempt: Attempt;
}

/** What comes after an attempt that did not succeed. */
interface Next {
  readonly kind: Retried;
  readonly job: JobRecord;
}

/** Claims and reports over any tables. What throws has changed nothing. */
export function attemptOperations(tables: Tables, holds: Holds, journal: Journal): AttemptOperations {
  return {
    claimMany(lanes, limit, claimant) {
      const now = tables.now();
      const claimed: ClaimedText[] = [];
      const offered = tables.offered(lanes);
      let bytes = 0;
      while (claimed.length < limit) {
        const job = tables.claimable(offered, now);
        if (!job) break;
        bytes += job.body.payload.length;
        if (claimed.length > 0 && bytes > MOST_CLAIMED_BYTES) break;
        claimed.push(claim(job, now, claimant));
      }
      return claimed;
    },

    complete,

    /** All of them, or, if one throws, none. */
    completeMany(completions) {
      for (const { lease, actual } of completions) find("complete", lease, actual);
      return Object.freeze(completions.map(complete));
    },

    fail({ lease, error, actual, retriable, counts, maxAttempts, retryAfterSeconds, isRefusal }) {
      const now = tables.now();
      const found = find("fail", lease, actual);
      const end = found?.attempt.end;
      if (found && (end === "requeued" || end === "failed" || end === "waiting")) {
        return outcome({ kind: end, ...holds.firstBooking(found.job, found.attempt.hold) });
      }
      if (!found || end !== null) return tooLate(found, actual);
      const booking = holds.closeAttempt(found.job, actual);
      const why = { code: "error", message: error } as const;
      const next = counts
        ? retryOrEnd(found.job, retriable ? maxAttempts : 0, now, retryAfterSeconds, why)
        : giveBack(found.job, now, retryAfterSeconds, why, isRefusal);
      const after = ended(next.job, next.kind, now);
      tables.putJob(after);
      journal.record(counts ? next.kind : "given_back", { job: after, by: found.job.leasedBy });
      return outcome({ kind: next.kind, ...booking });
    },

    renew(lease) {
      const now = tables.now();
      const found = find("renew", lease, null);
      if (found?.attempt.end !== null || isTimedOut(found.job, now)) return false;
      tables.putJob({ ...found.job, leasedAt: now });
      return true;
    },

    recoverStale({ ttlSeconds, maxAttempts, limit }) {
      const now = tables.now();
      tables.unpark(now);
      const lost = tables.lost(now, ttlSeconds, limit + 1);
      const attempts = lost.slice(0, limit).map((job) => {
        const { booked } = holds.closeAttempt(job, null);
        const next = retryOrEnd(job, maxAttempts, now, 0, lossOf(job, now));
        const after = ended(next.job, "taken", now);
        tables.putJob(after);
        journal.record("recovered", { job: after, by: job.leasedBy });
        return { jobId: job.body.jobId, attempt: job.tried, charged: booked, outcome: next.kind };
      });
      const left = limit - attempts.length;
      const overdue = tables.overdue(now, left + 1);
      return outcome({
        attempts: outcomes(attempts),
        ended: outcomes(overdue.slice(0, left).map((job) => endOverdue(job, now))),
        more: lost.length > limit || overdue.length > left,
      });
    },
  };

  function claim(job: JobRecord, now: EpochSeconds, { leaseSeconds, by }: Claimant): ClaimedText {
    const { jobId, payload, maxRunSeconds } = job.body;
    const token = crypto.randomUUID();
    const tried = job.tried + 1;
    const running: JobRecord = {
      ...job,
      state: JobState.RUNNING,
      leasedAt: now,
      leaseSeconds,
      // A later instant is an instant: the run has a limit.
      runUntil: maxRunSeconds === null ? null : ((now + maxRunSeconds) as EpochSeconds),
      leasedBy: by,
      tried,
      attempts: [
        ...job.attempts,
        { token, end: null, hold: isFree(job.body) ? 0 : job.holds, claimedAt: now, by, endedAt: null },
      ],
    };
    tables.putJob(running);
    journal.record("claimed", { job: running, by });
    const lease = new Lease({ jobId, leasedAt: now, attempts: tried, token });
    return { lease, payload, paid: !isFree(job.body), maxRunSeconds };
  }

  function complete({ lease, result, actual }: Completion): CompleteOutcome {
    const now = tables.now();
    const found = find("complete", lease, actual);
    if (found?.attempt.end === "completed") return completed(found);
    if (found?.attempt.end !== null) return tooLate(found, actual);
    holds.closeAttempt(found.job, actual);
    const over: JobRecord = { ...found.job, state: JobState.SUCCEEDED, result, error: null, endedAt: now };
    const done = ended(over, "completed", now);
    tables.putJob(done);
    journal.record("completed", { job: done, by: found.job.leasedBy });
    return completed(found);
  }

  /** The attempt that a lease's token was minted for; one without an end is the one that holds the job now. */
  function find(what: string, { jobId, token }: Lease, actual: MicroCents | null): Found | null {
    const job = tables.job(jobId);
    const attempt = job?.attempts.find((made) => made.token === token);
    if (!job || !attempt) return null;
    if (actual !== null && isFree(job.body)) throw noActualCost(what, jobId, actual);
    return { job, attempt };
  }

  function completed({ job, attempt }: Found): CompleteOutcome {
    return outcome({ kind: "completed", ...holds.firstBooking(job, attempt.hold) });
  }

  /** A report that changes no job; the cost that it tells still corrects its own attempt's charge. */
  function tooLate(
    found: Found | null,
    actual: MicroCents | null,
  ): Extract<CompleteOutcome, { kind: "stale" }> {
    const corrected =
      found !== null &&
      actual !== null &&
      holds.correctAttempt(found.job.body.jobId, found.attempt.hold, actual);
    journal.money("settled", { job: found?.job, by: found?.attempt.by });
    return outcome({ kind: "stale", corrected });
  }

  /** The job after an attempt that did not succeed and that counts. */
  function retryOrEnd(
    job: JobRecord,
    maxAttempts: number,
    now: EpochSeconds,
    delay: number,
    error: JobError,
  ): Next {
    if (shouldGiveUp(job.tried - job.triedBefore, Math.min(job.body.maxAttempts, maxAttempts))) {
      return { kind: "failed", job: { ...job, state: JobState.FAILED, error, endedAt: now } };
    }
    return queueAgain(job, now, delay, error);
  }

  /** The job after an attempt that does not count. */
  function giveBack(
    job: JobRecord,
    now: EpochSeconds,
    delay: number,
    error: JobError,
    isRefusal: boolean,
  ): Next {
    const refusals = job.refusals + (isRefusal ? 1 : 0);
    const given = { ...job, tried: job.tried - 1, refusals, error };
    const { message } = error;
    if (isRefusal && refusals >= MOST_REFUSALS) {
      return { kind: "waiting", job: waiting(given, { code: "payload_refused", message }, now) };
    }
    if (!isFree(job.body) && !mayHoldAgain(job.body, holds.bookedFor(job), job.grants)) {
      return { kind: "waiting", job: waiting(given, costLimit(message), now) };
    }
    return queueAgain(given, now, isRefusal ? refusalDelay(job.refusals) : delay, error);
  }

  /** The job with its next hold, queued; without room it waits for a person. */
  function queueAgain(job: JobRecord, now: EpochSeconds, delay: number, error: JobError): Next {
    // A later instant is an instant: the delay has a limit.
    const later = { ...job, runAt: (now + delay) as EpochSeconds, error };
    if (isFree(job.body)) return { kind: "requeued", job: { ...later, state: JobState.PENDING } };
    const lacking = holds.holdNext(job, job.scopes, now, false);
    if (lacking.length > 0) {
      // A scope that is over is named alone.
      const over = lacking.filter((each) => each.over);
      const why = noRoom(error.message, over.length > 0 ? over.slice(0, 1) : lacking);
      return { kind: "waiting", job: waiting(later, why, now) };
    }
    return { kind: "requeued", job: { ...later, state: JobState.QUEUED, holds: job.holds + 1 } };
  }

  /** Ends a job whose deadline has passed, and gives its money back. */
  function endOverdue(job: JobRecord, now: EpochSeconds): RecoverOutcome["ended"][number] {
    const isWaiting = job.state === JobState.AWAITING_APPROVAL;
    const released = job.state === JobState.QUEUED ? holds.releaseCurrent(job) : microCents(0n);
    const state = isWaiting ? JobState.REJECTED : JobState.FAILED;
    const over = { ...job, state, error: expired(isWaiting), endedAt: now, waitingSince: null };
    tables.putJob(over);
    journal.record("expired", { job: over });
    return { jobId: job.body.jobId, state, released };
  }
}

function waiting(job: JobRecord, error: JobError, waitingSince: EpochSeconds): JobRecord {
  return { ...job, state: JobState.AWAITING_APPROVAL, error, waitingSince };
}

function lossOf(job: JobRecord, now: EpochSeconds): JobError {
  return isTimedOut(job, now) ? timedOut(job.tried) : lostLease(job.tried);
}
