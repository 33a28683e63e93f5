import { memoized } from "../../internal/memoized.ts";
import { quote } from "../../internal/text.ts";
import type { TokenRates } from "../../tokens/rates.ts";
import type { RatesOutcome } from "../prices/outcome.ts";
import { type Prices, ratesFor } from "../prices/rates-for.ts";
import type { ProviderName } from "../protocols/names.ts";
import { PROVIDERS } from "../routes/providers.ts";
import type { Wanted } from "./options.ts";
import { RefusedBoundError } from "./outcome.ts";
import type { OpenRegion } from "./regions.ts";
import type { OpenTiers } from "./tiers.ts";

/** Rates that a request may be billed by. */
export interface Quote {
  readonly model: string;
  readonly rates: TokenRates;
  readonly serviceTier: string | null;
  readonly maxInputTokens: number | null;
  readonly maxOutputTokens: number | null;
}

/** What is asked of a price list. */
export interface Asked {
  readonly provider: ProviderName;
  readonly model: string;
  readonly tiers: OpenTiers;
  /** Where the call may run, if that costs more. */
  readonly region: OpenRegion | null;
  /** The region of the host: some lists have prices for each. */
  readonly hostRegion: string | null;
  readonly noOutput: boolean;
}

/** When a list is looked up, and how old it may be. */
export type ListTime = Pick<Wanted, "at" | "listedAt" | "maxAgeSeconds" | "until">;

/**
 * The rates of a model in every tier that is open to a request.
 *
 * @throws RefusedBoundError if the list lacks one that it must have.
 */
export function quotesOf(prices: Prices, asked: Asked, wanted: Wanted): readonly [Quote, ...Quote[]] {
  const { needed, possible } = asked.tiers;
  const must = needed.map((tier) => needQuote(prices, asked, tier, wanted));
  const may = possible.map((tier) => found(prices, asked, tier, wanted)).filter((one) => "rates" in one);
  const [first, ...others] = [...must, ...may];
  // Flex without a price of its own: the standard tier is not cheaper.
  return first === undefined ? [needQuote(prices, asked, null, wanted)] : [first, ...others];
}

function needQuote(prices: Prices, asked: Asked, tier: string | null, wanted: Wanted): Quote {
  const one = found(prices, asked, tier, wanted);
  if ("rates" in one) return one;
  throw new RefusedBoundError("unpriced", one.reason);
}

/** The first rates of a model under its names. */
export function found(
  prices: Prices,
  asked: Omit<Asked, "tiers">,
  tier: string | null,
  wanted: ListTime,
): Quote | { readonly reason: string } {
  let reason = `the price list has no model ${quote(asked.model)}`;
  for (const name of namesOf(asked)) {
    const outcome = inRegion(prices, name, asked, tier, wanted);
    if (outcome.kind === "refused") {
      if (outcome.why !== "unknown_model") reason = outcome.reason;
      continue;
    }
    const { rates, maxInputTokens, maxOutputTokens } = outcome;
    return { model: asked.model, rates, serviceTier: tier, maxInputTokens, maxOutputTokens };
  }
  return { reason };
}

/** The names of a model in price lists, the most precise first. */
function namesOf({ provider, model, hostRegion }: Omit<Asked, "tiers">): readonly string[] {
  const name = nameOf(model);
  const prefixes = PROVIDERS[provider].pricePrefixes;
  const places = provider === "bedrock" && hostRegion !== null ? [`bedrock/${hostRegion}/`] : [];
  // Rates of one's own have no prefix.
  return [...new Set([...places, ...prefixes, ""])].map((prefix) => `${prefix}${name}`);
}

/** The model in an ARN of Bedrock: what stands behind its last slash. */
function nameOf(model: string): string {
  const [, profile] = /^arn:[^/]*:(?:inference-profile|foundation-model)\/([^/]+)$/.exec(model) ?? [];
  return profile ?? model;
}

/** Rates with the surcharge of a region: the list's own, or the published one where the list has none. */
function inRegion(
  prices: Prices,
  model: string,
  { region, noOutput }: Omit<Asked, "tiers">,
  tier: string | null,
  wanted: ListTime,
): RatesOutcome {
  const query = {
    model,
    at: wanted.at,
    noOutput,
    ...(wanted.until === null ? {} : { until: wanted.until }),
    ...(wanted.listedAt === null ? {} : { listedAt: wanted.listedAt }),
    ...(wanted.maxAgeSeconds === null ? {} : { maxAgeSeconds: wanted.maxAgeSeconds }),
    ...(tier === null ? {} : { serviceTier: tier }),
  };
  const plain = ratesFor(prices, query);
  if (region === null || plain.kind === "refused") return plain;
  if (region.listedAs !== null && plain.model.includes(region.listedAs)) return plain;
  const placed = ratesFor(prices, { ...query, region: region.name });
  const hasFactor = placed.kind === "priced" && !areEqual(plain.rates, placed.rates);
  return hasFactor ? placed : { ...plain, rates: scaled(plain.rates, region.factor) };
}

/** Rates are kept for their list, so what was compared and multiplied before is kept with them. */
const compared = /* @__PURE__ */ new WeakMap<TokenRates, WeakMap<TokenRates, boolean>>();
const multiplied = /* @__PURE__ */ new WeakMap<TokenRates, Map<string, TokenRates>>();

function areEqual(one: TokenRates, other: TokenRates): boolean {
  const known = memoized(compared, one, () => new WeakMap<TokenRates, boolean>());
  return memoized(known, other, () => JSON.stringify(one) === JSON.stringify(other));
}

function scaled(rates: TokenRates, factor: string): TokenRates {
  const known = memoized(multiplied, rates, () => new Map<string, TokenRates>());
  return memoized(known, factor, () => rates.times(factor));
}
