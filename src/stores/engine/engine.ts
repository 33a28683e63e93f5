import type { Operations } from "../operations.ts";
import { attemptOperations } from "./attempts.ts";
import { Holds } from "./holds.ts";
import { Journal } from "./journal.ts";
import { ledgerOperations } from "./ledger.ts";
import { questionOperations } from "./questions.ts";
import { queueOperations } from "./queue.ts";
import type { Tables } from "./tables.ts";

/**
 * Every operation over any tables, each to be run inside one transaction. What throws has changed nothing.
 *
 * @param by - who the store is, for the journal.
 */
export function engine(tables: Tables, by: string | null = null): Operations {
  const journal = new Journal(tables, by);
  const holds = new Holds(tables, journal);
  return {
    ...recorded(ledgerOperations(tables, holds, journal), journal),
    ...recorded(queueOperations(tables, holds, journal), journal),
    ...recorded(attemptOperations(tables, holds, journal), journal),
    ...questionOperations(tables),
  };
}

/** The operations, each of which keeps its entries. */
function recorded<All extends object>(operations: All, journal: Journal): All {
  const entries = Object.entries(operations).map(
    ([name, operation]: [string, (...args: never[]) => unknown]) => [
      name,
      (...args: never[]) => journal.recording(() => operation(...args)),
    ],
  );
  // The same names, with functions of the same types.
  return Object.fromEntries(entries) as All;
}
