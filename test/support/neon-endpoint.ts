import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { Pool, type QueryArrayResult } from "pg";
import { listening, portOf } from "./ports.ts";

/** A request of Neon's driver, `neon()` of https://github.com/neondatabase/serverless: one query each. */
interface Asked {
  readonly query: string;
  readonly params: unknown[];
}

export interface Endpoint {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Neon's HTTP endpoint for one query per request, for any PostgreSQL. It sends rows as lists of texts, and an error of the
 * server as a 400 with the fields of the error.
 */
export async function neonEndpoint(databaseUrl: string): Promise<Endpoint> {
  const pool = new Pool({ connectionString: databaseUrl, max: 8 });
  const server = createServer((request, response) => {
    void answer(pool, request, response);
  });
  await listening(server);
  return {
    url: `http://127.0.0.1:${String(portOf(server))}/sql`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await pool.end();
    },
  };
}

async function answer(pool: Pool, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  try {
    if (request.url !== "/sql" || !request.headers["neon-connection-string"])
      throw new Error("not a request of Neon's driver");
    // The driver sends it.
    const { query, params } = JSON.parse(await text(request)) as Asked;
    const { fields, rows, command, rowCount } = await ask(pool, query, params);
    send(200, { fields, rows, command, rowCount, rowAsArray: true, viaNeonFetch: true });
  } catch (error) {
    const { message, code, severity, detail } = error as Partial<Record<string, unknown>>;
    send(400, { message, code, severity, detail });
  }
}

function ask(pool: Pool, query: string, params: unknown[]): Promise<QueryArrayResult<unknown[]>> {
  return pool.query<unknown[]>({
    text: query,
    values: params,
    rowMode: "array",
    // As texts: the driver parses them by the types of the fields.
    types: { getTypeParser: () => (value: unknown) => value },
  });
}
