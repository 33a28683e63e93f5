import { event, type Fields, type Wire, WORDS } from "./wire.ts";

const ID = "c14c80c3-18eb-4519-9460-6c92edd8cfb4";

/** What is billed, beside all tokens that the model saw, with those of the provider's own prompt. */
const USAGE = {
  billed_units: { input_tokens: 57, output_tokens: 14 },
  tokens: { input_tokens: 559, output_tokens: 16 },
  cached_tokens: 16,
};

const content = (index: number, value: Fields): Fields => ({ index, delta: { message: { content: value } } });

export const cohere: Wire = {
  streams: ({ body }) => body["stream"] === true,
  whole: () => ({
    id: ID,
    message: { role: "assistant", content: [{ type: "text", text: WORDS.join("") }] },
    finish_reason: "COMPLETE",
    usage: USAGE,
  }),
  pieces: () => [
    event({
      type: "message-start",
      id: ID,
      delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] } },
    }),
    event({ type: "content-start", ...content(0, { type: "text", text: "" }) }),
    ...WORDS.map((text) => event({ type: "content-delta", ...content(0, { text }) })),
    event({ type: "content-end", index: 0 }),
    event({ type: "message-end", delta: { finish_reason: "COMPLETE", usage: USAGE } }),
    "data: [DONE]\n\n",
  ],
  streamType: "text/event-stream",
  failure: (_, message) => ({ id: ID, message }),
  headers: { "x-debug-trace-id": "5f0e7d6c5b4a39281706f5e4d3c2b1a0" },
};
