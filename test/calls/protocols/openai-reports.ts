import { chatWith, type FullReport, responsesCounts, responsesUsage, responseWith } from "./full-report.ts";

const chatUsage = {
  prompt_tokens: 2000,
  completion_tokens: 300,
  total_tokens: 2300,
  prompt_tokens_details: {
    cached_tokens: 400,
    cache_write_tokens: 300,
    audio_tokens: 200,
    image_tokens: 100,
    text_tokens: 1700,
  },
  completion_tokens_details: {
    audio_tokens: 40,
    reasoning_tokens: 60,
    text_tokens: 200,
    accepted_prediction_tokens: 5,
    rejected_prediction_tokens: 6,
  },
};
const chatCounts = {
  inputTokens: 2000,
  outputTokens: 300,
  cacheReadTokens: 400,
  cacheWriteTokens: 300,
  inputAudioTokens: 200,
  inputImageTokens: 100,
  outputAudioTokens: 40,
  outputReasoningTokens: 60,
};

/** The reports of OpenAI's protocols, by its client's types. */
export const OPENAI_REPORTS: readonly FullReport[] = [
  { protocol: "openai-chat", form: "chat", report: chatWith(chatUsage), at: "usage", usage: chatCounts },
  { protocol: "azure", form: "chat", report: chatWith(chatUsage), at: "usage", usage: chatCounts },
  {
    protocol: "openai-responses",
    form: "responses",
    report: responseWith(responsesUsage, {
      output: [
        { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "a" } },
        { id: "ws_2", type: "web_search_call", status: "completed", action: { type: "open_page", url: "u" } },
        {
          id: "ws_3",
          type: "web_search_call",
          status: "completed",
          action: { type: "find_in_page", url: "u" },
        },
        { id: "mcp_1", type: "mcp_call" },
        { id: "sh_1", type: "shell_call", environment: { type: "local" } },
        { id: "msg_1", type: "message", content: [] },
      ],
      tool_usage: {
        web_search: { num_requests: 2 },
        image_gen: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      },
    }),
    at: "usage",
    usage: { ...responsesCounts, searches: 2 },
  },
  {
    protocol: "openai-responses",
    form: "compaction",
    report: { object: "response.compaction", output: [{ type: "compaction" }], usage: responsesUsage },
    at: "usage",
    usage: responsesCounts,
  },
  {
    protocol: "azure",
    form: "responses",
    report: responseWith(responsesUsage),
    at: "usage",
    usage: responsesCounts,
  },
  ...(["openai-embeddings", "azure", "groq", "xai", "mistral"] as const).map((protocol): FullReport => ({
    protocol,
    form: "embeddings",
    report: { object: "list", data: [], model: "m", usage: { prompt_tokens: 8, total_tokens: 8 } },
    at: "usage",
    usage: { inputTokens: 8, outputTokens: 0 },
  })),
  {
    protocol: "openai-images",
    form: "images",
    report: {
      created: 1,
      data: [{ b64_json: "" }],
      usage: {
        input_tokens: 50,
        input_tokens_details: { text_tokens: 10, image_tokens: 40 },
        output_tokens: 300,
        output_tokens_details: { text_tokens: 20, image_tokens: 280 },
        total_tokens: 350,
      },
    },
    at: "usage",
    usage: { inputTokens: 50, outputTokens: 300, inputImageTokens: 40, outputImageTokens: 280 },
  },
  {
    protocol: "openai-transcription",
    form: "tokens",
    report: {
      text: "Hello",
      usage: {
        type: "tokens",
        input_tokens: 14,
        input_token_details: { text_tokens: 4, audio_tokens: 10 },
        output_tokens: 45,
        total_tokens: 59,
      },
    },
    at: "usage",
    usage: { inputTokens: 14, outputTokens: 45, inputAudioTokens: 10 },
  },
  {
    protocol: "openai-realtime",
    form: "response.done",
    report: {
      type: "response.done",
      response: {
        object: "realtime.response",
        status: "completed",
        output: [],
        usage: {
          total_tokens: 253,
          input_tokens: 132,
          output_tokens: 121,
          input_token_details: {
            text_tokens: 99,
            audio_tokens: 13,
            image_tokens: 20,
            cached_tokens: 64,
            cached_tokens_details: { text_tokens: 50, audio_tokens: 4, image_tokens: 10 },
          },
          output_token_details: { text_tokens: 30, audio_tokens: 91, reasoning_tokens: 12 },
        },
      },
    },
    at: "response.usage",
    usage: {
      inputTokens: 132,
      outputTokens: 121,
      cacheReadTokens: 64,
      inputAudioTokens: 13,
      inputImageTokens: 20,
      cacheReadAudioTokens: 4,
      cacheReadImageTokens: 10,
      outputAudioTokens: 91,
      outputReasoningTokens: 12,
    },
  },
];
