-- Reports of attempts, in time or late.

-- With `atomic` the actual cost of free work undoes the whole batch, else it is an answer.
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
