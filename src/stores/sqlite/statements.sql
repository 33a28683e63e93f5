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

-- name: storeId
SELECT id FROM {prefix}_store;

-- Decisions and lanes -------------------------------------------------------------------------------------------------

-- name: decision
SELECT * FROM {prefix}_decisions WHERE id = ?;

-- name: putDecision
INSERT INTO {prefix}_decisions (id, subject, body, answer) VALUES (?, ?, ?, ?);

-- name: deleteDecisions
DELETE FROM {prefix}_decisions WHERE subject = ?;

-- name: lanes
SELECT * FROM {prefix}_lanes ORDER BY lane;

-- name: putLane
INSERT INTO {prefix}_lanes (lane, paused, approval) VALUES (?, ?, ?)
ON CONFLICT (lane) DO UPDATE SET paused = excluded.paused, approval = excluded.approval;

-- name: pausedLanes
SELECT lane FROM {prefix}_lanes WHERE paused = 1;

-- Holds ---------------------------------------------------------------------------------------------------------------

-- name: hold
SELECT * FROM {prefix}_holds WHERE hold_id = ?;

-- name: putHold
INSERT INTO {prefix}_holds (
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
  pruned = excluded.pruned;

-- name: dueHolds
-- At the very second of its expiry a hold is due.
SELECT * FROM {prefix}_holds
WHERE state = 'open' AND expires_at IS NOT NULL AND expires_at <= ?
ORDER BY expires_at LIMIT ?;

-- name: closedHolds
-- Callers' holds that closed before an instant, of those that are pruned or of those that are not.
SELECT * FROM {prefix}_holds
WHERE job_id IS NULL AND resolved_at IS NOT NULL AND pruned = ? AND resolved_at < ?
ORDER BY resolved_at LIMIT ?;

-- name: deleteHold
DELETE FROM {prefix}_holds WHERE hold_id = ?;

-- Counters ------------------------------------------------------------------------------------------------------------

-- name: scope
SELECT reserved, spent, pinned, raised_to, raised_until FROM {prefix}_scopes WHERE scope = ?;

-- name: putCounter
INSERT INTO {prefix}_scopes (scope, reserved, spent) VALUES (?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET reserved = excluded.reserved, spent = excluded.spent;

-- name: putPin
INSERT INTO {prefix}_scopes (scope, pinned, raised_to, raised_until) VALUES (?, ?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET
  pinned = excluded.pinned,
  raised_to = excluded.raised_to,
  raised_until = excluded.raised_until;

-- Jobs ----------------------------------------------------------------------------------------------------------------

-- name: job
SELECT * FROM {prefix}_jobs WHERE job_id = ?;

-- name: putJob
INSERT INTO {prefix}_jobs (
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
  counts = excluded.counts;

-- name: highestPriority
-- Of the jobs that wait in a lane, up to a priority.
SELECT max(priority) AS priority FROM {prefix}_jobs
WHERE lane = ? AND state IN ('pending', 'queued') AND parked = 0 AND priority <= ?;

-- name: claimable
-- The first job of a lane at a priority that is due, and free or paid for: with the hold of its next attempt open.
SELECT * FROM {prefix}_jobs AS job
WHERE lane = ? AND state IN ('pending', 'queued') AND parked = 0 AND priority = ? AND run_at <= ?
  AND (
    backend = 'local' AND max_cost = '0'
    OR EXISTS (
      SELECT 1 FROM {prefix}_holds AS hold
      WHERE hold.hold_id = 'job:' || job.job_id || '#' || job.holds
        AND hold.state = 'open'
    )
  )
ORDER BY run_at, sequence LIMIT 1;

-- name: park
-- Offers the jobs no more that are past their deadlines.
UPDATE {prefix}_jobs SET parked = 1
WHERE deadline IS NOT NULL AND deadline <= ? AND state IN ('pending', 'queued') AND parked = 0;

-- name: unpark
UPDATE {prefix}_jobs SET parked = 0 WHERE parked = 1 AND deadline > ?;

-- name: overdue
-- At the very second of its deadline a job is overdue.
SELECT * FROM {prefix}_jobs WHERE deadline IS NOT NULL AND deadline <= ? ORDER BY deadline LIMIT ?;

-- name: lost
-- At the very second of its time to live a lease is lost, and at that of its end a run.
SELECT * FROM {prefix}_jobs
WHERE state = 'running' AND (run_until <= ? OR ? - leased_at >= coalesce(lease_seconds, ?))
ORDER BY leased_at LIMIT ?;

-- name: jobs
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: jobsOfState
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: jobsOfLane
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: jobsOfStateAndLane
SELECT * FROM {prefix}_jobs WHERE pruned = 0 AND state = ? AND lane = ? AND sequence > ? ORDER BY sequence LIMIT ?;

-- name: endedJobs
-- Of those that are pruned or of those that are not.
SELECT * FROM {prefix}_jobs
WHERE ended_at IS NOT NULL AND pruned = ? AND ended_at < ?
ORDER BY ended_at LIMIT ?;

-- name: pruneJob
UPDATE {prefix}_jobs
SET payload = 'null', scopes = '[]', terms = NULL, result = NULL, error = NULL, decision = NULL, cancellation = NULL,
  pruned = 1
WHERE job_id = ?;

-- name: deleteJob
DELETE FROM {prefix}_jobs WHERE job_id = ?;

-- name: counts
-- The unfinished jobs by lane and state.
SELECT lane, state, count(*) AS jobs, min(submitted_at) AS oldest FROM {prefix}_jobs
WHERE pruned = 0 AND state IN ('pending', 'awaiting_approval', 'queued', 'running')
GROUP BY lane, state ORDER BY lane, state;

-- The journal ---------------------------------------------------------------------------------------------------------

-- name: addJournal
INSERT INTO {prefix}_journal (place, entries, at, body)
VALUES (coalesce((SELECT place + entries FROM {prefix}_journal ORDER BY place DESC LIMIT 1), 1), ?, ?, ?);

-- name: journal
-- The rows with entries behind a place: the one that has its next place, and all after it.
SELECT place, at, body FROM {prefix}_journal
WHERE place >= coalesce((SELECT place FROM {prefix}_journal WHERE place <= ? ORDER BY place DESC LIMIT 1), 0)
  AND place + entries > ?
ORDER BY place LIMIT ?;

-- name: rowAt
-- The row with a place, and its last place; before the first row none.
SELECT at, place, place + entries - 1 AS last FROM {prefix}_journal WHERE place <= ? ORDER BY place DESC LIMIT 1;

-- name: scopes
SELECT scope, reserved, spent, pinned, raised_to, raised_until FROM {prefix}_scopes
WHERE scope > ? AND substr(scope, 1, length(?)) = ?
ORDER BY scope LIMIT ?;

-- name: openHolds
-- How many holds are open in each scope of a JSON array.
SELECT wanted.value AS scope, count(*) AS holds
FROM json_each(?) AS wanted
  JOIN {prefix}_holds AS hold ON hold.state = 'open'
  JOIN json_each(hold.scopes) AS own ON json_extract(own.value, '$.scope') = wanted.value
GROUP BY wanted.value;

-- name: holds
SELECT * FROM {prefix}_holds AS hold
WHERE hold_id > ? AND (? IS NULL OR state = ?)
  AND (
    ? IS NULL
    OR EXISTS (SELECT 1 FROM json_each(hold.scopes) AS own WHERE json_extract(own.value, '$.scope') = ?)
  )
ORDER BY hold_id LIMIT ?;
