import type { FullReport } from "./full-report.ts";

const flat = {
  inputTokens: 1320,
  inputTokenDetails: { noCacheTokens: 20, cacheReadTokens: 1000, cacheWriteTokens: 300 },
  outputTokens: 25,
  outputTokenDetails: { textTokens: 5, reasoningTokens: 20 },
  totalTokens: 1345,
};
const flatCounts = {
  inputTokens: 1320,
  outputTokens: 25,
  cacheReadTokens: 1000,
  cacheWriteTokens: 300,
  outputReasoningTokens: 20,
};
const step = {
  stepNumber: 0,
  model: { provider: "mock", modelId: "m" },
  content: [{ type: "text", text: "Hello" }],
  finishReason: "stop",
  usage: flat,
  performance: { stepTimeMs: 0.7, responseTimeMs: 0.5 },
  response: { id: "1", modelId: "m" },
};

const requests = [
  {
    input_tokens: 600,
    output_tokens: 30,
    total_tokens: 630,
    input_tokens_details: { cached_tokens: 60, cache_write_tokens: 20 },
    output_tokens_details: { reasoning_tokens: 10 },
    endpoint: "responses.create",
  },
  {
    input_tokens: 400,
    output_tokens: 20,
    total_tokens: 420,
    input_tokens_details: { cached_tokens: 40, audio_tokens: 5, image_tokens: 6, text_tokens: 389 },
    output_tokens_details: { reasoning_tokens: 2, audio_tokens: 3, text_tokens: 15 },
  },
];
const runCounts = {
  inputTokens: 1000,
  outputTokens: 50,
  cacheReadTokens: 100,
  cacheWriteTokens: 20,
  inputAudioTokens: 5,
  inputImageTokens: 6,
  outputAudioTokens: 3,
  outputReasoningTokens: 12,
};
const run = {
  requests: 2,
  input_tokens: 1000,
  output_tokens: 50,
  total_tokens: 1050,
  input_tokens_details: requests.map((request) => request.input_tokens_details),
  output_tokens_details: requests.map((request) => request.output_tokens_details),
};

const model = {
  inputTokens: 9,
  outputTokens: 534,
  thinkingTokens: 100,
  cacheReadInputTokens: 38912,
  cacheCreationInputTokens: 856,
  cacheCreationEphemeral5mInputTokens: 500,
  cacheCreationEphemeral1hInputTokens: 300,
  webSearchRequests: 2,
  costUSD: 0.0429206,
  contextWindow: 200000,
  maxOutputTokens: 32000,
  canonicalModel: "m",
};
const modelCounts = {
  inputTokens: 39777,
  outputTokens: 534,
  cacheReadTokens: 38912,
  cacheWriteTokens: 856,
  cacheWrite1hTokens: 300,
  outputReasoningTokens: 100,
  searches: 2,
};

