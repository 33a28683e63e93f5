import { type Facts, pythonFacts, type Surface } from "./python.ts";

/** What differs on purpose: a row of the table. */
export interface Row {
  readonly python: string;
  readonly here: string;
  readonly why: string;
  /** Each fact that differs: the original's, then ours; `null` where there is none. */
  readonly differs?: Readonly<Record<string, readonly [python: string | null, here: string | null]>>;
  /** Other names for fields, by `Class.field`. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** What differs without being in the table, and what is in the table without differing so. */
export function problems(names: Surface, here: Facts, table: readonly Row[]): string[] {
  const renamed = new Map(table.flatMap((row) => Object.entries(row.renamed ?? {})));
  const python = pythonFacts(names, renamed);
  const declared = table.flatMap((row) => Object.entries(row.differs ?? {}));
  const unused = new Map(declared);
  const found = declared.length === unused.size ? [] : ["a fact is in two rows"];
  for (const path of new Set([...python.keys(), ...here.keys()])) {
    const [name = ""] = path.replace(/^new /, "").split(/[.: (]/);
    // Of what is not ported, the name alone.
    if (!here.has(name) && path !== name) continue;
    const [theirs, ours] = [python.get(path) ?? null, here.get(path) ?? null];
    if (theirs === ours) continue;
    const row = unused.get(path);
    if (row?.[0] === theirs && row[1] === ours) unused.delete(path);
    else found.push(`${path}: ${theirs ?? "nothing"} in Python, ${ours ?? "nothing"} here`);
  }
  for (const path of unused.keys()) found.push(`${path}: the table declares a difference that is not there`);
  for (const [path, to] of renamed) {
    const [name = "", field] = path.split(".");
    if (names[name]?.fields?.some((slot) => slot.name === field) === true) continue;
    found.push(`${path}: the table renames it to ${to}, and there is no such field`);
  }
  return found;
}
