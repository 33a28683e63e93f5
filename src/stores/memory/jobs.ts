import { type Approval, ApprovalOutcome, approvalWith } from "../../approval.ts";
import { jobHoldId } from "../../budget/rules.ts";
import type { Lacking } from "../../budget/ledger.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import { isLeaseStale, Lease, shouldGiveUp } from "../../dispatch/lease.ts";
import {
  approvedScopes,
  type CheckedApproval,
  completeOptions,
  ensureSameJob,
  errorText,
  failOptions,
  isFree,
  type JobBody,
  jobRequest,
  jsonText,
  laneNames,
  limit as limitReader,
  ourLease,
  recoverOptions,
  unknownJob,
} from "../../dispatch/rules.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  Claimed,
  CompleteOptions,
  CompleteOutcome,
  FailOptions,
  FailOutcome,
  Job,
  JobRequest,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "../../dispatch/store.ts";
import { DispatchError } from "../../errors.ts";
import { identifier, optional, read, wholeFrom } from "../../internal/check.ts";
import { outcome, outcomes } from "../../internal/outcome.ts";
import { quote } from "../../internal/text.ts";
import { isTerminal, JobState, jobState } from "../../lifecycle.ts";
import { formatUsd, type MicroCents, microCents } from "../../money.ts";
import type { EpochSeconds } from "../../time.ts";
import type { MemoryLedger } from "./ledger.ts";
import { Lanes } from "./lanes.ts";

type JobError = NonNullable<Job["error"]>;
type Completed = Extract<CompleteOutcome, { kind: "completed" }>;
type Failed = Exclude<FailOutcome, { kind: "stale" }>;

/** One claim of a job, and the first answer that its token got. */
interface Attempt {
  readonly token: string;
  readonly holdId: string;
  completed: Completed | null;
  failed: Failed | null;
}

interface Row {
  readonly body: JobBody;
  readonly sequence: number;
  state: JobState;
  runAt: EpochSeconds;
  leasedAt: EpochSeconds;
  approved: CheckedApproval | null;
  decision: Approval | null;
  error: JobError | null;
  result: string | null;
  endedAt: EpochSeconds | null;
  pruned: boolean;
  readonly attempts: Attempt[];
}

/** How a value that went through JSON gets its type back; it throws for what is not one. */
export interface Parsers<Payload, Result> {
  readonly payload: (value: unknown) => Payload;
  readonly result: (value: unknown) => Result;
}

const NOTHING: MicroCents = /* @__PURE__ */ microCents(0n);

/** The jobs of the memory store. Every method runs in one turn, so each is a transaction. */
export class MemoryJobs<Payload, Result> {
  readonly #now: () => EpochSeconds;
  readonly #ledger: MemoryLedger;
  readonly #parse: { readonly payload: (json: string) => Payload; readonly result: (json: string) => Result };
  readonly #rows = new Map<string, Row>();
  /** What can be claimed, now or later. */
  readonly #lanes = new Lanes<Row>();
  readonly #running = new Set<Row>();

  constructor(now: () => EpochSeconds, ledger: MemoryLedger, parse: Parsers<Payload, Result>) {
    this.#now = now;
    this.#ledger = ledger;
    this.#parse = { payload: parser("payload", parse.payload), result: parser("result", parse.result) };
  }

  submit(request: JobRequest<Payload>): SubmitOutcome {
    const { body, approved } = this.checkedRequest(request);
    const known = this.#rows.get(body.jobId);
    if (known) {
      if (!known.pruned) ensureSameJob(known.body, body);
      return outcome({ kind: "exists", state: known.state });
    }
    const now = this.#now();
    const row: Row = {
      body,
      sequence: this.#rows.size,
      state: JobState.AWAITING_APPROVAL,
      runAt: body.runAt ?? now,
      leasedAt: now,
      approved,
      decision: approved?.approval ?? null,
      error: null,
      result: null,
      endedAt: null,
      pruned: false,
      attempts: [],
    };
    if (isFree(body)) {
      this.#enqueue(row, JobState.PENDING);
    } else if (approved) {
      this.#ledger.checkPins(approved.scopes);
      const lacking = this.#holdNext(row, approved.scopes);
      if (lacking) return outcome({ kind: "refused", lacking: outcomes(lacking) });
      this.#enqueue(row, JobState.QUEUED);
    }
    this.#rows.set(body.jobId, row);
    return outcome({ kind: row.state === JobState.AWAITING_APPROVAL ? "awaiting_approval" : "queued" });
  }

