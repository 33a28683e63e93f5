/** The tables; ids are compared byte for byte, and a counter's page keeps room for its next versions. */
export function tables(schema: string): string {
  return `
    CREATE TABLE ${schema}.scopes (
      scope text COLLATE "C" PRIMARY KEY,
      reserved numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0),
      spent numeric NOT NULL DEFAULT 0 CHECK (spent >= 0),
      pinned bigint CHECK (pinned >= 0)
    ) WITH (fillfactor = 10);

    CREATE TABLE ${schema}.holds (
      hold_id text COLLATE "C" PRIMARY KEY,
      job_id text COLLATE "C" CHECK ((job_id IS NOT NULL) = (hold_id LIKE 'job:%#%')),
      asked bigint NOT NULL CHECK (asked >= 0),
      steps bigint[] NOT NULL DEFAULT '{}',
      held bigint NOT NULL CHECK (held >= asked),
      scopes text[] COLLATE "C" NOT NULL,
      caps bigint[] NOT NULL CHECK (cardinality(caps) = cardinality(scopes)),
      untils float8[] NOT NULL CHECK (cardinality(untils) = cardinality(scopes)),
      state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'released', 'charged')),
      booked bigint NOT NULL DEFAULT 0 CHECK (booked >= 0 AND (booked = 0 OR state IN ('settled', 'charged'))),
      settled_from text NOT NULL DEFAULT 'open' CHECK (settled_from IN ('open', 'released', 'charged')),
      expires_at float8,
      resolved_at float8 CHECK ((resolved_at IS NULL) = (state = 'open')),
      pruned boolean NOT NULL DEFAULT false
    ) WITH (fillfactor = 50);
    CREATE UNIQUE INDEX ON ${schema}.holds (job_id) WHERE state = 'open' AND job_id IS NOT NULL;
    CREATE INDEX ON ${schema}.holds (expires_at) WHERE state = 'open' AND expires_at IS NOT NULL;
    CREATE INDEX ON ${schema}.holds (resolved_at) WHERE state = 'settled' AND NOT pruned;

    CREATE TABLE ${schema}.jobs (
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
      leased_at float8 NOT NULL,
      state text NOT NULL CHECK (state IN
        ('pending', 'awaiting_approval', 'queued', 'running', 'succeeded', 'failed', 'rejected')),
      decision text,
      error text,
      result text,
      ended_at float8 CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'rejected'))),
      pruned boolean NOT NULL DEFAULT false,
      tokens text[] NOT NULL DEFAULT '{}',
      ends text[] NOT NULL DEFAULT '{}' CHECK (cardinality(ends) = cardinality(tokens))
    ) WITH (fillfactor = 50);
    CREATE INDEX ON ${schema}.jobs (lane, priority, run_at, sequence) WHERE state IN ('pending', 'queued');
    CREATE INDEX ON ${schema}.jobs (leased_at) WHERE state = 'running';
    CREATE INDEX ON ${schema}.jobs (ended_at) WHERE ended_at IS NOT NULL AND NOT pruned;
    CREATE INDEX ON ${schema}.jobs (sequence) WHERE NOT pruned;
    CREATE INDEX ON ${schema}.jobs (state, sequence) WHERE NOT pruned;
    CREATE INDEX ON ${schema}.jobs (lane, sequence) WHERE NOT pruned;`;
}
