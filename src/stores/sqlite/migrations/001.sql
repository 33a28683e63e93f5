-- Money is text of digits: clients return inexact numbers above 2^53. No minus sign gets in, so no balance is negative.

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
