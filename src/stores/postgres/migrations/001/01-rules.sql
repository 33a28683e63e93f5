-- Rules that the library's TypeScript states too: one table of cases holds both to the same answers. Each is one
-- expression, which the planner puts in the place of the call.

-- Free local work needs no approval and holds no money.
CREATE FUNCTION {schema}.is_free(backend text, max_cost bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN backend = 'local' AND max_cost = 0;

-- The id of a job's hold; n counts the job's holds from 1, also those that nobody claimed.
CREATE FUNCTION {schema}.job_hold(job_id text, n int) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'job:' || job_id || '#' || n::text;

-- Whether a job has ended.
CREATE FUNCTION {schema}.is_terminal(state text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN state IN ('succeeded', 'failed', 'rejected');

-- The states that people look for among millions of jobs that went well; NULL for the others.
CREATE FUNCTION {schema}.attention(state text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN state IN ('awaiting_approval', 'failed', 'rejected') THEN state END;

-- What a new job begins as; the decision is NULL where nobody has approved it yet.
CREATE FUNCTION {schema}.first_state(backend text, max_cost bigint, decision text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN {schema}.is_free(backend, max_cost) THEN 'pending'
  WHEN decision IS NULL THEN 'awaiting_approval'
  ELSE 'queued'
END;

-- When a job ends by itself that nobody has claimed, and, unless it was approved, nobody has decided on.
CREATE FUNCTION {schema}.deadline_of(state text, decide_by float8, claim_by float8, is_decided boolean) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN state = 'awaiting_approval' AND NOT is_decided THEN least(decide_by, claim_by) ELSE claim_by END;

-- The largest amount of the ledger, 2^62 - 1 micro-cents.
CREATE FUNCTION {schema}.max_amount() RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN 4611686018427387903;

-- Whether an open hold is to be charged; at the very second of its expiry it is.
CREATE FUNCTION {schema}.is_hold_due(expires_at float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN expires_at <= clock;

-- Whether a running job has run as long as it may; NULL is no limit.
CREATE FUNCTION {schema}.is_timed_out(run_until float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(run_until <= clock, false);

-- Whether a lease counts as lost: at the very second of its time to live it does. Its own length comes first.
CREATE FUNCTION {schema}.is_lease_lost(
  leased_at float8, lease_seconds float8, run_until float8, clock float8, ttl float8
) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN clock - leased_at >= coalesce(lease_seconds, ttl) OR {schema}.is_timed_out(run_until, clock);

-- Whether a scope's day or month is over; in the very second of its end it is. NULL has no end.
CREATE FUNCTION {schema}.is_over(until float8, clock float8) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(clock >= until, false);

-- The cap of a pin that counts now: the raised one until its end. NULL without a pin.
CREATE FUNCTION {schema}.cap_in_force(pinned bigint, raised_to bigint, raised_until float8, clock float8) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN raised_to > pinned AND clock < raised_until THEN raised_to ELSE pinned END;

-- Seconds until a job is offered again whose payload was refused, the last time included.
CREATE FUNCTION {schema}.refusal_delay(refusals int) RETURNS float8
LANGUAGE sql IMMUTABLE
RETURN 60 * power(2::float8, refusals - 1);

-- After so many refusals of its payload a job waits for a person.
CREATE FUNCTION {schema}.most_refusals() RETURNS int
LANGUAGE sql IMMUTABLE
RETURN 8;

-- The payloads of one claim have at most so many bytes together.
CREATE FUNCTION {schema}.most_claimed_bytes() RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN 8000000;

-- A decision as JSON, with the store's time where it has none of its own.
CREATE FUNCTION {schema}.dated(decision text, clock float8) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
  WHEN decision::jsonb -> 'decidedAt' = 'null' THEN (
    decision::jsonb || jsonb_build_object(
      'decidedAt', to_char(to_timestamp(clock) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    )
  )::text
  ELSE decision
END;

-- Fixes the instant of an operation; called after the locks, so that whoever waited does not act at an old one.
CREATE FUNCTION {schema}.read_clock(at float8) RETURNS float8
LANGUAGE sql VOLATILE
RETURN coalesce(at, extract(epoch FROM clock_timestamp())::float8);
