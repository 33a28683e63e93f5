import type { FullReport } from "./full-report.ts";

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
};

const anthropicUsage = {
  input_tokens: 2095,
  output_tokens: 503,
  cache_read_input_tokens: 900,
  cache_creation_input_tokens: 2051,
  cache_creation: { ephemeral_5m_input_tokens: 51, ephemeral_1h_input_tokens: 2000 },
  output_tokens_details: { thinking_tokens: 100 },
  server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 },
  service_tier: "standard",
  inference_geo: "not_available",
  speed: "standard",
};

const anthropicCounts = {
  inputTokens: 5046,
  outputTokens: 503,
  cacheReadTokens: 900,
  cacheWriteTokens: 2051,
  cacheWrite1hTokens: 2000,
  outputReasoningTokens: 100,
  searches: 3,
};

const iteration = {
  type: "message",
  model: "m",
  input_tokens: 95,
  output_tokens: 3,
  cache_read_input_tokens: 900,
  cache_creation_input_tokens: 0,
  cache_creation: null,
};

const modalities = (of: Readonly<Record<string, number>>): readonly object[] =>
  Object.entries(of).map(([modality, tokenCount]) => ({ modality, tokenCount }));

const gemini = {
  candidates: [{ index: 0, content: { parts: [{ text: "Hello" }] }, finishReason: "STOP" }],
  modelVersion: "m",
  usageMetadata: {
    promptTokenCount: 1000,
    candidatesTokenCount: 100,
    thoughtsTokenCount: 50,
    toolUsePromptTokenCount: 10,
    cachedContentTokenCount: 600,
    totalTokenCount: 1160,
    promptTokensDetails: modalities({ TEXT: 300, AUDIO: 300, VIDEO: 100, IMAGE: 200, DOCUMENT: 100 }),
    cacheTokensDetails: modalities({ AUDIO: 200, VIDEO: 40, TEXT: 300, IMAGE: 50, DOCUMENT: 10 }),
    candidatesTokensDetails: modalities({ TEXT: 60, AUDIO: 10, IMAGE: 20, VIDEO: 10 }),
    toolUsePromptTokensDetails: modalities({ TEXT: 4, AUDIO: 3, VIDEO: 2, IMAGE: 1 }),
    trafficType: "ON_DEMAND",
  },
};

const geminiCounts = {
  inputTokens: 1010,
  outputTokens: 150,
  cacheReadTokens: 600,
  inputAudioTokens: 303,
  inputImageTokens: 301,
  inputVideoTokens: 62,
  cacheReadAudioTokens: 200,
  cacheReadImageTokens: 60,
  outputAudioTokens: 10,
  outputImageTokens: 20,
  outputVideoTokens: 10,
  outputReasoningTokens: 50,
};

const ofKind = (of: Readonly<Record<string, number>>): readonly object[] =>
  Object.entries(of).map(([modality, tokens]) => ({ modality, tokens }));

const interaction = {
  id: "v1_1",
  status: "completed",
  model: "m",
  steps: [{ type: "model_output", content: [{ type: "text", text: "Hello" }] }],
  service_tier: "standard",
  usage: {
    total_input_tokens: 1000,
    total_output_tokens: 100,
    total_thought_tokens: 50,
    total_tool_use_tokens: 10,
    total_cached_tokens: 600,
    total_tokens: 1160,
    initial_input_tokens: 1000,
    input_tokens_by_modality: ofKind({ text: 300, audio: 300, video: 100, image: 200, document: 100 }),
    cached_tokens_by_modality: ofKind({ audio: 200, video: 40, text: 300, image: 50, document: 10 }),
    output_tokens_by_modality: ofKind({ text: 60, audio: 10, image: 20, video: 10 }),
    tool_use_tokens_by_modality: ofKind({ text: 4, audio: 3, video: 2, image: 1 }),
    grounding_tool_count: [
      { type: "google_search", count: 2 },
      { type: "google_search", count: 1 },
    ],
  },
};

