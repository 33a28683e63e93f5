import {
  type Asked,
  CREATED,
  data,
  type Fields,
  fields,
  served,
  TOOL,
  typeOf,
  type Wire,
  WORDS,
} from "./wire.ts";

const USAGE = {
  prompt_tokens: 57,
  completion_tokens: 14,
  total_tokens: 71,
  prompt_tokens_details: { cached_tokens: 16, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

const ERRORS = {
  400: "invalid_request_error",
  402: "insufficient_quota",
  429: "rate_limit_exceeded",
  500: "server_error",
  529: "server_error",
};

/** The error that OpenAI and its dialects answer with. */
export const openaiFailure = (status: number, message: string): unknown => ({
  error: { message, type: typeOf(ERRORS, status), param: null, code: null },
});

const TOOL_CALL = {
  id: "call_Wd7mYx2kqUZ3bPr0oTnVhSfE",
  type: "function",
  function: { name: TOOL.name, arguments: JSON.stringify(TOOL.arguments) },
};

const TOOL_DELTAS: readonly Fields[] = [
  { tool_calls: [{ ...TOOL_CALL, index: 0, function: { ...TOOL_CALL.function, arguments: "" } }] },
  { tool_calls: [{ index: 0, function: { arguments: TOOL_CALL.function.arguments } }] },
];

const head = (asked: Asked, object: string): Fields => ({
  id: "chatcmpl-CjT4vR9wPqLs2nXyB8kHdZ0aEfUmG",
  object,
  created: CREATED,
  model: served(asked, "-2024-07-18"),
});

const TAIL = { service_tier: "default", system_fingerprint: "fp_51e1070cf2" };

/** Whether a stream is asked to end with its usage. */
export function usageAsked({ body }: Asked): boolean {
  const options = body["stream_options"];
  return options !== undefined && options !== null && fields(options)["include_usage"] === true;
}

export const openaiChat: Wire = {
  streams: ({ body }) => body["stream"] === true,
  whole: (asked) => {
    const said = asked.callsTool ? { content: null, tool_calls: [TOOL_CALL] } : { content: WORDS.join("") };
    const message = { role: "assistant", ...said, refusal: null, annotations: [] };
    const finish_reason = asked.callsTool ? "tool_calls" : "stop";
    const choices = [{ index: 0, message, logprobs: null, finish_reason }];
    return { ...head(asked, "chat.completion"), choices, usage: USAGE, ...TAIL };
  },
  pieces: (asked) => {
    // A stream that ends with its usage has `usage: null` in every chunk before it.
    const without = usageAsked(asked) ? { usage: null } : {};
    const base = { ...head(asked, "chat.completion.chunk"), ...TAIL };
    const chunk = (delta: Fields, finish_reason: string | null): string => {
      const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
      return data({ ...base, choices, ...without, obfuscation: "q9Zx1" });
    };
    return [
      chunk({ role: "assistant", content: "", refusal: null }, null),
      ...(asked.callsTool ? TOOL_DELTAS : WORDS.map((content) => ({ content }))).map((delta) =>
        chunk(delta, null),
      ),
      chunk({}, asked.callsTool ? "tool_calls" : "stop"),
      ...(usageAsked(asked) ? [data({ ...base, choices: [], usage: USAGE, obfuscation: "T0" })] : []),
      "data: [DONE]\n\n",
    ];
  },
  streamType: "text/event-stream; charset=utf-8",
  failure: openaiFailure,
  headers: { "x-request-id": "req_8c1f7b2d", "openai-version": "2020-10-01", "openai-processing-ms": "231" },
};

export const openaiEmbeddings: Wire = {
  ...openaiChat,
  streams: () => false,
  whole: ({ body, model, servedBy }) => {
    const floats = [0.25, -0.5, 0.125];
    const embedding =
      body["encoding_format"] === "base64"
        ? Buffer.from(new Float32Array(floats).buffer).toString("base64")
        : floats;
    return {
      object: "list",
      data: [{ object: "embedding", index: 0, embedding }],
      model: servedBy ?? model,
      usage: { prompt_tokens: 8, total_tokens: 8 },
    };
  },
  pieces: () => [],
};
