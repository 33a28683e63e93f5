export {
  type AffordableOptions,
  type AffordableOutcome,
  type PassedOverForCost,
  roomsIn,
  type ScopeRoom,
  selectAffordable,
} from "./cheapest.ts";
export { maxTokensOf } from "./max-tokens.ts";
export { ratesFromGenaiPrices } from "./prices/genai-prices.ts";
export { type LitellmOptions, ratesFromLitellm } from "./prices/litellm.ts";
export type { PriceOptions, RatesOutcome, RefusedPrice } from "./prices/outcome.ts";
export { actualOf, type ActualOutcome, usageOf, type UsageOutcome } from "./usage/usage.ts";
