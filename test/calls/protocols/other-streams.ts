import type { RecordedStream } from "./recorded-stream.ts";

/** The start of a response, whose usage is not known yet. */
const started = {
  id: "resp_1",
  object: "response",
  status: "in_progress",
  model: "m",
  service_tier: "auto",
  output: [],
  usage: null,
};
const search = {
  id: "ws_1",
  type: "web_search_call",
  status: "completed",
  action: { type: "search", query: "q" },
};
const message = {
  id: "msg_1",
  type: "message",
  status: "completed",
  content: [{ type: "output_text", text: "Hello" }],
};
const responsesUsage = {
  input_tokens: 37,
  input_tokens_details: { cached_tokens: 5 },
  output_tokens: 11,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 48,
};
const responsesCounts = {
  inputTokens: 37,
  outputTokens: 11,
  cacheReadTokens: 5,
  outputReasoningTokens: 2,
  searches: 1,
};

function responseEvents(last: string, final: object): readonly unknown[] {
  return [
    { type: "response.created", sequence_number: 0, response: started },
    { type: "response.in_progress", sequence_number: 1, response: started },
    { type: "response.output_item.added", output_index: 0, item: { ...search, status: "in_progress" } },
    { type: "response.web_search_call.searching", output_index: 0, item_id: "ws_1" },
    { type: "response.output_item.done", output_index: 0, item: search },
    { type: "response.output_item.added", output_index: 1, item: { ...message, content: [] } },
    { type: "response.output_text.delta", item_id: "msg_1", content_index: 0, delta: "Hello" },
    { type: "response.output_item.done", output_index: 1, item: message },
    { type: last, response: { ...started, service_tier: "default", usage: responsesUsage, ...final } },
  ];
}

/** Streams of responses, pictures, transcripts, Cohere and Ollama. */
export const OTHER_STREAMS: readonly RecordedStream[] = [
  {
    protocol: "openai-responses",
    form: "completed",
    events: responseEvents("response.completed", { status: "completed", output: [search, message] }),
    usage: responsesCounts,
  },
  {
    protocol: "openai-responses",
    form: "incomplete",
    events: responseEvents("response.incomplete", { status: "incomplete", output: [search, message] }),
    usage: responsesCounts,
  },
  {
    protocol: "openai-responses",
    form: "failed, on a host that leaves out the output",
    events: responseEvents("response.failed", { status: "failed", error: { code: "server_error" } }),
    usage: responsesCounts,
  },
  ...(["azure", "groq", "xai", "openrouter"] as const).map((protocol) => ({
    protocol,
    form: "responses",
    events: responseEvents("response.completed", { status: "completed", output: [search, message] }),
    usage: responsesCounts,
  })),
  {
    protocol: "perplexity",
    form: "responses",
    events: [
      { type: "response.created", response: started },
      { type: "response.reasoning.search_queries", queries: ["q"] },
      { type: "response.output_text.delta", delta: "Hello" },
      {
        type: "response.completed",
        response: {
          ...started,
          status: "completed",
          service_tier: null,
          usage: {
            ...{ input_tokens: 37, output_tokens: 11, total_tokens: 48 },
            cost: { currency: "USD", input_cost: 0.1, output_cost: 0.2, total_cost: 0.3 },
          },
        },
      },
    ],
    usage: { inputTokens: 37, outputTokens: 11 },
    stated: "0.3",
  },
  ...(["image_generation", "image_edit"] as const).map((made) => ({
    protocol: "openai-images" as const,
    form: made,
    events: [
      { type: `${made}.partial_image`, partial_image_index: 0, b64_json: "iVBO" },
      {
        type: `${made}.completed`,
        b64_json: "iVBO",
        quality: "high",
        usage: {
          input_tokens: 50,
          input_tokens_details: { text_tokens: 10, image_tokens: 40 },
          output_tokens: 50,
          total_tokens: 100,
        },
      },
    ],
    usage: { inputTokens: 50, outputTokens: 50, inputImageTokens: 40, outputImageTokens: 50 },
  })),
  {
    protocol: "openai-transcription",
    form: "a transcript",
    events: [
      { type: "transcript.text.delta", delta: "Hel" },
      { type: "transcript.text.delta", delta: "lo" },
      {
        type: "transcript.text.done",
        text: "Hello",
        usage: {
          type: "tokens",
          input_tokens: 14,
          input_token_details: { text_tokens: 0, audio_tokens: 14 },
          output_tokens: 45,
          total_tokens: 59,
        },
      },
    ],
    usage: { inputTokens: 14, outputTokens: 45, inputAudioTokens: 14 },
  },
  {
    protocol: "openai-realtime",
    form: "a response",
    events: [
      {
        type: "response.created",
        response: { object: "realtime.response", status: "in_progress", usage: null },
      },
      { type: "response.output_audio.delta", delta: "AAAA" },
      {
        type: "response.done",
        response: {
          object: "realtime.response",
          status: "completed",
          usage: {
            ...{ input_tokens: 132, output_tokens: 121, total_tokens: 253 },
            input_token_details: { text_tokens: 119, audio_tokens: 13, cached_tokens: 0 },
            output_token_details: { text_tokens: 30, audio_tokens: 91 },
          },
        },
      },
    ],
    usage: { inputTokens: 132, outputTokens: 121, inputAudioTokens: 13, outputAudioTokens: 91 },
  },
  {
    protocol: "cohere",
    form: "over the wire",
    events: [
      { type: "message-start", id: "1", delta: { message: { role: "assistant", content: [] } } },
      { type: "content-start", index: 0, delta: { message: { content: { type: "text", text: "" } } } },
      { type: "content-delta", index: 0, delta: { message: { content: { text: "Hello" } } } },
      { type: "content-end", index: 0 },
      {
        type: "message-end",
        delta: {
          finish_reason: "COMPLETE",
          usage: {
            billed_units: { input_tokens: 5, output_tokens: 2 },
            tokens: { input_tokens: 71, output_tokens: 4 },
          },
        },
      },
    ],
    usage: { inputTokens: 5, outputTokens: 2 },
  },
  {
    protocol: "cohere",
    form: "as its client hands it out",
    events: [
      { type: "content-delta", index: 0, delta: { message: { content: { text: "Hello" } } } },
      {
        type: "message-end",
        delta: { finishReason: "COMPLETE", usage: { billedUnits: { inputTokens: 5, outputTokens: 2 } } },
      },
    ],
    usage: { inputTokens: 5, outputTokens: 2 },
  },
  {
    protocol: "ollama",
    form: "lines of JSON",
    events: [
      {
        model: "m",
        created_at: "2026-11-25T10:00:00Z",
        message: { role: "assistant", content: "Hello" },
        done: false,
      },
      {
        model: "m",
        created_at: "2026-11-25T10:00:01Z",
        message: { role: "assistant", content: "" },
        ...{ done: true, done_reason: "stop", total_duration: 4883583458, load_duration: 1334875 },
        ...{
          prompt_eval_count: 26,
          prompt_eval_duration: 342546000,
          eval_count: 282,
          eval_duration: 4535599000,
        },
      },
    ],
    usage: { inputTokens: 26, outputTokens: 282 },
  },
];
