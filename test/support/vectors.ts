import { readFileSync } from "node:fs";

/** One recorded case; its other fields are the inputs of `op`. */
export interface Vector {
  readonly op: string;
  readonly ok?: unknown;
  readonly error?: string;
  /** The intended other answer of this library: `"invalid"`, `"either"`, or other values. */
  readonly differs?: unknown;
}

/** The cases of one operation in a recorded file. */
export function vectors<Case>(file: string, op: string): readonly (Vector & Case)[] {
  const all = json(file) as readonly (Vector & Case)[];
  const found = all.filter((vector) => vector.op === op);
  if (found.length === 0) throw new Error(`${file}.json has no case of ${op}`);
  return found;
}

/** The operations of a recorded file. */
export function operations(file: string): readonly string[] {
  return Array.from(new Set((json(file) as readonly Vector[]).map(({ op }) => op)));
}

/** A recorded file, unchanged. */
export function json(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), "utf8"));
}
