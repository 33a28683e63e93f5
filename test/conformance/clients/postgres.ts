import type { DispatchStore } from "dispatch-kit";
import type { MakeStore, MakeStoreOptions } from "dispatch-kit/conformance";
import { type PostgresClient, type PostgresStore, postgresStore } from "dispatch-kit/postgres";
import { Pool } from "pg";
import { Barrier } from "../../../src/stores/postgres/journal.ts";
import { postgresOperations } from "../../../src/stores/postgres/operations.ts";
import { CuttingProxy, isReadyForQuery, type When } from "../../support/cutting-proxy.ts";
import { empty, newSchema } from "../../stores/memory/support.ts";

/** A client that a store was given, and its end. */
export interface Connected {
  readonly client: PostgresClient;
  close(): Promise<void>;
}

/** One way to reach PostgreSQL. */
export interface Way {
  /** A client of its own; PGlite is its own server. */
  connect(url: string): Promise<Connected>;
  /** Calls `use` in a transaction of the caller's own, and rolls it back. */
  rolledBack(url: string, use: (client: PostgresClient) => Promise<void>): Promise<void>;
  /** Whether bytes of the server's end an answer; without it the client has no connection to cut. */
  readonly isAnswered?: (bytes: Buffer) => boolean;
  /** Whether another client of its own sees the same database. */
  readonly isShared?: boolean;
}

interface Made {
  readonly options: MakeStoreOptions;
  readonly proxied?: { readonly proxy: CuttingProxy; readonly connected: Connected };
}

export interface PostgresMaker extends MakeStore<DispatchStore> {
  /** Drops what was made. */
  readonly end: () => Promise<void>;
}

/** Makes stores on one schema, which is emptied for each, through two clients of one kind. */
export function postgresMaker(url: string, way: Way): PostgresMaker {
  const schema = newSchema();
  const made = new Map<DispatchStore, Made>();
  let ready: Promise<{ readonly own: Connected; readonly other: Connected }> | undefined;

  const prepare = async (): Promise<{ readonly own: Connected; readonly other: Connected }> => {
    const own = await way.connect(url);
    await postgresStore(own.client, { schema }).migrate();
    return { own, other: way.isShared === false ? own : await way.connect(url) };
  };
  const clients = (): Promise<{ readonly own: Connected; readonly other: Connected }> =>
    (ready ??= prepare());

  const keep = (client: PostgresClient, of: Made): PostgresStore => {
    const { clock, payload } = of.options;
    const store = postgresStore(client, { schema, clock, payload });
    made.set(store, of);
    return store;
  };
  const madeOf = (store: DispatchStore): Made => {
    const of = made.get(store);
    if (!of) throw new Error("a store of another maker");
    return of;
  };

  const make = async (options: MakeStoreOptions): Promise<DispatchStore> => {
    const { own } = await clients();
    await empty(own.client, schema);
    // An empty schema has lost its id too.
    const id = `INSERT INTO ${schema}.store SELECT gen_random_uuid() WHERE NOT EXISTS (SELECT FROM ${schema}.store)`;
    await own.client.query(id, []);
    return keep(own.client, { options });
  };

  const cut = async (store: DispatchStore, when: When): Promise<DispatchStore> => {
    if (!way.isAnswered) throw new Error("this client has no connection");
    const target = new URL(url);
    // The name of the schema is in every statement of the store, and in none of the client's own.
    const proxy = await CuttingProxy.start(target, {
      when,
      marker: schema,
      isAnswered: way.isAnswered,
    });
    const connected = await way.connect(proxy.through(target));
    return keep(connected.client, { options: madeOf(store).options, proxied: { proxy, connected } });
  };

  return Object.assign(make, {
    peer: async (store: DispatchStore) => keep((await clients()).other.client, madeOf(store)),
    ...(way.isAnswered && { cut }),
    rolledBack: async (store: DispatchStore, use: (inside: DispatchStore) => Promise<void>) => {
      const { own } = await clients();
      const { clock, payload } = madeOf(store).options;
      const outside = postgresStore(own.client, { schema, clock, payload });
      await way.rolledBack(url, (client) => use(outside.within(client)));
    },
    closeHold: async (store: DispatchStore, holdId: string) => {
      const { own } = await clients();
      // Below the door, which refuses to touch a job's hold.
      await postgresOperations(
        own.client,
        { schema, clock: madeOf(store).options.clock, by: null },
        new Barrier(),
        true,
      ).release(holdId);
    },
    close: async (store: DispatchStore) => {
      const { proxied } = madeOf(store);
      made.delete(store);
      if (!proxied) return;
      const { proxy, connected } = proxied;
      await connected.close().catch(() => undefined);
      await proxy.stop();
      if (proxy.cuts !== 1) throw new Error(`${String(proxy.cuts)} connections were cut, not one`);
    },
    end: async () => {
      if (!ready) return;
      const { own, other } = await ready;
      await own.client.query(`DROP SCHEMA ${schema} CASCADE`, []);
      if (other !== own) await other.close();
      await own.close();
    },
  });
}

/** `pg`'s Pool, straight or through a pooler. */
export const poolWay: Way = {
  connect: (url) => {
    const pool = new Pool({ connectionString: url, max: 4 });
    // A connection that is lost while nobody uses it is no concern of these tests.
    pool.on("error", () => undefined);
    return Promise.resolve({ client: pool, close: () => pool.end() });
  },
  rolledBack: async (url, use) => {
    const pool = new Pool({ connectionString: url, max: 1 });
    const client = await pool.connect();
    await inTransaction(client, use);
    client.release();
    await pool.end();
  },
  isAnswered: isReadyForQuery,
};

/** Calls `use` in a transaction on a client that is nobody else's, and rolls it back. */
export async function inTransaction(
  client: PostgresClient,
  use: (client: PostgresClient) => Promise<void>,
): Promise<void> {
  await client.query("BEGIN", []);
  try {
    await use(client);
  } finally {
    await client.query("ROLLBACK", []);
  }
}
