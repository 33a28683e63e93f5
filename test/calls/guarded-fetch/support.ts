import { ExternalEndpoint, type MicroCents, runScope, SecretRef, TokenRates, usd } from "dispatch-kit";
import { type GuardedFetch, guardedFetch, type GuardEvent, type GuardOptions } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";

export const SCOPE = runScope("1");

export const ENDPOINTS = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com",
  gemini: "https://generativelanguage.googleapis.com",
  mistral: "https://api.mistral.ai",
  bedrock: "https://bedrock-runtime.us-east-1.amazonaws.com",
} as const;

/** One dollar for a million tokens of input and two for a million of output: 100 and 200 micro-cents a token. */
export const RATES = new TokenRates({
  inputUsdPerMTok: 1,
  outputUsdPerMTok: 2,
  cacheReadUsdPerMTok: "0.1",
  cacheWriteUsdPerMTok: "1.25",
  cacheWrite1hUsdPerMTok: 2,
});

export interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Ground {
  readonly guard: GuardedFetch;
  readonly ledger: ReturnType<typeof memoryStore>;
  readonly events: GuardEvent[];
  readonly sent: Sent[];
  /** What is committed in the scope, in micro-cents. */
  readonly usage: () => Promise<{ readonly reserved: MicroCents; readonly spent: MicroCents }>;
}

type Answer = (sent: Sent, signal: AbortSignal) => Response | Promise<Response>;

/** A guard in front of a provider that answers as it is told. */
export function ground(answer: Answer, options: Partial<GuardOptions> = {}): Ground {
  const ledger = memoryStore();
  const events: GuardEvent[] = [];
  const sent: Sent[] = [];
  const endpoint = Object.entries(ENDPOINTS).map(
    ([name, baseUrl]) => new ExternalEndpoint({ name, baseUrl, secret: new SecretRef("KEY") }),
  );
  const guard = guardedFetch({
    ledger,
    prices: {
      "gpt-4o-mini": RATES,
      "claude-sonnet-4-5": RATES,
      "gemini-2.5-flash": RATES,
      "anthropic.claude-sonnet-4-5-20250929-v1:0": RATES,
    },
    endpoint,
    scopes: [{ scope: SCOPE, cap: usd(1) }],
    env: { KEY: "sk-secret" },
    log: () => null,
    fetch: async (url, init) => {
      const one = { url, headers: new Headers(init.headers), body: init.body };
      sent.push(one);
      return answer(one, init.signal ?? new AbortController().signal);
    },
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { guard, ledger, events, sent, usage: async () => ledger.usage(SCOPE) };
}

export const CHAT = "https://api.openai.com/v1/chat/completions";
export const MESSAGES = "https://api.anthropic.com/v1/messages";

/** A request of a chat with 100 tokens of output at most. */
export function chat(more: object = {}): RequestInit {
  const messages = [{ role: "user", content: "Hi" }];
  return post({ model: "gpt-4o-mini", max_tokens: 100, messages, ...more });
}

/** A request of a message with 100 tokens of output at most. */
export function message(more: object = {}): RequestInit {
  const messages = [{ role: "user", content: "Hi" }];
  return post({ model: "claude-sonnet-4-5", max_tokens: 100, messages, ...more });
}

export function post(body: object): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

export const CHAT_USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** A whole chat completion of 10 and 5 tokens: 2,000 micro-cents. */
export const COMPLETION = {
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "gpt-4o-mini-2024-07-18",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
  usage: CHAT_USAGE,
  service_tier: "default",
};

/** Server-sent events of these values. */
export function sse(...events: readonly unknown[]): string {
  return events
    .map((event) => (typeof event === "string" ? `data: ${event}\n\n` : `data: ${JSON.stringify(event)}\n\n`))
    .join("");
}

/** A streamed answer whose body comes in these pieces; an error breaks it off. */
export function streamOf(
  pieces: readonly (string | Uint8Array | Error)[],
  type = "text/event-stream",
): Response {
  const encoder = new TextEncoder();
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const next = left.shift();
      if (next === undefined) controller.close();
      else if (next instanceof Error) controller.error(next);
      else controller.enqueue(typeof next === "string" ? encoder.encode(next) : next);
    },
  });
  return new Response(body, { headers: { "content-type": type } });
}

const CHUNK = { id: "chatcmpl-1", object: "chat.completion.chunk", model: "gpt-4o-mini-2024-07-18" };

/** The chunks of a streamed chat, with its usage if it was asked for. */
export const CHAT_CHUNKS: readonly unknown[] = [
  {
    ...CHUNK,
    choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
    usage: null,
  },
  { ...CHUNK, choices: [{ index: 0, delta: { content: "Hello" }, finish_reason: null }], usage: null },
  { ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: null },
  { ...CHUNK, choices: [], usage: CHAT_USAGE },
  "[DONE]",
];

/** The events of a streamed message: 25 tokens of input and 15 of output. */
export const MESSAGE_EVENTS: readonly unknown[] = [
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-4-5-20250929",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 25,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 1,
        service_tier: "standard",
      },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
  { type: "content_block_stop", index: 0 },
  {
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 15 },
  },
  { type: "message_stop" },
];
