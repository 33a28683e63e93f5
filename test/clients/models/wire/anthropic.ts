import { event, type Fields, served, TOOL, typeOf, type Wire, WORDS } from "./wire.ts";

/** What a stream reports at its end. */
const counts = (output_tokens: number): Fields => ({
  input_tokens: 57,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens,
  output_tokens_details: { thinking_tokens: 0 },
});

/** The full report, which a stream gives at its start only, with a placeholder for the output. */
const usage = (output_tokens: number): Fields => ({
  ...counts(output_tokens),
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  service_tier: "standard",
  inference_geo: "not_available",
});

const ERRORS = {
  400: "invalid_request_error",
  402: "billing_error",
  429: "rate_limit_error",
  500: "api_error",
  529: "overloaded_error",
};

const REQUEST = "req_011CSHoEeqs5C35K2UUqR7Fy";

const VERSION = "-20251001";

const TEXT_START = { type: "text", text: "" };
const TEXT_DELTAS = WORDS.map((text) => ({ type: "text_delta", text }));

const TOOL_START = { type: "tool_use", id: "toolu_01T1x1fJ34qAmk2tNTrN7Up6", name: TOOL.name, input: {} };
const TOOL_DELTAS = ["", JSON.stringify(TOOL.arguments)].map((partial_json) => ({
  type: "input_json_delta",
  partial_json,
}));

export const anthropic: Wire = {
  streams: ({ body }) => body["stream"] === true,
  whole: (asked) => {
    const content = asked.callsTool
      ? { ...TOOL_START, input: TOOL.arguments }
      : { type: "text", text: WORDS.join("") };
    return {
      model: served(asked, VERSION),
      id: "msg_01XFDUDYJgAACzvnptvVoYEL",
      type: "message",
      role: "assistant",
      content: [content],
      stop_reason: asked.callsTool ? "tool_use" : "end_turn",
      stop_sequence: null,
      usage: usage(14),
    };
  },
  pieces: (asked) => {
    const message = {
      model: served(asked, VERSION),
      id: "msg_01XFDUDYJgAACzvnptvVoYEL",
      type: "message",
      role: "assistant",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: usage(1),
    };
    return [
      event({ type: "message_start", message }),
      event({
        type: "content_block_start",
        index: 0,
        content_block: asked.callsTool ? TOOL_START : TEXT_START,
      }),
      event({ type: "ping" }),
      ...(asked.callsTool ? TOOL_DELTAS : TEXT_DELTAS).map((delta) =>
        event({ type: "content_block_delta", index: 0, delta }),
      ),
      event({ type: "content_block_stop", index: 0 }),
      event({
        type: "message_delta",
        delta: { stop_reason: asked.callsTool ? "tool_use" : "end_turn", stop_sequence: null },
        usage: counts(14),
      }),
      event({ type: "message_stop" }),
    ];
  },
  streamType: "text/event-stream; charset=utf-8",
  failure: (status, message) => ({
    type: "error",
    error: { type: typeOf(ERRORS, status), message },
    request_id: REQUEST,
  }),
  headers: { "request-id": REQUEST },
};

export const anthropicCount: Wire = {
  ...anthropic,
  streams: () => false,
  whole: () => ({ input_tokens: 57 }),
  pieces: () => [],
};
