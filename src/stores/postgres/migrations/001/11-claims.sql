-- Claims.

-- The first of some jobs whose payloads have at most so many bytes together; with `at_least_one` the first in any case.
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

-- Each item asks for at most `most` jobs of its lanes: the highest priority first, then the earliest time, then the
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
