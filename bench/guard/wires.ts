/** What a client asks and a provider answers, in the forms of OpenAI's chats and of Anthropic's messages. */
export const WIRES = ["openai", "anthropic"] as const;
export type Wire = (typeof WIRES)[number];

export const PATHS: Readonly<Record<Wire, string>> = {
  openai: "/v1/chat/completions",
  anthropic: "/v1/messages",
};
export const HOSTS: Readonly<Record<Wire, string>> = {
  openai: "https://api.openai.com",
  anthropic: "https://api.anthropic.com",
};
export const MODELS: Readonly<Record<Wire, string>> = {
  openai: "gpt-4o-mini",
  anthropic: "claude-sonnet-4-6",
};
export const MAX_TOKENS = 1000;

/** Article 1 of the Universal Declaration of Human Rights (United Nations, 1948; public domain). */
const SENTENCE =
  "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood. ";

/** Six turns of a conversation, whose body has 8 kB. */
export const TURNS: readonly { readonly role: "user" | "assistant"; readonly content: string }[] = Array.from(
  { length: 7 },
  (_, turn) => ({ role: turn % 2 === 0 ? "user" : "assistant", content: SENTENCE.repeat(6) + String(turn) }),
);

const CHAT = {
  id: "chatcmpl-CfQ1mZ0eV7Yk3sT9wXb2LpNdRgJhU",
  created: 1_764_300_000,
  model: "gpt-4o-mini-2024-07-18",
  service_tier: "default",
  system_fingerprint: "fp_560af6e559",
};
const CHAT_USAGE = {
  prompt_tokens: 1600,
  completion_tokens: 250,
  total_tokens: 1850,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};
const MESSAGE = {
  id: "msg_01XFDUDYJgAACzvnptvVoYEL",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-6",
  stop_sequence: null,
};
const MESSAGE_USAGE = {
  input_tokens: 1600,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  output_tokens: 250,
  service_tier: "standard",
};

/** A whole answer of about a kilobyte of text. */
export const ANSWERS: Readonly<Record<Wire, string>> = {
  openai: JSON.stringify({
    ...CHAT,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: SENTENCE.repeat(6), refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: CHAT_USAGE,
  }),
  anthropic: JSON.stringify({
    ...MESSAGE,
    content: [{ type: "text", text: SENTENCE.repeat(6) }],
    stop_reason: "end_turn",
    usage: MESSAGE_USAGE,
  }),
};

/** A stream with this many events that have a piece of text, as the texts of its events. */
export function eventsOf(wire: Wire, pieces: number, withUsage: boolean): readonly string[] {
  return wire === "openai" ? chatEvents(pieces, withUsage) : messageEvents(pieces);
}

function chatEvents(pieces: number, withUsage: boolean): readonly string[] {
  // OpenAI sends `usage: null` only if the usage was asked for.
  const usage = withUsage ? { usage: null } : {};
  const chunk = (delta: object, finish: string | null): object => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    return { ...CHAT, object: "chat.completion.chunk", choices, ...usage };
  };
  const events = [
    chunk({ role: "assistant", content: "", refusal: null }, null),
    ...Array.from({ length: pieces }, (_, at) => chunk({ content: ` word${String(at)}` }, null)),
    chunk({}, "stop"),
    ...(withUsage ? [{ ...chunk({}, null), choices: [], usage: CHAT_USAGE }] : []),
  ];
  return [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), "data: [DONE]\n\n"];
}

function messageEvents(pieces: number): readonly string[] {
  const usage = { ...MESSAGE_USAGE, output_tokens: 1 };
  const events: readonly { readonly type: string }[] = [
    { type: "message_start", ...{ message: { ...MESSAGE, content: [], stop_reason: null, usage } } },
    { type: "content_block_start", ...{ index: 0, content_block: { type: "text", text: "" } } },
    ...Array.from({ length: pieces }, (_, at) => {
      return {
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text: ` word${String(at)}` },
      };
    }),
    { type: "content_block_stop", ...{ index: 0 } },
    {
      type: "message_delta",
      ...{ delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 250 } },
    },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