  /** What `submit` refuses before it looks at anything. */
  checkedRequest(request: JobRequest<Payload>): ReturnType<typeof jobRequest> {
    const checked = jobRequest(request);
    this.#parse.payload(checked.body.payload);
    return checked;
  }

  approve(
    jobId: string,
    approval: Approval,
    options: { readonly scopes: readonly ScopeCap[] },
  ): ApproveOutcome {
    const approved = approvedScopes("approve", { ...options, approval });
    const row = this.#known("approve", jobId);
    if (row.state !== JobState.AWAITING_APPROVAL) return outcome({ kind: "not_waiting", state: row.state });
    this.#ledger.checkPins(approved.scopes);
    const lacking = this.#holdNext(row, approved.scopes);
    if (lacking) return outcome({ kind: "refused", lacking: outcomes(lacking) });
    row.approved = approved;
    row.decision = approved.approval;
    row.error = null;
    this.#enqueue(row, JobState.QUEUED);
    return outcome({ kind: "queued" });
  }

  reject(jobId: string, approval: Approval): RejectOutcome {
    const decision = approvalWith(ApprovalOutcome.REJECTED)("reject: approval", approval);
    const now = this.#now();
    const row = this.#known("reject", jobId);
    if (row.state !== JobState.AWAITING_APPROVAL) return outcome({ kind: "not_waiting", state: row.state });
    row.decision = decision;
    this.#end(row, JobState.REJECTED, now, { code: "rejected", message: decision.reason });
    return outcome({ kind: "rejected" });
  }

  cancel(jobId: string): CancelOutcome {
    const row = this.#known("cancel", jobId);
    const now = this.#now();
    if (isTerminal(row.state)) return outcome({ kind: "ended", state: row.state });
    const state = row.state === JobState.AWAITING_APPROVAL ? JobState.REJECTED : JobState.FAILED;
    // Claimed, it may have run: charged in full. Only queued, it has not.
    let booked = NOTHING;
    if (row.state === JobState.RUNNING) booked = this.#closeAttempt(row, null).booked;
    else if (row.state === JobState.QUEUED) this.#ledger.releaseForJob(nextHold(row));
    this.#end(row, state, now, { code: "cancelled", message: "cancelled" });
    return outcome({ kind: "cancelled", state, booked });
  }

