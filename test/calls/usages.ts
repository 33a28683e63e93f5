import type { TokenRates, TokenUsage } from "dispatch-kit";

/** The counts of a usage that are there, by name. */
export function kindsOf(usage: TokenUsage): readonly (readonly [string, number])[] {
  return Object.entries(usage).filter((of): of is [string, number] => typeof of[1] === "number");
}

const SIZES = [0, 1, 37, 1000, 60_000, 127_999, 200_000, 272_001, 1_000_000];

/** Usages that add up, of every kind that has a price: below, at and above where tiers start. */
export function usages(
  rates: TokenRates,
  draw: (limit: number) => number,
  count: number,
): readonly TokenUsage[] {
  return Array.from({ length: count }, (_, index) => {
    const starts = rates.tiers.flatMap(({ aboveInputTokens }) => [aboveInputTokens, aboveInputTokens + 1]);
    const sizes = index % 2 === 0 && starts.length > 0 ? starts : SIZES;
    const part = (of: number): number => draw(Math.floor(of) + 1);
    const inputTokens = sizes[draw(sizes.length)] ?? 0;
    const outputTokens = part(SIZES[draw(SIZES.length)] ?? 0);
    if (index === 0) return { inputTokens, outputTokens };
    const cacheReadTokens = part(inputTokens / 3);
    const cacheWriteTokens = part(inputTokens / 3);
    const cacheReadAudioTokens = part(cacheReadTokens / 3);
    const cacheReadImageTokens = part(cacheReadTokens / 3);
    const reasoning = part(outputTokens / 3);
    const usage: TokenUsage = {
      inputTokens,
      outputTokens,
      cacheReadTokens,
      cacheWriteTokens,
      cacheWrite1hTokens: part(cacheWriteTokens),
      outputReasoningTokens: reasoning,
      ...(rates.searchUsd === undefined ? {} : { searches: draw(4) }),
    };
    if (index % 2 === 0) return usage;
    return {
      ...usage,
      inputAudioTokens: cacheReadAudioTokens + part(inputTokens / 9),
      inputImageTokens: cacheReadImageTokens + part(inputTokens / 9),
      inputVideoTokens: part(inputTokens / 9),
      cacheReadAudioTokens,
      cacheReadImageTokens,
      outputAudioTokens: part(outputTokens / 9),
      outputImageTokens: part(outputTokens / 9),
      outputVideoTokens: part(outputTokens / 9),
      outputCitationTokens: part(outputTokens / 9),
    };
  });
}
