/**
 * `npx node scripts/sql.ts` writes the SQL files of the stores into modules, which every runtime and bundler can load. The text
 * of a migration is that of its files, in the order of their names, and its SHA-256 is that of this text. A test fails if a
 * module differs from the output of this script.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

type Store = "postgres" | "sqlite";

interface Migration {
  readonly version: number;
  readonly sha256: string;
  readonly sql: string;
}

const STORES = fileURLToPath(new URL("../src/stores/", import.meta.url));

const read = (path: string): string => readFileSync(path, "utf8");

/** The folder of a store's migrations. */
export function migrationsOf(store: Store): string {
  return join(STORES, store, "migrations");
}

/** The migrations in a folder, by number: `001.sql`, or a folder `001`. */
export function migrationsIn(folder: string): readonly Migration[] {
  const entries = readdirSync(folder).sort();
  return entries.map((entry, index) => {
    const version = index + 1;
    const name = String(version).padStart(3, "0");
    const path = join(folder, entry);
    if (entry !== name && entry !== `${name}.sql`) {
      throw new RangeError(`migration ${name} must be ${name}.sql or a folder ${name}; got ${path}`);
    }
    const sql = entry === name ? textOf(path) : read(path);
    return { version, sha256: createHash("sha256").update(sql).digest("hex"), sql };
  });
}

function textOf(folder: string): string {
  const files = readdirSync(folder).sort();
  return files.map((file) => read(join(folder, file))).join("");
}

/** The statements by name: each follows a line `-- name: its name`. Comments are omitted. */
function statementsIn(path: string): readonly (readonly [name: string, sql: string])[] {
  const [, ...parts] = read(path).split(/^-- name: (\w+)$/m);
  return Array.from({ length: parts.length / 2 }, (_, index) => {
    const [name = "", text = ""] = parts.slice(2 * index, 2 * index + 2);
    const sql = text.replaceAll(/^--.*\n/gm, "").trim();
    return [name, sql.replace(/;$/, "")] as const;
  });
}

const HEAD =
  "// Written by scripts/sql.ts from the .sql files beside it: change those, and run `npx node scripts/sql.ts`.\n";

function literal(text: string): string {
  return `\`${text.replaceAll(/[\\`]|\$(?=\{)/g, String.raw`\$&`)}\``;
}

function migrationsModule(store: Store): string {
  const entries = migrationsIn(migrationsOf(store)).map(
    ({ version, sha256, sql }) => `  {
    version: ${String(version)},
    sha256: "${sha256}",
    sql: ${literal(sql)},
  },
`,
  );
  return `${HEAD}import type { Migration } from "../migration.ts";

export const MIGRATIONS: readonly Migration[] = [
${entries.join("")}];
`;
}

function postgresModule(): string {
  return `${migrationsModule("postgres")}
/** With \`{schema}\`, and \`{migrations}\` for their rows. */
export const MIGRATE = ${literal(read(join(STORES, "postgres/migrate.sql")))};
`;
}

function sqliteModule(): string {
  const statements = statementsIn(join(STORES, "sqlite/statements.sql"));
  return `${migrationsModule("sqlite")}
export interface Statements {
${statements.map(([name]) => `  readonly ${name}: string;\n`).join("")}}

/** With \`{prefix}\`. */
export const STATEMENTS: Statements = {
${statements.map(([name, sql]) => `  ${name}: ${literal(sql)},\n`).join("")}};
`;
}

/** The text of each module, by its path. */
export function modules(): ReadonlyMap<string, string> {
  return new Map([
    [join(STORES, "postgres/sql.gen.ts"), postgresModule()],
    [join(STORES, "sqlite/sql.gen.ts"), sqliteModule()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of modules()) writeFileSync(path, text);
  for (const store of ["postgres", "sqlite"] as const) {
    for (const { version, sha256 } of migrationsIn(migrationsOf(store))) {
      console.log(`${store}: migration ${String(version)} is ${sha256}`);
    }
  }
}
