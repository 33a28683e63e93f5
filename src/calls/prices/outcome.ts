import {
  duration,
  flag,
  identifier,
  optional,
  outOfRange,
  type Reader,
  type Readers,
} from "../../internal/check.ts";
import { type EpochSeconds, type Instant, instant } from "../../time.ts";
import type { TokenRates } from "../../tokens/rates.ts";

/** Why a price list gives no rates. */
export type RefusedPrice =
  /** The list does not have the model. */
  | "unknown_model"
  /** A required price is missing, or the list has none for the service tier or the region. */
  | "missing"
  /** A required price is zero, and the list does not call the model free. */
  | "zero"
  /** A price is invalid, or has a form that `TokenRates` cannot hold; or there is no price list. */
  | "unreadable"
  /** The list is older than `maxAgeSeconds`, or its age is unknown. */
  | "stale";

/** Rates from a price list, or the reason why there are none. A missing or unmarked zero price never becomes $0. */
export type RatesOutcome =
  | {
      readonly kind: "priced";
      readonly rates: TokenRates;
      /** Whether the list calls the model free; then every price per token is $0. Searches are not free. */
      readonly free: boolean;
      /** The name under which the list has the model. */
      readonly model: string;
      /** The most input tokens that the model takes, as far as the list says it; a whole number above 0. */
      readonly maxInputTokens: number | null;
      /** The most output tokens that the model makes, as far as the list says it; a whole number above 0. */
      readonly maxOutputTokens: number | null;
    }
  | { readonly kind: "refused"; readonly why: RefusedPrice; readonly reason: string };

/** The time of the call, and the age that the list may have. */
export interface PriceOptions {
  /** The time of the call: some prices start on a date or depend on the hour. */
  readonly at: Instant;
  /**
   * The end of the call, at the latest. Of the prices that apply from `at` to `until`, the highest counts, for each kind
   * of tokens by itself. Set it for the bound of a call that may run into dearer hours.
   *
   * @default at
   */
  readonly until?: Instant | undefined;
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
  readonly until: EpochSeconds;
  readonly listedAt: EpochSeconds | null;
  readonly maxAgeSeconds: number | null;
  readonly noOutput: boolean;
}

/** What of a model's prices a call needs. */
export interface Variant {
  /** `null` for the standard tier. */
  readonly serviceTier: string | null;
  /** `null` if the endpoint names none. */
  readonly region: string | null;
  readonly searchContext: string | null;
}

/** The readers of {@link PriceOptions}. */
export const WANTED: Readers<Asked> = {
  at: instant,
  until: /* @__PURE__ */ optional(instant, null),
  listedAt: /* @__PURE__ */ optional(instant, null),
  maxAgeSeconds: /* @__PURE__ */ optional(duration, null),
  noOutput: /* @__PURE__ */ optional(flag, false),
};

/** {@link PriceOptions} as they were read. */
interface Asked extends Omit<Wanted, "until"> {
  readonly until: EpochSeconds | null;
}

/** Fills in `until`, and refuses one before `at`. */
export function withUntil<T extends Asked>(what: string, asked: T): T & Wanted {
  const until = asked.until ?? asked.at;
  if (until < asked.at) throw outOfRange(`${what}.until`, "at or after at", until);
  return { ...asked, until };
}

/** A region, such as `eu` or `us-east-1`. */
export const region: Reader<string | null> = /* @__PURE__ */ optional(identifier, null);
