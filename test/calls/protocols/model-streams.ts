import type { RecordedStream } from "./recorded-stream.ts";

const started = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 25,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 5,
      cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 6 },
      output_tokens: 1,
      service_tier: "standard",
      inference_geo: "not_available",
    },
  },
};
const text = [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
  { type: "content_block_stop", index: 0 },
];
const ended = (usage: object): readonly object[] => [
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
  { type: "message_stop" },
];
const anthropicCounts = {
  inputTokens: 40,
  outputTokens: 15,
  cacheReadTokens: 5,
  cacheWriteTokens: 10,
  cacheWrite1hTokens: 6,
};

const chunk = (
  parts: readonly object[],
  usageMetadata: object,
  candidate: object = {},
  more: object = {},
): object => ({
  candidates: [{ index: 0, content: { role: "model", parts }, ...candidate }],
  modelVersion: "m",
  usageMetadata: { trafficType: "ON_DEMAND", ...usageMetadata },
  ...more,
});
const hello = [{ text: "Hello" }];
const geminiEvents = [
  chunk(hello, { promptTokenCount: 9, totalTokenCount: 9 }),
  chunk(
    hello,
    { promptTokenCount: 9, candidatesTokenCount: 2, totalTokenCount: 11 },
    {
      groundingMetadata: { webSearchQueries: ["a", "b"] },
    },
  ),
  chunk(
    [],
    { promptTokenCount: 9, candidatesTokenCount: 4, thoughtsTokenCount: 3, totalTokenCount: 16 },
    { finishReason: "STOP", groundingMetadata: { webSearchQueries: ["b", "c", ""] } },
  ),
];
const geminiCounts = { inputTokens: 9, outputTokens: 7, outputReasoningTokens: 3, searches: 3 };

const converse = [
  { messageStart: { role: "assistant" } },
  { contentBlockDelta: { contentBlockIndex: 0, delta: { text: "Hello" } } },
  { contentBlockStop: { contentBlockIndex: 0 } },
  { messageStop: { stopReason: "end_turn" } },
  {
    metadata: {
      usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
      metrics: { latencyMs: 500 },
      serviceTier: { type: "default" },
    },
  },
];

/** Streams whose last event is the one that `isLast` names. */
export const MODEL_STREAMS: readonly RecordedStream[] = [
  {
    protocol: "anthropic",
    form: "text",
    events: [started, { type: "ping" }, ...text, ...ended({ output_tokens: 15 })],
    usage: anthropicCounts,
  },
  {
    protocol: "anthropic",
    form: "a search, and later totals of the input",
    events: [
      started,
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "server_tool_use", id: "1", name: "web_search", input: {} },
      },
      {
        type: "content_block_start",
        index: 1,
        content_block: { type: "web_search_tool_result", tool_use_id: "1", content: [{ url: "Hello" }] },
      },
      ...text,
      ...ended({
        input_tokens: 125,
        cache_read_input_tokens: 5,
        cache_creation_input_tokens: null,
        output_tokens: 15,
        server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
      }),
    ],
    usage: { ...anthropicCounts, inputTokens: 140, searches: 1 },
  },
  {
    protocol: "gemini-interactions",
    form: "a search",
    events: [
      { event_type: "interaction.created", interaction: { id: "1", model: "m", status: "in_progress" } },
      { event_type: "interaction.status_update", interaction_id: "1", status: "in_progress" },
      {
        event_type: "step.start",
        index: 0,
        step: { type: "google_search_call", arguments: { queries: ["a", "b", "a"] } },
      },
      { event_type: "step.start", index: 1, step: { type: "model_output", content: [] } },
      { event_type: "step.delta", index: 1, delta: { type: "text", text: "Hello" } },
      { event_type: "step.stop", index: 1 },
      {
        event_type: "interaction.completed",
        interaction: {
          id: "1",
          status: "completed",
          usage: { total_input_tokens: 9, total_output_tokens: 4, total_tokens: 13 },
        },
      },
    ],
    usage: { inputTokens: 9, outputTokens: 4, searches: 2 },
  },
  {
    protocol: "bedrock",
    form: "converse",
    events: converse,
    usage: { inputTokens: 10, outputTokens: 5 },
  },
  {
    protocol: "bedrock",
    form: "converse, without the names of the events",
    events: converse.map((event) => Object.values(event)[0] as object),
    usage: { inputTokens: 10, outputTokens: 5 },
  },
  {
    protocol: "bedrock",
    form: "Anthropic's events",
    events: [
      started,
      ...text,
      ...ended({ output_tokens: 15 }).map((event) =>
        "delta" in event
          ? event
          : {
              ...event,
              "amazon-bedrock-invocationMetrics": { inputTokenCount: 25, outputTokenCount: 15 },
            },
      ),
    ],
    usage: anthropicCounts,
  },
  {
    protocol: "bedrock",
    form: "Llama's parts",
    events: [
      { generation: "Hello", prompt_token_count: 9, generation_token_count: 1, stop_reason: null },
      {
        generation: "",
        prompt_token_count: null,
        generation_token_count: 4,
        stop_reason: "stop",
        "amazon-bedrock-invocationMetrics": {
          inputTokenCount: 9,
          outputTokenCount: 4,
          invocationLatency: 900,
        },
      },
    ],
    usage: { inputTokens: 9, outputTokens: 4 },
  },
];

/** Gemini's streams have no terminal event: they end with the connection. */
export const OPEN_STREAMS: readonly RecordedStream[] = [
  { protocol: "gemini", form: "a search", events: geminiEvents, usage: geminiCounts },
  { protocol: "vertex", form: "a list of chunks", events: [geminiEvents], usage: geminiCounts },
];
