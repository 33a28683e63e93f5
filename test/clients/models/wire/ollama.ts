import { type Asked, type Fields, type Wire, WORDS } from "./wire.ts";

const line = ({ model }: Asked, rest: Fields): Fields => ({
  model,
  created_at: "2026-11-18T09:06:40.123456Z",
  ...rest,
});

/** Durations are nanoseconds. */
const END = {
  done: true,
  done_reason: "stop",
  total_duration: 4648158584,
  load_duration: 4071084,
  prompt_eval_count: 57,
  prompt_eval_duration: 439038000,
  eval_count: 14,
  eval_duration: 4196918000,
};

/** NDJSON: every piece is a line. */
export const ollama: Wire = {
  streams: ({ body }) => body["stream"] !== false,
  whole: (asked) => line(asked, { message: { role: "assistant", content: WORDS.join("") }, ...END }),
  pieces: (asked) =>
    [
      ...WORDS.map((content) => line(asked, { message: { role: "assistant", content }, done: false })),
      line(asked, { message: { role: "assistant", content: "" }, ...END }),
    ].map((value) => `${JSON.stringify(value)}\n`),
  streamType: "application/x-ndjson",
  failure: (_, message) => ({ error: message }),
  headers: {},
};
