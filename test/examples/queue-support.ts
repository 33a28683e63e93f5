import { epochSeconds, type MicroCents, type ScopeCap, usd } from "dispatch-kit";
import { type PostgresStore, postgresStore } from "dispatch-kit/postgres";
import { Client, Pool } from "pg";
import { inject } from "vitest";
import type { Budget } from "../../examples/queue-budget/attempt.ts";

/** A database of its own, with a store in it whose clock a test can move. */
export interface Fixture {
  readonly url: string;
  readonly pool: Pool;
  readonly store: PostgresStore;
  readonly budget: Budget;
  /** Seconds that the store's clock is ahead. */
  ahead: number;
  /** Reserved and spent, in cents. */
  readonly usage: () => Promise<readonly [bigint, bigint]>;
  /** In a transaction of its own, which ends as told. */
  readonly within: <Value>(
    end: "COMMIT" | "ROLLBACK",
    act: (client: Client) => Promise<Value>,
  ) => Promise<Value>;
  readonly drop: () => Promise<void>;
}

const SCOPE = "run:queue";

/** Room for two attempts of 10 cents. */
export async function freshDatabase(name: string): Promise<Fixture> {
  const database = `${name}_${String(process.pid)}`;
  await admin(`CREATE DATABASE ${database}`);
  const url = new URL(inject("databaseUrl"));
  url.pathname = database;
  const pool = new Pool({ connectionString: url.href });
  // Graphile Worker wants both to be heard; what fails in a query is thrown there.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const clock = (): number => Date.now() / 1000 + fixture.ahead;
  const store = postgresStore(pool, { clock: () => epochSeconds(clock()) });
  const scopes: readonly ScopeCap[] = [{ scope: SCOPE, cap: cents(20) }];
  const fixture: Fixture = {
    url: url.href,
    pool,
    store,
    budget: { most: cents(10), scopes: () => scopes, ttlSeconds: 3600 },
    ahead: 0,
    usage: async () => {
      const { reserved, spent } = await store.usage(SCOPE);
      return [reserved / cents(1), spent / cents(1)];
    },
    within: async (end, act) => {
      const client = new Client({ connectionString: url.href });
      await client.connect();
      try {
        await client.query("BEGIN");
        const value = await act(client);
        await client.query(end);
        return value;
      } finally {
        await client.end();
      }
    },
    drop: async () => {
      await pool.end();
      await admin(`DROP DATABASE ${database} WITH (FORCE)`);
    },
  };
  await store.migrate();
  return fixture;
}

export function cents(count: number): MicroCents {
  return usd(String(count / 100));
}

async function admin(sql: string): Promise<void> {
  const client = new Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  await client.query(sql);
  await client.end();
}
