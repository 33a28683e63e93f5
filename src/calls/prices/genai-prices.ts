import { read } from "../../internal/check.ts";
import { quote } from "../../internal/text.ts";
import type { TokenPrices } from "../../tokens/fields.ts";
import { given, isCount, isPart, own, type Part } from "../record.ts";
import { listedPrice, NoPrice, saysFree } from "./listed.ts";
import { type PriceOptions, type RatesOutcome, type Wanted, WANTED } from "./outcome.ts";
import { type Found, ratesOf, type Sheet } from "./rates.ts";

/** Its price keys: what they are here, and how far the point moves: prices of a thousand are divided by it. */
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

/** Tools that run only when a call asks for them: their price is not part of a call without them. */
const TOOLS = /^(?:social_searches|storage_searches|code_executions)_kcount$/;

/**
 * Rates from a model entry of the npm package `@pydantic/genai-prices`, or of its `data.json`.
 *
 * The package has no list to index: an entry is what `calcPrice({}, name)?.model` or
 * `findProvider({ providerId })?.models.find(…)` gives, `undefined` for an unknown model. It is read by its
 * shape: `prices`, or several of them with a start date or hours (UTC), of which the last that applies at `at`
 * counts; each price a number, or a base with tiers. A price by anything else than tokens, requests and web
 * searches is refused, not left out; save those of file search, social search and code execution, which a
 * call has to ask for: their fees are to be held apart.
 *
 * @param entry - the model's entry; `null` or `undefined` is refused as an unknown model.
 * @returns the rates, or why there are none.
 * @throws TypeError or RangeError for wrong options; never for what is in the list.
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
  const id = isPart(entry) ? own(entry, "id") : undefined;
  if (!isPart(entry) || typeof id !== "string")
    throw new NoPrice("unknown_model", "the list has no such model");
  const prices = pricesAt(id, given(entry, "prices"), at);
  if (!isPart(prices)) throw new NoPrice("unreadable", `${quote(id)} has no prices`);
  const [base, ...tiers] = sheets(id, prices);
  return { model: id, free: saysFree(id) || saysFree(own(entry, "name")), noOutput: false, base, tiers };
}

/** The last that applies, or the first of them, as the package itself has it. */
function pricesAt(model: string, listed: unknown, at: number): unknown {
  if (!Array.isArray(listed)) return listed;
  const dated: readonly unknown[] = listed;
  const found = dated.filter((one) => isPart(one) && applies(model, given(one, "constraint"), at)).at(-1);
  const first = found ?? dated[0];
  return isPart(first) ? own(first, "prices") : undefined;
}

function applies(model: string, constraint: unknown, at: number): boolean {
  if (constraint === undefined) return true;
  if (isPart(constraint)) {
    const start = own(constraint, "start_date");
    if (typeof start === "string") {
      const from = Date.parse(start) / 1000;
      if (!Number.isNaN(from)) return at >= from;
    }
    const from = secondsOfDay(own(constraint, "start_time"));
    const to = secondsOfDay(own(constraint, "end_time"));
    const now = ((at % DAY) + DAY) % DAY;
    // Hours can span midnight.
    if (from !== null && to !== null) return from <= to ? now >= from && now < to : now >= from || now < to;
  }
  throw new NoPrice("unreadable", `nobody knows when a price of ${quote(model)} applies`);
}

const DAY = 86_400;

/** `16:30:00Z`, or with an offset, in seconds of the UTC day. */
function secondsOfDay(time: unknown): number | null {
  if (typeof time !== "string" || !/^\d\d:\d\d/.test(time)) return null;
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`;
  const seconds = Date.parse(`1970-01-02T${zoned}`) / 1000;
  return Number.isNaN(seconds) ? null : seconds % DAY;
}

/** Each price has tiers of its own; one that has none from some count on keeps what it had below. */
function sheets(model: string, prices: Part): [Sheet, ...Sheet[]] {
  const listed = Object.entries(prices)
    .filter(([key, price]) => price !== undefined && price !== null && !TOOLS.test(key))
    .map(([key, price]) => {
      const known = KEYS.get(key);
      if (known === undefined)
        throw new NoPrice("unreadable", `${quote(model)} has a price for ${quote(key)}`);
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
  if (!isPart(price)) return [{ above: null, price: listedPrice(key, price, shift) }];
  const tiers = own(price, "tiers");
  if (!Array.isArray(tiers)) throw new NoPrice("unreadable", `${key} has no tiers`);
  const list: readonly unknown[] = tiers;
  const read = list.map((tier) => {
    const start = isPart(tier) ? own(tier, "start") : undefined;
    if (!isPart(tier) || !isCount(start)) {
      throw new NoPrice("unreadable", `a tier of ${key} has no start`);
    }
    return { above: start, price: listedPrice(key, own(tier, "price"), shift) };
  });
  const base = { above: null, price: listedPrice(key, own(price, "base"), shift) };
  return [base, ...read.sort((a, b) => a.above - b.above)];
}