  claim(lanes: readonly string[]): Claimed<Payload> | null {
    const names = laneNames("claim: lanes", lanes);
    const now = this.#now();
    const row = this.#lanes.first(names, (job) => job.runAt <= now && this.#isPaidFor(job));
    if (!row) return null;
    // Before anything moves: a payload that its parser refuses must not cost an attempt.
    const payload = this.#parse.payload(row.body.payload);
    // The parser is the caller's code, and may have claimed the job itself.
    if (!this.#lanes.remove(row)) return this.claim(lanes);
    const attempt: Attempt = {
      token: crypto.randomUUID(),
      holdId: nextHold(row),
      completed: null,
      failed: null,
    };
    row.attempts.push(attempt);
    row.state = JobState.RUNNING;
    row.leasedAt = now;
    this.#running.add(row);
    const { jobId } = row.body;
    const attempts = row.attempts.length;
    return Object.freeze({
      lease: new Lease({ jobId, leasedAt: now, attempts, token: attempt.token }),
      payload,
    });
  }

  claimMany(lanes: readonly string[], limit: number): readonly Claimed<Payload>[] {
    const most = wholeFrom(1)("claimMany: limit", limit);
    const claimed: Claimed<Payload>[] = [];
    while (claimed.length < most) {
      try {
        const next = this.claim(lanes);
        if (next === null) break;
        claimed.push(next);
      } catch (error) {
        // What was claimed must be handed out; the next call meets the error again.
        if (claimed.length === 0) throw error;
        break;
      }
    }
    return Object.freeze(claimed);
  }

  complete(lease: Lease, result: Result, options: CompleteOptions = {}): CompleteOutcome {
    const { actual } = completeOptions(options);
    const text = this.checkedResult(result);
    const now = this.#now();
    const found = this.#attemptOf("complete", lease, actual);
    if (found?.attempt.completed) return found.attempt.completed;
    if (!found?.current) return this.#tooLate(found?.attempt, actual);
    const { row, attempt } = found;
    const { booked, overrun } = this.#closeAttempt(row, actual);
    row.result = text;
    this.#end(row, JobState.SUCCEEDED, now, null);
    return (attempt.completed = outcome({ kind: "completed", booked, overrun }));
  }

  /** What `complete` refuses before it looks at anything; the result as JSON. */
  checkedResult(result: Result): string {
    try {
      const text = jsonText("complete: result", result);
      this.#parse.result(text);
      return text;
    } catch (cause) {
      // Both throw errors.
      throw new DispatchError("result_refused", (cause as Error).message, { cause });
    }
  }

  fail(lease: Lease, error: string, options: FailOptions): FailOutcome {
    const { actual, retriable, maxAttempts, retryAfterSeconds } = failOptions(options);
    const message = errorText("fail: error", error);
    const now = this.#now();
    const found = this.#attemptOf("fail", lease, actual);
    if (found?.attempt.failed) return found.attempt.failed;
    if (!found?.current) return this.#tooLate(found?.attempt, actual);
    const { row, attempt } = found;
    const { booked } = this.#closeAttempt(row, actual);
    const limit = retriable ? maxAttempts : 0;
    const kind = this.#retryOrEnd(row, limit, now, retryAfterSeconds, { code: "error", message });
    return (attempt.failed = outcome({ kind, booked }));
  }

  renew(lease: Lease): boolean {
    const row = this.#rows.get(ourLease("renew: lease", lease).jobId);
    if (row?.state !== JobState.RUNNING || row.attempts.at(-1)?.token !== lease.token) return false;
    row.leasedAt = this.#now();
    return true;
  }

  recoverStale(options: {
    readonly ttlSeconds: number;
    readonly maxAttempts?: number;
    readonly limit?: number;
  }): RecoverOutcome {
    const { ttlSeconds, maxAttempts, limit } = recoverOptions(options);
    const now = this.#now();
    const stale = [...this.#running].filter(({ leasedAt }) => isLeaseStale(leasedAt, now, ttlSeconds));
    const attempts = stale.slice(0, limit).map((row) => {
      const attempt = row.attempts.length;
      const { booked } = this.#closeAttempt(row, null);
      const error = { code: "lost", message: `attempt ${attempt} lost its lease` } as const;
      const kind = this.#retryOrEnd(row, maxAttempts, now, 0, error);
      return { jobId: row.body.jobId, attempt, charged: booked, outcome: kind };
    });
    return outcome({ attempts: outcomes(attempts), more: stale.length > limit });
  }

  job(jobId: string): Job<Payload, Result> | null {
    const row = this.#rows.get(identifier("job: jobId", jobId));
    return row && !row.pruned ? this.#shown(row) : null;
  }

  jobs(
    filter: {
      readonly state?: JobState;
      readonly lane?: string;
      readonly limit?: number;
      readonly after?: string;
    } = {},
  ): readonly Job<Payload, Result>[] {
    const name = optional(identifier, null);
    const readers = { state: optional(jobState, null), lane: name, limit: limitReader, after: name };
    const { state, lane, limit, after } = read("jobs", filter, readers, true);
    const start = after === null ? -1 : this.#known("jobs: after", after).sequence;
    const found: Job<Payload, Result>[] = [];
    for (const row of this.#rows.values()) {
      if (found.length === limit) break;
      if (row.sequence <= start || row.pruned) continue;
      if ((state ?? row.state) === row.state && (lane ?? row.body.lane) === row.body.lane) {
        found.push(this.#shown(row));
      }
    }
    return Object.freeze(found);
  }

  /** Forgets the contents of jobs that ended before an instant, and keeps their ids. */
  prune(before: EpochSeconds): number {
    let pruned = 0;
    for (const [jobId, row] of this.#rows) {
      if (row.pruned || row.endedAt === null || row.endedAt >= before) continue;
      const body = { ...row.body, payload: "null" };
      this.#rows.set(jobId, { ...row, body, pruned: true, result: null, error: null, decision: null });
      pruned++;
    }
    return pruned;
  }

  #shown(row: Row): Job<Payload, Result> {
    const { jobId, lane, backend, maxCost, maxAttempts, priority, runAt } = row.body;
    return outcome({
      jobId,
      lane,
      payload: this.#parse.payload(row.body.payload),
      backend,
      maxCost,
      maxAttempts,
      priority,
      runAt,
      state: row.state,
      attempts: row.attempts.length,
      approval: row.decision,
      error: row.error,
      result: row.result === null ? null : this.#parse.result(row.result),
    });
  }

  #known(what: string, jobId: unknown): Row {
    const checked = identifier(`${what}: jobId`, jobId);
    const row = this.#rows.get(checked);
    if (!row) throw unknownJob(checked);
    return row;
  }

  /** The attempt that a lease's token was minted for, and whether it holds the job now. */
  #attemptOf(
    what: string,
    lease: Lease,
    actual: MicroCents | null,
  ): { readonly row: Row; readonly attempt: Attempt; readonly current: boolean } | null {
    const { jobId, token } = ourLease(`${what}: lease`, lease);
    const row = this.#rows.get(jobId);
    const attempt = row?.attempts.find((made) => made.token === token);
    if (!row || !attempt) return null;
    if (actual !== null && isFree(row.body)) {
      throw new RangeError(
        `${what}: job ${quote(jobId)} is free, so it has no actual cost; got $${formatUsd(actual)}`,
      );
    }
    return { row, attempt, current: row.state === JobState.RUNNING && row.attempts.at(-1) === attempt };
  }

