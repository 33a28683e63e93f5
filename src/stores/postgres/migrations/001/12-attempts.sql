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

-- The answer to a report that changes no job; `corrected`: its cost is what its attempt is charged now, or was until a
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

-- How an attempt ended that did not succeed (`requeued`, `failed` or `waiting`), the counters after it, and its entry.
CREATE TYPE {schema}.retried AS (kind text, counters {schema}.counters, entry text);

-- After a job's nth claim, whose hold is closed: ends the job, or queues it again with its next hold, or lets it wait for
-- a person. `how` is `counted` for an attempt that counts, `lost` or `timed_out` if recovery has ended it, `given` or
-- `refused` if the job was given back. `booked` is what its hold was closed at, `closed_as` as what. The client makes the messages of `no_room`
-- and `cost_limit` of their parts.
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
