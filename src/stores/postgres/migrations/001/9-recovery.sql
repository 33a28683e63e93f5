-- The recovery of attempts whose leases are lost.

-- Charges the attempts whose leases are lost, at most `most`, in full. Answers whether there are more, and then each.
CREATE FUNCTION {schema}.recover_stale_v1(ttl float8, most_attempts bigint, most bigint, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  job_ids text[];
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  n int;
  retried {schema}.retried;
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);
  job_ids := ARRAY(
    SELECT stale.job_id
      FROM (
        SELECT l.job_id FROM {schema}.leases AS l WHERE {schema}.is_lease_stale(l.leased_at, clock, ttl)
          ORDER BY l.leased_at, (SELECT j.sequence FROM {schema}.jobs AS j WHERE j.job_id = l.job_id)
      ) AS stale, LATERAL (
        SELECT 1 FROM {schema}.jobs AS j WHERE j.job_id = stale.job_id AND j.state = 'running' FOR UPDATE SKIP LOCKED
      ) AS locked
      LIMIT most + 1
  );
  answers := array_append(answers, to_jsonb(cardinality(job_ids) > most));
  -- A lease that was renewed before its job was locked is no longer stale.
  job_ids := ARRAY(
    SELECT job_id FROM {schema}.leases
      WHERE job_id = ANY (job_ids[:least(most, cardinality(job_ids))])
        AND {schema}.is_lease_stale(leased_at, clock, ttl)
      ORDER BY array_position(job_ids, job_id)
  );
  counters := {schema}.lock_holds(ARRAY(
    SELECT {schema}.open_hold(j) FROM {schema}.jobs AS j WHERE j.job_id = ANY (job_ids)
  ));

  FOR job IN
    SELECT * FROM {schema}.jobs WHERE job_id = ANY (job_ids) ORDER BY array_position(job_ids, job_id)
  LOOP
    n := cardinality(job.tokens);
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job);
    counters := {schema}.close_attempt(counters, hold, NULL, clock);
    retried := {schema}.retry_or_end(
      counters, job, hold, n, true, 'attempt ' || n || ' lost its lease', most_attempts, 0, clock
    );
    counters := retried.counters;
    answers := array_append(answers, jsonb_build_object(
      'jobId', job.job_id, 'attempt', n, 'charged', coalesce(hold.held, 0)::text, 'outcome', retried.kind
    ));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  RETURN to_jsonb(answers);
END $$;
