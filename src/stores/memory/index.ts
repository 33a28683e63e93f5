import type { DispatchStore } from "../../dispatch/store.ts";
import { callable, optional, read } from "../../internal/check.ts";
import { type EpochSeconds, epochSeconds, instant } from "../../time.ts";
import { Engine } from "../engine/engine.ts";
import { Store } from "../store.ts";
import { MemoryTables } from "./tables.ts";

export interface MemoryStoreOptions<Payload, Result> {
  /** Gives a payload its type back, and throws for what is none. */
  readonly payload?: (value: unknown) => Payload;
  /** Gives a result its type back, and throws for what is none. */
  readonly result?: (value: unknown) => Result;
  /** The store's time; the machine's by default. */
  readonly clock?: () => EpochSeconds;
}

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
  options: MemoryStoreOptions<Payload, Result> = {},
): DispatchStore<Payload, Result> {
  const call = optional(callable, undefined);
  read("memoryStore", options, { payload: call, result: call, clock: call }, true);
  // Without a parser the types are the caller's own claim.
  const { payload = (value) => value as Payload, result = (value) => value as Result } = options;
  const clock = options.clock ?? (() => epochSeconds(new Date()));
  const engine = new Engine(new MemoryTables(() => instant("memoryStore: clock", clock())));
  // Every operation runs in one turn, so each is a transaction.
  return new Store(
    async (operation) => operation(engine),
    { payload, result },
    async () => {},
  );
}
