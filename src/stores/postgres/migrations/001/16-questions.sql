-- What is asked about the journal.

-- The rows of the journal that have entries after a place, at most `most` of them, up to the number before which nothing can
-- come any more: with `passed` that number as it was known before, and with `noted` what was noted since, `[number, id,
-- time]` in their order. Whoever has drawn a number up to a noted one has a smaller transaction id than the one that was taken
-- when it was noted, and is over once all smaller ones are. A negative `passed` asks for all that is
-- committed. Answers the rows, whether there are more, since when rows are held back, and what is passed and noted now.
CREATE FUNCTION {schema}.journal_v1(after bigint, most bigint, passed bigint, noted jsonb, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  drawn bigint;
  oldest xid8;
  entries record;
  bytes bigint := 0;
  rows jsonb[] := '{}';
  has_more boolean := false;
  held_back_since float8;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT CASE WHEN p.is_called THEN p.last_value ELSE 0 END INTO drawn FROM {schema}.journal_places AS p;
  -- Whoever adds up asks for all that is committed, in no order from which one could go on.
  IF passed < 0 THEN
    passed := 9223372036854775807;
    drawn := passed;
    noted := '[]';
  END IF;
  -- The sequence was made anew: what is known is about another one.
  IF drawn < greatest(passed, (noted -> -1 ->> 0)::bigint) THEN
    passed := 0;
    noted := '[]';
  END IF;
  -- An id that this transaction had before says nothing about the number. The message makes the commit wait for the disk: a
  -- number and an id that a crash could give to others must not be relied on.
  IF drawn > greatest(passed, (noted -> -1 ->> 0)::bigint) AND pg_current_xact_id_if_assigned() IS NULL THEN
    PERFORM pg_logical_emit_message(true, 'dispatch-kit', '');
    noted := noted || jsonb_build_array(
      jsonb_build_array(drawn, pg_current_xact_id()::text, {schema}.read_clock(at))
    );
  END IF;
  oldest := pg_snapshot_xmin(pg_current_snapshot());
  passed := greatest(
    passed, (SELECT max((n ->> 0)::bigint) FROM jsonb_array_elements(noted) AS n WHERE (n ->> 1)::xid8 <= oldest)
  );
  noted := (
    SELECT coalesce(jsonb_agg(n ORDER BY (n ->> 0)::bigint), '[]')
      FROM jsonb_array_elements(noted) AS n WHERE (n ->> 0)::bigint > passed
  );

  -- A later statement sees all that was committed when `oldest` was read.
  FOR entries IN
    SELECT j.place, j.at, j.body FROM {schema}.journal AS j
      WHERE j.place >= after - after % {schema}.most_entries() AND j.place <= passed ORDER BY j.place LIMIT most + 2
  LOOP
    -- The first row may have been read to its end.
    CONTINUE WHEN entries.place <= after
      AND json_array_length(entries.body::json -> 'entries') <= after - entries.place + 1;
    bytes := bytes + octet_length(entries.body);
    IF cardinality(rows) = most OR bytes > {schema}.most_claimed_bytes() AND rows <> '{}' THEN
      has_more := true;
      EXIT;
    END IF;
    rows := array_append(rows, jsonb_build_array(entries.place, entries.at, entries.body));
  END LOOP;
  SELECT (n ->> 2)::float8 INTO held_back_since
    FROM jsonb_array_elements(noted) AS n
    WHERE (n ->> 0)::bigint >= (
      SELECT j.place FROM {schema}.journal AS j WHERE j.place > greatest(passed, after) ORDER BY j.place LIMIT 1
    )
    ORDER BY (n ->> 0)::bigint LIMIT 1;
  RETURN jsonb_build_object(
    'rows', rows, 'more', has_more, 'heldBackSince', held_back_since, 'passed', passed, 'noted', noted
  );
END $$;

-- The scopes whose counters differ from the sums of their holds, or from what the journal has moved. What was booked for
-- holds that are forgotten is in the journal only.
CREATE FUNCTION {schema}.audit_v1() RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object(
        'scope', each.scope,
        'counter', jsonb_build_object('reserved', sum(each.reserved)::text, 'spent', sum(each.spent)::text),
        'holds', jsonb_build_object('reserved', sum(each.held)::text, 'spent', sum(each.booked)::text),
        'journal', sum(each.moved)::text
      )
      FROM (
        SELECT s.scope, s.reserved, s.spent, 0::numeric AS held, 0::numeric AS booked, 0::numeric AS moved
          FROM {schema}.scopes AS s
        UNION ALL
        SELECT u.scope, 0, 0, CASE h.state WHEN 'open' THEN h.held ELSE 0 END, h.booked, 0
          FROM {schema}.holds AS h, unnest(h.scopes) AS u (scope)
        UNION ALL
        SELECT shown ->> 0, 0, 0, 0,
            CASE entry ->> 'kind' WHEN 'forgotten' THEN (entry -> 'closed' ->> 2)::numeric ELSE 0 END,
            (entry ->> 'moved')::numeric
          FROM {schema}.journal AS j, json_array_elements(j.body::json -> 'entries') AS entry,
            json_array_elements(entry -> 'scopes') AS shown
      ) AS each
      GROUP BY each.scope
      HAVING sum(each.reserved) <> sum(each.held) OR sum(each.spent) <> sum(each.booked)
        OR sum(each.reserved) + sum(each.spent) <> sum(each.moved)
      ORDER BY each.scope COLLATE "C"
  ));
