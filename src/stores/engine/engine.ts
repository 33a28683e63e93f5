import type { Operations } from "../operations.ts";
import { attemptOperations } from "./attempts.ts";
import { Holds } from "./holds.ts";
import { ledgerOperations } from "./ledger.ts";
import { queueOperations } from "./queue.ts";
import type { Tables } from "./tables.ts";

/** Every operation over any tables, each to be run inside one transaction. What throws has changed nothing. */
export function engine(tables: Tables): Operations {
  const holds = new Holds(tables);
  return {
    ...ledgerOperations(tables, holds),
    ...queueOperations(tables, holds),
    ...attemptOperations(tables, holds),
  };
}
