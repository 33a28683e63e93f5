-- Claims.

-- Each item asks for at most `most` jobs of its lanes: the highest priority first, then the earliest time, then the
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
