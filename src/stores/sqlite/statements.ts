import { STATEMENTS, type Statements } from "./sql.gen.ts";

/** The statements on the tables whose names begin with a prefix. */
export function statementsOf(prefix: string): Statements {
  const entries = Object.entries(STATEMENTS).map(([name, sql]: readonly [string, string]) => {
    return [name, sql.replaceAll("{prefix}", prefix)] as const;
  });
  // The same names.
  return Object.fromEntries(entries) as unknown as Statements;
}
