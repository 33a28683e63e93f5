import type { Decision } from "../approval/decision.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds } from "../time.ts";
import type { HeldScope, ScopeCap } from "./scopes.ts";
import type { BudgetState } from "./state.ts";

/**
 * The state of a hold: `open`, `settled` (its actual cost is booked), `released` (nothing ran) or `charged` (in full,
 * because nobody reported the cost). A charged or released hold may still be settled, once.
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

/** A request to hold money for one execution. */
export interface HoldRequest {
  /** The id of the hold, 1 to 200 code units. The prefix `job:` is reserved for the job store. */
  readonly holdId: string;
  /** An upper bound of the cost, 0 to 2^62 - 1 micro-cents. */
  readonly amount: MicroCents;
  /** The scopes that the hold counts in: at least one, each once. */
  readonly scopes: readonly ScopeCap[];
  /** Seconds, above 0. After this time `expire` charges the hold in full if it is still open. */
  readonly ttlSeconds: number;
  /** Labels of the hold, such as `{ user: "u-7" }`. They move no money. */
  readonly tags?: Tags | undefined;
}

/** Labels of a hold or a job: at most 16, each name and value 1 to 200 code units. */
export type Tags = Readonly<Record<string, string>>;

/** A scope without enough room. */
export interface Lacking {
  readonly scope: string;
  /** Missing room in micro-cents; if the scope has expired or its cap is unknown, the whole amount. */
  readonly by: MicroCents;
  /** When the scope's time ends: a later scope may have room. */
  readonly until?: EpochSeconds;
  /** The scope's `until` has passed, so it refuses every new hold. Build the scopes again for each admission. */
  readonly over?: true;
  /** The scope has no cap: the request has none, and none is pinned any more. */
  readonly unknown?: true;
}

/** Only `held` admits the work. It is returned once; a repeated request gets `exists`. */
export type HoldOutcome =
  | { readonly kind: "held" }
  | { readonly kind: "refused"; readonly lacking: readonly Lacking[] }
  | { readonly kind: "exists"; readonly state: HoldState };

/**
 * `overrun` is the part of the cost above the held amount. `corrected`: the settlement replaced a charge or a release.
 * `conflict`: the hold was settled before at another amount, and nothing changed.
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

/**
 * `corrected`: the booked amount was `from` and is now `to`; `overrun` is the part of `to` that nobody had set aside.
 * `open`: nothing is booked yet, because the hold is open; nothing changed.
 */
export type CorrectOutcome =
  | {
      readonly kind: "corrected";
      readonly from: MicroCents;
      readonly to: MicroCents;
      readonly overrun: MicroCents;
    }
  | { readonly kind: "open" };

export interface ExpireOutcome {
  readonly charged: readonly { readonly holdId: string; readonly amount: MicroCents }[];
  /** Whether more holds are due than the limit allowed. */
  readonly more: boolean;
}

/** A hold as the ledger has stored it. */
export interface Hold {
  readonly holdId: string;
  /** The held amount, extensions included, in micro-cents. */
  readonly amount: MicroCents;
  readonly scopes: readonly HeldScope[];
  readonly state: HoldState;
  /** The amount that the scopes have booked as spent for this hold, in micro-cents; 0 while open or released. */
  readonly booked: MicroCents;
  /** When `expire` may charge the hold; `null` for a job's hold, which recovery resolves. */
  readonly expiresAt: EpochSeconds | null;
  /** Empty after the hold was pruned. */
  readonly tags: Tags;
}

/** The pinned cap of a scope. */
export interface PinnedCap {
  /** The cap that requests are compared with. */
  readonly pinned: MicroCents;
  /** The cap that counts now: the pinned one, or the raised one until its end. */
  readonly cap: MicroCents;
  /** When the raise ends; `null` if the cap is not raised. */
  readonly until: EpochSeconds | null;
}

/**
 * Holds money before it is spent, across processes and crashes. Every operation is safe to repeat with the same ids.
 * A store that cannot answer throws, so nothing is spent without a store.
 *
 * In each scope, the actual cost of all admitted work never exceeds the largest cap that it was admitted under, as long
 * as each execution costs at most its held amount.
 */
export interface BudgetLedger {
  /**
   * Holds an amount in every scope, or in none.
   *
   * @throws DispatchError `hold_conflict` if the id was used for a different request, `cap_conflict` if a scope's cap
   *   is pinned at another amount, `cap_unknown` if the request has no cap for a scope and none is pinned,
   *   `hold_owned_by_job` for an id that starts with `job:`.
   */
  hold(request: HoldRequest): Awaitable<HoldOutcome>;
  /** Replaces the held amount by the actual cost. @throws DispatchError `hold_unknown`, `hold_owned_by_job`. */
  settle(holdId: string, actual: MicroCents): Awaitable<SettleOutcome>;
  /** Frees the held amount because nothing ran. @throws DispatchError `hold_unknown`, `hold_owned_by_job`. */
  release(holdId: string): Awaitable<ReleaseOutcome>;
  /** Holds `by` more under the same id. `step` counts from 1; a repeated step is applied once. */
  extend(holdId: string, by: MicroCents, step: number): Awaitable<HoldOutcome>;
  /** Charges every open hold whose time is over, in full: paid work may have run. */
  expire(options?: { readonly limit?: number | undefined }): Awaitable<ExpireOutcome>;
  /** The amounts that a scope has committed; zero if it was never used. */
  usage(scope: string): Awaitable<BudgetState>;
  /** The current hold of this id, also one of a job (`job:<id>#<n>`); `null` if there is none. */
  getHold(holdId: string): Awaitable<Hold | null>;
  /**
   * Replaces the booked amount of a closed hold by what a bill or a refund says, also for a hold of a job. It may lower or
   * raise, also past a cap. After it, no `settle` moves the hold.
   *
   * @throws DispatchError `hold_unknown`, or `decision_conflict` if the decision's id was used for another change.
   */
  correct?(holdId: string, actual: MicroCents, decision: Decision): Awaitable<CorrectOutcome>;
}
