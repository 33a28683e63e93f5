import type { Awaitable } from "../../internal/awaitable.ts";
import { read } from "../../internal/check.ts";
import type { Wake } from "../../dispatch/wake.ts";
import { schemaName } from "../options.ts";
import { ensureConnection } from "./client.ts";

/** A connected `Client` of `pg` that is used for nothing else. */
export interface PostgresListener {
  query(text: string): PromiseLike<unknown>;
  on(event: "notification", heard: (message: PostgresNotification) => void): unknown;
  on(event: "error", failed: (error: Error) => void): unknown;
  off(event: "notification", heard: (message: PostgresNotification) => void): unknown;
}

export interface PostgresNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** Listens on a channel, and returns the function that ends it. */
export type PostgresListen = (
  channel: string,
  heard: (payload: string) => void,
) => Awaitable<() => Awaitable<unknown>>;

/** The channel that announces a schema's queued jobs; the payload is the lane's name, or empty for any lane. */
export function channelOf(schema: string): string {
  return `${schema}_jobs`;
}

/**
 * Wakes an idle worker when a store with `notify` has queued a job: the `wake` of `work`.
 *
 * A lost notification costs a wait, never a job: the worker goes on polling. The same is true if the connection is
 * lost: a `Client` of `pg` does not reconnect by itself, postgres.js does. An error of the connection is ignored here; it
 * would end the process if nobody listened for it.
 *
 * @param listener - a connected `Client` of `pg` that is used for nothing else and reaches the server directly, since a
 *   pooler in transaction mode forgets who listens. It listens until you end it. For other clients pass a function:
 *   `(channel, heard) => database.listen(channel, heard)` for PGlite, and for postgres.js
 *   `(channel, heard) => sql.listen(channel, heard).then((listening) => () => listening.unlisten())`.
 * @param options - `schema`: that of the store.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a schema that is no name.
 */
export function postgresWake(
  listener: PostgresListener | PostgresListen,
  options: { readonly schema?: string | undefined } = {},
): Wake {
  const { schema } = read("postgresWake", options, { schema: schemaName });
  const channel = channelOf(schema);
  if (typeof listener !== "function") {
    const needed = "a connected Client of pg, or a function that listens";
    ensureConnection("postgresWake: listener", needed, listener, ["query", "on", "off"]);
  }
  const listen = typeof listener === "function" ? listener : listenOn(listener);
  return async (lanes, wake) => {
    const leave = await listen(channel, (lane) => {
      if (lane === "" || lanes.includes(lane)) wake();
    });
    return async () => {
      await leave();
    };
  };
}

function listenOn(client: PostgresListener): PostgresListen {
  return async (channel, heard) => {
    const hear = (message: PostgresNotification): void => {
      if (message.channel === channel) heard(message.payload ?? "");
    };
    client.on("notification", hear);
    // Once for each client, and for as long as it lives: its connection can be lost after the worker has left.
    if (!guarded.has(client)) client.on("error", ignore);
    guarded.add(client);
    const leave = (): unknown => client.off("notification", hear);
    try {
      await client.query(`LISTEN ${channel}`);
    } catch (error) {
      leave();
      throw error;
    }
    // No UNLISTEN: another worker may listen on the same client.
    return leave;
  };
}

/** The clients whose errors are listened for. */
const guarded = new WeakSet<PostgresListener>();

function ignore(): void {
  // The loss of the connection costs a wait.
}
