import type { Protocol } from "../reports/account.ts";
import type { UsageShape } from "../reports/shape.ts";
import { servedByAnthropic } from "./anthropic.ts";
import { CHAT_INFORMS, CHAT_USAGE, chatForm } from "./openai-chat.ts";

const DETAILS = "prompt_tokens_details";
const HOUR = "ephemeral_1h_input_tokens";
const WRITES = [`${DETAILS}.cache_creation_token_details`, `${DETAILS}.cache_creation`, "cache_creation"];

/**
 * Chat completions as proxies pass them on, with the names of the providers behind them. The cache is inside the prompt
 * or beside it: the total decides.
 *
 * Source: `Usage`, `PromptTokensDetailsWrapper` and `CompletionTokensDetailsWrapper` of github.com/BerriAI/litellm,
 * `litellm/types/utils.py` (commit 001c64f). Qwen's explicit cache: alibabacloud.com/help/en/model-studio/context-cache.
 * No page was found for `cached_tokens` beside the prompt, which Moonshot reports.
 */
export const LITELLM_USAGE: UsageShape = {
  ...CHAT_USAGE,
  // Some proxies also report the names of the responses API.
  input: ["prompt_tokens", "input_tokens"],
  output: ["completion_tokens", "output_tokens"],
  inside: {
    inputAudio: [`${DETAILS}.audio_tokens`],
    inputImage: [`${DETAILS}.image_tokens`],
    inputVideo: [`${DETAILS}.video_tokens`],
    outputAudio: ["completion_tokens_details.audio_tokens"],
    outputImage: ["completion_tokens_details.image_tokens"],
    outputVideo: ["completion_tokens_details.video_tokens"],
  },
  either: {
    cacheRead: [
      `${DETAILS}.cached_tokens`,
      ...["cache_read_input_tokens", "prompt_cache_hit_tokens", "cached_tokens"],
    ],
    cacheWrite: [
      ...["cache_creation_tokens", "cache_write_tokens", "cache_creation_input_tokens"].map(
        (name) => `${DETAILS}.${name}`,
      ),
      "cache_creation_input_tokens",
      ...WRITES.map((writes) => `${writes}.ephemeral_5m_input_tokens + ${writes}.${HOUR}`),
    ],
    cacheWrite1h: WRITES.map((writes) => `${writes}.${HOUR}`),
    outputReasoning: ["completion_tokens_details.reasoning_tokens", "reasoning_tokens"],
  },
  searches: ["server_tool_use.web_search_requests", `${DETAILS}.web_search_requests`],
  informs: [
    ...CHAT_INFORMS,
    "prompt_cache_miss_tokens",
    // A fetched page costs its tokens only: platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool
    "server_tool_use.web_fetch_requests",
  ],
  apart: [
    "server_tool_use.*",
    ...["character_count", "image_count", "video_length_seconds", "audio_length_seconds"].map(
      (name) => `${DETAILS}.${name}`,
    ),
    "iterations[].*",
  ],
};

/** Chat completions of LiteLLM and of other proxies, which pass on Anthropic's tier and region in the usage. */
export const LITELLM: Protocol = /* @__PURE__ */ chatForm("litellm", {
  shape: LITELLM_USAGE,
  served: servedByAnthropic,
});
