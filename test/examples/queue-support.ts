import { epochSeconds, type MicroCents, type ScopeCap, usd } from "dispatch-kit";
import { type PostgresStore, postgresStore } from "dispatch-kit/postgres";
import type { Client, Pool } from "pg";
import { inject } from "vitest";
import type { Budget } from "../../examples/queue-budget/attempt.ts";
import { freshDatabase, inTransaction } from "../../examples/queue-budget/database.ts";

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
export async function fixtureOn(name: string): Promise<Fixture> {
  const own = `${name}_${String(process.pid)}`;
  const { url, pool, drop } = await freshDatabase(inject("databaseUrl"), own);
  const clock = (): number => Date.now() / 1000 + fixture.ahead;
  const store = postgresStore(pool, { clock: () => epochSeconds(clock()) });
  const scopes: readonly ScopeCap[] = [{ scope: SCOPE, cap: cents(20) }];
  const fixture: Fixture = {
    url,
    pool,
    store,
    budget: { most: cents(10), scopes: () => scopes, ttlSeconds: 3600 },
    ahead: 0,
    usage: async () => {
      const { reserved, spent } = await store.usage(SCOPE);
      return [reserved / cents(1), spent / cents(1)];
    },
    within: (end, act) => inTransaction(url, end, act),
    drop,
  };
  await store.migrate();
  return fixture;
}

export function cents(count: number): MicroCents {
  return usd(String(count / 100));
}
