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

/** Prices as they are listed, in USD per million tokens, from `above` input tokens on. */
export interface ListedPrices {
  readonly above: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  /** USD per thousand calls. */
  readonly thousandCalls: number | null;
}

/** A model's prices, and where they come from. */
export interface Listing {
  readonly model: string;
  readonly provider: string;
  /** The price list, its version, and the day whose prices these are. */
  readonly source: string;
  /** The base prices, then the tiers: what an auditor can compute from, without the library. */
  readonly listed: readonly ListedPrices[];
  /** The same, as the library takes them. */
  readonly rates: TokenRates;
}

/**
 * Looks a model up in the bundled price list; nothing goes over the network.
 *
 * @param at - some prices depend on the day or the hour; those of this instant count.
 * @throws InputError with the model's name if it is not listed, or not by input and output tokens.
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

/** By the model's name alone, or as `provider:model`; some names have a colon of their own. */
function lookUp(model: string, timestamp: Date): PriceCalculationResult {
  // The sum of nothing is of no interest: with it come the unit prices of that instant.
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

/** The list gives each price its own tiers; one that has none at `above` keeps what it had below. */
function priceAbove(price: ModelPrice[string], above: number): number | null {
  if (typeof price !== "object") return price ?? null;
  const reached = price.tiers.filter(({ start }) => start <= above).sort((a, b) => b.start - a.start);
  return reached[0]?.price ?? price.base;
}

/** By the library's own reader, which refuses what it cannot price. */
function ratesAt(model: string, entry: ModelInfo, at: Date): TokenRates {
  const found = ratesFromGenaiPrices(entry, { at });
  if (found.kind === "priced") return found.rates;
  throw new InputError(`no price for the model ${JSON.stringify(model)} in ${LIST}: ${found.reason}`);
}

/** The package does not export its package.json: it is read from beside the code. */
function listVersion(): string {
  const entry = createRequire(import.meta.url).resolve(LIST);
  const manifest: unknown = JSON.parse(
    readFileSync(entry.replace(/dist[\\/][^\\/]*$/, "package.json"), "utf8"),
  );
  const known = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return known ? String(manifest.version) : "of unknown version";
}
