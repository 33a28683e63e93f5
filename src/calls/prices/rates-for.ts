import { anyText, isPlain, listOf, optional, read, wrongType } from "../../internal/check.ts";
import { memoized } from "../../internal/memoized.ts";
import { quote } from "../../internal/text.ts";
import { outcome } from "../../money/outcome.ts";
import { TokenRates, tokenRates } from "../../tokens/rates.ts";
import { type AnyObject, isObject, ownField } from "../own-fields.ts";
import { genaiEntry, genaiProviders } from "./genai-list.ts";
import { genaiModel, hasDates } from "./genai-prices.ts";
import { RefusedPriceError } from "./listed.ts";
import { hasHours, litellmEntry, type LitellmOptions, litellmModel, searchContext } from "./litellm.ts";
import { namesToFind } from "./model-names.ts";
import {
  type PriceOptions,
  type RatesOutcome,
  region,
  type Variant,
  type Wanted,
  WANTED,
  withUntil,
} from "./outcome.ts";
import { checkAge, orRefusal, ratesOf, refusalOf } from "./rates.ts";

/**
 * A price list: LiteLLM's parsed `model_prices_and_context_window.json`; the data of `@pydantic/genai-prices`, which is
 * a list of providers, or an object with one under `providers`; or rates of your own by the name of the model.
 *
 * A list must not be changed after its first use, because what is read from it is kept. Pass another object instead.
 */
export type PriceList =
  Readonly<Record<string, TokenRates>> | Readonly<Record<string, unknown>> | readonly object[];

/** A price list, or a function that gives the current one. */
export type Prices = PriceList | (() => PriceList);

/** The model and the features of a call whose prices are looked up. */
export interface RatesQuery extends PriceOptions {
  /** The name of the model, as the request or the answer has it. */
  readonly model: string;
  /**
   * What may stand before the name in the list, such as `"mistral/"`. In genai-prices, they name the provider.
   *
   * @default []
   */
  readonly prefixes?: readonly string[] | undefined;
  /** The service tier, such as `"priority"`. `"default"`, `"standard"` and `"on_demand"` are the standard tier, as if missing. */
  readonly serviceTier?: string | undefined;
  /** As in {@link LitellmOptions}. genai-prices has no prices for regions, so it is refused there, except `"global"`. */
  readonly region?: string | undefined;
  /** As in {@link LitellmOptions}. */
  readonly searchContext?: LitellmOptions["searchContext"];
}

type Query = Wanted & Variant & { readonly model: string; readonly prefixes: readonly string[] };

const STANDARD = ["default", "standard", "standard_only", "on_demand"];

/**
 * The rates of a model from any price list.
 *
 * It looks for the name as it is, then under each prefix, then the same for the name without its version:
 * `gpt-4o-mini-2024-07-18` is priced as `gpt-4o-mini` if the list does not have it. What is found is kept for the list, so
 * a repeated query costs little.
 *
 * @param prices - the list, or a function that gives it. A function that throws, or gives no list, is a refusal.
 * @returns the rates, or the reason why there are none.
 * @throws TypeError or RangeError for a wrong query, or for `prices` that are neither an object nor a function; never for
 *   the contents of the list.
 * @example
 * ```ts
 * const list = { "mistral/mistral-small": { input_cost_per_token: 1e-7, output_cost_per_token: 3e-7 } };
 * const query = { model: "mistral-small-2506", prefixes: ["mistral/"], at: new Date("2026-11-23T09:00:00Z") };
 * const found = ratesFor(() => list, query);
 * found.kind === "priced" && found.rates.outputUsdPerMTok; // => "0.3"
 * ratesFor(list, { ...query, model: "mistral-large" }).kind; // => "refused"
 * ```
 */
export function ratesFor(prices: Prices, query: RatesQuery): RatesOutcome {
  const what = "ratesFor";
  const asked = read(what, query, {
    ...WANTED,
    model: anyText,
    prefixes: optional(listOf(anyText), []),
    serviceTier: optional(anyText, null),
    region,
    searchContext,
  });
  if (typeof prices !== "function" && !isList(prices))
    throw wrongType(`${what}: prices`, "a price list", prices);
  const wanted = { ...withUntil(what, asked), ...variantOf(asked) };
  return orRefusal(() => {
    checkAge(wanted);
    const list: unknown = typeof prices === "function" ? prices() : prices;
    if (!isList(list)) throw new RefusedPriceError("unreadable", "the function has given no price list");
    // Its age was checked, and may be another one at the next call.
    return kept(list, { ...wanted, maxAgeSeconds: null });
  });
}

/** A price list whose contents are not checked. */
type AnyList = AnyObject | readonly unknown[];

function isList(value: unknown): value is AnyList {
  return Array.isArray(value) || isPlain(value);
}

