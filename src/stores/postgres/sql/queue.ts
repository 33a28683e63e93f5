import {
  answer,
  count,
  findLacking,
  isFree,
  jobJson,
  lockScopes,
  operation,
  READ_CLOCK,
  refuse,
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

const WANTED = "SELECT jsonb_array_elements_text(item -> 'scopes') FROM jsonb_array_elements(input) AS item";

/** Submissions, decisions and look-ups. */
export function queue(schema: string): string {
  const { holds, jobs } = { holds: `${schema}.holds`, jobs: `${schema}.jobs` };
  const known = `jsonb_build_object('kind', 'known', 'job', ${jobJson("j")})`;
  const holdNext = (attempt: string): string => `
            INSERT INTO ${holds} (hold_id, job_id, asked, held, scopes, caps, untils)
              VALUES ('job:' || j.job_id || '#' || ${attempt}, j.job_id, j.max_cost, j.max_cost,
                r.scopes, r.caps, r.untils);
            ${count("r.scopes", "j.max_cost", "0")}`;
  const where = {
    both: "AND state = wanted_state AND lane = wanted_lane",
    state: "AND state = wanted_state",
    lane: "AND lane = wanted_lane",
    none: "",
  };
  const list = (filter: string): string => `
        answers := ARRAY(SELECT ${jobJson("j")} FROM ${jobs} j
          WHERE NOT pruned AND sequence > start ${filter} ORDER BY sequence LIMIT most);`;
  return [
    operation(
      `${schema}.submit`,
      "input jsonb, at float8, atomic boolean",
      `
      ${lockScopes(schema, WANTED)}
      ${READ_CLOCK}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text, lane text, payload text, backend text,
        "maxCost" bigint, "maxAttempts" bigint, priority bigint, "runAt" float8, ${APPROVAL})
      LOOP
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        IF FOUND THEN
          IF NOT j.pruned AND (j.lane, j.payload, j.backend, j.max_cost, j.max_attempts, j.priority, j.asked_run_at)
            IS DISTINCT FROM (r.lane, r.payload, r.backend, r."maxCost", r."maxAttempts", r.priority, r."runAt")
          THEN ${refuse(known)} ELSE ${answer(known)} END IF;
          CONTINUE;
        END IF;
        j := NULL;
        j.job_id := r."jobId";
        j.backend := r.backend;
        j.max_cost := r."maxCost";
        j.state := CASE WHEN ${isFree("j")} THEN 'pending' WHEN r.decision IS NULL THEN 'awaiting_approval'
          ELSE 'queued' END;
        lacking := '[]';
        IF j.state = 'queued' THEN
          ${unlessPinned("r.scopes", "r.caps", (json) => `${refuse(json)} CONTINUE;`, findLacking("j.max_cost", "r.scopes", "r.caps"))}
        END IF;
        IF lacking <> '[]' THEN
          ${answer("jsonb_build_object('kind', 'refused', 'lacking', lacking)")}
          CONTINUE;
        END IF;
        INSERT INTO ${jobs} (job_id, lane, payload, backend, max_cost, max_attempts, priority, asked_run_at, run_at,
            leased_at, state, decision)
          VALUES (r."jobId", r.lane, r.payload, r.backend, r."maxCost", r."maxAttempts", r.priority, r."runAt",
            coalesce(r."runAt", clock), clock, j.state, r.decision)
          ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
          -- Submitted meanwhile, in other scopes or none.
          RAISE EXCEPTION 'job submitted twice at once' USING ERRCODE = 'unique_violation';
        END IF;
        IF j.state = 'queued' THEN ${holdNext("1")} END IF;
        ${answer("jsonb_build_object('kind', CASE j.state WHEN 'awaiting_approval' THEN j.state ELSE 'queued' END)")}
      END LOOP;
      ${writeScopes(schema)}`,
      `j ${jobs}%ROWTYPE;`,
    ),
    operation(
      `${schema}.approve`,
      "input jsonb, at float8",
      `
      ${lockJobs(schema)}
      ${lockScopes(schema, WANTED)}
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
          ${findLacking("j.max_cost", "r.scopes", "r.caps")}
          IF lacking <> '[]' THEN
            ${answer("jsonb_build_object('kind', 'refused', 'lacking', lacking)")}
          ELSE
            ${holdNext("cardinality(j.tokens) + 1")}
            UPDATE ${jobs} SET state = 'queued', decision = r.decision, error = NULL WHERE job_id = j.job_id;
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
      PERFORM 1 FROM ${holds} WHERE state = 'open'
        AND job_id IN (SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item) ORDER BY hold_id FOR UPDATE;
      ${lockScopes(
        schema,
        `SELECT unnest(scopes) FROM ${holds} WHERE state = 'open'
          AND job_id IN (SELECT item ->> 'jobId' FROM jsonb_array_elements(input) AS item)`,
      )}
      ${READ_CLOCK}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("jobId" text) LOOP
        SELECT * INTO j FROM ${jobs} WHERE job_id = r."jobId";
        IF NOT FOUND THEN ${answer("NULL")} CONTINUE; END IF;
        IF j.ended_at IS NOT NULL THEN
          ${answer("jsonb_build_object('kind', 'ended', 'state', j.state)")}
          CONTINUE;
        END IF;
        SELECT * INTO h FROM ${holds} WHERE job_id = r."jobId" AND state = 'open';
        h.booked := CASE j.state WHEN 'running' THEN h.held ELSE 0 END;
        UPDATE ${holds} SET state = CASE j.state WHEN 'running' THEN 'charged' ELSE 'released' END, booked = h.booked,
          resolved_at = clock WHERE hold_id = h.hold_id;
        ${count("h.scopes", "-h.held", "h.booked")}
        IF j.state = 'running' THEN j.ends[cardinality(j.tokens)] := 'taken'; END IF;
        j.state := CASE j.state WHEN 'awaiting_approval' THEN 'rejected' ELSE 'failed' END;
        UPDATE ${jobs} SET state = j.state, ends = j.ends, ended_at = clock,
          error = '{"code":"cancelled","message":"cancelled"}' WHERE job_id = j.job_id;
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
      IF wanted_state IS NOT NULL AND wanted_lane IS NOT NULL THEN ${list(where.both)}
      ELSIF wanted_state IS NOT NULL THEN ${list(where.state)}
      ELSIF wanted_lane IS NOT NULL THEN ${list(where.lane)}
      ELSE ${list(where.none)} END IF;`,
      "start bigint := 0;",
    ),
    operation(
      `${schema}.prune`,
      "before float8",
      `
      UPDATE ${jobs} SET payload = 'null', result = NULL, error = NULL, decision = NULL, pruned = true
        WHERE ended_at IS NOT NULL AND NOT pruned AND ended_at < before;
      GET DIAGNOSTICS i = ROW_COUNT;
      UPDATE ${holds} SET scopes = '{}', caps = '{}', untils = '{}', pruned = true
        WHERE state = 'settled' AND NOT pruned AND resolved_at < before;
      GET DIAGNOSTICS k = ROW_COUNT;
      ${answer("jsonb_build_object('jobs', i, 'holds', k)")}`,
    ),
  ].join("\n");
}
