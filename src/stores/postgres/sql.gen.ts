// Written by scripts/sql.ts from the .sql files beside it: change those, and run `npx node scripts/sql.ts`.
import type { Migration } from "../migration.ts";

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sha256: "28ee2f6f028e6936e8af07512c7ac9021e456a2942a62097969c45351e2abb5d",
    sql: `-- Rules that the library's TypeScript states too: one table of cases holds both to the same answers. Each is one
-- expression, which the planner puts in the place of the call.

-- Free local work needs no approval and holds no money.
CREATE FUNCTION {schema}.is_free(backend text, max_cost bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN backend = 'local' AND max_cost = 0;

-- The id of a job's hold; n counts the job's holds from 1, also those that nobody claimed.
CREATE FUNCTION {schema}.job_hold(job_id text, n int) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'job:' || job_id || '#' || n::text;

-- Whether a job has ended.
CREATE FUNCTION {schema}.is_terminal(state text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN state IN ('succeeded', 'failed', 'rejected');

-- The states that people look for among millions of jobs that went well; NULL for the others.
CREATE FUNCTION {schema}.attention(state text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN state IN ('awaiting_approval', 'failed', 'rejected') THEN state END;

-- What a new job begins as; the decision is NULL where nobody has approved it yet.
CREATE FUNCTION {schema}.first_state(backend text, max_cost bigint, decision text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN {schema}.is_free(backend, max_cost) THEN 'pending'
  WHEN decision IS NULL THEN 'awaiting_approval'
  ELSE 'queued'
END;

-- When a job ends by itself that nobody has claimed, and, unless it was approved, nobody has decided on.
CREATE FUNCTION {schema}.deadline_of(state text, decide_by float8, claim_by float8, is_decided boolean) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN state = 'awaiting_approval' AND NOT is_decided THEN least(decide_by, claim_by) ELSE claim_by END;

-- The largest amount of the ledger, 2^62 - 1 micro-cents.
CREATE FUNCTION {schema}.max_amount() RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN 4611686018427387903;

-- Whether an open hold is to be charged; at the very second of its expiry it is.
CREATE FUNCTION {schema}.is_hold_due(expires_at float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN expires_at <= clock;

-- Whether a running job has run as long as it may; NULL is no limit.
CREATE FUNCTION {schema}.is_timed_out(run_until float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(run_until <= clock, false);

-- Whether a lease counts as lost: at the very second of its time to live it does. Its own length comes first.
CREATE FUNCTION {schema}.is_lease_lost(
  leased_at float8, lease_seconds float8, run_until float8, clock float8, ttl float8
) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN clock - leased_at >= coalesce(lease_seconds, ttl) OR {schema}.is_timed_out(run_until, clock);

-- Whether a scope's day or month is over; in the very second of its end it is. NULL has no end.
CREATE FUNCTION {schema}.is_over(until float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(clock >= until, false);

-- The cap of a pin that counts now: the raised one until its end. NULL without a pin.
CREATE FUNCTION {schema}.cap_in_force(pinned bigint, raised_to bigint, raised_until float8, clock float8) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN raised_to > pinned AND clock < raised_until THEN raised_to ELSE pinned END;

-- Seconds until a job is offered again whose payload was refused, the last time included.
CREATE FUNCTION {schema}.refusal_delay(refusals int) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN 60 * power(2::float8, refusals - 1);

-- After so many refusals of its payload a job waits for a person.
CREATE FUNCTION {schema}.most_refusals() RETURNS int
LANGUAGE sql IMMUTABLE
RETURN 8;

-- The payloads of one claim have at most so many bytes together.
CREATE FUNCTION {schema}.most_claimed_bytes() RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN 8000000;

-- A decision as JSON, with the store's time where it has none of its own.
CREATE FUNCTION {schema}.dated(decision text, clock float8) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
  WHEN decision::jsonb -> 'decidedAt' = 'null' THEN (
    decision::jsonb || jsonb_build_object(
      'decidedAt', to_char(to_timestamp(clock) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    )
  )::text
  ELSE decision
END;

-- Fixes the instant of an operation; called after the locks, so that whoever waited does not act at an old one.
CREATE FUNCTION {schema}.read_clock(at float8) RETURNS float8
LANGUAGE sql VOLATILE
RETURN coalesce(at, extract(epoch FROM clock_timestamp())::float8);
-- Ids, lanes and scopes are compared byte for byte. Pages keep room for the next versions of their rows. PostgreSQL
-- prepares every check and every generated column anew for each statement that writes: the checks are few and call no
-- function of this schema, and what only an index needs (\`due\`, \`closed\`, \`attention\`, \`deadline\`) is written by the
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
-- the hold, or \`job:\` and the id of the job; NULL for a cap or a lane.
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
  -- \`expires_at\` while it is open.
  due float8,
  -- \`resolved_at\` of a caller's hold; a job's holds are pruned with the job.
  closed float8
) WITH (fillfactor = 50);
CREATE INDEX ON {schema}.holds (due) WHERE due IS NOT NULL;
CREATE INDEX ON {schema}.holds (closed) WHERE closed IS NOT NULL AND NOT pruned;
CREATE INDEX ON {schema}.holds (closed) WHERE closed IS NOT NULL AND pruned;

-- A job changes in place, without a new entry in any index. What changes when it is queued, claimed or ended is in three
-- narrow tables, \`ready\`, \`leases\` and \`ended\`: they repeat what \`jobs\` says about the jobs that can be claimed, those that
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
-- What the operations share.
--
-- Every operation locks the jobs by id, then the holds by id, then the counters by scope; it reads the clock, decides
-- its items in their order against the locked counters, writes the counters once, and then the entries of the journal.

-- A session's own settings must not change what an operation means, prints or costs, so each operation brings its own:
-- the path, exact numbers, plans by the indexes (up to PostgreSQL 17 a plan without an index then counts as so dear that
-- it is compiled, which takes far longer), and one plan for all values. That plan may be made while the tables are
-- empty, so every statement finds its rows by their keys, or by the only index for them, and joins a table to nothing
-- but a list of keys.

-- Every operation begins with this.
CREATE FUNCTION {schema}.begin_operation() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- At any other level a decision could be made on rows as they were before they were locked.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the transaction must be READ COMMITTED, it is %', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  -- Rows that a policy hides would count as missing: a counter as 0, a pin as none.
  IF row_security_active('{schema}.scopes'::regclass) OR row_security_active('{schema}.holds'::regclass)
    OR row_security_active('{schema}.jobs'::regclass) OR row_security_active('{schema}.ready'::regclass)
    OR row_security_active('{schema}.leases'::regclass) OR row_security_active('{schema}.ended'::regclass)
    OR row_security_active('{schema}.lanes'::regclass) OR row_security_active('{schema}.journal'::regclass)
    OR row_security_active('{schema}.decisions'::regclass) OR row_security_active('{schema}.store'::regclass)
  THEN
    RAISE EXCEPTION 'policies of row security hide rows of the schema from the role %: it must see all of them',
      current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- What was answered must be on the disk. A session may ask for more than that, and keeps it.
  IF current_setting('synchronous_commit') <> 'remote_apply' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
END $$;

-- Undoes a batch that is all or nothing; the client knows it by its code, and reads the reason from the message.
CREATE FUNCTION {schema}.undo_batch(reason jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', reason USING ERRCODE = 'DK001';
END $$;

-- Undoes an operation that cannot read what it was asked about: what is unknown admits nothing.
CREATE FUNCTION {schema}.unreadable(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% cannot be read; was it deleted, or are there policies of row security?', what;
END $$;


-- Decisions -----------------------------------------------------------------------------------------------------------

-- What was decided under an id, as an answer; NULL if nothing was. Looked up after the locks: whoever waited sees it.
CREATE FUNCTION {schema}.decided(decision_id text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF decision_id IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT jsonb_build_object('kind', 'decided', 'body', d.body, 'answer', d.answer::jsonb)
      FROM {schema}.decisions AS d WHERE d.id = decision_id
  );
END $$;

-- Keeps the answer to a decision, if it has an id.
CREATE FUNCTION {schema}.keep_decision(decision_id text, subject text, body text, answer jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF decision_id IS NOT NULL THEN
    INSERT INTO {schema}.decisions (id, subject, body, answer) VALUES (decision_id, subject, body, answer::text);
  END IF;
END $$;


-- Jobs ----------------------------------------------------------------------------------------------------------------

-- A job as JSON.
CREATE FUNCTION {schema}.job_json(job {schema}.jobs) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object(
  'jobId', job.job_id,
  'lane', job.lane,
  'payload', job.payload,
  'backend', job.backend,
  'maxCost', job.max_cost::text,
  'maxAttempts', job.max_attempts,
  'priority', job.priority,
  'askedRunAt', job.asked_run_at,
  'scopes', job.scope_names,
  'requestedBy', job.requested_by,
  'tags', job.tags,
  'decideBy', job.decide_by,
  'claimBy', job.claim_by,
  'maxRunSeconds', job.max_run_seconds,
  'state', job.state,
  'tried', job.tried,
  'retries', job.retries,
  'leasedBy', CASE job.state
    WHEN 'running' THEN (SELECT l.leased_by FROM {schema}.leases AS l WHERE l.job_id = job.job_id)
  END,
  'decision', job.decision,
  'cancellation', job.cancellation,
  'error', job.error,
  'result', job.result,
  'submittedAt', job.submitted_at,
  'decidedAt', job.decided_at,
  'startedAt', job.claimed_ats[cardinality(job.claimed_ats)],
  'waitingSince', job.waiting_since,
  'endedAt', job.ended_at,
  'booked', (
    SELECT coalesce(sum(h.booked), 0)::text FROM {schema}.holds AS h
      WHERE h.hold_id = ANY (ARRAY(SELECT {schema}.job_hold(job.job_id, n) FROM generate_series(1, job.holds) AS n))
  ),
  'pruned', job.pruned
);

-- The hold that is open while a paid job is queued, for its next attempt, and while it runs.
CREATE FUNCTION {schema}.open_hold(job {schema}.jobs) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN {schema}.job_hold(job.job_id, job.holds);

-- Locks the jobs that the items name. Answers those that there were: one that is submitted while the operation waits for
-- its other locks is seen later, and is not locked.
CREATE FUNCTION {schema}.lock_jobs(input jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(
    SELECT job_id FROM {schema}.jobs
      WHERE job_id = ANY (ARRAY(SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item))
      ORDER BY job_id FOR UPDATE
  );
END $$;

-- Undoes an operation that meets a job which it has not locked: the client tries again.
CREATE FUNCTION {schema}.ensure_locked(job_id text, locked_ids text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF job_id IS NOT NULL AND job_id <> ALL (locked_ids) THEN
    RAISE EXCEPTION 'a job was submitted meanwhile' USING ERRCODE = 'serialization_failure';
  END IF;
END $$;

-- Lets a job be claimed.
CREATE FUNCTION {schema}.make_ready(job_id text, lane text, priority bigint, run_at float8, sequence bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {schema}.ready (job_id, lane, priority, run_at, sequence)
    VALUES (job_id, lane, priority, run_at, sequence);
END $$;
-- The counters of scopes and the holds: every move of money goes through what is here.

-- Counters ------------------------------------------------------------------------------------------------------------

-- The counters of some scopes, locked, while an operation decides: entry by entry, in the order of their names.
CREATE TYPE {schema}.counters AS (
  scopes text[],
  reserved numeric[],
  spent numeric[],
  pinned bigint[],
  -- The raised caps by scope, \`[to, until]\`; NULL if there are none.
  raises jsonb,
  -- What was committed before the first entry of the journal that shows the scope; NULL until there is one.
  before numeric[]
);

-- Makes the counters that are missing, locks all of them, and reads them.
CREATE FUNCTION {schema}.lock_counters(wanted text[]) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
DECLARE
  counters {schema}.counters;
BEGIN
  wanted := ARRAY(SELECT DISTINCT w.scope COLLATE "C" FROM unnest(wanted) AS w (scope) ORDER BY 1);
  -- No operation deletes a counter: one that is there stays.
  IF (SELECT count(*) FROM {schema}.scopes AS s WHERE s.scope = ANY (wanted)) < cardinality(wanted) THEN
    INSERT INTO {schema}.scopes (scope) SELECT unnest(wanted) ON CONFLICT DO NOTHING;
  END IF;
  SELECT array_agg(locked.scope), array_agg(locked.reserved), array_agg(locked.spent), array_agg(locked.pinned),
      jsonb_object_agg(locked.scope, jsonb_build_array(locked.raised_to, locked.raised_until))
        FILTER (WHERE locked.raised_to IS NOT NULL),
      array_agg(NULL::numeric)
    INTO counters
    FROM (
      SELECT s.scope, s.reserved, s.spent, s.pinned, s.raised_to, s.raised_until
        FROM {schema}.scopes AS s WHERE s.scope = ANY (wanted) ORDER BY s.scope FOR UPDATE
    ) AS locked;
  IF coalesce(cardinality(counters.scopes), 0) <> cardinality(wanted) THEN
    PERFORM {schema}.unreadable('a counter');
  END IF;
  RETURN counters;
END $$;

-- What the locked scopes have committed.
CREATE FUNCTION {schema}.committed(counters {schema}.counters) RETURNS numeric[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(SELECT c.reserved + c.spent FROM unnest(counters.reserved, counters.spent) AS c (reserved, spent));
END $$;

-- Adds to the counters of some scopes, which an entry of the journal shows.
CREATE FUNCTION {schema}.add_to_counters(
  counters {schema}.counters, scopes text[], more_reserved numeric, more_spent numeric
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
DECLARE
  i int;
BEGIN
  FOR k IN 1 .. coalesce(cardinality(scopes), 0) LOOP
    i := array_position(counters.scopes, scopes[k]);
    IF i IS NULL THEN
      RAISE EXCEPTION 'a hold was made meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    counters.before[i] := coalesce(counters.before[i], counters.reserved[i] + counters.spent[i]);
    counters.reserved[i] := counters.reserved[i] + more_reserved;
    counters.spent[i] := counters.spent[i] + more_spent;
  END LOOP;
  RETURN counters;
END $$;

-- Writes the counters that were changed.
CREATE FUNCTION {schema}.write_counters(counters {schema}.counters) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE {schema}.scopes AS s
    SET reserved = counters.reserved[array_position(counters.scopes, s.scope)],
      spent = counters.spent[array_position(counters.scopes, s.scope)]
    WHERE s.scope = ANY (counters.scopes)
      AND (s.reserved, s.spent) IS DISTINCT FROM (
        counters.reserved[array_position(counters.scopes, s.scope)],
        counters.spent[array_position(counters.scopes, s.scope)]
      );
END $$;

-- The first scope whose pinned cap is not the one of the request, or that has no cap at all, as an answer; NULL if there
-- is none. A request without a cap takes the pinned one.
CREATE FUNCTION {schema}.pin_conflict(
  counters {schema}.counters, scopes text[], caps bigint[]
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  pinned bigint;
BEGIN
  FOR k IN 1 .. cardinality(scopes) LOOP
    pinned := counters.pinned[array_position(counters.scopes, scopes[k])];
    IF pinned <> caps[k] OR pinned IS NULL AND caps[k] IS NULL THEN
      RETURN jsonb_build_object('kind', 'pinned', 'scope', scopes[k], 'pinned', pinned::text, 'asked', caps[k]::text);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- The cap that counts in the ith of the locked scopes: the pinned one, with its raise, or that of the request.
CREATE FUNCTION {schema}.cap_of(counters {schema}.counters, i int, asked bigint, clock float8) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN counters.raises IS NULL THEN coalesce(counters.pinned[i], asked)
  ELSE coalesce(
    {schema}.cap_in_force(
      counters.pinned[i], (counters.raises -> counters.scopes[i] ->> 0)::bigint,
      (counters.raises -> counters.scopes[i] ->> 1)::float8, clock
    ),
    asked
  )
END;

-- The scopes that lack room for an amount, and by how much; an empty list if it fits everywhere. What is new has no
-- room in a scope whose time is over. An amount of 0 moves no money, so it fits also where the cap is passed.
CREATE FUNCTION {schema}.lacking(
  counters {schema}.counters, amount bigint, scopes text[], caps bigint[], untils float8[], clock float8, is_new boolean
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  lacking jsonb := '[]';
  room numeric;
  is_over boolean;
  i int;
BEGIN
  FOR k IN 1 .. cardinality(scopes) LOOP
    i := array_position(counters.scopes, scopes[k]);
    room := {schema}.cap_of(counters, i, caps[k], clock) - counters.reserved[i] - counters.spent[i];
    is_over := is_new AND {schema}.is_over(untils[k], clock);
    -- What is unknown is no room.
    IF is_over OR (amount <= room OR amount = 0 AND room IS NOT NULL) IS NOT TRUE THEN
      lacking := lacking || jsonb_strip_nulls(jsonb_build_object(
        'scope', scopes[k],
        'by', (CASE WHEN is_over OR room IS NULL THEN amount ELSE amount - room END)::text,
        'until', untils[k],
        'over', nullif(is_over, false),
        'unknown', CASE WHEN NOT is_over AND room IS NULL THEN true END
      ));
    END IF;
  END LOOP;
  RETURN lacking;
END $$;

-- Many requests name the same scopes and caps. Each such list is sent once, \`[{ total, scopes, caps, untils }]\`, with
-- the total that is asked for in its scopes; a request names its list by its place, counted from 1.

-- Whether all the totals fit at once, in scopes whose time is not over and under the caps that count: then each of the
-- requests fits in its turn.
CREATE FUNCTION {schema}.all_fit(counters {schema}.counters, lists jsonb, clock float8) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  RETURN NOT EXISTS (
    SELECT FROM jsonb_to_recordset(lists) AS list (total numeric, scopes text[], caps bigint[], untils float8[]),
        unnest(list.scopes, list.caps, list.untils) AS u (scope, cap, until)
      LEFT JOIN unnest(counters.scopes, counters.reserved, counters.spent, counters.pinned)
        AS c (scope, reserved, spent, pinned) ON c.scope = u.scope
      GROUP BY u.scope
      -- A raised cap, and one that is left out and not pinned, are for the requests one by one.
      HAVING bool_or({schema}.is_over(u.until, clock)) OR bool_or(c.pinned <> u.cap)
        OR (sum(list.total) <= min(coalesce(u.cap, c.pinned)) - min(c.reserved + c.spent)) IS NOT TRUE
        OR bool_or(u.cap IS NULL AND c.pinned IS NULL)
  );
END $$;

-- Reserves all the totals, in scopes that are locked. A scope finds its own by its name.
CREATE FUNCTION {schema}.reserve_totals(counters {schema}.counters, lists jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed bigint;
  totals jsonb := (
    SELECT jsonb_object_agg(asked.scope, asked.total)
      FROM (
        SELECT u.scope, sum(list.total) AS total
          FROM jsonb_to_recordset(lists) AS list (total numeric, scopes text[]), unnest(list.scopes) AS u (scope)
          GROUP BY u.scope
      ) AS asked
  );
BEGIN
  UPDATE {schema}.scopes AS s SET reserved = s.reserved + (totals ->> s.scope)::numeric
    WHERE s.scope = ANY (counters.scopes);
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> coalesce(cardinality(counters.scopes), 0) THEN
    PERFORM {schema}.unreadable('a counter');
  END IF;
END $$;


-- Holds ---------------------------------------------------------------------------------------------------------------

-- A hold as JSON; its money is text, since some clients' numbers are inexact above 2^53.
CREATE FUNCTION {schema}.hold_json(hold {schema}.holds) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object(
  'holdId', hold.hold_id,
  'asked', hold.asked::text,
  'steps', hold.steps::text[],
  'scopes', hold.scopes,
  'caps', hold.caps::text[],
  'untils', hold.untils,
  'state', hold.state,
  'booked', hold.booked::text,
  'settledFrom', hold.settled_from,
  'corrected', hold.corrected,
  'firstSettled', hold.first_settled::text,
  'tags', hold.tags,
  'expiresAt', hold.expires_at,
  'pruned', hold.pruned
);

-- Holds as they are now, in the order of the ids; NULL for one that does not exist.
CREATE FUNCTION {schema}.holds_json(hold_ids text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  RETURN to_jsonb(ARRAY(
    SELECT (SELECT {schema}.hold_json(h) FROM {schema}.holds AS h WHERE h.hold_id = wanted.hold_id)
      FROM unnest(hold_ids) WITH ORDINALITY AS wanted (hold_id, place)
      ORDER BY wanted.place
  ));
END $$;

-- Locks holds, and then the counters of their scopes.
CREATE FUNCTION {schema}.lock_holds(hold_ids text[]) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM {schema}.holds WHERE hold_id = ANY (hold_ids) ORDER BY hold_id FOR UPDATE;
  RETURN {schema}.lock_counters(ARRAY(SELECT unnest(scopes) FROM {schema}.holds WHERE hold_id = ANY (hold_ids)));
END $$;

-- Closes a hold, or corrects what it was charged: what was open is no longer reserved, and what is booked is spent.
CREATE FUNCTION {schema}.move_hold(
  counters {schema}.counters, hold {schema}.holds, next_state text, next_booked bigint, clock float8
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  UPDATE {schema}.holds
    SET state = next_state, booked = next_booked, settled_from = hold.state, resolved_at = clock, due = NULL,
      closed = CASE WHEN hold.job_id IS NULL THEN clock END
    WHERE hold_id = hold.hold_id;
  RETURN {schema}.add_to_counters(
    counters, hold.scopes, CASE hold.state WHEN 'open' THEN -hold.held ELSE 0 END, next_booked - hold.booked
  );
END $$;

-- Sets aside what an attempt may cost. Such a hold does not expire: recovery resolves it.
CREATE FUNCTION {schema}.hold_for_job(
  counters {schema}.counters, job_id text, n int, amount bigint, tags text, scopes text[], caps bigint[],
  untils float8[], clock float8
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils, tags, held_at)
    VALUES ({schema}.job_hold(job_id, n), job_id, amount, amount, scopes, caps, untils, tags, clock);
  RETURN {schema}.add_to_counters(counters, scopes, amount, 0);
END $$;
-- The entries of the journal: what was moved, and who has decided it. They are made as text, field by field: each field
-- begins with a comma, and is empty where there is nothing to say.

-- A text as JSON. No text of an entry has control characters; \`to_json\` takes three times as long. The backslash is not
-- written, since a session may read it as an escape.
CREATE FUNCTION {schema}.quoted(value text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN '"' || replace(replace(value, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"';

-- A field with a text; none for NULL.
CREATE FUNCTION {schema}.text_field(name text, value text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(',"' || name || '":' || {schema}.quoted(value), '');

-- The job that an entry is about, as it is after it.
CREATE FUNCTION {schema}.job_fields(job_id text, tried int, state text, lane text, backend text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN ',"job":' || {schema}.quoted(job_id) || ',"attempt":' || tried::text || ',"state":"' || state
  || '","lane":' || {schema}.quoted(lane) || ',"backend":"' || backend || '"';

-- A hold, as it was before it was closed, with what is booked for it now and what it is closed as. None for NULL.
CREATE FUNCTION {schema}.closed_field(hold {schema}.holds, booked bigint, closed_as text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(
  ',"closed":[' || {schema}.quoted(hold.hold_id) || ',"' || hold.held::text || '","' || booked::text || '","'
    || closed_as || '"]'
    || CASE hold.state WHEN 'open' THEN '' ELSE ',"was":"' || hold.booked::text || '"' END
    -- Nothing of what is booked was set aside any more.
    || CASE
      WHEN hold.state = 'released' OR hold.state = 'settled' AND hold.settled_from = 'released' THEN ',"givenBack":true'
      ELSE ''
    END,
  ''
);

-- A hold that was made or extended, with its whole amount.
CREATE FUNCTION {schema}.opened_field(hold_id text, held bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN ',"opened":[' || {schema}.quoted(hold_id) || ',"' || held::text || '"]';

-- By how much what is committed in some scopes has grown. None for NULL.
CREATE FUNCTION {schema}.moved_fields(moved numeric, shown text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(',"moved":"' || moved::text || '","scopes":[' || shown || ']', '');

-- A scope and its cap.
CREATE FUNCTION {schema}.shown_scope(scope text, cap bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN '[' || {schema}.quoted(scope) || ',' || coalesce('"' || cap::text || '"', 'null') || ']';

-- Scopes that are locked, with the caps that count in them.
CREATE FUNCTION {schema}.shown_scopes(
  counters {schema}.counters, scopes text[], caps bigint[], clock float8
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  shown text;
BEGIN
  FOR k IN 1 .. coalesce(cardinality(scopes), 0) LOOP
    shown := coalesce(shown || ',', '') || {schema}.shown_scope(
      scopes[k], {schema}.cap_of(counters, array_position(counters.scopes, scopes[k]), caps[k], clock)
    );
  END LOOP;
  RETURN shown;
END $$;

-- The same for each of the lists that many requests have in common, by its number.
CREATE FUNCTION {schema}.shown_lists(counters {schema}.counters, lists jsonb, clock float8) RETURNS text[]
LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(
    SELECT {schema}.shown_scopes(counters, list.scopes, list.caps, clock)
      FROM ROWS FROM (jsonb_to_recordset(lists) AS (scopes text[], caps bigint[])) WITH ORDINALITY
        AS list (scopes, caps, number)
      ORDER BY list.number
  );
END $$;

-- A decision that has its time; none for NULL. A plain approval has no id.
CREATE FUNCTION {schema}.decision_field(decision_id text, decision text) RETURNS text
LANGUAGE sql STABLE
RETURN coalesce(
  ',"decision":{"id":' || coalesce({schema}.quoted(decision_id), 'null')
    || ',"author":' || (decision::json -> 'author')::text || ',"reason":' || (decision::json -> 'reason')::text || ',"decidedAt":' || (decision::json -> 'decidedAt')::text || '}',
  ''
);

-- The entry of a hold that was closed, or whose booking was changed: its row as it was before.
CREATE FUNCTION {schema}.closed_entry(
  kind text, counters {schema}.counters, hold {schema}.holds, booked bigint, fields text, clock float8
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN '{"kind":"' || kind || '"' || {schema}.closed_field(hold, booked, 'settled')
    || {schema}.moved_fields(
      booked - CASE hold.state WHEN 'open' THEN hold.held ELSE hold.booked END,
      {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock)
    )
    || {schema}.text_field('tags', hold.tags) || fields || '}';
END $$;

-- How many entries a row has at most: so far apart are the numbers that are drawn.
CREATE FUNCTION {schema}.most_entries() RETURNS int
LANGUAGE sql IMMUTABLE
RETURN 10000;

-- The counters as they were before the next of some entries.
CREATE FUNCTION {schema}.moved_on(counters {schema}.counters, entries text[]) RETURNS {schema}.counters
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := (
    SELECT jsonb_object_agg(each.scope, each.moved)
      FROM (
        SELECT shown ->> 0 AS scope, sum((entry::json ->> 'moved')::numeric) AS moved
          FROM unnest(entries) AS entry, json_array_elements(entry::json -> 'scopes') AS shown
          GROUP BY 1
      ) AS each
  );
BEGIN
  FOR k IN 1 .. coalesce(cardinality(counters.scopes), 0) LOOP
    counters.before[k] := counters.before[k] + coalesce((moved ->> counters.scopes[k])::numeric, 0);
  END LOOP;
  RETURN counters;
END $$;

-- Keeps the entries of a statement, in the order of its decisions. The last thing that an operation does, for the number
-- that is drawn here: whoever draws a greater one later had to wait for the locks, or moves something else.
CREATE FUNCTION {schema}.keep_entries(counters {schema}.counters, entries text[], clock float8) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  most int := {schema}.most_entries();
  committed text := '';
BEGIN
  IF coalesce(cardinality(entries), 0) = 0 THEN
    RETURN;
  END IF;
  IF array_position(entries, NULL) IS NOT NULL THEN
    PERFORM {schema}.unreadable('what was moved');
  END IF;
  FOR k IN 1 .. coalesce(cardinality(counters.scopes), 0) LOOP
    IF counters.before[k] IS NOT NULL THEN
      committed := committed || CASE committed WHEN '' THEN '' ELSE ',' END
        || {schema}.quoted(counters.scopes[k]) || ':"' || counters.before[k]::text || '"';
    END IF;
  END LOOP;
  INSERT INTO {schema}.journal (place, at, body)
    VALUES (
      nextval('{schema}.journal_places'::regclass), clock,
      '{"before":{' || committed || '},"entries":[' || array_to_string(entries[:most], ',') || ']}'
    );
  IF cardinality(entries) > most THEN
    PERFORM {schema}.keep_entries({schema}.moved_on(counters, entries[:most]), entries[most + 1:], clock);
  END IF;
END $$;

-- Closes those of some locked holds that are in one of the states \`froms\`: \`settled\` at their actual costs, \`released\`, or
-- \`charged\` in full. Writes the counters and the entries.
CREATE FUNCTION {schema}.close_holds(
  counters {schema}.counters, hold_ids text[], froms text[], kind text, actuals jsonb, actor text, clock float8
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  same record;
  shown text;
  fields text := {schema}.text_field('by', actor) || '}';
  entries text[] := '{}';
BEGIN
  -- Many holds have the same scopes and caps.
  FOR same IN
    SELECT h.scopes, h.caps, sum(CASE h.state WHEN 'open' THEN -h.held ELSE 0 END) AS reserved,
        sum(next.booked - h.booked) AS spent,
        array_agg('{"kind":"' || kind || '"' || {schema}.closed_field(h, next.booked, kind)) AS closings,
        array_agg(next.booked - CASE h.state WHEN 'open' THEN h.held ELSE h.booked END) AS moved,
        array_agg({schema}.text_field('tags', h.tags)) AS tags
      FROM {schema}.holds AS h, LATERAL (
        SELECT CASE kind
          WHEN 'settled' THEN (actuals ->> h.hold_id)::bigint
          WHEN 'charged' THEN h.held
          ELSE 0
        END AS booked
      ) AS next
      WHERE h.hold_id = ANY (hold_ids) AND h.state = ANY (froms)
      GROUP BY h.scopes, h.caps
  LOOP
    counters := {schema}.add_to_counters(counters, same.scopes, same.reserved, same.spent);
    shown := {schema}.shown_scopes(counters, same.scopes, same.caps, clock);
    FOR k IN 1 .. cardinality(same.closings) LOOP
      entries := array_append(
        entries, same.closings[k] || {schema}.moved_fields(same.moved[k], shown) || same.tags[k] || fields
      );
    END LOOP;
  END LOOP;
  UPDATE {schema}.holds AS h
    SET state = kind, settled_from = h.state, resolved_at = clock, due = NULL,
      booked = CASE kind WHEN 'settled' THEN (actuals ->> h.hold_id)::bigint WHEN 'charged' THEN h.held ELSE 0 END,
      closed = CASE WHEN h.job_id IS NULL THEN clock END
    WHERE h.hold_id = ANY (hold_ids) AND h.state = ANY (froms);
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
END $$;
-- The operations of the ledger. What they say about a hold is its row as it was before: the client's pure rules make
-- the answer of it.

-- The requests in their order, each with its scopes and caps: those of the list that it names.
CREATE FUNCTION {schema}.hold_requests(input jsonb, lists jsonb)
RETURNS TABLE (
  number bigint, hold_id text, amount bigint, ttl float8, tags text, list bigint, scopes text[], caps bigint[],
  untils float8[]
)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT request.number, request.hold_id, request.amount, request.ttl, request.tags, request.list,
      list.scopes, list.caps, list.untils
    FROM ROWS FROM (
        jsonb_to_recordset(input) AS ("holdId" text, amount bigint, "ttlSeconds" float8, tags text, list bigint)
      ) WITH ORDINALITY AS request (hold_id, amount, ttl, tags, list, number)
      JOIN ROWS FROM (
        jsonb_to_recordset(lists) AS (scopes text[], caps bigint[], untils float8[])
      ) WITH ORDINALITY AS list (scopes, caps, untils, number) ON list.number = request.list;
END;

-- The entry of a new hold in scopes that are shown already.
CREATE FUNCTION {schema}.held_entry(
  hold_id text, amount bigint, shown text, until float8, tags text, fields text
) RETURNS text
LANGUAGE sql STABLE
RETURN '{"kind":"held"' || {schema}.opened_field(hold_id, amount) || {schema}.moved_fields(amount, shown)
  || ',"until":' || until::text || {schema}.text_field('tags', tags) || fields || '}';

CREATE FUNCTION {schema}.hold_v1(input jsonb, lists jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  request record;
  hold {schema}.holds%ROWTYPE;
  conflict jsonb;
  lacking jsonb;
  shown text[];
  fields text;
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_counters(
    ARRAY(SELECT jsonb_array_elements_text(list -> 'scopes') FROM jsonb_array_elements(lists) AS list)
  );
  clock := {schema}.read_clock(at);

  -- Many new holds that all fit are made in one statement.
  IF jsonb_array_length(input) > 1
    AND {schema}.all_fit(counters, lists, clock)
    AND NOT EXISTS (
      SELECT FROM {schema}.holds
        WHERE hold_id = ANY (ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item))
    )
  THEN
    shown := {schema}.shown_lists(counters, lists, clock);
    fields := {schema}.text_field('by', actor);
    WITH new AS MATERIALIZED (
      SELECT * FROM {schema}.hold_requests(input, lists)
    ),
    made AS (
      INSERT INTO {schema}.holds (hold_id, asked, held, scopes, caps, untils, tags, held_at, expires_at, due)
        SELECT new.hold_id, new.amount, new.amount, new.scopes, new.caps, new.untils, new.tags, clock, clock + new.ttl,
            clock + new.ttl
          FROM new
    )
    SELECT array_agg(
        {schema}.held_entry(new.hold_id, new.amount, shown[new.list], clock + new.ttl, new.tags, fields) ORDER BY new.number
      )
      INTO entries FROM new;
    PERFORM {schema}.reserve_totals(counters, lists);
    counters.before := {schema}.committed(counters);
    PERFORM {schema}.keep_entries(counters, entries, clock);
    RETURN to_jsonb(array_fill('{"kind":"held"}'::jsonb, ARRAY[jsonb_array_length(input)]));
  END IF;

  FOR request IN SELECT * FROM {schema}.hold_requests(input, lists) AS r ORDER BY r.number LOOP
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = request.hold_id;
    IF FOUND THEN
      answers := array_append(answers, jsonb_build_object('kind', 'known', 'hold', {schema}.hold_json(hold)));
      CONTINUE;
    END IF;
    conflict := {schema}.pin_conflict(counters, request.scopes, request.caps);
    IF conflict IS NOT NULL THEN
      answers := array_append(answers, conflict);
      CONTINUE;
    END IF;
    lacking := {schema}.lacking(
      counters, request.amount, request.scopes, request.caps, request.untils, clock, true
    );
    IF lacking IS DISTINCT FROM '[]' THEN
      answers := array_append(answers, jsonb_build_object('kind', 'refused', 'lacking', lacking));
      CONTINUE;
    END IF;
    INSERT INTO {schema}.holds (hold_id, asked, held, scopes, caps, untils, tags, held_at, expires_at, due)
      VALUES (
        request.hold_id, request.amount, request.amount, request.scopes, request.caps, request.untils, request.tags,
        clock, clock + request.ttl, clock + request.ttl
      )
      ON CONFLICT DO NOTHING;
    IF FOUND THEN
      counters := {schema}.add_to_counters(counters, request.scopes, request.amount, 0);
      entries := array_append(entries, {schema}.held_entry(
        request.hold_id, request.amount, {schema}.shown_scopes(counters, request.scopes, request.caps, clock),
        clock + request.ttl, request.tags, {schema}.text_field('by', actor)
      ));
      answers := array_append(answers, '{"kind":"held"}');
    ELSE
      -- Made meanwhile, in other scopes.
      SELECT * INTO hold FROM {schema}.holds WHERE hold_id = request.hold_id;
      IF NOT FOUND THEN
        PERFORM {schema}.unreadable('a hold');
      END IF;
      answers := array_append(answers, jsonb_build_object('kind', 'known', 'hold', {schema}.hold_json(hold)));
    END IF;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;

-- What is open, charged or released is settled once. Each item is about another hold.
CREATE FUNCTION {schema}.settle_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  hold_ids text[] := ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item);
  counters {schema}.counters;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(hold_ids);

  answer := {schema}.holds_json(hold_ids);
  PERFORM {schema}.close_holds(
    counters, hold_ids, '{open,charged,released}', 'settled',
    (SELECT jsonb_object_agg(item ->> 'holdId', item -> 'actual') FROM jsonb_array_elements(input) AS item),
    actor, {schema}.read_clock(at)
  );
  RETURN answer;
END $$;

-- What is open is released. Each item is about another hold.
CREATE FUNCTION {schema}.release_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  hold_ids text[] := ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item);
  counters {schema}.counters;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(hold_ids);

  answer := {schema}.holds_json(hold_ids);
  PERFORM {schema}.close_holds(counters, hold_ids, '{open}', 'released', NULL, actor, {schema}.read_clock(at));
  RETURN answer;
END $$;

-- Makes the next step of an open hold, if there is room for it and the sum is an amount.
CREATE FUNCTION {schema}.extend_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  item record;
  hold {schema}.holds%ROWTYPE;
  lacking jsonb;
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(ARRAY(SELECT i ->> 'holdId' FROM jsonb_array_elements(input) AS i));
  clock := {schema}.read_clock(at);

  FOR item IN SELECT * FROM jsonb_to_recordset(input) AS i ("holdId" text, amount bigint, step bigint) LOOP
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = item."holdId";
    IF NOT FOUND THEN
      answers := array_append(answers, NULL);
      CONTINUE;
    END IF;
    lacking := '[]';
    IF hold.state = 'open' AND item.step = cardinality(hold.steps) + 1
      AND hold.held <= {schema}.max_amount() - item.amount
    THEN
      -- It was admitted in time.
      lacking := {schema}.lacking(counters, item.amount, hold.scopes, hold.caps, hold.untils, clock, false);
      IF lacking = '[]' THEN
        UPDATE {schema}.holds SET steps = array_append(steps, item.amount), held = held + item.amount
          WHERE hold_id = hold.hold_id;
        counters := {schema}.add_to_counters(counters, hold.scopes, item.amount, 0);
        entries := array_append(entries, '{"kind":"extended"'
          || {schema}.opened_field(hold.hold_id, hold.held + item.amount)
          || {schema}.moved_fields(item.amount, {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock))
          || {schema}.text_field('tags', hold.tags) || {schema}.text_field('by', actor) || '}');
      END IF;
    END IF;
    answers := array_append(answers, jsonb_build_object('hold', {schema}.hold_json(hold), 'lacking', lacking));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;

-- Charges the open holds that are due, at most \`most\`, in full. Answers whether there are more, and then each.
CREATE FUNCTION {schema}.expire_v1(most bigint, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  hold_ids text[];
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);
  hold_ids := ARRAY(
    SELECT hold_id FROM {schema}.holds WHERE {schema}.is_hold_due(due, clock)
      ORDER BY due LIMIT most + 1 FOR UPDATE SKIP LOCKED
  );
  answers := array_append(answers, to_jsonb(cardinality(hold_ids) > most));
  hold_ids := hold_ids[:least(most, cardinality(hold_ids))];
  counters := {schema}.lock_counters(ARRAY(SELECT unnest(scopes) FROM {schema}.holds WHERE hold_id = ANY (hold_ids)));

  answers := answers || ARRAY(
    SELECT jsonb_build_object('holdId', hold_id, 'amount', held::text)
      FROM {schema}.holds WHERE hold_id = ANY (hold_ids) ORDER BY expires_at
  );
  PERFORM {schema}.close_holds(counters, hold_ids, '{open}', 'charged', NULL, actor, clock);
  RETURN to_jsonb(answers);
END $$;

CREATE FUNCTION {schema}.usage_v1(input jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object('reserved', coalesce(s.reserved, 0)::text, 'spent', coalesce(s.spent, 0)::text)
      FROM jsonb_array_elements_text(input) WITH ORDINALITY AS wanted (scope, place)
        LEFT JOIN LATERAL (SELECT * FROM {schema}.scopes WHERE scopes.scope = wanted.scope LIMIT 1) AS s ON true
      ORDER BY wanted.place
  ));
END $$;

CREATE FUNCTION {schema}.get_hold_v1(input jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN {schema}.holds_json(ARRAY(SELECT jsonb_array_elements_text(input)));
END $$;

-- What people decide about money: corrections and caps.

-- Replaces what is booked for a closed hold. Answers its row as it was before.
CREATE FUNCTION {schema}.correct_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  item record;
  counters {schema}.counters;
  clock float8;
  hold {schema}.holds%ROWTYPE;
  fields text;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT * INTO item FROM jsonb_to_record(input)
    AS i ("holdId" text, actual bigint, decision text, "decisionId" text, subject text, body text);
  counters := {schema}.lock_holds(ARRAY[item."holdId"]);
  clock := {schema}.read_clock(at);

  answer := {schema}.decided(item."decisionId");
  IF answer IS NOT NULL THEN
    RETURN jsonb_build_array(answer);
  END IF;
  SELECT * INTO hold FROM {schema}.holds WHERE hold_id = item."holdId";
  IF NOT FOUND THEN
    RETURN '[null]';
  END IF;
  answer := jsonb_build_object('kind', 'hold', 'hold', {schema}.hold_json(hold));
  IF hold.state <> 'open' THEN
    UPDATE {schema}.holds
      SET state = 'settled', booked = item.actual, resolved_at = clock, corrected = true,
        closed = CASE WHEN hold.job_id IS NULL THEN clock END,
        settled_from = CASE hold.state WHEN 'settled' THEN hold.settled_from ELSE hold.state END,
        first_settled = CASE WHEN hold.corrected OR hold.state <> 'settled' THEN hold.first_settled ELSE hold.booked END
      WHERE hold_id = hold.hold_id;
    counters := {schema}.add_to_counters(counters, hold.scopes, 0, item.actual - hold.booked);
    PERFORM {schema}.write_counters(counters);
    PERFORM {schema}.keep_decision(item."decisionId", item.subject, item.body, answer);
    fields := {schema}.text_field('job', hold.job_id)
      || {schema}.text_field('by', actor)
      || {schema}.decision_field(item."decisionId", {schema}.dated(item.decision, clock));
    PERFORM {schema}.keep_entries(
      counters, ARRAY[{schema}.closed_entry('corrected', counters, hold, item.actual, fields, clock)], clock
    );
  END IF;
  RETURN jsonb_build_array(answer);
END $$;

-- Pins the cap of a scope, raises or unpins it: \`cap\` is the pinned one, NULL unpins, and \`raised_to\` raises.
CREATE FUNCTION {schema}.set_cap_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  item record;
  counters {schema}.counters;
  clock float8;
  kind text;
  cap bigint;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT * INTO item FROM jsonb_to_record(input)
    AS i (scope text, cap bigint, "raisedTo" bigint, "raisedUntil" float8, decision text, "decisionId" text, body text);
  counters := {schema}.lock_counters(ARRAY[item.scope]);
  clock := {schema}.read_clock(at);

  answer := {schema}.decided(item."decisionId");
  IF answer IS NOT NULL THEN
    RETURN jsonb_build_array(answer);
  END IF;
  IF item."raisedTo" IS NULL THEN
    kind := CASE WHEN item.cap IS NULL THEN 'cap_unpinned' ELSE 'cap_pinned' END;
    cap := item.cap;
    UPDATE {schema}.scopes SET pinned = item.cap, raised_to = NULL, raised_until = NULL WHERE scope = item.scope;
  ELSIF (item."raisedTo" >= counters.pinned[1]) IS NOT TRUE THEN
    RETURN jsonb_build_array(jsonb_build_object('kind', 'not_raised', 'pinned', counters.pinned[1]::text));
  ELSE
    kind := 'cap_raised';
    cap := {schema}.cap_in_force(counters.pinned[1], item."raisedTo", item."raisedUntil", clock);
    UPDATE {schema}.scopes SET raised_to = item."raisedTo", raised_until = item."raisedUntil"
      WHERE scope = item.scope;
  END IF;
  answer := '{"kind":"done"}';
  PERFORM {schema}.keep_decision(item."decisionId", NULL, item.body, answer);
  counters.before[1] := counters.reserved[1] + counters.spent[1];
  PERFORM {schema}.keep_entries(
    counters,
    ARRAY[
      '{"kind":"' || kind || '"' || {schema}.moved_fields(0, {schema}.shown_scope(item.scope, cap))
        || coalesce(',"until":' || item."raisedUntil"::text, '') || {schema}.text_field('by', actor)
        || {schema}.decision_field(item."decisionId", {schema}.dated(item.decision, clock)) || '}'
    ],
    clock
  );
  RETURN jsonb_build_array(answer);
END $$;

-- The pin of a scope, and the time; one NULL without a pin.
CREATE FUNCTION {schema}.cap_v1(wanted text, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN jsonb_build_array((
    SELECT jsonb_build_object(
        'pinned', s.pinned::text, 'raisedTo', s.raised_to::text, 'raisedUntil', s.raised_until,
        'clock', {schema}.read_clock(at)
      )
      FROM {schema}.scopes AS s WHERE s.scope = wanted AND s.pinned IS NOT NULL
  ));
END $$;
-- Submissions.

-- The submissions in their order; \`more\` has the fields that few jobs have. Each with the approval that it names by its
-- place, counted from 1, if it names one.
CREATE FUNCTION {schema}.submissions(input jsonb, approvals jsonb)
RETURNS TABLE (
  number bigint, job_id text, lane text, payload text, backend text, max_cost bigint, max_attempts bigint,
  priority bigint, asked_run_at float8, more jsonb, approval bigint, decision text, scopes text[], caps bigint[],
  untils float8[]
)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT job.number, job.job_id, job.lane, job.payload, job.backend, job.max_cost, job.max_attempts,
      job.priority, job.run_at, job.more, job.approval, approval.decision, approval.scopes, approval.caps, approval.untils
    FROM ROWS FROM (
        jsonb_to_recordset(input) AS (
          "jobId" text, lane text, payload text, backend text, "maxCost" bigint, "maxAttempts" bigint,
          priority bigint, "runAt" float8, more jsonb, approval bigint
        )
      ) WITH ORDINALITY
        AS job (job_id, lane, payload, backend, max_cost, max_attempts, priority, run_at, more, approval, number)
      LEFT JOIN ROWS FROM (
        jsonb_to_recordset(approvals) AS (decision text, scopes text[], caps bigint[], untils float8[])
      ) WITH ORDINALITY AS approval (decision, scopes, caps, untils, number) ON approval.number = job.approval;
END;

CREATE FUNCTION {schema}.submitted(state text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN CASE state WHEN 'awaiting_approval' THEN '{"kind":"awaiting_approval"}'::jsonb ELSE '{"kind":"queued"}' END;

-- The entry of a submission that holds money if \`shown\` names scopes.
CREATE FUNCTION {schema}.submitted_entry(
  job_id text, state text, lane text, backend text, max_cost bigint, shown text, more jsonb, fields text
) RETURNS text
LANGUAGE sql STABLE
RETURN '{"kind":"submitted"' || {schema}.job_fields(job_id, 0, state, lane, backend)
  || CASE state
    WHEN 'queued' THEN
      {schema}.opened_field({schema}.job_hold(job_id, 1), max_cost) || {schema}.moved_fields(max_cost, shown)
    ELSE ''
  END
  || {schema}.text_field('digest', more ->> 'digest') || {schema}.text_field('tags', more ->> 'tags') || fields || '}';

-- With \`atomic\` a conflict of one submission undoes all of them, else it is its answer.
CREATE FUNCTION {schema}.submit_v1(input jsonb, approvals jsonb, at float8, actor text, atomic boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  submission record;
  job {schema}.jobs%ROWTYPE;
  first_state text;
  differing text[];
  conflict jsonb;
  lacking jsonb;
  shown text[];
  fields text[];
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_counters(
    ARRAY(SELECT jsonb_array_elements_text(approval -> 'scopes') FROM jsonb_array_elements(approvals) AS approval)
  );
  clock := {schema}.read_clock(at);

  -- Many new jobs that all fit are stored in one statement: numbered in their order, and inserted in that of their ids, so
  -- that two who submit the same jobs wait for each other in one order.
  IF jsonb_array_length(input) > 1
    AND {schema}.all_fit(counters, approvals, clock)
    AND NOT EXISTS (
      SELECT FROM {schema}.jobs
        WHERE job_id = ANY (ARRAY(SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item))
    )
    AND (SELECT count(DISTINCT item ->> 'jobId') FROM jsonb_array_elements(input) AS item) = jsonb_array_length(input)
  THEN
    shown := {schema}.shown_lists(counters, approvals, clock);
    fields := ARRAY(
      SELECT {schema}.text_field('by', actor)
          || {schema}.decision_field(NULL, {schema}.dated(a.approval ->> 'decision', clock))
        FROM jsonb_array_elements(approvals) WITH ORDINALITY AS a (approval, number) ORDER BY a.number
    );
    WITH new AS MATERIALIZED (
      SELECT s.*, {schema}.first_state(s.backend, s.max_cost, s.decision) AS state,
          nextval('{schema}.jobs_sequence_seq'::regclass) AS sequence
        FROM (SELECT * FROM {schema}.submissions(input, approvals) AS each ORDER BY each.number) AS s
    ),
    stored AS (
      INSERT INTO {schema}.jobs (
          sequence, job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, submitted_at,
          decided_at, waiting_since, asked_scopes, scope_names,
          requested_by, tags, decide_by, claim_by, max_run_seconds, run_at, state, attention,
          deadline, decision, holds, grants
        )
        OVERRIDING SYSTEM VALUE
        SELECT new.sequence, new.job_id, new.lane, new.payload, new.backend, new.max_cost, new.max_attempts, new.priority,
            new.asked_run_at, clock, CASE WHEN new.decision IS NOT NULL THEN clock END,
            CASE new.state WHEN 'awaiting_approval' THEN clock END, new.more ->> 'askedScopes', new.more ->> 'scopes', new.more ->> 'requestedBy',
            new.more ->> 'tags', (new.more ->> 'decideBy')::float8, (new.more ->> 'claimBy')::float8,
            (new.more ->> 'maxRunSeconds')::float8, coalesce(new.asked_run_at, clock), new.state,
            {schema}.attention(new.state),
            {schema}.deadline_of(
              new.state, (new.more ->> 'decideBy')::float8, (new.more ->> 'claimBy')::float8, false
            ),
            {schema}.dated(new.decision, clock), (new.state = 'queued')::int, (new.state = 'queued')::int
          FROM new ORDER BY new.job_id COLLATE "C"
        RETURNING jobs.job_id, jobs.lane, jobs.priority, jobs.run_at, jobs.sequence, jobs.state
    ),
    made_ready AS (
      INSERT INTO {schema}.ready (job_id, lane, priority, run_at, sequence)
        SELECT job_id, lane, priority, run_at, sequence FROM stored WHERE state <> 'awaiting_approval'
    ),
    held AS (
      INSERT INTO {schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils, tags, held_at)
        SELECT {schema}.job_hold(new.job_id, 1), new.job_id, new.max_cost, new.max_cost,
            new.scopes, new.caps, new.untils, new.more ->> 'tags', clock
          FROM new WHERE new.state = 'queued'
    )
    SELECT coalesce(array_agg({schema}.submitted(new.state) ORDER BY new.number), '{}'),
        array_agg(
          {schema}.submitted_entry(
            new.job_id, new.state, new.lane, new.backend, new.max_cost, shown[new.approval], new.more,
            coalesce(fields[new.approval], {schema}.text_field('by', actor))
          )
          ORDER BY new.number
        )
      INTO answers, entries FROM new;
    PERFORM {schema}.reserve_totals(counters, approvals);
    counters.before := {schema}.committed(counters);
    PERFORM {schema}.keep_entries(counters, entries, clock);
    RETURN to_jsonb(answers);
  END IF;

  FOR submission IN SELECT * FROM {schema}.submissions(input, approvals) AS s ORDER BY s.number LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = submission.job_id;
    IF FOUND THEN
      -- The reason is in the server's log, too: the names of what differs, and no payload.
      differing := array_remove(ARRAY[
        CASE WHEN job.lane IS DISTINCT FROM submission.lane THEN 'lane' END,
        CASE WHEN job.payload IS DISTINCT FROM submission.payload THEN 'payload' END,
        CASE WHEN job.backend IS DISTINCT FROM submission.backend THEN 'backend' END,
        CASE WHEN job.max_cost IS DISTINCT FROM submission.max_cost THEN 'maxCost' END,
        CASE WHEN job.max_attempts IS DISTINCT FROM submission.max_attempts THEN 'maxAttempts' END,
        CASE WHEN job.priority IS DISTINCT FROM submission.priority THEN 'priority' END,
        CASE WHEN job.asked_run_at IS DISTINCT FROM submission.asked_run_at THEN 'runAt' END,
        CASE WHEN job.scope_names IS DISTINCT FROM submission.more ->> 'scopes' THEN 'scopes' END,
        CASE WHEN job.requested_by IS DISTINCT FROM submission.more ->> 'requestedBy' THEN 'requestedBy' END,
        CASE WHEN job.max_run_seconds IS DISTINCT FROM (submission.more ->> 'maxRunSeconds')::float8 THEN 'maxRunSeconds' END
      ], NULL);
      IF atomic AND NOT job.pruned AND differing <> '{}' THEN
        PERFORM {schema}.undo_batch(jsonb_build_object('kind', 'other', 'jobId', job.job_id, 'fields', differing));
      END IF;
      answers := array_append(answers, jsonb_build_object('kind', 'known', 'job', {schema}.job_json(job)));
      CONTINUE;
    END IF;

    first_state := {schema}.first_state(submission.backend, submission.max_cost, submission.decision);
    IF first_state = 'queued' THEN
      conflict := {schema}.pin_conflict(counters, submission.scopes, submission.caps);
      IF conflict IS NOT NULL THEN
        IF atomic THEN PERFORM {schema}.undo_batch(conflict); END IF;
        answers := array_append(answers, conflict);
        CONTINUE;
      END IF;
      lacking := {schema}.lacking(
        counters, submission.max_cost, submission.scopes, submission.caps, submission.untils, clock, true
      );
      IF lacking IS DISTINCT FROM '[]' THEN
        answers := array_append(answers, jsonb_build_object('kind', 'refused', 'lacking', lacking));
        CONTINUE;
      END IF;
    END IF;
    INSERT INTO {schema}.jobs (
        job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, submitted_at, decided_at,
        waiting_since, asked_scopes, scope_names,
        requested_by, tags, decide_by, claim_by, max_run_seconds, run_at, state, attention,
        deadline, decision, holds, grants
      )
      VALUES (
        submission.job_id, submission.lane, submission.payload, submission.backend, submission.max_cost,
        submission.max_attempts, submission.priority, submission.asked_run_at, clock,
        CASE WHEN submission.decision IS NOT NULL THEN clock END,
        CASE first_state WHEN 'awaiting_approval' THEN clock END, submission.more ->> 'askedScopes',
        submission.more ->> 'scopes', submission.more ->> 'requestedBy', submission.more ->> 'tags',
        (submission.more ->> 'decideBy')::float8, (submission.more ->> 'claimBy')::float8,
        (submission.more ->> 'maxRunSeconds')::float8, coalesce(submission.asked_run_at, clock), first_state,
        {schema}.attention(first_state),
        {schema}.deadline_of(
          first_state, (submission.more ->> 'decideBy')::float8, (submission.more ->> 'claimBy')::float8, false
        ),
        {schema}.dated(submission.decision, clock), (first_state = 'queued')::int, (first_state = 'queued')::int
      )
      RETURNING * INTO job;
    IF first_state <> 'awaiting_approval' THEN
      PERFORM {schema}.make_ready(job.job_id, job.lane, job.priority, job.run_at, job.sequence);
    END IF;
    IF first_state = 'queued' THEN
      counters := {schema}.hold_for_job(
        counters, job.job_id, 1, job.max_cost, job.tags, submission.scopes, submission.caps, submission.untils,
        clock
      );
    END IF;
    entries := array_append(entries, {schema}.submitted_entry(
      job.job_id, job.state, job.lane, job.backend, job.max_cost,
      {schema}.shown_scopes(counters, submission.scopes, submission.caps, clock), submission.more,
      {schema}.text_field('by', actor) || {schema}.decision_field(NULL, job.decision)
    ));
    answers := array_append(answers, {schema}.submitted(first_state));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;
-- Approvals and rejections.

-- The scopes that an approval holds in: its own, or by default those of the submission. No row without any.
CREATE FUNCTION {schema}.approval_scopes(own jsonb, asked text)
RETURNS TABLE (scopes text[], caps bigint[], untils float8[])
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT array_agg(u.scope), array_agg(u.cap), array_agg(u.until)
    FROM jsonb_to_recordset(coalesce(own, asked::jsonb)) AS u (scope text, cap bigint, until float8)
    HAVING count(*) > 0;
END;

-- Queues a job once more, with its next hold in these scopes, or answers why not. Free work needs no hold. Only the caps
-- of a request are compared with the pinned ones. The entry has the kind and the fields that it is given.
CREATE TYPE {schema}.queued AS (answer jsonb, counters {schema}.counters, entry text);
CREATE FUNCTION {schema}.queue_job(
  counters {schema}.counters, job {schema}.jobs, next_scopes text[], next_caps bigint[], next_untils float8[],
  is_request boolean, kind text, fields text, clock float8
) RETURNS {schema}.queued LANGUAGE plpgsql AS $$
DECLARE
  queued {schema}.queued;
  next_state text := 'pending';
  lacking jsonb;
  money text := '';
BEGIN
  queued.counters := counters;
  IF NOT {schema}.is_free(job.backend, job.max_cost) THEN
    IF next_scopes IS NULL THEN
      queued.answer := '{"kind":"no_scopes"}';
      RETURN queued;
    END IF;
    IF is_request THEN
      queued.answer := {schema}.pin_conflict(counters, next_scopes, next_caps);
    END IF;
    IF queued.answer IS NOT NULL THEN
      RETURN queued;
    END IF;
    lacking := {schema}.lacking(counters, job.max_cost, next_scopes, next_caps, next_untils, clock, true);
    IF lacking IS DISTINCT FROM '[]' THEN
      queued.answer := jsonb_build_object('kind', 'refused', 'lacking', lacking);
      RETURN queued;
    END IF;
    job.holds := job.holds + 1;
    queued.counters := {schema}.hold_for_job(
      counters, job.job_id, job.holds, job.max_cost, job.tags, next_scopes, next_caps, next_untils, clock
    );
    next_state := 'queued';
    money := {schema}.opened_field({schema}.job_hold(job.job_id, job.holds), job.max_cost)
      || {schema}.moved_fields(job.max_cost, {schema}.shown_scopes(counters, next_scopes, next_caps, clock));
  END IF;
  IF job.ended_at IS NOT NULL THEN
    DELETE FROM {schema}.ended WHERE ended_at = job.ended_at AND sequence = job.sequence;
  END IF;
  UPDATE {schema}.jobs
    SET state = next_state, decision = job.decision, cancellation = job.cancellation, error = NULL, run_at = job.run_at,
      claim_by = job.claim_by, attention = NULL, decided_at = clock, waiting_since = NULL,
      deadline = CASE WHEN job.tokens = '{}' THEN job.claim_by END, ended_at = NULL, holds = job.holds, tried_before = job.tried_before,
      retries = job.retries, grants = job.grants + 1, refusals = 0
    WHERE job_id = job.job_id;
  PERFORM {schema}.make_ready(job.job_id, job.lane, job.priority, job.run_at, job.sequence);
  queued.answer := '{"kind":"queued"}';
  queued.entry := '{"kind":"' || kind || '"'
    || {schema}.job_fields(job.job_id, job.tried, next_state, job.lane, job.backend) || money
    || {schema}.text_field('tags', job.tags) || fields || '}';
  RETURN queued;
END $$;

-- What a decision about a job that does not wait answers: the decision that stands.
CREATE FUNCTION {schema}.not_waiting(job {schema}.jobs) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object(
  'kind', 'not_waiting', 'state', job.state, 'approval', coalesce(job.cancellation, job.decision)::jsonb
);

CREATE FUNCTION {schema}.approve_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  locked_ids text[];
  counters {schema}.counters;
  clock float8;
  item record;
  job {schema}.jobs%ROWTYPE;
  held record;
  queued {schema}.queued;
  answer jsonb;
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  locked_ids := {schema}.lock_jobs(input);
  counters := {schema}.lock_counters(ARRAY(
    SELECT unnest(wanted.scopes)
      FROM jsonb_array_elements(input) AS i, LATERAL (
        SELECT a.scopes
          FROM {schema}.approval_scopes(
            nullif(i -> 'scopes', 'null'), (SELECT j.asked_scopes FROM {schema}.jobs AS j WHERE j.job_id = i ->> 'jobId')
          ) AS a
      ) AS wanted
  ));
  clock := {schema}.read_clock(at);

  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i ("jobId" text, decision text, scopes jsonb, "decisionId" text, subject text, body text)
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    PERFORM {schema}.ensure_locked(job.job_id, locked_ids);
    answer := {schema}.decided(item."decisionId");
    IF answer IS NOT NULL THEN
      NULL;
    ELSIF job.job_id IS NULL THEN
      answer := NULL;
    ELSIF job.state <> 'awaiting_approval' THEN
      answer := {schema}.not_waiting(job);
      PERFORM {schema}.keep_decision(item."decisionId", item.subject, item.body, answer);
    ELSIF job.deadline <= clock THEN
      answer := jsonb_build_object('kind', 'expired', 'deadline', job.deadline);
    ELSE
      job.decision := {schema}.dated(item.decision, clock);
      SELECT * INTO held FROM {schema}.approval_scopes(nullif(item.scopes, 'null'), job.asked_scopes);
      queued := {schema}.queue_job(
        counters, job, held.scopes, held.caps, held.untils, true, 'approved',
        {schema}.text_field('by', actor) || {schema}.decision_field(item."decisionId", job.decision), clock
      );
      counters := queued.counters;
      answer := queued.answer;
      IF answer ->> 'kind' = 'queued' THEN
        entries := array_append(entries, queued.entry);
        PERFORM {schema}.keep_decision(item."decisionId", item.subject, item.body, answer);
      END IF;
    END IF;
    answers := array_append(answers, answer);
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;

CREATE FUNCTION {schema}.reject_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  locked_ids text[];
  clock float8;
  item record;
  job {schema}.jobs%ROWTYPE;
  answer jsonb;
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  locked_ids := {schema}.lock_jobs(input);
  clock := {schema}.read_clock(at);

  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i ("jobId" text, decision text, error text, "decisionId" text, subject text, body text)
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    PERFORM {schema}.ensure_locked(job.job_id, locked_ids);
    answer := {schema}.decided(item."decisionId");
    IF answer IS NULL AND job.job_id IS NOT NULL THEN
      IF job.state <> 'awaiting_approval' THEN
        answer := {schema}.not_waiting(job);
      ELSE
        job.decision := {schema}.dated(item.decision, clock);
        UPDATE {schema}.jobs
          SET state = 'rejected', decision = job.decision, error = item.error, ended_at = clock,
            attention = 'rejected', deadline = NULL, decided_at = clock, waiting_since = NULL
          WHERE job_id = job.job_id;
        INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
        answer := '{"kind":"rejected"}';
        entries := array_append(entries, '{"kind":"rejected"'
          || {schema}.job_fields(job.job_id, job.tried, 'rejected', job.lane, job.backend)
          || {schema}.text_field('tags', job.tags) || {schema}.text_field('by', actor)
          || {schema}.decision_field(item."decisionId", job.decision) || '}');
      END IF;
      PERFORM {schema}.keep_decision(item."decisionId", item.subject, item.body, answer);
    END IF;
    answers := array_append(answers, answer);
  END LOOP;
  PERFORM {schema}.keep_entries(NULL, entries, clock);
  RETURN to_jsonb(answers);
END $$;
-- What people decide about jobs that were decided on before, and about lanes.

-- The money of a job that runs is charged in full, that of one that is queued is released.
CREATE FUNCTION {schema}.cancel_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  locked_ids text[];
  counters {schema}.counters;
  clock float8;
  item record;
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  charged bigint;
  end_state text;
  money text;
  entries text[] := '{}';
  answer jsonb;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  locked_ids := {schema}.lock_jobs(input);
  counters := {schema}.lock_holds(ARRAY(
    SELECT (SELECT {schema}.open_hold(j) FROM {schema}.jobs AS j WHERE j.job_id = i ->> 'jobId')
      FROM jsonb_array_elements(input) AS i
  ));
  clock := {schema}.read_clock(at);

  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i ("jobId" text, decision text, error text, "decisionId" text, subject text, body text)
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    PERFORM {schema}.ensure_locked(job.job_id, locked_ids);
    answer := {schema}.decided(item."decisionId");
    IF answer IS NOT NULL OR job.job_id IS NULL THEN
      answers := array_append(answers, answer);
      CONTINUE;
    END IF;
    IF {schema}.is_terminal(job.state) THEN
      answer := jsonb_build_object('kind', 'ended', 'state', job.state);
    ELSE
      charged := 0;
      money := '';
      SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job) AND holds.state = 'open';
      IF FOUND AND job.state = 'running' THEN
        charged := hold.held;
        counters := {schema}.move_hold(counters, hold, 'charged', charged, clock);
      ELSIF FOUND THEN
        counters := {schema}.move_hold(counters, hold, 'released', 0, clock);
      END IF;
      IF hold.hold_id IS NOT NULL THEN
        money := {schema}.closed_field(hold, charged, CASE job.state WHEN 'running' THEN 'charged' ELSE 'released' END) || {schema}.moved_fields(
          charged - hold.held, {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock)
        );
      END IF;
      end_state := CASE job.state WHEN 'awaiting_approval' THEN 'rejected' ELSE 'failed' END;
      DELETE FROM {schema}.ready WHERE job_id = job.job_id;
      DELETE FROM {schema}.leases WHERE job_id = job.job_id;
      IF job.state = 'running' THEN
        job.ends[cardinality(job.tokens)] := 'taken';
        job.ended_ats[cardinality(job.tokens)] := clock;
      END IF;
      job.cancellation := {schema}.dated(item.decision, clock);
      UPDATE {schema}.jobs
        SET state = end_state, ends = job.ends, ended_at = clock, error = item.error,
          attention = {schema}.attention(end_state), deadline = NULL, parked = false,
          cancellation = job.cancellation, ended_ats = job.ended_ats, decided_at = clock, waiting_since = NULL
        WHERE job_id = job.job_id;
      INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
      answer := jsonb_build_object('kind', 'cancelled', 'state', end_state, 'booked', charged::text);
      entries := array_append(entries, '{"kind":"cancelled"'
        || {schema}.job_fields(job.job_id, job.tried, end_state, job.lane, job.backend)
        || money || {schema}.text_field('tags', job.tags) || {schema}.text_field('by', actor)
        || {schema}.decision_field(item."decisionId", job.cancellation) || '}');
    END IF;
    PERFORM {schema}.keep_decision(item."decisionId", item.subject, item.body, answer);
    answers := array_append(answers, answer);
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;

-- Queues a failed job again, for its \`max_attempts\` more.
CREATE FUNCTION {schema}.retry_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  locked_ids text[];
  item record;
  counters {schema}.counters;
  clock float8;
  job {schema}.jobs%ROWTYPE;
  held record;
  queued {schema}.queued;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  locked_ids := {schema}.lock_jobs(jsonb_build_array(input));
  SELECT * INTO item FROM jsonb_to_record(input)
    AS i ("jobId" text, after int, decision text, scopes jsonb, "decisionId" text, subject text, body text);
  SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
  PERFORM {schema}.ensure_locked(job.job_id, locked_ids);
  -- By default where the last hold was.
  IF nullif(item.scopes, 'null') IS NULL THEN
    SELECT h.scopes, h.caps, h.untils INTO held FROM {schema}.holds AS h WHERE h.hold_id = {schema}.open_hold(job);
  ELSE
    SELECT * INTO held FROM {schema}.approval_scopes(item.scopes, NULL);
  END IF;
  counters := {schema}.lock_counters(coalesce(held.scopes, '{}'));
  clock := {schema}.read_clock(at);

  answer := {schema}.decided(item."decisionId");
  IF answer IS NOT NULL OR job.job_id IS NULL THEN
    RETURN jsonb_build_array(answer);
  END IF;
  IF job.pruned THEN
    RETURN '[{"kind":"pruned"}]';
  END IF;
  IF job.state <> 'failed' OR job.retries <> item.after THEN
    answer := jsonb_build_object('kind', 'moved_on', 'state', job.state, 'retries', job.retries);
  ELSE
    job.decision := {schema}.dated(item.decision, clock);
    job.cancellation := NULL;
    job.run_at := clock;
    job.claim_by := NULL;
    job.tried_before := job.tried;
    job.retries := job.retries + 1;
    queued := {schema}.queue_job(
      counters, job, held.scopes, held.caps, held.untils, nullif(item.scopes, 'null') IS NOT NULL, 'retried',
      {schema}.text_field('by', actor) || {schema}.decision_field(item."decisionId", job.decision), clock
    );
    PERFORM {schema}.write_counters(queued.counters);
    answer := queued.answer;
  END IF;
  IF answer ->> 'kind' IN ('queued', 'moved_on') THEN
    PERFORM {schema}.keep_decision(item."decisionId", item.subject, item.body, answer);
  END IF;
  IF queued.entry IS NOT NULL THEN
    PERFORM {schema}.keep_entries(queued.counters, ARRAY[queued.entry], clock);
  END IF;
  RETURN jsonb_build_array(answer);
END $$;

-- Pauses a lane, or resumes it.
CREATE FUNCTION {schema}.set_lane_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  item record;
  is_new boolean;
  clock float8;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT * INTO item FROM jsonb_to_record(input)
    AS i (lane text, paused boolean, decision text, "decisionId" text, body text);
  -- Locks the lane, so that of two decisions with one id the second waits for the first.
  INSERT INTO {schema}.lanes (lane, paused, approval) VALUES (item.lane, false, item.decision) ON CONFLICT DO NOTHING;
  is_new := FOUND;
  PERFORM 1 FROM {schema}.lanes WHERE lane = item.lane FOR UPDATE;
  answer := {schema}.decided(item."decisionId");
  IF answer IS NULL THEN
    clock := {schema}.read_clock(at);
    item.decision := {schema}.dated(item.decision, clock);
    UPDATE {schema}.lanes SET paused = item.paused, approval = item.decision WHERE lane = item.lane;
    answer := '{"kind":"done"}';
    PERFORM {schema}.keep_decision(item."decisionId", NULL, item.body, answer);
    PERFORM {schema}.keep_entries(NULL, ARRAY[
      '{"kind":"' || CASE WHEN item.paused THEN 'lane_paused' ELSE 'lane_resumed' END || '"'
        || {schema}.text_field('lane', item.lane) || {schema}.text_field('by', actor)
        || {schema}.decision_field(item."decisionId", item.decision) || '}'
    ], clock);
  ELSIF is_new THEN
    DELETE FROM {schema}.lanes WHERE lane = item.lane;
  END IF;
  RETURN jsonb_build_array(answer);
END $$;

CREATE FUNCTION {schema}.lanes_v1() RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object('lane', l.lane, 'paused', l.paused, 'approval', l.approval)
      FROM {schema}.lanes AS l ORDER BY l.lane
  ));
END $$;
-- Claims.

-- The first of some jobs whose payloads have at most so many bytes together; with \`at_least_one\` the first in any case.
CREATE FUNCTION {schema}.first_within(job_ids text[], most_bytes bigint, at_least_one boolean) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
  bytes bigint := 0;
BEGIN
  FOR k IN 1 .. cardinality(job_ids) LOOP
    bytes := bytes + (SELECT octet_length(j.payload) FROM {schema}.jobs AS j WHERE j.job_id = job_ids[k]);
    IF bytes > most_bytes AND NOT (k = 1 AND at_least_one) THEN
      RETURN job_ids[:k - 1];
    END IF;
  END LOOP;
  RETURN job_ids;
END $$;

-- Each item asks for at most \`most\` jobs of its lanes: the highest priority first, then the earliest time, then the
-- earliest submission. One priority is looked at after another, so that jobs of a higher one that are due later are
-- skipped, however many they are. Lanes that are paused are not looked at. Answers the jobs of each item, and whether the
-- size of the payloads ended the claim before its items were served.
CREATE FUNCTION {schema}.claim_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  clock float8;
  item record;
  looked_below bigint;
  current_priority bigint;
  open_lanes text[];
  width bigint;
  candidates text[];
  locked_ids text[];
  locked_bytes bigint;
  overdue_ids text[];
  bytes bigint := 0;
  is_cut boolean := false;
  has_claimed boolean := false;
  claimed_ids text[];
  claimed jsonb;
  made text[];
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);

  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i (lanes text[], most bigint, "leaseSeconds" float8, "by" text)
  LOOP
    claimed_ids := '{}';
    claimed := '[]';
    -- No priority is above this.
    looked_below := 9007199254740991;
    width := item.most + 8;
    WHILE cardinality(claimed_ids) < item.most AND NOT is_cut LOOP
      SELECT max(highest.priority), array_agg(wanted.lane) INTO current_priority, open_lanes
        FROM unnest(item.lanes) AS wanted (lane), LATERAL (
          SELECT r.priority FROM {schema}.ready AS r WHERE r.lane = wanted.lane AND r.priority <= looked_below
            ORDER BY r.priority DESC LIMIT 1
        ) AS highest
        WHERE NOT EXISTS (SELECT FROM {schema}.lanes AS l WHERE l.lane = wanted.lane AND l.paused);
      EXIT WHEN current_priority IS NULL;

      candidates := ARRAY(
        SELECT head.job_id
          FROM unnest(open_lanes) AS wanted (lane), LATERAL (
            SELECT r.job_id, r.run_at, r.sequence FROM {schema}.ready AS r
              WHERE r.lane = wanted.lane AND r.priority = current_priority AND r.run_at <= clock
              ORDER BY r.run_at, r.sequence LIMIT width
          ) AS head
          ORDER BY head.run_at, head.sequence LIMIT width
      );
      -- Decided on the rows as they are once they are locked; what another has locked is skipped. Each is found by its
      -- id: a join could search all jobs for each of them.
      SELECT coalesce(array_agg(locked.job_id), '{}'), sum(locked.bytes)
        INTO locked_ids, locked_bytes
        FROM (
          SELECT c.job_id, found.bytes
            FROM unnest(candidates) WITH ORDINALITY AS c (job_id, place), LATERAL (
              SELECT octet_length(j.payload) AS bytes FROM {schema}.jobs AS j
                WHERE j.job_id = c.job_id AND j.state IN ('pending', 'queued') AND j.run_at <= clock
                  AND (j.deadline <= clock) IS NOT TRUE
                  AND (
                    {schema}.is_free(j.backend, j.max_cost)
                    OR 'open' = (
                      SELECT h.state FROM {schema}.holds AS h
                        WHERE h.hold_id = {schema}.job_hold(j.job_id, j.holds)
                    )
                  )
                FOR UPDATE SKIP LOCKED
            ) AS found
            ORDER BY c.place LIMIT item.most - cardinality(claimed_ids)
        ) AS locked;
      bytes := bytes + coalesce(locked_bytes, 0);
      IF bytes > {schema}.most_claimed_bytes() AND (has_claimed OR cardinality(locked_ids) > 1) THEN
        is_cut := true;
        locked_ids := {schema}.first_within(
          locked_ids, {schema}.most_claimed_bytes() - bytes + locked_bytes, NOT has_claimed
        );
      END IF;
      has_claimed := has_claimed OR cardinality(locked_ids) > 0;

      IF cardinality(locked_ids) > 0 THEN
        WITH running AS (
          UPDATE {schema}.jobs
            SET state = 'running', tokens = array_append(tokens, gen_random_uuid()::text),
              ends = array_append(ends, NULL), hold_numbers = array_append(hold_numbers, holds), tried = tried + 1,
              claimed_ats = array_append(claimed_ats, clock), claimed_bys = array_append(claimed_bys, item."by"),
              ended_ats = array_append(ended_ats, NULL), deadline = NULL
            WHERE job_id = ANY (locked_ids)
            RETURNING *
        ),
        leased AS (
          INSERT INTO {schema}.leases (job_id, leased_at, lease_seconds, run_until, leased_by)
            SELECT r.job_id, clock, item."leaseSeconds", clock + r.max_run_seconds, item."by" FROM running AS r
        ),
        no_longer_ready AS (
          DELETE FROM {schema}.ready WHERE job_id = ANY (locked_ids)
        )
        SELECT claimed || jsonb_agg(
            jsonb_build_array(
              r.job_id, clock, r.tried, r.tokens[cardinality(r.tokens)], r.payload,
              NOT {schema}.is_free(r.backend, r.max_cost), r.max_run_seconds
            )
            ORDER BY r.run_at, r.sequence
          ),
          array_agg(
            '{"kind":"claimed"' || {schema}.job_fields(r.job_id, r.tried, r.state, r.lane, r.backend)
              || {schema}.text_field('tags', r.tags) || {schema}.text_field('by', coalesce(item."by", actor)) || '}'
            ORDER BY r.run_at, r.sequence
          )
          INTO claimed, made FROM running AS r;
        entries := entries || made;
        claimed_ids := claimed_ids || locked_ids;
      ELSE
        -- Recovery ends the jobs that are past their deadlines. Until then they are in no claim's way. The last look takes
        -- away what it met too: otherwise each later claim would begin with the same jobs.
        IF cardinality(candidates) > 0 THEN
          overdue_ids := ARRAY(
            SELECT j.job_id FROM {schema}.jobs AS j
              WHERE j.job_id = ANY (candidates) AND j.deadline <= clock FOR UPDATE SKIP LOCKED
          );
          UPDATE {schema}.jobs SET parked = true WHERE job_id = ANY (overdue_ids);
          DELETE FROM {schema}.ready WHERE job_id = ANY (overdue_ids);
        END IF;
        IF cardinality(candidates) < width THEN
          looked_below := current_priority - 1;
        ELSE
          width := width * 4;
        END IF;
      END IF;
    END LOOP;
    answers := array_append(answers, claimed);
  END LOOP;
  PERFORM {schema}.keep_entries(NULL, entries, clock);
  RETURN jsonb_build_array(to_jsonb(answers), is_cut);
END $$;

CREATE FUNCTION {schema}.renew_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  clock float8;
  item record;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  PERFORM {schema}.lock_jobs(input);
  clock := {schema}.read_clock(at);

  FOR item IN SELECT * FROM jsonb_to_recordset(input) AS i ("jobId" text, token text) LOOP
    UPDATE {schema}.leases SET leased_at = clock
      WHERE job_id = item."jobId" AND NOT {schema}.is_timed_out(run_until, clock) AND EXISTS (
        SELECT FROM {schema}.jobs AS j
          WHERE j.job_id = item."jobId" AND j.state = 'running' AND j.tokens[cardinality(j.tokens)] = item.token
      );
    answers := array_append(answers, to_jsonb(FOUND));
  END LOOP;
  RETURN to_jsonb(answers);
END $$;
-- What reports of attempts and recovery share: how an attempt is closed, and what comes after it.

-- Locks the jobs that reports name, then the holds of their attempts, then the counters of those.
CREATE FUNCTION {schema}.lock_reported(input jsonb) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  PERFORM {schema}.lock_jobs(input);
  RETURN {schema}.lock_holds(ARRAY(
    SELECT (
        SELECT {schema}.job_hold(j.job_id, j.hold_numbers[array_position(j.tokens, i ->> 'token')])
          FROM {schema}.jobs AS j WHERE j.job_id = i ->> 'jobId'
      )
      FROM jsonb_array_elements(input) AS i
  ));
END $$;

-- What a report of a job's nth claim is: \`not_free\` if it says what free work has cost; \`repeated\` if it has ended the
-- attempt before; \`current\` if the attempt runs; else, or if its token was never minted for the job, \`stale\`.
CREATE FUNCTION {schema}.report_kind(job {schema}.jobs, n int, actual bigint, own_ends text[]) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN n IS NULL THEN 'stale'
  WHEN {schema}.is_free(job.backend, job.max_cost) AND actual IS NOT NULL THEN 'not_free'
  WHEN job.ends[n] = ANY (own_ends) THEN 'repeated'
  WHEN job.ends[n] IS NULL THEN 'current'
  ELSE 'stale'
END;

-- The answer to a report that ended its attempt.
CREATE FUNCTION {schema}.reported(kind text, held bigint, booked bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object('kind', kind, 'held', coalesce(held, 0)::text, 'booked', coalesce(booked, 0)::text);

-- What was booked when a hold was closed, without a later correction.
CREATE FUNCTION {schema}.first_booking(hold {schema}.holds) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN hold.state = 'charged' OR hold.settled_from = 'charged' THEN hold.held
  WHEN hold.corrected THEN coalesce(hold.first_settled, 0)
  ELSE hold.booked
END;

-- Closes the hold of an attempt at its actual cost, or, if that is unknown, in full. Free work has none.
CREATE FUNCTION {schema}.close_attempt(
  counters {schema}.counters, hold {schema}.holds, actual bigint, clock float8
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  IF hold.hold_id IS NULL THEN
    RETURN counters;
  ELSIF actual IS NULL THEN
    RETURN {schema}.move_hold(counters, hold, 'charged', hold.held, clock);
  ELSE
    RETURN {schema}.move_hold(counters, hold, 'settled', actual, clock);
  END IF;
END $$;

-- Whether a report that changes no job tells a cost that corrects what its own attempt was charged.
CREATE FUNCTION {schema}.corrects_charge(hold {schema}.holds, actual bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(actual IS NOT NULL AND hold.state = 'charged', false);

-- The entry of such a correction.
CREATE FUNCTION {schema}.late_entry(
  counters {schema}.counters, job {schema}.jobs, hold {schema}.holds, actual bigint, actor text, clock float8
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN {schema}.closed_entry(
    'settled', counters, hold, actual,
    {schema}.job_fields(job.job_id, job.tried, job.state, job.lane, job.backend) || {schema}.text_field('by', actor), clock
  );
END $$;

-- What two lists of counters say was committed before the first entry that shows a scope; the first list comes first.
CREATE FUNCTION {schema}.both(earlier {schema}.counters, later {schema}.counters) RETURNS {schema}.counters
LANGUAGE plpgsql AS $$
DECLARE
  i int;
BEGIN
  FOR k IN 1 .. coalesce(cardinality(earlier.scopes), 0) LOOP
    i := array_position(later.scopes, earlier.scopes[k]);
    IF i IS NULL THEN
      later.scopes := array_append(later.scopes, earlier.scopes[k]);
      later.before := array_append(later.before, earlier.before[k]);
    ELSE
      later.before[i] := earlier.before[k];
    END IF;
  END LOOP;
  RETURN later;
END $$;

-- The answer to a report that changes no job; \`corrected\`: its cost is what its attempt is charged now, or was until a
-- person corrected it.
CREATE FUNCTION {schema}.too_late(hold {schema}.holds, actual bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object('kind', 'stale', 'corrected', coalesce(
  actual IS NOT NULL AND (
    hold.state = 'charged'
    OR hold.settled_from = 'charged'
      AND actual = CASE WHEN hold.corrected THEN hold.first_settled ELSE hold.booked END
  ),
  false
));

-- Whether a job that was given back may be held for without a person: what is booked for it and the next hold are at most
-- its attempts' cost for each time that it was approved or retried.
CREATE FUNCTION {schema}.may_hold_again(job {schema}.jobs) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RETURN (
    SELECT sum(h.booked) + job.max_cost <= job.max_cost::numeric * job.max_attempts * job.grants
      FROM {schema}.holds AS h
      WHERE h.hold_id = ANY (ARRAY(SELECT {schema}.job_hold(job.job_id, n) FROM generate_series(1, job.holds) AS n))
  ) IS TRUE;
END $$;

-- What lacks room for the hold of a retry, by the scopes and caps of the last one. A scope whose time is over is named
-- alone.
CREATE FUNCTION {schema}.lacking_retry(
  counters {schema}.counters, amount bigint, hold {schema}.holds, clock float8
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  lacking jsonb := {schema}.lacking(counters, amount, hold.scopes, hold.caps, hold.untils, clock, true);
BEGIN
  IF lacking = '[]' THEN
    RETURN lacking;
  END IF;
  RETURN coalesce(
    (SELECT jsonb_build_array(each) FROM jsonb_array_elements(lacking) AS each WHERE each ? 'over' LIMIT 1), lacking
  );
END $$;

-- How an attempt ended that did not succeed (\`requeued\`, \`failed\` or \`waiting\`), the counters after it, and its entry.
CREATE TYPE {schema}.retried AS (kind text, counters {schema}.counters, entry text);

-- After a job's nth claim, whose hold is closed: ends the job, or queues it again with its next hold, or lets it wait for
-- a person. \`how\` is \`counted\` for an attempt that counts, \`lost\` or \`timed_out\` if recovery has ended it, \`given\` or
-- \`refused\` if the job was given back. \`booked\` is what its hold was closed at, \`closed_as\` as what. The client makes the messages of \`no_room\`
-- and \`cost_limit\` of their parts.
CREATE FUNCTION {schema}.retry_or_end(
  counters {schema}.counters, job {schema}.jobs, hold {schema}.holds, n int, how text, message text,
  booked bigint, closed_as text, most_attempts bigint, delay float8, actor text, clock float8
) RETURNS {schema}.retried LANGUAGE plpgsql AS $$
DECLARE
  retried {schema}.retried;
  is_free boolean := {schema}.is_free(job.backend, job.max_cost);
  counts boolean := how IN ('counted', 'lost', 'timed_out');
  code text := CASE WHEN how IN ('lost', 'timed_out') THEN how ELSE 'error' END;
  lacking jsonb;
  worker text;
  moved numeric := booked - hold.held;
  opened text := '';
BEGIN
  IF NOT counts THEN
    job.tried := job.tried - 1;
    IF how = 'refused' THEN
      job.refusals := job.refusals + 1;
      delay := {schema}.refusal_delay(job.refusals);
    END IF;
  END IF;

  IF counts AND job.tried - job.tried_before >= least(job.max_attempts, most_attempts) THEN
    retried.kind := 'failed';
    job.state := 'failed';
    job.ended_at := clock;
  ELSIF how = 'refused' AND job.refusals >= {schema}.most_refusals() THEN
    code := 'payload_refused';
  ELSIF NOT counts AND NOT is_free AND NOT {schema}.may_hold_again(job) THEN
    code := 'cost_limit';
  ELSE
    job.run_at := clock + delay;
    IF is_free THEN
      retried.kind := 'requeued';
      job.state := 'pending';
    ELSE
      lacking := {schema}.lacking_retry(counters, job.max_cost, hold, clock);
      IF lacking = '[]' THEN
        retried.kind := 'requeued';
        job.state := 'queued';
        job.holds := job.holds + 1;
        counters := {schema}.hold_for_job(
          counters, job.job_id, job.holds, job.max_cost, job.tags, hold.scopes, hold.caps, hold.untils, clock
        );
        opened := {schema}.opened_field({schema}.job_hold(job.job_id, job.holds), job.max_cost);
        moved := moved + job.max_cost;
      ELSE
        code := 'no_room';
      END IF;
    END IF;
  END IF;
  IF retried.kind IS NULL THEN
    retried.kind := 'waiting';
    job.state := 'awaiting_approval';
  END IF;

  job.ended_ats[n] := clock;
  job.ends[n] := CASE WHEN how IN ('lost', 'timed_out') THEN 'taken' ELSE retried.kind END;
  UPDATE {schema}.jobs
    SET state = job.state, attention = {schema}.attention(job.state), ends = job.ends, run_at = job.run_at,
      ended_at = job.ended_at, holds = job.holds,
      tried = job.tried, refusals = job.refusals, ended_ats = job.ended_ats,
      waiting_since = CASE retried.kind WHEN 'waiting' THEN clock END,
      error = CASE code
        WHEN 'no_room' THEN jsonb_build_object('code', code, 'message', message, 'lacking', lacking)
        ELSE jsonb_build_object('code', code, 'message', message)
      END::text
    WHERE job_id = job.job_id;
  DELETE FROM {schema}.leases WHERE job_id = job.job_id RETURNING leased_by INTO worker;
  IF retried.kind = 'failed' THEN
    INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
  ELSIF retried.kind = 'requeued' THEN
    PERFORM {schema}.make_ready(job.job_id, job.lane, job.priority, job.run_at, job.sequence);
  END IF;
  retried.counters := counters;
  retried.entry := '{"kind":"'
    || CASE WHEN NOT counts THEN 'given_back' WHEN how = 'counted' THEN retried.kind ELSE 'recovered' END || '"'
    || {schema}.job_fields(job.job_id, job.tried, job.state, job.lane, job.backend)
    || {schema}.closed_field(hold, booked, closed_as) || opened
    || {schema}.moved_fields(moved, {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock))
    || {schema}.text_field('tags', job.tags) || {schema}.text_field('by', coalesce(worker, actor)) || '}';
  RETURN retried;
END $$;
-- Reports of attempts, in time or late.

-- With \`atomic\` the actual cost of free work undoes the whole batch, else it is an answer.
-- Rows are locked in the order of their ids, as the indexes find them.
CREATE FUNCTION {schema}.complete_v1(input jsonb, at float8, actor text, atomic boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
SET enable_bitmapscan = off
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  reports jsonb;
  places int[];
  outcomes jsonb[];
  all_closed boolean;
  all_counted boolean;
  finished {schema}.counters;
  entries text[];
  worker text;
  item record;
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  n int;
  answers jsonb[] := array_fill(NULL::jsonb, ARRAY[jsonb_array_length(input)]);
BEGIN
  PERFORM {schema}.begin_operation();

  -- Reports that hold their jobs now are done in one statement: the jobs end, their holds close, and the money moves. A
  -- row finds its report by its job's id, of two reports of one job the first; a scope finds what is moved by its name.
  clock := {schema}.read_clock(at);
  reports := (
    SELECT jsonb_object_agg(i ->> 'jobId', i || jsonb_build_object('place', place) ORDER BY place DESC)
      FROM jsonb_array_elements(input) WITH ORDINALITY AS x (i, place)
  );
  WITH completed AS (
    UPDATE {schema}.jobs AS j
      SET state = 'succeeded', result = reports -> j.job_id ->> 'result', error = NULL, ended_at = clock,
        ends[cardinality(j.tokens)] = 'completed', ended_ats[cardinality(j.tokens)] = clock
      WHERE j.job_id = ANY (ARRAY(SELECT jsonb_object_keys(reports))) AND j.state = 'running'
        AND j.tokens[cardinality(j.tokens)] = reports -> j.job_id ->> 'token'
        AND NOT ({schema}.is_free(j.backend, j.max_cost) AND reports -> j.job_id ->> 'actual' IS NOT NULL)
      RETURNING j.job_id, j.sequence, j.holds, {schema}.is_free(j.backend, j.max_cost) AS free,
        {schema}.job_fields(j.job_id, j.tried, 'succeeded', j.lane, j.backend) || {schema}.text_field('tags', j.tags)
          || {schema}.text_field(
            'by', coalesce((SELECT l.leased_by FROM {schema}.leases AS l WHERE l.job_id = j.job_id), actor)
          ) AS fields
  ),
  no_longer_leased AS (
    DELETE FROM {schema}.leases WHERE job_id = ANY (ARRAY(SELECT job_id FROM completed))
  ),
  ended AS (
    INSERT INTO {schema}.ended (ended_at, sequence) SELECT clock, sequence FROM completed
  ),
  closed AS (
    UPDATE {schema}.holds AS h
      SET state = CASE WHEN reports -> h.job_id ->> 'actual' IS NULL THEN 'charged' ELSE 'settled' END,
        booked = coalesce((reports -> h.job_id ->> 'actual')::bigint, h.held), resolved_at = clock
      WHERE h.hold_id = ANY (ARRAY(SELECT {schema}.job_hold(job_id, holds) FROM completed WHERE NOT free))
        AND h.state = 'open'
      RETURNING h.hold_id, h.job_id, h.held, h.booked, h.state, h.scopes, h.caps
  ),
  -- Many attempts have the same scopes and caps: these are summed and shown once.
  same AS MATERIALIZED (
    SELECT scopes, caps, sum(held) AS all_held, sum(booked) AS all_booked, array_agg(hold_id) AS hold_ids,
        array_agg(job_id) AS job_ids, array_agg(held) AS held, array_agg(booked) AS booked, array_agg(state) AS states
      FROM closed GROUP BY scopes, caps
  ),
  moved AS (
    SELECT jsonb_object_agg(each.scope, each.held) AS held, jsonb_object_agg(each.scope, each.booked) AS booked
      FROM (
        SELECT u.scope, sum(same.all_held) AS held, sum(same.all_booked) AS booked
          FROM same, unnest(same.scopes) AS u (scope) GROUP BY u.scope
      ) AS each
  ),
  counted AS (
    UPDATE {schema}.scopes AS s
      SET reserved = s.reserved - (moved.held ->> s.scope)::numeric,
        spent = s.spent + (moved.booked ->> s.scope)::numeric
      FROM moved
      WHERE s.scope = ANY (ARRAY(SELECT unnest(scopes) FROM same))
      RETURNING s.scope, {schema}.cap_in_force(s.pinned, s.raised_to, s.raised_until, clock) AS cap,
        s.reserved + s.spent + (moved.held ->> s.scope)::numeric - (moved.booked ->> s.scope)::numeric AS before
  ),
  changed AS (
    SELECT count(*) AS scopes, array_agg(scope) AS names, array_agg(before) AS before, jsonb_object_agg(scope, cap) AS caps
      FROM counted
  ),
  about AS (
    SELECT jsonb_object_agg(job_id, fields) AS paid FROM completed WHERE NOT free
  )
  SELECT array_agg(done.place), array_agg({schema}.reported('completed', done.held, done.booked)),
      array_agg('{"kind":"completed"' || done.fields || '}' ORDER BY done.place),
      (SELECT count(*) FROM completed WHERE NOT free) = (SELECT count(*) FROM closed),
      (SELECT scopes FROM changed) = (SELECT count(*) FROM moved, jsonb_object_keys(moved.held)),
      (SELECT names FROM changed), (SELECT before FROM changed)
    INTO places, outcomes, entries, all_closed, all_counted, finished.scopes, finished.before
    FROM (
      SELECT (reports -> job_id -> 'place')::int AS place, 0 AS held, 0 AS booked, fields FROM completed WHERE free
      UNION ALL
      SELECT (reports -> each.job_id -> 'place')::int, each.held, each.booked,
          ((SELECT paid FROM about) ->> each.job_id) || ',"closed":[' || {schema}.quoted(each.hold_id) || ',"'
            || each.held::text || '","' || each.booked::text || '","' || each.state || '"]'
            || {schema}.moved_fields(each.booked - each.held, shown.scopes)
        FROM same,
          LATERAL (
            SELECT string_agg(
                {schema}.shown_scope(u.scope, coalesce(((SELECT caps FROM changed) ->> u.scope)::bigint, u.cap)), ','
                ORDER BY u.place
              ) AS scopes
              FROM unnest(same.scopes, same.caps) WITH ORDINALITY AS u (scope, cap, place)
          ) AS shown,
          unnest(same.hold_ids, same.job_ids, same.held, same.booked, same.states)
            AS each (hold_id, job_id, held, booked, state)
    ) AS done;
  IF NOT all_closed THEN
    RAISE EXCEPTION 'a running job is without its open hold';
  END IF;
  IF NOT all_counted THEN
    PERFORM {schema}.unreadable('a counter');
  END IF;
  FOR k IN 1 .. coalesce(cardinality(places), 0) LOOP
    answers[places[k]] := outcomes[k];
  END LOOP;
  IF array_position(answers, NULL) IS NULL THEN
    PERFORM {schema}.keep_entries(finished, entries, clock);
    RETURN to_jsonb(answers);
  END IF;

  -- The others are decided one by one.
  input := (
    SELECT jsonb_agg(i || jsonb_build_object('place', place) ORDER BY place)
      FROM jsonb_array_elements(input) WITH ORDINALITY AS x (i, place) WHERE answers[place] IS NULL
  );
  counters := {schema}.lock_reported(input);
  clock := {schema}.read_clock(at);
  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i ("jobId" text, token text, result text, actual bigint, place int)
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    n := array_position(job.tokens, item.token);
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.job_hold(job.job_id, job.hold_numbers[n]);
    CASE {schema}.report_kind(job, n, item.actual, '{completed}')
      WHEN 'current' THEN
        counters := {schema}.close_attempt(counters, hold, item.actual, clock);
        job.ends[n] := 'completed';
        job.ended_ats[n] := clock;
        UPDATE {schema}.jobs
          SET state = 'succeeded', result = item.result, error = NULL, ended_at = clock, ends = job.ends,
            ended_ats = job.ended_ats
          WHERE job_id = job.job_id;
        DELETE FROM {schema}.leases WHERE job_id = job.job_id RETURNING leased_by INTO worker;
        INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
        answers[item.place] := {schema}.reported('completed', hold.held, coalesce(item.actual, hold.held));
        entries := array_append(entries, '{"kind":"completed"'
          || {schema}.job_fields(job.job_id, job.tried, 'succeeded', job.lane, job.backend)
          || {schema}.closed_field(
            hold, coalesce(item.actual, hold.held), CASE WHEN item.actual IS NULL THEN 'charged' ELSE 'settled' END
          )
          || {schema}.moved_fields(
            coalesce(item.actual, hold.held) - hold.held, {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock)
          )
          || {schema}.text_field('tags', job.tags) || {schema}.text_field('by', coalesce(worker, actor)) || '}');
      WHEN 'repeated' THEN
        answers[item.place] := {schema}.reported('completed', hold.held, {schema}.first_booking(hold));
      WHEN 'not_free' THEN
        answers[item.place] := jsonb_build_object('kind', 'free', 'jobId', job.job_id, 'actual', item.actual::text);
        IF atomic THEN
          PERFORM {schema}.undo_batch(answers[item.place]);
        END IF;
      WHEN 'stale' THEN
        IF {schema}.corrects_charge(hold, item.actual) THEN
          counters := {schema}.move_hold(counters, hold, 'settled', item.actual, clock);
          entries := array_append(entries, {schema}.late_entry(
            counters, job, hold, item.actual, coalesce(job.claimed_bys[n], actor), clock
          ));
        END IF;
        answers[item.place] := {schema}.too_late(hold, item.actual);
    END CASE;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries({schema}.both(finished, counters), entries, clock);
  RETURN to_jsonb(answers);
END $$;

CREATE FUNCTION {schema}.fail_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  item record;
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  n int;
  retried {schema}.retried;
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_reported(input);
  clock := {schema}.read_clock(at);

  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i ("jobId" text, token text, error text, actual bigint, most bigint, delay float8, how text)
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    n := array_position(job.tokens, item.token);
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.job_hold(job.job_id, job.hold_numbers[n]);
    CASE {schema}.report_kind(job, n, item.actual, '{requeued,failed,waiting}')
      WHEN 'current' THEN
        counters := {schema}.close_attempt(counters, hold, item.actual, clock);
        retried := {schema}.retry_or_end(
          counters, job, hold, n, item.how, item.error, coalesce(item.actual, hold.held),
          CASE WHEN item.actual IS NULL THEN 'charged' ELSE 'settled' END, item.most, item.delay, actor, clock
        );
        counters := retried.counters;
        entries := array_append(entries, retried.entry);
        answers := array_append(
          answers, {schema}.reported(retried.kind, hold.held, coalesce(item.actual, hold.held))
        );
      WHEN 'repeated' THEN
        answers := array_append(answers, {schema}.reported(job.ends[n], hold.held, {schema}.first_booking(hold)));
      WHEN 'not_free' THEN
        answers := array_append(answers, '{"kind":"free"}');
      WHEN 'stale' THEN
        IF {schema}.corrects_charge(hold, item.actual) THEN
          counters := {schema}.move_hold(counters, hold, 'settled', item.actual, clock);
          entries := array_append(entries, {schema}.late_entry(
            counters, job, hold, item.actual, coalesce(job.claimed_bys[n], actor), clock
          ));
        END IF;
        answers := array_append(answers, {schema}.too_late(hold, item.actual));
    END CASE;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;
-- The recovery of attempts whose leases are lost, and the end of jobs whose deadlines have passed.

-- Charges the attempts whose leases are lost in full, and ends the jobs that nobody has decided on or claimed in time: at
-- most \`most\` together. Answers whether there are more, the attempts, and the jobs.
CREATE FUNCTION {schema}.recover_stale_v1(ttl float8, most_attempts bigint, most bigint, at float8, actor text)
RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  lost_ids text[];
  overdue_ids text[];
  job_ids text[];
  timed_out_ids text[];
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  retried {schema}.retried;
  how text;
  message text;
  is_waiting boolean;
  released bigint;
  has_more boolean;
  money text;
  entries text[] := '{}';
  attempts jsonb[] := '{}';
  ended jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);
  lost_ids := ARRAY(
    SELECT lost.job_id
      FROM (
        SELECT l.job_id FROM {schema}.leases AS l
          WHERE {schema}.is_lease_lost(l.leased_at, l.lease_seconds, l.run_until, clock, ttl)
          ORDER BY l.leased_at, (SELECT j.sequence FROM {schema}.jobs AS j WHERE j.job_id = l.job_id)
      ) AS lost, LATERAL (
        SELECT 1 FROM {schema}.jobs AS j WHERE j.job_id = lost.job_id AND j.state = 'running' FOR UPDATE SKIP LOCKED
      ) AS locked
      LIMIT most + 1
  );
  has_more := cardinality(lost_ids) > most;
  -- A lease that was renewed before its job was locked is not lost.
  lost_ids := ARRAY(
    SELECT job_id FROM {schema}.leases
      WHERE job_id = ANY (lost_ids[:least(most, cardinality(lost_ids))])
        AND {schema}.is_lease_lost(leased_at, lease_seconds, run_until, clock, ttl)
      ORDER BY array_position(lost_ids, job_id)
  );
  timed_out_ids := ARRAY(
    SELECT job_id FROM {schema}.leases WHERE job_id = ANY (lost_ids) AND {schema}.is_timed_out(run_until, clock)
  );
  most := most - cardinality(lost_ids);
  overdue_ids := ARRAY(
    SELECT j.job_id FROM {schema}.jobs AS j WHERE j.deadline <= clock
      ORDER BY j.deadline LIMIT most + 1 FOR UPDATE SKIP LOCKED
  );
  has_more := has_more OR cardinality(overdue_ids) > most;
  overdue_ids := overdue_ids[:least(most, cardinality(overdue_ids))];
  job_ids := lost_ids || overdue_ids;
  -- Parked by a clock that was ahead.
  FOR job IN
    UPDATE {schema}.jobs SET parked = false
      WHERE job_id = ANY (ARRAY(
        SELECT j.job_id FROM {schema}.jobs AS j WHERE j.parked AND j.deadline > clock FOR UPDATE SKIP LOCKED
      ))
      RETURNING *
  LOOP
    PERFORM {schema}.make_ready(job.job_id, job.lane, job.priority, job.run_at, job.sequence);
  END LOOP;
  counters := {schema}.lock_holds(ARRAY(
    SELECT {schema}.open_hold(j) FROM {schema}.jobs AS j WHERE j.job_id = ANY (job_ids)
  ));

  FOR job IN
    SELECT * FROM {schema}.jobs WHERE job_id = ANY (lost_ids) ORDER BY array_position(lost_ids, job_id)
  LOOP
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job);
    counters := {schema}.close_attempt(counters, hold, NULL, clock);
    IF job.job_id = ANY (timed_out_ids) THEN
      how := 'timed_out';
      message := 'attempt ' || job.tried || ' ran longer than maxRunSeconds';
    ELSE
      how := 'lost';
      message := 'attempt ' || job.tried || ' lost its lease';
    END IF;
    retried := {schema}.retry_or_end(
      counters, job, hold, cardinality(job.tokens), how, message, hold.held, 'charged', most_attempts, 0, actor,
      clock
    );
    counters := retried.counters;
    entries := array_append(entries, retried.entry);
    attempts := array_append(attempts, jsonb_build_object(
      'jobId', job.job_id, 'attempt', job.tried, 'charged', coalesce(hold.held, 0)::text, 'outcome', retried.kind
    ));
  END LOOP;

  FOR job IN
    SELECT * FROM {schema}.jobs WHERE job_id = ANY (overdue_ids) ORDER BY array_position(overdue_ids, job_id)
  LOOP
    is_waiting := job.state = 'awaiting_approval';
    released := 0;
    money := '';
    IF job.state = 'queued' THEN
      SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job) AND holds.state = 'open';
      IF FOUND THEN
        released := hold.held;
        counters := {schema}.move_hold(counters, hold, 'released', 0, clock);
        money := {schema}.closed_field(hold, 0, 'released')
          || {schema}.moved_fields(-released, {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock));
      END IF;
    END IF;
    UPDATE {schema}.jobs
      SET state = CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END,
        attention = CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END, deadline = NULL, parked = false, ended_at = clock, waiting_since = NULL,
        error = CASE
          WHEN is_waiting THEN '{"code":"expired","message":"nobody approved it in time"}'
          ELSE '{"code":"expired","message":"nobody claimed it in time"}'
        END
      WHERE job_id = job.job_id;
    DELETE FROM {schema}.ready WHERE job_id = job.job_id;
    INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
    entries := array_append(entries, '{"kind":"expired"'
      || {schema}.job_fields(
        job.job_id, job.tried, CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END, job.lane, job.backend
      ) || money || {schema}.text_field('tags', job.tags) || {schema}.text_field('by', actor) || '}');
    ended := array_append(ended, jsonb_build_object(
      'jobId', job.job_id, 'state', CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END, 'released', released::text
    ));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN jsonb_build_array(has_more, to_jsonb(attempts), to_jsonb(ended));
END $$;
-- Look-ups, and the deletion of what ended.

CREATE FUNCTION {schema}.job_v1(input jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT (SELECT {schema}.job_json(j) FROM {schema}.jobs AS j WHERE j.job_id = wanted.job_id)
      FROM jsonb_array_elements_text(input) WITH ORDINALITY AS wanted (job_id, place)
      ORDER BY wanted.place
  ));
END $$;

-- The jobs after \`after\`, at most \`most\`, in the order of their submission; a NULL state or lane is any. Payloads and
-- results end the list too, at the size of a claim: the client asks on. Answers whether they did, and the jobs; where there
-- is no job \`after\`, one NULL.
CREATE FUNCTION {schema}.jobs_v1(wanted_state text, wanted_lane text, most bigint, after text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  start bigint := 0;
  job {schema}.jobs%ROWTYPE;
  bytes bigint := 0;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  IF after IS NOT NULL THEN
    SELECT sequence INTO start FROM {schema}.jobs WHERE job_id = after;
    IF NOT FOUND THEN
      RETURN '[false, [null]]';
    END IF;
  END IF;
  FOR job IN
    SELECT * FROM {schema}.jobs AS j
      WHERE NOT j.pruned AND j.sequence > start
        AND ({schema}.attention(wanted_state) IS NULL OR j.attention = wanted_state)
        AND (wanted_state IS NULL OR j.state = wanted_state)
        AND (wanted_lane IS NULL OR j.lane = wanted_lane)
      ORDER BY j.sequence LIMIT most
  LOOP
    bytes := bytes + octet_length(job.payload) + coalesce(octet_length(job.result), 0);
    IF bytes > {schema}.most_claimed_bytes() AND answers <> '{}' THEN
      RETURN jsonb_build_array(true, to_jsonb(answers));
    END IF;
    answers := array_append(answers, {schema}.job_json(job));
  END LOOP;
  RETURN jsonb_build_array(false, to_jsonb(answers));
END $$;

-- The ids of all holds of some jobs.
CREATE FUNCTION {schema}.holds_of(job_ids text[]) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(
    SELECT {schema}.job_hold(j.job_id, n)
      FROM {schema}.jobs AS j, generate_series(1, j.holds) AS n WHERE j.job_id = ANY (job_ids)
  );
END $$;

-- Locks the jobs that ended first, before an instant, and are not pruned: at most \`most\`, without those that another has
-- locked.
CREATE FUNCTION {schema}.lock_ended(before float8, most bigint) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(
    SELECT locked.job_id
      FROM (SELECT e.sequence FROM {schema}.ended AS e WHERE e.ended_at < before ORDER BY e.ended_at) AS old, LATERAL (
        SELECT j.job_id FROM {schema}.jobs AS j
          WHERE j.sequence = old.sequence AND NOT j.pruned AND j.ended_at < before FOR UPDATE SKIP LOCKED
      ) AS locked
      LIMIT most
  );
END $$;

CREATE FUNCTION {schema}.no_longer_ended(job_ids text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  job record;
BEGIN
  FOR job IN SELECT j.ended_at, j.sequence FROM {schema}.jobs AS j WHERE j.job_id = ANY (job_ids) LOOP
    DELETE FROM {schema}.ended AS e WHERE e.ended_at = job.ended_at AND e.sequence = job.sequence;
  END LOOP;
END $$;

CREATE FUNCTION {schema}.swept(jobs int, holds int, most bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_array(jsonb_build_object(
  'jobs', least(jobs, most), 'holds', least(holds, most), 'more', jobs > most OR holds > most
));

-- Takes the contents from what ended before an instant: from at most \`most\` jobs, and as many holds of callers. What
-- another has locked is for the next time.
CREATE FUNCTION {schema}.prune_v1(before float8, most bigint) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  job_ids text[];
  hold_ids text[];
  swept jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  job_ids := {schema}.lock_ended(before, most + 1);
  hold_ids := ARRAY(
    SELECT hold_id FROM {schema}.holds WHERE closed < before AND NOT pruned
      ORDER BY closed LIMIT most + 1 FOR UPDATE SKIP LOCKED
  );
  swept := {schema}.swept(cardinality(job_ids), cardinality(hold_ids), most);
  job_ids := job_ids[:least(most, cardinality(job_ids))];
  hold_ids := hold_ids[:least(most, cardinality(hold_ids))];
  hold_ids := hold_ids || {schema}.holds_of(job_ids);
  PERFORM {schema}.no_longer_ended(job_ids);
  UPDATE {schema}.jobs
    SET payload = 'null', asked_scopes = NULL, tags = NULL, result = NULL, error = NULL, decision = NULL,
      cancellation = NULL, pruned = true
    WHERE job_id = ANY (job_ids);
  -- A correction needs the scopes of a closed hold, and nothing its caps.
  UPDATE {schema}.holds
    SET caps = array_fill(NULL::bigint, ARRAY[cardinality(scopes)]),
      untils = array_fill(NULL::float8, ARRAY[cardinality(scopes)]), tags = NULL, pruned = true
    WHERE hold_id = ANY (hold_ids);
  RETURN swept;
END $$;

-- Deletes what ended before an instant: at most \`most\` jobs, and as many holds of callers.
CREATE FUNCTION {schema}.forget_v1(before float8, most bigint, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  job_ids text[];
  hold_ids text[];
  swept jsonb;
  jobs jsonb;
  gone {schema}.holds[];
  counters {schema}.counters;
  clock float8;
  pins jsonb;
  entries text[];
BEGIN
  PERFORM {schema}.begin_operation();
  job_ids := ARRAY(
    SELECT job_id FROM {schema}.jobs WHERE ended_at < before AND pruned
      ORDER BY sequence LIMIT most + 1 FOR UPDATE SKIP LOCKED
  );
  IF cardinality(job_ids) <= most THEN
    job_ids := job_ids || {schema}.lock_ended(before, most + 1 - cardinality(job_ids));
  END IF;
  hold_ids := ARRAY(
    SELECT hold_id FROM {schema}.holds WHERE closed < before AND pruned
      ORDER BY closed LIMIT most + 1 FOR UPDATE SKIP LOCKED
  );
  IF cardinality(hold_ids) <= most THEN
    hold_ids := hold_ids || ARRAY(
      SELECT hold_id FROM {schema}.holds WHERE closed < before AND NOT pruned
        ORDER BY closed LIMIT most + 1 - cardinality(hold_ids) FOR UPDATE SKIP LOCKED
    );
  END IF;
  swept := {schema}.swept(cardinality(job_ids), cardinality(hold_ids), most);
  job_ids := job_ids[:least(most, cardinality(job_ids))];
  hold_ids := hold_ids[:least(most, cardinality(hold_ids))];
  hold_ids := hold_ids || {schema}.holds_of(job_ids);
  WITH deleted AS (
    DELETE FROM {schema}.holds AS h WHERE h.hold_id = ANY (hold_ids) RETURNING h AS hold
  )
  SELECT array_agg(d.hold) INTO gone FROM deleted AS d;
  -- After the holds: whoever was just correcting one has kept the decision by now.
  DELETE FROM {schema}.decisions
    WHERE subject = ANY (hold_ids || ARRAY(SELECT 'job:' || u.job_id FROM unnest(job_ids) AS u (job_id)));
  PERFORM {schema}.no_longer_ended(job_ids);
  WITH deleted AS (
    DELETE FROM {schema}.jobs WHERE job_id = ANY (job_ids) RETURNING job_id, tried, state, lane, backend, tags, holds
  )
  SELECT jsonb_object_agg(d.job_id, {schema}.job_fields(d.job_id, d.tried, d.state, d.lane, d.backend)),
      array_agg(
        '{"kind":"forgotten"' || {schema}.job_fields(d.job_id, d.tried, d.state, d.lane, d.backend)
          || {schema}.text_field('tags', d.tags) || {schema}.text_field('by', actor) || '}'
        ORDER BY array_position(job_ids, d.job_id)
      ) FILTER (WHERE d.holds = 0)
    INTO jobs, entries FROM deleted AS d;
  -- What is forgotten stays in the counters: each entry says what that was.
  counters := {schema}.lock_counters(ARRAY(SELECT unnest(u.scopes) FROM unnest(gone) AS u));
  counters.before := {schema}.committed(counters);
  clock := {schema}.read_clock(at);
  pins := (
    SELECT jsonb_object_agg(s.scope, {schema}.cap_in_force(s.pinned, s.raised_to, s.raised_until, clock))
      FROM {schema}.scopes AS s WHERE s.scope = ANY (counters.scopes) AND s.pinned IS NOT NULL
  );
  entries := entries || ARRAY(
    SELECT '{"kind":"forgotten"' || coalesce(jobs ->> u.job_id, '') || ',"closed":[' || {schema}.quoted(u.hold_id) || ',"'
        || u.held::text || '","' || u.booked::text || '","' || u.state || '"],"was":"' || u.booked::text || '"'
        || {schema}.moved_fields(0, (
          SELECT string_agg({schema}.shown_scope(c.scope, coalesce((pins ->> c.scope)::bigint, c.cap)), ',' ORDER BY c.place)
            FROM unnest(u.scopes, u.caps) WITH ORDINALITY AS c (scope, cap, place)
        ))
        || {schema}.text_field('tags', u.tags) || {schema}.text_field('by', actor) || '}'
      FROM unnest(gone) AS u
      ORDER BY array_position(job_ids, u.job_id), length(u.hold_id), u.hold_id
  );
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN swept;
END $$;

CREATE FUNCTION {schema}.id_v1() RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(SELECT id FROM {schema}.store));
END $$;
-- What is asked about the journal.

-- The rows of the journal that have entries after a place, at most \`most\` of them, up to the number before which nothing can
-- come any more: with \`passed\` that number as it was known before, and with \`noted\` what was noted since, \`[number, id,
-- time]\` in their order. Whoever has drawn a number up to a noted one has a smaller transaction id than the one that was taken
-- when it was noted, and is over once all smaller ones are. A negative \`passed\` asks for all that is
-- committed. Answers the rows, whether there are more, since when rows are held back, and what is passed and noted now.
CREATE FUNCTION {schema}.journal_v1(after bigint, most bigint, passed bigint, noted jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  drawn bigint;
  oldest xid8;
  entries record;
  bytes bigint := 0;
  rows jsonb[] := '{}';
  has_more boolean := false;
  held_back_since float8;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT CASE WHEN p.is_called THEN p.last_value ELSE 0 END INTO drawn FROM {schema}.journal_places AS p;
  -- Whoever adds up asks for all that is committed, in no order from which one could go on.
  IF passed < 0 THEN
    passed := 9223372036854775807;
    drawn := passed;
    noted := '[]';
  END IF;
  -- The sequence was made anew: what is known is about another one.
  IF drawn < greatest(passed, (noted -> -1 ->> 0)::bigint) THEN
    passed := 0;
    noted := '[]';
  END IF;
  -- An id that this transaction had before says nothing about the number. The message makes the commit wait for the disk: a
  -- number and an id that a crash could give to others must not be relied on.
  IF drawn > greatest(passed, (noted -> -1 ->> 0)::bigint) AND pg_current_xact_id_if_assigned() IS NULL THEN
    PERFORM pg_logical_emit_message(true, 'dispatch-kit', '');
    noted := noted || jsonb_build_array(
      jsonb_build_array(drawn, pg_current_xact_id()::text, {schema}.read_clock(at))
    );
  END IF;
  oldest := pg_snapshot_xmin(pg_current_snapshot());
  passed := greatest(
    passed, (SELECT max((n ->> 0)::bigint) FROM jsonb_array_elements(noted) AS n WHERE (n ->> 1)::xid8 <= oldest)
  );
  noted := (
    SELECT coalesce(jsonb_agg(n ORDER BY (n ->> 0)::bigint), '[]')
      FROM jsonb_array_elements(noted) AS n WHERE (n ->> 0)::bigint > passed
  );

  -- A later statement sees all that was committed when \`oldest\` was read.
  FOR entries IN
    SELECT j.place, j.at, j.body FROM {schema}.journal AS j
      WHERE j.place >= after - after % {schema}.most_entries() AND j.place <= passed ORDER BY j.place LIMIT most + 2
  LOOP
    -- The first row may have been read to its end.
    CONTINUE WHEN entries.place <= after
      AND json_array_length(entries.body::json -> 'entries') <= after - entries.place + 1;
    bytes := bytes + octet_length(entries.body);
    IF cardinality(rows) = most OR bytes > {schema}.most_claimed_bytes() AND rows <> '{}' THEN
      has_more := true;
      EXIT;
    END IF;
    rows := array_append(rows, jsonb_build_array(entries.place, entries.at, entries.body));
  END LOOP;
  SELECT (n ->> 2)::float8 INTO held_back_since
    FROM jsonb_array_elements(noted) AS n
    WHERE (n ->> 0)::bigint >= (
      SELECT j.place FROM {schema}.journal AS j WHERE j.place > greatest(passed, after) ORDER BY j.place LIMIT 1
    )
    ORDER BY (n ->> 0)::bigint LIMIT 1;
  RETURN jsonb_build_object(
    'rows', rows, 'more', has_more, 'heldBackSince', held_back_since, 'passed', passed, 'noted', noted
  );
END $$;

-- The scopes whose counters differ from the sums of their holds, or from what the journal has moved. What was booked for
-- holds that are forgotten is in the journal only.
CREATE FUNCTION {schema}.audit_v1() RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object(
        'scope', each.scope,
        'counter', jsonb_build_object('reserved', sum(each.reserved)::text, 'spent', sum(each.spent)::text),
        'holds', jsonb_build_object('reserved', sum(each.held)::text, 'spent', sum(each.booked)::text),
        'journal', sum(each.moved)::text
      )
      FROM (
        SELECT s.scope, s.reserved, s.spent, 0::numeric AS held, 0::numeric AS booked, 0::numeric AS moved
          FROM {schema}.scopes AS s
        UNION ALL
        SELECT u.scope, 0, 0, CASE h.state WHEN 'open' THEN h.held ELSE 0 END, h.booked, 0
          FROM {schema}.holds AS h, unnest(h.scopes) AS u (scope)
        UNION ALL
        SELECT shown ->> 0, 0, 0, 0,
            CASE entry ->> 'kind' WHEN 'forgotten' THEN (entry -> 'closed' ->> 2)::numeric ELSE 0 END,
            (entry ->> 'moved')::numeric
          FROM {schema}.journal AS j, json_array_elements(j.body::json -> 'entries') AS entry,
            json_array_elements(entry -> 'scopes') AS shown
      ) AS each
      GROUP BY each.scope
      HAVING sum(each.reserved) <> sum(each.held) OR sum(each.spent) <> sum(each.booked)
        OR sum(each.reserved) + sum(each.spent) <> sum(each.moved)
      ORDER BY each.scope COLLATE "C"
  ));
END $$;

-- The last place before an instant. Found by halves: an index of the times would cost every operation a page.
CREATE FUNCTION {schema}.place_at_v1(wanted float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  low bigint := 0;
  high bigint;
  middle record;
BEGIN
  PERFORM {schema}.begin_operation();
  high := coalesce((SELECT j.place + {schema}.most_entries() - 1 FROM {schema}.journal AS j ORDER BY j.place DESC LIMIT 1), 0);
  WHILE low < high LOOP
    SELECT j.place, j.at INTO middle FROM {schema}.journal AS j
      WHERE j.place <= (low + high + 1) / 2 ORDER BY j.place DESC LIMIT 1;
    IF middle.at < wanted THEN
      low := middle.place + {schema}.most_entries() - 1;
    ELSE
      high := coalesce(middle.place, 1) - 1;
    END IF;
  END LOOP;
  RETURN jsonb_build_array(low);
END $$;

-- Scopes with a prefix and behind a name, with their pins and how many holds are open in them.
CREATE FUNCTION {schema}.scopes_v1(prefix text, after text, most bigint, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  found {schema}.scopes[];
  open jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  found := ARRAY(
    SELECT s FROM {schema}.scopes AS s
      WHERE s.scope > after AND s.scope >= prefix COLLATE "C" AND starts_with(s.scope, prefix)
      ORDER BY s.scope LIMIT most
  );
  open := (
    SELECT jsonb_object_agg(each.scope, each.holds)
      FROM (
        SELECT u.scope, count(*) AS holds
          FROM {schema}.holds AS h, unnest(h.scopes) AS u (scope)
          WHERE h.state = 'open' AND h.scopes && ARRAY(SELECT f.scope FROM unnest(found) AS f)
          GROUP BY u.scope
      ) AS each
  );
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object(
        'scope', f.scope, 'reserved', f.reserved::text, 'spent', f.spent::text,
        'pinned', f.pinned::text, 'raisedTo', f.raised_to::text, 'raisedUntil', f.raised_until,
        'openHolds', coalesce((open ->> f.scope)::int, 0), 'clock', {schema}.read_clock(at)
      )
      FROM unnest(found) AS f ORDER BY f.scope COLLATE "C"
  ));
END $$;

-- Holds of a scope and a state, NULL for any, behind an id.
CREATE FUNCTION {schema}.holds_v1(wanted_scope text, wanted_state text, most bigint, after text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT {schema}.hold_json(h) || jsonb_build_object('heldAt', h.held_at, 'resolvedAt', h.resolved_at)
      FROM {schema}.holds AS h
      WHERE h.hold_id > coalesce(after, '')
        AND (wanted_state IS NULL OR h.state = wanted_state)
        AND (wanted_scope IS NULL OR wanted_scope = ANY (h.scopes))
      ORDER BY h.hold_id LIMIT most
  ));
END $$;

-- The claims of a job with their holds; one NULL if there is no such job.
CREATE FUNCTION {schema}.attempts_v1(wanted text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  job {schema}.jobs%ROWTYPE;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT * INTO job FROM {schema}.jobs WHERE job_id = wanted;
  IF NOT FOUND THEN
    RETURN '[null]';
  END IF;
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object(
        'claimedAt', u.claimed_at, 'by', u.claimed_by, 'end', u.how, 'endedAt', u.ended_at,
        'hold', (
          SELECT {schema}.hold_json(h) FROM {schema}.holds AS h
            WHERE h.hold_id = {schema}.job_hold(job.job_id, u.hold_number) AND u.hold_number > 0
              AND NOT {schema}.is_free(job.backend, job.max_cost)
        )
      )
      FROM unnest(job.claimed_ats, job.claimed_bys, job.ends, job.ended_ats, job.hold_numbers) WITH ORDINALITY
        AS u (claimed_at, claimed_by, how, ended_at, hold_number, number)
      ORDER BY u.number
  ));
END $$;

-- The unfinished jobs by lane and state: those that wait for a person by the index of what needs attention, the others by
-- the tables of what is ready and what runs.
CREATE FUNCTION {schema}.counts_v1() RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object('lane', j.lane, 'state', j.state, 'jobs', count(*), 'oldest', min(j.submitted_at))
      FROM {schema}.jobs AS j
      WHERE NOT j.pruned AND j.job_id = ANY (
        ARRAY(SELECT r.job_id FROM {schema}.ready AS r)
        || ARRAY(SELECT l.job_id FROM {schema}.leases AS l)
        || ARRAY(SELECT p.job_id FROM {schema}.jobs AS p WHERE p.parked)
        || ARRAY(
          SELECT a.job_id FROM {schema}.jobs AS a WHERE a.attention = 'awaiting_approval' AND NOT a.pruned
        )
      )
      GROUP BY j.lane, j.state
  ));
END $$;
-- Runs an operation on a connection that may be inside somebody's open transaction: there the first COMMIT fails (2D000),
-- before anything is answered that the other one could roll back. A function cannot tell, and a procedure that has
-- settings of its own cannot commit, so every name is qualified. A migration that replaces an operation replaces this
-- under its own version, too.
CREATE PROCEDURE {schema}.alone_v1(operation text, a text[], INOUT answer text)
LANGUAGE plpgsql AS $$
BEGIN
  COMMIT;
  CASE operation
    WHEN 'hold' THEN answer := {schema}.hold_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.jsonb, a[3]::pg_catalog.float8, a[4]);
    WHEN 'settle' THEN answer := {schema}.settle_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'release' THEN answer := {schema}.release_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'extend' THEN answer := {schema}.extend_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'expire' THEN answer := {schema}.expire_v1(a[1]::pg_catalog.int8, a[2]::pg_catalog.float8, a[3]);
    WHEN 'usage' THEN answer := {schema}.usage_v1(a[1]::pg_catalog.jsonb);
    WHEN 'get_hold' THEN answer := {schema}.get_hold_v1(a[1]::pg_catalog.jsonb);
    WHEN 'correct' THEN answer := {schema}.correct_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'set_cap' THEN answer := {schema}.set_cap_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'cap' THEN answer := {schema}.cap_v1(a[1], a[2]::pg_catalog.float8);
    WHEN 'submit' THEN answer := {schema}.submit_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.jsonb, a[3]::pg_catalog.float8, a[4], a[5]::pg_catalog.bool);
    WHEN 'approve' THEN answer := {schema}.approve_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'reject' THEN answer := {schema}.reject_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'cancel' THEN answer := {schema}.cancel_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'retry' THEN answer := {schema}.retry_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'set_lane' THEN answer := {schema}.set_lane_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'lanes' THEN answer := {schema}.lanes_v1();
    WHEN 'claim' THEN answer := {schema}.claim_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'renew' THEN answer := {schema}.renew_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8);
    WHEN 'complete' THEN answer := {schema}.complete_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3], a[4]::pg_catalog.bool);
    WHEN 'fail' THEN answer := {schema}.fail_v1(a[1]::pg_catalog.jsonb, a[2]::pg_catalog.float8, a[3]);
    WHEN 'recover_stale' THEN answer := {schema}.recover_stale_v1(a[1]::pg_catalog.float8, a[2]::pg_catalog.int8, a[3]::pg_catalog.int8, a[4]::pg_catalog.float8, a[5]);
    WHEN 'job' THEN answer := {schema}.job_v1(a[1]::pg_catalog.jsonb);
    WHEN 'jobs' THEN answer := {schema}.jobs_v1(a[1], a[2], a[3]::pg_catalog.int8, a[4]);
    WHEN 'prune' THEN answer := {schema}.prune_v1(a[1]::pg_catalog.float8, a[2]::pg_catalog.int8);
    WHEN 'forget' THEN answer := {schema}.forget_v1(a[1]::pg_catalog.float8, a[2]::pg_catalog.int8, a[3]::pg_catalog.float8, a[4]);
    WHEN 'id' THEN answer := {schema}.id_v1();
    WHEN 'journal' THEN answer := {schema}.journal_v1(a[1]::pg_catalog.int8, a[2]::pg_catalog.int8, a[3]::pg_catalog.int8, a[4]::pg_catalog.jsonb, a[5]::pg_catalog.float8);
    WHEN 'audit' THEN answer := {schema}.audit_v1();
    WHEN 'place_at' THEN answer := {schema}.place_at_v1(a[1]::pg_catalog.float8);
    WHEN 'scopes' THEN answer := {schema}.scopes_v1(a[1], a[2], a[3]::pg_catalog.int8, a[4]::pg_catalog.float8);
    WHEN 'holds' THEN answer := {schema}.holds_v1(a[1], a[2], a[3]::pg_catalog.int8, a[4]);
    WHEN 'attempts' THEN answer := {schema}.attempts_v1(a[1]);
    WHEN 'counts' THEN answer := {schema}.counts_v1();
    ELSE
      RAISE EXCEPTION 'the schema has no operation %', operation USING ERRCODE = 'undefined_function';
  END CASE;
END $$;
`,
  },
];

