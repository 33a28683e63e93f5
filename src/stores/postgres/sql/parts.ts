/**
 * What the functions share, as text: variables, and statements over them.
 *
 * Each function locks the jobs by id, then the holds by id, then the counters by scope, reads the clock, decides
 * its items in order against the counters in its arrays, and writes the counters once.
 */

/**
 * A session of the caller's must not change what a function means, prints or costs; each goes by the indexes. Up to
 * version 17 a plan without an index then counts as so dear that it is compiled first, which takes far longer.
 */
const SETTINGS =
  "SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 SET enable_seqscan = off SET jit = off";

/** Rows are locked in the order in which they are named: one by one, by their ids. */
export const IN_ORDER = "SET enable_hashjoin = off SET enable_mergejoin = off";

/** A function of one operation; its name carries the version, so that old code finds what it knows. */
export function operation(
  name: string,
  parameters: string,
  body: string,
  declared = "",
  settings = "",
): string {
  return `
    CREATE FUNCTION ${name}_v1(${parameters}) RETURNS jsonb LANGUAGE plpgsql ${SETTINGS} ${settings} AS $body$
    #variable_conflict use_column
    DECLARE
      r record;
      names text[];
      reserves numeric[];
      spends numeric[];
      pins bigint[];
      i int;
      k int;
      clock float8;
      lacking jsonb;
      answers jsonb[] := '{}';
      ${declared}
    BEGIN
      -- At any other level a decision could be made on rows as they were before they were locked.
      IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the transaction must be READ COMMITTED, it is %', current_setting('transaction_isolation')
          USING ERRCODE = 'invalid_transaction_state';
      END IF;
      -- A session may ask for more than that, and keeps it.
      IF current_setting('synchronous_commit') <> 'remote_apply' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
      END IF;
      ${body}
      RETURN to_jsonb(answers);
    END $body$;`;
}

/** Fixes the instant; after the locks, so that whoever waited does not act at an old one. */
export const READ_CLOCK = `clock := coalesce(at, extract(epoch FROM clock_timestamp())::float8);`;

/** Makes and locks the counters of a query's scopes, and reads them into the arrays. */
export function lockScopes(schema: string, scopes: string): string {
  return `
      names := ARRAY(SELECT DISTINCT scope COLLATE "C" FROM (${scopes}) AS wanted (scope) ORDER BY 1);
      -- A counter is never deleted: one that is there stays.
      IF (SELECT count(*) FROM ${schema}.scopes s WHERE s.scope = ANY (names)) < cardinality(names) THEN
        INSERT INTO ${schema}.scopes (scope) SELECT unnest(names) ON CONFLICT DO NOTHING;
      END IF;
      SELECT array_agg(locked.reserved), array_agg(locked.spent), array_agg(locked.pinned) INTO reserves, spends, pins
        FROM (SELECT s.reserved, s.spent, s.pinned FROM ${schema}.scopes s WHERE s.scope = ANY (names)
          ORDER BY s.scope FOR UPDATE) AS locked;`;
}

/** The scopes that the entries of a list name. */
export function scopesOf(list: string): string {
  return `SELECT jsonb_array_elements_text(item -> 'scopes') FROM jsonb_array_elements(${list}) AS item`;
}

/** Whether there is room for a list's totals at once, under the caps that count, in scopes whose time is not over: then each fits in its turn. */
export function allFit(list: string): string {
  return `NOT EXISTS (
        SELECT 1 FROM jsonb_to_recordset(${list}) AS a (total numeric, scopes text[], caps bigint[], untils float8[]),
          unnest(a.scopes, a.caps, a.untils) AS u (scope, cap, until)
          LEFT JOIN unnest(names, reserves, spends, pins) AS n (scope, reserved, spent, pinned) ON n.scope = u.scope
        GROUP BY u.scope
        HAVING bool_or(clock >= u.until) OR bool_or(n.pinned <> u.cap)
          OR sum(a.total) > min(u.cap) - min(n.reserved + n.spent))`;
}

