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
