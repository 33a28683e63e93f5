// One of many processes that migrate at once: told where, it says when it is ready, and goes on with the others.
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { Pool } from "pg";
import { isDispatchError, microCents } from "../../src/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";

const [kind, where = "", schema = "", holdId = ""] = process.argv.slice(2);
const pool = kind === "postgres" ? new Pool({ connectionString: where }) : null;
const store = pool
  ? postgresStore(pool, { schema })
  : sqliteStore(new DatabaseSync(where, { timeout: 30_000 }), { schema });

process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdout.write(`${await answer()}\n`);
await pool?.end();
process.exit();

async function answer(): Promise<string> {
  const scopes = [{ scope: "run:1", cap: microCents(3n) }];
  try {
    await store.migrate();
    return (await store.hold({ holdId, amount: microCents(1n), scopes, ttlSeconds: 60 })).kind;
  } catch (error) {
    if (isDispatchError(error)) return error.code;
    throw error;
  }
}
