/**
 * Paid calls: a `fetch` that puts hard caps in front of the clients of model providers, and its parts: upper bounds and
 * actual costs, a hold around each call, streams that stop before they exceed it, and requests that reach only one
 * endpoint.
 *
 * @module
 */
export { boundOf } from "./bounds/bound-of.ts";
export type { BoundOptions, BoundRequest, CountedTokens } from "./bounds/options.ts";
export type {
  Bounded,
  BoundNumber,
  BoundOutcome,
  RefusedBound,
  Standing,
  WrittenLimit,
} from "./bounds/outcome.ts";
export {
  type AffordableOptions,
  type AffordableOutcome,
  type PassedOverForCost,
  roomsIn,
  type ScopeRoom,
  selectAffordable,
} from "./cheapest.ts";
export { endpointFetch, egressFetch } from "./egress-fetch/egress-fetch.ts";
export { EgressError, type EgressFailure } from "./egress-fetch/error.ts";
export type { EgressInit, EgressOptions } from "./egress-fetch/options.ts";
export { guardedFetch, type GuardedFetch } from "./guarded-fetch/guarded-fetch.ts";
export type { GuardEvent } from "./guarded-fetch/events.ts";
export type { Credential, GuardBounds, GuardedRequest, GuardOptions } from "./guarded-fetch/options.ts";
export { maxTokensOf } from "./max-tokens.ts";
export { ratesFromGenaiPrices } from "./prices/genai-prices.ts";
export { type LitellmOptions, ratesFromLitellm } from "./prices/litellm.ts";
export type { PriceOptions, RatesOutcome, RefusedPrice } from "./prices/outcome.ts";
export { type PriceList, type Prices, ratesFor, type RatesQuery } from "./prices/rates-for.ts";
export { sameModel } from "./prices/same-model.ts";
export type { ProtocolName, ProviderName } from "./protocols/names.ts";
export type { HostMap, Route, RoutedRequest, StreamForm } from "./routes/route.ts";
export { routeOf } from "./routes/route-of.ts";
export type { BodyForm } from "./routes/rows.ts";
export { affordableTokens } from "./stream/affordable.ts";
export {
  type MeterDecision,
  type StreamChunk,
  StreamMeter,
  type StreamMeterOptions,
} from "./stream/meter.ts";
export { metered, type MeteredOptions } from "./stream/metered.ts";
export { actualOf, type ActualOptions, type ActualOutcome, type ReportOptions } from "./reports/actual-of.ts";
export { usageOf, type UsageOutcome } from "./reports/usage-of.ts";
export { type CallLedger, NotSentError, type OpenHold } from "./with-hold/open-hold.ts";
export type { Booked, CallDone, InFull, Pending, WithHoldOutcome } from "./with-hold/outcome.ts";
export { type CallContext, type CallResult, withHold } from "./with-hold/with-hold.ts";
