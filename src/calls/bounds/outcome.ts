import type { MicroCents } from "../../money/micro-cents.ts";
import type { TokenLimits } from "../../tokens/fields.ts";
import type { TokenRates } from "../../tokens/rates.ts";
import type { ProtocolName, ProviderName } from "../protocols/names.ts";

/** How well a number of a bound is founded. */
export type Standing =
  /** It follows from the bytes of the request. */
  | "proven"
  /** The provider or the price list has published it. */
  | "published"
  /** It was measured, here or by others. */
  | "measured"
  /** The caller has stated it, in the request or in the options. */
  | "stated"
  /** Nobody has published or measured it; docs/bounds.md says why it is believed. */
  | "assumed";

/** A number that a bound is made of. */
export interface BoundNumber {
  /** What it is, such as `texts`, `picture`, `tool prompt`, `output limit`. */
  readonly name: string;
  /** The number, with its margin. */
  readonly value: number;
  readonly unit: "tokens" | "times" | "searches";
  readonly standing: Standing;
  /** Where it is published or measured. */
  readonly source?: string;
  /** The day on which the source said so, as `YYYY-MM-DD` or `YYYY-MM`. */
  readonly date?: string;
  /** How much of the value is a margin on top of the source's number. */
  readonly margin?: number;
}

/** Why a request has no bound. */
export type RefusedBound =
  /** Its route is refused by `routeOf`. */
  | "route"
  /** Its body is not JSON, or could be read in two ways. */
  | "unreadable"
  /** The price list has no rates for it. */
  | "unpriced"
  /** It could use any number of tokens, searches or files. */
  | "unbounded"
  /** `limitOutputTo` does not pay for the input and one token of output. */
  | "money";

/** A field of the body that gets an output limit, and the limit. */
export interface WrittenLimit {
  /** Its place, such as `["generationConfig", "maxOutputTokens"]`. */
  readonly path: readonly string[];
  /** Tokens, for each choice. */
  readonly value: number;
}

/** What a request can cost at most. */
export interface Bounded {
  readonly kind: "bounded";
  /** The upper bound, rounded up. */
  readonly amount: MicroCents;
  readonly provider: ProviderName;
  readonly protocol: ProtocolName;
  /** The model that the request names, after aliases; of several, the dearest one. */
  readonly model: string;
  /** The dearest rates that are open to the request. */
  readonly rates: TokenRates;
  readonly limits: TokenLimits;
  /** The tier that the rates are for; `null` for the standard tier. */
  readonly serviceTier: string | null;
  readonly region: string | null;
  /** The longest lifetime of a cache that the request asks for; `null` if it asks for none. */
  readonly cacheTtl: "5m" | "1h" | null;
  /** Output tokens of all choices together. */
  readonly maxOutputTokens: number;
  /** Whether the provider may run tools of its own. */
  readonly hasServerTools: boolean;
  readonly streams: boolean;
  readonly numbers: readonly BoundNumber[];
  /** The limit to write into the body; only with `limitOutputTo`, and only if it must be written. */
  readonly limit?: WrittenLimit;
}

/** A bound, a request that costs nothing, or why nobody can say what the request can cost. */
export type BoundOutcome =
  | Bounded
  | {
      readonly kind: "free";
      readonly amount: MicroCents;
      readonly provider: ProviderName;
      readonly protocol: ProtocolName;
    }
  | {
      readonly kind: "refused";
      readonly why: RefusedBound;
      readonly reason: string;
      readonly provider: ProviderName | null;
      readonly protocol: ProtocolName | null;
    };

/** Thrown inside a reader if a request has no bound. `boundOf` turns it into a refusal. */
export class RefusedBoundError extends Error {
  readonly why: RefusedBound;
  constructor(why: RefusedBound, reason: string) {
    super(reason);
    this.why = why;
  }
}

export function unbounded(reason: string): RefusedBoundError {
  return new RefusedBoundError("unbounded", reason);
}

export function unreadable(reason: string): RefusedBoundError {
  return new RefusedBoundError("unreadable", reason);
}
