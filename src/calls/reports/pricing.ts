import { ceilDiv } from "../../money/decimal.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { quote } from "../../internal/text.ts";
import type { EpochSeconds } from "../../time.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { KIND_LIST } from "../../tokens/kinds.ts";
import type { TokenRates } from "../../tokens/rates.ts";
import { MICRO_CENT } from "../../tokens/units.ts";
import { unitCost } from "../../tokens/token-cost.ts";
import type { RatesOutcome } from "../prices/outcome.ts";
import { type Prices, ratesFor } from "../prices/rates-for.ts";
import { sameModel } from "../prices/same-model.ts";
import { type Account, type Part, UncountableError } from "./account.ts";

/** What the caller says about the request, and where prices come from. */
export interface Pricing {
  /** The rates of the model that was asked for, or a list in which the model that answered is looked up. */
  readonly source: { readonly rates: TokenRates } | { readonly prices: Prices };
  /** The model that was asked for; `null`: the one that the rates are for. */
  readonly model: string | null;
  /** The tier that the rates are for, if they do not say it themselves; `null` for the standard tier. */
  readonly serviceTier: string | null;
  readonly region: string | null;
  readonly aliases: Readonly<Record<string, string>>;
  readonly prefixes: readonly string[];
  readonly at: EpochSeconds;
  readonly until: EpochSeconds;
}

/** The cost of an account in micro-cents, rounded up once, and what the report states. */
export interface Priced {
  readonly actual: MicroCents;
  readonly stated: MicroCents | null;
}

/**
 * Prices every part of an account as a request of its own.
 *
 * @param cutOffAt - whether the output is a limit and not a count, so that its dearest kind counts.
 * @throws UncountableError, RangeError if a part has no price.
 */
export function priceOf({ parts }: Account, pricing: Pricing, cutOff: boolean): Priced {
  refuseOtherModels(parts, pricing);
  let units = 0n;
  let stated: MicroCents | null = null;
  for (const part of parts) {
    if (part.stated !== undefined) stated = microCents((stated ?? 0n) + part.stated.amount);
    units += unitsOf(part, pricing, cutOff);
  }
  return { actual: microCents(ceilDiv(units, MICRO_CENT)), stated };
}

/** Rates without a model fit any model, but not two. */
function refuseOtherModels(parts: readonly Part[], { source, model, aliases }: Pricing): void {
  if ("prices" in source || (model ?? source.rates.model) !== undefined) return;
  const [first, ...others] = parts.map(({ served }) => served.model).filter((name) => name !== undefined);
  const other = others.find((name) => first !== undefined && !sameModel(first, name, aliases));
  if (first === undefined || other === undefined) return;
  throw new UncountableError(`the rates are for one model, and ${quote(first)} and ${quote(other)} answered`);
}

function unitsOf(part: Part, pricing: Pricing, cutOff: boolean): bigint {
  const statedUnits = BigInt(part.stated?.amount ?? 0n) * MICRO_CENT;
  if (part.stated?.standing === "bills" && statedUnits > 0n) return statedUnits;
  const [separate] = part.apart;
  if (separate !== undefined) throw new UncountableError(`${separate} is billed separately`);
  const counted = countedUnits(part, pricing, cutOff);
  return part.stated?.standing === "informs" || counted > statedUnits ? counted : statedUnits;
}

function countedUnits(part: Part, pricing: Pricing, cutOff: boolean): bigint {
  const { usage, served } = part;
  const rates = ratesOfPart(served, pricing);
  refuseSum(part, rates);
  const { searches = 0, ...tokens } = usage;
  const billed =
    rates.searchesIncluded === true ? 0 : rates.searchPer === "prompt" ? Math.min(1, searches) : searches;
  const whole: TokenUsage = { ...tokens, searches: billed };
  if (!cutOff) return unitCost(rates, whole);
  const outputs = KIND_LIST.filter(([, parents]) => parents.includes("output")).map(([kind]) => kind);
  return outputs
    .map((kind) => unitCost(rates, { ...inputOf(whole), [`${kind}Tokens`]: whole.outputTokens }))
    .reduce((most, cost) => (cost > most ? cost : most), unitCost(rates, inputOf(whole)));
}

