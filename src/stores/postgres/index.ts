import type { DispatchStore } from "../../dispatch/contract.ts";
import { flag, optional } from "../../internal/check.ts";
import { type DatabaseOptions, ensureClient, storeOptions } from "../options.ts";
import { Store } from "../door.ts";
import { ensureConnection, type PostgresClient, run } from "./client.ts";
import { Barrier } from "./journal.ts";
import { migrationOf } from "./migrate.ts";
import { notifying } from "./notify.ts";
import { postgresOperations } from "./operations.ts";

export type { DatabaseOptions } from "../options.ts";
export type { PostgresClient } from "./client.ts";
export {
  type PostgresListen,
  type PostgresListener,
  type PostgresNotification,
  postgresWake,
} from "./wake.ts";

export interface PostgresStoreOptions<Payload, Result> extends DatabaseOptions<Payload, Result> {
  /**
   * Notifies the workers that listen with `postgresWake` of each job that this store has queued: after the commit,
   * and for each lane at most once in 100 ms. Without it, the default, and `within` your transactions, they find the
   * job by polling.
   */
  readonly notify?: boolean | undefined;
}

/** A store in a PostgreSQL database. */
export interface PostgresStore<Payload = unknown, Result = unknown> extends DispatchStore<Payload, Result> {
  /**
   * The same store inside a transaction that you have begun on a client of your own: what it answers counts once
   * you commit, and is undone if you roll back.
   *
   * Its scopes stay locked until then, and others wait for them. Nothing is tried again inside: at `store_failed`,
   * such as for a deadlock with a transaction that took its scopes in another order, or for a job that another one
   * submits just then, roll back and begin again. On a client that is in no transaction each call is committed by
   * itself.
   *
   * @throws TypeError for what is no client, and for a `Pool` of pg, which runs each call on any connection.
   */
  within(client: PostgresClient): DispatchStore<Payload, Result>;
}

/**
 * Jobs and money in a PostgreSQL database, 14 or newer: any number of processes on any number of machines.
 *
 * Each operation is one round trip, and calls that are in flight together are sent as one statement. Nothing is kept
 * on a connection, so a pooler in transaction mode works. Call `migrate()` once before anything else.
 *
 * @param client - a `Pool` or `Client` of `pg`, a `PGlite`, or a function of two lines around another client.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a schema that is no name.
 */
export function postgresStore<Payload = unknown, Result = unknown>(
  client: PostgresClient,
  options: PostgresStoreOptions<Payload, Result> = {},
): PostgresStore<Payload, Result> {
  const more = { notify: optional(flag, false) };
  const { parsers, ...names } = storeOptions("postgresStore", options, true, more);
  const barrier = new Barrier();
  const on = (theirs: PostgresClient, alone: boolean): Store<Payload, Result> => {
    if (alone) {
      const needed = "the client on which you have begun, with query(text, values)";
      ensureConnection("within: client", needed, theirs, ["query"]);
    } else {
      const needed = "a client with query(text, values), such as a Pool of pg";
      ensureClient("postgresStore: client", needed, theirs, ["query"]);
    }
    const plain = postgresOperations(theirs, names, barrier, alone);
    const operations = options.notify === true && !alone ? notifying(plain, theirs, names.schema) : plain;
    return new Store(
      async (operation) => operation(operations),
      parsers,
      () => run(theirs, migrationOf(names.schema)),
    );
  };
  return Object.assign(on(client, false), { within: (theirs: PostgresClient) => on(theirs, true) });
}
