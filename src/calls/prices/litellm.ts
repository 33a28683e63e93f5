import { oneOf, optional, read } from "../../internal/check.ts";
import { quote } from "../../internal/text.ts";
import type { TokenPrices } from "../../tokens/fields.ts";
import { type AnyObject, isCount, isObject, ownField, presentField } from "../own-fields.ts";
import { isNamedFree, listedPrice, RefusedPriceError } from "./listed.ts";
import { type PriceOptions, type RatesOutcome, type Wanted, WANTED } from "./outcome.ts";
import { type Found, ratesOf, type Sheet } from "./rates.ts";

type Field = keyof TokenPrices;

const CITATIONS = "citation_cost_per_token";

/** The keys of prices per token, each with its field. */
const KEYS: readonly (readonly [string, Field])[] = [
  // The older name comes first, so that the newer name overrides it.
  ["input_cost_per_token_cache_hit", "cacheReadUsdPerMTok"],
  ["input_cost_per_token", "inputUsdPerMTok"],
  ["output_cost_per_token", "outputUsdPerMTok"],
  ["cache_read_input_token_cost", "cacheReadUsdPerMTok"],
  ["cache_creation_input_token_cost", "cacheWriteUsdPerMTok"],
  ["cache_creation_input_token_cost_above_1hr", "cacheWrite1hUsdPerMTok"],
  ["input_cost_per_audio_token", "inputAudioUsdPerMTok"],
  ["input_cost_per_image_token", "inputImageUsdPerMTok"],
  ["input_cost_per_video_token", "inputVideoUsdPerMTok"],
  ["cache_read_input_audio_token_cost", "cacheReadAudioUsdPerMTok"],
  ["cache_read_input_image_token_cost", "cacheReadImageUsdPerMTok"],
  ["output_cost_per_audio_token", "outputAudioUsdPerMTok"],
  ["output_cost_per_image_token", "outputImageUsdPerMTok"],
  ["output_cost_per_video_token", "outputVideoUsdPerMTok"],
  ["output_cost_per_reasoning_token", "outputReasoningUsdPerMTok"],
  [CITATIONS, "outputCitationUsdPerMTok"],
];

/** Prices that are not per token: output per second, character or pixel, and documents per page. */
const NOT_PER_TOKEN =
  /^(?:output_cost_per_(?:second|character|pixel|video_per_second)|(?:ocr|annotation)_cost_per_)/;
/** Prices per image. A chat model that generates images has prices per token for them too. */
const PER_IMAGE = /^output_cost_per_image(?!_token)/;

/** Options of {@link ratesFromLitellm}: features of the request that have their own price. */
export interface LitellmOptions extends PriceOptions {
  /** The service tier of the call; by default the standard tier. A model without prices for the tier is refused. */
  readonly serviceTier?: "batches" | "flex" | "priority" | undefined;
  /** The context size of web searches; by default the most expensive size counts. */
  readonly searchContext?: "low" | "medium" | "high" | undefined;
}

type LitellmWanted = Wanted & { readonly serviceTier: string | null; readonly searchContext: string | null };

/**
 * Rates from LiteLLM's `model_prices_and_context_window.json`.
 *
 * It reads prices per token, tiers above a number of input tokens or in a table of ranges, cache reads and writes,
 * audio, images, reasoning, and the fees per request and web search. A model with prices per second, character or image
 * is refused. Surcharges for a region or a fast mode (`regional_processing_uplift_multiplier_…`,
 * `provider_specific_entry`) are not applied.
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
  const wanted = read<LitellmWanted>("ratesFromLitellm", options, {
    ...WANTED,
    serviceTier: optional(oneOf({ 1: "batches", 2: "flex", 3: "priority" }), null),
    searchContext: optional(oneOf({ 1: "low", 2: "medium", 3: "high" }), null),
  });
  return ratesOf(wanted, () => find(list, model, wanted));
}

function find(list: unknown, model: unknown, wanted: LitellmWanted): Found {
  const name = typeof model === "string" ? model : "";
  const entry = isObject(list) ? ownField(list, name) : undefined;
  // The entry sample_spec describes the fields and is not a model.
  if (!isObject(entry) || name === "sample_spec") {
    throw new RefusedPriceError("unknown_model", `the list has no model ${quote(name)}`);
  }
  const mode = presentField(entry, "mode");
  const perImage = mode !== "chat" && presentField(entry, "output_cost_per_image_token") === undefined;
  for (const key of Object.keys(entry)) {
    if (!NOT_PER_TOKEN.test(key) && !(perImage && PER_IMAGE.test(key))) continue;
    if (presentField(entry, key) !== undefined && listedPrice(key, entry[key], 0) !== "0") {
      throw new RefusedPriceError(
        "unreadable",
        `${quote(name)} has the price ${key}, which is not per token`,
      );
    }
  }
  const suffix = wanted.serviceTier === null ? "" : `_${wanted.serviceTier}`;
  const fees = feesOf(entry, wanted.searchContext);
  const table = presentField(entry, "tiered_pricing");
  const [base, ...tiers] =
    Array.isArray(table) && suffix === ""
      ? byRange(name, entry, table, fees)
      : byThreshold(entry, suffix, fees);
  return { model: name, free: isNamedFree(name), noOutput: mode === "embedding", base, tiers };
}

type Prices = Partial<Record<Field, string>>;

function feesOf(entry: AnyObject, context: string | null): Prices {
  const fees: Prices = {};
  const request = presentField(entry, "input_cost_per_request");
  if (request !== undefined) fees.requestUsd = listedPrice("input_cost_per_request", request, 0);
  const searches = presentField(entry, "search_context_cost_per_query");
  if (!isObject(searches)) return fees;
  const sizes = context === null ? ["low", "medium", "high"] : [context];
  const listed = sizes
    .map((size) => presentField(searches, `search_context_size_${size}`))
    .filter((price) => price !== undefined);
  const highest = listed
    .map((price) => listedPrice("search_context_cost_per_query", price, 0))
    .sort(byNumber)
    .at(-1);
  if (highest === undefined) return fees;
  // Perplexity's models search in every call and charge once per call. Only the model with citation prices counts
  // searches.
  const always =
    ownField(entry, "litellm_provider") === "perplexity" && presentField(entry, CITATIONS) === undefined;
  return always && request === undefined ? { requestUsd: highest } : { ...fees, searchUsd: highest };
}

/** Compares decimal strings. As numbers they are exact enough to be sorted. */
function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}

