import { Client, Pool } from "pg";

/** A new database on a server. */
export interface FreshDatabase {
  readonly url: string;
  readonly pool: Pool;
  readonly drop: () => Promise<void>;
}

export async function freshDatabase(server: string, name: string): Promise<FreshDatabase> {
  await on(server, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(server);
  url.pathname = name;
  const pool = new Pool({ connectionString: url.href });
  // Graphile Worker requires listeners for both; errors of a query are thrown by the query.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const drop = async (): Promise<void> => {
    await pool.end();
    await on(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  };
  return { url: url.href, pool, drop };
}

/** Runs a transaction on its own connection and ends it with `end`. If it throws, the connection ends and rolls it back. */
export function inTransaction<Value>(
  url: string,
  end: "COMMIT" | "ROLLBACK",
  act: (client: Client) => Promise<Value>,
): Promise<Value> {
  return on(url, async (client) => {
    await client.query("BEGIN");
    const value = await act(client);
    await client.query(end);
    return value;
  });
}

async function on<Value>(url: string, use: (client: Client) => Promise<Value>): Promise<Value> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
