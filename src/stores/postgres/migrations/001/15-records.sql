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

-- The jobs after `after`, at most `most`, in the order of their submission; a NULL state or lane is any. Payloads and
-- results end the list too, at the size of a claim: the client asks on. Answers whether they did, and the jobs; where there
-- is no job `after`, one NULL.
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

-- Locks the jobs that ended first, before an instant, and are not pruned: at most `most`, without those that another has
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

-- Takes the contents from what ended before an instant: from at most `most` jobs, and as many holds of callers. What
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

-- Deletes what ended before an instant: at most `most` jobs, and as many holds of callers.
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
