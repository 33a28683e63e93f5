import type { DispatchStore } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { sqliteStore } from "dispatch-kit/sqlite";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../stores/memory/support.ts";

/** Stores by name, each with a clock that stands still until a history moves it. */
export const STORES: Readonly<
  Record<string, (clock: Clock, parse: (payload: unknown) => unknown) => DispatchStore>
> = {
  memory: (clock, payload) => memoryStore({ clock, payload, by: "service" }),
  sqlite: (clock, payload) =>
    sqliteStore(new DatabaseSync(":memory:", { timeout: 5000 }), { clock, payload, by: "service" }),
};

/** All that comes. */
export async function listOf<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}
