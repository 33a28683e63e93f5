import { read } from "../../internal/check.ts";
import { quote } from "../../internal/text.ts";
import type { TokenPrices } from "../../tokens/fields.ts";
import { type AnyObject, isCount, isObject, ownField, presentField } from "../own-fields.ts";
import { isNamedFree, listedPrice, RefusedPriceError } from "./listed.ts";
import { type PriceOptions, type RatesOutcome, type Wanted, WANTED } from "./outcome.ts";
import { type Found, ratesOf, type Sheet } from "./rates.ts";

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
  const wanted = read<Wanted>("ratesFromGenaiPrices", options, WANTED);
  return ratesOf(wanted, () => find(entry, wanted.at));
}

function find(entry: unknown, at: number): Found {
  const id = isObject(entry) ? ownField(entry, "id") : undefined;
  if (!isObject(entry) || typeof id !== "string")
    throw new RefusedPriceError("unknown_model", "the list has no such model");
  const prices = pricesAt(id, presentField(entry, "prices"), at);
  if (!isObject(prices)) throw new RefusedPriceError("unreadable", `${quote(id)} has no prices`);
  const [base, ...tiers] = sheets(id, prices);
  return {
    model: id,
    free: isNamedFree(id) || isNamedFree(ownField(entry, "name")),
    noOutput: false,
    base,
    tiers,
  };
}

/** The last set of prices that applies at `at`, or else the first set, as in the package itself. */
function pricesAt(model: string, listed: unknown, at: number): unknown {
  if (!Array.isArray(listed)) return listed;
  const dated: readonly unknown[] = listed;
  const found = dated
    .filter((one) => isObject(one) && applies(model, presentField(one, "constraint"), at))
    .at(-1);
  const used = found ?? dated[0];
  return isObject(used) ? ownField(used, "prices") : undefined;
}

function applies(model: string, constraint: unknown, at: number): boolean {
  if (constraint === undefined) return true;
  if (isObject(constraint)) {
    const start = ownField(constraint, "start_date");
    if (typeof start === "string") {
      const from = Date.parse(start) / 1000;
      if (!Number.isNaN(from)) return at >= from;
    }
    const from = secondsOfDay(ownField(constraint, "start_time"));
    const to = secondsOfDay(ownField(constraint, "end_time"));
    const now = ((at % DAY) + DAY) % DAY;
    // The hours may include midnight.
    if (from !== null && to !== null) return from <= to ? now >= from && now < to : now >= from || now < to;
  }
  throw new RefusedPriceError(
    "unreadable",
    `a price of ${quote(model)} has a constraint that cannot be read`,
  );
}

const DAY = 86_400;

/** Reads a time such as `16:30:00Z`, or one with an offset, as seconds of the UTC day. */
function secondsOfDay(time: unknown): number | null {
  if (typeof time !== "string" || !/^\d\d:\d\d/.test(time)) return null;
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`;
  const seconds = Date.parse(`1970-01-02T${zoned}`) / 1000;
  return Number.isNaN(seconds) ? null : seconds % DAY;
}

/**
 * Combines the tiers of all prices. From each start on, a price without a tier there keeps the price of its tier
 * before.
 */
function sheets(model: string, prices: AnyObject): [Sheet, ...Sheet[]] {
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
  const sheet = (above: number | null): Sheet => ({
    above: above ?? 0,
    prices: Object.fromEntries(
      listed.map(({ field, steps }) => [
        field,
        steps.filter((step) => (step.above ?? -1) <= (above ?? -1)).at(-1)?.price,
      ]),
    ),
  });
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
    const start = isObject(tier) ? ownField(tier, "start") : undefined;
    if (!isObject(tier) || !isCount(start)) {
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
