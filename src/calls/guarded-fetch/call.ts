import type { Tags } from "../../budget/contract.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import type { EpochSeconds } from "../../time.ts";
import type { Bounded } from "../bounds/outcome.ts";
import type { Route } from "../routes/route.ts";
import type { ReadableRequest } from "./request.ts";

/** A request that is bounded, and may be held and sent. */
export interface PaidCall {
  readonly asked: ReadableRequest;
  readonly route: Extract<Route, { readonly kind: "bounded" }>;
  readonly bound: Bounded;
  readonly holdId: string;
  readonly scopes: readonly ScopeCap[];
  readonly tags: Tags;
  /** The body that is sent: the client's, unless a limit or a request for usage was written into it. */
  readonly body: RequestInit["body"];
  /** Whether the client did not ask for the usage of a stream, and must not see it. */
  readonly hidesUsage: boolean;
  /** When the request was made, in epoch seconds. */
  readonly at: EpochSeconds;
}
