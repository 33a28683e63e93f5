import type { DispatchStore } from "../../dispatch/contract.ts";
import { type EpochSeconds, epochSeconds } from "../../time.ts";
import { engine } from "../engine/engine.ts";
import { storeOptions, type StoreOptions } from "../options.ts";
import { Store } from "../door.ts";
import { MemoryTables } from "./tables.ts";

export type { StoreOptions, StoreOptions as MemoryStoreOptions } from "../options.ts";

/**
 * A store in the memory of one process: for tests and trials, and as the reference for durable stores. Its contents end with
 * the process.
 *
 * @example
 * ```ts
 * const store = memoryStore();
 * const cap = usd("1");
 * const scopes = [{ scope: runScope("42"), cap }];
 * const held = await store.hold({ holdId: "call-1", amount: usd("0.60"), scopes, ttlSeconds: 60 });
 * held.kind; // => "held"
 * const next = await store.hold({ holdId: "call-2", amount: usd("0.60"), scopes, ttlSeconds: 60 });
 * next.kind; // => "refused"
 * ```
 */
export function memoryStore<Payload = unknown, Result = unknown>(
  options: StoreOptions<Payload, Result> = {},
): DispatchStore<Payload, Result> {
  const { parsers, clock, by } = storeOptions("memoryStore", options, false);
  let now: EpochSeconds;
  const operations = engine(new MemoryTables(() => now), by);
  return new Store(
    // An operation never waits, so it is a transaction. The clock is read first, so that its failure changes nothing.
    async (operation) => {
      now = (clock ?? (() => epochSeconds(new Date())))();
      return operation(operations);
    },
    parsers,
    () => {},
  );
}
