import type { RecordedStream } from "./recorded-stream.ts";

const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_764_152_777, model: "m" };

function chunk(delta: object, finish_reason: string | null = null, more: object = {}): object {
  return { ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...more };
}

const usage = { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 };
const details = {
  prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 3, audio_tokens: 0 },
};
const counts = { inputTokens: 19, outputTokens: 10 };
const detailed = { ...counts, cacheReadTokens: 4, outputReasoningTokens: 3 };

/** Streams of chat completions and of the dialects, with the fields that their clients' types have. */
export const CHAT_STREAMS: readonly RecordedStream[] = [
  {
    protocol: "openai-chat",
    form: "with its usage in a chunk of its own",
    events: [
      chunk({ role: "assistant", content: "", refusal: null }, null, {
        usage: null,
        service_tier: "default",
      }),
      chunk({ content: "Hel" }, null, { usage: null, obfuscation: "x" }),
      chunk({ content: "lo" }, null, { usage: null }),
      chunk({}, "stop", { usage: null }),
      { ...base, choices: [], usage: { ...usage, ...details } },
      "[DONE]",
    ],
    usage: detailed,
  },
  {
    protocol: "openai-chat",
    form: "two choices, and a citation in one of them",
    events: [
      { ...base, choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }] },
      { ...base, choices: [{ index: 1, delta: { content: "b" }, finish_reason: null }] },
      {
        ...base,
        choices: [{ index: 1, delta: { annotations: [{ type: "url_citation" }] }, finish_reason: null }],
      },
      { ...base, choices: [{ index: 1, delta: {}, finish_reason: "stop" }] },
      { ...base, choices: [{ index: 0, delta: {}, finish_reason: "length" }] },
      { ...base, choices: [], usage },
      "[DONE]",
    ],
    usage: { ...counts, searches: 1 },
  },
  {
    protocol: "azure",
    form: "whose first chunk has no choices",
    events: [
      { ...base, id: "", model: "", choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hello" }),
      chunk({}, "stop"),
      { ...base, choices: [], usage },
      "[DONE]",
    ],
    usage: counts,
  },
  {
    protocol: "groq",
    form: "with its usage in x_groq",
    events: [
      chunk({ role: "assistant", content: "" }, null, { x_groq: { id: "req_1" } }),
      chunk({ content: "Hello" }),
      chunk({}, "stop", { x_groq: { id: "req_1", usage: { ...usage, queue_time: 0.03, total_time: 0.1 } } }),
      "[DONE]",
    ],
    usage: counts,
  },
  {
    protocol: "deepseek",
    form: "with its usage beside the last choice",
    events: [
      chunk({ role: "assistant", content: "", reasoning_content: null }),
      chunk({ reasoning_content: "Hm" }),
      chunk({ content: "Hello" }),
      chunk({ content: "" }, "stop", {
        usage: { ...usage, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 15 },
      }),
      "[DONE]",
    ],
    usage: { ...counts, cacheReadTokens: 4 },
  },
  {
    protocol: "xai",
    form: "with reasoning beside the completion",
    events: [
      chunk({ role: "assistant", reasoning_content: "Hm" }),
      chunk({ content: "Hello" }),
      chunk({}, "stop"),
      {
        ...base,
        choices: [],
        usage: {
          ...{ prompt_tokens: 32, completion_tokens: 9, total_tokens: 135 },
          prompt_tokens_details: { text_tokens: 32, cached_tokens: 6, audio_tokens: 0, image_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 94 },
          ...{ num_sources_used: 0, cost_in_usd_ticks: 3_345_000 },
        },
      },
      "[DONE]",
    ],
    usage: { inputTokens: 32, outputTokens: 103, cacheReadTokens: 6, outputReasoningTokens: 94 },
    stated: "0.0003345",
  },
  {
    protocol: "perplexity",
    form: "with a usage in every chunk",
    events: [
      chunk({ role: "assistant", content: "Hel" }, null, {
        usage: { prompt_tokens: 19, completion_tokens: 1, total_tokens: 20, search_context_size: "low" },
      }),
      chunk({ content: "lo" }, null, {
        usage: { prompt_tokens: 19, completion_tokens: 2, total_tokens: 21, search_context_size: "low" },
      }),
      chunk({ content: "" }, "stop", {
        usage: { ...usage, search_context_size: "low", cost: { request_cost: 0.005, total_cost: 0.00503 } },
        citations: ["https://example.org/"],
      }),
      "[DONE]",
    ],
    usage: { ...counts, searches: 1 },
    stated: "0.00503",
  },
  {
    protocol: "openrouter",
    form: "with its cost",
    events: [
      chunk({ role: "assistant", content: "Hello" }, null, { provider: "p" }),
      chunk({ content: "" }, "stop", { provider: "p" }),
      {
        ...base,
        provider: "p",
        choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
        usage: { ...usage, cost: 0.95, cost_details: { upstream_inference_cost: null }, is_byok: false },
      },
      "[DONE]",
    ],
    usage: counts,
    stated: "0.95",
  },
  {
    protocol: "openrouter",
    form: "as its client hands it out",
    events: [
      { model: "m", choices: [{ index: 0, delta: { content: "Hello" }, finishReason: null }] },
      { model: "m", choices: [{ index: 0, delta: {}, finishReason: "stop" }] },
      {
        model: "m",
        choices: [],
        usage: { promptTokens: 19, completionTokens: 10, totalTokens: 29, cost: 0.95 },
      },
      "[DONE]",
    ],
    usage: counts,
    stated: "0.95",
  },
  {
    protocol: "litellm",
    form: "a cache beside the prompt",
    events: [
      // LiteLLM leaves out the fields that are null.
      { ...base, choices: [{ index: 0, delta: { role: "assistant", content: "Hello" } }] },
      { ...base, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
      {
        ...base,
        choices: [{ index: 0, delta: {} }],
        usage: { ...usage, total_tokens: 129, cache_read_input_tokens: 100, cache_creation_input_tokens: 0 },
      },
      "[DONE]",
    ],
    usage: { inputTokens: 119, outputTokens: 10, cacheReadTokens: 100 },
  },
  {
    protocol: "mistral",
    form: "over the wire",
    events: [
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hello" }),
      chunk({ content: "" }, "stop", { usage }),
      "[DONE]",
    ],
    usage: counts,
  },
  {
    protocol: "mistral",
    form: "as its client hands it out",
    events: [
      { data: { model: "m", choices: [{ index: 0, delta: { content: "Hello" }, finishReason: null }] } },
      {
        data: {
          model: "m",
          choices: [{ index: 0, delta: {}, finishReason: "stop" }],
          usage: { promptTokens: 19, completionTokens: 10, totalTokens: 29, num_cached_tokens: 4 },
        },
      },
      "[DONE]",
    ],
    usage: { ...counts, cacheReadTokens: 4 },
  },
];
