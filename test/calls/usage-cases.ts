import type { TokenUsage } from "dispatch-kit";

type Case = readonly [name: string, report: unknown, usage: TokenUsage];

/** Reports as the providers' own documentation and clients have them. */
export const COUNTED: readonly Case[] = [
  [
    "OpenAI chat",
    {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 192,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    { inputTokens: 2006, outputTokens: 300, cacheReadTokens: 1920, outputReasoningTokens: 192 },
  ],
  [
    "OpenAI chat with audio both ways and a cache write",
    {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 20, audio_tokens: 60 },
      completion_tokens_details: { audio_tokens: 40 },
    },
    {
      inputTokens: 100,
      outputTokens: 50,
      cacheReadTokens: 10,
      cacheWriteTokens: 20,
      inputAudioTokens: 60,
      outputAudioTokens: 40,
    },
  ],
  [
    "OpenAI chat without details",
    { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21, prompt_tokens_details: null },
    { inputTokens: 9, outputTokens: 12 },
  ],
  ["an OpenAI embedding", { prompt_tokens: 8, total_tokens: 8 }, { inputTokens: 8, outputTokens: 0 }],
  [
    "DeepSeek's own name for cached tokens",
    {
      prompt_tokens: 10,
      completion_tokens: 1,
      total_tokens: 11,
      prompt_cache_hit_tokens: 4,
      prompt_cache_miss_tokens: 6,
    },
    { inputTokens: 10, outputTokens: 1, cacheReadTokens: 4 },
  ],
  [
    "xAI, whose reasoning is beside the completion",
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    { inputTokens: 32, outputTokens: 103, outputReasoningTokens: 94 },
  ],
  [
    "Perplexity, whose citations and reasoning are beside its answer",
    {
      prompt_tokens: 33,
      completion_tokens: 7163,
      total_tokens: 7196,
      citation_tokens: 20016,
      num_search_queries: 21,
      reasoning_tokens: 95305,
    },
    {
      inputTokens: 33,
      outputTokens: 122484,
      outputReasoningTokens: 95305,
      outputCitationTokens: 20016,
      searches: 21,
    },
  ],
  [
    "OpenAI responses",
    {
      input_tokens: 328,
      input_tokens_details: { cached_tokens: 100 },
      output_tokens: 52,
      output_tokens_details: { reasoning_tokens: 20 },
      total_tokens: 380,
    },
    { inputTokens: 328, outputTokens: 52, cacheReadTokens: 100, outputReasoningTokens: 20 },
  ],
  [
    "a whole OpenAI response that searched",
    {
      object: "response",
      output: [{ type: "web_search_call" }, { type: "web_search_call" }, { type: "message" }],
      usage: {
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        input_tokens_details: { cached_tokens: 0 },
      },
    },
    { inputTokens: 10, outputTokens: 5, searches: 2 },
  ],
  [
    "OpenAI realtime",
    {
      total_tokens: 253,
      input_tokens: 132,
      output_tokens: 121,
      input_token_details: {
        text_tokens: 119,
        audio_tokens: 13,
        cached_tokens: 64,
        cached_tokens_details: { text_tokens: 60, audio_tokens: 4 },
      },
      output_token_details: { text_tokens: 30, audio_tokens: 91 },
    },
    {
      inputTokens: 132,
      outputTokens: 121,
      cacheReadTokens: 64,
      inputAudioTokens: 13,
      cacheReadAudioTokens: 4,
      outputAudioTokens: 91,
    },
  ],
  [
    "OpenAI images",
    {
      total_tokens: 100,
      input_tokens: 50,
      output_tokens: 50,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
    },
    { inputTokens: 50, outputTokens: 50, inputImageTokens: 40, outputImageTokens: 50 },
  ],
  [
    "Anthropic",
    {
      input_tokens: 2095,
      output_tokens: 503,
      cache_creation_input_tokens: 2051,
      cache_read_input_tokens: 2051,
      cache_creation: { ephemeral_5m_input_tokens: 51, ephemeral_1h_input_tokens: 2000 },
      output_tokens_details: { thinking_tokens: 100 },
      server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 },
      service_tier: "standard",
      inference_geo: "global",
      speed: "standard",
      iterations: [{ type: "message", input_tokens: 2095, output_tokens: 503 }],
    },
    {
      inputTokens: 6197,
      outputTokens: 503,
      cacheReadTokens: 2051,
      cacheWriteTokens: 2051,
      cacheWrite1hTokens: 2000,
      outputReasoningTokens: 100,
      searches: 3,
    },
  ],
  [
    "Anthropic without a cache",
    {
      input_tokens: 20,
      output_tokens: 5,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      cache_creation: null,
      server_tool_use: null,
      inference_geo: "not_available",
    },
    { inputTokens: 20, outputTokens: 5 },
  ],
  [
    "Anthropic on Bedrock, without the breakdown of writes",
    { input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 3, cache_read_input_tokens: 4 },
    { inputTokens: 8, outputTokens: 2, cacheReadTokens: 4, cacheWriteTokens: 3 },
  ],
  ["two bare counts", { input_tokens: 1, output_tokens: 2 }, { inputTokens: 1, outputTokens: 2 }],
  [
    "Gemini",
    {
      promptTokenCount: 1000,
      candidatesTokenCount: 100,
      thoughtsTokenCount: 50,
      toolUsePromptTokenCount: 10,
      cachedContentTokenCount: 600,
      totalTokenCount: 1160,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 600 },
        { modality: "AUDIO", tokenCount: 300 },
        { modality: "VIDEO", tokenCount: 100 },
      ],
      cacheTokensDetails: [
        { modality: "AUDIO", tokenCount: 200 },
        { modality: "VIDEO", tokenCount: 40 },
        { modality: "TEXT", tokenCount: 360 },
      ],
    },
    {
      inputTokens: 1010,
      outputTokens: 150,
      cacheReadTokens: 600,
      inputAudioTokens: 300,
      inputVideoTokens: 60,
      cacheReadAudioTokens: 200,
      outputReasoningTokens: 50,
    },
  ],
  [
    "a whole answer of Gemini that searched and says nothing",
    {
      candidates: [
        {
          finishReason: "STOP",
          groundingMetadata: { webSearchQueries: ["a", "b"], imageSearchQueries: ["c"] },
        },
      ],
      usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
    },
    { inputTokens: 7, outputTokens: 0, searches: 3 },
  ],
  [
    "the AI SDK 5",
    { inputTokens: 100, outputTokens: 20, totalTokens: 120, reasoningTokens: 8, cachedInputTokens: 60 },
    { inputTokens: 100, outputTokens: 20, cacheReadTokens: 60, outputReasoningTokens: 8 },
  ],
  [
    "the AI SDK 5 with Gemini, whose thoughts only the total has",
    {
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 150,
      reasoningTokens: 30,
      cachedInputTokens: undefined,
    },
    { inputTokens: 100, outputTokens: 50, outputReasoningTokens: 30 },
  ],
  [
    "the AI SDK 5 with Anthropic, by its provider's details",
    {
      usage: { inputTokens: 20, outputTokens: 5, totalTokens: 25, cachedInputTokens: 1000 },
      providerMetadata: {
        anthropic: {
          usage: {
            input_tokens: 20,
            output_tokens: 5,
            cache_read_input_tokens: 1000,
            cache_creation_input_tokens: 300,
          },
        },
      },
    },
    { inputTokens: 1320, outputTokens: 5, cacheReadTokens: 1000, cacheWriteTokens: 300 },
  ],
  [
    "the AI SDK 6 and 7",
    {
      inputTokens: 1320,
      inputTokenDetails: { noCacheTokens: 20, cacheReadTokens: 1000, cacheWriteTokens: 300 },
      outputTokens: 25,
      outputTokenDetails: { textTokens: 5, reasoningTokens: 20 },
      totalTokens: 1345,
    },
    {
      inputTokens: 1320,
      outputTokens: 25,
      cacheReadTokens: 1000,
      cacheWriteTokens: 300,
      outputReasoningTokens: 20,
    },
  ],
  [
    "the AI SDK 7 with the provider's own report",
    {
      inputTokens: 1320,
      inputTokenDetails: { noCacheTokens: 20, cacheReadTokens: 1000, cacheWriteTokens: 300 },
      outputTokens: 25,
      outputTokenDetails: { textTokens: undefined, reasoningTokens: undefined },
      totalTokens: 1345,
      raw: {
        input_tokens: 20,
        output_tokens: 25,
        cache_read_input_tokens: 1000,
        cache_creation_input_tokens: 300,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 300 },
        server_tool_use: { web_search_requests: 1 },
      },
    },
    {
      inputTokens: 1320,
      outputTokens: 25,
      cacheReadTokens: 1000,
      cacheWriteTokens: 300,
      cacheWrite1hTokens: 300,
      searches: 1,
    },
  ],
  [
    "a language model of the AI SDK",
    {
      inputTokens: { total: 100, noCache: 40, cacheRead: 50, cacheWrite: 10 },
      outputTokens: { total: 20, text: 12, reasoning: 8 },
    },
    {
      inputTokens: 100,
      outputTokens: 20,
      cacheReadTokens: 50,
      cacheWriteTokens: 10,
      outputReasoningTokens: 8,
    },
  ],
  [
    "several steps of the AI SDK: their total counts, not the last one's provider's report",
    {
      usage: { inputTokens: 10, outputTokens: 1, totalTokens: 11 },
      totalUsage: {
        inputTokens: 30,
        outputTokens: 3,
        totalTokens: 33,
        raw: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 },
      },
    },
    { inputTokens: 30, outputTokens: 3 },
  ],
  [
    "Bedrock",
    {
      inputTokens: 10,
      outputTokens: 5,
      totalTokens: 315,
      cacheReadInputTokens: 200,
      cacheWriteInputTokens: 100,
    },
    { inputTokens: 310, outputTokens: 5, cacheReadTokens: 200, cacheWriteTokens: 100 },
  ],
  [
    "LiteLLM, which passes on Anthropic's cache, inside the prompt",
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 110,
      prompt_tokens_details: {
        cached_tokens: 20,
        cache_creation_tokens: 50,
        cache_creation_token_details: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
      },
      cache_creation_input_tokens: 50,
      cache_read_input_tokens: 20,
    },
    {
      inputTokens: 100,
      outputTokens: 10,
      cacheReadTokens: 20,
      cacheWriteTokens: 50,
      cacheWrite1hTokens: 30,
    },
  ],
  [
    "Qwen, whose explicit cache is in the details",
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 110,
      prompt_tokens_details: {
        cached_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 60 },
        cache_creation_input_tokens: 60,
        cache_type: "ephemeral",
      },
    },
    { inputTokens: 100, outputTokens: 10, cacheWriteTokens: 60 },
  ],
  [
    "a proxy that leaves the names of the responses API at 0",
    { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, input_tokens: 0, output_tokens: 0 },
    { inputTokens: 9, outputTokens: 2 },
  ],
  [
    "OpenRouter, which counts searches and video",
    {
      prompt_tokens: 90,
      completion_tokens: 2,
      total_tokens: 92,
      prompt_tokens_details: { cached_tokens: 0, video_tokens: 80 },
      server_tool_use: { web_search_requests: 2 },
    },
    { inputTokens: 90, outputTokens: 2, inputVideoTokens: 80, searches: 2 },
  ],
  [
    "a search model of OpenAI's chat, which cites what it has found",
    {
      choices: [{ message: { content: "Paris", annotations: [{ type: "url_citation" }] } }],
      usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
    },
    { inputTokens: 9, outputTokens: 2, searches: 1 },
  ],
  [
    "a chat completion that cites a file",
    {
      choices: [{ message: { annotations: [{ type: "file_citation" }] } }, { message: null }, null],
      usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
    },
    { inputTokens: 9, outputTokens: 2 },
  ],
  [
    "Perplexity's search models, which search in every call",
    { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, search_context_size: "low" },
    { inputTokens: 9, outputTokens: 2, searches: 1 },
  ],
  [
    "Bedrock with the breakdown of writes: what is not known to live five minutes is dear",
    {
      inputTokens: 10,
      outputTokens: 5,
      totalTokens: 115,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 100,
      cacheDetails: [
        { ttl: "5m", inputTokens: 30 },
        { ttl: "1h", inputTokens: 70 },
      ],
    },
    { inputTokens: 110, outputTokens: 5, cacheWriteTokens: 100, cacheWrite1hTokens: 70 },
  ],
  [
    "Mistral, which has heard nothing",
    { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, prompt_audio_seconds: {} },
    { inputTokens: 9, outputTokens: 2 },
  ],
];

