import { oneOf, optional, read } from "../../internal/check.ts";
import { quote } from "../../internal/text.ts";
import type { TokenPrices } from "../../tokens/fields.ts";
import { given, isCount, isPart, own, type Part } from "../record.ts";
import { listedPrice, NoPrice, saysFree } from "./listed.ts";
import { type PriceOptions, type RatesOutcome, type Wanted, WANTED } from "./outcome.ts";
import { type Found, ratesOf, type Sheet } from "./rates.ts";

type Field = keyof TokenPrices;

const CITATIONS = "citation_cost_per_token";

/** Its keys for prices by the token, and what they are here. */
const KEYS: readonly (readonly [string, Field])[] = [
  // The older name first: one that comes later counts.
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

/** What is not counted in tokens: output by the second, the character or the pixel, documents by the page. */
const NO_TOKENS =
  /^(?:output_cost_per_(?:second|character|pixel|video_per_second)|(?:ocr|annotation)_cost_per_)/;
/** Pictures by the piece; a chat model that draws counts them in tokens too. */
const PIECES = /^output_cost_per_image(?!_token)/;

/** What a request asks of a provider, where that has its own price. */
export interface LitellmOptions extends PriceOptions {
  /** The service tier of the call; the standard one if left out. A model without prices for it is refused. */
  readonly serviceTier?: "batches" | "flex" | "priority";
  /** How much context a web search brings in; if left out, the dearest counts. */
  readonly searchContext?: "low" | "medium" | "high";
}

type LitellmWanted = Wanted & { readonly serviceTier: string | null; readonly searchContext: string | null };

/**
 * Rates from LiteLLM's `model_prices_and_context_window.json`.
 *
 * Read by its shape: prices by the token, dearer ones above some number of input tokens or in a table of
 * ranges, cache reads and writes, audio, images, reasoning, the fee of a request and of a web search. A model
 * that is sold by the second, the character or the picture is refused. Surcharges for a region or a fast mode
 * (`regional_processing_uplift_multiplier_…`, `provider_specific_entry`) are not applied.
 *
 * @param list - the parsed file.
 * @param model - a key of it, to the letter.
 * @returns the rates, or why there are none.
 * @throws TypeError or RangeError for wrong options; never for what is in the list.
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
  const entry = isPart(list) ? own(list, name) : undefined;
  // The first entry describes the fields; its prices of 0 are no model's.
  if (!isPart(entry) || name === "sample_spec") {
    throw new NoPrice("unknown_model", `the list has no model ${quote(name)}`);
  }
  const mode = given(entry, "mode");
  const pieces = mode !== "chat" && given(entry, "output_cost_per_image_token") === undefined;
  for (const key of Object.keys(entry)) {
    if (!NO_TOKENS.test(key) && !(pieces && PIECES.test(key))) continue;
    if (given(entry, key) !== undefined && listedPrice(key, entry[key], 0) !== "0") {
      throw new NoPrice("unreadable", `${quote(name)} has an ${key}, no price by the token`);
    }
  }
  const suffix = wanted.serviceTier === null ? "" : `_${wanted.serviceTier}`;
  const fees = feesOf(entry, wanted.searchContext);
  const table = given(entry, "tiered_pricing");
  const [base, ...tiers] =
    Array.isArray(table) && suffix === ""
      ? byRange(name, entry, table, fees)
      : byThreshold(entry, suffix, fees);
  return { model: name, free: saysFree(name), noOutput: mode === "embedding", base, tiers };
}

type Prices = Partial<Record<Field, string>>;

function feesOf(entry: Part, context: string | null): Prices {
  const fees: Prices = {};
  const request = given(entry, "input_cost_per_request");
  if (request !== undefined) fees.requestUsd = listedPrice("input_cost_per_request", request, 0);
  const searches = given(entry, "search_context_cost_per_query");
  if (!isPart(searches)) return fees;
  const sizes = context === null ? ["low", "medium", "high"] : [context];
  const listed = sizes
    .map((size) => given(searches, `search_context_size_${size}`))
    .filter((of) => of !== undefined);
  const dearest = listed
    .map((of) => listedPrice("search_context_cost_per_query", of, 0))
    .sort(byNumber)
    .at(-1);
  if (dearest === undefined) return fees;
  // Perplexity's models search in every call, and charge once for it: save the one that counts its searches.
  const always = own(entry, "litellm_provider") === "perplexity" && given(entry, CITATIONS) === undefined;
  return always && request === undefined ? { requestUsd: dearest } : { ...fees, searchUsd: dearest };
}

/** Decimals of at most 18 places, as numbers only to be put in order. */
function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}

