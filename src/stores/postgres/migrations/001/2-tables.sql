-- Ids, lanes and scopes are compared byte for byte. Pages keep room for the next versions of their rows. The checks and
-- the generated columns call none of the rules: PostgreSQL would look the function up for every statement that writes.

CREATE TABLE {schema}.scopes (
  scope text COLLATE "C" PRIMARY KEY,
  reserved numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  spent numeric NOT NULL DEFAULT 0 CHECK (spent >= 0),
  pinned bigint CHECK (pinned >= 0)
) WITH (fillfactor = 10);

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
  -- What it was before it was settled.
  settled_from text NOT NULL DEFAULT 'open' CHECK (settled_from IN ('open', 'released', 'charged')),
  expires_at float8,
  resolved_at float8 CHECK ((resolved_at IS NULL) = (state = 'open')),
  pruned boolean NOT NULL DEFAULT false,
  -- Only an open hold expires: the index has no others.
  due float8 GENERATED ALWAYS AS (CASE WHEN state = 'open' THEN expires_at END) STORED
) WITH (fillfactor = 50);
CREATE INDEX ON {schema}.holds (due) WHERE due IS NOT NULL;

-- A job changes in place, without a new entry in any index. What changes when it is queued or claimed is in two narrow
-- tables, `ready` and `leases`: they repeat what `jobs` says about the jobs that can be claimed and those that run.
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
  run_at float8 NOT NULL,
  state text NOT NULL CHECK (
    state IN ('pending', 'awaiting_approval', 'queued', 'running', 'succeeded', 'failed', 'rejected')
  ),
  decision text,
  error text,
  result text,
  ended_at float8 CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'rejected'))),
  pruned boolean NOT NULL DEFAULT false,
  -- Of each attempt its token, and how it ended; NULL while it runs.
  tokens text[] NOT NULL DEFAULT '{}',
  ends text[] NOT NULL DEFAULT '{}' CHECK (cardinality(ends) = cardinality(tokens)),
  -- The states that people look for among millions of jobs that went well: the index has no others.
  attention text GENERATED ALWAYS AS (
    CASE WHEN state IN ('awaiting_approval', 'failed', 'rejected') THEN state END
  ) STORED
) WITH (fillfactor = 50);
CREATE INDEX ON {schema}.jobs (sequence) WHERE NOT pruned;
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
  leased_at float8 NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
