import type { TokenPrices } from "../../tokens/fields.ts";
import { type AnyObject, presentField } from "../own-fields.ts";
import { listedPrice } from "./listed.ts";

/** A price field of rates. */
export type Field = keyof TokenPrices;
/** Prices in USD per million tokens, as plain digits. */
export type Prices = Partial<Record<Field, string>>;

export const CITATIONS = "citation_cost_per_token";

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

/** The prices per token of an entry or a row, under the known keys with one of these endings; the last one counts. */
export function tokenPrices(entry: AnyObject, ...endings: readonly string[]): Prices {
  const prices: Prices = {};
  for (const ending of endings) {
    for (const [key, field] of KEYS) {
      const price = presentField(entry, `${key}${ending}`);
      if (price !== undefined) prices[field] = listedPrice(`${key}${ending}`, price, 6);
    }
  }
  return prices;
}

/** The whole of which a kind of tokens is a part: the input or the output. */
export function wholeOf(field: Field): "inputUsdPerMTok" | "outputUsdPerMTok" {
  return field.startsWith("output") ? "outputUsdPerMTok" : "inputUsdPerMTok";
}

/** The fields of prices, each with its price. */
export function entriesOf(prices: Prices): readonly (readonly [Field, string])[] {
  // The keys of `Prices` are fields.
  return Object.entries(prices) as [Field, string][];
}

/** The higher of two prices in plain digits. As numbers they are exact enough to be compared. */
export function higher(a: string, b: string | undefined): string {
  return b !== undefined && Number(b) > Number(a) ? b : a;
}