/** The reports of tools that pass on the counts of providers, by their clients' types. */
export const TOOL_REPORTS: readonly FullReport[] = [
  { protocol: "ai-sdk", form: "a usage of versions 6 and 7", report: flat, at: "", usage: flatCounts },
  {
    protocol: "ai-sdk",
    form: "a usage of version 5",
    report: {
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 120,
      reasoningTokens: 8,
      cachedInputTokens: 60,
    },
    at: "",
    usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 60, outputReasoningTokens: 8 },
  },
  {
    protocol: "ai-sdk",
    form: "a usage of version 4",
    report: { usage: { promptTokens: 100, completionTokens: 20, totalTokens: 120 } },
    at: "usage",
    usage: { inputTokens: 100, outputTokens: 20 },
  },
  {
    protocol: "ai-sdk",
    form: "a usage of a language model",
    report: {
      usage: {
        inputTokens: { total: 1320, noCache: 20, cacheRead: 1000, cacheWrite: 300 },
        outputTokens: { total: 25, text: 5, reasoning: 20 },
      },
    },
    at: "usage",
    usage: flatCounts,
  },
  {
    protocol: "ai-sdk",
    form: "an embedding",
    report: { value: "Hello", embedding: [0.5], usage: { tokens: 5 } },
    at: "usage",
    usage: { inputTokens: 5, outputTokens: 0 },
  },
  {
    protocol: "ai-sdk",
    form: "pictures",
    report: {
      images: [{}, {}],
      providerMetadata: { openai: { images: [{ imageTokens: 4 }, { imageTokens: 5, textTokens: 1 }] } },
      usage: { inputTokens: 10, outputTokens: 2000, totalTokens: 2010 },
    },
    at: "usage",
    usage: { inputTokens: 10, outputTokens: 2000, inputImageTokens: 9, outputImageTokens: 2000 },
  },
  {
    protocol: "ai-sdk",
    form: "a result with a step",
    report: { steps: [step], totalUsage: flat },
    at: "totalUsage",
    usage: flatCounts,
  },
  {
    protocol: "ai-sdk",
    form: "the usage of a step",
    report: { steps: [step, step] },
    at: "steps.0.usage",
    usage: {
      inputTokens: 2640,
      outputTokens: 50,
      cacheReadTokens: 2000,
      cacheWriteTokens: 600,
      outputReasoningTokens: 40,
    },
  },
  {
    protocol: "ai-sdk",
    form: "the provider's own report",
    report: {
      object: {},
      usage: {
        ...flat,
        raw: {
          input_tokens: 20,
          output_tokens: 25,
          cache_read_input_tokens: 1000,
          cache_creation_input_tokens: 300,
          cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 300 },
          server_tool_use: { web_search_requests: 1 },
        },
      },
    },
    at: "usage.raw",
    usage: {
      inputTokens: 1320,
      outputTokens: 25,
      cacheReadTokens: 1000,
      cacheWriteTokens: 300,
      cacheWrite1hTokens: 300,
      searches: 1,
    },
  },
  {
    protocol: "langchain",
    form: "a message",
    report: {
      content: "Hello",
      response_metadata: { model_name: "m", finish_reason: "stop" },
      usage_metadata: {
        input_tokens: 1000,
        output_tokens: 100,
        total_tokens: 1100,
        input_token_details: {
          cache_read: 300,
          cache_creation: 200,
          ephemeral_5m_input_tokens: 150,
          ephemeral_1h_input_tokens: 50,
          text: 400,
          audio: 10,
          image: 20,
          video: 30,
          document: 40,
          over_200k: 5,
          cache_read_over_200k: 6,
        },
        output_token_details: { text: 40, audio: 1, image: 2, video: 3, document: 4, reasoning: 50 },
      },
    },
    at: "usage_metadata",
    usage: {
      inputTokens: 1000,
      outputTokens: 100,
      cacheReadTokens: 300,
      cacheWriteTokens: 200,
      cacheWrite1hTokens: 50,
      inputAudioTokens: 10,
      inputImageTokens: 60,
      inputVideoTokens: 30,
      outputAudioTokens: 1,
      outputImageTokens: 6,
      outputVideoTokens: 3,
      outputReasoningTokens: 50,
    },
  },
  { protocol: "openai-agents", form: "a run in Python", report: run, at: "", usage: runCounts },
  {
    protocol: "openai-agents",
    form: "the requests of a run",
    report: { usage: { ...run, request_usage_entries: requests } },
    at: "usage",
    usage: runCounts,
  },
  {
    protocol: "openai-agents",
    form: "a run in TypeScript",
    report: {
      requests: 1,
      inputTokens: 600,
      outputTokens: 30,
      totalTokens: 630,
      inputTokensDetails: [{ cached_tokens: 60 }],
      outputTokensDetails: [{ reasoning_tokens: 10 }],
      requestUsageEntries: [
        {
          inputTokens: 600,
          outputTokens: 30,
          totalTokens: 630,
          inputTokensDetails: { cached_tokens: 60 },
          outputTokensDetails: { reasoning_tokens: 10 },
        },
      ],
    },
    at: "",
    usage: { inputTokens: 600, outputTokens: 30, cacheReadTokens: 60, outputReasoningTokens: 10 },
  },
  { protocol: "claude-agent", form: "a model", report: model, at: "", usage: modelCounts },
  {
    protocol: "claude-agent",
    form: "a result",
    report: {
      type: "result",
      subtype: "success",
      duration_ms: 5000,
      num_turns: 3,
      total_cost_usd: 0.0429206,
      usage: { input_tokens: 3, output_tokens: 9 },
      modelUsage: { m: model },
    },
    at: "modelUsage.m",
    usage: modelCounts,
  },
  {
    protocol: "codex",
    form: "a turn",
    report: {
      type: "turn.completed",
      usage: {
        input_tokens: 1000,
        cached_input_tokens: 600,
        cache_write_input_tokens: 100,
        output_tokens: 50,
        reasoning_output_tokens: 20,
      },
    },
    at: "usage",
    usage: {
      inputTokens: 1000,
      outputTokens: 50,
      cacheReadTokens: 600,
      cacheWriteTokens: 100,
      outputReasoningTokens: 20,
    },
  },
  {
    protocol: "codex",
    form: "the file of a session",
    report: {
      type: "token_count",
      info: {
        total_token_usage: {
          input_tokens: 1000,
          cached_input_tokens: 600,
          output_tokens: 50,
          reasoning_output_tokens: 20,
          total_tokens: 1050,
        },
      },
    },
    at: "info.total_token_usage",
    usage: { inputTokens: 1000, outputTokens: 50, cacheReadTokens: 600, outputReasoningTokens: 20 },
  },
];
