import { oneOf, optional, read, type Reader } from "../../internal/check.ts";
import { quote } from "../../internal/text.ts";
import type { RatesPurpose } from "../../tokens/fields.ts";
import { type AnyObject, isObject, ownField, presentField } from "../own-fields.ts";
import { isNamedFree, listedLimit, listedPrice, RefusedPriceError } from "./listed.ts";
import { CITATIONS, higher, type Prices } from "./litellm-keys.ts";
import { type Level, type Levels, levelsOf, offPeakLevels } from "./litellm-levels.ts";
import { tierLevels } from "./litellm-tier.ts";
import { offPeakStates } from "./off-peak.ts";
import {
  type PriceOptions,
  type RatesOutcome,
  region,
  type Variant,
  type Wanted,
  WANTED,
  withUntil,
} from "./outcome.ts";
import { type Found, ratesOf, type Sheet, type Sheets } from "./rates.ts";
import { fastFactor, regionFactors } from "./regions.ts";

/** Prices not per token: output per second, character or pixel, and documents per page. */
const NOT_PER_TOKEN =
  /^(?:output_cost_per_(?:second|character|pixel|video_per_second)|(?:ocr|annotation)_cost_per_)/;
/** Prices per image. A chat model that generates images has prices per token for them too. */
const PER_IMAGE = /^output_cost_per_image(?!_token)/;

/** Options of {@link ratesFromLitellm}: features of the request that have their own price. */
export interface LitellmOptions extends PriceOptions {
  /**
   * The service tier of the call; by default the standard tier. A model without prices for the tier is refused. `"fast"`
   * is Anthropic's fast mode, and OpenAI's name for `"priority"`.
   */
  readonly serviceTier?: "batches" | "flex" | "priority" | "fast" | undefined;
  /**
   * Where the call runs, if that changes the price: the region of OpenAI's host (`eu`), Anthropic's `inference_geo`
   * (`us`), or Vertex AI's region. The entry's factor for it applies to the token prices. If the entry has factors, but
   * none for this region, its highest factor applies. By default, none does.
   */
  readonly region?: string | undefined;
  /** The context size of web searches; by default the most expensive size counts. */
  readonly searchContext?: "low" | "medium" | "high" | undefined;
}

/** Reads the context size of web searches. */
export const searchContext: Reader<string | null> = /* @__PURE__ */ optional(
  /* @__PURE__ */ oneOf({ 1: "low", 2: "medium", 3: "high" }),
  null,
);

/**
 * Rates from LiteLLM's `model_prices_and_context_window.json`.
 *
 * It reads prices per token, tiers above a number of input tokens or in a table of ranges, cache reads and writes,
 * audio, images, reasoning, off-peak hours, surcharges for a region or a fast mode, and the fees per request and web
 * search. A model with prices per second, character or image is refused.
 *
 * @param list - the parsed file.
 * @param model - the exact key of the model in the file.
 * @returns the rates, or the reason why there are none.
 * @throws TypeError or RangeError for wrong options; never for the contents of the list.
 * @example
 * ```ts
 * const list = { "gpt-4o-mini": { input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7, mode: "chat" } };
 * const at = new Date("2026-11-23T09:00:00Z");
 * const found = ratesFromLitellm(list, "gpt-4o-mini", { at });
 * found.kind === "priced" && found.rates.inputUsdPerMTok; // => "0.15"
 * ratesFromLitellm(list, "gpt-5o-mini", { at }).kind; // => "refused"
 * ```
 */
export function ratesFromLitellm(list: unknown, model: string, options: LitellmOptions): RatesOutcome {
  const tiers = oneOf({ 1: "batches", 2: "flex", 3: "priority", 4: "fast" });
  const what = "ratesFromLitellm";
  const readers = { ...WANTED, serviceTier: optional(tiers, null), region, searchContext };
  const wanted = withUntil(what, read(what, options, readers));
  return ratesOf(wanted, () => {
    const name = typeof model === "string" ? model : "";
    const entry = isObject(list) ? litellmEntry(list, name) : undefined;
    if (entry !== undefined) return litellmModel(name, entry, wanted);
    throw new RefusedPriceError("unknown_model", `the list has no model ${quote(name)}`);
  });
}

/** The entry of a model. The entry `sample_spec` describes the fields and is not a model. */
export function litellmEntry(list: AnyObject, name: string): AnyObject | undefined {
  const entry = name === "sample_spec" ? undefined : ownField(list, name);
  return isObject(entry) ? entry : undefined;
}

/** Whether the prices of an entry depend on the time of the call. */
export function hasHours(entry: AnyObject): boolean {
  return presentField(entry, "off_peak_pricing") !== undefined;
}

