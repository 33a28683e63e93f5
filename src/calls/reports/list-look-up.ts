import type { EpochSeconds } from "../../time.ts";
import { outcome } from "../../money/outcome.ts";
import { quote } from "../../internal/text.ts";
import type { RatesOutcome } from "../prices/outcome.ts";
import { type Prices, ratesFor } from "../prices/rates-for.ts";
import type { LookUp } from "./pricing.ts";

/** Where and when a list is looked up. */
interface Where {
  readonly prefixes: readonly string[];
  /** The region of the call, if the answer does not say it. */
  readonly region: string | null;
  readonly at: EpochSeconds;
  readonly until: EpochSeconds;
}

/** Finds rates in a list: under the prefixes, and then without one. */
export function listLookUp(prices: Prices, { prefixes, region: asked, at, until }: Where): LookUp {
  return (model, { serviceTier, region = asked }) => {
    const query = { at, until, ...(serviceTier !== null && { serviceTier }) };
    return underPrefixes(model, prefixes, (name) => {
      const plain = ratesFor(prices, { model: name, ...query });
      if (region === null || plain.kind === "refused") return plain;
      const placed = ratesFor(prices, { model: name, ...query, region });
      // The caller's own word is that the prices are for this region.
      const isSame = placed.kind === "priced" && JSON.stringify(placed.rates) === JSON.stringify(plain.rates);
      return isSame && region !== asked ? noRegion(name, region) : placed;
    });
  };
}

/** A list without a price for a region does not say that the region costs nothing more. */
function noRegion(model: string, region: string): RatesOutcome {
  const reason = `the list has no price for ${quote(model)} in the region ${quote(region)}`;
  return outcome({ kind: "refused", why: "missing", reason });
}

/** The first rates of a model under its prefixes, and then without one: a provider's own entry is more precise. */
function underPrefixes(
  model: string,
  prefixes: readonly string[],
  find: (name: string) => RatesOutcome,
): RatesOutcome {
  let unusable: RatesOutcome | null = null;
  for (const prefix of prefixes) {
    const found = find(prefix + model);
    if (found.kind === "priced") return found;
    // A price that is there but cannot be used says more than a name that is not.
    if (found.why !== "unknown_model") unusable ??= found;
  }
  const bare = find(model);
  return bare.kind === "priced" ? bare : (unusable ?? bare);
}
