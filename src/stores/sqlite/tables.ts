import { jobOfHold } from "../../budget/holds.ts";
import type { HoldState } from "../../budget/contract.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { BackendKind } from "../../routing/kind.ts";
import type { EpochSeconds } from "../../time.ts";
import {
  amountsFromJson,
  amountsToJson,
  approvalFromJson,
  attemptsFromJson,
  errorFromJson,
  scopesFromJson,
  scopesToJson,
} from "../engine/codec.ts";
import type { Counter, HoldRecord, CheckedFilter, JobRecord, Tables } from "../engine/tables.ts";
import type { Client, Row } from "./client.ts";
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
      hold.expiresAt,
      hold.resolvedAt,
      Number(hold.pruned),
    );
  }

  expired(now: EpochSeconds, limit: number): readonly HoldRecord[] {
    return this.#client.rows(this.#sql.dueHolds, now, limit).map(holdOf);
  }

  pruneHolds(before: EpochSeconds): number {
    return this.#client.rows(this.#sql.pruneHolds, before).length;
  }

  counter(scope: string): Counter {
    const row = this.#client.row(this.#sql.scope, scope);
    return { reserved: BigInt(row?.["reserved"] ?? 0), spent: BigInt(row?.["spent"] ?? 0) };
  }

  putCounter(scope: string, { reserved, spent }: Counter): void {
    this.#client.run(this.#sql.putCounter, scope, String(reserved), String(spent));
  }

  pinned(scope: string): MicroCents | undefined {
    const pinned = this.#client.row(this.#sql.scope, scope)?.["pinned"] ?? null;
    return pinned === null ? undefined : microCents(String(pinned));
  }

  pin(scope: string, cap: MicroCents): void {
    this.#client.run(this.#sql.pin, scope, String(cap));
  }

  job(jobId: string): JobRecord | null {
    const row = this.#client.row(this.#sql.job, jobId);
    return row && jobOf(row);
  }

  putJob(job: JobRecord): void {
    const { body } = job;
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
      job.runAt,
      job.leasedAt,
      job.state,
      scopesToJson(job.scopes),
      json(job.decision),
      json(job.error),
      job.result,
      job.endedAt,
      Number(job.pruned),
      JSON.stringify(job.attempts),
    );
  }

  claimable(lanes: readonly string[], now: EpochSeconds): JobRecord | null {
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

  stale(now: EpochSeconds, ttlSeconds: number, limit: number): readonly JobRecord[] {
    return this.#client.rows(this.#sql.stale, now, ttlSeconds, limit).map(jobOf);
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

  pruneJobs(before: EpochSeconds): number {
    return this.#client.rows(this.#sql.pruneJobs, before).length;
  }

  /** The highest priority that waits in these lanes, of at most `most`. */
  #highest(lanes: readonly string[], most: number): number | null {
    const found = lanes
      .map((lane) => this.#client.row(this.#sql.highestPriority, lane, most)?.["priority"] ?? null)
      .filter((priority) => priority !== null);
    return found.length === 0 ? null : Math.max(...found.map(Number));
  }
}

function holdOf(row: Row): HoldRecord {
  return {
    holdId: textOf(row, "hold_id"),
    asked: microCents(textOf(row, "asked")),
    steps: amountsFromJson(textOf(row, "steps")),
    scopes: scopesFromJson(textOf(row, "scopes")),
    // The schema's own checks allow no other value, here and below.
    state: textOf(row, "state") as HoldState,
    booked: microCents(textOf(row, "booked")),
    settledFrom: textOf(row, "settled_from") as HoldState,
    expiresAt: instantOf(row, "expires_at"),
    resolvedAt: instantOf(row, "resolved_at"),
    pruned: Number(row["pruned"]) === 1,
  };
}

function jobOf(row: Row): JobRecord {
  return {
    body: {
      jobId: textOf(row, "job_id"),
      lane: textOf(row, "lane"),
      payload: textOf(row, "payload"),
      // It was checked when it came in.
      backend: textOf(row, "backend") as BackendKind,
      maxCost: microCents(textOf(row, "max_cost")),
      maxAttempts: Number(row["max_attempts"]),
      priority: Number(row["priority"]),
      runAt: instantOf(row, "asked_run_at"),
    },
    state: textOf(row, "state") as JobState,
    // Neither is ever null.
    runAt: Number(row["run_at"]) as EpochSeconds,
    leasedAt: Number(row["leased_at"]) as EpochSeconds,
    scopes: scopesFromJson(textOf(row, "scopes")),
    decision: approvalFromJson(textOrNull(row, "decision")),
    error: errorFromJson(textOrNull(row, "error")),
    result: textOrNull(row, "result"),
    endedAt: instantOf(row, "ended_at"),
    pruned: Number(row["pruned"]) === 1,
    attempts: attemptsFromJson(textOf(row, "attempts")),
  };
}

function textOf(row: Row, column: string): string {
  return String(row[column]);
}

function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

function instantOf(row: Row, column: string): EpochSeconds | null {
  // It was an instant when it was written.
  return row[column] === null ? null : (Number(row[column]) as EpochSeconds);
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
