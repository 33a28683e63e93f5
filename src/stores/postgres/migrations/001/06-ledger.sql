-- The operations of the ledger. What they say about a hold is its row as it was before: the client's pure rules make
-- the answer of it.

-- The requests in their order, each with its scopes and caps: those of the list that it names.
CREATE FUNCTION {schema}.hold_requests(input jsonb, lists jsonb)
RETURNS TABLE (
  number bigint, hold_id text, amount bigint, ttl float8, tags text, list bigint, scopes text[], caps bigint[],
  untils float8[]
)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT request.number, request.hold_id, request.amount, request.ttl, request.tags, request.list,
      list.scopes, list.caps, list.untils
    FROM ROWS FROM (
        jsonb_to_recordset(input) AS ("holdId" text, amount bigint, "ttlSeconds" float8, tags text, list bigint)
      ) WITH ORDINALITY AS request (hold_id, amount, ttl, tags, list, number)
      JOIN ROWS FROM (
        jsonb_to_recordset(lists) AS (scopes text[], caps bigint[], untils float8[])
      ) WITH ORDINALITY AS list (scopes, caps, untils, number) ON list.number = request.list;
END;

-- The entry of a new hold in scopes that are shown already.
CREATE FUNCTION {schema}.held_entry(
  hold_id text, amount bigint, shown text, until float8, tags text, fields text
) RETURNS text
LANGUAGE sql STABLE
RETURN '{"kind":"held"' || {schema}.opened_field(hold_id, amount) || {schema}.moved_fields(amount, shown)
  || ',"until":' || until::text || {schema}.text_field('tags', tags) || fields || '}';

CREATE FUNCTION {schema}.hold_v1(input jsonb, lists jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  request record;
  hold {schema}.holds%ROWTYPE;
  conflict jsonb;
  lacking jsonb;
  shown text[];
  fields text;
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_counters(
    ARRAY(SELECT jsonb_array_elements_text(list -> 'scopes') FROM jsonb_array_elements(lists) AS list)
  );
  clock := {schema}.read_clock(at);

  -- Many new holds that all fit are made in one statement.
  IF jsonb_array_length(input) > 1
    AND {schema}.all_fit(counters, lists, clock)
    AND NOT EXISTS (
      SELECT FROM {schema}.holds
        WHERE hold_id = ANY (ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item))
    )
  THEN
    shown := {schema}.shown_lists(counters, lists, clock);
    fields := {schema}.text_field('by', actor);
    WITH new AS MATERIALIZED (
      SELECT * FROM {schema}.hold_requests(input, lists)
    ),
    made AS (
      INSERT INTO {schema}.holds (hold_id, asked, held, scopes, caps, untils, tags, held_at, expires_at, due)
        SELECT new.hold_id, new.amount, new.amount, new.scopes, new.caps, new.untils, new.tags, clock, clock + new.ttl,
            clock + new.ttl
          FROM new
    )
    SELECT array_agg(
        {schema}.held_entry(new.hold_id, new.amount, shown[new.list], clock + new.ttl, new.tags, fields) ORDER BY new.number
      )
      INTO entries FROM new;
    PERFORM {schema}.reserve_totals(counters, lists);
    counters.before := {schema}.committed(counters);
    PERFORM {schema}.keep_entries(counters, entries, clock);
    RETURN to_jsonb(array_fill('{"kind":"held"}'::jsonb, ARRAY[jsonb_array_length(input)]));
  END IF;

  FOR request IN SELECT * FROM {schema}.hold_requests(input, lists) AS r ORDER BY r.number LOOP
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = request.hold_id;
    IF FOUND THEN
      answers := array_append(answers, jsonb_build_object('kind', 'known', 'hold', {schema}.hold_json(hold)));
      CONTINUE;
    END IF;
    conflict := {schema}.pin_conflict(counters, request.scopes, request.caps);
    IF conflict IS NOT NULL THEN
      answers := array_append(answers, conflict);
      CONTINUE;
    END IF;
    lacking := {schema}.lacking(
      counters, request.amount, request.scopes, request.caps, request.untils, clock, true
    );
    IF lacking IS DISTINCT FROM '[]' THEN
      answers := array_append(answers, jsonb_build_object('kind', 'refused', 'lacking', lacking));
      CONTINUE;
    END IF;
    INSERT INTO {schema}.holds (hold_id, asked, held, scopes, caps, untils, tags, held_at, expires_at, due)
      VALUES (
        request.hold_id, request.amount, request.amount, request.scopes, request.caps, request.untils, request.tags,
        clock, clock + request.ttl, clock + request.ttl
      )
      ON CONFLICT DO NOTHING;
    IF FOUND THEN
      counters := {schema}.add_to_counters(counters, request.scopes, request.amount, 0);
      entries := array_append(entries, {schema}.held_entry(
        request.hold_id, request.amount, {schema}.shown_scopes(counters, request.scopes, request.caps, clock),
        clock + request.ttl, request.tags, {schema}.text_field('by', actor)
      ));
      answers := array_append(answers, '{"kind":"held"}');
    ELSE
      -- Made meanwhile, in other scopes.
      SELECT * INTO hold FROM {schema}.holds WHERE hold_id = request.hold_id;
      IF NOT FOUND THEN
        PERFORM {schema}.unreadable('a hold');
      END IF;
      answers := array_append(answers, jsonb_build_object('kind', 'known', 'hold', {schema}.hold_json(hold)));
    END IF;
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;

