-- Money is text of digits: clients return inexact numbers above 2^53. No minus sign gets in, so no balance is negative.

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

-- What has happened, in its order: a row has the entries of one operation, JSON, with the places from `place` on.
CREATE TABLE {prefix}_journal (
  place INTEGER PRIMARY KEY,
  entries INTEGER NOT NULL CHECK (entries > 0),
  at REAL NOT NULL,
  body TEXT NOT NULL
);
