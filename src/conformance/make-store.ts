import type { Awaitable } from "../internal/awaitable.ts";
import type { BudgetLedger } from "../budget/contract.ts";
import type { DispatchStore, JobStore } from "../dispatch/contract.ts";
import type { EpochSeconds } from "../time.ts";

/** A method that a case may need. */
export type Method = Exclude<keyof DispatchStore, "migrate">;

/** What a case tests: only `jobs`, only the `ledger`, or `both` (jobs that cost money). */
export type ConformancePart = "jobs" | "ledger" | "both";

/** The same methods; each may return its answer or a promise. */
type Eventually<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Awaitable<Awaited<Answer>>
    : never;
};

/** A store with these methods required and all others optional. */
type With<Required, Names extends keyof DispatchStore> = Required &
  Eventually<Pick<DispatchStore, Names>> &
  Partial<Eventually<Omit<DispatchStore, keyof Required | Names>>>;

/**
 * The methods that each part requires of a store. A case that needs another, optional method is skipped without it; if the
 * method is part of a {@link Feature} that the store does not declare to lack, the case fails.
 */
export interface ConformanceStores {
  readonly jobs: With<JobStore, "submit">;
  readonly ledger: With<BudgetLedger, never>;
  readonly both: With<JobStore & BudgetLedger, "submit">;
}

/** The options that every case passes to {@link MakeStore}. */
export interface MakeStoreOptions {
  /** The store's time; only the case moves it. */
  readonly clock: () => EpochSeconds;
  /** Parses a payload at its claim, and throws for an invalid one; for stores that have parsers. */
  readonly payload: (value: unknown) => unknown;
}

/**
 * A part of the contract that a store of your own may leave out, and then names in {@link MakeStore}. All else is needed of
 * every store.
 *
 * - `caps`: a cap may be left out of a request; `unpinCap`, `raiseCap` and `cap`.
 * - `corrections`: `correct` replaces what is booked for a closed hold.
 * - `deadlines`: `decideBy` and `claimBy`, and the `ended` of a recovery, which may then be missing.
 * - `decisions`: the id of a decision makes its repeat safe, and is refused for another change.
 * - `forget`: `forget`, and a `prune` with a limit.
 * - `give_back`: `fail` with `counts: false`, also for a payload that the store's parser refuses.
 * - `id`: the store's own `id`.
 * - `journal`: `journal` has an entry for each move.
 * - `leases`: the `leaseSeconds` and the `by` of a claim.
 * - `pauses`: `pauseLane`, `resumeLane` and `lanes`.
 * - `questions`: `scopes`, `holds`, `attempts`, `counts`, `spend`, `inDoubt` and `audit`, and the times of a job.
 * - `retries`: `retry` queues a failed job again.
 * - `run_limits`: the `maxRunSeconds` of a job.
 * - `submitted_scopes`: the `scopes` of a submission are those of its approval.
 * - `tags`: `tags` and `requestedBy` are stored and returned.
 * - `unreadable`: `job` and `jobs` show a job whose payload the parser refuses.
 */
export type Feature =
  | "caps"
  | "corrections"
  | "deadlines"
  | "decisions"
  | "forget"
  | "give_back"
  | "id"
  | "journal"
  | "leases"
  | "pauses"
  | "questions"
  | "retries"
  | "run_limits"
  | "submitted_scopes"
  | "tags"
  | "unreadable";

/** The methods of each feature. */
export const FEATURES: Readonly<Record<Feature, readonly Method[]>> = {
  caps: ["unpinCap", "raiseCap", "cap"],
  corrections: ["correct"],
  deadlines: [],
  decisions: [],
  forget: ["forget"],
  give_back: [],
  id: ["id"],
  journal: ["journal"],
  leases: [],
  pauses: ["pauseLane", "resumeLane", "lanes"],
  questions: ["scopes", "holds", "attempts", "counts", "spend", "inDoubt", "audit"],
  retries: ["retry"],
  run_limits: [],
  submitted_scopes: [],
  tags: [],
  unreadable: [],
};

/** Makes stores for the cases. Its hooks are optional; a case is skipped if it needs a missing hook. */
export interface MakeStore<Store> {
  /** Makes a fresh, empty store that is ready to use. */
  (options: MakeStoreOptions): Awaitable<Store>;
  /** What the store leaves out: the cases about it are skipped. By default every case must pass. */
  readonly lacks?: readonly Feature[] | undefined;
  /** Makes a second handle on a store's database, through another connection or process. */
  readonly peer?: ((store: Store) => Awaitable<Store>) | undefined;
  /**
   * Makes a handle on a store's database whose next operation loses its connection and throws: `before` its commit, so
   * that nothing is done, or `after` it, so that only the answer is lost.
   */
  readonly cut?: ((store: Store, when: "before" | "after") => Awaitable<Store>) | undefined;
  /** Calls `use` with a handle inside a caller's transaction, waits for it, and rolls back. */
  readonly rolledBack?:
    ((store: Store, use: (inside: Store) => Promise<void>) => Awaitable<void>) | undefined;
  /** Releases a job's hold and its money directly in the database, as a manual change would. */
  readonly closeHold?: ((store: Store, holdId: string) => Awaitable<void>) | undefined;
  /** Is called at the end of a case for each of its handles, for the store itself last. */
  readonly close?: ((handle: Store) => Awaitable<void>) | undefined;
}