/** Reserves a list's totals in their scopes, which are locked. */
export function reserveTotals(schema: string, list: string): string {
  return `
          UPDATE ${schema}.scopes s SET reserved = s.reserved + wanted.total
            FROM (SELECT u.scope, sum(a.total) AS total
              FROM jsonb_to_recordset(${list}) AS a (total numeric, scopes text[]), unnest(a.scopes) AS u (scope)
              GROUP BY u.scope) AS wanted
            WHERE s.scope = wanted.scope`;
}

/** Adds to the counters of some scopes. */
export function count(scopes: string, addReserved: string, addSpent: string): string {
  return `
        FOR k IN 1 .. coalesce(cardinality(${scopes}), 0) LOOP
          i := array_position(names, (${scopes})[k]);
          reserves[i] := reserves[i] + (${addReserved});
          spends[i] := spends[i] + (${addSpent});
        END LOOP;`;
}

/**
 * Sets `lacking` to the scopes that lack room, and by how much; an empty list if it fits everywhere. What is new
 * has no room in a scope whose time is over.
 */
export function findLacking(amount: string, scopes: string, caps: string, untils = "NULL::float8[]"): string {
  return `
        lacking := '[]';
        FOR k IN 1 .. cardinality(${scopes}) LOOP
          i := array_position(names, (${scopes})[k]);
          IF clock >= (${untils})[k] THEN
            lacking := lacking || jsonb_build_object('scope', (${scopes})[k], 'by', (${amount})::text, 'over', true);
          ELSIF ${amount} > coalesce(pins[i], (${caps})[k]) - reserves[i] - spends[i] THEN
            lacking := lacking || jsonb_build_object('scope', (${scopes})[k],
              'by', (${amount} - (coalesce(pins[i], (${caps})[k]) - reserves[i] - spends[i]))::text);
          END IF;
        END LOOP;`;
}

/** In a batch that is all or nothing a conflict is thrown, else it is an answer. */
export function refuse(json: string): string {
  return `IF atomic THEN RAISE EXCEPTION 'dispatch-kit%', ${json}; ELSE ${answer(json)} END IF;`;
}

/** Refuses a request that brings another cap than the pinned one; else runs the rest. */
export function unlessPinned(
  scopes: string,
  caps: string,
  refused: (answer: string) => string,
  rest: string,
): string {
  return `
        k := (SELECT min(p.k) FROM generate_subscripts(${scopes}, 1) AS p (k)
          WHERE pins[array_position(names, (${scopes})[p.k])] <> (${caps})[p.k]);
        IF k IS NOT NULL THEN
          ${refused(`jsonb_build_object('kind', 'pinned', 'scope', (${scopes})[k],
            'pinned', pins[array_position(names, (${scopes})[k])]::text)`)}
        ELSE ${rest}
        END IF;`;
}

/** Writes the counters back. */
export function writeScopes(schema: string): string {
  return `
      UPDATE ${schema}.scopes s SET reserved = n.reserved, spent = n.spent
        FROM unnest(names, reserves, spends) AS n (scope, reserved, spent)
        WHERE s.scope = n.scope AND (s.reserved, s.spent) IS DISTINCT FROM (n.reserved, n.spent);`;
}

/** A hold's row as JSON, its money as text: some drivers' numbers are inexact above 2^53. */
export function holdJson(row: string): string {
  return `jsonb_build_object('holdId', ${row}.hold_id, 'asked', ${row}.asked::text, 'steps', ${row}.steps::text[],
    'scopes', ${row}.scopes, 'caps', ${row}.caps::text[], 'untils', ${row}.untils, 'state', ${row}.state,
    'booked', ${row}.booked::text, 'settledFrom', ${row}.settled_from, 'expiresAt', ${row}.expires_at,
    'pruned', ${row}.pruned)`;
}

