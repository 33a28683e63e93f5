// Written by scripts/sql.ts from the .sql files beside it: change those, and run `npx node scripts/sql.ts`.
import type { Migration } from "../migration.ts";

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sha256: "6da62d8924185834a8ece36bf261bfb5cf1e0c8c6f9f3c057872b48c3d20a6b5",
    sql: `-- Money is text of digits: clients return inexact numbers above 2^53. No minus sign gets in, so no balance is negative.

CREATE TABLE {prefix}_scopes (
  scope TEXT PRIMARY KEY,
  reserved TEXT NOT NULL DEFAULT '0'
    CHECK (typeof(reserved) = 'text' AND reserved <> '' AND reserved NOT GLOB '*[^0-9]*'),
  spent TEXT NOT NULL DEFAULT '0'
    CHECK (typeof(spent) = 'text' AND spent <> '' AND spent NOT GLOB '*[^0-9]*'),
  pinned TEXT
    CHECK (pinned IS NULL OR typeof(pinned) = 'text' AND pinned <> '' AND pinned NOT GLOB '*[^0-9]*'),
  -- What the pinned cap is raised to, and until when.
  raised_to TEXT
    CHECK (raised_to IS NULL OR typeof(raised_to) = 'text' AND raised_to <> '' AND raised_to NOT GLOB '*[^0-9]*'),
  raised_until REAL CHECK ((raised_until IS NULL) = (raised_to IS NULL)),
  CHECK (raised_to IS NULL OR pinned IS NOT NULL)
) WITHOUT ROWID;

-- What people decided, each under its id: what a repeat is compared with, and the first answer, both JSON.
CREATE TABLE {prefix}_decisions (
  id TEXT PRIMARY KEY,
  subject TEXT,
  body TEXT NOT NULL,
  answer TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX {prefix}_decisions_subject ON {prefix}_decisions (subject) WHERE subject IS NOT NULL;

CREATE TABLE {prefix}_lanes (
  lane TEXT PRIMARY KEY,
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  -- Who paused or resumed it last, JSON.
  approval TEXT NOT NULL
) WITHOUT ROWID;

-- One row: the random id of this store.
CREATE TABLE {prefix}_store (id TEXT NOT NULL);
INSERT INTO {prefix}_store VALUES (lower(hex(randomblob(16))));

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
  -- What it was before it was settled or corrected.
  settled_from TEXT NOT NULL CHECK (settled_from IN ('open', 'released', 'charged')),
  -- Whether a person has corrected it, and what was settled before that.
  corrected INTEGER NOT NULL CHECK (corrected IN (0, 1)),
  first_settled TEXT
    CHECK (first_settled IS NULL OR typeof(first_settled) = 'text' AND first_settled <> '' AND first_settled NOT GLOB '*[^0-9]*'),
  -- JSON; NULL if there are none.
  tags TEXT,
  held_at REAL NOT NULL,
  expires_at REAL,
  resolved_at REAL CHECK ((resolved_at IS NULL) = (state = 'open')),
  pruned INTEGER NOT NULL CHECK (pruned IN (0, 1)),
  CHECK (state IN ('settled', 'charged') OR booked = '0'),
  CHECK ((job_id IS NOT NULL) = (hold_id GLOB 'job:*#*'))
) WITHOUT ROWID;
CREATE UNIQUE INDEX {prefix}_holds_open ON {prefix}_holds (job_id) WHERE state = 'open';
CREATE INDEX {prefix}_holds_expiring ON {prefix}_holds (expires_at) WHERE state = 'open' AND expires_at IS NOT NULL;
CREATE INDEX {prefix}_holds_closed ON {prefix}_holds (pruned, resolved_at)
  WHERE job_id IS NULL AND resolved_at IS NOT NULL;

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
  submitted_at REAL NOT NULL,
  -- When a person has decided on it last, and since when it waits for one.
  decided_at REAL,
  waiting_since REAL,
  run_at REAL NOT NULL,
  leased_at REAL NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('pending', 'awaiting_approval', 'queued', 'running', 'succeeded', 'failed', 'rejected')
  ),
  -- JSON, as in a hold: where a retry holds.
  scopes TEXT NOT NULL,
  -- JSON: the scopes that an approval holds in by default, requestedBy, tags, deadlines, maxRunSeconds; NULL without any.
  terms TEXT,
  -- When it ends by itself; NULL if it does not. Once a claim has met it after that, it is parked: offered no more.
  deadline REAL,
  parked INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1)),
  -- Of the claim that runs: the lease's own length, the end of its run, and who has it; NULL without one.
  lease_seconds REAL,
  run_until REAL,
  leased_by TEXT,
  decision TEXT,
  cancellation TEXT,
  error TEXT,
  result TEXT,
  ended_at REAL CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'rejected'))),
  pruned INTEGER NOT NULL CHECK (pruned IN (0, 1)),
  -- The number of its holds.
  holds INTEGER NOT NULL CHECK (holds >= 0),
  -- JSON: [{ token, end, hold, claimedAt, by, endedAt }].
  attempts TEXT NOT NULL,
  -- JSON: the attempts that count, those before the last retry by a person, how often a person has retried it, and has
  -- approved or retried it, how often its payload was refused since.
  counts TEXT NOT NULL
);
CREATE INDEX {prefix}_jobs_claimable ON {prefix}_jobs (lane, priority, run_at, sequence)
  WHERE state IN ('pending', 'queued') AND parked = 0;
CREATE INDEX {prefix}_jobs_running ON {prefix}_jobs (leased_at) WHERE state = 'running';
CREATE INDEX {prefix}_jobs_deadline ON {prefix}_jobs (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX {prefix}_jobs_to_park ON {prefix}_jobs (deadline)
  WHERE deadline IS NOT NULL AND state IN ('pending', 'queued') AND parked = 0;
CREATE INDEX {prefix}_jobs_parked ON {prefix}_jobs (deadline) WHERE parked = 1;
CREATE INDEX {prefix}_jobs_ended ON {prefix}_jobs (pruned, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX {prefix}_jobs_state ON {prefix}_jobs (state, sequence) WHERE pruned = 0;
CREATE INDEX {prefix}_jobs_lane ON {prefix}_jobs (lane, sequence) WHERE pruned = 0;

-- What has happened, in its order: a row has the entries of one operation, JSON, with the places from \`place\` on.
CREATE TABLE {prefix}_journal (
  place INTEGER PRIMARY KEY,
  entries INTEGER NOT NULL CHECK (entries > 0),
  at REAL NOT NULL,
  body TEXT NOT NULL
);
`,
  },
];

