import type { FullReport } from "./full-report.ts";

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

/** The reports of agents, by their clients' types. */
export const AGENT_REPORTS: readonly FullReport[] = [
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
