import type { MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds } from "../time.ts";
import type { ScopeCap } from "./scopes.ts";
import type { BudgetState } from "./state.ts";

/** What a store may return: the value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * Where a hold is: `open`, or resolved once as `settled` (the truth is booked), `released` (nothing ran)
 * or `charged` (in full, because nobody reported). A charged or released one may still be settled, once.
 */
export const HoldState: Readonly<{
  OPEN: "open";
  SETTLED: "settled";
  RELEASED: "released";
  CHARGED: "charged";
}> = /* @__PURE__ */ Object.freeze({
  OPEN: "open",
  SETTLED: "settled",
  RELEASED: "released",
  CHARGED: "charged",
});
export type HoldState = (typeof HoldState)[keyof typeof HoldState];

/** Money to set aside for one execution. */
export interface HoldRequest {
  /** The identity of the hold, 1 to 200 code units; `job:` is the job store's. */
  readonly holdId: string;
  /** An upper bound of the cost, 0 to 2^62 - 1 micro-cents. */
  readonly amount: MicroCents;
  /** Every counter that it counts in, at least one, each once. */
  readonly scopes: readonly ScopeCap[];
  /** Seconds, above 0, after which `expire` charges it in full if nobody resolved it. */
  readonly ttlSeconds: number;
}

/** A scope without room, and how many micro-cents it lacks. */
export interface Lacking {
  readonly scope: string;
  /** If its time is over: all that was asked for. */
  readonly by: MicroCents;
  /** The scope's `until` has passed, so nothing new is held in it, whatever its cap: make the scopes anew. */
  readonly over?: true;
}

/** Only `held` admits, and it is returned once for an id. */
export type HoldOutcome =
  | { readonly kind: "held" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "exists"; readonly state: HoldState };

/**
 * `overrun` is what nobody had set aside for; `corrected` says that a charge or a release was replaced.
 * `conflict`: it was settled before at another amount, and nothing moved.
 */
export type SettleOutcome =
  | {
      readonly kind: "settled";
      readonly booked: MicroCents;
      readonly overrun: MicroCents;
      readonly corrected: boolean;
    }
  | { readonly kind: "conflict"; readonly booked: MicroCents };

export type ReleaseOutcome =
  { readonly kind: "released" } | { readonly kind: "closed"; readonly as: "settled" | "charged" };

export interface ExpireOutcome {
  readonly charged: readonly { readonly holdId: string; readonly amount: MicroCents }[];
  /** Whether there was more than the limit. */
  readonly more: boolean;
}

/** A hold as the ledger knows it. */
export interface Hold {
  readonly holdId: string;
  /** What is set aside, extensions included, in micro-cents. */
  readonly amount: MicroCents;
  /** None after it was pruned. */
  readonly scopes: readonly ScopeCap[];
  readonly state: HoldState;
  /** What the scopes have booked for it as spent, in micro-cents; 0 while open or released. */
  readonly booked: MicroCents;
  /** When `expire` charges it; `null` for a job's, which recovery resolves. */
  readonly expiresAt: EpochSeconds | null;
}

/**
 * Money that is set aside before it is spent, across processes and crashes. Every operation is safe to
 * repeat with the same ids, and a store that cannot answer throws: no store, no spend.
 *
 * Per scope, the true cost of everything admitted never exceeds the largest cap it was admitted under, as
 * long as each execution costs at most its amount.
 */
export interface BudgetLedger {
  /**
   * Sets money aside in every scope, or in none.
   *
   * @throws DispatchError `hold_conflict` for another body under the id, `cap_conflict` against a pinned
   *   cap, `hold_owned_by_job` for an id that starts with `job:`.
   */
  hold(request: HoldRequest): Awaitable<HoldOutcome>;
  /** Replaces the hold by the truth. @throws DispatchError `hold_unknown`, `hold_owned_by_job`. */
  settle(holdId: string, actual: MicroCents): Awaitable<SettleOutcome>;
  /** Gives the money back: nothing ran. @throws DispatchError `hold_unknown`, `hold_owned_by_job`. */
  release(holdId: string): Awaitable<ReleaseOutcome>;
  /** Sets `by` more aside under the same id; `step` counts from 1, and a repeated step is applied once. */
  extend(holdId: string, by: MicroCents, step: number): Awaitable<HoldOutcome>;
  /** Charges every open hold whose time is over in full: paid work may have run. */
  expire(options?: { readonly limit?: number }): Awaitable<ExpireOutcome>;
  /** What a scope has committed; nothing, if it was never used. */
  usage(scope: string): Awaitable<BudgetState>;
  /** A hold as it is now, a job's `job:<id>#<attempt>` too; `null` if there is none. */
  getHold(holdId: string): Awaitable<Hold | null>;
}
