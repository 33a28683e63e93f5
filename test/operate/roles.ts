import { readFileSync } from "node:fs";
import { Pool } from "pg";
import { inject } from "vitest";
import { pool } from "../stores/memory/support.ts";

const page = readFileSync(new URL("../../docs/operate.md", import.meta.url), "utf8");

/** The statements of the page's SQL block that begins with this comment, for a schema and a role. */
export function documented(title: string, schema: string, role: string): readonly string[] {
  const block = Array.from(page.matchAll(/^```sql\n-- ([^\n]+)\n(.*?)^```/gms)).find(
    ([, found]) => found === title,
  );
  if (!block) throw new Error(`docs/operate.md has no SQL block "${title}"`);
  const sql = (block[2] ?? "").replaceAll(/--.*$/gm, "");
  return sql
    .replaceAll("dispatch_kit", schema)
    .replaceAll(/\bjobs_(?:owner|worker|reader)\b/g, role)
    .split(";")
    .map((statement) => statement.trim().replaceAll(/\s+/g, " "))
    .filter((statement) => statement !== "");
}

/** Makes a role that can do nothing yet. */
export async function newRole(role: string): Promise<void> {
  await pool().query(`CREATE ROLE ${role} LOGIN PASSWORD 'role'`);
}

/** Connections of a role; `settings` are those of their sessions. */
export function poolOf(role: string, max = 4, settings: Readonly<Record<string, string>> = {}): Pool {
  const url = new URL(inject("databaseUrl"));
  [url.username, url.password] = [role, "role"];
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const made = new Pool({ connectionString: url.href, max, options: options.join(" ") });
  made.on("error", () => undefined);
  return made;
}
