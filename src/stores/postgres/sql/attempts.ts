import {
  answer,
  close,
  count,
  IN_ORDER,
  isFree,
  lockScopes,
  operation,
  READ_CLOCK,
  refuse,
  retryOrEnd,
  writeScopes,
} from "./parts.ts";
import { lockJobs } from "./queue.ts";

/** Claims and reports. */
export function attempts(schema: string): string {
  const { holds, jobs } = { holds: `${schema}.holds`, jobs: `${schema}.jobs` };
  const rows = `j ${jobs}%ROWTYPE; h ${holds}%ROWTYPE; n int; kind text;`;
  /** The holds of the attempts that the items' tokens were minted for. */
  const itemHolds = `SELECT 'job:' || j.job_id || '#' || array_position(j.tokens, item ->> 'token')
    FROM jsonb_array_elements(input) AS item JOIN ${jobs} j ON j.job_id = item ->> 'jobId'`;
  const lockItems = `
      ${lockJobs(schema)}
      PERFORM 1 FROM ${holds} WHERE hold_id IN (${itemHolds}) ORDER BY hold_id FOR UPDATE;
      ${lockScopes(schema, `SELECT unnest(scopes) FROM ${holds} WHERE hold_id IN (${itemHolds})`)}
      ${READ_CLOCK}`;
  /** What was set aside for the attempt, and what was booked when it was closed, without a later correction. */
  const answerKind = answer(`jsonb_build_object('kind', kind, 'held', coalesce(h.held, 0)::text, 'booked',
          coalesce(CASE WHEN h.state = 'charged' OR h.settled_from = 'charged' THEN h.held ELSE h.booked END, 0)::text)`);
  /** Finds the item's attempt, and answers for one that is not the job's now. */
  const find = (refuseFree: string, repeated: string): string => `
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        n := array_position(j.tokens, r.token);
        IF n IS NULL THEN ${answer("jsonb_build_object('kind', 'stale')")} CONTINUE; END IF;
        IF ${isFree("j")} AND r.actual IS NOT NULL THEN ${refuseFree} CONTINUE; END IF;
        SELECT * INTO h FROM ${holds} WHERE hold_id = 'job:' || j.job_id || '#' || n;
        IF ${repeated} THEN
          kind := j.ends[n];
          ${answerKind}
          CONTINUE;
        END IF;
        IF j.ends[n] IS NOT NULL THEN
          -- Too late for the job; the cost still corrects its own attempt's charge.
          IF r.actual IS NOT NULL AND h.state = 'charged' THEN
            UPDATE ${holds} SET state = 'settled', booked = r.actual, settled_from = 'charged', resolved_at = clock
              WHERE hold_id = h.hold_id;
            ${count("h.scopes", "0", "r.actual - h.booked")}
          END IF;
          ${answer("jsonb_build_object('kind', 'stale')")}
          CONTINUE;
        END IF;
        ${close(schema, "r.actual")}`;
  const stale = "clock - l.leased_at >= ttl";
  const runningHolds = `SELECT 'job:' || j.job_id || '#' || cardinality(j.tokens)
        FROM unnest(ids) AS f (job_id) JOIN ${jobs} j ON j.job_id = f.job_id`;
  /** Ends the jobs of all items whose token holds its job, closes their holds, and moves the money. */
  const completeAll = `
      WITH item AS MATERIALIZED (
        SELECT * FROM ROWS FROM (jsonb_to_recordset(input) AS ("jobId" text, token text, result text, actual bigint))
          WITH ORDINALITY AS x (job_id, token, result, actual, place) ORDER BY job_id, place),
      done AS (
        UPDATE ${jobs} j SET state = 'succeeded', result = i.result, error = NULL, ended_at = clock,
            ends[cardinality(j.tokens)] = 'completed'
          FROM item i WHERE j.job_id = i.job_id AND j.state = 'running' AND j.tokens[cardinality(j.tokens)] = i.token
            AND NOT (${isFree("j")} AND i.actual IS NOT NULL)
          RETURNING i.place, i.actual, j.job_id, cardinality(j.tokens) AS attempt, ${isFree("j")} AS free),
      gone AS (DELETE FROM ${schema}.leases l USING done d WHERE l.job_id = d.job_id),
      closed AS (
        UPDATE ${holds} h SET state = CASE WHEN d.actual IS NULL THEN 'charged' ELSE 'settled' END,
            booked = coalesce(d.actual, h.held), resolved_at = clock
          FROM done d
          WHERE NOT d.free AND h.hold_id = 'job:' || d.job_id || '#' || d.attempt AND h.state = 'open'
          RETURNING d.place, h.held, h.booked, h.scopes),
      moved AS (
        UPDATE ${schema}.scopes s SET reserved = s.reserved - m.held, spent = s.spent + m.booked
          FROM (SELECT u.scope, sum(c.held) AS held, sum(c.booked) AS booked
            FROM (SELECT scopes, sum(held) AS held, sum(booked) AS booked FROM closed GROUP BY scopes) AS c,
              unnest(c.scopes) AS u (scope)
            GROUP BY u.scope ORDER BY u.scope) AS m
          WHERE s.scope = m.scope)
      SELECT array_agg(d.place), array_agg(d.answer), count(*) FILTER (WHERE d.closes), count(*) FILTER (WHERE d.paid)
        INTO places, given, closed_holds, paid_jobs
        FROM (SELECT place, jsonb_build_object('kind', 'completed', 'held', held::text, 'booked', booked::text) AS answer,
            true AS closes, false AS paid FROM closed
          UNION ALL SELECT place, '{"kind":"completed","held":"0","booked":"0"}', false, NOT free FROM done) AS d;
      IF closed_holds <> paid_jobs THEN RAISE EXCEPTION 'a running job is without its open hold'; END IF;
      answers := array_fill(NULL::jsonb, ARRAY[jsonb_array_length(input)]);
      FOR k IN REVERSE coalesce(cardinality(places), 0) .. 1 LOOP
        answers[places[k]] := given[k];
      END LOOP;`;
  const claimable = `j.state IN ('pending', 'queued') AND j.run_at <= clock AND (${isFree("j")} OR EXISTS (
            SELECT 1 FROM ${holds} h WHERE h.hold_id = 'job:' || j.job_id || '#' || cardinality(j.tokens) + 1
              AND h.state = 'open'))`;
  return [
    // One priority after another: what is due later at a higher one is skipped, however much it is.
    operation(
      `${schema}.claim`,
      "input jsonb, at float8",
      `
      ${READ_CLOCK}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x (lanes text[], most bigint) LOOP
        found_ids := '{}';
        found := '[]';
        below := 9007199254740991;
        width := r.most + 8;
        LOOP
          EXIT WHEN cardinality(found_ids) >= r.most;
          due := (SELECT max(highest.priority) FROM unnest(r.lanes) AS wanted (lane), LATERAL (
            SELECT y.priority FROM ${schema}.ready y WHERE y.lane = wanted.lane AND y.priority <= below
              ORDER BY y.priority DESC LIMIT 1) AS highest);
          EXIT WHEN due IS NULL;
          first := ARRAY(SELECT head.job_id FROM unnest(r.lanes) AS wanted (lane), LATERAL (
              SELECT y.job_id, y.run_at, y.sequence FROM ${schema}.ready y
                WHERE y.lane = wanted.lane AND y.priority = due AND y.run_at <= clock
                ORDER BY y.run_at, y.sequence LIMIT width) AS head
            ORDER BY head.run_at, head.sequence LIMIT width);
          -- Decided on the rows as they are once they are locked; what another has locked is passed over.
          -- Each by its id, in their order: joined, they could be looked for in all jobs, once for each of them.
          ids := ARRAY(SELECT f.job_id FROM unnest(first) WITH ORDINALITY AS f (job_id, place), LATERAL (
              SELECT 1 FROM ${jobs} j WHERE j.job_id = f.job_id AND ${claimable} FOR UPDATE SKIP LOCKED) AS locked
            ORDER BY f.place LIMIT r.most - cardinality(found_ids));
          IF cardinality(ids) > 0 THEN
            WITH claimed AS (
              UPDATE ${jobs} j SET state = 'running', tokens = array_append(j.tokens, gen_random_uuid()::text),
                  ends = array_append(j.ends, NULL)
                FROM unnest(ids) AS c (job_id) WHERE j.job_id = c.job_id RETURNING j.*),
            leased AS (INSERT INTO ${schema}.leases (job_id, leased_at) SELECT job_id, clock FROM claimed),
            gone AS (
              DELETE FROM ${schema}.ready y USING claimed c
                WHERE (y.lane, y.priority, y.run_at, y.sequence) = (c.lane, c.priority, c.run_at, c.sequence))
            SELECT found || jsonb_agg(jsonb_build_array(c.job_id, clock, cardinality(c.tokens),
                c.tokens[cardinality(c.tokens)], c.payload, NOT ${isFree("c")}) ORDER BY c.run_at, c.sequence)
              INTO found FROM claimed c;
            found_ids := found_ids || ids;
          ELSIF cardinality(first) < width THEN
            below := due - 1;
          ELSE
            width := width * 4;
          END IF;
        END LOOP;
        ${answer("found")}
      END LOOP;`,
      "due bigint; below bigint; width bigint; first text[]; ids text[]; found_ids text[]; found jsonb;",
      IN_ORDER,
    ),
    // What holds its job now is completed in one statement; what is left is looked at one by one.
    operation(
      `${schema}.complete`,
      "input jsonb, at float8, atomic boolean",
      `
      ${READ_CLOCK}
      ${completeAll}
      IF array_position(answers, NULL) IS NULL THEN RETURN to_jsonb(answers); END IF;
      input := (SELECT jsonb_agg(item || jsonb_build_object('place', place) ORDER BY place)
        FROM jsonb_array_elements(input) WITH ORDINALITY AS x (item, place) WHERE answers[place] IS NULL);
      done := answers;
      answers := '{}';
      ${lockItems}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text, token text, result text, actual bigint) LOOP
        ${find(refuse("jsonb_build_object('kind', 'free', 'jobId', r.\"jobId\", 'actual', r.actual::text)"), "j.ends[n] = 'completed'")}
        kind := 'completed';
        j.ends[n] := kind;
        UPDATE ${jobs} SET state = 'succeeded', result = r.result, error = NULL, ended_at = clock, ends = j.ends
          WHERE job_id = j.job_id;
        DELETE FROM ${schema}.leases WHERE job_id = j.job_id;
        ${answerKind}
      END LOOP;
      ${writeScopes(schema)}
      FOR k IN 1 .. cardinality(answers) LOOP
        done[(input -> k - 1 ->> 'place')::int] := answers[k];
      END LOOP;
      answers := done;`,
      `${rows} done jsonb[]; places bigint[]; given jsonb[]; closed_holds bigint; paid_jobs bigint;`,
      IN_ORDER,
    ),
    operation(
      `${schema}.fail`,
      "input jsonb, at float8",
      `
      ${lockItems}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text, token text, error text, actual bigint,
        most bigint, delay float8)
      LOOP
        ${find(answer("jsonb_build_object('kind', 'free')"), "j.ends[n] IN ('requeued', 'failed', 'waiting')")}
        ${retryOrEnd(schema, { most: "r.most", delay: "r.delay", code: "'error'", message: "r.error", end: "kind" })}
        ${answerKind}
      END LOOP;
      ${writeScopes(schema)}`,
      rows,
    ),
    operation(
      `${schema}.renew`,
      "input jsonb, at float8",
      `
      ${lockJobs(schema)}
      ${READ_CLOCK}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text, token text) LOOP
        UPDATE ${schema}.leases l SET leased_at = clock FROM ${jobs} j
          WHERE j.job_id = r."jobId" AND j.state = 'running' AND j.tokens[cardinality(j.tokens)] = r.token
            AND l.job_id = j.job_id;
        ${answer("to_jsonb(FOUND)")}
      END LOOP;`,
    ),
    operation(
      `${schema}.recover_stale`,
      "ttl float8, most_attempts bigint, most bigint, at float8",
      `
      ${READ_CLOCK}
      ids := ARRAY(SELECT j.job_id FROM ${schema}.leases l JOIN ${jobs} j ON j.job_id = l.job_id
        WHERE ${stale} AND j.state = 'running' ORDER BY l.leased_at, j.sequence LIMIT most + 1 FOR UPDATE OF j SKIP LOCKED);
      ${answer("to_jsonb(cardinality(ids) > most)")}
      -- Renewed before its job was locked, a lease is no longer stale.
      ids := ARRAY(SELECT l.job_id FROM unnest(ids[:least(most, cardinality(ids))]) WITH ORDINALITY AS f (job_id, place)
        JOIN ${schema}.leases l ON l.job_id = f.job_id WHERE ${stale} ORDER BY f.place);
      PERFORM 1 FROM ${holds} WHERE hold_id IN (${runningHolds}) ORDER BY hold_id FOR UPDATE;
      ${lockScopes(schema, `SELECT unnest(scopes) FROM ${holds} WHERE hold_id IN (${runningHolds})`)}
      FOR j IN SELECT j.* FROM unnest(ids) WITH ORDINALITY AS f (job_id, place)
        JOIN ${jobs} j ON j.job_id = f.job_id ORDER BY f.place LOOP
        n := cardinality(j.tokens);
        SELECT * INTO h FROM ${holds} WHERE hold_id = 'job:' || j.job_id || '#' || n;
        ${close(schema, "NULL::bigint")}
        ${retryOrEnd(schema, {
          most: "most_attempts",
          delay: "0",
          code: "'lost'",
          message: "'attempt ' || n || ' lost its lease'",
          end: "'taken'",
        })}
        ${answer(`jsonb_build_object('jobId', j.job_id, 'attempt', n, 'charged', coalesce(h.booked, 0)::text,
          'outcome', kind)`)}
      END LOOP;
      ${writeScopes(schema)}`,
      `${rows} ids text[];`,
    ),
  ].join("\n");
}
