import type { TokenLimits } from "../../tokens/fields.ts";
import type { TokenRates } from "../../tokens/rates.ts";
import type { Wanted } from "./options.ts";
import { type BoundNumber, unbounded } from "./outcome.ts";
import type { Reading } from "./reading.ts";

/** The limits of all kinds of tokens. A kind that cannot occur is 0, so that its price does not count. */
export function limitsOf(
  reading: Reading,
  wanted: Wanted,
  input: number,
  output: number,
  searches: number,
): TokenLimits {
  const mayHold = reading.unseen.length > 0 || reading.hasServerTools;
  const audio = mayHold || reading.hasAudio ? {} : { maxInputAudioTokens: 0, maxCacheReadAudioTokens: 0 };
  const video = mayHold || reading.hasVideo ? {} : { maxInputVideoTokens: 0 };
  return {
    maxInputTokens: input,
    maxOutputTokens: output,
    maxSearches: searches,
    ...audio,
    ...video,
    ...pictureLimits(reading, mayHold || wanted.inputTokens !== null || reading.hasFiles, input),
    ...cacheLimits(reading, input),
    ...(reading.makesAudio ? {} : { maxOutputAudioTokens: 0 }),
    ...(reading.makesPictures ? {} : { maxOutputImageTokens: 0, maxOutputVideoTokens: 0 }),
  };
}

/** Pictures make up at most their own tokens. */
function pictureLimits(reading: Reading, isOpen: boolean, input: number): Partial<TokenLimits> {
  if (reading.pictures === 0 && reading.unseen.length === 0 && !reading.hasFiles) {
    return { maxInputImageTokens: 0, maxCacheReadImageTokens: 0 };
  }
  if (isOpen) return {};
  const pictures = reading.numbers.filter(({ name }) => name === "picture");
  const tokens = pictures.reduce((sum, { value }) => sum + value, 0);
  // Without a cap of each, pictures may be the whole input.
  const most = pictures.length === reading.pictures ? Math.min(tokens, input) : input;
  return { maxInputImageTokens: most, maxCacheReadImageTokens: most };
}

function cacheLimits({ cache }: Reading, input: number): Partial<TokenLimits> {
  switch (cache) {
    case "none":
      return { maxCacheWriteTokens: 0, maxCacheWrite1hTokens: 0 };
    case "5m":
      return { maxCacheWrite1hTokens: 0 };
    case "1h":
      // Rates without a price for an hour are refused, because a cheaper one would be wrong.
      return { maxCacheWrite1hTokens: input };
    default:
      return {};
  }
}

/** The searches that the provider can run, and where the number is from. */
export function searchesOf(
  { searches }: Reading,
  { maxSearches }: Wanted,
  rates: TokenRates,
): BoundNumber | null {
  if (searches === 0 || rates.searchesIncluded === true) return null;
  const number = { name: "searches", unit: "searches" } as const;
  // One fee for a prompt, however many searches it needs.
  if (rates.searchPer === "prompt") return { ...number, value: 1, standing: "published" };
  if (searches !== null && maxSearches !== null) {
    return { ...number, value: Math.min(searches, maxSearches), standing: "stated" };
  }
  const value = searches ?? maxSearches;
  if (value !== null) return { ...number, value, standing: "stated" };
  throw unbounded("it may run any number of searches; set max_uses or max_tool_calls, or maxSearches");
}
