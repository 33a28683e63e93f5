import { formatUsd, type HoldOutcome, runScope, usd } from "dispatch-kit";
import { type PostgresStore, postgresStore } from "dispatch-kit/postgres";
import type { Client, Pool } from "pg";
import { startPostgres } from "../../test/support/postgres-server.ts";
import type { Budget } from "./attempt.ts";
import { freshDatabase, inTransaction } from "./database.ts";

const RUN = runScope("mail");

/** Room for ten attempts of at most 10 cents. */
export const BUDGET: Budget = {
  most: usd("0.10"),
  scopes: () => [{ scope: RUN, cap: usd("1") }],
  ttlSeconds: 3600,
};

/** The database and the helpers of an example. */
export interface Ground {
  readonly url: string;
  readonly pool: Pool;
  readonly store: PostgresStore;
  /** Sends jobs, each in its own transaction; returns the ids that were refused. */
  readonly sendAll: (
    ids: readonly string[],
    send: (client: Client, id: string) => Promise<HoldOutcome>,
  ) => Promise<readonly string[]>;
  readonly isAnyHeld: () => Promise<boolean>;
  readonly show: (what: string) => Promise<void>;
}

/** Uses a new database on the server of `DATABASE_URL`, or on a server that it starts, and drops it at the end. */
export async function onFreshDatabase(name: string, use: (ground: Ground) => Promise<void>): Promise<void> {
  const given = process.env["DATABASE_URL"];
  const server = given === undefined ? await startPostgres() : null;
  const own = `dispatch_kit_${name}_${String(process.pid)}`;
  const { url, pool, drop } = await freshDatabase(given ?? server?.url ?? "", own);
  try {
    const store = postgresStore(pool);
    await store.migrate();
    await use(groundOf(url, pool, store));
  } finally {
    await drop();
    await server?.stop();
  }
}

function groundOf(url: string, pool: Pool, store: PostgresStore): Ground {
  return {
    url,
    pool,
    store,
    async sendAll(ids, send) {
      const refused: string[] = [];
      for (const id of ids) {
        const { kind } = await inTransaction(url, "COMMIT", (client) => send(client, id));
        if (kind === "refused") refused.push(id);
      }
      console.log(`sent ${String(ids.length - refused.length)}, refused ${String(refused.length)}`);
      return refused;
    },
    isAnyHeld: async () => (await store.usage(RUN)).reserved > 0n,
    async show(what) {
      const { reserved, spent } = await store.usage(RUN);
      console.log(`${what}: $${formatUsd(reserved)} held, $${formatUsd(spent)} spent of $1.00`);
    },
  };
}

/** Simulates paid work that costs 4 cents, or fails with an unknown cost. */
export function paidWork(
  isLost: boolean,
): Promise<{ readonly value: object; readonly cost: typeof BUDGET.most }> {
  if (isLost)
    return Promise.reject(new Error("the connection to the provider was lost, and the cost is unknown"));
  return Promise.resolve({ value: {}, cost: usd("0.04") });
}