/** Reads the entry of a model. */
export function litellmModel(name: string, entry: AnyObject, wanted: Wanted & Variant): Found {
  refuseOtherUnits(name, entry);
  const fast = wanted.serviceTier === "fast" ? fastFactor(entry) : null;
  const standard = levelsOf(name, entry);
  // Where the entry has no factor for a fast mode, `fast` is another name for priority.
  const serviceTier = wanted.serviceTier === "fast" && fast === null ? "priority" : wanted.serviceTier;
  const isStandard = serviceTier === null || fast !== null;
  const levels: readonly [Levels, ...Levels[]] = isStandard
    ? byHour(name, entry, standard, wanted)
    : [tierLevels(entry, serviceTier, standard)];
  const fees = feesOf(entry, wanted.searchContext);
  const sheet = ({ above, prices }: Level): Sheet => ({ above, prices: { ...prices, ...fees } });
  const sheets = ([base, ...above]: Levels): Sheets => [sheet(base), ...above.map(sheet)];
  const [first, ...others] = levels;
  const maxOutput = presentField(entry, "max_output_tokens") ?? presentField(entry, "max_tokens");
  return {
    model: name,
    free: isNamedFree(name),
    noOutput: presentField(entry, "mode") === "embedding",
    moments: [sheets(first), ...others.map(sheets)],
    factors: [...(fast === null ? [] : [fast]), ...regionFactors(entry, wanted.region)],
    serviceTier,
    searchPer: searchPerOf(name, entry),
    feeIsForSearches: ownField(entry, "litellm_provider") === "perplexity",
    maxInputTokens: listedLimit(presentField(entry, "max_input_tokens")),
    maxOutputTokens: listedLimit(maxOutput),
  };
}

function refuseOtherUnits(name: string, entry: AnyObject): void {
  const isChat = presentField(entry, "mode") === "chat";
  const perImage = !isChat && presentField(entry, "output_cost_per_image_token") === undefined;
  for (const key of Object.keys(entry)) {
    if (!NOT_PER_TOKEN.test(key) && !(perImage && PER_IMAGE.test(key))) continue;
    if (presentField(entry, key) === undefined || listedPrice(key, entry[key], 0) === "0") continue;
    throw new RefusedPriceError("unreadable", `${quote(name)} has the price ${key}, which is not per token`);
  }
}

/** The prices at the hours of the call: off-peak, peak, or both. */
function byHour(
  name: string,
  entry: AnyObject,
  standard: Levels,
  wanted: Wanted,
): readonly [Levels, ...Levels[]] {
  const block = presentField(entry, "off_peak_pricing");
  if (block === undefined) return [standard];
  if (!isObject(block)) {
    throw new RefusedPriceError("unreadable", `the off-peak prices of ${quote(name)} cannot be read`);
  }
  const states = offPeakStates(name, block, wanted);
  if (!states.has(true)) return [standard];
  const offPeak = offPeakLevels(standard, block);
  return states.has(false) ? [standard, offPeak] : [offPeak];
}

function feesOf(entry: AnyObject, context: string | null): Prices {
  const fees: Prices = {};
  const request = presentField(entry, "input_cost_per_request");
  if (request !== undefined) fees.requestUsd = listedPrice("input_cost_per_request", request, 0);
  const searches = presentField(entry, "search_context_cost_per_query");
  if (!isObject(searches)) return fees;
  const sizes = context === null ? ["low", "medium", "high"] : [context];
  const listed = sizes
    .map((size) => presentField(searches, `search_context_size_${size}`))
    .filter((price) => price !== undefined)
    .map((price) => listedPrice("search_context_cost_per_query", price, 0));
  const [first, ...others] = listed;
  if (first === undefined) return fees;
  const highest = others.reduce(higher, first);
  // Perplexity's models search in every call and charge once per call. Only the model with citation prices counts
  // searches.
  const always =
    ownField(entry, "litellm_provider") === "perplexity" && presentField(entry, CITATIONS) === undefined;
  return always && request === undefined ? { requestUsd: highest } : { ...fees, searchUsd: highest };
}

/**
 * What a search fee is charged for. For Gemini, LiteLLM takes a missing unit for a prompt; for other providers the field
 * does not exist, and each search is charged (https://docs.litellm.ai/docs/completion/web_search).
 */
function searchPerOf(name: string, entry: AnyObject): RatesPurpose["searchPer"] {
  const unit = presentField(entry, "web_search_billing_unit");
  if (unit === "per_prompt") return "prompt";
  if (unit !== undefined || !name.includes("gemini")) return undefined;
  const provider = ownField(entry, "litellm_provider");
  return typeof provider === "string" && /^(?:gemini|vertex_ai)/.test(provider) ? "prompt" : undefined;
}
