import type { Operations } from "../operations.ts";
import { attemptOperations } from "./attempts.ts";
import { Calls, type StoreNames } from "./calls.ts";
import type { PostgresClient } from "./client.ts";
import { type Barrier, journalOperations } from "./journal.ts";
import { ledgerOperations } from "./ledger.ts";
import { questionOperations } from "./questions.ts";
import { queueOperations } from "./queue.ts";

/**
 * Each operation is one call of one function of the database; the pure rules make the outcome of its answer.
 *
 * @param alone - inside a caller's transaction, where each call is a statement of its own.
 */
export function postgresOperations(
  client: PostgresClient,
  names: StoreNames,
  barrier: Barrier,
  alone: boolean,
): Operations {
  const calls = new Calls(client, names, alone);
  return {
    ...ledgerOperations(calls),
    ...queueOperations(calls),
    ...attemptOperations(calls),
    ...journalOperations(calls, barrier),
    ...questionOperations(calls),
  };
}
