import type { DispatchStore } from "../../dispatch/store.ts";
import { type DatabaseOptions, storeOptions } from "../options.ts";
import { Store } from "../store.ts";
import { type PostgresClient, tell } from "./client.ts";
import { PostgresOperations } from "./operations.ts";
import { migration } from "./sql/schema.ts";

export type { PostgresClient } from "./client.ts";
export type PostgresStoreOptions<Payload, Result> = DatabaseOptions<Payload, Result>;

/** A store in a PostgreSQL database. */
export interface PostgresStore<Payload = unknown, Result = unknown> extends DispatchStore<Payload, Result> {
  /**
   * The same store inside a transaction that you have begun on a client of your own: what it answers counts once
   * you commit, and is undone if you roll back.
   */
  within(client: PostgresClient): DispatchStore<Payload, Result>;
}

/**
 * Jobs and money in a PostgreSQL database, 14 or newer: any number of processes on any number of machines.
 *
 * Each operation is one round trip, and calls that are in flight together travel as one. Nothing is kept on a
 * connection, so a pooler in transaction mode may stand between. Call `migrate()` once before anything else.
 *
 * @param client - a `Pool` or `Client` of `pg`, a `PGlite`, or a function of two lines around another client.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a schema that is no name.
 */
export function postgresStore<Payload = unknown, Result = unknown>(
  client: PostgresClient,
  options: PostgresStoreOptions<Payload, Result> = {},
): PostgresStore<Payload, Result> {
  const { parsers, clock, schema } = storeOptions("postgresStore", options, true);
  const on = (theirs: PostgresClient, alone: boolean): Store<Payload, Result> => {
    const operations = new PostgresOperations(theirs, schema, clock, alone);
    return new Store(
      async (operation) => operation(operations),
      parsers,
      () => tell(theirs, migration(schema)),
    );
  };
  return Object.assign(on(client, false), { within: (theirs: PostgresClient) => on(theirs, true) });
}
