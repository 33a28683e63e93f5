-- The entries of the journal: what was moved, and who has decided it. They are made as text, field by field: each field
-- begins with a comma, and is empty where there is nothing to say.

-- A text as JSON. No text of an entry has control characters; `to_json` takes three times as long. The backslash is not
-- written, since a session may read it as an escape.
CREATE FUNCTION {schema}.quoted(value text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN '"' || replace(replace(value, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"';

-- A field with a text; none for NULL.
CREATE FUNCTION {schema}.text_field(name text, value text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(',"' || name || '":' || {schema}.quoted(value), '');

-- The job that an entry is about, as it is after it.
CREATE FUNCTION {schema}.job_fields(job_id text, tried int, state text, lane text, backend text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN ',"job":' || {schema}.quoted(job_id) || ',"attempt":' || tried::text || ',"state":"' || state
  || '","lane":' || {schema}.quoted(lane) || ',"backend":"' || backend || '"';

-- A hold, as it was before it was closed, with what is booked for it now and what it is closed as. None for NULL.
CREATE FUNCTION {schema}.closed_field(hold {schema}.holds, booked bigint, closed_as text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(
  ',"closed":[' || {schema}.quoted(hold.hold_id) || ',"' || hold.held::text || '","' || booked::text || '","'
    || closed_as || '"]'
    || CASE hold.state WHEN 'open' THEN '' ELSE ',"was":"' || hold.booked::text || '"' END
    -- Nothing of what is booked was set aside any more.
    || CASE
      WHEN hold.state = 'released' OR hold.state = 'settled' AND hold.settled_from = 'released' THEN ',"givenBack":true'
      ELSE ''
    END,
  ''
);

-- A hold that was made or extended, with its whole amount.
CREATE FUNCTION {schema}.opened_field(hold_id text, held bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN ',"opened":[' || {schema}.quoted(hold_id) || ',"' || held::text || '"]';

-- By how much what is committed in some scopes has grown. None for NULL.
CREATE FUNCTION {schema}.moved_fields(moved numeric, shown text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(',"moved":"' || moved::text || '","scopes":[' || shown || ']', '');

-- A scope and its cap.
CREATE FUNCTION {schema}.shown_scope(scope text, cap bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN '[' || {schema}.quoted(scope) || ',' || coalesce('"' || cap::text || '"', 'null') || ']';

-- Scopes that are locked, with the caps that count in them.
CREATE FUNCTION {schema}.shown_scopes(
  counters {schema}.counters, scopes text[], caps bigint[], clock float8
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  shown text;
BEGIN
  FOR k IN 1 .. coalesce(cardinality(scopes), 0) LOOP
    shown := coalesce(shown || ',', '') || {schema}.shown_scope(
      scopes[k], {schema}.cap_of(counters, array_position(counters.scopes, scopes[k]), caps[k], clock)
    );
  END LOOP;
  RETURN shown;
END $$;

-- The same for each of the lists that many requests have in common, by its number.
CREATE FUNCTION {schema}.shown_lists(counters {schema}.counters, lists jsonb, clock float8) RETURNS text[]
LANGUAGE plpgsql AS $$
BEGIN
  RETURN ARRAY(
    SELECT {schema}.shown_scopes(counters, list.scopes, list.caps, clock)
      FROM ROWS FROM (jsonb_to_recordset(lists) AS (scopes text[], caps bigint[])) WITH ORDINALITY
        AS list (scopes, caps, number)
      ORDER BY list.number
  );
END $$;

-- A decision that has its time; none for NULL. A plain approval has no id.
CREATE FUNCTION {schema}.decision_field(decision_id text, decision text) RETURNS text
LANGUAGE sql STABLE
RETURN coalesce(
  ',"decision":{"id":' || coalesce({schema}.quoted(decision_id), 'null')
    || ',"author":' || (decision::json -> 'author')::text || ',"reason":' || (decision::json -> 'reason')::text || ',"decidedAt":' || (decision::json -> 'decidedAt')::text || '}',
  ''
);

-- The entry of a hold that was closed, or whose booking was changed: its row as it was before.
CREATE FUNCTION {schema}.closed_entry(
  kind text, counters {schema}.counters, hold {schema}.holds, booked bigint, fields text, clock float8
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN '{"kind":"' || kind || '"' || {schema}.closed_field(hold, booked, 'settled')
    || {schema}.moved_fields(
      booked - CASE hold.state WHEN 'open' THEN hold.held ELSE hold.booked END,
      {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock)
    )
    || {schema}.text_field('tags', hold.tags) || fields || '}';
END $$;

-- How many entries a row has at most: so far apart are the numbers that are drawn.
CREATE FUNCTION {schema}.most_entries() RETURNS int
LANGUAGE sql IMMUTABLE
RETURN 10000;

-- The counters as they were before the next of some entries.
CREATE FUNCTION {schema}.moved_on(counters {schema}.counters, entries text[]) RETURNS {schema}.counters
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := (
    SELECT jsonb_object_agg(each.scope, each.moved)
      FROM (
        SELECT shown ->> 0 AS scope, sum((entry::json ->> 'moved')::numeric) AS moved
          FROM unnest(entries) AS entry, json_array_elements(entry::json -> 'scopes') AS shown
          GROUP BY 1
      ) AS each
  );
BEGIN
  FOR k IN 1 .. coalesce(cardinality(counters.scopes), 0) LOOP
    counters.before[k] := counters.before[k] + coalesce((moved ->> counters.scopes[k])::numeric, 0);
  END LOOP;
  RETURN counters;
END $$;

-- Keeps the entries of a statement, in the order of its decisions. The last thing that an operation does, for the number
-- that is drawn here: whoever draws a greater one later had to wait for the locks, or moves something else.
CREATE FUNCTION {schema}.keep_entries(counters {schema}.counters, entries text[], clock float8) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  most int := {schema}.most_entries();
  committed text := '';
BEGIN
  IF coalesce(cardinality(entries), 0) = 0 THEN
    RETURN;
  END IF;
  IF array_position(entries, NULL) IS NOT NULL THEN
    PERFORM {schema}.unreadable('what was moved');
  END IF;
  FOR k IN 1 .. coalesce(cardinality(counters.scopes), 0) LOOP
    IF counters.before[k] IS NOT NULL THEN
      committed := committed || CASE committed WHEN '' THEN '' ELSE ',' END
        || {schema}.quoted(counters.scopes[k]) || ':"' || counters.before[k]::text || '"';
    END IF;
  END LOOP;
  INSERT INTO {schema}.journal (place, at, body)
    VALUES (
      nextval('{schema}.journal_places'::regclass), clock,
      '{"before":{' || committed || '},"entries":[' || array_to_string(entries[:most], ',') || ']}'
    );
  IF cardinality(entries) > most THEN
    PERFORM {schema}.keep_entries({schema}.moved_on(counters, entries[:most]), entries[most + 1:], clock);
  END IF;
END $$;

-- Closes those of some locked holds that are in one of the states `froms`: `settled` at their actual costs, `released`, or
-- `charged` in full. Writes the counters and the entries.
CREATE FUNCTION {schema}.close_holds(
  counters {schema}.counters, hold_ids text[], froms text[], kind text, actuals jsonb, actor text, clock float8
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  same record;
  shown text;
  fields text := {schema}.text_field('by', actor) || '}';
  entries text[] := '{}';
BEGIN
  -- Many holds have the same scopes and caps.
  FOR same IN
    SELECT h.scopes, h.caps, sum(CASE h.state WHEN 'open' THEN -h.held ELSE 0 END) AS reserved,
        sum(next.booked - h.booked) AS spent,
        array_agg('{"kind":"' || kind || '"' || {schema}.closed_field(h, next.booked, kind)) AS closings,
        array_agg(next.booked - CASE h.state WHEN 'open' THEN h.held ELSE h.booked END) AS moved,
        array_agg({schema}.text_field('tags', h.tags)) AS tags
      FROM {schema}.holds AS h, LATERAL (
        SELECT CASE kind
          WHEN 'settled' THEN (actuals ->> h.hold_id)::bigint
          WHEN 'charged' THEN h.held
          ELSE 0
        END AS booked
      ) AS next
      WHERE h.hold_id = ANY (hold_ids) AND h.state = ANY (froms)
      GROUP BY h.scopes, h.caps
  LOOP
    counters := {schema}.add_to_counters(counters, same.scopes, same.reserved, same.spent);
    shown := {schema}.shown_scopes(counters, same.scopes, same.caps, clock);
    FOR k IN 1 .. cardinality(same.closings) LOOP
      entries := array_append(
        entries, same.closings[k] || {schema}.moved_fields(same.moved[k], shown) || same.tags[k] || fields
      );
    END LOOP;
  END LOOP;
  UPDATE {schema}.holds AS h
    SET state = kind, settled_from = h.state, resolved_at = clock, due = NULL,
      booked = CASE kind WHEN 'settled' THEN (actuals ->> h.hold_id)::bigint WHEN 'charged' THEN h.held ELSE 0 END,
      closed = CASE WHEN h.job_id IS NULL THEN clock END
    WHERE h.hold_id = ANY (hold_ids) AND h.state = ANY (froms);
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
END $$;