/** The reports of providers other than OpenAI, by their clients' types. */
export const MODEL_REPORTS: readonly FullReport[] = [
  {
    protocol: "anthropic",
    form: "a message",
    report: { ...message, usage: anthropicUsage },
    at: "usage",
    usage: anthropicCounts,
  },
  { protocol: "anthropic", form: "a bare usage", report: anthropicUsage, at: "", usage: anthropicCounts },
  {
    protocol: "anthropic",
    form: "iterations inside and outside",
    report: {
      ...message,
      usage: {
        ...anthropicUsage,
        iterations: [
          iteration,
          {
            ...iteration,
            input_tokens: 2000,
            output_tokens: 500,
            cache_read_input_tokens: 0,
            cache_creation_input_tokens: 2051,
            cache_creation: { ephemeral_5m_input_tokens: 51, ephemeral_1h_input_tokens: 2000 },
          },
          { ...iteration, type: "compaction", model: undefined, input_tokens: 7, output_tokens: 1 },
          { ...iteration, type: "advisor_message", input_tokens: 70, output_tokens: 10 },
        ],
      },
    },
    at: "usage",
    usage: { ...anthropicCounts, inputTokens: 6923, outputTokens: 514, cacheReadTokens: 2700 },
  },
  { protocol: "gemini", form: "an answer", report: gemini, at: "usageMetadata", usage: geminiCounts },
  { protocol: "vertex", form: "an answer", report: gemini, at: "usageMetadata", usage: geminiCounts },
  { protocol: "gemini", form: "a bare usage", report: gemini.usageMetadata, at: "", usage: geminiCounts },
  {
    protocol: "gemini",
    form: "a turn of the Live API",
    report: {
      usageMetadata: {
        promptTokenCount: 100,
        responseTokenCount: 40,
        thoughtsTokenCount: 5,
        totalTokenCount: 145,
        promptTokensDetails: modalities({ AUDIO: 90 }),
        responseTokensDetails: modalities({ AUDIO: 30, TEXT: 10 }),
      },
    },
    at: "usageMetadata",
    usage: {
      inputTokens: 100,
      outputTokens: 45,
      inputAudioTokens: 90,
      outputAudioTokens: 30,
      outputReasoningTokens: 5,
    },
  },
  {
    protocol: "gemini",
    form: "an embedding",
    report: {
      embedding: { values: [0.5] },
      usageMetadata: { promptTokenCount: 9, promptTokenDetails: modalities({ TEXT: 4, AUDIO: 5 }) },
    },
    at: "usageMetadata",
    usage: { inputTokens: 9, outputTokens: 0, inputAudioTokens: 5 },
  },
  {
    protocol: "gemini-interactions",
    form: "an interaction",
    report: interaction,
    at: "usage",
    usage: { ...geminiCounts, searches: 3 },
  },
  {
    protocol: "bedrock",
    form: "converse",
    report: {
      output: { message: { role: "assistant", content: [{ text: "Hello" }] } },
      stopReason: "end_turn",
      metrics: { latencyMs: 500 },
      serviceTier: { type: "default" },
      performanceConfig: { latency: "standard" },
      usage: {
        inputTokens: 10,
        outputTokens: 5,
        totalTokens: 315,
        cacheReadInputTokens: 200,
        cacheWriteInputTokens: 100,
        cacheDetails: [
          { ttl: "1h", inputTokens: 70 },
          { ttl: "5m", inputTokens: 30 },
        ],
      },
    },
    at: "usage",
    usage: {
      inputTokens: 310,
      outputTokens: 5,
      cacheReadTokens: 200,
      cacheWriteTokens: 100,
      cacheWrite1hTokens: 70,
    },
  },
  {
    protocol: "bedrock",
    form: "Nova's body, whose total leaves out the cache",
    report: {
      output: { message: { content: [{ text: "Hello" }] } },
      stopReason: "end_turn",
      usage: {
        inputTokens: 10,
        outputTokens: 5,
        totalTokens: 15,
        cacheReadInputTokenCount: 200,
        cacheWriteInputTokenCount: 100,
      },
    },
    at: "usage",
    usage: { inputTokens: 310, outputTokens: 5, cacheReadTokens: 200, cacheWriteTokens: 100 },
  },
  {
    protocol: "bedrock",
    form: "Llama's body",
    report: { generation: "Hello", prompt_token_count: 9, generation_token_count: 4, stop_reason: "stop" },
    at: "",
    usage: { inputTokens: 9, outputTokens: 4 },
  },
  {
    protocol: "bedrock",
    form: "Titan's body",
    report: {
      inputTextTokenCount: 9,
      results: [
        { tokenCount: 4, outputText: "Hello", completionReason: "FINISH" },
        { tokenCount: 3, outputText: "Hello", completionReason: "FINISH" },
      ],
    },
    at: "",
    usage: { inputTokens: 9, outputTokens: 7 },
  },
  {
    protocol: "bedrock",
    form: "Titan's embedding",
    report: { embedding: [0.5, -0.25], inputTextTokenCount: 9 },
    at: "",
    usage: { inputTokens: 9, outputTokens: 0 },
  },
  {
    protocol: "bedrock",
    form: "the metrics of an invocation",
    report: {
      "amazon-bedrock-invocationMetrics": {
        inputTokenCount: 9,
        outputTokenCount: 4,
        cacheReadInputTokenCount: 3,
        cacheWriteInputTokenCount: 2,
        invocationLatency: 900,
        firstByteLatency: 300,
      },
    },
    at: "amazon-bedrock-invocationMetrics",
    usage: { inputTokens: 14, outputTokens: 4, cacheReadTokens: 3, cacheWriteTokens: 2 },
  },
];
