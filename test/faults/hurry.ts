import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { Place } from "./database.ts";

/** Seconds from which a wait is too long for a seed. */
const LONG = 30;

/**
 * Ends the waits of jobs whose payloads were refused, which come back after a minute at the earliest: the one thing that
 * is changed in the tables from outside.
 *
 * @param patience - milliseconds that SQLite may take; a database that is away is tried the next time.
 */
export async function hurry({ store, at, schema }: Place, patience: number): Promise<void> {
  const due = `run_at > $1 AND state IN ('queued', 'pending')`;
  const from = Date.now() / 1000 + LONG;
  if (store === "sqlite") {
    const database = new DatabaseSync(at, { timeout: patience });
    try {
      database.exec("PRAGMA synchronous = FULL");
      const sql = `UPDATE ${schema}_jobs SET run_at = run_at - 1e6 WHERE ${due.replace("$1", "?")}`;
      database.prepare(sql).run(from);
    } finally {
      database.close();
    }
    return;
  }
  const client = new pg.Client({ connectionString: at });
  client.on("error", () => undefined);
  await client.connect();
  try {
    // One job at a time, so that no two locks are waited for in another order than the store's.
    const { rows } = await client.query<{ job_id: string }>(
      `SELECT job_id FROM ${schema}.jobs WHERE ${due}`,
      [from],
    );
    for (const { job_id: jobId } of rows) {
      await client.query("BEGIN");
      const sql = `UPDATE ${schema}.jobs SET run_at = run_at - 1e6 WHERE ${due} AND job_id = $2`;
      await client.query(sql, [from, jobId]);
      await client.query(
        `UPDATE ${schema}.ready SET run_at = run_at - 1e6 WHERE run_at > $1 AND job_id = $2`,
        [from, jobId],
      );
      await client.query("COMMIT");
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}
