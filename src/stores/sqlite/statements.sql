-- The statements of the store, each under its name.

-- Migrations ----------------------------------------------------------------------------------------------------------

-- name: createMigrations
CREATE TABLE IF NOT EXISTS {prefix}_migrations (version INTEGER PRIMARY KEY, sha256 TEXT NOT NULL);

-- name: migrations
SELECT version, sha256 FROM {prefix}_migrations ORDER BY version;

-- name: putMigration
INSERT INTO {prefix}_migrations (version, sha256) VALUES (?, ?);

-- name: columnsOfMigrations
-- None if there is no such table.
SELECT name FROM pragma_table_info('{prefix}_migrations');

-- Holds ---------------------------------------------------------------------------------------------------------------

-- name: hold
SELECT * FROM {prefix}_holds WHERE hold_id = ?;

-- name: putHold
INSERT INTO {prefix}_holds (
  hold_id, job_id, asked, steps, scopes, state, booked, settled_from, expires_at, resolved_at, pruned
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hold_id) DO UPDATE SET
  steps = excluded.steps,
  scopes = excluded.scopes,
  state = excluded.state,
  booked = excluded.booked,
  settled_from = excluded.settled_from,
  resolved_at = excluded.resolved_at,
  pruned = excluded.pruned;

-- name: dueHolds
-- At the very second of its expiry a hold is due.
SELECT * FROM {prefix}_holds
WHERE state = 'open' AND expires_at IS NOT NULL AND expires_at <= ?
ORDER BY expires_at LIMIT ?;

-- name: pruneHolds
UPDATE {prefix}_holds SET scopes = '[]', pruned = 1
WHERE state = 'settled' AND pruned = 0 AND resolved_at < ?
RETURNING 1;

-- Counters ------------------------------------------------------------------------------------------------------------

-- name: scope
SELECT reserved, spent, pinned FROM {prefix}_scopes WHERE scope = ?;

-- name: putCounter
INSERT INTO {prefix}_scopes (scope, reserved, spent) VALUES (?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET reserved = excluded.reserved, spent = excluded.spent;

-- name: pin
INSERT INTO {prefix}_scopes (scope, pinned) VALUES (?, ?)
ON CONFLICT (scope) DO UPDATE SET pinned = excluded.pinned;

-- Jobs ----------------------------------------------------------------------------------------------------------------

-- name: job
SELECT * FROM {prefix}_jobs WHERE job_id = ?;

-- name: putJob
INSERT INTO {prefix}_jobs (
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
  attempts = excluded.attempts;

-- name: highestPriority
-- Of the jobs that wait in a lane, up to a priority.
SELECT max(priority) AS priority FROM {prefix}_jobs
WHERE lane = ? AND state IN ('pending', 'queued') AND priority <= ?;

-- name: claimable
-- The first job of a lane at a priority that is due, and free or paid for: with the hold of its next attempt open.
SELECT * FROM {prefix}_jobs AS job
WHERE lane = ? AND state IN ('pending', 'queued') AND priority = ? AND run_at <= ?
  AND (
    backend = 'local' AND max_cost = '0'
    OR EXISTS (
      SELECT 1 FROM {prefix}_holds AS hold
      WHERE hold.hold_id = 'job:' || job.job_id || '#' || (json_array_length(job.attempts) + 1)
        AND hold.state = 'open'
    )
  )
ORDER BY run_at, sequence LIMIT 1;

-- name: stale
-- At the very second of its time to live a lease is stale.
SELECT * FROM {prefix}_jobs WHERE state = 'running' AND ? - leased_at >= ? ORDER BY leased_at LIMIT ?;

-- name: jobs
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: jobsOfState
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: jobsOfLane
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: jobsOfStateAndLane
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: pruneJobs
UPDATE {prefix}_jobs SET payload = 'null', result = NULL, error = NULL, decision = NULL, pruned = 1
WHERE ended_at IS NOT NULL AND pruned = 0 AND ended_at < ?
RETURNING 1;
