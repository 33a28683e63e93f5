import { jobOfHold } from "../../budget/hold-request.ts";
import type { Pin } from "../../budget/caps.ts";
import type { LaneState } from "../../dispatch/job.ts";
import { deadlineOf, isPast } from "../../dispatch/rules.ts";
import type { EpochSeconds } from "../../time.ts";
import { amountsToJson, approvalFromJson, scopesToJson, tagsToJson, termsToJson } from "../engine/codec.ts";
import {
  type CheckedFilter,
  type CheckedHoldFilter,
  type DecisionRecord,
  type HoldRecord,
  type JobRecord,
  phaseOf,
  type ScopeRecord,
  type Tables,
} from "../engine/tables.ts";
import { DispatchError } from "../../errors.ts";
import type { Client, Row } from "./client.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import type { JobCount } from "../../dispatch/questions.ts";
import { outcome } from "../../money/outcome.ts";
import type { JournalBody, JournalRow } from "../journal-rows.ts";
import { holdOf, instantAt, jobOf, scopeOf, textOf } from "./rows.ts";
import { statementsOf } from "./statements.ts";
import type { Statements } from "./sql.gen.ts";

/** The records of a SQLite database. */
export class SqliteTables implements Tables {
  readonly now: () => EpochSeconds;
  readonly #client: Client;
  readonly #sql: Statements;

  constructor(client: Client, prefix: string, now: () => EpochSeconds) {
    this.#client = client;
    this.#sql = statementsOf(prefix);
    this.now = now;
  }

  id(): string {
    const row = this.#client.row(this.#sql.storeId);
    if (row) return textOf(row, "id");
    throw new DispatchError("store_failed", "SQLite: the store has no id");
  }

  decision(id: string): DecisionRecord | null {
    const row = this.#client.row(this.#sql.decision, id);
    if (!row) return null;
    // The statement selects these columns, and nobody asks a decision for its subject.
    return { id, subject: null, body: textOf(row, "body"), answer: textOf(row, "answer") };
  }

  putDecision({ id, subject, body, answer }: DecisionRecord): void {
    this.#client.run(this.#sql.putDecision, id, subject, body, answer);
  }

  deleteDecisions(subject: string): void {
    this.#client.run(this.#sql.deleteDecisions, subject);
  }

  hold(holdId: string): HoldRecord | null {
    const row = this.#client.row(this.#sql.hold, holdId);
    return row && holdOf(row);
  }