-- What is open, charged or released is settled once. Each item is about another hold.
CREATE FUNCTION {schema}.settle_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  hold_ids text[] := ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item);
  counters {schema}.counters;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(hold_ids);

  answer := {schema}.holds_json(hold_ids);
  PERFORM {schema}.close_holds(
    counters, hold_ids, '{open,charged,released}', 'settled',
    (SELECT jsonb_object_agg(item ->> 'holdId', item -> 'actual') FROM jsonb_array_elements(input) AS item),
    actor, {schema}.read_clock(at)
  );
  RETURN answer;
END $$;

-- What is open is released. Each item is about another hold.
CREATE FUNCTION {schema}.release_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  hold_ids text[] := ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item);
  counters {schema}.counters;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(hold_ids);

  answer := {schema}.holds_json(hold_ids);
  PERFORM {schema}.close_holds(counters, hold_ids, '{open}', 'released', NULL, actor, {schema}.read_clock(at));
  RETURN answer;
END $$;

-- Makes the next step of an open hold, if there is room for it and the sum is an amount.
CREATE FUNCTION {schema}.extend_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  item record;
  hold {schema}.holds%ROWTYPE;
  lacking jsonb;
  entries text[] := '{}';
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  counters := {schema}.lock_holds(ARRAY(SELECT i ->> 'holdId' FROM jsonb_array_elements(input) AS i));
  clock := {schema}.read_clock(at);

  FOR item IN SELECT * FROM jsonb_to_recordset(input) AS i ("holdId" text, amount bigint, step bigint) LOOP
    SELECT * INTO hold FROM {schema}.holds WHERE hold_id = item."holdId";
    IF NOT FOUND THEN
      answers := array_append(answers, NULL);
      CONTINUE;
    END IF;
    lacking := '[]';
    IF hold.state = 'open' AND item.step = cardinality(hold.steps) + 1
      AND hold.held <= {schema}.max_amount() - item.amount
    THEN
      -- It was admitted in time.
      lacking := {schema}.lacking(counters, item.amount, hold.scopes, hold.caps, hold.untils, clock, false);
      IF lacking = '[]' THEN
        UPDATE {schema}.holds SET steps = array_append(steps, item.amount), held = held + item.amount
          WHERE hold_id = hold.hold_id;
        counters := {schema}.add_to_counters(counters, hold.scopes, item.amount, 0);
        entries := array_append(entries, '{"kind":"extended"'
          || {schema}.opened_field(hold.hold_id, hold.held + item.amount)
          || {schema}.moved_fields(item.amount, {schema}.shown_scopes(counters, hold.scopes, hold.caps, clock))
          || {schema}.text_field('tags', hold.tags) || {schema}.text_field('by', actor) || '}');
      END IF;
    END IF;
    answers := array_append(answers, jsonb_build_object('hold', {schema}.hold_json(hold), 'lacking', lacking));
  END LOOP;
  PERFORM {schema}.write_counters(counters);
  PERFORM {schema}.keep_entries(counters, entries, clock);
  RETURN to_jsonb(answers);
END $$;

-- Charges the open holds that are due, at most `most`, in full. Answers whether there are more, and then each.
CREATE FUNCTION {schema}.expire_v1(most bigint, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  counters {schema}.counters;
  clock float8;
  hold_ids text[];
  answers jsonb[] := '{}';
BEGIN
  PERFORM {schema}.begin_operation();
  clock := {schema}.read_clock(at);
  hold_ids := ARRAY(
    SELECT hold_id FROM {schema}.holds WHERE {schema}.is_hold_due(due, clock)
      ORDER BY due LIMIT most + 1 FOR UPDATE SKIP LOCKED
  );
  answers := array_append(answers, to_jsonb(cardinality(hold_ids) > most));
  hold_ids := hold_ids[:least(most, cardinality(hold_ids))];
  counters := {schema}.lock_counters(ARRAY(SELECT unnest(scopes) FROM {schema}.holds WHERE hold_id = ANY (hold_ids)));

  answers := answers || ARRAY(
    SELECT jsonb_build_object('holdId', hold_id, 'amount', held::text)
      FROM {schema}.holds WHERE hold_id = ANY (hold_ids) ORDER BY expires_at
  );
  PERFORM {schema}.close_holds(counters, hold_ids, '{open}', 'charged', NULL, actor, clock);
  RETURN to_jsonb(answers);
END $$;

CREATE FUNCTION {schema}.usage_v1(input jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN to_jsonb(ARRAY(
    SELECT jsonb_build_object('reserved', coalesce(s.reserved, 0)::text, 'spent', coalesce(s.spent, 0)::text)
      FROM jsonb_array_elements_text(input) WITH ORDINALITY AS wanted (scope, place)
        LEFT JOIN LATERAL (SELECT * FROM {schema}.scopes WHERE scopes.scope = wanted.scope LIMIT 1) AS s ON true
      ORDER BY wanted.place
  ));
END $$;

CREATE FUNCTION {schema}.get_hold_v1(input jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN {schema}.holds_json(ARRAY(SELECT jsonb_array_elements_text(input)));
END $$;

