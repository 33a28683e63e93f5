-- What people decide about money: corrections and caps.

-- Replaces what is booked for a closed hold. Answers its row as it was before.
CREATE FUNCTION {schema}.correct_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  item record;
  counters {schema}.counters;
  clock float8;
  hold {schema}.holds%ROWTYPE;
  fields text;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT * INTO item FROM jsonb_to_record(input)
    AS i ("holdId" text, actual bigint, decision text, "decisionId" text, subject text, body text);
  counters := {schema}.lock_holds(ARRAY[item."holdId"]);
  clock := {schema}.read_clock(at);

  answer := {schema}.decided(item."decisionId");
  IF answer IS NOT NULL THEN
    RETURN jsonb_build_array(answer);
  END IF;
  SELECT * INTO hold FROM {schema}.holds WHERE hold_id = item."holdId";
  IF NOT FOUND THEN
    RETURN '[null]';
  END IF;
  answer := jsonb_build_object('kind', 'hold', 'hold', {schema}.hold_json(hold));
  IF hold.state <> 'open' THEN
    UPDATE {schema}.holds
      SET state = 'settled', booked = item.actual, resolved_at = clock, corrected = true,
        closed = CASE WHEN hold.job_id IS NULL THEN clock END,
        settled_from = CASE hold.state WHEN 'settled' THEN hold.settled_from ELSE hold.state END,
        first_settled = CASE WHEN hold.corrected OR hold.state <> 'settled' THEN hold.first_settled ELSE hold.booked END
      WHERE hold_id = hold.hold_id;
    counters := {schema}.add_to_counters(counters, hold.scopes, 0, item.actual - hold.booked);
    PERFORM {schema}.write_counters(counters);
    PERFORM {schema}.keep_decision(item."decisionId", item.subject, item.body, answer);
    fields := {schema}.text_field('job', hold.job_id)
      || {schema}.text_field('by', actor)
      || {schema}.decision_field(item."decisionId", {schema}.dated(item.decision, clock));
    PERFORM {schema}.keep_entries(
      counters, ARRAY[{schema}.closed_entry('corrected', counters, hold, item.actual, fields, clock)], clock
    );
  END IF;
  RETURN jsonb_build_array(answer);
END $$;

-- Pins the cap of a scope, raises or unpins it: `cap` is the pinned one, NULL unpins, and `raised_to` raises.
CREATE FUNCTION {schema}.set_cap_v1(input jsonb, at float8, actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  item record;
  counters {schema}.counters;
  clock float8;
  kind text;
  cap bigint;
  answer jsonb;
BEGIN
  PERFORM {schema}.begin_operation();
  SELECT * INTO item FROM jsonb_to_record(input)
    AS i (scope text, cap bigint, "raisedTo" bigint, "raisedUntil" float8, decision text, "decisionId" text, body text);
  counters := {schema}.lock_counters(ARRAY[item.scope]);
  clock := {schema}.read_clock(at);

  answer := {schema}.decided(item."decisionId");
  IF answer IS NOT NULL THEN
    RETURN jsonb_build_array(answer);
  END IF;
  IF item."raisedTo" IS NULL THEN
    kind := CASE WHEN item.cap IS NULL THEN 'cap_unpinned' ELSE 'cap_pinned' END;
    cap := item.cap;
    UPDATE {schema}.scopes SET pinned = item.cap, raised_to = NULL, raised_until = NULL WHERE scope = item.scope;
  ELSIF (item."raisedTo" >= counters.pinned[1]) IS NOT TRUE THEN
    RETURN jsonb_build_array(jsonb_build_object('kind', 'not_raised', 'pinned', counters.pinned[1]::text));
  ELSE
    kind := 'cap_raised';
    cap := {schema}.cap_in_force(counters.pinned[1], item."raisedTo", item."raisedUntil", clock);
    UPDATE {schema}.scopes SET raised_to = item."raisedTo", raised_until = item."raisedUntil"
      WHERE scope = item.scope;
  END IF;
  answer := '{"kind":"done"}';
  PERFORM {schema}.keep_decision(item."decisionId", NULL, item.body, answer);
  counters.before[1] := counters.reserved[1] + counters.spent[1];
  PERFORM {schema}.keep_entries(
    counters,
    ARRAY[
      '{"kind":"' || kind || '"' || {schema}.moved_fields(0, {schema}.shown_scope(item.scope, cap))
        || coalesce(',"until":' || item."raisedUntil"::text, '') || {schema}.text_field('by', actor)
        || {schema}.decision_field(item."decisionId", {schema}.dated(item.decision, clock)) || '}'
    ],
    clock
  );
  RETURN jsonb_build_array(answer);
END $$;

-- The pin of a scope, and the time; one NULL without a pin.
CREATE FUNCTION {schema}.cap_v1(wanted text, at float8) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  PERFORM {schema}.begin_operation();
  RETURN jsonb_build_array((
    SELECT jsonb_build_object(
        'pinned', s.pinned::text, 'raisedTo', s.raised_to::text, 'raisedUntil', s.raised_until,
        'clock', {schema}.read_clock(at)
      )
      FROM {schema}.scopes AS s WHERE s.scope = wanted AND s.pinned IS NOT NULL
  ));
END $$;