  putHold(hold: HoldRecord): void {
    this.#client.run(
      this.#sql.putHold,
      hold.holdId,
      jobOfHold(hold.holdId),
      String(hold.asked),
      amountsToJson(hold.steps),
      scopesToJson(hold.scopes),
      hold.state,
      String(hold.booked),
      hold.settledFrom,
      Number(hold.corrected),
      hold.firstSettled === null ? null : String(hold.firstSettled),
      tagsToJson(hold.tags),
      hold.heldAt,
      hold.expiresAt,
      hold.resolvedAt,
      Number(hold.pruned),
    );
  }

  expired(now: EpochSeconds, limit: number): readonly HoldRecord[] {
    return this.#client.rows(this.#sql.dueHolds, now, limit).map(holdOf);
  }

  closedHolds(before: EpochSeconds, limit: number, pruned: boolean): readonly HoldRecord[] {
    return this.#old(this.#sql.closedHolds, before, limit, pruned).map(holdOf);
  }

  deleteHold(holdId: string): void {
    this.#client.run(this.#sql.deleteHold, holdId);
  }

  scope(name: string): ScopeRecord {
    return scopeOf(this.#client.row(this.#sql.scope, name));
  }

  putCounter(scope: string, reserved: bigint, spent: bigint): void {
    this.#client.run(this.#sql.putCounter, scope, String(reserved), String(spent));
  }

  putPin(scope: string, pin: Pin | null): void {
    const raise = pin?.raise ?? null;
    const amounts = [pin && String(pin.cap), raise && String(raise.to)] as const;
    this.#client.run(this.#sql.putPin, scope, ...amounts, raise?.until ?? null);
  }

  job(jobId: string): JobRecord | null {
    const row = this.#client.row(this.#sql.job, jobId);
    return row && jobOf(row);
  }

  putJob(job: JobRecord): void {
    const { body, terms } = job;
    this.#client.run(
      this.#sql.putJob,
      body.jobId,
      body.lane,
      body.payload,
      body.backend,
      String(body.maxCost),
      body.maxAttempts,
      body.priority,
      body.runAt,
      job.submittedAt,
      job.decidedAt,
      job.waitingSince,
      termsToJson(job),
      deadlineOf(terms, phaseOf(job)),
      job.runAt,
      job.leasedAt,
      job.leaseSeconds,
      job.runUntil,
      job.leasedBy,
      job.state,
      scopesToJson(job.scopes),
      json(job.decision),
      json(job.cancellation),
      json(job.error),
      job.result,
      job.endedAt,
      job.holds,
      JSON.stringify(job.attempts),
      JSON.stringify([job.tried, job.triedBefore, job.retries, job.grants, job.refusals]),
    );
  }

  claimable(lanes: readonly string[], now: EpochSeconds): JobRecord | null {
    for (;;) {
      const job = this.#firstIn(lanes, now);
      if (!job || !isPast(deadlineOf(job.terms, phaseOf(job)), now)) return job;
      // Recovery ends them. Until then they are in no claim's way.
      this.#client.run(this.#sql.park, now);
    }
  }

  /** The first due job of these lanes, perhaps past its deadline. */
  #firstIn(lanes: readonly string[], now: EpochSeconds): JobRecord | null {
    // One priority after another: jobs that are due later at a higher one are skipped, however many they are.
    let priority = this.#highest(lanes, Number.MAX_SAFE_INTEGER);
    while (priority !== null) {
      const due = priority;
      const [first] = lanes
        .flatMap((lane) => this.#client.rows(this.#sql.claimable, lane, due, now))
        .sort(
          (a, b) =>
            Number(a["run_at"]) - Number(b["run_at"]) || Number(a["sequence"]) - Number(b["sequence"]),
        );
      if (first) return jobOf(first);
      priority = this.#highest(lanes, due - 1);
    }
    return null;
  }

  lost(now: EpochSeconds, ttlSeconds: number, limit: number): readonly JobRecord[] {
    return this.#client.rows(this.#sql.lost, now, now, ttlSeconds, limit).map(jobOf);
  }

  unpark(now: EpochSeconds): void {
    this.#client.run(this.#sql.unpark, now);
  }

  overdue(now: EpochSeconds, limit: number): readonly JobRecord[] {
    return this.#client.rows(this.#sql.overdue, now, limit).map(jobOf);
  }

  jobs({ state, lane, limit, after }: CheckedFilter): readonly JobRecord[] {
    const start = after === null ? 0 : Number(this.#client.row(this.#sql.job, after)?.["sequence"] ?? 0);
    if (state !== null && lane !== null) {
      return this.#client.rows(this.#sql.jobsOfStateAndLane, state, lane, start, limit).map(jobOf);
    }
    if (state !== null) return this.#client.rows(this.#sql.jobsOfState, state, start, limit).map(jobOf);
    if (lane !== null) return this.#client.rows(this.#sql.jobsOfLane, lane, start, limit).map(jobOf);
    return this.#client.rows(this.#sql.jobs, start, limit).map(jobOf);
  }

  endedJobs(before: EpochSeconds, limit: number, pruned: boolean): readonly JobRecord[] {
    return this.#old(this.#sql.endedJobs, before, limit, pruned).map(jobOf);
  }

  pruneJob({ body }: JobRecord): void {
    this.#client.run(this.#sql.pruneJob, body.jobId);
  }

  deleteJob(jobId: string): void {
    this.#client.run(this.#sql.deleteJob, jobId);
  }

  lanes(): readonly LaneState[] {
    return this.#client.rows(this.#sql.lanes).flatMap((row): readonly LaneState[] => {
      const approval = approvalFromJson(textOf(row, "approval"));
      return approval ? [{ lane: textOf(row, "lane"), paused: row["paused"] === 1, approval }] : [];
    });
  }

  putLane({ lane, paused, approval }: LaneState): void {
    this.#client.run(this.#sql.putLane, lane, Number(paused), JSON.stringify(approval));
  }

  addJournal(at: EpochSeconds, body: JournalBody): void {
    this.#client.run(this.#sql.addJournal, body.entries.length, at, JSON.stringify(body));
  }

  journal(after: number, limit: number): readonly JournalRow[] {
    const rows = this.#client.rows(this.#sql.journal, after + 1, after + 1, limit);
    return rows.map((row) => ({
      place: Number(row["place"]),
      at: instantAt(row, "at"),
      // Only this library writes here.
      body: JSON.parse(textOf(row, "body")) as JournalBody,
    }));
  }

  placeAt(at: EpochSeconds): number {
    // An index of the times would cost every operation a page.
    let low = 0;
    let high = Number(this.#client.row(this.#sql.rowAt, Number.MAX_SAFE_INTEGER)?.["last"] ?? 0);
    while (low < high) {
      const row = this.#client.row(this.#sql.rowAt, Math.ceil((low + high) / 2));
      if (row && instantAt(row, "at") < at) low = Number(row["last"]);
      else high = Number(row?.["place"] ?? 1) - 1;
    }
    return low;
  }

  scopes(prefix: string, after: string, limit: number): readonly (readonly [string, ScopeRecord])[] {
    const rows = this.#client.rows(this.#sql.scopes, after, prefix, prefix, limit);
    return rows.map((row) => [textOf(row, "scope"), scopeOf(row)]);
  }

  openHolds(scopes: readonly string[]): ReadonlyMap<string, number> {
    const rows = this.#client.rows(this.#sql.openHolds, JSON.stringify(scopes));
    return new Map(rows.map((row) => [textOf(row, "scope"), Number(row["holds"])]));
  }

  holds({ scope, state, limit, after }: CheckedHoldFilter): readonly HoldRecord[] {
    return this.#client.rows(this.#sql.holds, after ?? "", state, state, scope, scope, limit).map(holdOf);
  }

  counts(): readonly JobCount[] {
    return this.#client.rows(this.#sql.counts).map((row) =>
      outcome({
        lane: textOf(row, "lane"),
        // The statement selects no other.
        state: textOf(row, "state") as JobState,
        jobs: Number(row["jobs"]),
        oldest: instantAt(row, "oldest"),
      }),
    );
  }

  offered(lanes: readonly string[]): readonly string[] {
    const paused = this.#client.rows(this.#sql.pausedLanes).map((row) => textOf(row, "lane"));
    return paused.length === 0 ? lanes : lanes.filter((lane) => !paused.includes(lane));
  }

  /** What closed before an instant: first what was pruned before, if that is asked for too. */
  #old(sql: string, before: EpochSeconds, limit: number, pruned: boolean): readonly Row[] {
    const first = pruned ? this.#client.rows(sql, 1, before, limit) : [];
    return first.length < limit
      ? [...first, ...this.#client.rows(sql, 0, before, limit - first.length)]
      : first;
  }

  /** The highest priority that waits in these lanes, of at most `most`. */
  #highest(lanes: readonly string[], most: number): number | null {
    const found = lanes
      .map((lane) => this.#client.row(this.#sql.highestPriority, lane, most)?.["priority"] ?? null)
      .filter((priority) => priority !== null);
    return found.length === 0 ? null : Math.max(...found.map(Number));
  }
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