/** With `{schema}`, and `{migrations}` for their rows. */
export const MIGRATE = `-- Brings a schema up to this code's version, and leaves a newer one as it is. One statement: many processes may run it
-- at once, and through a pooler.
DO $migrate$
DECLARE
  path text := pg_catalog.current_setting('search_path');
  is_known boolean;
  newest int;
  migration record;
BEGIN
  -- Names mean the same in every session.
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  -- Extra checks of plpgsql are for its authors.
  PERFORM set_config('plpgsql.extra_errors', 'none', true);
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = 'the database must have the encoding UTF8, it has ' || current_setting('server_encoding')
        || ': payloads and names could not be stored as they are';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('dispatch-kit migrates'));
  -- A role without the right to create a schema or a table can use those that are there.
  IF to_regnamespace('{schema}') IS NULL THEN
    CREATE SCHEMA {schema};
  END IF;
  IF to_regclass('{schema}.migrations') IS NULL THEN
    CREATE TABLE {schema}.migrations (
      version int PRIMARY KEY,
      sha256 text NOT NULL,
      at timestamptz NOT NULL DEFAULT now()
    );
  END IF;

  -- A version that was never published kept no digests, or others.
  is_known := EXISTS (
    SELECT FROM pg_attribute
      WHERE attrelid = '{schema}.migrations'::regclass AND attname = 'sha256' AND NOT attisdropped
  );
  IF is_known THEN
    SELECT coalesce(max(m.version), 0), bool_and(m.sha256 IS NOT NULL) IS NOT FALSE INTO newest, is_known
      FROM {schema}.migrations AS m;
    FOR migration IN SELECT * FROM (VALUES {migrations}) AS m (version, sha256, sql) ORDER BY m.version LOOP
      IF migration.version > newest THEN
        EXECUTE migration.sql;
        INSERT INTO {schema}.migrations (version, sha256) VALUES (migration.version, migration.sha256);
      ELSE
        is_known := is_known AND EXISTS (
          SELECT FROM {schema}.migrations AS m WHERE m.version = migration.version AND m.sha256 = migration.sha256
        );
      END IF;
    END LOOP;
  END IF;
  IF NOT is_known THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = 'the schema {schema} was made by a version of dispatch-kit that was never published; '
        || 'drop it, or name another one, and call migrate() again';
  END IF;
  PERFORM set_config('search_path', path, true);
END $migrate$
`;
