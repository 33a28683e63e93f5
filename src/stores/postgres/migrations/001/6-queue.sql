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

-- The jobs after `after`, at most `most`, in the order of their submission; a NULL state or lane is any. Where there
-- is no job `after`, the answer is one NULL.
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