/** The prices per token of an entry or a tier, under the known keys with this ending. */
function tokenPrices(entry: AnyObject, ending: string): Prices {
  const prices: Prices = {};
  for (const [key, field] of KEYS) {
    const price = presentField(entry, `${key}${ending}`);
    if (price !== undefined) prices[field] = listedPrice(`${key}${ending}`, price, 6);
  }
  return prices;
}

/**
 * Reads keys such as `…_above_200k_tokens`: tiers that apply to the whole call. A price without a tier keeps the price
 * of the tier before.
 */
function byThreshold(entry: AnyObject, suffix: string, fees: Prices): [Sheet, ...Sheet[]] {
  const servicePrices = tokenPrices(entry, suffix);
  // Priority costs more, so a standard price below the priority price of the whole input or output does not apply.
  const withPriority = (prices: Prices, ownPrices: Prices): Prices =>
    suffix === "_priority"
      ? notBelow(prices, (field) => (Object.hasOwn(ownPrices, field) ? undefined : prices[wholeOf(field)]))
      : prices;
  let ownPrices: Prices = { ...servicePrices, ...fees };
  const base = withPriority({ ...tokenPrices(entry, ""), ...ownPrices }, ownPrices);
  // The service tier has its own input and output prices; the standard ones would be a guess.
  if (servicePrices.inputUsdPerMTok === undefined) delete base.inputUsdPerMTok;
  if (servicePrices.outputUsdPerMTok === undefined) delete base.outputUsdPerMTok;
  let below = base;
  const tiers = startsOf(entry).map(([start, written]): Sheet => {
    const above = `_above_${written}_tokens`;
    const standard = tokenPrices(entry, above);
    // Standard tiers apply to a service tier too, unless its current price is higher.
    const applicable = suffix === "" ? standard : notBelow(standard, (field) => below[field]);
    const named = tokenPrices(entry, above + suffix);
    ownPrices = { ...ownPrices, ...named };
    below = withPriority({ ...below, ...applicable, ...named }, ownPrices);
    return { above: start, prices: below };
  });
  return [{ above: 0, prices: base }, ...tiers];
}

function wholeOf(field: Field): Field {
  return field.startsWith("output") ? "outputUsdPerMTok" : "inputUsdPerMTok";
}

/** Drops each price that is below its `other` price, if there is one. */
function notBelow(prices: Prices, other: (field: Field) => string | undefined): Prices {
  const fields = Object.entries(prices) as [Field, string][]; // the keys of `Prices` are fields
  return Object.fromEntries(fields.filter(([field, price]) => !(Number(price) < Number(other(field)))));
}

/** The token counts from which an entry has other prices, ascending, each with its spelling in the keys. */
function startsOf(entry: AnyObject): readonly (readonly [number, string])[] {
  // xAI's higher price starts at the count itself; for all other providers it starts above it.
  const before = ownField(entry, "litellm_provider") === "xai" ? 1 : 0;
  const starts = new Map<number, string>();
  for (const key of Object.keys(entry)) {
    const [, digits, thousands = ""] = /_(?:token|cost|1hr)_above_(\d+)(k?)_tokens/.exec(key) ?? [];
    if (digits === undefined) continue;
    const start = Number(digits) * (thousands === "k" ? 1000 : 1);
    starts.set(Math.max(0, start - before), `${digits}${thousands}`);
  }
  return [...starts].sort(([a], [b]) => a - b);
}

/**
 * Reads a table of ranges of input tokens. A range excludes its start and includes its end, and prices the whole call.
 */
function byRange(
  model: string,
  entry: AnyObject,
  table: readonly unknown[],
  fees: Prices,
): [Sheet, ...Sheet[]] {
  // The table may leave out prices of output, audio, images and video; those of the entry count then.
  const entryPrices = Object.fromEntries(
    Object.entries(tokenPrices(entry, "")).filter(([field]) => /^outputUsd|Audio|Image|Video/.test(field)),
  );
  const refuse = (): never => {
    throw new RefusedPriceError(
      "unreadable",
      `${quote(model)} must have a price table whose ranges start at 0`,
    );
  };
  const sheets = table.map((row): Sheet => {
    const range = isObject(row) ? ownField(row, "range") : undefined;
    const start: unknown = Array.isArray(range) ? range[0] : undefined;
    if (!isObject(row) || !isCount(start)) return refuse();
    return { above: start, prices: { ...entryPrices, ...tokenPrices(row, ""), ...fees } };
  });
  const [first, ...rest] = sheets.sort((a, b) => a.above - b.above);
  return first?.above === 0 ? [first, ...rest] : refuse();
}
