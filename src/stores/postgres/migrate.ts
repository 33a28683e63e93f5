import { MIGRATE, MIGRATIONS } from "./sql.gen.ts";

/** The statement that brings a schema up to this code's version. */
export function migrationOf(name: string): string {
  const rows = MIGRATIONS.map(
    ({ version, sha256, sql }) => `(${version}, '${sha256}', $migration$${sql}$migration$)`,
  );
  // Functions: a dollar sign in the text means nothing else. Quotes: a name may be a word of SQL.
  return MIGRATE.replace("{migrations}", () => rows.join(", ")).replaceAll("{schema}", () => `"${name}"`);
}
