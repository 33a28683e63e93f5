import { attempts } from "./attempts.ts";
import { ledger } from "./ledger.ts";
import { queue } from "./queue.ts";
import { tables } from "./tables.ts";

/** Numbered migrations; one that was published is never changed, and its functions stay for older code. */
const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (schema) => [tables(schema), ledger(schema), queue(schema), attempts(schema)].join("\n"),
];

/**
 * One statement that brings the schema up to this code's version, and no further if it is newer: safe from many
 * processes at once, and behind a pooler.
 */
export function migration(name: string): string {
  // A name may be a word of SQL.
  const schema = `"${name}"`;
  const steps = MIGRATIONS.map(
    (make, index) => `
    IF version < ${String(index + 1)} THEN
      EXECUTE $migration$${make(schema)}$migration$;
      INSERT INTO ${schema}.migrations (version) VALUES (${String(index + 1)});
    END IF;`,
  );
  return `DO $migrate$
  DECLARE
    version int;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('dispatch-kit migrates'));
    -- What is there needs no right to make it.
    IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA ${schema}; END IF;
    IF to_regclass('${schema}.migrations') IS NULL THEN
      CREATE TABLE ${schema}.migrations (version int PRIMARY KEY, at timestamptz DEFAULT now());
    END IF;
    SELECT coalesce(max(m.version), 0) INTO version FROM ${schema}.migrations m;
    ${steps.join("")}
  END $migrate$`;
}
