import { type AnyObject, isObject, presentField } from "../own-fields.ts";
import { listedPrice, RefusedPriceError } from "./listed.ts";

/** Regions that are the provider's default. */
const EVERYWHERE = ["global", "not_available"];

/**
 * The factors on the token prices of a LiteLLM entry in a region: of OpenAI's hosts for data residency
 * (`regional_processing_uplift_multiplier_eu`), of Anthropic's `inference_geo` (`provider_specific_entry.us`), and of
 * any region of Vertex AI but `global` (`regional_endpoint_uplift_multiplier`).
 *
 * For a region that the entry does not name, the highest factor of the same kind counts.
 */
export function regionFactors(entry: AnyObject, region: string | null): readonly string[] {
  const name = region?.toLowerCase();
  if (name === undefined || EVERYWHERE.includes(name)) return [];
  const processing = new Map<string, string>();
  for (const key of Object.keys(entry)) {
    const [, place] = /^regional_processing_uplift_multiplier_(.+)$/.exec(key) ?? [];
    if (place !== undefined && presentField(entry, key) !== undefined)
      processing.set(place, factor(entry, key));
  }
  const specific = presentField(entry, "provider_specific_entry");
  const geo = new Map<string, string>();
  for (const key of isObject(specific) ? Object.keys(specific) : []) {
    // The factor of a fast mode is there too, and so are other settings, which are no numbers.
    if (isObject(specific) && !key.endsWith("fast") && isNumber(specific[key]))
      geo.set(key, factor(specific, key));
  }
  const endpoint = "regional_endpoint_uplift_multiplier";
  return [
    ...factorIn(processing, name),
    ...factorIn(geo, name),
    ...(presentField(entry, endpoint) === undefined ? [] : [factor(entry, endpoint)]),
  ];
}

/** The factor on the token prices of Anthropic's fast mode, or `null` if the entry has none. */
export function fastFactor(entry: AnyObject): string | null {
  const specific = presentField(entry, "provider_specific_entry");
  if (!isObject(specific) || presentField(specific, "fast") === undefined) return null;
  return factor(specific, "fast");
}

function factorIn(factors: ReadonlyMap<string, string>, name: string): readonly string[] {
  const highest = [...factors.values()].sort((a, b) => Number(a) - Number(b)).at(-1);
  const found = factors.get(name) ?? highest;
  return found === undefined ? [] : [found];
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^[\d.]+$/.test(value));
}

function factor(from: AnyObject, key: string): string {
  const value = listedPrice(key, presentField(from, key), 0);
  if (value !== "0") return value;
  throw new RefusedPriceError("unreadable", `${key} must be above 0`);
}
