import { read } from "../../internal/check.ts";
import { quote } from "../../internal/text.ts";
import type { TokenPrices } from "../../tokens/fields.ts";
import { type AnyObject, isObject, ownField, presentField } from "../own-fields.ts";
import { DAY, type Hours, isWithin, momentsIn } from "./hours.ts";
import { isNamedFree, listedCount, listedLimit, listedPrice, RefusedPriceError } from "./listed.ts";
import { type PriceOptions, type RatesOutcome, type Wanted, WANTED, withUntil } from "./outcome.ts";
import { type Found, ratesOf, type Sheet, type Sheets } from "./rates.ts";

/** The price keys, each with its field and the shift of the decimal point. Prices per thousand need a shift of -3. */
const KEYS: ReadonlyMap<string, readonly [keyof TokenPrices, number]> = /* @__PURE__ */ new Map([
  ["input_mtok", ["inputUsdPerMTok", 0]],
  ["output_mtok", ["outputUsdPerMTok", 0]],
  ["cache_read_mtok", ["cacheReadUsdPerMTok", 0]],
  ["cache_write_mtok", ["cacheWriteUsdPerMTok", 0]],
  ["cache_write_1h_mtok", ["cacheWrite1hUsdPerMTok", 0]],
  ["input_audio_mtok", ["inputAudioUsdPerMTok", 0]],
  ["input_image_mtok", ["inputImageUsdPerMTok", 0]],
  ["input_video_mtok", ["inputVideoUsdPerMTok", 0]],
  ["cache_audio_read_mtok", ["cacheReadAudioUsdPerMTok", 0]],
  ["cache_image_read_mtok", ["cacheReadImageUsdPerMTok", 0]],
  ["output_audio_mtok", ["outputAudioUsdPerMTok", 0]],
  ["output_image_mtok", ["outputImageUsdPerMTok", 0]],
  ["output_video_mtok", ["outputVideoUsdPerMTok", 0]],
  ["output_reasoning_mtok", ["outputReasoningUsdPerMTok", 0]],
  ["output_citation_mtok", ["outputCitationUsdPerMTok", 0]],
  ["requests_kcount", ["requestUsd", -3]],
  ["web_searches_kcount", ["searchUsd", -3]],
] as const);

/** Prices of tools that run only if a call asks for them. They are ignored. */
const TOOLS = /^(?:social_searches|storage_searches|code_executions)_kcount$/;

/**
 * Rates from a model entry of the npm package `@pydantic/genai-prices`, or of its `data.json`.
 *
 * To get an entry from the package, use `calcPrice({}, name)?.model` or `findProvider({ providerId })?.models.find(…)`;
 * both give `undefined` for an unknown model. `prices` is one set of prices, or a list of sets with a start date or
 * hours (UTC); of these, the last one that applies at `at` counts. Each price is a number, or a base with tiers. An
 * entry with prices for anything but tokens, requests and web searches is refused. Fees for file search, social search
 * and code execution are ignored, because a call must ask for these tools: hold their fees separately.
 *
 * @param entry - the model's entry; `null` or `undefined` is refused as an unknown model.
 * @returns the rates, or the reason why there are none.
 * @throws TypeError or RangeError for wrong options; never for the contents of the list.
 * @example
 * ```ts
 * const entry = { id: "gpt-4o-mini", prices: { input_mtok: 0.15, cache_read_mtok: 0.075, output_mtok: 0.6 } };
 * const found = ratesFromGenaiPrices(entry, { at: new Date("2026-11-23T09:00:00Z") });
 * found.kind === "priced" && found.rates.cacheReadUsdPerMTok; // => "0.075"
 * ```
 */
export function ratesFromGenaiPrices(entry: unknown, options: PriceOptions): RatesOutcome {
  const what = "ratesFromGenaiPrices";
  const wanted = withUntil(what, read(what, options, WANTED));
  return ratesOf(wanted, () => genaiModel(entry, wanted, null));
}

/** Whether the prices of an entry depend on the time of the call. */
export function hasDates(entry: AnyObject): boolean {
  return Array.isArray(presentField(entry, "prices"));
}

/**
 * Reads the entry of a model.
 *
 * @param provider - the id of the provider whose list has the entry; `null` if it is unknown.
 */
export function genaiModel(entry: unknown, wanted: Wanted, provider: string | null): Found {
  const id = isObject(entry) ? ownField(entry, "id") : undefined;
  if (!isObject(entry) || typeof id !== "string")
    throw new RefusedPriceError("unknown_model", "the list has no such model");
  const [first, ...others] = pricesIn(id, presentField(entry, "prices"), wanted);
  const sheetsOf = (prices: unknown): Sheets => {
    if (isObject(prices)) return sheets(id, prices);
    throw new RefusedPriceError("unreadable", `${quote(id)} has no prices`);
  };
  return {
    model: id,
    free: isNamedFree(id) || isNamedFree(ownField(entry, "name")),
    noOutput: false,
    moments: [sheetsOf(first), ...others.map(sheetsOf)],
    factors: [],
    serviceTier: null,
    // The list does not say what a search fee is charged for.
    searchPer: undefined,
    feeIsForSearches: provider === "perplexity" || id.startsWith("sonar"),
    maxInputTokens: listedLimit(presentField(entry, "context_window")),
    maxOutputTokens: null,
  };
}

