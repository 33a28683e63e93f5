import {
  allFit,
  answer,
  count,
  findLacking,
  jobJson,
  lockScopes,
  makeReady,
  operation,
  READ_CLOCK,
  refuse,
  reserveTotals,
  scopesOf,
  unlessPinned,
  writeScopes,
} from "./parts.ts";

const APPROVAL = "decision text, scopes text[], caps bigint[], untils float8[]";

/** Locks the jobs that the items name. */
export function lockJobs(schema: string): string {
  return `
      PERFORM 1 FROM ${schema}.jobs WHERE job_id IN (SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item)
        ORDER BY job_id FOR UPDATE;`;
}

/** The items in their order, each with its approval: the one at its place in the list of them, if it has one. */
const ITEMS = `
        SELECT x.*, a.decision, a.scopes, a.caps, a.untils
        FROM ROWS FROM (jsonb_to_recordset(input) AS ("jobId" text, lane text, payload text, backend text,
            "maxCost" bigint, "maxAttempts" bigint, priority bigint, "runAt" float8, approval bigint))
          WITH ORDINALITY AS x ("jobId", lane, payload, backend, "maxCost", "maxAttempts", priority, "runAt", approval,
            place)
        LEFT JOIN ROWS FROM (jsonb_to_recordset(approvals) AS (${APPROVAL}))
          WITH ORDINALITY AS a (decision, scopes, caps, untils, place) ON a.place = x.approval`;

/** What a new job begins as. */
const stateOf = (row: string): string => `
          CASE WHEN ${row}.backend = 'local' AND ${row}."maxCost" = 0 THEN 'pending'
            WHEN ${row}.decision IS NULL THEN 'awaiting_approval' ELSE 'queued' END`;

/** Stores new jobs that all fit, in one statement. */
function insertAll(schema: string): string {
  return `
        WITH item AS MATERIALIZED (SELECT i.*, ${stateOf("i")} AS state FROM (${ITEMS}) AS i),
        job AS (
          INSERT INTO ${schema}.jobs (job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at,
              run_at, state, decision)
            SELECT "jobId", lane, payload, backend, "maxCost", "maxAttempts", priority, "runAt",
              coalesce("runAt", clock), state, decision FROM item ORDER BY place
            RETURNING lane, priority, run_at, sequence, job_id, state),
        ready AS (
          INSERT INTO ${schema}.ready (lane, priority, run_at, sequence, job_id)
            SELECT lane, priority, run_at, sequence, job_id FROM job WHERE state <> 'awaiting_approval'),
        hold AS (
          INSERT INTO ${schema}.holds (hold_id, job_id, asked, held, scopes, caps, untils)
            SELECT 'job:' || "jobId" || '#1', "jobId", "maxCost", "maxCost", scopes, caps, untils
              FROM item WHERE state = 'queued'),
        scope AS (${reserveTotals(schema, "approvals")})
        SELECT coalesce(array_agg(CASE state WHEN 'awaiting_approval' THEN '{"kind":"awaiting_approval"}'::jsonb
            ELSE '{"kind":"queued"}'::jsonb END ORDER BY place), '{}') INTO answers
          FROM item;`;
}

/** Lets the job `j` no longer be claimed. */
function unready(schema: string): string {
  return `DELETE FROM ${schema}.ready
          WHERE (lane, priority, run_at, sequence) = (j.lane, j.priority, j.run_at, j.sequence);`;
}

