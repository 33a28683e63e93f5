import { poolOf } from "../server.ts";
import { type Contestant, range, share, untilNone } from "../contestant.ts";
import { installStore, LANE, SCOPES } from "./ours.ts";

/*
 * Only the row changes of our jobs in our tables, without checks of a cap, a token or a repeat: the best that one SQL
 * statement can do. It keeps no journal. It is sent as the store sends it, without named statements.
 */
const SCHEMA = "dispatch_kit";
const DECISION =
  '{"author":"bench","reason":"measured","decidedAt":"2026-11-23T00:00:00Z","outcome":"approved"}';
const NAMES = SCOPES.map(({ scope }) => scope);

/** In one order, because two callers could deadlock otherwise. */
const LOCKED = `(SELECT scope FROM ${SCHEMA}.scopes WHERE scope = ANY ($2::text[]) ORDER BY scope FOR UPDATE) AS l`;

interface Statements {
  readonly submit: string;
  readonly claim: string;
  readonly complete: string;
}

/** @param rest - whether each job also has a hold's row and a lease's row. */
function statements(rest: boolean): Statements {
  const also = (text: string): string => (rest ? `,\n    ${text}` : "");
  return {
    submit: `
  WITH job AS (INSERT INTO ${SCHEMA}.jobs (job_id, lane, payload, backend, max_cost, max_attempts, priority, run_at,
        submitted_at, state, decision)
      SELECT id, '${LANE}', '{"number":1}', 'cloud_worker', 1000000, 3, 0, 1795392000, 1795392000, 'queued', $4
        FROM unnest($1::text[]) AS id RETURNING lane, priority, run_at, sequence, job_id),
    ready AS (INSERT INTO ${SCHEMA}.ready (lane, priority, run_at, sequence, job_id)
      SELECT lane, priority, run_at, sequence, job_id FROM job)${also(
        `hold AS (INSERT INTO ${SCHEMA}.holds (hold_id, job_id, asked, held, scopes, caps, untils, held_at)
      SELECT 'job:' || id || '#1', id, 1000000, 1000000, $2::text[], '{100000000000000,100000000000000}',
        '{NULL,NULL}', 1795392000 FROM unnest($1::text[]) AS id)`,
      )}
  UPDATE ${SCHEMA}.scopes s SET reserved = reserved + 1000000 * $3::bigint FROM ${LOCKED} WHERE s.scope = l.scope`,
    claim: `
  WITH gone AS (DELETE FROM ${SCHEMA}.ready WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${SCHEMA}.ready
      WHERE lane = '${LANE}' AND priority = 0 AND run_at <= extract(epoch FROM clock_timestamp())
      ORDER BY run_at, sequence LIMIT $1::bigint FOR UPDATE SKIP LOCKED)) RETURNING job_id)${also(
        `leased AS (INSERT INTO ${SCHEMA}.leases (job_id, leased_at) SELECT job_id, 1795392000 FROM gone)`,
      )}
  UPDATE ${SCHEMA}.jobs j SET state = 'running', tokens = array_append(tokens, gen_random_uuid()::text),
      ends = array_append(ends, NULL) FROM gone WHERE j.job_id = gone.job_id RETURNING j.job_id, tokens, payload`,
    complete: `
  WITH job AS (UPDATE ${SCHEMA}.jobs SET state = 'succeeded', result = 'null', ended_at = 1795392000,
      ends[1] = 'completed' WHERE job_id = ANY ($1::text[]))${also(
        `gone AS (DELETE FROM ${SCHEMA}.leases WHERE job_id = ANY ($1::text[])),
    hold AS (UPDATE ${SCHEMA}.holds SET state = 'settled', booked = 600000, resolved_at = 1795392000
      WHERE hold_id = ANY (ARRAY(SELECT 'job:' || id || '#1' FROM unnest($1::text[]) AS id)))`,
      )}
  UPDATE ${SCHEMA}.scopes s SET reserved = reserved - 1000000 * $3::bigint, spent = spent + 600000 * $3::bigint
    FROM ${LOCKED} WHERE s.scope = l.scope`,
  };
}

function contestant(name: string, { submit, claim, complete }: Statements): Contestant {
  return {
    name,
    async install(url) {
      await installStore(url);
      const pool = poolOf(url, 1);
      await pool.query(`INSERT INTO ${SCHEMA}.scopes (scope) SELECT unnest($1::text[])`, [NAMES]);
      await pool.end();
    },
    open(url, load) {
      const pool = poolOf(url, load.callers);
      return Promise.resolve({
        enqueue: (from, to) =>
          share(load, from, to, (start, end) => {
            const ids = range(start, end).map((number) => `job-${String(number)}`);
            return pool.query(submit, [ids, NAMES, ids.length, DECISION]);
          }),
        work: () =>
          untilNone(load, async () => {
            const { rows } = await pool.query<{ readonly job_id: string }>(claim, [load.batch]);
            if (rows.length > 0) {
              await pool.query(complete, [rows.map(({ job_id }) => job_id), NAMES, rows.length]);
            }
            return rows.length;
          }),
        close: () => pool.end(),
      });
    },
  };
}

export const bare: Contestant = contestant("bare SQL", statements(true));

/** Only a job's row and the sum of its money: a limit for any layout of our tables. */
export const barest: Contestant = contestant("bare SQL, a job's row alone", statements(false));
