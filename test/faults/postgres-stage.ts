import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import type { StoreName } from "./plan.ts";
import { Proxy } from "./proxy.ts";
import { Server } from "./server.ts";
import type { Stage } from "./stage.ts";

let made = 0;

/** A server of its own for as many seeds as one likes, each with a schema of its own, behind a proxy that cuts. */
export async function postgresStage(store: Exclude<StoreName, "sqlite">): Promise<Stage> {
  const server = await Server.start(store === "postgres" ? "18" : "16");
  const proxy = await Proxy.start(() => server.port);
  return {
    store,
    open(plan, _, broken, journal) {
      proxy.cutAt(plan.cuts, (how) => {
        journal.write({ did: "cut", how });
      });
      made++;
      const schema = `seed_${String(plan.seed)}_${String(made)}`;
      const place = { store, at: server.url, schema, broken };
      return Promise.resolve({ place, through: server.urlAt(proxy.port) });
    },
    async crash(how, { schema }) {
      if (how === "backend") await killBackend(server.url, schema);
      else await server.crash(how);
    },
    async quiet({ schema }) {
      const running = "SELECT FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'";
      while ((await query(server.url, running, schema)).length > 0) await wait(5);
    },
    async close({ schema }) {
      proxy.cutAt([]);
      await query(server.url, `DROP SCHEMA ${schema} CASCADE`);
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

/** One backend of the seed's, whichever it is: the server throws out all others, and recovers. */
async function killBackend(url: string, schema: string): Promise<void> {
  const [backend] = await query(
    url,
    "SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY state <> 'active', pid LIMIT 1",
    schema,
  );
  try {
    if (backend) process.kill(Number(backend["pid"]), "SIGKILL");
  } catch {
    // Its client was quicker to go.
  }
}

/** On a connection of its own, as often as it takes: the server may be recovering from what was done to it. */
async function query(
  url: string,
  text: string,
  ...values: readonly string[]
): Promise<readonly Record<string, unknown>[]> {
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code !== undefined && !/^(?:08|57P|ECONN)/.test(code)) throw error;
      await wait(20);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
