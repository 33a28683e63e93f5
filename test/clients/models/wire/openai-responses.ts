import { openaiChat } from "./openai-chat.ts";
import { type Asked, CREATED, event, type Fields, served, TOOL, type Wire, WORDS } from "./wire.ts";

const USAGE = {
  input_tokens: 57,
  input_tokens_details: { cached_tokens: 16, cache_write_tokens: 0 },
  output_tokens: 46,
  output_tokens_details: { reasoning_tokens: 32 },
  total_tokens: 103,
};

/** What tools used of other models. */
const TOOL_USAGE = {
  image_gen: {
    input_tokens: 0,
    input_tokens_details: { image_tokens: 0, text_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { image_tokens: 0, text_tokens: 0 },
    total_tokens: 0,
  },
  web_search: { num_requests: 0 },
};

const ID = "68f2a1c0b9d4e7836512afbe04c79d13";

/** Whoever stores nothing asks for the reasoning itself. */
const reasoning = ({ body }: Asked): Fields => ({
  id: `rs_${ID}`,
  type: "reasoning",
  summary: [],
  ...(Array.isArray(body["include"]) &&
    body["include"].includes("reasoning.encrypted_content") && {
      encrypted_content: "gAAAAABo8qHAudTwOkdNTE3Zk",
    }),
});

const CALL = {
  id: `fc_${ID}`,
  type: "function_call",
  status: "completed",
  arguments: JSON.stringify(TOOL.arguments),
  call_id: "call_Wd7mYx2kqUZ3bPr0oTnVhSfE",
  name: TOOL.name,
};

const text = (words: string): Fields => ({ type: "output_text", annotations: [], logprobs: [], text: words });

const message = (status: string, content: readonly unknown[]): Fields => ({
  id: `msg_${ID}`,
  type: "message",
  status,
  content,
  role: "assistant",
});

const response = (asked: Asked, state: Fields): Fields => ({
  id: `resp_${ID}`,
  object: "response",
  created_at: CREATED,
  background: false,
  error: null,
  incomplete_details: null,
  instructions: asked.body["instructions"] ?? null,
  max_output_tokens: asked.body["max_output_tokens"] ?? null,
  max_tool_calls: null,
  model: served(asked, "-2025-08-07"),
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: "medium", summary: null },
  safety_identifier: null,
  store: asked.body["store"] ?? true,
  temperature: 1,
  text: { format: { type: "text" }, verbosity: "medium" },
  tool_choice: "auto",
  tools: asked.body["tools"] ?? [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
  user: null,
  metadata: {},
  ...state,
});

const done = (asked: Asked): Fields => {
  const said = asked.callsTool ? CALL : message("completed", [text(WORDS.join(""))]);
  return response(asked, {
    status: "completed",
    completed_at: CREATED + 2,
    output: [reasoning(asked), said],
    service_tier: "default",
    tool_usage: TOOL_USAGE,
    usage: USAGE,
  });
};

type Event = Fields & { readonly type: string };

const AT = { item_id: `msg_${ID}`, output_index: 1, content_index: 0 };
const WHOLE = text(WORDS.join(""));

const TEXT_EVENTS: readonly Event[] = [
  { type: "response.output_item.added", output_index: 1, item: message("in_progress", []) },
  { type: "response.content_part.added", ...AT, part: text("") },
  ...WORDS.map((delta) => ({
    type: "response.output_text.delta",
    ...AT,
    delta,
    logprobs: [],
    obfuscation: "k3Vw",
  })),
  { type: "response.output_text.done", ...AT, text: WHOLE["text"], logprobs: [] },
  { type: "response.content_part.done", ...AT, part: WHOLE },
  { type: "response.output_item.done", output_index: 1, item: message("completed", [WHOLE]) },
];

const OF_CALL = { item_id: CALL.id, output_index: 1 };
const CALL_EVENTS: readonly Event[] = [
  {
    type: "response.output_item.added",
    output_index: 1,
    item: { ...CALL, status: "in_progress", arguments: "" },
  },
  { type: "response.function_call_arguments.delta", ...OF_CALL, delta: CALL.arguments, obfuscation: "x" },
  { type: "response.function_call_arguments.done", ...OF_CALL, name: CALL.name, arguments: CALL.arguments },
  { type: "response.output_item.done", output_index: 1, item: CALL },
];

export const openaiResponses: Wire = {
  ...openaiChat,
  whole: done,
  pieces: (asked) => {
    const running = response(asked, {
      status: "in_progress",
      output: [],
      service_tier: asked.body["service_tier"] ?? "auto",
      usage: null,
    });
    const events: readonly Event[] = [
      { type: "response.created", response: running },
      { type: "response.in_progress", response: running },
      { type: "response.output_item.added", output_index: 0, item: reasoning(asked) },
      { type: "response.output_item.done", output_index: 0, item: reasoning(asked) },
      ...(asked.callsTool ? CALL_EVENTS : TEXT_EVENTS),
      { type: "response.completed", response: done(asked) },
    ];
    return events.map(({ type, ...rest }, sequence_number) => event({ type, sequence_number, ...rest }));
  },
};
