-- The recovery of attempts whose leases are lost, and the end of jobs whose deadlines have passed.

-- Charges the attempts whose leases are lost in full, and ends the jobs that nobody has decided on or claimed in time: at
-- most `most` together. Answers whether there are more, the attempts, and the jobs.
CREATE FUNCTION {schema}.recover_stale_v1(ttl float8, most_attempts bigint, most bigint, at float8, actor text)
RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  lost_ids text[];
  overdue_ids text[];
  job_ids text[];
  timed_out_ids text[];
  job {schema}.jobs%ROWTYPE;
  hold {schema}.holds%ROWTYPE;
  retried {schema}.retried;
  how text;
  message text;
  is_waiting boolean;
  released bigint;
  has_more boolean;
  money text;
  entries text[] := '{}';
  attempts jsonb[] := '{}';
  ended jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);
  lost_ids := ARRAY(
    SELECT lost.job_id
      FROM (
        SELECT l.job_id FROM {schema}.leases AS l
          WHERE {schema}.is_lease_lost(l.leased_at, l.lease_seconds, l.run_until, clock, ttl)
          ORDER BY l.leased_at, (SELECT j.sequence FROM {schema}.jobs AS j WHERE j.job_id = l.job_id)
      ) AS lost, LATERAL (
        SELECT 1 FROM {schema}.jobs AS j WHERE j.job_id = lost.job_id AND j.state = 'running' FOR UPDATE SKIP LOCKED
      ) AS locked
      LIMIT most + 1
  );
  has_more := cardinality(lost_ids) > most;
  -- A lease that was renewed before its job was locked is not lost.
  lost_ids := ARRAY(
    SELECT job_id FROM {schema}.leases
      WHERE job_id = ANY (lost_ids[:least(most, cardinality(lost_ids))])
        AND {schema}.is_lease_lost(leased_at, lease_seconds, run_until, clock, ttl)
      ORDER BY array_position(lost_ids, job_id)
  );
  timed_out_ids := ARRAY(
    SELECT job_id FROM {schema}.leases WHERE job_id = ANY (lost_ids) AND {schema}.is_timed_out(run_until, clock)
  );
  most := most - cardinality(lost_ids);
  overdue_ids := ARRAY(
    SELECT j.job_id FROM {schema}.jobs AS j WHERE j.deadline <= clock
      ORDER BY j.deadline LIMIT most + 1 FOR UPDATE SKIP LOCKED
  );
  has_more := has_more OR cardinality(overdue_ids) > most;
  overdue_ids := overdue_ids[:least(most, cardinality(overdue_ids))];
  job_ids := lost_ids || overdue_ids;
  -- Parked by a clock that was ahead.
  FOR job IN
    UPDATE {schema}.jobs SET parked = false
      WHERE job_id = ANY (ARRAY(
        SELECT j.job_id FROM {schema}.jobs AS j WHERE j.parked AND j.deadline > clock FOR UPDATE SKIP LOCKED
      ))
      RETURNING *
  LOOP
    PERFORM {schema}.make_ready(job.job_id, job.lane, job.priority, job.run_at, job.sequence);
  END LOOP;
  counters := {schema}.lock_holds(ARRAY(
    SELECT {schema}.open_hold(j) FROM {schema}.jobs AS j WHERE j.job_id = ANY (job_ids)
  ));

  FOR job IN
    SELECT * FROM {schema}.jobs WHERE job_id = ANY (lost_ids) ORDER BY array_position(lost_ids, job_id)
  LOOP
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job);
    counters := {schema}.close_attempt(counters, hold, NULL, clock);
    IF job.job_id = ANY (timed_out_ids) THEN
      how := 'timed_out';
      message := 'attempt ' || job.tried || ' ran longer than maxRunSeconds';
    ELSE
      how := 'lost';
      message := 'attempt ' || job.tried || ' lost its lease';
    END IF;
    retried := {schema}.retry_or_end(
      counters, job, hold, cardinality(job.tokens), how, message, hold.held, 'charged', most_attempts, 0, actor,
      clock
    );
    counters := retried.counters;
    entries := array_append(entries, retried.entry);
    attempts := array_append(attempts, jsonb_build_object(
      'jobId', job.job_id, 'attempt', job.tried, 'charged', coalesce(hold.held, 0)::text, 'outcome', retried.kind
    ));
  END LOOP;

  FOR job IN
    SELECT * FROM {schema}.jobs WHERE job_id = ANY (overdue_ids) ORDER BY array_position(overdue_ids, job_id)
  LOOP
    is_waiting := job.state = 'awaiting_approval';
    released := 0;
    money := '';
    IF job.state = 'queued' THEN
      SELECT * INTO hold FROM {schema}.holds WHERE hold_id = {schema}.open_hold(job) AND holds.state = 'open';
      IF FOUND THEN
        released := hold.held;
        counters := {schema}.move_hold(counters, hold, 'released', 0, clock);
        money := {schema}.closed_field(hold, 0, 'released')
          || {schema}.moved_fields(-released, {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock));
      END IF;
    END IF;
    UPDATE {schema}.jobs
      SET state = CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END,
        attention = CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END, deadline = NULL, parked = false, ended_at = clock, waiting_since = NULL,
        error = CASE
          WHEN is_waiting THEN '{"code":"expired","message":"nobody approved it in time"}'
          ELSE '{"code":"expired","message":"nobody claimed it in time"}'
        END
      WHERE job_id = job.job_id;
    DELETE FROM {schema}.ready WHERE job_id = job.job_id;
    INSERT INTO {schema}.ended (ended_at, sequence) VALUES (clock, job.sequence);
    entries := array_append(entries, '{"kind":"expired"'
      || {schema}.job_fields(
        job.job_id, job.tried, CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END, job.lane, job.backend
      ) || money || {schema}.text_field('tags', job.tags) || {schema}.text_field('by', actor) || '}');
    ended := array_append(ended, jsonb_build_object(
      'jobId', job.job_id, 'state', CASE WHEN is_waiting THEN 'rejected' ELSE 'failed' END, 'released', released::text
    ));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN jsonb_build_array(has_more, to_jsonb(attempts), to_jsonb(ended));
END $$;
