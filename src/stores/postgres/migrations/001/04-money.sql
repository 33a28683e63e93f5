-- The counters of scopes and the holds: every move of money goes through what is here.

-- Counters ------------------------------------------------------------------------------------------------------------

-- The counters of some scopes, locked, while an operation decides: entry by entry, in the order of their names.
CREATE TYPE {schema}.counters AS (
  scopes text[],
  reserved numeric[],
  spent numeric[],
  pinned bigint[],
  -- The raised caps by scope, `[to, until]`; NULL if there are none.
  raises jsonb,
  -- What was committed before the first entry of the journal that shows the scope; NULL until there is one.
  before numeric[]
);

-- Makes the counters that are missing, locks all of them, and reads them.
CREATE FUNCTION {schema}.lock_counters(wanted text[]) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
DECLARE
  counters {schema}.counters;
BEGIN
  wanted := ARRAY(SELECT DISTINCT w.scope COLLATE "C" FROM unnest(wanted) AS w (scope) ORDER BY 1);
  -- No operation deletes a counter: one that is there stays.
  IF (SELECT count(*) FROM {schema}.scopes AS s WHERE s.scope = ANY (wanted)) < cardinality(wanted) THEN
    INSERT INTO {schema}.scopes (scope) SELECT unnest(wanted) ON CONFLICT DO NOTHING;
  END IF;
  SELECT array_agg(locked.scope), array_agg(locked.reserved), array_agg(locked.spent), array_agg(locked.pinned),
      jsonb_object_agg(locked.scope, jsonb_build_array(locked.raised_to, locked.raised_until))
        FILTER (WHERE locked.raised_to IS NOT NULL),
      array_agg(NULL::numeric)
    INTO counters
    FROM (
      SELECT s.scope, s.reserved, s.spent, s.pinned, s.raised_to, s.raised_until
        FROM {schema}.scopes AS s WHERE s.scope = ANY (wanted) ORDER BY s.scope FOR UPDATE
    ) AS locked;
  IF coalesce(cardinality(counters.scopes), 0) <> cardinality(wanted) THEN
    PERFORM {schema}.unreadable('a counter');
  END IF;
  RETURN counters;
END $$;

