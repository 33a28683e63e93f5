import type { Tags } from "../../budget/contract.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import type { Bounded } from "../bounds/outcome.ts";
import type { ProtocolName, ProviderName } from "../protocols/names.ts";
import type { Refusal } from "./refusal.ts";

/** What every event of a request has. */
interface OfRequest {
  /** The id of the request's hold; `null` if nothing was held. */
  readonly holdId: string | null;
  readonly provider: ProviderName | null;
  readonly protocol: ProtocolName | null;
  /** The model that was asked for; `null` if the request names none. */
  readonly model: string | null;
  readonly tags: Tags;
}

/** What is known of a request so far. */
export type About = { -readonly [Key in keyof OfRequest]: OfRequest[Key] };

/** What happened to a request, told by {@link guardedFetch}. */
export type GuardEvent = OfRequest & EventDetails;

/** What happened. */
export type EventDetails =
  | ({ readonly kind: "refused" } & Refusal)
  /** A request that costs nothing was sent. */
  | { readonly kind: "free" }
  /** The money is set aside, and the request is sent now. */
  | { readonly kind: "held"; readonly amount: MicroCents; readonly bound: Bounded }
  /** Nothing was sent, and the money is given back. */
  | { readonly kind: "released"; readonly amount: MicroCents }
  /** The cost is booked. */
  | {
      readonly kind: "settled";
      readonly amount: MicroCents;
      readonly booked: MicroCents;
      readonly usage: TokenUsage | null;
      /** The cost that the provider states; `null` if it states none. */
      readonly stated: MicroCents | null;
      /** Why `booked` is not from a usage report: `unbilled` or `cut_off`; `null` if it is. */
      readonly without: "cut_off" | "unbilled" | null;
    }
  /** The cost is more than the bound. It is booked in full. A number in the bound is wrong. */
  | {
      readonly kind: "bound_exceeded";
      readonly amount: MicroCents;
      readonly booked: MicroCents;
      readonly bound: Bounded;
    }
  /** The cost is unknown. The hold stays open until `expire` charges it, or somebody settles it. */
  | { readonly kind: "unknown"; readonly amount: MicroCents; readonly reason: string }
  /** The ledger could not book the cost. The hold stays open; `settle` may be tried again. */
  | {
      readonly kind: "unbooked";
      readonly amount: MicroCents;
      readonly actual: MicroCents;
      readonly error: unknown;
    }
  /** `expire` has failed. It is tried again in a minute. */
  | { readonly kind: "expire_failed"; readonly error: unknown };
