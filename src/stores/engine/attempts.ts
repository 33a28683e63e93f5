import { isOver, jobHoldId } from "../../budget/holds.ts";
import { Lease, shouldGiveUp } from "../../dispatch/lease.ts";
import { type failOptions, isFree, noActualCost, type recoverOptions } from "../../dispatch/rules.ts";
import type { CompleteOutcome, FailOutcome, Job, RecoverOutcome } from "../../dispatch/contract.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { quote } from "../../internal/text.ts";
import { JobState } from "../../dispatch/lifecycle.ts";
import { formatUsd, type MicroCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { Ledger } from "./ledger.ts";
import { closeAttempt, firstBooking, nextHold } from "./money.ts";
import type { AttemptEnd, JobRecord, Tables } from "./tables.ts";

type JobError = NonNullable<Job["error"]>;
type Retried = "requeued" | "failed" | "waiting";

/** A claimed job whose payload is still JSON. */
export interface ClaimedText {
  readonly lease: Lease;
  readonly payload: string;
  readonly paid: boolean;
}

/** What a worker reports when it completes a job, checked. */
export interface Completion {
  readonly lease: Lease;
  /** JSON. */
  readonly result: string;
  readonly actual: MicroCents | null;
}

/** What a worker reports when a job fails, checked. */
export interface Failure extends ReturnType<typeof failOptions> {
  readonly lease: Lease;
  readonly error: string;
}

/** A lease's own attempt, counted from 1. */
interface Found {
  readonly job: JobRecord;
  readonly attempt: number;
  readonly end: AttemptEnd | null;
}

/** Claims and reports over any tables. What throws has changed nothing. */
export class Attempts {
  readonly #tables: Tables;
  readonly #ledger: Ledger;

  constructor(tables: Tables, ledger: Ledger) {
    this.#tables = tables;
    this.#ledger = ledger;
  }

  claimMany(lanes: readonly string[], limit: number): readonly ClaimedText[] {
    const now = this.#tables.now();
    const claimed: ClaimedText[] = [];
    while (claimed.length < limit) {
      const job = this.#tables.claimable(lanes, now);
      if (!job) break;
      const { jobId, payload } = job.body;
      const token = crypto.randomUUID();
      const attempts = [...job.attempts, { token, end: null }];
      this.#tables.putJob({ ...job, state: JobState.RUNNING, leasedAt: now, attempts });
      const lease = new Lease({ jobId, leasedAt: now, attempts: attempts.length, token });
      claimed.push({ lease, payload, paid: !isFree(job.body) });
    }
    return claimed;
  }

  complete({ lease, result, actual }: Completion): CompleteOutcome {
    const now = this.#tables.now();
    const found = this.#find("complete", lease, actual);
    if (found?.end === "completed") return this.#completed(found);
    if (found?.end !== null) return this.#tooLate(found, actual);
    closeAttempt(this.#ledger, found.job, actual);
    this.#tables.putJob(
      ended({ ...found.job, state: JobState.SUCCEEDED, result, error: null, endedAt: now }, "completed"),
    );
    return this.#completed(found);
  }

  /** All of them, or, if one throws, none. */
  completeMany(completions: readonly Completion[]): readonly CompleteOutcome[] {
    for (const { lease, actual } of completions) this.#find("complete", lease, actual);
    return Object.freeze(completions.map((completion) => this.complete(completion)));
  }

  fail({ lease, error, actual, retriable, maxAttempts, retryAfterSeconds }: Failure): FailOutcome {
    const now = this.#tables.now();
    const found = this.#find("fail", lease, actual);
    if (found && (found.end === "requeued" || found.end === "failed" || found.end === "waiting")) {
      return outcome({
        kind: found.end,
        booked: firstBooking(this.#ledger, found.job, found.attempt).booked,
      });
    }
    if (found?.end !== null) return this.#tooLate(found, actual);
    const { booked } = closeAttempt(this.#ledger, found.job, actual);
    const limit = retriable ? maxAttempts : 0;
    const why = { code: "error", message: error } as const;
    const next = this.#retryOrEnd(found.job, limit, now, retryAfterSeconds, why);
    this.#tables.putJob(ended(next.job, next.kind));
    return outcome({ kind: next.kind, booked });
  }

  renew(lease: Lease): boolean {
    const found = this.#find("renew", lease, null);
    if (found?.end !== null) return false;
    this.#tables.putJob({ ...found.job, leasedAt: this.#tables.now() });
    return true;
  }

  recoverStale({ ttlSeconds, maxAttempts, limit }: ReturnType<typeof recoverOptions>): RecoverOutcome {
    const now = this.#tables.now();
    const stale = this.#tables.stale(now, ttlSeconds, limit + 1);
    const attempts = stale.slice(0, limit).map((job) => {
      const attempt = job.attempts.length;
      const { booked } = closeAttempt(this.#ledger, job, null);
      const error = { code: "lost", message: `attempt ${attempt} lost its lease` } as const;
      const next = this.#retryOrEnd(job, maxAttempts, now, 0, error);
      this.#tables.putJob(ended(next.job, "taken"));
      return { jobId: job.body.jobId, attempt, charged: booked, outcome: next.kind };
    });
    return outcome({ attempts: outcomes(attempts), more: stale.length > limit });
  }

  /** The attempt that a lease's token was minted for; one without an end is the one that holds the job now. */
  #find(what: string, { jobId, token }: Lease, actual: MicroCents | null): Found | null {
    const job = this.#tables.job(jobId);
    const index = job?.attempts.findIndex((made) => made.token === token) ?? -1;
    if (!job || index < 0) return null;
    if (actual !== null && isFree(job.body)) {
      throw noActualCost(what, jobId, actual);
    }
    return { job, attempt: index + 1, end: job.attempts[index]?.end ?? null };
  }

  #completed({ job, attempt }: Found): CompleteOutcome {
    const { booked, overrun } = firstBooking(this.#ledger, job, attempt);
    return outcome({ kind: "completed", booked, overrun });
  }

  /** A report that changes no job; the cost that it tells still corrects its own attempt's charge. */
  #tooLate(found: Found | null, actual: MicroCents | null): { readonly kind: "stale" } {
    if (found && actual !== null) {
      this.#ledger.correct(jobHoldId(found.job.body.jobId, found.attempt), actual);
    }
    return outcome({ kind: "stale" });
  }

  /** The job after an attempt that did not succeed: queued again with its next hold, ended, or waiting. */
  #retryOrEnd(
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
    const noRoom = this.#noRoom(job, now);
    if (noRoom === null) return { kind: "requeued", job: { ...later, state: JobState.QUEUED } };
    const message = `${error.message}; no retry: ${noRoom}`;
    const waiting = { state: JobState.AWAITING_APPROVAL, error: { code: "no_room", message } } as const;
    return { kind: "waiting", job: { ...later, ...waiting } };
  }

  /** Holds for the next attempt; if it cannot, why. */
  #noRoom(job: JobRecord, now: EpochSeconds): string | null {
    const over = job.scopes.find((scope) => isOver(scope, now));
    if (over) return `${quote(over.scope)} is over`;
    const lacking = this.#ledger.holdForJob(nextHold(job), job.body.maxCost, job.scopes);
    if (lacking.length === 0) return null;
    return lacking.map(({ scope, by }) => `${quote(scope)} lacks $${formatUsd(by)}`).join(", ");
  }
}

function ended(job: JobRecord, end: AttemptEnd): JobRecord {
  const attempts = job.attempts.map((attempt) => (attempt.end === null ? { ...attempt, end } : attempt));
  return { ...job, attempts };
}
