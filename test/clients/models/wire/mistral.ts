import { type Asked, CREATED, data, type Fields, TOOL, typeOf, type Wire, WORDS } from "./wire.ts";

const USAGE = {
  prompt_tokens: 57,
  total_tokens: 71,
  completion_tokens: 14,
  prompt_tokens_details: { cached_tokens: 16 },
};

const ERRORS = {
  400: "invalid_request_error",
  402: "payment_required",
  429: "service_tier_capacity_exceeded",
  500: "internal_server_error",
  529: "unreachable_backend",
};

const TOOL_CALL = {
  id: "D681PevKs",
  type: "function",
  function: { name: TOOL.name, arguments: JSON.stringify(TOOL.arguments) },
  index: 0,
};

/** It names the model as the request does, alias or not. */
const head = ({ servedBy, model }: Asked, object: string): Fields => ({
  id: "8b7a1d5c3e6f4a90b2c4d6e8f0a1b3c5",
  object,
  created: CREATED,
  model: servedBy ?? model,
});

export const mistral: Wire = {
  streams: ({ body }) => body["stream"] === true,
  whole: (asked) => {
    const said = asked.callsTool
      ? { tool_calls: [TOOL_CALL], content: "" }
      : { tool_calls: null, content: WORDS.join("") };
    const finish_reason = asked.callsTool ? "tool_calls" : "stop";
    const choices = [{ index: 0, finish_reason, message: { role: "assistant", ...said } }];
    return { ...head(asked, "chat.completion"), usage: USAGE, choices };
  },
  // The usage is in the chunk that has the reason of the end; `p` pads.
  pieces: (asked) => {
    const chunk = (delta: Fields, finish_reason: string | null, more: Fields = {}): string =>
      data({
        ...head(asked, "chat.completion.chunk"),
        choices: [{ index: 0, delta, finish_reason }],
        ...more,
        p: "abcdefg",
      });
    return [
      chunk({ role: "assistant", content: "" }, null),
      ...(asked.callsTool
        ? [chunk({ content: "", tool_calls: [TOOL_CALL] }, "tool_calls", { usage: USAGE })]
        : [
            ...WORDS.map((content) => chunk({ content }, null)),
            chunk({ content: "" }, "stop", { usage: USAGE }),
          ]),
      "data: [DONE]\n\n",
    ];
  },
  streamType: "text/event-stream; charset=utf-8",
  failure: (status, message) => ({
    object: "error",
    message,
    type: typeOf(ERRORS, status),
    param: null,
    code: "3505",
  }),
  headers: { "mistral-correlation-id": "01a2b3c4-0000-7000-8000-000000000001" },
};