  /** A report that changes no job; the cost that it tells still corrects its own attempt's charge. */
  #tooLate(attempt: Attempt | undefined, actual: MicroCents | null): { readonly kind: "stale" } {
    if (attempt && actual !== null) this.#ledger.correct(attempt.holdId, actual);
    return outcome({ kind: "stale" });
  }

  #isPaidFor(row: Row): boolean {
    return isFree(row.body) || this.#ledger.isOpen(nextHold(row));
  }

  /** Holds for the next attempt; what it lacks, if there is no room. */
  #holdNext(row: Row, scopes: readonly ScopeCap[]): readonly Lacking[] | null {
    return this.#ledger.holdForJob(nextHold(row), row.body.maxCost, scopes);
  }

  #closeAttempt(row: Row, actual: MicroCents | null): { booked: MicroCents; overrun: MicroCents } {
    if (isFree(row.body)) return { booked: NOTHING, overrun: NOTHING };
    return this.#ledger.close(jobHoldId(row.body.jobId, row.attempts.length), actual);
  }

  #enqueue(row: Row, state: typeof JobState.PENDING | typeof JobState.QUEUED): void {
    row.state = state;
    this.#running.delete(row);
    this.#lanes.add(row);
  }

  #retryOrEnd(
    row: Row,
    maxAttempts: number,
    now: EpochSeconds,
    delay: number,
    error: JobError,
  ): "requeued" | "failed" | "waiting" {
    if (shouldGiveUp(row.attempts.length, Math.min(row.body.maxAttempts, maxAttempts))) {
      this.#end(row, JobState.FAILED, now, error);
      return "failed";
    }
    row.error = Object.freeze(error);
    // A later instant is an instant: the delay has a limit.
    row.runAt = (now + delay) as EpochSeconds;
    if (isFree(row.body)) {
      this.#enqueue(row, JobState.PENDING);
      return "requeued";
    }
    const scopes = row.approved?.scopes ?? [];
    const noRoom = whatIsOver(scopes, now) ?? whatLacks(this.#holdNext(row, scopes));
    if (noRoom === null) {
      this.#enqueue(row, JobState.QUEUED);
      return "requeued";
    }
    this.#running.delete(row);
    row.state = JobState.AWAITING_APPROVAL;
    row.error = Object.freeze({ code: "no_room", message: `${error.message}; no retry: ${noRoom}` });
    return "waiting";
  }

  #end(row: Row, state: JobState, now: EpochSeconds, error: JobError | null): void {
    this.#running.delete(row);
    this.#lanes.remove(row);
    row.state = state;
    row.endedAt = now;
    row.error = error && Object.freeze(error);
  }
}

/** Reads stored JSON. What the caller's parser refuses is a wrong type, not a failure of the store. */
function parser<Value>(what: string, parse: (value: unknown) => Value): (json: string) => Value {
  return (json) => {
    try {
      return parse(JSON.parse(json));
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : "it threw no error";
      throw new TypeError(`the store's parser refuses a ${what}: ${message}`, { cause });
    }
  };
}

/** The hold of the attempt that comes next. */
function nextHold(row: Row): string {
  return jobHoldId(row.body.jobId, row.attempts.length + 1);
}

function whatIsOver(scopes: readonly ScopeCap[], now: EpochSeconds): string | null {
  const over = scopes.find(({ until }) => (until ?? null) !== null && now >= Number(until));
  return over ? `${quote(over.scope)} is over` : null;
}

function whatLacks(lacking: readonly Lacking[] | null): string | null {
  if (!lacking) return null;
  return lacking.map(({ scope, by }) => `${quote(scope)} lacks $${formatUsd(by)}`).join(", ");
}