END $$;

-- The last place before an instant. Found by halves: an index of the times would cost every operation a page.
CREATE FUNCTION {schema}.place_at_v1(wanted float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  low bigint := 0;
  high bigint;
  middle record;
BEGIN
  PERFORM {schema}.begin_operation();
  high := coalesce((SELECT j.place + {schema}.most_entries() - 1 FROM {schema}.journal AS j ORDER BY j.place DESC LIMIT 1), 0);
  WHILE low < high LOOP
    SELECT j.place, j.at INTO middle FROM {schema}.journal AS j
      WHERE j.place <= (low + high + 1) / 2 ORDER BY j.place DESC LIMIT 1;
    IF middle.at < wanted THEN
      low := middle.place + {schema}.most_entries() - 1;
    ELSE
      high := coalesce(middle.place, 1) - 1;
    END IF;
  END LOOP;
  RETURN jsonb_build_array(low);
END $$;

-- Scopes with a prefix and behind a name, with their pins and how many holds are open in them.
CREATE FUNCTION {schema}.scopes_v1(prefix text, after text, most bigint, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  found {schema}.scopes[];
  open jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  found := ARRAY(
    SELECT s FROM {schema}.scopes AS s
      WHERE s.scope > after AND s.scope >= prefix COLLATE "C" AND starts_with(s.scope, prefix)
      ORDER BY s.scope LIMIT most
  );
  open := (
    SELECT jsonb_object_agg(each.scope, each.holds)
      FROM (
        SELECT u.scope, count(*) AS holds
          FROM {schema}.holds AS h, unnest(h.scopes) AS u (scope)
          WHERE h.state = 'open' AND h.scopes && ARRAY(SELECT f.scope FROM unnest(found) AS f)
          GROUP BY u.scope
      ) AS each
  );
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object(
        'scope', f.scope, 'reserved', f.reserved::text, 'spent', f.spent::text,
        'pinned', f.pinned::text, 'raisedTo', f.raised_to::text, 'raisedUntil', f.raised_until,
        'openHolds', coalesce((open ->> f.scope)::int, 0), 'clock', {schema}.read_clock(at)
      )
      FROM unnest(found) AS f ORDER BY f.scope COLLATE "C"
  ));
END $$;

-- Holds of a scope and a state, NULL for any, behind an id.
CREATE FUNCTION {schema}.holds_v1(wanted_scope text, wanted_state text, most bigint, after text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT {schema}.hold_json(h) || jsonb_build_object('heldAt', h.held_at, 'resolvedAt', h.resolved_at)
      FROM {schema}.holds AS h
      WHERE h.hold_id > coalesce(after, '')
        AND (wanted_state IS NULL OR h.state = wanted_state)
        AND (wanted_scope IS NULL OR wanted_scope = ANY (h.scopes))
      ORDER BY h.hold_id LIMIT most
  ));
END $$;

-- The claims of a job with their holds; one NULL if there is no such job.
CREATE FUNCTION {schema}.attempts_v1(wanted text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  job {schema}.jobs%ROWTYPE;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT * INTO job FROM {schema}.jobs WHERE job_id = wanted;
  IF NOT FOUND THEN
    RETURN '[null]';
  END IF;
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object(
        'claimedAt', u.claimed_at, 'by', u.claimed_by, 'end', u.how, 'endedAt', u.ended_at,
        'hold', (
          SELECT {schema}.hold_json(h) FROM {schema}.holds AS h
            WHERE h.hold_id = {schema}.job_hold(job.job_id, u.hold_number) AND u.hold_number > 0
              AND NOT {schema}.is_free(job.backend, job.max_cost)
        )
      )
      FROM unnest(job.claimed_ats, job.claimed_bys, job.ends, job.ended_ats, job.hold_numbers) WITH ORDINALITY
        AS u (claimed_at, claimed_by, how, ended_at, hold_number, number)
      ORDER BY u.number
  ));
END $$;

-- The unfinished jobs by lane and state: those that wait for a person by the index of what needs attention, the others by
-- the tables of what is ready and what runs.
CREATE FUNCTION {schema}.counts_v1() RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object('lane', j.lane, 'state', j.state, 'jobs', count(*), 'oldest', min(j.submitted_at))
      FROM {schema}.jobs AS j
      WHERE NOT j.pruned AND j.job_id = ANY (
        ARRAY(SELECT r.job_id FROM {schema}.ready AS r)
        || ARRAY(SELECT l.job_id FROM {schema}.leases AS l)
        || ARRAY(SELECT p.job_id FROM {schema}.jobs AS p WHERE p.parked)
        || ARRAY(
          SELECT a.job_id FROM {schema}.jobs AS a WHERE a.attention = 'awaiting_approval' AND NOT a.pruned
        )
      )
      GROUP BY j.lane, j.state
  ));
END $$;
