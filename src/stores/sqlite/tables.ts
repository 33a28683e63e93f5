import type { HoldState } from "../../budget/contract.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { BackendKind } from "../../routing/select-backend.ts";
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
import { jobOfHold } from "../engine/money.ts";
import type { Counter, HoldRecord, JobFilter, JobRecord, Tables } from "../engine/tables.ts";
import type { Client, Row } from "./client.ts";

/** The records of a SQLite database. */
export class SqliteTables implements Tables {
  readonly now: () => EpochSeconds;
  readonly #client: Client;
  readonly #sql: ReturnType<typeof statements>;

  constructor(client: Client, prefix: string, now: () => EpochSeconds) {
    this.#client = client;
    this.#sql = statements(prefix);
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
    return this.#client.rows(this.#sql.expired, now, limit).map(holdOf);
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
    // One priority after another: what is due later at a higher one is skipped, however much it is.
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

  jobs({ state, lane, limit, after }: JobFilter): readonly JobRecord[] {
    const start = after === null ? 0 : Number(this.#client.row(this.#sql.job, after)?.["sequence"] ?? 0);
    const given: readonly (readonly [string, string])[] = [
      ...(state === null ? [] : [["state", state] as const]),
      ...(lane === null ? [] : [["lane", lane] as const]),
    ];
    const where = given.map(([column]) => `AND ${column} = ?`).join(" ");
    const values = given.map(([, value]) => value);
    return this.#client.rows(this.#sql.jobs(where), start, ...values, limit).map(jobOf);
  }

  pruneJobs(before: EpochSeconds): number {
    return this.#client.rows(this.#sql.pruneJobs, before).length;
  }

  /** The highest priority that waits in these lanes, of at most `most`. */
  #highest(lanes: readonly string[], most: number): number | null {
    const found = lanes
      .map((lane) => this.#client.row(this.#sql.highest, lane, most)?.["priority"] ?? null)
      .filter((priority) => priority !== null);
    return found.length === 0 ? null : Math.max(...found.map(Number));
  }
}

function statements(prefix: string): Statements {
  const jobs = `${prefix}_jobs`;
  const holds = `${prefix}_holds`;
  const scopes = `${prefix}_scopes`;
  return {
    hold: `SELECT * FROM ${holds} WHERE hold_id = ?`,
    putHold: `INSERT INTO ${holds} (hold_id, job_id, asked, steps, scopes, state, booked, settled_from, expires_at,
        resolved_at, pruned) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (hold_id) DO UPDATE SET steps = excluded.steps, scopes = excluded.scopes, state = excluded.state,
        booked = excluded.booked, settled_from = excluded.settled_from, resolved_at = excluded.resolved_at,
        pruned = excluded.pruned`,
    expired: `SELECT * FROM ${holds} WHERE state = 'open' AND expires_at IS NOT NULL AND expires_at <= ?
      ORDER BY expires_at LIMIT ?`,
    pruneHolds: `UPDATE ${holds} SET scopes = '[]', pruned = 1
      WHERE state = 'settled' AND pruned = 0 AND resolved_at < ? RETURNING 1`,
    scope: `SELECT reserved, spent, pinned FROM ${scopes} WHERE scope = ?`,
    putCounter: `INSERT INTO ${scopes} (scope, reserved, spent) VALUES (?, ?, ?)
      ON CONFLICT (scope) DO UPDATE SET reserved = excluded.reserved, spent = excluded.spent`,
    pin: `INSERT INTO ${scopes} (scope, pinned) VALUES (?, ?)
      ON CONFLICT (scope) DO UPDATE SET pinned = excluded.pinned`,
    job: `SELECT * FROM ${jobs} WHERE job_id = ?`,
    putJob: `INSERT INTO ${jobs} (job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, run_at,
        leased_at, state, scopes, decision, error, result, ended_at, pruned, attempts)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (job_id) DO UPDATE SET run_at = excluded.run_at, leased_at = excluded.leased_at,
        state = excluded.state, scopes = excluded.scopes, decision = excluded.decision, error = excluded.error,
        result = excluded.result, ended_at = excluded.ended_at, attempts = excluded.attempts`,
    highest: `SELECT max(priority) AS priority FROM ${jobs}
      WHERE lane = ? AND state IN ('pending', 'queued') AND priority <= ?`,
    claimable: `SELECT * FROM ${jobs} AS job
      WHERE lane = ? AND state IN ('pending', 'queued') AND priority = ? AND run_at <= ?
        AND (backend = 'local' AND max_cost = '0' OR EXISTS (SELECT 1 FROM ${holds} AS hold
          WHERE hold.hold_id = 'job:' || job.job_id || '#' || (json_array_length(job.attempts) + 1)
            AND hold.state = 'open'))
      ORDER BY run_at, sequence LIMIT 1`,
    stale: `SELECT * FROM ${jobs} WHERE state = 'running' AND ? - leased_at >= ? ORDER BY leased_at LIMIT ?`,
    jobs: (where) =>
      `SELECT * FROM ${jobs} WHERE pruned = 0 AND sequence > ? ${where} ORDER BY sequence LIMIT ?`,
    pruneJobs: `UPDATE ${jobs} SET payload = 'null', result = NULL, error = NULL, decision = NULL, pruned = 1
      WHERE ended_at IS NOT NULL AND pruned = 0 AND ended_at < ? RETURNING 1`,
  };
}

type Statements = Readonly<
  Record<
    | "hold"
    | "putHold"
    | "expired"
    | "pruneHolds"
    | "scope"
    | "putCounter"
    | "pin"
    | "job"
    | "putJob"
    | "highest"
    | "claimable"
    | "stale"
    | "pruneJobs",
    string
  > & { readonly jobs: (where: string) => string }
>;

function holdOf(row: Row): HoldRecord {
  return {
    holdId: textOf(row, "hold_id"),
    asked: microCents(textOf(row, "asked")),
    steps: amountsFromJson(textOf(row, "steps")),
    scopes: scopesFromJson(textOf(row, "scopes")),
    // The schema's own checks let no other word in, here and below.
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
