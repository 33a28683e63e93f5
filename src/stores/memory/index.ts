import type { DispatchStore } from "../../dispatch/contract.ts";
import { type EpochSeconds, epochSeconds } from "../../time.ts";
import { engine } from "../engine/engine.ts";
import { storeOptions, type StoreOptions } from "../options.ts";
import { Store } from "../door.ts";
import { MemoryTables } from "./tables.ts";

export type { StoreOptions, StoreOptions as MemoryStoreOptions } from "../options.ts";

/**
 * Jobs and money in the memory of one process: for tests, for trying things out, and as the reference
 * that durable stores are held against. What it holds ends with the process.
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
  const { parsers, clock } = storeOptions("memoryStore", options, false);
  let now: EpochSeconds;
  const operations = engine(new MemoryTables(() => now));
  return new Store(
    // In one turn, so each is a transaction; at one instant, so a clock that fails fails before anything moves.
    async (operation) => {
      now = (clock ?? (() => epochSeconds(new Date())))();
      return operation(operations);
    },
    parsers,
    () => {},
  );
}
