import { type Protocol, UncountableError } from "../reports/account.ts";
import { countAt, type UsageShape } from "../reports/shape.ts";
import type { Reported } from "../reports/token-protocol.ts";
import { CHAT_INFORMS, CHAT_USAGE, chatForm } from "./openai-chat.ts";

/**
 * Source: `tokenUsageSchema` of the npm package @ai-sdk/deepseek 3.0.56, `src/chat/deepseek-chat-api-types.ts`;
 * api-docs.deepseek.com/guides/kv_cache: the prompt is what was in the cache and what was not.
 */
export const DEEPSEEK_USAGE: UsageShape = {
  ...CHAT_USAGE,
  inside: {
    ...CHAT_USAGE.inside,
    cacheRead: ["prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens"],
  },
  informs: [...CHAT_INFORMS, "prompt_cache_miss_tokens"],
};

function mustAddUp({ usage }: Reported): void {
  const [prompt, hit, miss] = ["prompt_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens"].map(
    (path) => countAt(usage, path),
  );
  if (hit === undefined || miss === undefined || hit + miss === prompt) return;
  throw new UncountableError(
    `prompt_tokens must be ${hit + miss}, the cache hits and misses; got ${String(prompt)}`,
  );
}

/** DeepSeek's chat completions. */
export const DEEPSEEK: Protocol = /* @__PURE__ */ chatForm("deepseek", {
  shape: DEEPSEEK_USAGE,
  adjust: (usage, reported) => {
    mustAddUp(reported);
    return usage;
  },
});
