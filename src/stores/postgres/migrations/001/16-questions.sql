-- What is asked about the journal.

-- The rows of the journal that have entries after a place, at most `most` of them, up to the number before which nothing can
-- come any more: with `passed` that number as it was known before, and with `noted` what was noted since, `[number, id,
-- time]` in their order. Whoever has drawn a number up to a noted one has a smaller transaction id than the one that was taken
-- when it was noted, and is over once all smaller ones are. Answers the rows, whether there are more, since when rows are
-- held back, and what is passed and noted now.
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
