import type { Awaitable } from "../internal/awaitable.ts";
import type { BudgetLedger } from "../budget/contract.ts";
import type { DispatchStore, JobStore } from "../dispatch/contract.ts";
import type { EpochSeconds } from "../time.ts";

/** What a case is about: `jobs` alone, the `ledger` alone, or jobs that cost money. */
export type ConformancePart = "jobs" | "ledger" | "both";

/** The same methods, whose answers may be promises. */
type Eventually<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Awaitable<Awaited<Answer>>
    : never;
};

/** A store's methods, all of them optional but some. */
type With<Required, Names extends keyof DispatchStore> = Required &
  Eventually<Pick<DispatchStore, Names>> &
  Partial<Eventually<Omit<DispatchStore, keyof Required | Names>>>;

/** What the cases of each part ask of a store; a case that needs another method of it is skipped without it. */
export interface ConformanceStores {
  readonly jobs: With<JobStore, "submit">;
  readonly ledger: With<BudgetLedger, never>;
  readonly both: With<JobStore & BudgetLedger, "submit">;
}

/** What every case gives to the store that is made for it. */
export interface MakeStoreOptions {
  /** The store's time: it stands still until the case moves it. */
  readonly clock: () => EpochSeconds;
  /** Reads a payload when it is claimed, and throws for what is none; for a store that has such parsers. */
  readonly payload: (value: unknown) => unknown;
}

/** Makes stores for the cases. What it cannot offer beside that is left out, and what needs it is skipped. */
export interface MakeStore<Store> {
  /** A fresh, empty store, ready to use. */
  (options: MakeStoreOptions): Awaitable<Store>;
  /** A second handle on a store's database: through another connection, or in another process. */
  readonly peer?: ((store: Store) => Awaitable<Store>) | undefined;
  /**
   * A handle on a store's database whose next operation loses its connection and throws: `before` its commit,
   * so that nothing was done, or `after` it, so that only the answer is lost.
   */
  readonly cut?: ((store: Store, when: "before" | "after") => Awaitable<Store>) | undefined;
  /** Calls `use` with a handle inside a transaction of the caller's own, waits for it, and rolls back. */
  readonly rolledBack?:
    ((store: Store, use: (inside: Store) => Promise<void>) => Awaitable<void>) | undefined;
  /** Releases a job's hold in the database itself, and with it the money, as somebody's own hand might. */
  readonly closeHold?: ((store: Store, holdId: string) => Awaitable<void>) | undefined;
  /** Called at the end of a case for each handle that was made for it, the store itself last. */
  readonly close?: ((handle: Store) => Awaitable<void>) | undefined;
}
