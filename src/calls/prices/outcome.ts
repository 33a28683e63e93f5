import { duration, flag, optional, type Reader, wrongType } from "../../internal/check.ts";
import { type EpochSeconds, epochSeconds } from "../../time.ts";
import type { TokenRates } from "../../tokens/rates.ts";

/** Why a price list gives no rates. */
export type RefusedPrice =
  /** The list does not have the model. */
  | "unknown_model"
  /** A price that is needed is not there. */
  | "missing"
  /** It is zero, and the list does not call the model free. */
  | "zero"
  /** It is no price, or one that these rates cannot hold. */
  | "unreadable"
  /** The list is older than `maxAgeSeconds`, or nobody knows how old. */
  | "stale";

/** Rates from a price list, or why there are none: never $0 by mistake. */
export type RatesOutcome =
  | {
      readonly kind: "priced";
      readonly rates: TokenRates;
      /** The list calls the model free: every price is $0. */
      readonly free: boolean;
    }
  | { readonly kind: "refused"; readonly why: RefusedPrice; readonly reason: string };

/** Of which moment the prices are wanted, and how old the list may be. */
export interface PriceOptions {
  /** The moment of the call: some prices start on a day, or depend on the hour. */
  readonly at: Date | EpochSeconds;
  /** When the list was published or fetched, which no list says itself. */
  readonly listedAt?: Date | EpochSeconds;
  /** A list that is older than this at `at` is refused, as is one without `listedAt`. */
  readonly maxAgeSeconds?: number;
  /**
   * The call writes no tokens, as an embedding: the list need not have an output price. Output that comes
   * after all costs as much as input.
   */
  readonly noOutput?: boolean;
}

const moment: Reader<EpochSeconds> = (what, value) => {
  if (value instanceof Date || typeof value === "number") return epochSeconds(value);
  throw wrongType(what, "a Date or epoch seconds", value);
};

/** {@link PriceOptions}, read. */
export interface Wanted {
  readonly at: EpochSeconds;
  readonly listedAt: EpochSeconds | null;
  readonly maxAgeSeconds: number | null;
  readonly noOutput: boolean;
}

/** The readers of {@link PriceOptions}. */
export const WANTED: { readonly [Key in keyof Wanted]: Reader<Wanted[Key]> } = {
  at: moment,
  listedAt: /* @__PURE__ */ optional(moment, null),
  maxAgeSeconds: /* @__PURE__ */ optional(duration, null),
  noOutput: /* @__PURE__ */ optional(flag, false),
};
