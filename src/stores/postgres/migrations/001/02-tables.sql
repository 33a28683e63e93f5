-- Ids, lanes and scopes are compared byte for byte. Pages keep room for the next versions of their rows. PostgreSQL
-- prepares every check and every generated column anew for each statement that writes: the checks are few and call no
-- function of this schema, and what only an index needs (`due`, `closed`, `attention`, `deadline`) is written by the
-- operations.

CREATE TABLE {schema}.scopes (
  scope text COLLATE "C" PRIMARY KEY,
  reserved numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  spent numeric NOT NULL DEFAULT 0 CHECK (spent >= 0),
  pinned bigint,
  -- What the pinned cap is raised to, and until when.
  raised_to bigint,
  raised_until float8,
  CHECK (pinned >= 0)
) WITH (fillfactor = 50);

-- What people decided, each under its id: what a repeat is compared with, and the first answer, both JSON. The subject is
-- the hold, or `job:` and the id of the job; NULL for a cap or a lane.
CREATE TABLE {schema}.decisions (
  id text COLLATE "C" PRIMARY KEY,
  subject text COLLATE "C",
  body text NOT NULL,
  answer text NOT NULL
);
CREATE INDEX ON {schema}.decisions (subject) WHERE subject IS NOT NULL;

CREATE TABLE {schema}.lanes (
  lane text COLLATE "C" PRIMARY KEY,
  paused boolean NOT NULL,
  -- Who paused or resumed it last, JSON.
  approval text NOT NULL
);

-- One row: the random id of this store.
CREATE TABLE {schema}.store (id text NOT NULL);
INSERT INTO {schema}.store SELECT gen_random_uuid()::text;

CREATE TABLE {schema}.holds (
  hold_id text COLLATE "C" PRIMARY KEY,
  job_id text COLLATE "C" CHECK ((job_id IS NOT NULL) = (hold_id LIKE 'job:%#%')),
  -- What was asked for first, the extensions since, and their sum.
  asked bigint NOT NULL CHECK (asked >= 0),
  steps bigint[] NOT NULL DEFAULT '{}',
  held bigint NOT NULL CHECK (held >= asked),
  scopes text[] COLLATE "C" NOT NULL,
  caps bigint[] NOT NULL CHECK (cardinality(caps) = cardinality(scopes)),
  untils float8[] NOT NULL CHECK (cardinality(untils) = cardinality(scopes)),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'released', 'charged')),
  booked bigint NOT NULL DEFAULT 0 CHECK (booked >= 0 AND (booked = 0 OR state IN ('settled', 'charged'))),
  -- What it was before it was settled or corrected.
  settled_from text NOT NULL DEFAULT 'open' CHECK (settled_from IN ('open', 'released', 'charged')),
  -- Whether a person has corrected it, and what was settled before that.
  corrected boolean NOT NULL DEFAULT false,
  first_settled bigint,
  -- JSON; NULL if there are none.
  tags text,
  held_at float8 NOT NULL,
  expires_at float8,
  resolved_at float8 CHECK ((resolved_at IS NULL) = (state = 'open')),
  pruned boolean NOT NULL DEFAULT false,
  -- `expires_at` while it is open.
  due float8,
  -- `resolved_at` of a caller's hold; a job's holds are pruned with the job.
  closed float8
) WITH (fillfactor = 50);
CREATE INDEX ON {schema}.holds (due) WHERE due IS NOT NULL;
CREATE INDEX ON {schema}.holds (closed) WHERE closed IS NOT NULL AND NOT pruned;
CREATE INDEX ON {schema}.holds (closed) WHERE closed IS NOT NULL AND pruned;

