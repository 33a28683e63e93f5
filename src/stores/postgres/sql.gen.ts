// Written by scripts/sql.ts from the .sql files beside it: change those, and run `npx node scripts/sql.ts`.
import type { Migration } from "../migration.ts";

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sha256: "6aaef71e22f5a800adbe9ed0ae47c5af68c5f5e9e3d1d60b3cef0f162a9337d1",
    sql: `-- Rules that the library's TypeScript states too: one table of cases holds both to the same answers. Each is one
-- expression, which the planner puts in the place of the call.

-- Free local work needs no approval and holds no money.
CREATE FUNCTION {schema}.is_free(backend text, max_cost bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN backend = 'local' AND max_cost = 0;

-- The id of a job's hold; n counts the job's holds from 1.
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

-- The largest amount of the ledger, 2^62 - 1 micro-cents.
CREATE FUNCTION {schema}.max_amount() RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN 4611686018427387903;

-- Whether an open hold is to be charged; at the very second of its expiry it is.
CREATE FUNCTION {schema}.is_hold_due(expires_at float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN expires_at <= clock;

-- Whether a lease counts as lost; at the very second of its time to live it does.
CREATE FUNCTION {schema}.is_lease_stale(leased_at float8, clock float8, ttl float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN clock - leased_at >= ttl;

-- Whether a scope's day or month is over; in the very second of its end it is. NULL has no end.
CREATE FUNCTION {schema}.is_over(until float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(clock >= until, false);

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
-- tables, \`ready\` and \`leases\`: they repeat what \`jobs\` says about the jobs that can be claimed and those that run.
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
-- What the operations share.
--
-- Every operation locks the jobs by id, then the holds by id, then the counters by scope; it reads the clock, decides
-- its items in their order against the locked counters, and writes the counters once.

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
  -- What was answered must be on the disk. A session may ask for more than that, and keeps it.
  IF current_setting('synchronous_commit') <> 'remote_apply' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
END $$;

-- Undoes a batch that is all or nothing; the client reads the reason from the message.
CREATE FUNCTION {schema}.undo_batch(reason jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'dispatch-kit%', reason;
END $$;


-- Counters ------------------------------------------------------------------------------------------------------------

-- The counters of some scopes, locked, while an operation decides: entry by entry, in the order of their names.
CREATE TYPE {schema}.counters AS (
  scopes text[],
  reserved numeric[],
  spent numeric[],
  pinned bigint[]
);

-- Makes the counters that are missing, locks all of them, and reads them.
CREATE FUNCTION {schema}.lock_counters(wanted text[]) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
DECLARE
  counters {schema}.counters;
BEGIN
  wanted := ARRAY(SELECT DISTINCT w.scope COLLATE "C" FROM unnest(wanted) AS w (scope) ORDER BY 1);
  -- A counter is never deleted: one that is there stays.
  IF (SELECT count(*) FROM {schema}.scopes AS s WHERE s.scope = ANY (wanted)) < cardinality(wanted) THEN
    INSERT INTO {schema}.scopes (scope) SELECT unnest(wanted) ON CONFLICT DO NOTHING;
  END IF;
  SELECT array_agg(locked.scope), array_agg(locked.reserved), array_agg(locked.spent), array_agg(locked.pinned)
    INTO counters
    FROM (
      SELECT s.scope, s.reserved, s.spent, s.pinned
        FROM {schema}.scopes AS s WHERE s.scope = ANY (wanted) ORDER BY s.scope FOR UPDATE
    ) AS locked;
  IF coalesce(cardinality(counters.scopes), 0) <> cardinality(wanted) THEN
    RAISE EXCEPTION 'not every counter can be read; are there policies of row security on the table scopes?';
  END IF;
  RETURN counters;
END $$;

-- Adds to the counters of some scopes.
CREATE FUNCTION {schema}.add_to_counters(
  counters {schema}.counters, scopes text[], more_reserved numeric, more_spent numeric
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
DECLARE
  i int;
BEGIN
  FOR k IN 1 .. coalesce(cardinality(scopes), 0) LOOP
    i := array_position(counters.scopes, scopes[k]);
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

-- The first scope whose pinned cap is not the one of the request, as an answer; NULL if there is none.
CREATE FUNCTION {schema}.pin_conflict(
  counters {schema}.counters, scopes text[], caps bigint[]
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  pinned bigint;
BEGIN
  FOR k IN 1 .. cardinality(scopes) LOOP
    pinned := counters.pinned[array_position(counters.scopes, scopes[k])];
    IF pinned <> caps[k] THEN
      RETURN jsonb_build_object('kind', 'pinned', 'scope', scopes[k], 'pinned', pinned::text);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- The scopes that lack room for an amount, and by how much; an empty list if it fits everywhere. What is new has no
-- room in a scope whose time is over; \`untils\` is NULL where time does not count.
CREATE FUNCTION {schema}.lacking(
  counters {schema}.counters, amount bigint, scopes text[], caps bigint[], untils float8[], clock float8
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  lacking jsonb := '[]';
  room numeric;
  i int;
BEGIN
  FOR k IN 1 .. cardinality(scopes) LOOP
    i := array_position(counters.scopes, scopes[k]);
    room := coalesce(counters.pinned[i], caps[k]) - counters.reserved[i] - counters.spent[i];
    IF {schema}.is_over(untils[k], clock) THEN
      lacking := lacking || jsonb_build_object('scope', scopes[k], 'by', amount::text, 'over', true);
    -- What is unknown is no room.
    ELSIF (amount <= room) IS NOT TRUE THEN
      lacking := lacking || jsonb_build_object('scope', scopes[k], 'by', (amount - room)::text);
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
      HAVING bool_or({schema}.is_over(u.until, clock)) OR bool_or(c.pinned <> u.cap)
        OR (sum(list.total) <= min(u.cap) - min(c.reserved + c.spent)) IS NOT TRUE
  );
END $$;

-- Reserves all the totals, in scopes that are locked. A scope finds its own by its name.
CREATE FUNCTION {schema}.reserve_totals(counters {schema}.counters, lists jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
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
    SET state = next_state, booked = next_booked, settled_from = hold.state, resolved_at = clock
    WHERE hold_id = hold.hold_id;
  RETURN {schema}.add_to_counters(
    counters, hold.scopes, CASE hold.state WHEN 'open' THEN -hold.held ELSE 0 END, next_booked - hold.booked
  );
END $$;

-- Sets aside what an attempt may cost. Such a hold does not expire: recovery resolves it.
CREATE FUNCTION {schema}.hold_for_job(
  counters {schema}.counters, job_id text, n int, amount bigint, scopes text[], caps bigint[], untils float8[]
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils)
    VALUES ({schema}.job_hold(job_id, n), job_id, amount, amount, scopes, caps, untils);
  RETURN {schema}.add_to_counters(counters, scopes, amount, 0);
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
  'state', job.state,
  'attempts', cardinality(job.tokens),
  'decision', job.decision,
  'error', job.error,
  'result', job.result,
  'pruned', job.pruned
);

-- The hold that is open while a paid job is queued, for its next attempt, and while it runs.
CREATE FUNCTION {schema}.open_hold(job {schema}.jobs) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN {schema}.job_hold(job.job_id, cardinality(job.tokens) + CASE job.state WHEN 'running' THEN 0 ELSE 1 END);

-- Locks the jobs that the items name.
CREATE FUNCTION {schema}.lock_jobs(input jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM {schema}.jobs
    WHERE job_id = ANY (ARRAY(SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item))
    ORDER BY job_id FOR UPDATE;
END $$;

-- Lets a job be claimed.
CREATE FUNCTION {schema}.make_ready(job {schema}.jobs) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {schema}.ready (job_id, lane, priority, run_at, sequence)
    VALUES (job.job_id, job.lane, job.priority, job.run_at, job.sequence);
END $$;
-- The operations of the ledger. What they say about a hold is its row as it was before: the client's pure rules make
-- the answer of it.

-- The requests in their order, each with its scopes and caps: those of the list that it names.
CREATE FUNCTION {schema}.hold_requests(input jsonb, lists jsonb)
RETURNS TABLE (number bigint, hold_id text, amount bigint, ttl float8, scopes text[], caps bigint[], untils float8[])
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT request.number, request.hold_id, request.amount, request.ttl, list.scopes, list.caps, list.untils
    FROM ROWS FROM (
        jsonb_to_recordset(input) AS ("holdId" text, amount bigint, "ttlSeconds" float8, list bigint)
      ) WITH ORDINALITY AS request (hold_id, amount, ttl, list, number)
      JOIN ROWS FROM (
        jsonb_to_recordset(lists) AS (scopes text[], caps bigint[], untils float8[])
      ) WITH ORDINALITY AS list (scopes, caps, untils, number) ON list.number = request.list;
END;

CREATE FUNCTION {schema}.hold_v1(input jsonb, lists jsonb, at float8) RETURNS jsonb
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
    INSERT INTO {schema}.holds (hold_id, asked, held, scopes, caps, untils, expires_at)
      SELECT r.hold_id, r.amount, r.amount, r.scopes, r.caps, r.untils, clock + r.ttl
        FROM {schema}.hold_requests(input, lists) AS r;
    PERFORM {schema}.reserve_totals(counters, lists);
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
    lacking := {schema}.lacking(counters, request.amount, request.scopes, request.caps, request.untils, clock);
    IF lacking IS DISTINCT FROM '[]' THEN
      answers := array_append(answers, jsonb_build_object('kind', 'refused', 'lacking', lacking));
      CONTINUE;
    END IF;
    INSERT INTO {schema}.holds (hold_id, asked, held, scopes, caps, untils, expires_at)
      VALUES (
        request.hold_id, request.amount, request.amount, request.scopes, request.caps, request.untils,
        clock + request.ttl
      )
      ON CONFLICT DO NOTHING;
    IF FOUND THEN
      counters := {schema}.add_to_counters(counters, request.scopes, request.amount, 0);
      answers := array_append(answers, '{"kind":"held"}');
    ELSE
      -- Made meanwhile, in other scopes.
      SELECT * INTO hold FROM {schema}.holds WHERE hold_id = request.hold_id;
      answers := array_append(answers, jsonb_build_object('kind', 'known', 'hold', {schema}.hold_json(hold)));
    END IF;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;

-- What is open, charged or released is settled once. Each item is about another hold.
CREATE FUNCTION {schema}.settle_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  hold_ids text[] := ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item);
  counters {schema}.counters;
  clock float8;
  actuals jsonb;
  hold {schema}.holds%ROWTYPE;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(hold_ids);
  clock := {schema}.read_clock(at);

  answer := {schema}.holds_json(hold_ids);
  actuals := (SELECT jsonb_object_agg(item ->> 'holdId', item -> 'actual') FROM jsonb_array_elements(input) AS item);
  FOR hold IN SELECT * FROM {schema}.holds WHERE hold_id = ANY (hold_ids) AND state <> 'settled' LOOP
    counters := {schema}.move_hold(counters, hold, 'settled', (actuals ->> hold.hold_id)::bigint, clock);
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN answer;
END $$;

-- What is open is released. Each item is about another hold.
CREATE FUNCTION {schema}.release_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  hold_ids text[] := ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item);
  counters {schema}.counters;
  clock float8;
  hold {schema}.holds%ROWTYPE;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(hold_ids);
  clock := {schema}.read_clock(at);

  answer := {schema}.holds_json(hold_ids);
  FOR hold IN SELECT * FROM {schema}.holds WHERE hold_id = ANY (hold_ids) AND state = 'open' LOOP
    counters := {schema}.move_hold(counters, hold, 'released', 0, clock);
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN answer;
END $$;

-- Makes the next step of an open hold, if there is room for it and the sum is an amount.
CREATE FUNCTION {schema}.extend_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  item record;
  hold {schema}.holds%ROWTYPE;
  lacking jsonb;
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
      lacking := {schema}.lacking(counters, item.amount, hold.scopes, hold.caps, NULL, clock);
      IF lacking = '[]' THEN
        UPDATE {schema}.holds SET steps = array_append(steps, item.amount), held = held + item.amount
          WHERE hold_id = hold.hold_id;
        counters := {schema}.add_to_counters(counters, hold.scopes, item.amount, 0);
      END IF;
    END IF;
    answers := array_append(answers, jsonb_build_object('hold', {schema}.hold_json(hold), 'lacking', lacking));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;

-- Charges the open holds that are due, at most \`most\`, in full. Answers whether there are more, and then each.
CREATE FUNCTION {schema}.expire_v1(most bigint, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  hold_ids text[];
  hold {schema}.holds%ROWTYPE;
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

  FOR hold IN SELECT * FROM {schema}.holds WHERE hold_id = ANY (hold_ids) ORDER BY expires_at LOOP
    counters := {schema}.move_hold(counters, hold, 'charged', hold.held, clock);
    answers := array_append(answers, jsonb_build_object('holdId', hold.hold_id, 'amount', hold.held::text));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
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

CREATE FUNCTION {schema}.pin_cap_v1(pinned_scope text, cap bigint) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  INSERT INTO {schema}.scopes (scope, pinned) VALUES (pinned_scope, cap)
    ON CONFLICT (scope) DO UPDATE SET pinned = excluded.pinned;
  RETURN '[]';
END $$;
-- Submissions.

-- The submissions in their order, each with the approval that it names by its place, counted from 1, if it names one.
CREATE FUNCTION {schema}.submissions(input jsonb, approvals jsonb)
RETURNS TABLE (
  number bigint, job_id text, lane text, payload text, backend text, max_cost bigint, max_attempts bigint,
  priority bigint, asked_run_at float8, decision text, scopes text[], caps bigint[], untils float8[]
)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT job.number, job.job_id, job.lane, job.payload, job.backend, job.max_cost, job.max_attempts,
      job.priority, job.run_at, approval.decision, approval.scopes, approval.caps, approval.untils
    FROM ROWS FROM (
        jsonb_to_recordset(input) AS (
          "jobId" text, lane text, payload text, backend text, "maxCost" bigint, "maxAttempts" bigint,
          priority bigint, "runAt" float8, approval bigint
        )
      ) WITH ORDINALITY
        AS job (job_id, lane, payload, backend, max_cost, max_attempts, priority, run_at, approval, number)
      LEFT JOIN ROWS FROM (
        jsonb_to_recordset(approvals) AS (decision text, scopes text[], caps bigint[], untils float8[])
      ) WITH ORDINALITY AS approval (decision, scopes, caps, untils, number) ON approval.number = job.approval;
END;

CREATE FUNCTION {schema}.submitted(state text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN CASE state WHEN 'awaiting_approval' THEN '{"kind":"awaiting_approval"}'::jsonb ELSE '{"kind":"queued"}' END;

-- With \`atomic\` a conflict of one submission undoes all of them, else it is its answer.
CREATE FUNCTION {schema}.submit_v1(input jsonb, approvals jsonb, at float8, atomic boolean) RETURNS jsonb
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
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_counters(
    ARRAY(SELECT jsonb_array_elements_text(approval -> 'scopes') FROM jsonb_array_elements(approvals) AS approval)
  );
  clock := {schema}.read_clock(at);

  -- Many new jobs that all fit are stored in one statement.
  IF jsonb_array_length(input) > 1
    AND {schema}.all_fit(counters, approvals, clock)
    AND NOT EXISTS (
      SELECT FROM {schema}.jobs
        WHERE job_id = ANY (ARRAY(SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item))
    )
    AND (SELECT count(DISTINCT item ->> 'jobId') FROM jsonb_array_elements(input) AS item) = jsonb_array_length(input)
  THEN
    WITH new AS MATERIALIZED (
      SELECT s.*, {schema}.first_state(s.backend, s.max_cost, s.decision) AS state
        FROM {schema}.submissions(input, approvals) AS s
    ),
    stored AS (
      INSERT INTO {schema}.jobs
          (job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, run_at, state, decision)
        SELECT new.job_id, new.lane, new.payload, new.backend, new.max_cost, new.max_attempts, new.priority,
            new.asked_run_at, coalesce(new.asked_run_at, clock), new.state, {schema}.dated(new.decision, clock)
          FROM new ORDER BY new.number
        RETURNING jobs.job_id, jobs.lane, jobs.priority, jobs.run_at, jobs.sequence, jobs.state
    ),
    made_ready AS (
      INSERT INTO {schema}.ready (job_id, lane, priority, run_at, sequence)
        SELECT job_id, lane, priority, run_at, sequence FROM stored WHERE state <> 'awaiting_approval'
    ),
    held AS (
      INSERT INTO {schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils)
        SELECT {schema}.job_hold(new.job_id, 1), new.job_id, new.max_cost, new.max_cost,
            new.scopes, new.caps, new.untils
          FROM new WHERE new.state = 'queued'
    )
    SELECT coalesce(array_agg({schema}.submitted(new.state) ORDER BY new.number), '{}') INTO answers FROM new;
    PERFORM {schema}.reserve_totals(counters, approvals);
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
        CASE WHEN job.asked_run_at IS DISTINCT FROM submission.asked_run_at THEN 'runAt' END
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
        counters, submission.max_cost, submission.scopes, submission.caps, submission.untils, clock
      );
      IF lacking IS DISTINCT FROM '[]' THEN
        answers := array_append(answers, jsonb_build_object('kind', 'refused', 'lacking', lacking));
        CONTINUE;
      END IF;
    END IF;
    INSERT INTO {schema}.jobs
        (job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, run_at, state, decision)
      VALUES (
        submission.job_id, submission.lane, submission.payload, submission.backend, submission.max_cost,
        submission.max_attempts, submission.priority, submission.asked_run_at,
        coalesce(submission.asked_run_at, clock), first_state, {schema}.dated(submission.decision, clock)
      )
      RETURNING * INTO job;
    IF first_state <> 'awaiting_approval' THEN
      PERFORM {schema}.make_ready(job);
    END IF;
    IF first_state = 'queued' THEN
      counters := {schema}.hold_for_job(
        counters, submission.job_id, 1, submission.max_cost, submission.scopes, submission.caps, submission.untils
      );
    END IF;
    answers := array_append(answers, {schema}.submitted(first_state));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;
-- Decisions and look-ups.

CREATE FUNCTION {schema}.approve_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  item record;
  job {schema}.jobs%ROWTYPE;
  conflict jsonb;
  lacking jsonb;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  PERFORM {schema}.lock_jobs(input);
  counters := {schema}.lock_counters(
    ARRAY(SELECT jsonb_array_elements_text(i -> 'scopes') FROM jsonb_array_elements(input) AS i)
  );
  clock := {schema}.read_clock(at);

  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i ("jobId" text, decision text, scopes text[], caps bigint[], untils float8[])
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    IF NOT FOUND THEN
      answers := array_append(answers, NULL);
      CONTINUE;
    END IF;
    IF job.state <> 'awaiting_approval' THEN
      answers := array_append(answers, jsonb_build_object('kind', 'not_waiting', 'state', job.state));
      CONTINUE;
    END IF;
    conflict := {schema}.pin_conflict(counters, item.scopes, item.caps);
    IF conflict IS NOT NULL THEN
      answers := array_append(answers, conflict);
      CONTINUE;
    END IF;
    lacking := {schema}.lacking(counters, job.max_cost, item.scopes, item.caps, item.untils, clock);
    IF lacking IS DISTINCT FROM '[]' THEN
      answers := array_append(answers, jsonb_build_object('kind', 'refused', 'lacking', lacking));
      CONTINUE;
    END IF;
    counters := {schema}.hold_for_job(
      counters, job.job_id, cardinality(job.tokens) + 1, job.max_cost, item.scopes, item.caps, item.untils
    );
    UPDATE {schema}.jobs SET state = 'queued', decision = {schema}.dated(item.decision, clock), error = NULL
      WHERE job_id = job.job_id;
    PERFORM {schema}.make_ready(job);
    answers := array_append(answers, '{"kind":"queued"}');
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;

CREATE FUNCTION {schema}.reject_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  clock float8;
  item record;
  job {schema}.jobs%ROWTYPE;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  PERFORM {schema}.lock_jobs(input);
  clock := {schema}.read_clock(at);

  FOR item IN SELECT * FROM jsonb_to_recordset(input) AS i ("jobId" text, decision text, error text) LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    IF NOT FOUND THEN
      answers := array_append(answers, NULL);
    ELSIF job.state <> 'awaiting_approval' THEN
      answers := array_append(answers, jsonb_build_object('kind', 'not_waiting', 'state', job.state));
    ELSE
      UPDATE {schema}.jobs
        SET state = 'rejected', decision = {schema}.dated(item.decision, clock), error = item.error, ended_at = clock
        WHERE job_id = job.job_id;
      answers := array_append(answers, '{"kind":"rejected"}');
    END IF;
  END LOOP;
  RETURN to_jsonb(answers);
END $$;

-- The money of a job that runs is charged in full, that of one that is queued is released.
CREATE FUNCTION {schema}.cancel_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  item record;
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  charged bigint;
  end_state text;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  PERFORM {schema}.lock_jobs(input);
  counters := {schema}.lock_holds(ARRAY(
    SELECT (SELECT {schema}.open_hold(j) FROM {schema}.jobs AS j WHERE j.job_id = i ->> 'jobId')
      FROM jsonb_array_elements(input) AS i
  ));
  clock := {schema}.read_clock(at);

  FOR item IN SELECT * FROM jsonb_to_recordset(input) AS i ("jobId" text) LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    IF NOT FOUND THEN
      answers := array_append(answers, NULL);
      CONTINUE;
    END IF;
    IF {schema}.is_terminal(job.state) THEN
      answers := array_append(answers, jsonb_build_object('kind', 'ended', 'state', job.state));
      CONTINUE;
    END IF;
    charged := 0;
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job) AND holds.state = 'open';
    IF FOUND AND job.state = 'running' THEN
      charged := hold.held;
      counters := {schema}.move_hold(counters, hold, 'charged', charged, clock);
    ELSIF FOUND THEN
      counters := {schema}.move_hold(counters, hold, 'released', 0, clock);
    END IF;
    end_state := CASE job.state WHEN 'awaiting_approval' THEN 'rejected' ELSE 'failed' END;
    DELETE FROM {schema}.ready WHERE job_id = job.job_id;
    DELETE FROM {schema}.leases WHERE job_id = job.job_id;
    IF job.state = 'running' THEN
      job.ends[cardinality(job.tokens)] := 'taken';
    END IF;
    UPDATE {schema}.jobs
      SET state = end_state, ends = job.ends, ended_at = clock, error = '{"code":"cancelled","message":"cancelled"}'
      WHERE job_id = job.job_id;
    answers := array_append(
      answers, jsonb_build_object('kind', 'cancelled', 'state', end_state, 'booked', charged::text)
    );
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;

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

-- The jobs after \`after\`, at most \`most\`, in the order of their submission; a NULL state or lane is any. Where there
-- is no job \`after\`, the answer is one NULL.
CREATE FUNCTION {schema}.jobs_v1(wanted_state text, wanted_lane text, most bigint, after text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  start bigint := 0;
BEGIN
  PERFORM {schema}.begin_operation();
  IF after IS NOT NULL THEN
    SELECT sequence INTO start FROM {schema}.jobs WHERE job_id = after;
    IF NOT FOUND THEN
      RETURN '[null]';
    END IF;
  END IF;
  IF {schema}.attention(wanted_state) IS NOT NULL THEN
    RETURN to_jsonb(ARRAY(
      SELECT {schema}.job_json(j) FROM {schema}.jobs AS j
        WHERE NOT j.pruned AND j.sequence > start AND j.attention = wanted_state
          AND (wanted_lane IS NULL OR j.lane = wanted_lane)
        ORDER BY j.sequence LIMIT most
    ));
  END IF;
  RETURN to_jsonb(ARRAY(
    SELECT {schema}.job_json(j) FROM {schema}.jobs AS j
      WHERE NOT j.pruned AND j.sequence > start
        AND (wanted_state IS NULL OR j.state = wanted_state)
        AND (wanted_lane IS NULL OR j.lane = wanted_lane)
      ORDER BY j.sequence LIMIT most
  ));
END $$;

-- Takes the contents from what ended before an instant. What another has locked is for the next time.
CREATE FUNCTION {schema}.prune_v1(before float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  pruned_jobs bigint;
  pruned_holds bigint;
BEGIN
  PERFORM {schema}.begin_operation();
  UPDATE {schema}.jobs SET payload = 'null', result = NULL, error = NULL, decision = NULL, pruned = true
    WHERE job_id = ANY (ARRAY(
      SELECT job_id FROM {schema}.jobs WHERE ended_at < before AND NOT pruned ORDER BY sequence FOR UPDATE SKIP LOCKED
    ));
  GET DIAGNOSTICS pruned_jobs = ROW_COUNT;
  UPDATE {schema}.holds SET scopes = '{}', caps = '{}', untils = '{}', pruned = true
    WHERE hold_id = ANY (ARRAY(
      SELECT hold_id FROM {schema}.holds WHERE state = 'settled' AND NOT pruned AND resolved_at < before
        FOR UPDATE SKIP LOCKED
    ));
  GET DIAGNOSTICS pruned_holds = ROW_COUNT;
  RETURN jsonb_build_array(jsonb_build_object('jobs', pruned_jobs, 'holds', pruned_holds));
END $$;
-- Claims.

-- Each item asks for at most \`most\` jobs of its lanes: the highest priority first, then the earliest time, then the
-- earliest submission. One priority is looked at after another, so that jobs of a higher one that are due later are
-- skipped, however many they are.
CREATE FUNCTION {schema}.claim_v1(input jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  clock float8;
  item record;
  looked_below bigint;
  current_priority bigint;
  width bigint;
  candidates text[];
  locked_ids text[];
  claimed_ids text[];
  claimed jsonb;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);

  FOR item IN SELECT * FROM jsonb_to_recordset(input) AS i (lanes text[], most bigint) LOOP
    claimed_ids := '{}';
    claimed := '[]';
    -- No priority is above this.
    looked_below := 9007199254740991;
    width := item.most + 8;
    WHILE cardinality(claimed_ids) < item.most LOOP
      current_priority := (
        SELECT max(highest.priority)
          FROM unnest(item.lanes) AS wanted (lane), LATERAL (
            SELECT r.priority FROM {schema}.ready AS r WHERE r.lane = wanted.lane AND r.priority <= looked_below
              ORDER BY r.priority DESC LIMIT 1
          ) AS highest
      );
      EXIT WHEN current_priority IS NULL;

      candidates := ARRAY(
        SELECT head.job_id
          FROM unnest(item.lanes) AS wanted (lane), LATERAL (
            SELECT r.job_id, r.run_at, r.sequence FROM {schema}.ready AS r
              WHERE r.lane = wanted.lane AND r.priority = current_priority AND r.run_at <= clock
              ORDER BY r.run_at, r.sequence LIMIT width
          ) AS head
          ORDER BY head.run_at, head.sequence LIMIT width
      );
      -- Decided on the rows as they are once they are locked; what another has locked is skipped. Each is found by its
      -- id: a join could search all jobs for each of them.
      locked_ids := ARRAY(
        SELECT c.job_id
          FROM unnest(candidates) WITH ORDINALITY AS c (job_id, place), LATERAL (
            SELECT 1 FROM {schema}.jobs AS j
              WHERE j.job_id = c.job_id AND j.state IN ('pending', 'queued') AND j.run_at <= clock
                AND (
                  {schema}.is_free(j.backend, j.max_cost)
                  OR 'open' = (
                    SELECT h.state FROM {schema}.holds AS h
                      WHERE h.hold_id = {schema}.job_hold(j.job_id, cardinality(j.tokens) + 1)
                  )
                )
              FOR UPDATE SKIP LOCKED
          ) AS locked
          ORDER BY c.place LIMIT item.most - cardinality(claimed_ids)
      );

      IF cardinality(locked_ids) > 0 THEN
        WITH running AS (
          UPDATE {schema}.jobs
            SET state = 'running', tokens = array_append(tokens, gen_random_uuid()::text),
              ends = array_append(ends, NULL)
            WHERE job_id = ANY (locked_ids)
            RETURNING *
        ),
        leased AS (
          INSERT INTO {schema}.leases (job_id, leased_at) SELECT unnest(locked_ids), clock
        ),
        no_longer_ready AS (
          DELETE FROM {schema}.ready WHERE job_id = ANY (locked_ids)
        )
        SELECT claimed || jsonb_agg(
            jsonb_build_array(
              r.job_id, clock, cardinality(r.tokens), r.tokens[cardinality(r.tokens)], r.payload,
              NOT {schema}.is_free(r.backend, r.max_cost)
            )
            ORDER BY r.run_at, r.sequence
          )
          INTO claimed FROM running AS r;
        claimed_ids := claimed_ids || locked_ids;
      ELSIF cardinality(candidates) < width THEN
        looked_below := current_priority - 1;
      ELSE
        width := width * 4;
      END IF;
    END LOOP;
    answers := array_append(answers, claimed);
  END LOOP;
  RETURN to_jsonb(answers);
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
      WHERE job_id = item."jobId" AND EXISTS (
        SELECT FROM {schema}.jobs AS j
          WHERE j.job_id = item."jobId" AND j.state = 'running' AND j.tokens[cardinality(j.tokens)] = item.token
      );
    answers := array_append(answers, to_jsonb(FOUND));
  END LOOP;
  RETURN to_jsonb(answers);
END $$;
-- Reports of attempts, in time or late.

-- Locks the jobs that reports name, then the holds of their attempts, then the counters of those.
CREATE FUNCTION {schema}.lock_reported(input jsonb) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  PERFORM {schema}.lock_jobs(input);
  RETURN {schema}.lock_holds(ARRAY(
    SELECT (
        SELECT {schema}.job_hold(j.job_id, array_position(j.tokens, i ->> 'token'))
          FROM {schema}.jobs AS j WHERE j.job_id = i ->> 'jobId'
      )
      FROM jsonb_array_elements(input) AS i
  ));
END $$;

-- What a report of a job's attempt n is: \`not_free\` if it says what free work has cost; \`repeated\` if it has ended the
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
RETURN CASE WHEN hold.state = 'charged' OR hold.settled_from = 'charged' THEN hold.held ELSE hold.booked END;

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

-- A report that changes no job: its cost still corrects what its own attempt was charged.
CREATE FUNCTION {schema}.correct_charge(
  counters {schema}.counters, hold {schema}.holds, actual bigint, clock float8
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  IF actual IS NULL OR hold.state IS DISTINCT FROM 'charged' THEN
    RETURN counters;
  END IF;
  RETURN {schema}.move_hold(counters, hold, 'settled', actual, clock);
END $$;

-- What lacks room for the hold of a retry, by the scopes and caps of the last one. A scope whose time is over is named
-- alone.
CREATE FUNCTION {schema}.lacking_retry(
  counters {schema}.counters, amount bigint, hold {schema}.holds, clock float8
) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  FOR k IN 1 .. coalesce(cardinality(hold.scopes), 0) LOOP
    IF {schema}.is_over(hold.untils[k], clock) THEN
      RETURN jsonb_build_array(jsonb_build_object('scope', hold.scopes[k], 'by', amount::text, 'over', true));
    END IF;
  END LOOP;
  RETURN {schema}.lacking(counters, amount, hold.scopes, hold.caps, NULL, clock);
END $$;

-- How an attempt ended that did not succeed (\`requeued\`, \`failed\` or \`waiting\`), and the counters after it.
CREATE TYPE {schema}.retried AS (kind text, counters {schema}.counters);

-- After a job's attempt n, whose hold is closed: ends the job, or queues it again with its next hold, or lets it wait
-- for a person. The client makes the message of \`no_room\` of its parts.
CREATE FUNCTION {schema}.retry_or_end(
  counters {schema}.counters, job {schema}.jobs, hold {schema}.holds, n int, lost boolean, message text,
  most_attempts bigint, delay float8, clock float8
) RETURNS {schema}.retried LANGUAGE plpgsql AS $$
DECLARE
  retried {schema}.retried;
  lacking jsonb;
  why jsonb;
BEGIN
  IF n >= least(job.max_attempts, most_attempts) THEN
    retried.kind := 'failed';
    job.state := 'failed';
    job.ended_at := clock;
  ELSIF {schema}.is_free(job.backend, job.max_cost) THEN
    retried.kind := 'requeued';
    job.state := 'pending';
    job.run_at := clock + delay;
  ELSE
    lacking := {schema}.lacking_retry(counters, job.max_cost, hold, clock);
    IF lacking = '[]' THEN
      retried.kind := 'requeued';
      job.state := 'queued';
      counters := {schema}.hold_for_job(
        counters, job.job_id, n + 1, job.max_cost, hold.scopes, hold.caps, hold.untils
      );
    ELSE
      retried.kind := 'waiting';
      job.state := 'awaiting_approval';
    END IF;
    job.run_at := clock + delay;
  END IF;
  why := CASE
    WHEN retried.kind = 'waiting' THEN jsonb_build_object('code', 'no_room', 'message', message, 'lacking', lacking)
    ELSE jsonb_build_object('code', CASE WHEN lost THEN 'lost' ELSE 'error' END, 'message', message)
  END;
  job.ends[n] := CASE WHEN lost THEN 'taken' ELSE retried.kind END;
  UPDATE {schema}.jobs
    SET state = job.state, ends = job.ends, error = why::text, run_at = job.run_at, ended_at = job.ended_at
    WHERE job_id = job.job_id;
  DELETE FROM {schema}.leases WHERE job_id = job.job_id;
  IF retried.kind = 'requeued' THEN
    PERFORM {schema}.make_ready(job);
  END IF;
  retried.counters := counters;
  RETURN retried;
END $$;

-- With \`atomic\` the actual cost of free work undoes the whole batch, else it is an answer.
-- Rows are locked in the order of their ids, as the indexes find them.
CREATE FUNCTION {schema}.complete_v1(input jsonb, at float8, atomic boolean) RETURNS jsonb
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
        ends[cardinality(j.tokens)] = 'completed'
      WHERE j.job_id = ANY (ARRAY(SELECT jsonb_object_keys(reports))) AND j.state = 'running'
        AND j.tokens[cardinality(j.tokens)] = reports -> j.job_id ->> 'token'
        AND NOT ({schema}.is_free(j.backend, j.max_cost) AND reports -> j.job_id ->> 'actual' IS NOT NULL)
      RETURNING j.job_id, cardinality(j.tokens) AS attempt, {schema}.is_free(j.backend, j.max_cost) AS free
  ),
  no_longer_leased AS (
    DELETE FROM {schema}.leases WHERE job_id = ANY (ARRAY(SELECT job_id FROM completed))
  ),
  closed AS (
    UPDATE {schema}.holds AS h
      SET state = CASE WHEN reports -> h.job_id ->> 'actual' IS NULL THEN 'charged' ELSE 'settled' END,
        booked = coalesce((reports -> h.job_id ->> 'actual')::bigint, h.held), resolved_at = clock
      WHERE h.hold_id = ANY (ARRAY(SELECT {schema}.job_hold(job_id, attempt) FROM completed WHERE NOT free))
        AND h.state = 'open'
      RETURNING h.job_id, h.held, h.booked, h.scopes
  ),
  moved AS (
    SELECT jsonb_object_agg(each.scope, each.held) AS held, jsonb_object_agg(each.scope, each.booked) AS booked
      FROM (
        SELECT u.scope, sum(same.held) AS held, sum(same.booked) AS booked
          FROM (SELECT scopes, sum(held) AS held, sum(booked) AS booked FROM closed GROUP BY scopes) AS same,
            unnest(same.scopes) AS u (scope)
          GROUP BY u.scope
      ) AS each
  ),
  counted AS (
    UPDATE {schema}.scopes AS s
      SET reserved = s.reserved - (moved.held ->> s.scope)::numeric,
        spent = s.spent + (moved.booked ->> s.scope)::numeric
      FROM moved
      WHERE s.scope = ANY (ARRAY(SELECT unnest(scopes) FROM closed))
  )
  SELECT array_agg(done.place), array_agg({schema}.reported('completed', done.held, done.booked)),
      (SELECT count(*) FROM completed WHERE NOT free) = (SELECT count(*) FROM closed)
    INTO places, outcomes, all_closed
    FROM (
      SELECT (reports -> job_id -> 'place')::int AS place, 0 AS held, 0 AS booked FROM completed WHERE free
      UNION ALL SELECT (reports -> job_id -> 'place')::int, held, booked FROM closed
    ) AS done;
  IF NOT all_closed THEN
    RAISE EXCEPTION 'a running job is without its open hold';
  END IF;
  FOR k IN 1 .. coalesce(cardinality(places), 0) LOOP
    answers[places[k]] := outcomes[k];
  END LOOP;
  IF array_position(answers, NULL) IS NULL THEN
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
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.job_hold(job.job_id, n);
    CASE {schema}.report_kind(job, n, item.actual, '{completed}')
      WHEN 'current' THEN
        counters := {schema}.close_attempt(counters, hold, item.actual, clock);
        job.ends[n] := 'completed';
        UPDATE {schema}.jobs
          SET state = 'succeeded', result = item.result, error = NULL, ended_at = clock, ends = job.ends
          WHERE job_id = job.job_id;
        DELETE FROM {schema}.leases WHERE job_id = job.job_id;
        answers[item.place] := {schema}.reported('completed', hold.held, coalesce(item.actual, hold.held));
      WHEN 'repeated' THEN
        answers[item.place] := {schema}.reported('completed', hold.held, {schema}.first_booking(hold));
      WHEN 'not_free' THEN
        answers[item.place] := jsonb_build_object('kind', 'free', 'jobId', job.job_id, 'actual', item.actual::text);
        IF atomic THEN
          PERFORM {schema}.undo_batch(answers[item.place]);
        END IF;
      WHEN 'stale' THEN
        counters := {schema}.correct_charge(counters, hold, item.actual, clock);
        answers[item.place] := '{"kind":"stale"}';
    END CASE;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;

CREATE FUNCTION {schema}.fail_v1(input jsonb, at float8) RETURNS jsonb
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
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_reported(input);
  clock := {schema}.read_clock(at);

  FOR item IN
    SELECT * FROM jsonb_to_recordset(input)
      AS i ("jobId" text, token text, error text, actual bigint, most bigint, delay float8)
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    n := array_position(job.tokens, item.token);
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.job_hold(job.job_id, n);
    CASE {schema}.report_kind(job, n, item.actual, '{requeued,failed,waiting}')
      WHEN 'current' THEN
        counters := {schema}.close_attempt(counters, hold, item.actual, clock);
        retried := {schema}.retry_or_end(
          counters, job, hold, n, false, item.error, item.most, item.delay, clock
        );
        counters := retried.counters;
        answers := array_append(
          answers, {schema}.reported(retried.kind, hold.held, coalesce(item.actual, hold.held))
        );
      WHEN 'repeated' THEN
        answers := array_append(answers, {schema}.reported(job.ends[n], hold.held, {schema}.first_booking(hold)));
      WHEN 'not_free' THEN
        answers := array_append(answers, '{"kind":"free"}');
      WHEN 'stale' THEN
        counters := {schema}.correct_charge(counters, hold, item.actual, clock);
        answers := array_append(answers, '{"kind":"stale"}');
    END CASE;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;
-- The recovery of attempts whose leases are lost.

-- Charges the attempts whose leases are lost, at most \`most\`, in full. Answers whether there are more, and then each.
CREATE FUNCTION {schema}.recover_stale_v1(ttl float8, most_attempts bigint, most bigint, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  job_ids text[];
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  n int;
  retried {schema}.retried;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);
  job_ids := ARRAY(
    SELECT stale.job_id
      FROM (
        SELECT l.job_id FROM {schema}.leases AS l WHERE {schema}.is_lease_stale(l.leased_at, clock, ttl)
          ORDER BY l.leased_at, (SELECT j.sequence FROM {schema}.jobs AS j WHERE j.job_id = l.job_id)
      ) AS stale, LATERAL (
        SELECT 1 FROM {schema}.jobs AS j WHERE j.job_id = stale.job_id AND j.state = 'running' FOR UPDATE SKIP LOCKED
      ) AS locked
      LIMIT most + 1
  );
  answers := array_append(answers, to_jsonb(cardinality(job_ids) > most));
  -- A lease that was renewed before its job was locked is no longer stale.
  job_ids := ARRAY(
    SELECT job_id FROM {schema}.leases
      WHERE job_id = ANY (job_ids[:least(most, cardinality(job_ids))])
        AND {schema}.is_lease_stale(leased_at, clock, ttl)
      ORDER BY array_position(job_ids, job_id)
  );
  counters := {schema}.lock_holds(ARRAY(
    SELECT {schema}.open_hold(j) FROM {schema}.jobs AS j WHERE j.job_id = ANY (job_ids)
  ));

  FOR job IN
    SELECT * FROM {schema}.jobs WHERE job_id = ANY (job_ids) ORDER BY array_position(job_ids, job_id)
  LOOP
    n := cardinality(job.tokens);
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job);
    counters := {schema}.close_attempt(counters, hold, NULL, clock);
    retried := {schema}.retry_or_end(
      counters, job, hold, n, true, 'attempt ' || n || ' lost its lease', most_attempts, 0, clock
    );
    counters := retried.counters;
    answers := array_append(answers, jsonb_build_object(
      'jobId', job.job_id, 'attempt', n, 'charged', coalesce(hold.held, 0)::text, 'outcome', retried.kind
    ));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
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
