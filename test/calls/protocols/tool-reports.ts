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
];
