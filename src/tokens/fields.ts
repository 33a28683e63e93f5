import type { Price } from "../money/decimal.ts";

/** The prices of a model, in USD per million tokens; `requestUsd` is charged once per call, `searchUsd` per search. */
export interface TokenPrices {
  readonly inputUsdPerMTok: Price;
  readonly outputUsdPerMTok: Price;
  /** Missing or `null`: the input price, never zero. */
  readonly cacheReadUsdPerMTok?: Price | null | undefined;
  /** Missing or `null`: the input price, never zero. */
  readonly cacheWriteUsdPerMTok?: Price | null | undefined;
  /**
   * Tokens written to a cache for an hour. Missing or `null`: they have no price, and a usage with such tokens is
   * refused, because no other price is a bound: at Anthropic they cost twice the input price
   * (https://platform.claude.com/docs/en/build-with-claude/prompt-caching).
   */
  readonly cacheWrite1hUsdPerMTok?: Price | null | undefined;
  /** Missing or `null`: the input price. The same holds for the next fields that start with `input`. */
  readonly inputAudioUsdPerMTok?: Price | null | undefined;
  readonly inputImageUsdPerMTok?: Price | null | undefined;
  readonly inputVideoUsdPerMTok?: Price | null | undefined;
  /** Audio read from a cache. Missing or `null`: the higher of the prices given for audio and for cache reads. */
  readonly cacheReadAudioUsdPerMTok?: Price | null | undefined;
  /** Images read from a cache. Missing or `null`: the higher of the prices given for images and for cache reads. */
  readonly cacheReadImageUsdPerMTok?: Price | null | undefined;
  /** Missing or `null`: the output price. The same holds for the next fields that start with `output`. */
  readonly outputAudioUsdPerMTok?: Price | null | undefined;
  readonly outputImageUsdPerMTok?: Price | null | undefined;
  readonly outputVideoUsdPerMTok?: Price | null | undefined;
  readonly outputReasoningUsdPerMTok?: Price | null | undefined;
  readonly outputCitationUsdPerMTok?: Price | null | undefined;
  /** A fee per call, in USD. Missing or `null`: no fee; in a tier, the base fee. */
  readonly requestUsd?: Price | null | undefined;
  /**
   * A fee per search that the provider runs, in USD. Missing or `null`: searches are refused; in a tier, the base fee.
   */
  readonly searchUsd?: Price | null | undefined;
}

/**
 * What rates are for, and how searches are billed. These fields change no price. The readers of price lists set them, and
 * the readers of usage reports compare them with what served the call.
 */
export interface RatesPurpose {
  /** The name of the model that the prices are for, as in the price list: 1 to 200 code units. */
  readonly model?: string | undefined;
  /** The service tier that the prices are for, such as `"priority"`. Missing: the standard tier. */
  readonly serviceTier?: string | undefined;
  /**
   * What `searchUsd` is charged for: each search (`"query"`, also if missing), or each prompt that needed at least one
   * (`"prompt"`).
   */
  readonly searchPer?: "query" | "prompt" | undefined;
  /** `requestUsd` is a fee for searching, so searches cost nothing more (Perplexity). Excludes `searchUsd`. */
  readonly searchesIncluded?: true | undefined;
}

/** Prices for a call with more than `aboveInputTokens` input tokens. They apply to all its tokens. */
export interface TokenTier extends TokenPrices {
  readonly aboveInputTokens: number;
}

/** Token counts of a call. Each count includes its parts: `inputTokens` includes `cacheReadTokens`, for example. */
export interface TokenUsage {
  /** All input tokens of any kind, cached or not. */
  readonly inputTokens: number;
  /** All output tokens, reasoning included. */
  readonly outputTokens: number;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  /** The part of `cacheWriteTokens` that the provider keeps for an hour. */
  readonly cacheWrite1hTokens?: number | undefined;
  readonly inputAudioTokens?: number | undefined;
  readonly inputImageTokens?: number | undefined;
  readonly inputVideoTokens?: number | undefined;
  /** Audio read from a cache: part of `cacheReadTokens` and of `inputAudioTokens`. */
  readonly cacheReadAudioTokens?: number | undefined;
  /** Images read from a cache: part of `cacheReadTokens` and of `inputImageTokens`. */
  readonly cacheReadImageTokens?: number | undefined;
  readonly outputAudioTokens?: number | undefined;
  readonly outputImageTokens?: number | undefined;
  readonly outputVideoTokens?: number | undefined;
  readonly outputReasoningTokens?: number | undefined;
  readonly outputCitationTokens?: number | undefined;
  /** Searches that the provider ran. */
  readonly searches?: number | undefined;
}

/**
 * Upper bounds of the token counts of a call. A kind that is left out may make up the whole input or output. Set a
 * kind that cannot occur to 0, so that its price does not count.
 */
export interface TokenLimits {
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  readonly maxCacheReadTokens?: number | undefined;
  readonly maxCacheWriteTokens?: number | undefined;
  readonly maxCacheWrite1hTokens?: number | undefined;
  readonly maxInputAudioTokens?: number | undefined;
  readonly maxInputImageTokens?: number | undefined;
  readonly maxInputVideoTokens?: number | undefined;
  readonly maxCacheReadAudioTokens?: number | undefined;
  readonly maxCacheReadImageTokens?: number | undefined;
  readonly maxOutputAudioTokens?: number | undefined;
  readonly maxOutputImageTokens?: number | undefined;
  readonly maxOutputVideoTokens?: number | undefined;
  readonly maxOutputReasoningTokens?: number | undefined;
  readonly maxOutputCitationTokens?: number | undefined;
  /** 0 if left out, because a provider searches only on request. */
  readonly maxSearches?: number | undefined;
}
