import type { EpochSeconds } from "../../time.ts";
import type { Operations } from "../operations.ts";
import { attemptOperations } from "./attempts.ts";
import { Calls } from "./calls.ts";
import type { PostgresClient } from "./client.ts";
import { ledgerOperations } from "./ledger.ts";
import { queueOperations } from "./queue.ts";

/**
 * Each operation is one call of one function of the database; the pure rules make the outcome of its answer.
 *
 * @param alone - inside a caller's transaction, where each call is a statement of its own.
 */
export function postgresOperations(
  client: PostgresClient,
  schema: string,
  clock: (() => EpochSeconds) | null,
  alone: boolean,
): Operations {
  const calls = new Calls(client, schema, clock, alone);
  return { ...ledgerOperations(calls), ...queueOperations(calls), ...attemptOperations(calls) };
}
