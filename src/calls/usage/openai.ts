import type { TokenUsage } from "../../token-fields.ts";
import {
  field,
  hasAny,
  maybe,
  mustAddUp,
  needed,
  NoCount,
  outputWith,
  type Part,
  part,
  within,
} from "./counts.ts";

/** Chat completions, and the many that speak like them: cached and reasoning tokens are inside. */
export function chatUsage(report: Part): TokenUsage {
  const details = within(report, "prompt_tokens_details");
  const written = within(report, "completion_tokens_details");
  const inputTokens = needed(report, "prompt_tokens");
  const total = maybe(report, "total_tokens");
  // An embedding's report has no completion.
  const completion =
    maybe(report, "completion_tokens") ?? (total === inputTokens ? 0 : needed(report, "completion_tokens"));
  const reasoning = maybe(written, "reasoning_tokens") ?? part(report, "reasoning_tokens");
  const citations = part(report, "citation_tokens");
  const searches = part(report, "num_search_queries");
  // Perplexity counts what it has read and thought beside its answer, and leaves it out of the total.
  const beside = hasAny(report, ["citation_tokens", "num_search_queries"])
    ? part(report, "reasoning_tokens") + citations
    : 0;
  const inside = beside > 0 ? 0 : reasoning;
  const output = outputWith("total_tokens", total, {
    input: inputTokens,
    output: completion,
    reasoning: inside,
  });
  const cached =
    maybe(details, "cached_tokens") ??
    maybe(report, "prompt_cache_hit_tokens") ??
    part(report, "cached_tokens");
  if (part(report, "num_sources_used") > 0) throw new NoCount("num_sources_used is charged apart");
  return {
    inputTokens,
    outputTokens: output + beside,
    cacheReadTokens: cached,
    cacheWriteTokens: part(details, "cache_write_tokens"),
    ...modalities(details, written),
    outputReasoningTokens: reasoning,
    outputCitationTokens: citations,
    searches,
  };
}

/** The responses API, realtime and images: the same under other names. */
export function responsesUsage(report: Part): TokenUsage {
  const details = { ...within(report, "input_tokens_details"), ...within(report, "input_token_details") };
  const written = { ...within(report, "output_tokens_details"), ...within(report, "output_token_details") };
  const inputTokens = needed(report, "input_tokens");
  const output = needed(report, "output_tokens");
  mustAddUp("total_tokens", maybe(report, "total_tokens"), inputTokens + output);
  const usage = {
    inputTokens,
    outputTokens: output,
    cacheReadTokens: part(details, "cached_tokens"),
    cacheWriteTokens: part(details, "cache_write_tokens"),
    ...modalities(details, written),
    outputReasoningTokens: part(written, "reasoning_tokens"),
  };
  // Only the images API counts pictures on the way in and does not say what came out: pictures.
  const drawn = field(details, "image_tokens") !== undefined && Object.keys(written).length === 0;
  return drawn ? { ...usage, outputImageTokens: output } : usage;
}

function modalities(input: Part, output: Part): Partial<TokenUsage> {
  const cached = within(input, "cached_tokens_details");
  return {
    inputAudioTokens: part(input, "audio_tokens"),
    inputImageTokens: part(input, "image_tokens"),
    cacheReadAudioTokens: part(cached, "audio_tokens"),
    cacheReadImageTokens: part(cached, "image_tokens"),
    outputAudioTokens: part(output, "audio_tokens"),
    outputImageTokens: part(output, "image_tokens"),
  };
}
