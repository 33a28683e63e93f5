// Written by scripts/sql.ts from the .sql files beside it: change those, and run `npx node scripts/sql.ts`.
import type { Migration } from "../migration.ts";

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sha256: "d6a710dd190a8e3ac077b682f47d678a662bec5341a87bb6844950a398539665",
    sql: `-- Money is text of digits: clients return inexact numbers above 2^53. No minus sign gets in, so no balance is negative.

CREATE TABLE {prefix}_scopes (
  scope TEXT PRIMARY KEY,
  reserved TEXT NOT NULL DEFAULT '0'
    CHECK (typeof(reserved) = 'text' AND reserved <> '' AND reserved NOT GLOB '*[^0-9]*'),
  spent TEXT NOT NULL DEFAULT '0'
    CHECK (typeof(spent) = 'text' AND spent <> '' AND spent NOT GLOB '*[^0-9]*'),
  pinned TEXT
    CHECK (pinned IS NULL OR typeof(pinned) = 'text' AND pinned <> '' AND pinned NOT GLOB '*[^0-9]*')
) WITHOUT ROWID;

CREATE TABLE {prefix}_holds (
  hold_id TEXT PRIMARY KEY,
  job_id TEXT,
  -- What was asked for first, and the extensions since, a JSON array of texts.
  asked TEXT NOT NULL
    CHECK (typeof(asked) = 'text' AND asked <> '' AND asked NOT GLOB '*[^0-9]*'),
  steps TEXT NOT NULL,
  -- JSON: [{ scope, cap, until }].
  scopes TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'released', 'charged')),
  booked TEXT NOT NULL
    CHECK (typeof(booked) = 'text' AND booked <> '' AND booked NOT GLOB '*[^0-9]*'),
  -- What it was before it was settled.
  settled_from TEXT NOT NULL CHECK (settled_from IN ('open', 'released', 'charged')),
  expires_at REAL,
  resolved_at REAL CHECK ((resolved_at IS NULL) = (state = 'open')),
  pruned INTEGER NOT NULL CHECK (pruned IN (0, 1)),
  CHECK (state IN ('settled', 'charged') OR booked = '0'),
  CHECK ((job_id IS NOT NULL) = (hold_id GLOB 'job:*#*'))
) WITHOUT ROWID;
CREATE UNIQUE INDEX {prefix}_holds_open ON {prefix}_holds (job_id) WHERE state = 'open';
CREATE INDEX {prefix}_holds_expiring ON {prefix}_holds (expires_at) WHERE state = 'open' AND expires_at IS NOT NULL;
CREATE INDEX {prefix}_holds_settled ON {prefix}_holds (resolved_at) WHERE state = 'settled' AND pruned = 0;

CREATE TABLE {prefix}_jobs (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL UNIQUE,
  lane TEXT NOT NULL,
  payload TEXT NOT NULL,
  backend TEXT NOT NULL,
  max_cost TEXT NOT NULL
    CHECK (typeof(max_cost) = 'text' AND max_cost <> '' AND max_cost NOT GLOB '*[^0-9]*'),
  max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
  priority INTEGER NOT NULL,
  asked_run_at REAL,
  run_at REAL NOT NULL,
  leased_at REAL NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('pending', 'awaiting_approval', 'queued', 'running', 'succeeded', 'failed', 'rejected')
  ),
  -- JSON, as in a hold: where a retry holds.
  scopes TEXT NOT NULL,
  decision TEXT,
  error TEXT,
  result TEXT,
  ended_at REAL CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'rejected'))),
  pruned INTEGER NOT NULL CHECK (pruned IN (0, 1)),
  -- JSON: [{ token, end }].
  attempts TEXT NOT NULL
);
CREATE INDEX {prefix}_jobs_claimable ON {prefix}_jobs (lane, priority, run_at, sequence)
  WHERE state IN ('pending', 'queued');
CREATE INDEX {prefix}_jobs_running ON {prefix}_jobs (leased_at) WHERE state = 'running';
CREATE INDEX {prefix}_jobs_ended ON {prefix}_jobs (ended_at) WHERE ended_at IS NOT NULL AND pruned = 0;
CREATE INDEX {prefix}_jobs_state ON {prefix}_jobs (state, sequence) WHERE pruned = 0;
CREATE INDEX {prefix}_jobs_lane ON {prefix}_jobs (lane, sequence) WHERE pruned = 0;
`,
  },
];

