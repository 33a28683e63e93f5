import type { PostgresClient } from "dispatch-kit/postgres";

/** What the tables say twice: each of these must find nothing. */
const checks: Readonly<Record<string, (schema: string) => string>> = {
  "a counter is the sum of its holds": (schema) => `
    SELECT s.scope FROM ${schema}.scopes s LEFT JOIN (
      SELECT u.scope, sum(CASE h.state WHEN 'open' THEN h.held ELSE 0 END) AS reserved, sum(h.booked) AS spent
        FROM ${schema}.holds h, unnest(h.scopes) AS u (scope) GROUP BY 1) AS held USING (scope)
      WHERE s.reserved <> coalesce(held.reserved, 0) OR s.spent <> coalesce(held.spent, 0)`,
  "what is ready is what can be claimed": (schema) => `
    SELECT coalesce(j.job_id, r.job_id) FROM ${schema}.ready r
      FULL JOIN (SELECT * FROM ${schema}.jobs WHERE state IN ('pending', 'queued')) AS j
        USING (lane, priority, run_at, sequence, job_id)
      WHERE r.job_id IS NULL AND j.deadline IS NULL OR j.job_id IS NULL`,
  "what is leased is what runs": (schema) => `
    SELECT coalesce(j.job_id, l.job_id) FROM ${schema}.leases l
      FULL JOIN (SELECT * FROM ${schema}.jobs WHERE state = 'running') AS j USING (job_id)
      WHERE l.job_id IS NULL OR j.job_id IS NULL`,
  "what has ended is what can be pruned": (schema) => `
    SELECT sequence FROM ${schema}.ended e
      FULL JOIN (SELECT * FROM ${schema}.jobs WHERE ended_at IS NOT NULL AND NOT pruned) AS j USING (sequence, ended_at)
      WHERE e.ctid IS NULL OR j.job_id IS NULL`,
  "what only an index needs is what it repeats": (schema) => `
    SELECT job_id FROM ${schema}.jobs
      WHERE attention IS DISTINCT FROM CASE WHEN state IN ('awaiting_approval', 'failed', 'rejected') THEN state END
        OR deadline IS DISTINCT FROM CASE
          WHEN cardinality(tokens) > 0 THEN NULL
          WHEN state = 'awaiting_approval' AND grants = 0 THEN least(decide_by, claim_by)
          WHEN state IN ('awaiting_approval', 'pending', 'queued') THEN claim_by
        END
    UNION ALL SELECT hold_id FROM ${schema}.holds
      WHERE due IS DISTINCT FROM CASE WHEN state = 'open' THEN expires_at END
        OR closed IS DISTINCT FROM CASE WHEN job_id IS NULL THEN resolved_at END`,
  "each claim has an end, or runs, and a hold of its own": (schema) => `
    SELECT job_id FROM ${schema}.jobs
      WHERE cardinality(ends) <> cardinality(tokens) OR cardinality(hold_numbers) <> cardinality(tokens)
        OR (array_position(ends, NULL) IS NOT NULL) <> (state = 'running')
        OR tried_before > tried OR tried > cardinality(tokens) OR holds < coalesce(hold_numbers[cardinality(tokens)], 0)`,
  "a paid job that is queued or runs has one open hold, no other has any": (schema) => `
    SELECT j.job_id FROM ${schema}.jobs j LEFT JOIN ${schema}.holds h ON h.job_id = j.job_id AND h.state = 'open'
      WHERE NOT (j.backend = 'local' AND j.max_cost = 0)
      GROUP BY j.job_id HAVING count(h.hold_id) <> CASE WHEN j.state IN ('queued', 'running') THEN 1 ELSE 0 END`,
};

/** Which of the checks find something in a store's tables, and what. */
export async function unlike(client: PostgresClient, schema: string): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const [name, sql] of Object.entries(checks)) {
    const { rows } = await client.query(sql(schema), []);
    if (rows.length > 0) found.push({ name, rows });
  }
  return found;
}