export const UNKNOWN: readonly (readonly [string, unknown, RegExp])[] = [
  ["nothing", undefined, /no usage report/],
  ["null", null, /no usage report/],
  ["a list", [], /no usage report/],
  [
    "a promise, not awaited",
    Promise.resolve({ prompt_tokens: 1, completion_tokens: 1 }),
    /await the response/,
  ],
  ["an empty report", {}, /no known protocol/],
  ["a report of nobody's shape", { words: 5 }, /no known protocol/],
  ["a stream without usage", { usage: null, choices: [] }, /no known protocol/],
  ["no completion", { prompt_tokens: 5, total_tokens: 6 }, /total_tokens must be 5, .* got 6/],
  ["no prompt", { completion_tokens: 5 }, /no known protocol/],
  ["a negative count", { prompt_tokens: -1, completion_tokens: 1 }, /prompt_tokens must be a whole number/],
  ["a fraction", { prompt_tokens: 1.5, completion_tokens: 1 }, /prompt_tokens must be a whole number/],
  ["NaN", { prompt_tokens: NaN, completion_tokens: 1 }, /prompt_tokens must be a whole number/],
  ["a count in text", { prompt_tokens: "5", completion_tokens: 1 }, /prompt_tokens must be a whole number/],
  [
    "a count past what a number holds",
    { input_tokens: 2 ** 53, output_tokens: 1 },
    /input_tokens must be a whole number/,
  ],
  [
    "a total that is less",
    { prompt_tokens: 5, completion_tokens: 5, total_tokens: 9 },
    /total_tokens must be 10, .* got 9/,
  ],
  [
    "a total that is more",
    { prompt_tokens: 5, completion_tokens: 5, total_tokens: 11 },
    /total_tokens must be 10, .* got 11/,
  ],
  [
    "more cached tokens than input",
    { prompt_tokens: 5, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 6 } },
    /inputTokens must be at least/,
  ],
  [
    "more reasoning than output",
    { input_tokens: 1, output_tokens: 2, total_tokens: 3, output_tokens_details: { reasoning_tokens: 3 } },
    /outputTokens must be at least/,
  ],
  [
    "details that are none",
    { prompt_tokens: 5, completion_tokens: 5, prompt_tokens_details: 5 },
    /prompt_tokens_details must be an object/,
  ],
  [
    "a breakdown of writes that does not add up",
    {
      input_tokens: 1,
      output_tokens: 1,
      cache_creation_input_tokens: 10,
      cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 5 },
    },
    /must equal cache_creation_input_tokens, which is 10; got 9/,
  ],
  [
    "tools that are billed separately",
    { input_tokens: 1, output_tokens: 1, server_tool_use: { code_execution_requests: 1 } },
    /billed separately/,
  ],
  [
    "the work of another model",
    {
      input_tokens: 1,
      output_tokens: 1,
      cache_read_input_tokens: 0,
      iterations: [{ type: "advisor_message" }],
    },
    /iterations/,
  ],
  [
    "two providers' shapes",
    {
      input_tokens: 1,
      output_tokens: 1,
      cache_read_input_tokens: 1,
      input_tokens_details: { cached_tokens: 1 },
    },
    /input_tokens_details.cached_tokens is a number that the protocol does not know/,
  ],
  ["Gemini without a total", { promptTokenCount: 5, candidatesTokenCount: 5 }, /totalTokenCount is missing/],
  [
    "Gemini whose total has more",
    { promptTokenCount: 5, totalTokenCount: 9 },
    /totalTokenCount must be 5, .* got 9/,
  ],
  [
    "Gemini's details that are no list",
    { promptTokenCount: 5, totalTokenCount: 5, promptTokensDetails: {} },
    /promptTokensDetails must be a list of objects/,
  ],
  [
    "the AI SDK 5 with Anthropic, which leaves the cache writes out",
    {
      usage: { inputTokens: 20, outputTokens: 5, cachedInputTokens: 10 },
      providerMetadata: { anthropic: {} },
    },
    /inputTokens leaves out Anthropic's cache writes/,
  ],
  ["the AI SDK without counts", { inputTokens: undefined, outputTokens: undefined }, /no known protocol/],
  [
    "the AI SDK whose details do not add up",
    { inputTokens: 100, outputTokens: 5, inputTokenDetails: { noCacheTokens: 10, cacheReadTokens: 10 } },
    /inputTokens must be 20, .* got 100/,
  ],
  [
    "Bedrock that does not add up",
    { inputTokens: 1, outputTokens: 1, totalTokens: 9, cacheReadInputTokens: 1 },
    /totalTokens must be 3, .* got 9/,
  ],
  [
    "a cache beside the prompt, where it should be inside",
    { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10, cache_read_input_tokens: 1000 },
    /inputTokens must be at least/,
  ],
  [
    "two counts of the same under two names",
    { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10, input_tokens: 50, output_tokens: 5 },
    /input_tokens must equal prompt_tokens, which is 5; got 50/,
  ],
  [
    "Mistral's sound, which is sold by the second",
    { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10, prompt_audio_seconds: 30 },
    /prompt_audio_seconds is billed separately/,
  ],
  [
    "Gemini grounded in maps",
    {
      candidates: [
        { finishReason: "STOP", groundingMetadata: { groundingChunks: [{ web: {} }, { maps: {} }] } },
      ],
      usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
    },
    /maps is billed separately/,
  ],
  [
    "the AI SDK with sources from the web, and no count of the searches",
    {
      usage: { inputTokens: 5, outputTokens: 5, totalTokens: 10 },
      sources: [{ sourceType: "url", url: "https://a.example" }],
    },
    /sources without a number of searches/,
  ],
  [
    "xAI's sources",
    { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10, num_sources_used: 3 },
    /num_sources_used is billed separately/,
  ],
  [
    "xAI's tools",
    { input_tokens: 5, output_tokens: 5, total_tokens: 10, num_server_side_tools_used: 2 },
    /num_server_side_tools_used is billed separately/,
  ],
  ...["file_search_call", "code_interpreter_call", "image_generation_call"].map((type) => {
    const usage = { input_tokens: 5, output_tokens: 5, total_tokens: 10 };
    const report = { output: [{ type: "message" }, { type }], usage };
    return [`an OpenAI response with a ${type}`, report, new RegExp(`${type} is billed separately`)] as const;
  }),
  [
    "several steps of the AI SDK, whose provider's report shows writes that live an hour",
    {
      inputTokens: 100,
      outputTokens: 10,
      totalTokens: 110,
      raw: {
        input_tokens: 20,
        output_tokens: 5,
        cache_creation_input_tokens: 30,
        cache_creation: { ephemeral_1h_input_tokens: 30 },
      },
    },
    /leaves out cacheWrite1hTokens/,
  ],
  [
    "Bedrock's breakdown that is more than was written",
    {
      inputTokens: 1,
      outputTokens: 1,
      cacheWriteInputTokens: 5,
      cacheDetails: [{ ttl: "1h", inputTokens: 6 }],
    },
    /must equal cacheWriteInputTokens, which is 5; got 6/,
  ],
  [
    "Bedrock's breakdown that is none",
    { inputTokens: 1, outputTokens: 1, cacheWriteInputTokens: 5, cacheDetails: [5] },
    /cacheDetails must be a list of objects/,
  ],
];