export interface Statements {
  readonly createMigrations: string;
  readonly migrations: string;
  readonly putMigration: string;
  readonly columnsOfMigrations: string;
  readonly hold: string;
  readonly putHold: string;
  readonly dueHolds: string;
  readonly pruneHolds: string;
  readonly scope: string;
  readonly putCounter: string;
  readonly pin: string;
  readonly job: string;
  readonly putJob: string;
  readonly highestPriority: string;
  readonly claimable: string;
  readonly stale: string;
  readonly jobs: string;
  readonly jobsOfState: string;
  readonly jobsOfLane: string;
  readonly jobsOfStateAndLane: string;
  readonly pruneJobs: string;
}

/** With `{prefix}`. */
export const STATEMENTS: Statements = {
  createMigrations: `CREATE TABLE IF NOT EXISTS {prefix}_migrations (version INTEGER PRIMARY KEY, sha256 TEXT NOT NULL)`,
  migrations: `SELECT version, sha256 FROM {prefix}_migrations ORDER BY version`,
  putMigration: `INSERT INTO {prefix}_migrations (version, sha256) VALUES (?, ?)`,
  columnsOfMigrations: `SELECT name FROM pragma_table_info('{prefix}_migrations')`,
  hold: `SELECT * FROM {prefix}_holds WHERE hold_id = ?`,
  putHold: `INSERT INTO {prefix}_holds (
  hold_id, job_id, asked, steps, scopes, state, booked, settled_from, expires_at, resolved_at, pruned
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hold_id) DO UPDATE SET
  steps = excluded.steps,
  scopes = excluded.scopes,
  state = excluded.state,
  booked = excluded.booked,
  settled_from = excluded.settled_from,
  resolved_at = excluded.resolved_at,
  pruned = excluded.pruned`,
  dueHolds: `SELECT * FROM {prefix}_holds
WHERE state = 'open' AND expires_at IS NOT NULL AND expires_at <= ?
ORDER BY expires_at LIMIT ?`,
  pruneHolds: `UPDATE {prefix}_holds SET scopes = '[]', pruned = 1
WHERE state = 'settled' AND pruned = 0 AND resolved_at < ?
RETURNING 1`,
  scope: `SELECT reserved, spent, pinned FROM {prefix}_scopes WHERE scope = ?`,
  putCounter: `INSERT INTO {prefix}_scopes (scope, reserved, spent) VALUES (?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET reserved = excluded.reserved, spent = excluded.spent`,
  pin: `INSERT INTO {prefix}_scopes (scope, pinned) VALUES (?, ?)
ON CONFLICT (scope) DO UPDATE SET pinned = excluded.pinned`,
  job: `SELECT * FROM {prefix}_jobs WHERE job_id = ?`,
  putJob: `INSERT INTO {prefix}_jobs (
  job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at,
  run_at, leased_at, state, scopes, decision, error, result, ended_at, pruned, attempts
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (job_id) DO UPDATE SET
  run_at = excluded.run_at,
  leased_at = excluded.leased_at,
  state = excluded.state,
  scopes = excluded.scopes,
  decision = excluded.decision,
  error = excluded.error,
  result = excluded.result,
  ended_at = excluded.ended_at,
  attempts = excluded.attempts`,
  highestPriority: `SELECT max(priority) AS priority FROM {prefix}_jobs
WHERE lane = ? AND state IN ('pending', 'queued') AND priority <= ?`,
  claimable: `SELECT * FROM {prefix}_jobs AS job
WHERE lane = ? AND state IN ('pending', 'queued') AND priority = ? AND run_at <= ?
  AND (
    backend = 'local' AND max_cost = '0'
    OR EXISTS (
      SELECT 1 FROM {prefix}_holds AS hold
      WHERE hold.hold_id = 'job:' || job.job_id || '#' || (json_array_length(job.attempts) + 1)
        AND hold.state = 'open'
    )
  )
ORDER BY run_at, sequence LIMIT 1`,
  stale: `SELECT * FROM {prefix}_jobs WHERE state = 'running' AND ? - leased_at >= ? ORDER BY leased_at LIMIT ?`,
  jobs: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND sequence > ? ORDER BY sequence LIMIT ?`,
  jobsOfState: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  jobsOfLane: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  jobsOfStateAndLane: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  pruneJobs: `UPDATE {prefix}_jobs SET payload = 'null', result = NULL, error = NULL, decision = NULL, pruned = 1
WHERE ended_at IS NOT NULL AND pruned = 0 AND ended_at < ?
RETURNING 1`,
};
