import type { Price } from "../money/decimal.ts";

/** What a model call costs, in USD per million tokens; `requestUsd` once a call. */
export interface TokenPrices {
  readonly inputUsdPerMTok: Price;
  readonly outputUsdPerMTok: Price;
  /** Missing or `null`: the input price, never zero. */
  readonly cacheReadUsdPerMTok?: Price | null;
  /** Missing or `null`: the input price, never zero. */
  readonly cacheWriteUsdPerMTok?: Price | null;
  /** What is written to a cache for an hour. Missing or `null`: the price of any cache write. */
  readonly cacheWrite1hUsdPerMTok?: Price | null;
  /** Missing or `null`: the input price, as for all that follows with `input`. */
  readonly inputAudioUsdPerMTok?: Price | null;
  readonly inputImageUsdPerMTok?: Price | null;
  readonly inputVideoUsdPerMTok?: Price | null;
  /** Audio read from a cache. Missing or `null`: the dearer of the prices for audio and for cache reads. */
  readonly cacheReadAudioUsdPerMTok?: Price | null;
  /** Images read from a cache. Missing or `null`: the dearer of the prices for images and for cache reads. */
  readonly cacheReadImageUsdPerMTok?: Price | null;
  /** Missing or `null`: the output price, as for all that follows with `output`. */
  readonly outputAudioUsdPerMTok?: Price | null;
  readonly outputImageUsdPerMTok?: Price | null;
  readonly outputVideoUsdPerMTok?: Price | null;
  readonly outputReasoningUsdPerMTok?: Price | null;
  readonly outputCitationUsdPerMTok?: Price | null;
  /** A fee for the call itself, in USD; none if missing (in a tier: the base fee). */
  readonly requestUsd?: Price | null;
  /** For each search that the provider runs, in USD. If missing, searches have no price and are refused. */
  readonly searchUsd?: Price | null;
}

/** Prices that apply to the whole call once it has more than `aboveInputTokens` input tokens. */
export interface TokenTier extends TokenPrices {
  readonly aboveInputTokens: number;
}

/** Token counts of a call: each kind of tokens counts among those that it is part of. */
export interface TokenUsage {
  /** All of the input, cached or not, of any kind. */
  readonly inputTokens: number;
  /** All of the output, reasoning included. */
  readonly outputTokens: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  /** Those of `cacheWriteTokens` that are kept for an hour. */
  readonly cacheWrite1hTokens?: number;
  readonly inputAudioTokens?: number;
  readonly inputImageTokens?: number;
  readonly inputVideoTokens?: number;
  /** Those of `cacheReadTokens` that are among `inputAudioTokens` too. */
  readonly cacheReadAudioTokens?: number;
  /** Those of `cacheReadTokens` that are among `inputImageTokens` too. */
  readonly cacheReadImageTokens?: number;
  readonly outputAudioTokens?: number;
  readonly outputImageTokens?: number;
  readonly outputVideoTokens?: number;
  readonly outputReasoningTokens?: number;
  readonly outputCitationTokens?: number;
  /** Searches that the provider ran. */
  readonly searches?: number;
}

/**
 * The most of everything in a call. A kind that is left out could be all of the input or output: one that
 * cannot happen is set to 0, so that its price does not count.
 */
export interface TokenLimits {
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  readonly maxCacheReadTokens?: number;
  readonly maxCacheWriteTokens?: number;
  readonly maxCacheWrite1hTokens?: number;
  readonly maxInputAudioTokens?: number;
  readonly maxInputImageTokens?: number;
  readonly maxInputVideoTokens?: number;
  readonly maxCacheReadAudioTokens?: number;
  readonly maxCacheReadImageTokens?: number;
  readonly maxOutputAudioTokens?: number;
  readonly maxOutputImageTokens?: number;
  readonly maxOutputVideoTokens?: number;
  readonly maxOutputReasoningTokens?: number;
  readonly maxOutputCitationTokens?: number;
  /** 0 if left out: a provider searches only when it is asked to. */
  readonly maxSearches?: number;
}
