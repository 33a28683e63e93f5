import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { Place } from "./database.ts";

/** The tables that are watched, each with the columns whose change matters; `null` stands for all of them. */
const WATCHED: Readonly<Record<string, readonly string[] | null>> = {
  jobs: null,
  holds: null,
  // Counters change with every hold; their sums are checked, so only the pins are watched.
  scopes: ["pinned", "raised_to"],
};

/**
 * Lets the database itself write down each change of a row, in the same transaction: a table `witness` beside those of
 * the store, filled by triggers. What a store overwrites, prunes and forgets can so be checked without its code.
 */
export async function witness({ store, at, schema }: Place): Promise<void> {
  if (store === "sqlite") {
    const database = new DatabaseSync(at);
    database.exec(sqliteWitness(database, schema));
    database.close();
    return;
  }
  const client = new pg.Client({ connectionString: at });
  await client.connect();
  await client.query(postgresWitness(schema));
  await client.end();
}

function postgresWitness(schema: string): string {
  const triggers = Object.entries(WATCHED).map(([table, columns]) => {
    const changed = columns?.map((column) => `OLD.${column} IS DISTINCT FROM NEW.${column}`).join(" OR ");
    const on = `ON ${schema}.${table} FOR EACH ROW`;
    const then = `EXECUTE FUNCTION ${schema}.witness('${table}')`;
    return `CREATE TRIGGER witness_update AFTER UPDATE ${on} WHEN (${changed ?? "true"}) ${then};
      CREATE TRIGGER witness_delete AFTER DELETE ${on} ${then};`;
  });
  return `CREATE TABLE ${schema}.witness (
      number bigint GENERATED ALWAYS AS IDENTITY, at float8, tab text, before text, after text
    );
    CREATE FUNCTION ${schema}.witness() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO ${schema}.witness (at, tab, before, after) VALUES (
        extract(epoch FROM clock_timestamp()), TG_ARGV[0], to_jsonb(OLD)::text,
        CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(NEW)::text END
      );
      RETURN NULL;
    END $$;
    ${triggers.join("\n")}`;
}

function sqliteWitness(database: DatabaseSync, schema: string): string {
  const triggers = Object.entries(WATCHED).map(([table, columns]) => {
    const all = database.prepare(`SELECT name FROM pragma_table_info('${schema}_${table}')`).all();
    const row = (of: string): string =>
      `json_object(${all.map(({ name }) => `'${String(name)}', ${of}.${String(name)}`).join(", ")})`;
    const changed = columns?.map((column) => `OLD.${column} IS NOT NEW.${column}`).join(" OR ");
    const put = (after: string): string =>
      `BEGIN INSERT INTO ${schema}_witness (at, tab, before, after)
        VALUES (unixepoch('subsec'), '${table}', ${row("OLD")}, ${after}); END;`;
    return `CREATE TRIGGER ${schema}_witness_update_${table} AFTER UPDATE ON ${schema}_${table}
      WHEN ${changed ?? "true"} ${put(row("NEW"))}
      CREATE TRIGGER ${schema}_witness_delete_${table} AFTER DELETE ON ${schema}_${table} ${put("NULL")}`;
  });
  return `CREATE TABLE ${schema}_witness (number INTEGER PRIMARY KEY, at REAL, tab TEXT, before TEXT, after TEXT);
    ${triggers.join("\n")}`;
}