-- A job changes in place, without a new entry in any index. What changes when it is queued, claimed or ended is in three
-- narrow tables, `ready`, `leases` and `ended`: they repeat what `jobs` says about the jobs that can be claimed, those that
-- run, and those that have ended and are not pruned yet.
-- Whoever changes a job's state has locked its row here.
CREATE TABLE {schema}.jobs (
  job_id text COLLATE "C" PRIMARY KEY,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  lane text COLLATE "C" NOT NULL,
  payload text NOT NULL,
  backend text NOT NULL,
  max_cost bigint NOT NULL CHECK (max_cost >= 0),
  max_attempts bigint NOT NULL CHECK (max_attempts >= 1),
  priority bigint NOT NULL,
  asked_run_at float8,
  submitted_at float8 NOT NULL,
  -- When a person has decided on it last, and since when it waits for one.
  decided_at float8,
  waiting_since float8,
  -- JSON: where an approval holds by default; and the sorted names of these scopes.
  asked_scopes text,
  scope_names text,
  requested_by text,
  -- JSON; NULL if there are none.
  tags text,
  decide_by float8,
  claim_by float8,
  max_run_seconds float8,
  run_at float8 NOT NULL,
  state text NOT NULL CHECK (
    state IN ('pending', 'awaiting_approval', 'queued', 'running', 'succeeded', 'failed', 'rejected')
  ),
  decision text,
  cancellation text,
  error text,
  result text,
  ended_at float8 CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'rejected'))),
  pruned boolean NOT NULL DEFAULT false,
  -- Of each claim its token, how it ended (NULL while it runs), and the number of its hold (0 for free work).
  tokens text[] NOT NULL DEFAULT '{}',
  ends text[] NOT NULL DEFAULT '{}' CHECK (cardinality(ends) = cardinality(tokens)),
  hold_numbers int[] NOT NULL DEFAULT '{}',
  -- And when it began, who had it, and when it ended.
  claimed_ats float8[] NOT NULL DEFAULT '{}',
  claimed_bys text[] NOT NULL DEFAULT '{}',
  ended_ats float8[] NOT NULL DEFAULT '{}',
  -- The number of its holds; the attempts that count; those before the last retry by a person; how often a person has
  -- retried it, and has approved or retried it; how often its payload was refused since.
  holds int NOT NULL DEFAULT 0,
  tried int NOT NULL DEFAULT 0,
  tried_before int NOT NULL DEFAULT 0,
  retries int NOT NULL DEFAULT 0,
  grants int NOT NULL DEFAULT 0,
  refusals int NOT NULL DEFAULT 0,
  -- When it ends by itself, unless it is decided on or claimed for the first time before. Once a claim has met it after
  -- that, it is parked: not ready. Should its deadline lie in the future again, recovery lets it be claimed.
  deadline float8,
  parked boolean NOT NULL DEFAULT false,
  -- The states that people look for among millions of jobs that went well: the index has no others.
  attention text
) WITH (fillfactor = 50);
CREATE INDEX ON {schema}.jobs (sequence) WHERE NOT pruned;
CREATE INDEX ON {schema}.jobs (sequence) WHERE pruned;
CREATE INDEX ON {schema}.jobs (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX ON {schema}.jobs (deadline) WHERE parked;
CREATE INDEX ON {schema}.jobs (attention, sequence) WHERE attention IS NOT NULL AND NOT pruned;

CREATE TABLE {schema}.ready (
  job_id text COLLATE "C" PRIMARY KEY,
  lane text COLLATE "C" NOT NULL,
  priority bigint NOT NULL,
  run_at float8 NOT NULL,
  sequence bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX ON {schema}.ready (lane, priority, run_at, sequence);

CREATE TABLE {schema}.leases (
  job_id text COLLATE "C" PRIMARY KEY,
  leased_at float8 NOT NULL,
  -- Its own length in seconds, NULL if its claim gave none; when the job has run as long as it may; who has it.
  lease_seconds float8,
  run_until float8,
  leased_by text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE {schema}.ended (
  ended_at float8 NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (ended_at, sequence)
);

-- What was moved and decided, one row for each statement that has moved anything: the entries of all its calls, JSON. They
-- have the places from that of the row on. Its number is drawn while all locks are held, when the transaction has its id, so
-- that readers can tell what can still come before it.
CREATE SEQUENCE {schema}.journal_places START 10000 INCREMENT 10000;
CREATE TABLE {schema}.journal (
  place bigint PRIMARY KEY,
  at float8 NOT NULL,
  body text NOT NULL
);
