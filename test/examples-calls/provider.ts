import type { ServerResponse } from "node:http";
import { type Answer, type HttpsServer, httpsServer, type Seen } from "../support/https-server.ts";

/** What the model says, and what it counts. */
export interface Script {
  words: readonly string[];
  input: number;
  output: number;
  cached: number;
  /** Left out of the answer, as some proxies do. */
  hidesUsage: boolean;
  /** Answers instead of the model. */
  fails: ((response: ServerResponse) => unknown) | null;
}

export interface Provider extends HttpsServer {
  readonly script: Script;
  /** What was asked, as JSON. */
  readonly asked: () => Record<string, unknown>[];
}

/** A server on this machine that speaks OpenAI's chat completions and Anthropic's messages, streamed and not. */
export async function provider(): Promise<Provider> {
  const script: Script = { words: [], input: 0, output: 0, cached: 0, hidesUsage: false, fails: null };
  const answer: Answer = (seen, response) => {
    const body = JSON.parse(seen.body) as { stream?: boolean; stream_options?: { include_usage?: boolean } };
    if (script.fails) return script.fails(response);
    const speak = speaks(seen);
    if (body.stream !== true) {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify(speak.whole(script)));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    stream(response, speak.events(script));
    return null;
  };
  const server = await httpsServer(answer);
  return Object.assign(server, {
    script,
    asked: () => server.seen.map(({ body }) => JSON.parse(body) as Record<string, unknown>),
  });
}

/** As fast as it is read, and no longer than somebody reads. */
function stream(response: ServerResponse, events: readonly string[]): void {
  let at = 0;
  const write = (): void => {
    const event = events[at++];
    if (response.destroyed) return;
    if (event === undefined) response.end();
    else response.write(event, () => setImmediate(write));
  };
  write();
}

interface Speak {
  readonly whole: (script: Script) => object;
  readonly events: (script: Script) => readonly string[];
}

function speaks({ url }: Seen): Speak {
  if (url.endsWith("/chat/completions")) return { whole: chat, events: chatEvents };
  if (url.endsWith("/messages")) return { whole: message, events: messageEvents };
  throw new Error(`there is nothing at ${url}`);
}

/** https://platform.openai.com/docs/api-reference/chat/object */
function chat(script: Script): object {
  const choice = {
    index: 0,
    message: { role: "assistant", content: script.words.join("") },
    finish_reason: "stop",
  };
  return {
    ...chatHead("chat.completion"),
    choices: [choice],
    ...(!script.hidesUsage && { usage: chatUsage(script) }),
  };
}

function chatUsage({ input, output, cached }: Script): object {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function chatHead(object: string): object {
  return { id: "chatcmpl-1", object, created: 1_795_392_000, model: "gpt-4o-mini" };
}

/** https://platform.openai.com/docs/api-reference/chat-streaming; the last chunk has the usage and no choice. */
function chatEvents(script: Script): readonly string[] {
  const head = chatHead("chat.completion.chunk");
  const choice = (delta: object, finish: string | null = null): object => {
    return { ...head, choices: [{ index: 0, delta, finish_reason: finish }] };
  };
  const chunks = [
    choice({ role: "assistant", content: "" }),
    ...script.words.map((content) => choice({ content })),
    choice({}, "stop"),
    ...(script.hidesUsage ? [] : [{ ...head, choices: [], usage: chatUsage(script) }]),
  ];
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"];
}

/** https://docs.anthropic.com/en/api/messages */
function message(script: Script): object {
  return {
    ...messageHead(),
    content: [{ type: "text", text: script.words.join("") }],
    stop_reason: "end_turn",
    usage: { ...messageUsage(script), output_tokens: script.output },
  };
}

function messageHead(): object {
  return { id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-4-5", stop_sequence: null };
}

function messageUsage({ input, cached }: Script): object {
  return { input_tokens: input, cache_read_input_tokens: cached, cache_creation_input_tokens: 0 };
}

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming; message_delta has the output so far. */
function messageEvents(script: Script): readonly string[] {
  const begun = {
    ...messageHead(),
    content: [],
    stop_reason: null,
    usage: { ...messageUsage(script), output_tokens: 1 },
  };
  const events = [
    { type: "message_start", message: begun },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...script.words.map((text) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text },
    })),
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: script.output },
    },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
