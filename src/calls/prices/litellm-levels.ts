import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject, ownField, presentField } from "../own-fields.ts";
import { RefusedPriceError, listedCount } from "./listed.ts";
import { entriesOf, higher, type Prices, tokenPrices } from "./litellm-keys.ts";

/** The prices of the standard tier for calls with more than `above` input tokens. */
export interface Level {
  readonly above: number;
  /** The entry, or the row of its table, that has the prices. */
  readonly source: AnyObject;
  /** What the keys of these prices end with, such as `_above_200k_tokens`. */
  readonly ending: string;
  readonly prices: Prices;
}

export type Levels = readonly [Level, ...Level[]];

/** The prices per token of an entry: of the base, and of each number of input tokens from which others apply. */
export function levelsOf(model: string, entry: AnyObject): Levels {
  const table = presentField(entry, "tiered_pricing");
  return Array.isArray(table) ? byRange(model, entry, table) : byThreshold(entry);
}

/**
 * Reads keys such as `…_above_200k_tokens`: levels that apply to the whole call. A price without a key for the level
 * keeps the price of the level before, but not one for an hour's cache: it follows the prices of the level.
 */
function byThreshold(entry: AnyObject): Levels {
  const base: Level = { above: 0, source: entry, ending: "", prices: tokenPrices(entry, "") };
  let below = base.prices;
  const levels = startsOf(entry).map(([above, written]): Level => {
    const ending = `_above_${written}_tokens`;
    const named = tokenPrices(entry, ending);
    const dearer = named.inputUsdPerMTok ?? named.cacheWriteUsdPerMTok;
    const { cacheWrite1hUsdPerMTok: hour, ...rest } = below;
    below = { ...(dearer === undefined && hour !== undefined ? below : rest), ...named };
    return { above, source: entry, ending, prices: below };
  });
  return [base, ...levels];
}

/** The token counts from which an entry has other prices, ascending, each with its spelling in the keys. */
function startsOf(entry: AnyObject): readonly (readonly [number, string])[] {
  // xAI's higher price starts at the count itself; for all other providers it starts above it.
  const before = ownField(entry, "litellm_provider") === "xai" ? 1 : 0;
  const starts = new Map<number, string>();
  for (const key of Object.keys(entry)) {
    const [, digits, thousands = ""] =
      /_(?:token|cost|1hr)(?:_[a-z]+)?_above_(\d+)(k?)_tokens/.exec(key) ?? [];
    if (digits === undefined) continue;
    const start = Number(digits) * (thousands === "k" ? 1000 : 1);
    starts.set(Math.max(0, start - before), `${digits}${thousands}`);
  }
  return [...starts].sort(([a], [b]) => a - b);
}

/**
 * Reads a table of ranges of input tokens. A range excludes its start and includes its end, and prices the whole call.
 */
function byRange(model: string, entry: AnyObject, table: readonly unknown[]): Levels {
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
  const levels = table.map((row): Level => {
    const range = isObject(row) ? ownField(row, "range") : undefined;
    const above = listedCount(Array.isArray(range) ? range[0] : undefined);
    if (!isObject(row) || above === null) return refuse();
    return { above, source: row, ending: "", prices: { ...entryPrices, ...tokenPrices(row, "") } };
  });
  const [first, ...rest] = levels.sort((a, b) => a.above - b.above);
  return first?.above === 0 ? [first, ...rest] : refuse();
}

/**
 * The levels with the prices of LiteLLM's `off_peak_pricing`. They are prices of the base, so a higher price of a level
 * above it stays.
 */
export function offPeakLevels([base, ...levels]: Levels, block: AnyObject): Levels {
  const offPeak = tokenPrices(block, "");
  const lowered = (level: Level): Level => {
    const prices = { ...level.prices };
    for (const [field, price] of entriesOf(offPeak)) {
      const isOfBase = level.prices[field] === base.prices[field];
      prices[field] = isOfBase ? price : higher(price, level.prices[field]);
    }
    return { ...level, prices };
  };
  return [lowered(base), ...levels.map(lowered)];
}