/** The tier and the region under their names in price lists; `null` for the provider's default. */
function variantOf(asked: Variant): Pick<Variant, "serviceTier" | "region"> {
  const tier = asked.serviceTier?.toLowerCase() ?? "standard";
  const place = asked.region?.toLowerCase() ?? "global";
  return {
    serviceTier: STANDARD.includes(tier) ? null : tier === "batch" ? "batches" : tier,
    region: ["global", "not_available"].includes(place) ? null : place,
  };
}

/** What was found in each list. A list is taken to stay as it is. */
const found = /* @__PURE__ */ new WeakMap<object, Map<string, RatesOutcome>>();
/** Names come from requests, so their number must have a limit. */
const MAX_KEPT = 1000;
/** No model has a longer name. */
const MAX_NAME = 200;

function kept(list: AnyList, query: Query): RatesOutcome {
  const { model, prefixes, serviceTier, region: place, searchContext: size, noOutput } = query;
  const key = JSON.stringify([model, prefixes, serviceTier, place, size, noOutput]);
  const outcomes = memoized(found, list, () => new Map<string, RatesOutcome>());
  const before = outcomes.get(key);
  if (before !== undefined) return before;
  const { result, changes } = answerOf(list, query);
  // A list that could not be read is read again, and a name without a limit is not kept.
  const isUnreadable = result.kind === "refused" && result.why === "unreadable";
  if (changes || isUnreadable || model.length > MAX_NAME) return result;
  if (outcomes.size >= MAX_KEPT) outcomes.clear();
  outcomes.set(key, result);
  return result;
}

/** What a list says, and whether that changes with the time of the call. */
interface Answer {
  readonly result: RatesOutcome;
  readonly changes: boolean;
}

/** A list without the model is an answer too: it is asked under several names for each call. */
function answerOf(list: AnyList, query: Query): Answer {
  try {
    return lookUp(list, query);
  } catch (error) {
    if (error instanceof RefusedPriceError) return { result: refusalOf(error), changes: false };
    throw error;
  }
}

function lookUp(list: AnyList, query: Query): Answer {
  const { model, prefixes } = query;
  const missing = new RefusedPriceError("unknown_model", `the list has no model ${quote(model)}`);
  if (model.length > MAX_NAME) throw missing;
  const providers = genaiProviders(list);
  if (providers !== null) {
    const entry = genaiEntry(providers, namesToFind(model, []), prefixes);
    if (entry !== null) return genaiAnswer(entry.entry, entry.provider, query);
  } else if (isObject(list)) {
    for (const name of namesToFind(model, prefixes)) {
      const entry = litellmEntry(list, name);
      if (entry === undefined) continue;
      // Rates of one's own have this field; LiteLLM's entries do not.
      if (Object.hasOwn(entry, "inputUsdPerMTok"))
        return { result: ownAnswer(name, entry, query), changes: false };
      return litellmAnswer(name, entry, query);
    }
  } else throw new RefusedPriceError("unreadable", "the price list has no known form");
  throw missing;
}

function litellmAnswer(name: string, entry: AnyObject, query: Query): Answer {
  const { serviceTier } = query;
  if (serviceTier !== null && !/^[a-z]{1,20}$/.test(serviceTier)) throw noTier(name, serviceTier);
  return { result: ratesOf(query, () => litellmModel(name, entry, query)), changes: hasHours(entry) };
}

function genaiAnswer(entry: AnyObject, provider: string, query: Query): Answer {
  const id = String(ownField(entry, "id"));
  if (query.serviceTier !== null) throw noTier(id, query.serviceTier);
  if (query.region !== null) {
    const reason = `the list has no price for ${quote(id)} in the region ${quote(query.region)}`;
    throw new RefusedPriceError("missing", reason);
  }
  return { result: ratesOf(query, () => genaiModel(entry, query, provider)), changes: hasDates(entry) };
}

function ownAnswer(name: string, entry: AnyObject, query: Query): RatesOutcome {
  const rates = tokenRates(`ratesFor: the rates of ${quote(name)}`, entry);
  const own = variantOf({ serviceTier: rates.serviceTier ?? null, region: null, searchContext: null });
  if (own.serviceTier !== query.serviceTier) throw noTier(name, query.serviceTier ?? "standard");
  const tokenPrices = Object.entries(rates).filter(([key]) => key.endsWith("UsdPerMTok"));
  const free = rates.tiers.length === 0 && tokenPrices.every(([, price]) => Number(price) === 0);
  return outcome({
    kind: "priced",
    rates: rates.model === undefined ? TokenRates.fromJSON({ ...rates.toJSON(), model: name }) : rates,
    free,
    model: name,
    maxInputTokens: null,
    maxOutputTokens: null,
  });
}

function noTier(name: string, tier: string): RefusedPriceError {
  const reason = `the list has no price for ${quote(name)} in the service tier ${quote(tier)}`;
  return new RefusedPriceError("missing", reason);
}