/** The prices by the token that an entry, or a tier of it, has under each key with this ending. */
function tokenPrices(entry: Part, ending: string): Prices {
  const prices: Prices = {};
  for (const [key, field] of KEYS) {
    const price = given(entry, `${key}${ending}`);
    if (price !== undefined) prices[field] = listedPrice(`${key}${ending}`, price, 6);
  }
  return prices;
}

/** `…_above_200k_tokens`: the whole call is repriced; a price that has none keeps what it had below. */
function byThreshold(entry: Part, suffix: string, fees: Prices): [Sheet, ...Sheet[]] {
  const asked = tokenPrices(entry, suffix);
  // Priority is dearer: a standard price below that of all input or all output is none of its own.
  const tiered = (prices: Prices, its: Prices): Prices =>
    suffix === "_priority"
      ? notBelow(prices, (field) => (Object.hasOwn(its, field) ? undefined : prices[wholeOf(field)]))
      : prices;
  let its: Prices = { ...asked, ...fees };
  const base = tiered({ ...tokenPrices(entry, ""), ...its }, its);
  // A service tier has another price: the standard one would be a guess.
  if (asked.inputUsdPerMTok === undefined) delete base.inputUsdPerMTok;
  if (asked.outputUsdPerMTok === undefined) delete base.outputUsdPerMTok;
  let below = base;
  const tiers = startsOf(entry).map(([start, written]): Sheet => {
    const above = `_above_${written}_tokens`;
    const standard = tokenPrices(entry, above);
    const dearer = suffix === "" ? standard : notBelow(standard, (field) => below[field]);
    const named = tokenPrices(entry, above + suffix);
    its = { ...its, ...named };
    below = tiered({ ...below, ...dearer, ...named }, its);
    return { above: start, prices: below };
  });
  return [{ above: 0, prices: base }, ...tiers];
}

function wholeOf(field: Field): Field {
  return field.startsWith("output") ? "outputUsdPerMTok" : "inputUsdPerMTok";
}

/** Without the prices that are below another, where there is one. */
function notBelow(prices: Prices, other: (field: Field) => string | undefined): Prices {
  const fields = Object.entries(prices) as [Field, string][]; // which `Prices` says of its keys
  return Object.fromEntries(fields.filter(([field, price]) => !(Number(price) < Number(other(field)))));
}

/** From which counts on an entry has other prices, ascending, with each as its keys write it. */
function startsOf(entry: Part): readonly (readonly [number, string])[] {
  // xAI's dearer price starts at the count itself, everybody else's above it.
  const before = own(entry, "litellm_provider") === "xai" ? 1 : 0;
  const starts = new Map<number, string>();
  for (const key of Object.keys(entry)) {
    const [, digits, thousands = ""] = /_(?:token|cost|1hr)_above_(\d+)(k?)_tokens/.exec(key) ?? [];
    if (digits === undefined) continue;
    const start = Number(digits) * (thousands === "k" ? 1000 : 1);
    starts.set(Math.max(0, start - before), `${digits}${thousands}`);
  }
  return [...starts].sort(([a], [b]) => a - b);
}

/** A table of ranges of input tokens, each open below and closed above: one range prices the whole call. */
function byRange(model: string, entry: Part, table: readonly unknown[], fees: Prices): [Sheet, ...Sheet[]] {
  // The table need not say what output, sound and pictures cost; the rest is its own.
  const whole = Object.fromEntries(
    Object.entries(tokenPrices(entry, "")).filter(([field]) => /^outputUsd|Audio|Image|Video/.test(field)),
  );
  const refuse = (): never => {
    throw new NoPrice("unreadable", `${quote(model)} has a table without ranges from 0 on`);
  };
  const sheets = table.map((row): Sheet => {
    const range = isPart(row) ? own(row, "range") : undefined;
    const start: unknown = Array.isArray(range) ? range[0] : undefined;
    if (!isPart(row) || !isCount(start)) return refuse();
    return { above: start, prices: { ...whole, ...tokenPrices(row, ""), ...fees } };
  });
  const [first, ...rest] = sheets.sort((a, b) => a.above - b.above);
  return first?.above === 0 ? [first, ...rest] : refuse();
}
