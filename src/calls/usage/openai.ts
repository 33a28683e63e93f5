import type { TokenUsage } from "../../tokens/fields.ts";
import { type AnyObject, presentField } from "../own-fields.ts";
import {
  countOrZero,
  hasAny,
  mustAddUp,
  objectAt,
  optionalCount,
  outputWithReasoning,
  requiredCount,
  UncountableError,
} from "./counts.ts";
import { reportedSearches } from "./searches.ts";

/** Reads the usage of chat completions and compatible APIs. The counts include cached and reasoning tokens. */
export function chatUsage(report: AnyObject): TokenUsage {
  const details = objectAt(report, "prompt_tokens_details");
  const written = objectAt(report, "completion_tokens_details");
  const inputTokens = requiredCount(report, "prompt_tokens");
  const total = optionalCount(report, "total_tokens");
  // An embedding's report has no completion.
  const completion =
    optionalCount(report, "completion_tokens") ??
    (total === inputTokens ? 0 : requiredCount(report, "completion_tokens"));
  // Some proxies also report the names of the responses API, with the same count or 0.
  for (const [key, count] of [
    ["input_tokens", inputTokens],
    ["output_tokens", completion],
  ] as const) {
    if (countOrZero(report, key) > 0) mustAddUp(key, countOrZero(report, key), count);
  }
  const reasoning = optionalCount(written, "reasoning_tokens") ?? countOrZero(report, "reasoning_tokens");
  const citations = countOrZero(report, "citation_tokens");
  // A Perplexity search model searches in every call; its report has search_context_size.
  const queries =
    optionalCount(report, "num_search_queries") ??
    (presentField(report, "search_context_size") === undefined ? 0 : 1);
  const searches = queries + reportedSearches(objectAt(report, "server_tool_use"));
  // Perplexity leaves citation and reasoning tokens out of the completion and the total.
  const extra = hasAny(report, ["citation_tokens", "num_search_queries"])
    ? countOrZero(report, "reasoning_tokens") + citations
    : 0;
  const output = outputWithReasoning("total_tokens", total, {
    input: inputTokens,
    output: completion,
    reasoning: extra > 0 ? 0 : reasoning,
  });
  const cached =
    optionalCount(details, "cached_tokens") ??
    optionalCount(report, "prompt_cache_hit_tokens") ??
    optionalCount(report, "cached_tokens") ??
    countOrZero(report, "cache_read_input_tokens");
  refuseSeparateFees(report);
  return {
    inputTokens,
    outputTokens: output + extra,
    cacheReadTokens: cached,
    ...cacheWrites(report, details),
    ...modalities(details, written),
    outputReasoningTokens: reasoning,
    outputCitationTokens: citations,
    searches,
  };
}

/** Cache writes, under the names of OpenRouter, of LiteLLM, and of Anthropic as proxies pass them on. */
function cacheWrites(report: AnyObject, details: AnyObject): Partial<TokenUsage> {
  return {
    cacheWriteTokens:
      optionalCount(details, "cache_write_tokens") ??
      optionalCount(details, "cache_creation_tokens") ??
      optionalCount(details, "cache_creation_input_tokens") ??
      countOrZero(report, "cache_creation_input_tokens"),
    cacheWrite1hTokens: countOrZero(
      objectAt(details, "cache_creation_token_details"),
      "ephemeral_1h_input_tokens",
    ),
  };
}

/** Refuses xAI's searches and tools, and Mistral's audio: they are billed separately, per use and per second. */
function refuseSeparateFees(report: AnyObject): void {
  for (const [key, count] of Object.entries(report)) {
    if (!/^num_.*_used$|_audio_seconds$/.test(key) || typeof count !== "number" || count === 0) continue;
    throw new UncountableError(`${key} is billed separately`);
  }
}

/** Reads the usage of the responses, realtime and images APIs, which use other field names. */
export function responsesUsage(report: AnyObject): TokenUsage {
  const details = { ...objectAt(report, "input_tokens_details"), ...objectAt(report, "input_token_details") };
  const written = {
    ...objectAt(report, "output_tokens_details"),
    ...objectAt(report, "output_token_details"),
  };
  const inputTokens = requiredCount(report, "input_tokens");
  const output = requiredCount(report, "output_tokens");
  mustAddUp("total_tokens", optionalCount(report, "total_tokens"), inputTokens + output);
  refuseSeparateFees(report);
  const usage = {
    inputTokens,
    outputTokens: output,
    cacheReadTokens: countOrZero(details, "cached_tokens"),
    cacheWriteTokens: countOrZero(details, "cache_write_tokens"),
    ...modalities(details, written),
    outputReasoningTokens: countOrZero(written, "reasoning_tokens"),
  };
  // Only the images API counts input images without details of the output; all its output is images.
  const isImagesApi =
    presentField(details, "image_tokens") !== undefined && Object.keys(written).length === 0;
  return isImagesApi ? { ...usage, outputImageTokens: output } : usage;
}

function modalities(input: AnyObject, output: AnyObject): Partial<TokenUsage> {
  const cached = objectAt(input, "cached_tokens_details");
  return {
    inputAudioTokens: countOrZero(input, "audio_tokens"),
    inputImageTokens: countOrZero(input, "image_tokens"),
    inputVideoTokens: countOrZero(input, "video_tokens"),
    cacheReadAudioTokens: countOrZero(cached, "audio_tokens"),
    cacheReadImageTokens: countOrZero(cached, "image_tokens"),
    outputAudioTokens: countOrZero(output, "audio_tokens"),
    outputImageTokens: countOrZero(output, "image_tokens"),
    outputVideoTokens: countOrZero(output, "video_tokens"),
  };
}
