import {
  answer,
  close,
  count,
  holdJson,
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
  /** Finds the item's attempt, and answers for one that is not the job's now. */
  const find = (refuseFree: string, repeated: string): string => `
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        n := array_position(j.tokens, r.token);
        IF n IS NULL THEN ${answer("jsonb_build_object('kind', 'stale')")} CONTINUE; END IF;
        IF ${isFree("j")} AND r.actual IS NOT NULL THEN ${refuseFree} CONTINUE; END IF;
        SELECT * INTO h FROM ${holds} WHERE hold_id = 'job:' || j.job_id || '#' || n;
        IF ${repeated} THEN
          ${answer(`jsonb_build_object('kind', j.ends[n], 'hold', CASE WHEN h.hold_id IS NOT NULL THEN ${holdJson("h")} END)`)}
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
  const answerKind = answer(
    `jsonb_build_object('kind', kind, 'hold', CASE WHEN h.hold_id IS NOT NULL THEN ${holdJson("h")} END)`,
  );
  const claimable = `state IN ('pending', 'queued') AND run_at <= clock AND (${isFree("j")} OR EXISTS (
            SELECT 1 FROM ${holds} h WHERE h.hold_id = 'job:' || j.job_id || '#' || cardinality(j.tokens) + 1
              AND h.state = 'open'))`;
  return [
    // One priority after another: what is due later at a higher one is skipped, however much it is.
    operation(
      `${schema}.claim`,
      "input jsonb, most bigint, at float8",
      `
      lanes := ARRAY(SELECT jsonb_array_elements_text(input));
      ${READ_CLOCK}
      WHILE cardinality(answers) < most LOOP
        due := (SELECT max(highest.priority) FROM unnest(lanes) AS wanted (lane), LATERAL (
          SELECT j.priority FROM ${jobs} j WHERE j.lane = wanted.lane AND j.state IN ('pending', 'queued')
            AND j.priority <= below ORDER BY j.priority DESC LIMIT 1) AS highest);
        EXIT WHEN due IS NULL;
        -- The lane whose first job is first of all; what another claim has locked is passed over.
        found_any := false;
        FOR r IN SELECT wanted.lane, head.run_at, head.sequence FROM unnest(lanes) AS wanted (lane), LATERAL (
            SELECT j.run_at, j.sequence FROM ${jobs} j
              WHERE j.lane = wanted.lane AND j.priority = due AND ${claimable}
              ORDER BY j.run_at, j.sequence LIMIT 1) AS head
          ORDER BY head.run_at, head.sequence
        LOOP
          FOR j IN UPDATE ${jobs} SET state = 'running', leased_at = clock,
              tokens = array_append(tokens, gen_random_uuid()::text), ends = array_append(ends, NULL)
            FROM (SELECT j.job_id AS claimed FROM ${jobs} j
              WHERE j.lane = r.lane AND j.priority = due AND ${claimable}
              ORDER BY j.run_at, j.sequence
              LIMIT CASE WHEN cardinality(lanes) = 1 THEN most - cardinality(answers) ELSE 1 END
              FOR UPDATE SKIP LOCKED) AS first
            WHERE job_id = first.claimed RETURNING ${jobs.split(".")[1] ?? ""}.*
          LOOP
            found_any := true;
            ${answer(`jsonb_build_object('jobId', j.job_id, 'leasedAt', j.leased_at, 'attempts', cardinality(j.tokens),
              'token', j.tokens[cardinality(j.tokens)], 'payload', j.payload, 'paid', NOT ${isFree("j")},
              'priority', j.priority, 'runAt', j.run_at, 'sequence', j.sequence)`)}
          END LOOP;
          EXIT WHEN found_any;
        END LOOP;
        IF NOT found_any THEN below := due - 1; END IF;
      END LOOP;`,
      `j ${jobs}%ROWTYPE; due bigint; below bigint := 9007199254740991; found_any boolean; lanes text[];`,
    ),
    operation(
      `${schema}.complete`,
      "input jsonb, at float8, atomic boolean",
      `
      ${lockItems}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text, token text, result text, actual bigint) LOOP
        ${find(refuse("jsonb_build_object('kind', 'free', 'jobId', r.\"jobId\", 'actual', r.actual::text)"), "j.ends[n] = 'completed'")}
        kind := 'completed';
        j.ends[n] := kind;
        UPDATE ${jobs} SET state = 'succeeded', result = r.result, error = NULL, ended_at = clock, ends = j.ends
          WHERE job_id = j.job_id;
        ${answerKind}
      END LOOP;
      ${writeScopes(schema)}`,
      rows,
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
        UPDATE ${jobs} SET leased_at = clock
          WHERE job_id = r."jobId" AND state = 'running' AND tokens[cardinality(tokens)] = r.token;
        ${answer("to_jsonb(FOUND)")}
      END LOOP;`,
    ),
    operation(
      `${schema}.recover_stale`,
      "ttl float8, most_attempts bigint, most bigint, at float8",
      `
      ${READ_CLOCK}
      ids := ARRAY(SELECT job_id FROM (SELECT job_id FROM ${jobs} WHERE state = 'running' AND clock - leased_at >= ttl
        ORDER BY leased_at LIMIT most + 1 FOR UPDATE SKIP LOCKED) AS stale);
      ${answer("to_jsonb(cardinality(ids) > most)")}
      ids := ids[:most];
      PERFORM 1 FROM ${holds} WHERE job_id = ANY (ids) AND state = 'open' ORDER BY hold_id FOR UPDATE;
      ${lockScopes(schema, `SELECT unnest(scopes) FROM ${holds} WHERE job_id = ANY (ids) AND state = 'open'`)}
      FOR j IN SELECT * FROM ${jobs} WHERE job_id = ANY (ids) ORDER BY leased_at, sequence LOOP
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
