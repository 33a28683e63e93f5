import type { TokenUsage } from "../../tokens/fields.ts";
import { given, type Part } from "../record.ts";
import { maybe, mustAddUp, needed, part, parts } from "./counts.ts";

/**
 * Gemini's `usageMetadata`, also on Vertex and of the live API: cached tokens are inside the prompt, thoughts
 * beside the candidates. It leaves out what is 0, so the total has to add up.
 */
export function geminiUsage(report: Part): TokenUsage {
  const prompt = needed(report, "promptTokenCount");
  const tools = part(report, "toolUsePromptTokenCount");
  const answer = maybe(report, "candidatesTokenCount") ?? part(report, "responseTokenCount");
  const thoughts = part(report, "thoughtsTokenCount");
  mustAddUp("totalTokenCount", needed(report, "totalTokenCount"), prompt + tools + answer + thoughts);
  const read = modalities(report, ["promptTokensDetails", "toolUsePromptTokensDetails"]);
  const cached = modalities(report, ["cacheTokensDetails"]);
  const written = modalities(report, ["candidatesTokensDetails", "responseTokensDetails"]);
  return {
    inputTokens: prompt + tools,
    outputTokens: answer + thoughts,
    cacheReadTokens: part(report, "cachedContentTokenCount"),
    inputAudioTokens: read("AUDIO"),
    inputImageTokens: read("IMAGE") + read("DOCUMENT"),
    // A cached video has no price of its own: it costs what cached text does.
    inputVideoTokens: Math.max(0, read("VIDEO") - cached("VIDEO")),
    cacheReadAudioTokens: cached("AUDIO"),
    cacheReadImageTokens: cached("IMAGE") + cached("DOCUMENT"),
    outputAudioTokens: written("AUDIO"),
    outputImageTokens: written("IMAGE"),
    outputVideoTokens: written("VIDEO"),
    outputReasoningTokens: thoughts,
  };
}

/** How many tokens of a modality the lists under these keys have. */
function modalities(report: Part, keys: readonly string[]): (modality: string) => number {
  const counts = keys
    .flatMap((key) => parts(report, key))
    .map((one) => ({ modality: given(one, "modality"), tokens: part(one, "tokenCount") }));
  return (modality) =>
    counts.filter((of) => of.modality === modality).reduce((sum, { tokens }) => sum + tokens, 0);
}
