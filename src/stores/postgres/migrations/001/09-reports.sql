-- Reports of attempts, in time or late.

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

-- What a report of a job's nth claim is: `not_free` if it says what free work has cost; `repeated` if it has ended the
-- attempt before; `current` if the attempt runs; else, or if its token was never minted for the job, `stale`.
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

-- The answer to it; `corrected`: its cost is what its attempt is charged now, or was until a person corrected it.
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

-- How an attempt ended that did not succeed (`requeued`, `failed` or `waiting`), and the counters after it.
CREATE TYPE {schema}.retried AS (kind text, counters {schema}.counters);

-- After a job's nth claim, whose hold is closed: ends the job, or queues it again with its next hold, or lets it wait for
-- a person. `how` is `counted` for an attempt that counts, `lost` or `timed_out` if recovery has ended it, `given` or
-- `refused` if the job was given back. The client makes the messages of `no_room` and `cost_limit` of their parts.
CREATE FUNCTION {schema}.retry_or_end(
  counters {schema}.counters, job {schema}.jobs, hold {schema}.holds, n int, how text, message text,
  most_attempts bigint, delay float8, clock float8
) RETURNS {schema}.retried LANGUAGE plpgsql AS $$
DECLARE
  retried {schema}.retried;
  is_free boolean := {schema}.is_free(job.backend, job.max_cost);
  counts boolean := how IN ('counted', 'lost', 'timed_out');
  code text := CASE WHEN how IN ('lost', 'timed_out') THEN how ELSE 'error' END;
  lacking jsonb;
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
          counters, job.job_id, job.holds, job.max_cost, job.tags, hold.scopes, hold.caps, hold.untils
        );
      ELSE
        code := 'no_room';
      END IF;
    END IF;
  END IF;
  IF retried.kind IS NULL THEN
    retried.kind := 'waiting';
    job.state := 'awaiting_approval';
  END IF;

  job.ends[n] := CASE WHEN how IN ('lost', 'timed_out') THEN 'taken' ELSE retried.kind END;
  UPDATE {schema}.jobs
    SET state = job.state, attention = {schema}.attention(job.state), ends = job.ends, run_at = job.run_at,
      ended_at = job.ended_at, holds = job.holds,
      tried = job.tried, refusals = job.refusals,
      error = CASE code
        WHEN 'no_room' THEN jsonb_build_object('code', code, 'message', message, 'lacking', lacking)
        ELSE jsonb_build_object('code', code, 'message', message)
      END::text
    WHERE job_id = job.job_id;
  DELETE FROM {schema}.leases WHERE job_id = job.job_id;
  IF retried.kind = 'failed' THEN
    INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
  ELSIF retried.kind = 'requeued' THEN
    PERFORM {schema}.make_ready(job.job_id, job.lane, job.priority, job.run_at, job.sequence);
  END IF;
  retried.counters := counters;
  RETURN retried;
END $$;

-- With `atomic` the actual cost of free work undoes the whole batch, else it is an answer.
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
  all_counted boolean;
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
      RETURNING j.job_id, j.sequence, j.holds, {schema}.is_free(j.backend, j.max_cost) AS free
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
      RETURNING 1
  )
  SELECT array_agg(done.place), array_agg({schema}.reported('completed', done.held, done.booked)),
      (SELECT count(*) FROM completed WHERE NOT free) = (SELECT count(*) FROM closed),
      (SELECT count(*) FROM counted) = (SELECT count(*) FROM moved, jsonb_object_keys(moved.held))
    INTO places, outcomes, all_closed, all_counted
    FROM (
      SELECT (reports -> job_id -> 'place')::int AS place, 0 AS held, 0 AS booked FROM completed WHERE free
      UNION ALL SELECT (reports -> job_id -> 'place')::int, held, booked FROM closed
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
        UPDATE {schema}.jobs
          SET state = 'succeeded', result = item.result, error = NULL, ended_at = clock, ends = job.ends
          WHERE job_id = job.job_id;
        DELETE FROM {schema}.leases WHERE job_id = job.job_id;
        INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
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
        answers[item.place] := {schema}.too_late(hold, item.actual);
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
      AS i ("jobId" text, token text, error text, actual bigint, most bigint, delay float8, how text)
  LOOP
    SELECT * INTO job FROM {schema}.jobs WHERE job_id = item."jobId";
    n := array_position(job.tokens, item.token);
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.job_hold(job.job_id, job.hold_numbers[n]);
    CASE {schema}.report_kind(job, n, item.actual, '{requeued,failed,waiting}')
      WHEN 'current' THEN
        counters := {schema}.close_attempt(counters, hold, item.actual, clock);
        retried := {schema}.retry_or_end(
          counters, job, hold, n, item.how, item.error, item.most, item.delay, clock
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
        answers := array_append(answers, {schema}.too_late(hold, item.actual));
    END CASE;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;
