import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, presentField } from "../own-fields.ts";
import { countOrZero, mustAddUp, objectsAt, optionalCount, requiredCount } from "./counts.ts";

/**
 * Reads Gemini's `usageMetadata`, also of Vertex and the Live API. The prompt includes cached tokens; the candidates do
 * not include thoughts. A count of 0 is left out, so the total is required and must be the sum of the counts.
 */
export function geminiUsage(report: AnyObject): TokenUsage {
  const prompt = requiredCount(report, "promptTokenCount");
  const tools = countOrZero(report, "toolUsePromptTokenCount");
  const answer = optionalCount(report, "candidatesTokenCount") ?? countOrZero(report, "responseTokenCount");
  const thoughts = countOrZero(report, "thoughtsTokenCount");
  mustAddUp("totalTokenCount", requiredCount(report, "totalTokenCount"), prompt + tools + answer + thoughts);
  const read = modalities(report, ["promptTokensDetails", "toolUsePromptTokensDetails"]);
  const cached = modalities(report, ["cacheTokensDetails"]);
  const written = modalities(report, ["candidatesTokensDetails", "responseTokensDetails"]);
  return {
    inputTokens: prompt + tools,
    outputTokens: answer + thoughts,
    cacheReadTokens: countOrZero(report, "cachedContentTokenCount"),
    inputAudioTokens: read("AUDIO"),
    inputImageTokens: read("IMAGE") + read("DOCUMENT"),
    // Cached video has the price of cached text, so it does not count as video.
    inputVideoTokens: Math.max(0, read("VIDEO") - cached("VIDEO")),
    cacheReadAudioTokens: cached("AUDIO"),
    cacheReadImageTokens: cached("IMAGE") + cached("DOCUMENT"),
    outputAudioTokens: written("AUDIO"),
    outputImageTokens: written("IMAGE"),
    outputVideoTokens: written("VIDEO"),
    outputReasoningTokens: thoughts,
  };
}

/** Counts the tokens of a modality in the lists under these keys. */
function modalities(report: AnyObject, keys: readonly string[]): (modality: string) => number {
  const counts = keys
    .flatMap((key) => objectsAt(report, key))
    .map((one) => ({ modality: presentField(one, "modality"), tokens: countOrZero(one, "tokenCount") }));
  return (modality) =>
    counts.filter((of) => of.modality === modality).reduce((sum, { tokens }) => sum + tokens, 0);
}
