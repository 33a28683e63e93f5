import { outcome } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import type { RatesOutcome } from "../prices/outcome.ts";
import type { Prices } from "../prices/rates-for.ts";
import { sameModel } from "../prices/same-model.ts";
import type { LookUp } from "../reports/pricing.ts";
import type { Route } from "../routes/route.ts";
import type { Bounded } from "./outcome.ts";
import { found } from "./quotes.ts";
import { openRegion, regionNamed } from "./regions.ts";

/** The request of an answer, and the time from its start to its end. */
interface Answered {
  readonly route: Route & { readonly kind: "bounded" };
  readonly bound: Bounded;
  readonly at: EpochSeconds;
  readonly until: EpochSeconds;
}

/**
 * Finds the rates of an answer as those of its bound were found: under the provider's names in the list, with the
 * surcharges of regions that the list lacks. What the answer does not say is taken to be as dear as in the bound.
 */
export function answerRates(prices: Prices, { route, bound, at, until }: Answered): LookUp {
  const { provider, region: hostRegion } = route;
  const byDefault = openRegion(provider, bound.model, hostRegion, bound.region, { region: bound.region });
  return (answered, { serviceTier, region }): RatesOutcome => {
    // On Bedrock, the name that was asked for says in which region the model runs.
    const model = provider === "bedrock" && sameModel(bound.model, answered) ? bound.model : answered;
    const asked = {
      provider,
      model,
      hostRegion,
      region: region === undefined ? byDefault : regionNamed(region),
      noOutput: bound.limits.maxOutputTokens === 0,
    };
    const one = found(prices, asked, serviceTier, { at, until, listedAt: null, maxAgeSeconds: null });
    if (!("rates" in one)) return outcome({ kind: "refused", why: "unknown_model", reason: one.reason });
    const { rates, maxInputTokens, maxOutputTokens } = one;
    return outcome({ kind: "priced", rates, free: false, model, maxInputTokens, maxOutputTokens });
  };
}