-- What the locked scopes have committed.
CREATE FUNCTION {schema}.committed(counters {schema}.counters) RETURNS numeric[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(SELECT c.reserved + c.spent FROM unnest(counters.reserved, counters.spent) AS c (reserved, spent));
END $$;

-- Adds to the counters of some scopes, which an entry of the journal shows.
CREATE FUNCTION {schema}.add_to_counters(
  counters {schema}.counters, scopes text[], more_reserved numeric, more_spent numeric
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
DECLARE
  i int;
BEGIN
  FOR k IN 1 .. coalesce(cardinality(scopes), 0) LOOP
    i := array_position(counters.scopes, scopes[k]);
    IF i IS NULL THEN
      RAISE EXCEPTION 'a hold was made meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    counters.before[i] := coalesce(counters.before[i], counters.reserved[i] + counters.spent[i]);
    counters.reserved[i] := counters.reserved[i] + more_reserved;
    counters.spent[i] := counters.spent[i] + more_spent;
  END LOOP;
  RETURN counters;
END $$;

-- Writes the counters that were changed.
CREATE FUNCTION {schema}.write_counters(counters {schema}.counters) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE {schema}.scopes AS s
    SET reserved = counters.reserved[array_position(counters.scopes, s.scope)],
      spent = counters.spent[array_position(counters.scopes, s.scope)]
    WHERE s.scope = ANY (counters.scopes)
      AND (s.reserved, s.spent) IS DISTINCT FROM (
        counters.reserved[array_position(counters.scopes, s.scope)],
        counters.spent[array_position(counters.scopes, s.scope)]
      );
END $$;

-- The first scope whose pinned cap is not the one of the request, or that has no cap at all, as an answer; NULL if there
-- is none. A request without a cap takes the pinned one.
CREATE FUNCTION {schema}.pin_conflict(
  counters {schema}.counters, scopes text[], caps bigint[]
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  pinned bigint;
BEGIN
  FOR k IN 1 .. cardinality(scopes) LOOP
    pinned := counters.pinned[array_position(counters.scopes, scopes[k])];
    IF pinned <> caps[k] OR pinned IS NULL AND caps[k] IS NULL THEN
      RETURN jsonb_build_object('kind', 'pinned', 'scope', scopes[k], 'pinned', pinned::text, 'asked', caps[k]::text);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- The cap that counts in the ith of the locked scopes: the pinned one, with its raise, or that of the request.
CREATE FUNCTION {schema}.cap_of(counters {schema}.counters, i int, asked bigint, clock float8) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN counters.raises IS NULL THEN coalesce(counters.pinned[i], asked)
  ELSE coalesce(
    {schema}.cap_in_force(
      counters.pinned[i], (counters.raises -> counters.scopes[i] ->> 0)::bigint,
      (counters.raises -> counters.scopes[i] ->> 1)::float8, clock
    ),
    asked
  )
END;

-- The scopes that lack room for an amount, and by how much; an empty list if it fits everywhere. What is new has no
-- room in a scope whose time is over. An amount of 0 moves no money, so it fits also where the cap is passed.
CREATE FUNCTION {schema}.lacking(
  counters {schema}.counters, amount bigint, scopes text[], caps bigint[], untils float8[], clock float8, is_new boolean
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  lacking jsonb := '[]';
  room numeric;
  is_over boolean;
  i int;
BEGIN
  FOR k IN 1 .. cardinality(scopes) LOOP
    i := array_position(counters.scopes, scopes[k]);
    room := {schema}.cap_of(counters, i, caps[k], clock) - counters.reserved[i] - counters.spent[i];
    is_over := is_new AND {schema}.is_over(untils[k], clock);
    -- What is unknown is no room.
    IF is_over OR (amount <= room OR amount = 0 AND room IS NOT NULL) IS NOT TRUE THEN
      lacking := lacking || jsonb_strip_nulls(jsonb_build_object(
        'scope', scopes[k],
        'by', (CASE WHEN is_over OR room IS NULL THEN amount ELSE amount - room END)::text,
        'until', untils[k],
        'over', nullif(is_over, false),
        'unknown', CASE WHEN NOT is_over AND room IS NULL THEN true END
      ));
    END IF;
  END LOOP;
  RETURN lacking;
END $$;

-- Many requests name the same scopes and caps. Each such list is sent once, `[{ total, scopes, caps, untils }]`, with
-- the total that is asked for in its scopes; a request names its list by its place, counted from 1.

-- Whether all the totals fit at once, in scopes whose time is not over and under the caps that count: then each of the
-- requests fits in its turn.
CREATE FUNCTION {schema}.all_fit(counters {schema}.counters, lists jsonb, clock float8) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  RETURN NOT EXISTS (
    SELECT FROM jsonb_to_recordset(lists) AS list (total numeric, scopes text[], caps bigint[], untils float8[]),
        unnest(list.scopes, list.caps, list.untils) AS u (scope, cap, until)
      LEFT JOIN unnest(counters.scopes, counters.reserved, counters.spent, counters.pinned)
        AS c (scope, reserved, spent, pinned) ON c.scope = u.scope
      GROUP BY u.scope
      -- A raised cap, and one that is left out and not pinned, are for the requests one by one.
      HAVING bool_or({schema}.is_over(u.until, clock)) OR bool_or(c.pinned <> u.cap)
        OR (sum(list.total) <= min(coalesce(u.cap, c.pinned)) - min(c.reserved + c.spent)) IS NOT TRUE
        OR bool_or(u.cap IS NULL AND c.pinned IS NULL)
  );
END $$;

-- Reserves all the totals, in scopes that are locked. A scope finds its own by its name.
CREATE FUNCTION {schema}.reserve_totals(counters {schema}.counters, lists jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed bigint;
  totals jsonb := (
    SELECT jsonb_object_agg(asked.scope, asked.total)
      FROM (
        SELECT u.scope, sum(list.total) AS total
          FROM jsonb_to_recordset(lists) AS list (total numeric, scopes text[]), unnest(list.scopes) AS u (scope)
          GROUP BY u.scope
      ) AS asked
  );
BEGIN
  UPDATE {schema}.scopes AS s SET reserved = s.reserved + (totals ->> s.scope)::numeric
    WHERE s.scope = ANY (counters.scopes);
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> coalesce(cardinality(counters.scopes), 0) THEN
    PERFORM {schema}.unreadable('a counter');
  END IF;
END $$;


-- Holds ---------------------------------------------------------------------------------------------------------------

-- A hold as JSON; its money is text, since some clients' numbers are inexact above 2^53.
CREATE FUNCTION {schema}.hold_json(hold {schema}.holds) RETURNS jsonb
LANGUAGE sql STABLE
RETURN jsonb_build_object(
  'holdId', hold.hold_id,
  'asked', hold.asked::text,
  'steps', hold.steps::text[],
  'scopes', hold.scopes,
  'caps', hold.caps::text[],
  'untils', hold.untils,
  'state', hold.state,
  'booked', hold.booked::text,
  'settledFrom', hold.settled_from,
  'corrected', hold.corrected,
  'firstSettled', hold.first_settled::text,
  'tags', hold.tags,
  'expiresAt', hold.expires_at,
  'pruned', hold.pruned
);

-- Holds as they are now, in the order of the ids; NULL for one that does not exist.
CREATE FUNCTION {schema}.holds_json(hold_ids text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  RETURN to_jsonb(ARRAY(
    SELECT (SELECT {schema}.hold_json(h) FROM {schema}.holds AS h WHERE h.hold_id = wanted.hold_id)
      FROM unnest(hold_ids) WITH ORDINALITY AS wanted (hold_id, place)
      ORDER BY wanted.place
  ));
END $$;

-- Locks holds, and then the counters of their scopes.
CREATE FUNCTION {schema}.lock_holds(hold_ids text[]) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM {schema}.holds WHERE hold_id = ANY (hold_ids) ORDER BY hold_id FOR UPDATE;
  RETURN {schema}.lock_counters(ARRAY(SELECT unnest(scopes) FROM {schema}.holds WHERE hold_id = ANY (hold_ids)));
END $$;

-- Closes a hold, or corrects what it was charged: what was open is no longer reserved, and what is booked is spent.
CREATE FUNCTION {schema}.move_hold(
  counters {schema}.counters, hold {schema}.holds, next_state text, next_booked bigint, clock float8
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  UPDATE {schema}.holds
    SET state = next_state, booked = next_booked, settled_from = hold.state, resolved_at = clock, due = NULL,
      closed = CASE WHEN hold.job_id IS NULL THEN clock END
    WHERE hold_id = hold.hold_id;
  RETURN {schema}.add_to_counters(
    counters, hold.scopes, CASE hold.state WHEN 'open' THEN -hold.held ELSE 0 END, next_booked - hold.booked
  );
END $$;

-- Sets aside what an attempt may cost. Such a hold does not expire: recovery resolves it.
CREATE FUNCTION {schema}.hold_for_job(
  counters {schema}.counters, job_id text, n int, amount bigint, tags text, scopes text[], caps bigint[],
  untils float8[], clock float8
) RETURNS {schema}.counters LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils, tags, held_at)
    VALUES ({schema}.job_hold(job_id, n), job_id, amount, amount, scopes, caps, untils, tags, clock);
  RETURN {schema}.add_to_counters(counters, scopes, amount, 0);
END $$;
