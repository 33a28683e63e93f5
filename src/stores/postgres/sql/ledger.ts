import {
  allFit,
  answer,
  count,
  findLacking,
  holdJson,
  lockScopes,
  operation,
  READ_CLOCK,
  reserveTotals,
  scopesOf,
  unlessPinned,
  writeScopes,
} from "./parts.ts";

/** The requests in their order, each with its scopes and caps: those at its place in the list of them. */
const ITEMS = `
        SELECT x.*, p.scopes, p.caps, p.untils
        FROM ROWS FROM (jsonb_to_recordset(input) AS ("holdId" text, amount bigint, "ttlSeconds" float8, place bigint))
          WITH ORDINALITY AS x ("holdId", amount, "ttlSeconds", place, number)
        JOIN ROWS FROM (jsonb_to_recordset(places) AS (scopes text[], caps bigint[], untils float8[]))
          WITH ORDINALITY AS p (scopes, caps, untils, place) ON p.place = x.place`;

/** The operations of the ledger. A row that comes back is answered by the pure rules. */
export function ledger(schema: string): string {
  const holds = `${schema}.holds`;
  const hold = `h ${holds}%ROWTYPE;`;
  const lockHolds = `
      PERFORM 1 FROM ${holds} WHERE hold_id IN (SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item)
        ORDER BY hold_id FOR UPDATE;
      ${lockScopes(
        schema,
        `SELECT unnest(scopes) FROM ${holds}
          WHERE hold_id IN (SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item)`,
      )}
      ${READ_CLOCK}`;
  return [
    operation(
      `${schema}.hold`,
      "input jsonb, places jsonb, at float8",
      `
      ${lockScopes(schema, scopesOf("places"))}
      ${READ_CLOCK}
      IF jsonb_array_length(input) > 1 AND ${allFit("places")} AND NOT EXISTS (SELECT 1 FROM ${holds}
        WHERE hold_id = ANY (ARRAY(SELECT item ->> 'holdId' FROM jsonb_array_elements(input) AS item)))
      THEN
        WITH scope AS (${reserveTotals(schema, "places")})
        INSERT INTO ${holds} (hold_id, asked, held, scopes, caps, untils, expires_at)
          SELECT "holdId", amount, amount, scopes, caps, untils, clock + "ttlSeconds" FROM (${ITEMS}) AS i;
        RETURN to_jsonb(array_fill('{"kind":"held"}'::jsonb, ARRAY[jsonb_array_length(input)]));
      END IF;
      FOR r IN ${ITEMS} ORDER BY x.number
      LOOP
        SELECT * INTO h FROM ${holds} WHERE hold_id = r."holdId";
        IF FOUND THEN ${answer(`jsonb_build_object('kind', 'known', 'hold', ${holdJson("h")})`)} CONTINUE; END IF;
        ${unlessPinned(
          "r.scopes",
          "r.caps",
          answer,
          `
          ${findLacking("r.amount", "r.scopes", "r.caps", "r.untils")}
          IF lacking <> '[]' THEN
            ${answer("jsonb_build_object('kind', 'refused', 'lacking', lacking)")}
          ELSE
            INSERT INTO ${holds} (hold_id, asked, held, scopes, caps, untils, expires_at)
              VALUES (r."holdId", r.amount, r.amount, r.scopes, r.caps, r.untils, clock + r."ttlSeconds")
              ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
              -- Made meanwhile, in other scopes.
              SELECT * INTO h FROM ${holds} WHERE hold_id = r."holdId";
              ${answer(`jsonb_build_object('kind', 'known', 'hold', ${holdJson("h")})`)}
              CONTINUE;
            END IF;
            ${count("r.scopes", "r.amount", "0")}
            ${answer("jsonb_build_object('kind', 'held')")}
          END IF;`,
        )}
      END LOOP;
      ${writeScopes(schema)}`,
      hold,
    ),
    // Each answers with the row as it was before; what is open, charged or released is settled once.
    operation(
      `${schema}.settle`,
      "input jsonb, at float8",
      `
      ${lockHolds}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("holdId" text, actual bigint) LOOP
        SELECT * INTO h FROM ${holds} WHERE hold_id = r."holdId";
        ${answer(`CASE WHEN FOUND THEN ${holdJson("h")} END`)}
        IF h.state <> 'settled' THEN
          UPDATE ${holds} SET state = 'settled', booked = r.actual, settled_from = h.state, resolved_at = clock
            WHERE hold_id = r."holdId";
          ${count("h.scopes", "CASE h.state WHEN 'open' THEN -h.held ELSE 0 END", "r.actual - h.booked")}
        END IF;
      END LOOP;
      ${writeScopes(schema)}`,
      hold,
    ),
    operation(
      `${schema}.release`,
      "input jsonb, at float8",
      `
      ${lockHolds}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("holdId" text) LOOP
        SELECT * INTO h FROM ${holds} WHERE hold_id = r."holdId";
        ${answer(`CASE WHEN FOUND THEN ${holdJson("h")} END`)}
        IF h.state = 'open' THEN
          UPDATE ${holds} SET state = 'released', resolved_at = clock WHERE hold_id = r."holdId";
          ${count("h.scopes", "-h.held", "0")}
        END IF;
      END LOOP;
      ${writeScopes(schema)}`,
      hold,
    ),
    // The next step of an open hold, if there is room for it and its sum is an amount.
    operation(
      `${schema}.extend`,
      "input jsonb, at float8",
      `
      ${lockHolds}
      FOR r IN SELECT * FROM jsonb_to_recordset(input) AS x ("holdId" text, amount bigint, step bigint) LOOP
        SELECT * INTO h FROM ${holds} WHERE hold_id = r."holdId";
        IF NOT FOUND THEN ${answer("NULL")} CONTINUE; END IF;
        lacking := '[]';
        IF h.state = 'open' AND r.step = cardinality(h.steps) + 1 AND h.held <= 4611686018427387903 - r.amount THEN
          ${findLacking("r.amount", "h.scopes", "h.caps")}
          IF lacking = '[]' THEN
            UPDATE ${holds} SET steps = array_append(steps, r.amount), held = held + r.amount WHERE hold_id = r."holdId";
            ${count("h.scopes", "r.amount", "0")}
          END IF;
        END IF;
        ${answer(`jsonb_build_object('hold', ${holdJson("h")}, 'lacking', lacking)`)}
      END LOOP;
      ${writeScopes(schema)}`,
      hold,
    ),
    operation(
      `${schema}.expire`,
      "most bigint, at float8",
      `
      ${READ_CLOCK}
      ids := ARRAY(SELECT hold_id FROM ${holds} WHERE due <= clock
        ORDER BY due LIMIT most + 1 FOR UPDATE SKIP LOCKED);
      ${answer("to_jsonb(cardinality(ids) > most)")}
      ids := ids[:least(most, cardinality(ids))];
      ${lockScopes(schema, `SELECT unnest(scopes) FROM ${holds} WHERE hold_id = ANY (ids)`)}
      FOR h IN SELECT * FROM ${holds} WHERE hold_id = ANY (ids) ORDER BY expires_at LOOP
        UPDATE ${holds} SET state = 'charged', booked = h.held, resolved_at = clock WHERE hold_id = h.hold_id;
        ${count("h.scopes", "-h.held", "h.held")}
        ${answer("jsonb_build_object('holdId', h.hold_id, 'amount', h.held::text)")}
      END LOOP;
      ${writeScopes(schema)}`,
      `${hold} ids text[];`,
    ),
    operation(
      `${schema}.usage`,
      "input jsonb",
      `
      answers := ARRAY(SELECT jsonb_build_object('reserved', coalesce(s.reserved, 0)::text,
          'spent', coalesce(s.spent, 0)::text)
        FROM jsonb_array_elements_text(input) WITH ORDINALITY AS wanted (scope, place)
          LEFT JOIN ${schema}.scopes s ON s.scope = wanted.scope
        ORDER BY place);`,
    ),
    operation(
      `${schema}.get_hold`,
      "input jsonb",
      `
      answers := ARRAY(SELECT CASE WHEN h.hold_id IS NOT NULL THEN ${holdJson("h")} END
        FROM jsonb_array_elements_text(input) WITH ORDINALITY AS wanted (hold_id, place)
          LEFT JOIN ${holds} h ON h.hold_id = wanted.hold_id
        ORDER BY place);`,
    ),
    operation(
      `${schema}.pin_cap`,
      "name text, cap bigint",
      `
      INSERT INTO ${schema}.scopes (scope, pinned) VALUES (name, cap)
        ON CONFLICT (scope) DO UPDATE SET pinned = excluded.pinned;`,
    ),
  ].join("\n");
}
