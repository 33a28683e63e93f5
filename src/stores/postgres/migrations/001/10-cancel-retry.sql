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

-- Queues a failed job again, for its `max_attempts` more.
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