/** Of the sum of several requests nobody can say which tier each had, and how many fees there are. */
function refuseSum({ usage, requests = 1 }: Part, { tiers, requestUsd, searchPer }: TokenRates): void {
  if (requests === 1) return;
  const hasFee = Number(requestUsd ?? 0) > 0 || (searchPer === "prompt" && (usage.searches ?? 0) > 0);
  if (!hasFee && !tiers.some(({ aboveInputTokens }) => usage.inputTokens > aboveInputTokens)) return;
  throw new UncountableError("the counts are of several requests, and the rates depend on each request");
}

/** A usage whose output is of no particular kind. */
function inputOf(usage: TokenUsage): TokenUsage {
  const fields = Object.entries(usage).filter(([key]) => key === "outputTokens" || !key.startsWith("output"));
  // The two required counts are kept.
  return Object.fromEntries(fields) as unknown as TokenUsage;
}

function ratesOfPart(served: Part["served"], pricing: Pricing): TokenRates {
  const { source, aliases } = pricing;
  return "rates" in source
    ? checkedRates(served, source.rates, pricing)
    : listedRates(served, source.prices, { ...pricing, aliases });
}

/** Rates for one model: an answer from another model, tier or region has no price. */
function checkedRates(served: Part["served"], rates: TokenRates, pricing: Pricing): TokenRates {
  const asked = pricing.model ?? rates.model;
  if (asked !== undefined && served.model !== undefined && !sameModel(asked, served.model, pricing.aliases)) {
    throw new UncountableError(`the rates are for ${quote(asked)}, and ${quote(served.model)} answered`);
  }
  const tier = pricing.serviceTier ?? rates.serviceTier ?? null;
  if (served.serviceTier !== undefined && served.serviceTier !== tier) {
    throw new UncountableError(
      `the rates are for the tier ${named(tier)}, and the answer is from ${named(served.serviceTier)}`,
    );
  }
  if (served.region !== undefined && served.region !== pricing.region) {
    throw new UncountableError(
      `the rates are for the region ${named(pricing.region)}, and the answer is from ${named(served.region)}`,
    );
  }
  return rates;
}

function named(value: string | null): string {
  return value === null ? "standard" : quote(value);
}

function listedRates(served: Part["served"], prices: Prices, pricing: Pricing): TokenRates {
  const { aliases, prefixes, at, until } = pricing;
  const asked = pricing.model === null ? undefined : (aliases[pricing.model] ?? pricing.model);
  const answered = served.model === undefined ? undefined : (aliases[served.model] ?? served.model);
  const tier = served.serviceTier === undefined ? pricing.serviceTier : served.serviceTier;
  const region = served.region === undefined ? pricing.region : served.region;
  const query = {
    at,
    until,
    ...(tier !== null && { serviceTier: tier }),
    ...(region !== null && { region }),
  };
  const lookUp = (name: string): RatesOutcome =>
    underPrefixes(name, prefixes, (model) => ratesFor(prices, { model, ...query }));
  const names = [answered, asked].filter((name) => name !== undefined);
  const [first, second] = names;
  if (first === undefined) throw new UncountableError("neither the answer nor the caller names the model");
  const found = lookUp(first);
  if (found.kind === "priced") return found.rates;
  // A version that the list does not have costs what its model costs.
  if (second !== undefined && sameModel(second, first)) {
    const other = lookUp(second);
    if (other.kind === "priced") return other.rates;
  }
  throw new UncountableError(found.reason);
}

/** The first rates of a model under its prefixes, and then without one: a provider's own entry is more precise. */
function underPrefixes(
  model: string,
  prefixes: readonly string[],
  find: (name: string) => RatesOutcome,
): RatesOutcome {
  let found = find(model);
  for (const prefix of prefixes) {
    const under = find(prefix + model);
    if (under.kind === "priced") return under;
    // A price that is there but cannot be used says more than a name that is not.
    if (found.kind === "refused" && found.why === "unknown_model") found = under;
  }
  return found;
}