/** A job's row as JSON. */
export function jobJson(row: string): string {
  return `jsonb_build_object('jobId', ${row}.job_id, 'lane', ${row}.lane, 'payload', ${row}.payload,
    'backend', ${row}.backend, 'maxCost', ${row}.max_cost::text, 'maxAttempts', ${row}.max_attempts,
    'priority', ${row}.priority, 'askedRunAt', ${row}.asked_run_at, 'state', ${row}.state,
    'attempts', cardinality(${row}.tokens), 'decision', ${row}.decision, 'error', ${row}.error,
    'result', ${row}.result, 'pruned', ${row}.pruned)`;
}

/** Adds an answer. */
export function answer(json: string): string {
  return `answers := array_append(answers, ${json});`;
}

/** Whether a job's row is free local work. */
export function isFree(row: string): string {
  return `(${row}.backend = 'local' AND ${row}.max_cost = 0)`;
}

/** Lets the job `j` be claimed, as its row says now. */
export function makeReady(schema: string): string {
  return `INSERT INTO ${schema}.ready (lane, priority, run_at, sequence, job_id)
          SELECT lane, priority, run_at, sequence, job_id FROM ${schema}.jobs WHERE job_id = j.job_id;`;
}

/** Closes the hold `h` of an attempt at `actual`, or, if that is null, in full. */
export function close(schema: string, actual: string): string {
  return `
        IF h.hold_id IS NOT NULL THEN
          h.state := CASE WHEN ${actual} IS NULL THEN 'charged' ELSE 'settled' END;
          h.booked := coalesce(${actual}, h.held);
          UPDATE ${schema}.holds SET state = h.state, booked = h.booked, resolved_at = clock WHERE hold_id = h.hold_id;
          ${count("h.scopes", "-h.held", "h.booked")}
        END IF;`;
}

/**
 * Ends the job `j` after its attempt `n`, or queues it again with its next hold, or lets it wait; sets
 * `kind`. The message of `no_room` is made of its parts when it is read.
 */
export function retryOrEnd(
  schema: string,
  terms: {
    readonly most: string;
    readonly delay: string;
    readonly code: string;
    readonly message: string;
    readonly end: string;
  },
): string {
  const { most, delay, code, message, end } = terms;
  const error = `jsonb_build_object('code', ${code}, 'message', ${message})`;
  return `
        IF n >= least(j.max_attempts, ${most}) THEN
          kind := 'failed';
        ELSIF ${isFree("j")} THEN
          kind := 'requeued';
        ELSE
          lacking := (SELECT jsonb_build_array(jsonb_build_object('scope', u.scope))
            FROM unnest(h.scopes, h.untils) WITH ORDINALITY AS u (scope, until, place)
            WHERE clock >= u.until ORDER BY u.place LIMIT 1);
          IF lacking IS NULL THEN ${findLacking("j.max_cost", "h.scopes", "h.caps")} END IF;
          kind := CASE WHEN lacking = '[]' THEN 'requeued' ELSE 'waiting' END;
          IF kind = 'requeued' THEN
            INSERT INTO ${schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils)
              VALUES ('job:' || j.job_id || '#' || n + 1, j.job_id, j.max_cost, j.max_cost, h.scopes, h.caps, h.untils);
            ${count("h.scopes", "j.max_cost", "0")}
          END IF;
        END IF;
        j.ends[n] := ${end};
        UPDATE ${schema}.jobs SET ends = j.ends,
          state = CASE kind WHEN 'failed' THEN 'failed' WHEN 'waiting' THEN 'awaiting_approval'
            ELSE CASE WHEN ${isFree("j")} THEN 'pending' ELSE 'queued' END END,
          error = (CASE kind WHEN 'waiting' THEN jsonb_build_object('code', 'no_room', 'message', ${message},
            'lacking', lacking) ELSE ${error} END)::text,
          run_at = CASE kind WHEN 'failed' THEN j.run_at ELSE clock + ${delay} END,
          ended_at = CASE kind WHEN 'failed' THEN clock END
          WHERE job_id = j.job_id;
        DELETE FROM ${schema}.leases WHERE job_id = j.job_id;
        IF kind = 'requeued' THEN ${makeReady(schema)} END IF;`;
}
