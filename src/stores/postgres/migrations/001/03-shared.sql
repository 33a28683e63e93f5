-- What the operations share.
--
-- Every operation locks the jobs by id, then the holds by id, then the counters by scope; it reads the clock, decides
-- its items in their order against the locked counters, writes the counters once, and then the entries of the journal.

-- A session's own settings must not change what an operation means, prints or costs, so each operation brings its own:
-- the path, exact numbers, plans by the indexes (up to PostgreSQL 17 a plan without an index then counts as so dear that
-- it is compiled, which takes far longer), and one plan for all values. That plan may be made while the tables are
-- empty, so every statement finds its rows by their keys, or by the only index for them, and joins a table to nothing
-- but a list of keys.

-- Every operation begins with this.
CREATE FUNCTION {schema}.begin_operation() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- At any other level a decision could be made on rows as they were before they were locked.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the transaction must be READ COMMITTED, it is %', current_setting('transaction_isolation')
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  -- Rows that a policy hides would count as missing: a counter as 0, a pin as none.
  IF row_security_active('{schema}.scopes'::regclass) OR row_security_active('{schema}.holds'::regclass)
    OR row_security_active('{schema}.jobs'::regclass) OR row_security_active('{schema}.ready'::regclass)
    OR row_security_active('{schema}.leases'::regclass) OR row_security_active('{schema}.ended'::regclass)
    OR row_security_active('{schema}.lanes'::regclass) OR row_security_active('{schema}.journal'::regclass)
    OR row_security_active('{schema}.decisions'::regclass) OR row_security_active('{schema}.store'::regclass)
  THEN
    RAISE EXCEPTION 'policies of row security hide rows of the schema from the role %: it must see all of them',
      current_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- What was answered must be on the disk. A session may ask for more than that, and keeps it.
  IF current_setting('synchronous_commit') <> 'remote_apply' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
END $$;

-- Undoes a batch that is all or nothing; the client knows it by its code, and reads the reason from the message.
CREATE FUNCTION {schema}.undo_batch(reason jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', reason USING ERRCODE = 'DK001';
END $$;

-- Undoes an operation that cannot read what it was asked about: what is unknown admits nothing.
CREATE FUNCTION {schema}.unreadable(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% cannot be read; was it deleted, or are there policies of row security?', what;
END $$;


-- Decisions -----------------------------------------------------------------------------------------------------------

-- What was decided under an id, as an answer; NULL if nothing was. Looked up after the locks: whoever waited sees it.
CREATE FUNCTION {schema}.decided(decision_id text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF decision_id IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT jsonb_build_object('kind', 'decided', 'body', d.body, 'answer', d.answer::jsonb)
      FROM {schema}.decisions AS d WHERE d.id = decision_id
  );
END $$;

-- Keeps the answer to a decision, if it has an id.
CREATE FUNCTION {schema}.keep_decision(decision_id text, subject text, body text, answer jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF decision_id IS NOT NULL THEN
    INSERT INTO {schema}.decisions (id, subject, body, answer) VALUES (decision_id, subject, body, answer::text);
  END IF;
END $$;


-- Jobs ----------------------------------------------------------------------------------------------------------------

-- A job as JSON.
CREATE FUNCTION {schema}.job_json(job {schema}.jobs) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object(
  'jobId', job.job_id,
  'lane', job.lane,
  'payload', job.payload,
  'backend', job.backend,
  'maxCost', job.max_cost::text,
  'maxAttempts', job.max_attempts,
  'priority', job.priority,
  'askedRunAt', job.asked_run_at,
  'scopes', job.scope_names,
  'requestedBy', job.requested_by,
  'tags', job.tags,
  'decideBy', job.decide_by,
  'claimBy', job.claim_by,
  'maxRunSeconds', job.max_run_seconds,
  'state', job.state,
  'tried', job.tried,
  'retries', job.retries,
  'leasedBy', CASE job.state
    WHEN 'running' THEN (SELECT l.leased_by FROM {schema}.leases AS l WHERE l.job_id = job.job_id)
  END,
  'decision', job.decision,
  'cancellation', job.cancellation,
  'error', job.error,
  'result', job.result,
  'submittedAt', job.submitted_at,
  'decidedAt', job.decided_at,
  'startedAt', job.claimed_ats[cardinality(job.claimed_ats)],
  'waitingSince', job.waiting_since,
  'endedAt', job.ended_at,
  'booked', (
    SELECT coalesce(sum(h.booked), 0)::text FROM {schema}.holds AS h
      WHERE h.hold_id = ANY (ARRAY(SELECT {schema}.job_hold(job.job_id, n) FROM generate_series(1, job.holds) AS n))
  ),
  'pruned', job.pruned
);

-- The hold that is open while a paid job is queued, for its next attempt, and while it runs.
CREATE FUNCTION {schema}.open_hold(job {schema}.jobs) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN {schema}.job_hold(job.job_id, job.holds);

-- Locks the jobs that the items name. Answers those that there were: one that is submitted while the operation waits for
-- its other locks is seen later, and is not locked.
CREATE FUNCTION {schema}.lock_jobs(input jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(
    SELECT job_id FROM {schema}.jobs
      WHERE job_id = ANY (ARRAY(SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item))
      ORDER BY job_id FOR UPDATE
  );
END $$;

-- Undoes an operation that meets a job which it has not locked: the client tries again.
CREATE FUNCTION {schema}.ensure_locked(job_id text, locked_ids text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF job_id IS NOT NULL AND job_id <> ALL (locked_ids) THEN
    RAISE EXCEPTION 'a job was submitted meanwhile' USING ERRCODE = 'serialization_failure';
  END IF;
END $$;

-- Lets a job be claimed.
CREATE FUNCTION {schema}.make_ready(job_id text, lane text, priority bigint, run_at float8, sequence bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {schema}.ready (job_id, lane, priority, run_at, sequence)
    VALUES (job_id, lane, priority, run_at, sequence);
END $$;
