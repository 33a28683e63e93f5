import type { TokenUsage } from "../../tokens/fields.ts";
import { given, type Part } from "../record.ts";
import { hasAny, maybe, mustAddUp, needed, NoCount, outputWith, part, within } from "./counts.ts";
import { reportedSearches } from "./searches.ts";

/** Chat completions, and the many that speak like them: cached and reasoning tokens are inside. */
export function chatUsage(report: Part): TokenUsage {
  const details = within(report, "prompt_tokens_details");
  const written = within(report, "completion_tokens_details");
  const inputTokens = needed(report, "prompt_tokens");
  const total = maybe(report, "total_tokens");
  // An embedding's report has no completion.
  const completion =
    maybe(report, "completion_tokens") ?? (total === inputTokens ? 0 : needed(report, "completion_tokens"));
  // Some proxies count under the names of the responses API too, or leave 0 there.
  for (const [key, count] of [
    ["input_tokens", inputTokens],
    ["output_tokens", completion],
  ] as const) {
    if (part(report, key) > 0) mustAddUp(key, part(report, key), count);
  }
  const reasoning = maybe(written, "reasoning_tokens") ?? part(report, "reasoning_tokens");
  const citations = part(report, "citation_tokens");
  // Perplexity's search models search in every call, and say how widely.
  const queries =
    maybe(report, "num_search_queries") ?? (given(report, "search_context_size") === undefined ? 0 : 1);
  const searches = queries + reportedSearches(within(report, "server_tool_use"));
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
    maybe(report, "cached_tokens") ??
    part(report, "cache_read_input_tokens");
  noneApart(report);
  return {
    inputTokens,
    outputTokens: output + beside,
    cacheReadTokens: cached,
    ...cacheWrites(report, details),
    ...modalities(details, written),
    outputReasoningTokens: reasoning,
    outputCitationTokens: citations,
    searches,
  };
}

/** What was written to a cache: OpenRouter's name for it, LiteLLM's, and Anthropic's as others pass it on. */
function cacheWrites(report: Part, details: Part): Partial<TokenUsage> {
  return {
    cacheWriteTokens:
      maybe(details, "cache_write_tokens") ??
      maybe(details, "cache_creation_tokens") ??
      maybe(details, "cache_creation_input_tokens") ??
      part(report, "cache_creation_input_tokens"),
    cacheWrite1hTokens: part(within(details, "cache_creation_token_details"), "ephemeral_1h_input_tokens"),
  };
}

/** xAI's searches and tools, and Mistral's sound: they have prices of their own, by the piece and the second. */
function noneApart(report: Part): void {
  for (const [key, count] of Object.entries(report)) {
    if (!/^num_.*_used$|_audio_seconds$/.test(key) || typeof count !== "number" || count === 0) continue;
    throw new NoCount(`${key} is charged apart`);
  }
}

/** The responses API, realtime and images: the same under other names. */
export function responsesUsage(report: Part): TokenUsage {
  const details = { ...within(report, "input_tokens_details"), ...within(report, "input_token_details") };
  const written = { ...within(report, "output_tokens_details"), ...within(report, "output_token_details") };
  const inputTokens = needed(report, "input_tokens");
  const output = needed(report, "output_tokens");
  mustAddUp("total_tokens", maybe(report, "total_tokens"), inputTokens + output);
  noneApart(report);
  const usage = {
    inputTokens,
    outputTokens: output,
    cacheReadTokens: part(details, "cached_tokens"),
    cacheWriteTokens: part(details, "cache_write_tokens"),
    ...modalities(details, written),
    outputReasoningTokens: part(written, "reasoning_tokens"),
  };
  // Only the images API counts pictures on the way in and does not say what came out: pictures.
  const drawn = given(details, "image_tokens") !== undefined && Object.keys(written).length === 0;
  return drawn ? { ...usage, outputImageTokens: output } : usage;
}

function modalities(input: Part, output: Part): Partial<TokenUsage> {
  const cached = within(input, "cached_tokens_details");
  return {
    inputAudioTokens: part(input, "audio_tokens"),
    inputImageTokens: part(input, "image_tokens"),
    inputVideoTokens: part(input, "video_tokens"),
    cacheReadAudioTokens: part(cached, "audio_tokens"),
    cacheReadImageTokens: part(cached, "image_tokens"),
    outputAudioTokens: part(output, "audio_tokens"),
    outputImageTokens: part(output, "image_tokens"),
    outputVideoTokens: part(output, "video_tokens"),
  };
}
