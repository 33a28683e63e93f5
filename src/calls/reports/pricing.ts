import { ceilDiv } from "../../money/decimal.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { quote } from "../../internal/text.ts";
import type { TokenUsage } from "../../tokens/fields.ts";
import { KIND_LIST } from "../../tokens/kinds.ts";
import type { TokenRates } from "../../tokens/rates.ts";
import { MICRO_CENT } from "../../tokens/units.ts";
import { unitCost } from "../../tokens/token-cost.ts";
import type { RatesOutcome } from "../prices/outcome.ts";
import { sameModel } from "../prices/same-model.ts";
import { type Account, type Part, UncountableError } from "./account.ts";

/** What served a request, as far as it changes the rates. */
export interface PricedPlace {
  readonly serviceTier: string | null;
  /** `undefined` if the answer does not say it, `null` if it is no region with prices of its own. */
  readonly region: string | null | undefined;
}

/** Finds the rates of a model. */
export type LookUp = (model: string, place: PricedPlace) => RatesOutcome;

/** What the caller says about the request, and where prices come from. */
export interface Pricing {
  /** The rates of the model that was asked for, or a list in which the model that answered is looked up. */
  readonly source: { readonly rates: TokenRates } | { readonly lookUp: LookUp };
  /** The model that was asked for; `null`: the one that the rates are for. */
  readonly model: string | null;
  /** The tier that the rates are for, if they do not say it themselves; `null` for the standard tier. */
  readonly serviceTier: string | null;
  readonly region: string | null;
  readonly aliases: Readonly<Record<string, string>>;
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
  if ("lookUp" in source || (model ?? source.rates.model) !== undefined) return;
  const names = parts.map(({ served }) => served.model);
  const [first, ...others] = names.filter((name) => name !== undefined);
  if (first === undefined) return;
  if (names[0] === undefined) {
    throw new UncountableError(`the rates are for one model, and another one, ${quote(first)}, answered too`);
  }
  const other = others.find((name) => !sameModel(first, name, aliases));
  if (other === undefined) return;
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
  const { source } = pricing;
  return "rates" in source
    ? checkedRates(served, source.rates, pricing)
    : listedRates(served, source.lookUp, pricing);
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
      `the rates are for the tier ${named(tier, "standard")}, and the answer is from ${named(served.serviceTier, "standard")}`,
    );
  }
  if (served.region !== undefined && served.region !== pricing.region) {
    throw new UncountableError(
      `the rates are for the region ${named(pricing.region, "global")}, and the answer is from ${named(served.region, "global")}`,
    );
  }
  return rates;
}

function named(value: string | null, usual: string): string {
  return value === null ? usual : quote(value);
}

function listedRates(served: Part["served"], lookUp: LookUp, pricing: Pricing): TokenRates {
  const { aliases } = pricing;
  const asked = pricing.model === null ? undefined : (aliases[pricing.model] ?? pricing.model);
  const answered = served.model === undefined ? undefined : (aliases[served.model] ?? served.model);
  const place = {
    serviceTier: served.serviceTier === undefined ? pricing.serviceTier : served.serviceTier,
    region: served.region,
  };
  const [first, second] = [answered, asked].filter((name) => name !== undefined);
  if (first === undefined) throw new UncountableError("neither the answer nor the caller names the model");
  const answeredBy = lookUp(first, place);
  // A version that the list does not have costs what its model costs. One that it has costs nothing else.
  const isMissing = answeredBy.kind === "refused" && answeredBy.why === "unknown_model";
  const found =
    isMissing && second !== undefined && sameModel(second, first) ? lookUp(second, place) : answeredBy;
  if (found.kind === "priced") return found.rates;
  throw new UncountableError(found.reason);
}