/** Submissions, decisions and look-ups. */
export function queue(schema: string): string {
  const { holds, jobs } = { holds: `${schema}.holds`, jobs: `${schema}.jobs` };
  const known = `jsonb_build_object('kind', 'known', 'job', ${jobJson("j")})`;
  const differs = (column: string, field: string): string =>
    `CASE WHEN j.${column} IS DISTINCT FROM r."${field}" THEN '${field}' END`;
  const differing = [
    differs("lane", "lane"),
    differs("payload", "payload"),
    differs("backend", "backend"),
    differs("max_cost", "maxCost"),
    differs("max_attempts", "maxAttempts"),
    differs("priority", "priority"),
    differs("asked_run_at", "runAt"),
  ].join(", ");
  const holdNext = (attempt: string): string => `
            INSERT INTO ${holds} (hold_id, job_id, asked, held, scopes, caps, untils)
              VALUES ('job:' || j.job_id || '#' || ${attempt}, j.job_id, j.max_cost, j.max_cost,
                r.scopes, r.caps, r.untils);
            ${count("r.scopes", "j.max_cost", "0")}`;
  /** The hold that is open while a job is queued or runs. */
  const openHold = (row: string): string =>
    `'job:' || ${row}.job_id || '#' || cardinality(${row}.tokens) + CASE ${row}.state WHEN 'running' THEN 0 ELSE 1 END`;
  const openHolds = `SELECT ${openHold("j")} FROM jsonb_array_elements(input) AS item
          JOIN ${jobs} j ON j.job_id = item ->> 'jobId'`;
  const where = {
    both: "AND state = wanted_state AND lane = wanted_lane",
    state: "AND state = wanted_state",
    aside: "AND aside = wanted_state AND (wanted_lane IS NULL OR lane = wanted_lane)",
    lane: "AND lane = wanted_lane",
    none: "",
  };
  const list = (filter: string): string => `
        answers := ARRAY(SELECT ${jobJson("j")} FROM ${jobs} j
          WHERE NOT pruned AND sequence > start ${filter} ORDER BY sequence LIMIT most);`;
  return [
    operation(
      `${schema}.submit`,
      "input jsonb, approvals jsonb, at float8, atomic boolean",
      `
      ${lockScopes(schema, scopesOf("approvals"))}
      ${READ_CLOCK}
      IF ${allFit("approvals")} AND NOT EXISTS (SELECT 1 FROM ${jobs}
        WHERE job_id = ANY (ARRAY(SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item)))
        AND (SELECT count(DISTINCT item ->> 'jobId') FROM jsonb_array_elements(input) AS item) = jsonb_array_length(input)
      THEN
        ${insertAll(schema)}
        RETURN to_jsonb(answers);
      END IF;
      FOR r IN ${ITEMS} ORDER BY x.place
      LOOP
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        IF FOUND THEN
          -- What is thrown is in the server's log: the names of what differs, and no payload.
          other := array_remove(ARRAY[${differing}], NULL);
          IF atomic AND NOT j.pruned AND other <> '{}' THEN
            RAISE EXCEPTION 'dispatch-kit%', jsonb_build_object('kind', 'other', 'jobId', j.job_id, 'fields', other);
          END IF;
          ${answer(known)}
          CONTINUE;
        END IF;
        j := NULL;
        j.job_id := r."jobId";
        j.max_cost := r."maxCost";
        j.state := ${stateOf("r")};
        lacking := '[]';
        IF j.state = 'queued' THEN
          ${unlessPinned("r.scopes", "r.caps", (json) => `${refuse(json)} CONTINUE;`, findLacking("j.max_cost", "r.scopes", "r.caps", "r.untils"))}
        END IF;
        IF lacking <> '[]' THEN
          ${answer("jsonb_build_object('kind', 'refused', 'lacking', lacking)")}
          CONTINUE;
        END IF;
        INSERT INTO ${jobs} (job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, run_at,
            state, decision)
          VALUES (r."jobId", r.lane, r.payload, r.backend, r."maxCost", r."maxAttempts", r.priority, r."runAt",
            coalesce(r."runAt", clock), j.state, r.decision);
        IF j.state <> 'awaiting_approval' THEN ${makeReady(schema)} END IF;
        IF j.state = 'queued' THEN ${holdNext("1")} END IF;
        ${answer("jsonb_build_object('kind', CASE j.state WHEN 'awaiting_approval' THEN j.state ELSE 'queued' END)")}
      END LOOP;
      ${writeScopes(schema)}`,
      `j ${jobs}%ROWTYPE; other text[];`,
    ),
    operation(
      `${schema}.approve`,
      "input jsonb, at float8",
      `
      ${lockJobs(schema)}
      ${lockScopes(schema, scopesOf("input"))}
      ${READ_CLOCK}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text, ${APPROVAL}) LOOP
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        IF NOT FOUND THEN ${answer("NULL")} CONTINUE; END IF;
        IF j.state <> 'awaiting_approval' THEN
          ${answer("jsonb_build_object('kind', 'not_waiting', 'state', j.state)")}
          CONTINUE;
        END IF;
        ${unlessPinned(
          "r.scopes",
          "r.caps",
          answer,
          `
          ${findLacking("j.max_cost", "r.scopes", "r.caps", "r.untils")}
          IF lacking <> '[]' THEN
            ${answer("jsonb_build_object('kind', 'refused', 'lacking', lacking)")}
          ELSE
            ${holdNext("cardinality(j.tokens) + 1")}
            UPDATE ${jobs} SET state = 'queued', decision = r.decision, error = NULL WHERE job_id = j.job_id;
            ${makeReady(schema)}
            ${answer("jsonb_build_object('kind', 'queued')")}
          END IF;`,
        )}
      END LOOP;
      ${writeScopes(schema)}`,
      `j ${jobs}%ROWTYPE;`,
    ),
    operation(
      `${schema}.reject`,
      "input jsonb, at float8",
      `
      ${lockJobs(schema)}
      ${READ_CLOCK}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text, decision text, error text) LOOP
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        IF NOT FOUND THEN ${answer("NULL")} CONTINUE; END IF;
        IF j.state <> 'awaiting_approval' THEN
          ${answer("jsonb_build_object('kind', 'not_waiting', 'state', j.state)")}
          CONTINUE;
        END IF;
        UPDATE ${jobs} SET state = 'rejected', decision = r.decision, error = r.error, ended_at = clock
          WHERE job_id = j.job_id;
        ${answer("jsonb_build_object('kind', 'rejected')")}
      END LOOP;`,
      `j ${jobs}%ROWTYPE;`,
    ),
    // What runs is charged in full, what is only queued is released.
    operation(
      `${schema}.cancel`,
      "input jsonb, at float8",
      `
      ${lockJobs(schema)}
      PERFORM 1 FROM ${holds} WHERE hold_id IN (${openHolds}) ORDER BY hold_id FOR UPDATE;
      ${lockScopes(schema, `SELECT unnest(scopes) FROM ${holds} WHERE hold_id IN (${openHolds})`)}
      ${READ_CLOCK}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text) LOOP
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        IF NOT FOUND THEN ${answer("NULL")} CONTINUE; END IF;
        IF j.ended_at IS NOT NULL THEN
          ${answer("jsonb_build_object('kind', 'ended', 'state', j.state)")}
          CONTINUE;
        END IF;
        SELECT * INTO h FROM ${holds} WHERE hold_id = ${openHold("j")} AND state = 'open';
        h.booked := CASE j.state WHEN 'running' THEN h.held ELSE 0 END;
        UPDATE ${holds} SET state = CASE j.state WHEN 'running' THEN 'charged' ELSE 'released' END, booked = h.booked,
          resolved_at = clock WHERE hold_id = h.hold_id;
        ${count("h.scopes", "-h.held", "h.booked")}
        IF j.state = 'running' THEN j.ends[cardinality(j.tokens)] := 'taken'; END IF;
        j.state := CASE j.state WHEN 'awaiting_approval' THEN 'rejected' ELSE 'failed' END;
        UPDATE ${jobs} SET state = j.state, ends = j.ends, ended_at = clock,
          error = '{"code":"cancelled","message":"cancelled"}' WHERE job_id = j.job_id;
        DELETE FROM ${schema}.leases WHERE job_id = j.job_id;
        ${unready(schema)}
        ${answer("jsonb_build_object('kind', 'cancelled', 'state', j.state, 'booked', coalesce(h.booked, 0)::text)")}
      END LOOP;
      ${writeScopes(schema)}`,
      `j ${jobs}%ROWTYPE; h ${holds}%ROWTYPE;`,
    ),
    operation(
      `${schema}.job`,
      "input jsonb",
      `
      answers := ARRAY(SELECT CASE WHEN j.job_id IS NOT NULL THEN ${jobJson("j")} END
        FROM jsonb_array_elements_text(input) WITH ORDINALITY AS wanted (job_id, place)
          LEFT JOIN ${jobs} j ON j.job_id = wanted.job_id
        ORDER BY place);`,
    ),
    operation(
      `${schema}.jobs`,
      "wanted_state text, wanted_lane text, most bigint, after text",
      `
      IF after IS NOT NULL THEN
        SELECT sequence INTO start FROM ${jobs} WHERE job_id = after;
        IF NOT FOUND THEN ${answer("NULL")} RETURN to_jsonb(answers); END IF;
      END IF;
      IF wanted_state IN ('awaiting_approval', 'failed', 'rejected') THEN ${list(where.aside)}
      ELSIF wanted_state IS NOT NULL AND wanted_lane IS NOT NULL THEN ${list(where.both)}
      ELSIF wanted_state IS NOT NULL THEN ${list(where.state)}
      ELSIF wanted_lane IS NOT NULL THEN ${list(where.lane)}
      ELSE ${list(where.none)} END IF;`,
      "start bigint := 0;",
    ),
    operation(
      `${schema}.prune`,
      "before float8",
      `
      -- What another has locked is for the next time.
      UPDATE ${jobs} SET payload = 'null', result = NULL, error = NULL, decision = NULL, pruned = true
        WHERE job_id = ANY (ARRAY(SELECT job_id FROM ${jobs} WHERE ended_at < before AND NOT pruned
          ORDER BY sequence FOR UPDATE SKIP LOCKED));
      GET DIAGNOSTICS i = ROW_COUNT;
      UPDATE ${holds} SET scopes = '{}', caps = '{}', untils = '{}', pruned = true
        WHERE hold_id = ANY (ARRAY(SELECT hold_id FROM ${holds} WHERE state = 'settled' AND NOT pruned
          AND resolved_at < before FOR UPDATE SKIP LOCKED));
      GET DIAGNOSTICS k = ROW_COUNT;
      ${answer("jsonb_build_object('jobs', i, 'holds', k)")}`,
    ),
  ].join("\n");
}