export interface Statements {
  readonly createMigrations: string;
  readonly migrations: string;
  readonly putMigration: string;
  readonly columnsOfMigrations: string;
  readonly storeId: string;
  readonly decision: string;
  readonly putDecision: string;
  readonly deleteDecisions: string;
  readonly lanes: string;
  readonly putLane: string;
  readonly pausedLanes: string;
  readonly hold: string;
  readonly putHold: string;
  readonly dueHolds: string;
  readonly closedHolds: string;
  readonly deleteHold: string;
  readonly scope: string;
  readonly putCounter: string;
  readonly putPin: string;
  readonly job: string;
  readonly putJob: string;
  readonly highestPriority: string;
  readonly claimable: string;
  readonly park: string;
  readonly unpark: string;
  readonly overdue: string;
  readonly lost: string;
  readonly jobs: string;
  readonly jobsOfState: string;
  readonly jobsOfLane: string;
  readonly jobsOfStateAndLane: string;
  readonly endedJobs: string;
  readonly pruneJob: string;
  readonly deleteJob: string;
  readonly counts: string;
  readonly addJournal: string;
  readonly journal: string;
  readonly rowAt: string;
  readonly scopes: string;
  readonly openHolds: string;
  readonly holds: string;
}

/** With `{prefix}`. */
export const STATEMENTS: Statements = {
  createMigrations: `CREATE TABLE IF NOT EXISTS {prefix}_migrations (version INTEGER PRIMARY KEY, sha256 TEXT NOT NULL)`,
  migrations: `SELECT version, sha256 FROM {prefix}_migrations ORDER BY version`,
  putMigration: `INSERT INTO {prefix}_migrations (version, sha256) VALUES (?, ?)`,
  columnsOfMigrations: `SELECT name FROM pragma_table_info('{prefix}_migrations')`,
  storeId: `SELECT id FROM {prefix}_store`,
  decision: `SELECT * FROM {prefix}_decisions WHERE id = ?`,
  putDecision: `INSERT INTO {prefix}_decisions (id, subject, body, answer) VALUES (?, ?, ?, ?)`,
  deleteDecisions: `DELETE FROM {prefix}_decisions WHERE subject = ?`,
  lanes: `SELECT * FROM {prefix}_lanes ORDER BY lane`,
  putLane: `INSERT INTO {prefix}_lanes (lane, paused, approval) VALUES (?, ?, ?)
ON CONFLICT (lane) DO UPDATE SET paused = excluded.paused, approval = excluded.approval`,
  pausedLanes: `SELECT lane FROM {prefix}_lanes WHERE paused = 1`,
  hold: `SELECT * FROM {prefix}_holds WHERE hold_id = ?`,
  putHold: `INSERT INTO {prefix}_holds (
  hold_id, job_id, asked, steps, scopes, state, booked, settled_from, corrected, first_settled, tags, held_at, expires_at,
  resolved_at, pruned
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hold_id) DO UPDATE SET
  steps = excluded.steps,
  scopes = excluded.scopes,
  state = excluded.state,
  booked = excluded.booked,
  settled_from = excluded.settled_from,
  corrected = excluded.corrected,
  first_settled = excluded.first_settled,
  tags = excluded.tags,
  resolved_at = excluded.resolved_at,
  pruned = excluded.pruned`,
  dueHolds: `SELECT * FROM {prefix}_holds
WHERE state = 'open' AND expires_at IS NOT NULL AND expires_at <= ?
ORDER BY expires_at LIMIT ?`,
  closedHolds: `SELECT * FROM {prefix}_holds
WHERE job_id IS NULL AND resolved_at IS NOT NULL AND pruned = ? AND resolved_at < ?
ORDER BY resolved_at LIMIT ?`,
  deleteHold: `DELETE FROM {prefix}_holds WHERE hold_id = ?`,
  scope: `SELECT reserved, spent, pinned, raised_to, raised_until FROM {prefix}_scopes WHERE scope = ?`,
  putCounter: `INSERT INTO {prefix}_scopes (scope, reserved, spent) VALUES (?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET reserved = excluded.reserved, spent = excluded.spent`,
  putPin: `INSERT INTO {prefix}_scopes (scope, pinned, raised_to, raised_until) VALUES (?, ?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET
  pinned = excluded.pinned,
  raised_to = excluded.raised_to,
  raised_until = excluded.raised_until`,
  job: `SELECT * FROM {prefix}_jobs WHERE job_id = ?`,
  putJob: `INSERT INTO {prefix}_jobs (
  job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, submitted_at, decided_at,
  waiting_since, terms, deadline, run_at, leased_at,
  lease_seconds, run_until, leased_by, state, scopes, decision, cancellation, error, result, ended_at, pruned, holds,
  attempts, counts
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
ON CONFLICT (job_id) DO UPDATE SET
  decided_at = excluded.decided_at,
  waiting_since = excluded.waiting_since,
  terms = excluded.terms,
  deadline = excluded.deadline,
  parked = 0,
  run_at = excluded.run_at,
  leased_at = excluded.leased_at,
  lease_seconds = excluded.lease_seconds,
  run_until = excluded.run_until,
  leased_by = excluded.leased_by,
  state = excluded.state,
  scopes = excluded.scopes,
  decision = excluded.decision,
  cancellation = excluded.cancellation,
  error = excluded.error,
  result = excluded.result,
  ended_at = excluded.ended_at,
  holds = excluded.holds,
  attempts = excluded.attempts,
  counts = excluded.counts`,
  highestPriority: `SELECT max(priority) AS priority FROM {prefix}_jobs
WHERE lane = ? AND state IN ('pending', 'queued') AND parked = 0 AND priority <= ?`,
  claimable: `SELECT * FROM {prefix}_jobs AS job
WHERE lane = ? AND state IN ('pending', 'queued') AND parked = 0 AND priority = ? AND run_at <= ?
  AND (
    backend = 'local' AND max_cost = '0'
    OR EXISTS (
      SELECT 1 FROM {prefix}_holds AS hold
      WHERE hold.hold_id = 'job:' || job.job_id || '#' || job.holds
        AND hold.state = 'open'
    )
  )
ORDER BY run_at, sequence LIMIT 1`,
  park: `UPDATE {prefix}_jobs SET parked = 1
WHERE deadline IS NOT NULL AND deadline <= ? AND state IN ('pending', 'queued') AND parked = 0`,
  unpark: `UPDATE {prefix}_jobs SET parked = 0 WHERE parked = 1 AND deadline > ?`,
  overdue: `SELECT * FROM {prefix}_jobs WHERE deadline IS NOT NULL AND deadline <= ? ORDER BY deadline LIMIT ?`,
  lost: `SELECT * FROM {prefix}_jobs
WHERE state = 'running' AND (run_until <= ? OR ? - leased_at >= coalesce(lease_seconds, ?))
ORDER BY leased_at LIMIT ?`,
  jobs: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND sequence > ? ORDER BY sequence LIMIT ?`,
  jobsOfState: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  jobsOfLane: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  jobsOfStateAndLane: `SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  endedJobs: `SELECT * FROM {prefix}_jobs
WHERE ended_at IS NOT NULL AND pruned = ? AND ended_at < ?
ORDER BY ended_at LIMIT ?`,
  pruneJob: `UPDATE {prefix}_jobs
SET payload = 'null', scopes = '[]', terms = NULL, result = NULL, error = NULL, decision = NULL, cancellation = NULL,
  pruned = 1
WHERE job_id = ?`,
  deleteJob: `DELETE FROM {prefix}_jobs WHERE job_id = ?`,
  counts: `SELECT lane, state, count(*) AS jobs, min(submitted_at) AS oldest FROM {prefix}_jobs
WHERE pruned = 0 AND state IN ('pending', 'awaiting_approval', 'queued', 'running')
GROUP BY lane, state ORDER BY lane, state`,
  addJournal: `INSERT INTO {prefix}_journal (place, entries, at, body)
VALUES (coalesce((SELECT place + entries FROM {prefix}_journal ORDER BY place DESC LIMIT 1), 1), ?, ?, ?)`,
  journal: `SELECT place, at, body FROM {prefix}_journal
WHERE place >= coalesce((SELECT place FROM {prefix}_journal WHERE place <= ? ORDER BY place DESC LIMIT 1), 0)
  AND place + entries > ?
ORDER BY place LIMIT ?`,
  rowAt: `SELECT at, place, place + entries - 1 AS last FROM {prefix}_journal WHERE place <= ? ORDER BY place DESC LIMIT 1`,
  scopes: `SELECT scope, reserved, spent, pinned, raised_to, raised_until FROM {prefix}_scopes
WHERE scope > ? AND substr(scope, 1, length(?)) = ?
ORDER BY scope LIMIT ?`,
  openHolds: `SELECT wanted.value AS scope, count(*) AS holds
FROM json_each(?) AS wanted
  JOIN {prefix}_holds AS hold ON hold.state = 'open'
  JOIN json_each(hold.scopes) AS own ON json_extract(own.value, '$.scope') = wanted.value
GROUP BY wanted.value`,
  holds: `SELECT * FROM {prefix}_holds AS hold
WHERE hold_id > ? AND (? IS NULL OR state = ?)
  AND (
    ? IS NULL
    OR EXISTS (SELECT 1 FROM json_each(hold.scopes) AS own WHERE json_extract(own.value, '$.scope') = ?)
  )
ORDER BY hold_id LIMIT ?`,
};
