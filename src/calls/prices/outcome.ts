import { duration, flag, optional, type Reader } from "../../internal/check.ts";
import { type EpochSeconds, type Instant, instant } from "../../time.ts";
import type { TokenRates } from "../../tokens/rates.ts";

/** Why a price list gives no rates. */
export type RefusedPrice =
  /** The list does not have the model. */
  | "unknown_model"
  /** A required price is missing. */
  | "missing"
  /** A required price is zero, and the list does not call the model free. */
  | "zero"
  /** A price is invalid, or has a form that `TokenRates` cannot hold. */
  | "unreadable"
  /** The list is older than `maxAgeSeconds`, or its age is unknown. */
  | "stale";

/** Rates from a price list, or the reason why there are none. A missing or unmarked zero price never becomes $0. */
export type RatesOutcome =
  | {
      readonly kind: "priced";
      readonly rates: TokenRates;
      /** Whether the list calls the model free; then every price is $0. */
      readonly free: boolean;
    }
  | { readonly kind: "refused"; readonly why: RefusedPrice; readonly reason: string };

/** The time of the call, and the age that the list may have. */
export interface PriceOptions {
  /** The time of the call: some prices start on a date or depend on the hour. */
  readonly at: Instant;
  /** When the list was published or fetched. No list contains this itself. */
  readonly listedAt?: Instant | undefined;
  /** The highest age of the list at `at`, in seconds. An older list, or one without `listedAt`, is refused. */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * Whether the call generates no tokens, as for an embedding. Then the list needs no output price, and output tokens
   * cost as much as input tokens.
   */
  readonly noOutput?: boolean | undefined;
}

/** Checked {@link PriceOptions}. */
export interface Wanted {
  readonly at: EpochSeconds;
  readonly listedAt: EpochSeconds | null;
  readonly maxAgeSeconds: number | null;
  readonly noOutput: boolean;
}

/** The readers of {@link PriceOptions}. */
export const WANTED: { readonly [Key in keyof Wanted]: Reader<Wanted[Key]> } = {
  at: instant,
  listedAt: /* @__PURE__ */ optional(instant, null),
  maxAgeSeconds: /* @__PURE__ */ optional(duration, null),
  noOutput: /* @__PURE__ */ optional(flag, false),
};
