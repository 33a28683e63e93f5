import { DispatchError } from "../../errors.ts";
import type { Client } from "./client.ts";

const DIGITS = (column: string): string =>
  `CHECK (typeof(${column}) = 'text' AND ${column} <> '' AND ${column} NOT GLOB '*[^0-9]*')`;

/**
 * Numbered migrations; one that was published is never changed. Money is text of digits, which no minus sign
 * gets into: a negative balance is impossible.
 */
const MIGRATIONS: readonly ((prefix: string) => string)[] = [
  (prefix) => `
    CREATE TABLE ${prefix}_scopes (
      scope TEXT PRIMARY KEY,
      reserved TEXT NOT NULL DEFAULT '0' ${DIGITS("reserved")},
      spent TEXT NOT NULL DEFAULT '0' ${DIGITS("spent")},
      pinned TEXT ${DIGITS("pinned").replace("(", "(pinned IS NULL OR ")}
    ) WITHOUT ROWID;

    CREATE TABLE ${prefix}_holds (
      hold_id TEXT PRIMARY KEY,
      job_id TEXT,
      asked TEXT NOT NULL ${DIGITS("asked")},
      steps TEXT NOT NULL,
      scopes TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'released', 'charged')),
      booked TEXT NOT NULL ${DIGITS("booked")},
      settled_from TEXT NOT NULL CHECK (settled_from IN ('open', 'released', 'charged')),
      expires_at REAL,
      resolved_at REAL CHECK ((resolved_at IS NULL) = (state = 'open')),
      pruned INTEGER NOT NULL CHECK (pruned IN (0, 1)),
      CHECK (state IN ('settled', 'charged') OR booked = '0'),
      CHECK ((job_id IS NOT NULL) = (hold_id GLOB 'job:*#*'))
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX ${prefix}_holds_open ON ${prefix}_holds (job_id) WHERE state = 'open';
    CREATE INDEX ${prefix}_holds_expiring ON ${prefix}_holds (expires_at)
      WHERE state = 'open' AND expires_at IS NOT NULL;
    CREATE INDEX ${prefix}_holds_settled ON ${prefix}_holds (resolved_at) WHERE state = 'settled' AND pruned = 0;

    CREATE TABLE ${prefix}_jobs (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      job_id TEXT NOT NULL UNIQUE,
      lane TEXT NOT NULL,
      payload TEXT NOT NULL,
      backend TEXT NOT NULL,
      max_cost TEXT NOT NULL ${DIGITS("max_cost")},
      max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
      priority INTEGER NOT NULL,
      asked_run_at REAL,
      run_at REAL NOT NULL,
      leased_at REAL NOT NULL,
      state TEXT NOT NULL CHECK (state IN
        ('pending', 'awaiting_approval', 'queued', 'running', 'succeeded', 'failed', 'rejected')),
      scopes TEXT NOT NULL,
      decision TEXT,
      error TEXT,
      result TEXT,
      ended_at REAL CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'rejected'))),
      pruned INTEGER NOT NULL CHECK (pruned IN (0, 1)),
      attempts TEXT NOT NULL
    );
    CREATE INDEX ${prefix}_jobs_claimable ON ${prefix}_jobs (lane, priority, run_at, sequence)
      WHERE state IN ('pending', 'queued');
    CREATE INDEX ${prefix}_jobs_running ON ${prefix}_jobs (leased_at) WHERE state = 'running';
    CREATE INDEX ${prefix}_jobs_ended ON ${prefix}_jobs (ended_at) WHERE ended_at IS NOT NULL AND pruned = 0;
    CREATE INDEX ${prefix}_jobs_state ON ${prefix}_jobs (state, sequence) WHERE pruned = 0;
    CREATE INDEX ${prefix}_jobs_lane ON ${prefix}_jobs (lane, sequence) WHERE pruned = 0;`,
];

/** The version of the schema that this code reads and writes. */
export const VERSION: number = MIGRATIONS.length;

/** Brings the schema up to this code's version; call it inside a transaction that locks the database. */
export function migrate(client: Client, prefix: string): void {
  client.exec(`CREATE TABLE IF NOT EXISTS ${prefix}_migrations (version INTEGER PRIMARY KEY)`);
  const from = versionOf(client, prefix) ?? 0;
  ensureNotNewer(from, prefix);
  for (let version = from + 1; version <= VERSION; version++) {
    client.exec(MIGRATIONS[version - 1]?.(prefix) ?? "");
    client.run(`INSERT INTO ${prefix}_migrations (version) VALUES (?)`, version);
  }
}

/** Refuses a schema that is missing, or of another version than this code's. */
export function ensureMigrated(client: Client, prefix: string): void {
  const exists = client.row(
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
    `${prefix}_migrations`,
  );
  const version = exists ? (versionOf(client, prefix) ?? 0) : 0;
  if (version === VERSION) return;
  ensureNotNewer(version, prefix);
  const message = `the schema ${prefix} is at version ${version}, this code needs ${VERSION}; call migrate() once`;
  throw new DispatchError("store_failed", message);
}

function ensureNotNewer(version: number, prefix: string): void {
  if (version <= VERSION) return;
  const message = `the schema ${prefix} is at version ${version}, this code knows ${VERSION}; update dispatch-kit`;
  throw new DispatchError("store_failed", message);
}

function versionOf(client: Client, prefix: string): number | null {
  const row = client.row(`SELECT max(version) AS version FROM ${prefix}_migrations`);
  return row && Number(row["version"]);
}