/** A set of prices, and when it applies. */
interface Conditional {
  readonly prices: unknown;
  readonly start: number | null;
  readonly hours: Hours | null;
}

/** The different sets of prices that apply from `at` to `until`. */
function pricesIn(model: string, listed: unknown, { at, until }: Wanted): readonly unknown[] {
  if (!Array.isArray(listed)) return [listed];
  const all: readonly unknown[] = listed;
  const sets = all.filter(isObject).map((one) => conditional(model, one));
  const times = sets.flatMap(({ hours }) => (hours === null ? [] : [hours.from, hours.to % DAY]));
  const starts = sets.flatMap(({ start }) => (start === null ? [] : [start]));
  // The last set that applies, or else the first set, as in the package itself.
  const setAt = (moment: number): Conditional | undefined =>
    sets.filter((set) => applies(set, moment)).at(-1) ?? sets[0];
  const found = new Set(momentsIn(at, until, times, 1, starts).map(setAt));
  return [...found].map((set) => set?.prices);
}

function applies({ start, hours }: Conditional, moment: number): boolean {
  return start === null ? hours === null || isWithin(hours, moment) : moment >= start;
}

function conditional(model: string, set: AnyObject): Conditional {
  const prices = ownField(set, "prices");
  const constraint = presentField(set, "constraint");
  if (constraint === undefined) return { prices, start: null, hours: null };
  if (isObject(constraint)) {
    const date = ownField(constraint, "start_date");
    const start = typeof date === "string" ? Date.parse(date) / 1000 : NaN;
    if (!Number.isNaN(start)) return { prices, start, hours: null };
    const from = secondsOfDay(ownField(constraint, "start_time"));
    const to = secondsOfDay(ownField(constraint, "end_time"));
    if (from !== null && to !== null) return { prices, start: null, hours: { from, to } };
  }
  throw new RefusedPriceError(
    "unreadable",
    `a price of ${quote(model)} has a constraint that cannot be read`,
  );
}

/** Reads a time such as `16:30:00Z`, or one with an offset, as seconds of the UTC day. */
function secondsOfDay(time: unknown): number | null {
  if (typeof time !== "string" || !/^\d\d:\d\d/.test(time)) return null;
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`;
  const seconds = Date.parse(`1970-01-02T${zoned}`) / 1000;
  return Number.isNaN(seconds) ? null : seconds % DAY;
}

/**
 * Combines the tiers of all prices. From each start on, a price without a tier there keeps the price of its tier
 * before, but not one for an hour's cache: it follows the prices of the tier.
 */
function sheets(model: string, prices: AnyObject): Sheets {
  const listed = Object.entries(prices)
    .filter(([key, price]) => price !== undefined && price !== null && !TOOLS.test(key))
    .map(([key, price]) => {
      const known = KEYS.get(key);
      if (known === undefined)
        throw new RefusedPriceError(
          "unreadable",
          `${quote(model)} has a price for ${quote(key)}, which these rates cannot hold`,
        );
      return { field: known[0], steps: steps(key, price, known[1]) };
    });
  const starts = new Set(listed.flatMap(({ steps }) => steps.map(({ above }) => above)));
  const stepAt = (steps: readonly Step[], above: number | null): Step | undefined =>
    steps.filter((step) => (step.above ?? -1) <= (above ?? -1)).at(-1);
  const sheet = (above: number | null): Sheet => {
    const found = listed.map(({ field, steps }) => ({ field, step: stepAt(steps, above) }));
    const follows = /^(?:input|cacheWrite)Usd/;
    const changed = Math.max(
      ...found.filter(({ field }) => follows.test(field)).map(({ step }) => step?.above ?? -1),
    );
    const kept = found.filter(
      ({ field, step }) => field !== "cacheWrite1hUsdPerMTok" || (step?.above ?? -1) >= changed,
    );
    return {
      above: above ?? 0,
      prices: Object.fromEntries(kept.map(({ field, step }) => [field, step?.price])),
    };
  };
  starts.delete(null);
  return [sheet(null), ...[...starts].sort((a, b) => Number(a) - Number(b)).map(sheet)];
}

interface Step {
  /** `null` for the base. */
  readonly above: number | null;
  readonly price: string;
}

function steps(key: string, price: unknown, shift: number): readonly Step[] {
  if (!isObject(price)) return [{ above: null, price: listedPrice(key, price, shift) }];
  const tiers = ownField(price, "tiers");
  if (!Array.isArray(tiers)) throw new RefusedPriceError("unreadable", `${key} must have a list of tiers`);
  const list: readonly unknown[] = tiers;
  const read = list.map((tier) => {
    const start = listedCount(isObject(tier) ? ownField(tier, "start") : undefined);
    if (!isObject(tier) || start === null) {
      throw new RefusedPriceError(
        "unreadable",
        `each tier of ${key} must have a start, a whole number of at least 0`,
      );
    }
    return { above: start, price: listedPrice(key, ownField(tier, "price"), shift) };
  });
  const base = { above: null, price: listedPrice(key, ownField(price, "base"), shift) };
  return [base, ...read.sort((a, b) => a.above - b.above)];
}
