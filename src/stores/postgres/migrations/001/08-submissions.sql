-- Submissions.

-- The submissions in their order; `more` has the fields that few jobs have. Each with the approval that it names by its
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

-- The entry of a submission that holds money if `shown` names scopes.
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

-- With `atomic` a conflict of one submission undoes all of them, else it is its answer.
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
