import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  calcPrice,
  type ModelInfo,
  type ModelPrice,
  type PriceCalculationResult,
} from "@pydantic/genai-prices";
import type { TokenRates } from "dispatch-kit";
import { ratesFromGenaiPrices } from "dispatch-kit/calls";
import { InputError } from "./failure.ts";

const LIST = "@pydantic/genai-prices";

/** Listed prices in USD per million tokens, for calls with more than `above` input tokens. */
export interface ListedPrices {
  readonly above: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  /** USD per thousand calls. */
  readonly thousandCalls: number | null;
}

/** A model's prices and their source. */
export interface Listing {
  readonly model: string;
  readonly provider: string;
  /** The price list, its version, and the day of the prices. */
  readonly source: string;
  /** The base prices, then the tiers; the audit computes from them without the library. */
  readonly listed: readonly ListedPrices[];
  /** The same prices for the library. */
  readonly rates: TokenRates;
}

/**
 * Looks a model up in the installed price list, without the network.
 *
 * @param at - the instant whose prices are used; some depend on the day or the hour.
 * @throws InputError with the model's name if it is not listed, or has no price per input or output token.
 */
export function findListing(model: string, at: Date): Listing {
  const found = lookUp(model, at);
  if (found === null) throw new InputError(`no price for the model ${JSON.stringify(model)} in ${LIST}`);
  const listed = listedPrices(model, found.model_price);
  return {
    model: found.model.id,
    provider: found.provider.name,
    source: `${LIST} ${listVersion()}, prices of ${at.toISOString().slice(0, 10)}`,
    listed,
    rates: ratesAt(model, found.model, at),
  };
}

/** Finds a model by its name alone, then as `provider:model`, because some names contain a colon. */
function lookUp(model: string, timestamp: Date): PriceCalculationResult {
  // Only the unit prices in the answer are needed, so the usage is empty.
  const found = calcPrice({}, model, { timestamp });
  const colon = model.indexOf(":");
  if (found !== null || colon < 0) return found;
  return calcPrice({}, model.slice(colon + 1), { timestamp, providerId: model.slice(0, colon) });
}

function listedPrices(model: string, prices: ModelPrice): readonly ListedPrices[] {
  const starts = new Set([0]);
  for (const price of Object.values(prices)) {
    if (typeof price === "object") for (const tier of price.tiers) starts.add(tier.start);
  }
  return [...starts]
    .sort((a, b) => a - b)
    .map((above) => {
      const at = (key: string): number | null => priceAbove(prices[key], above);
      const needed = (key: string): number => {
        const price = at(key);
        if (price !== null) return price;
        throw new InputError(`${LIST} has no ${key} price for the model ${JSON.stringify(model)}`);
      };
      return {
        above,
        input: needed("input_mtok"),
        output: needed("output_mtok"),
        cacheRead: at("cache_read_mtok"),
        cacheWrite: at("cache_write_mtok"),
        thousandCalls: at("requests_kcount"),
      };
    });
}

/** Each price has its own tiers; without a tier at `above` the next lower one counts. */
function priceAbove(price: ModelPrice[string], above: number): number | null {
  if (typeof price !== "object") return price ?? null;
  const reached = price.tiers.filter(({ start }) => start <= above).sort((a, b) => b.start - a.start);
  return reached[0]?.price ?? price.base;
}

/** The library's own reader refuses models that it cannot price. */
function ratesAt(model: string, entry: ModelInfo, at: Date): TokenRates {
  const found = ratesFromGenaiPrices(entry, { at });
  if (found.kind === "priced") return found.rates;
  throw new InputError(`no price for the model ${JSON.stringify(model)} in ${LIST}: ${found.reason}`);
}

/** The package does not export its package.json, so it is read from its folder. */
function listVersion(): string {
  const entry = createRequire(import.meta.url).resolve(LIST);
  const manifest: unknown = JSON.parse(
    readFileSync(entry.replace(/dist[\\/][^\\/]*$/, "package.json"), "utf8"),
  );
  const known = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return known ? String(manifest.version) : "of unknown version";
}
