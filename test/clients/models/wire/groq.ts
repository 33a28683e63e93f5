import { openaiFailure, usageAsked } from "./openai-chat.ts";
import { type Asked, CREATED, data, type Fields, type Wire, WORDS } from "./wire.ts";

/** Times are fractions of a second. */
const USAGE = {
  queue_time: 0.037493756,
  prompt_tokens: 57,
  prompt_time: 0.000680594,
  completion_tokens: 14,
  completion_time: 0.463333333,
  total_tokens: 71,
  total_time: 0.464013927,
};

const REQUEST = "req_01jbd6g2qdfw2adyrt2az8hz4w";

const head = ({ servedBy, model }: Asked, object: string): Fields => ({
  id: "chatcmpl-f51b2cd2-bef7-417e-964e-a08f0b513c22",
  object,
  created: CREATED,
  model: servedBy ?? model,
});

const TAIL = { system_fingerprint: "fp_179b0f92c9", service_tier: "on_demand" };

export const groq: Wire = {
  streams: ({ body }) => body["stream"] === true,
  whole: (asked) => {
    const message = { role: "assistant", content: WORDS.join("") };
    return {
      ...head(asked, "chat.completion"),
      choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
      usage: USAGE,
      usage_breakdown: null,
      x_groq: { id: REQUEST, seed: 1321871292 },
      ...TAIL,
    };
  },
  // The usage is in its own field of the last chunk, and once more in a chunk without choices if that is asked for.
  pieces: (asked) => {
    const base = { ...head(asked, "chat.completion.chunk"), ...TAIL };
    const chunk = (delta: Fields, finish_reason: string | null, more: Fields = {}): string =>
      data({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...more });
    return [
      chunk({ role: "assistant", content: "" }, null, { x_groq: { id: REQUEST, seed: 1321871292 } }),
      ...WORDS.map((content) => chunk({ content }, null)),
      chunk({}, "stop", { x_groq: { id: REQUEST, usage: USAGE } }),
      ...(usageAsked(asked) ? [data({ ...base, choices: [], usage: USAGE })] : []),
      "data: [DONE]\n\n",
    ];
  },
  streamType: "text/event-stream",
  failure: openaiFailure,
  headers: { "x-request-id": REQUEST, "x-ratelimit-remaining-requests": "14370" },
};
