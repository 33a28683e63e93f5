import { describe, expect, it } from "vitest";
import {
  CHAT,
  chat,
  CHAT_CHUNKS,
  ground,
  type Ground,
  message,
  MESSAGE_EVENTS,
  MESSAGES,
  post,
  sse,
  streamOf,
} from "./support.ts";

const withUsage = { stream: true, stream_options: { include_usage: true } };

/** The text cut into pieces of `size` code units. */
function pieces(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    text.slice(at * size, (at + 1) * size),
  );
}

/** What is committed when everything is booked. */
async function booked({
  guard,
  usage,
}: Ground): Promise<{ readonly reserved: bigint; readonly spent: bigint }> {
  await guard.settled();
  return usage();
}

/** Reads events until one contains a text, then breaks off. */
async function readUntil(answer: Response, text: string): Promise<void> {
  const reader = answer.body?.getReader();
  if (reader === undefined) throw new Error("the answer has no body");
  const decoder = new TextDecoder();
  let seen = "";
  while (!seen.includes(text)) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the stream ended before");
    seen += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
}

describe("guardedFetch: a streamed chat", () => {
  it.each([1, 7, 64, 100_000])(
    "passes byte by byte in pieces of %i, and is booked at its usage",
    async (size) => {
      const text = sse(...CHAT_CHUNKS);
      const at = ground(() => streamOf(pieces(text, size)));
      const init = chat(withUsage);
      const answer = await at.guard(CHAT, init);
      expect(await answer.text()).toBe(text);
      expect(at.sent[0]?.body).toBe(init.body);
      expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 2000n });
    },
  );

  it.each([1, 7, 64, 100_000])(
    "hides the usage that the client did not ask for, in pieces of %i",
    async (size) => {
      const at = ground(() => streamOf(pieces(sse(...CHAT_CHUNKS), size)));
      const answer = await at.guard(CHAT, chat({ stream: true }));
      expect(await answer.text()).toBe(sse(...CHAT_CHUNKS.filter((_, index) => index !== 3)));
      expect(JSON.parse(String(at.sent[0]?.body))).toMatchObject({ stream_options: { include_usage: true } });
      expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 2000n });
    },
  );

  it("is booked at [DONE], though the client reads no further and the connection stays open", async () => {
    const open = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(sse(...CHAT_CHUNKS)));
      },
    });
    const at = ground(() => new Response(open, { headers: { "content-type": "text/event-stream" } }));
    await readUntil(await at.guard(CHAT, chat(withUsage)), "[DONE]");
    expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 2000n });
  });

  it.each([1, 2, 3])("cut off after %i chunks has an unknown cost", async (count) => {
    const at = ground(() => streamOf([sse(...CHAT_CHUNKS.slice(0, count)), new Error("reset")]));
    const answer = await at.guard(CHAT, chat(withUsage));
    await expect(answer.text()).rejects.toThrow();
    const { reserved, spent } = await booked(at);
    expect(spent).toBe(0n);
    expect(reserved).toBeGreaterThan(0n);
    expect(at.events.at(-1)?.kind).toBe("unknown");
  });

  it("whose body nobody reads stays held, and keeps no timer", async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const at = ground(() => streamOf([sse(...CHAT_CHUNKS)]));
    for (let index = 0; index < 20; index++) await at.guard(CHAT, chat(withUsage));
    expect((await at.usage()).reserved).toBeGreaterThan(0n);
    expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length).toBe(before);
  });

  it("reads from the provider only what the client reads", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled++;
          controller.enqueue(new TextEncoder().encode(sse(CHAT_CHUNKS[1])));
        },
      },
      { highWaterMark: 0 },
    );
    const at = ground(() => new Response(endless, { headers: { "content-type": "text/event-stream" } }));
    const answer = await at.guard(CHAT, chat(withUsage));
    const reader = answer.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulled).toBeLessThanOrEqual(2);
    await reader?.cancel();
  });

  it("is ended at the provider when the client ends it, and when its signal aborts", async () => {
    for (const how of ["cancel", "abort"]) {
      let cancelled = false;
      const body = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            controller.enqueue(new TextEncoder().encode(sse(CHAT_CHUNKS[1])));
          },
          cancel: () => {
            cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
      const at = ground(() => new Response(body, { headers: { "content-type": "text/event-stream" } }));
      const controller = new AbortController();
      const answer = await at.guard(CHAT, { ...chat(withUsage), signal: controller.signal });
      const reader = answer.body?.getReader();
      await reader?.read();
      if (how === "cancel") await reader?.cancel();
      else {
        controller.abort(new Error("enough"));
        await expect(reader?.read()).rejects.toThrow("enough");
      }
      await at.guard.settled();
      expect(cancelled).toBe(true);
      expect((await at.usage()).reserved).toBeGreaterThan(0n);
    }
  });

  it("that cannot be read passes all the same, and its cost is unknown", async () => {
    const at = ground(() => streamOf(["data: {\n\n", "data: 3\n\n", ": a comment\n\n", "data: [DONE]\n\n"]));
    const answer = await at.guard(CHAT, chat(withUsage));
    expect(await answer.text()).toBe("data: {\n\ndata: 3\n\n: a comment\n\ndata: [DONE]\n\n");
    expect((await booked(at)).spent).toBe(0n);
    expect(at.events.at(-1)?.kind).toBe("unknown");
  });
});

describe("guardedFetch: a streamed message of Anthropic", () => {
  // 25 tokens of input at 100 micro-cents, 15 of output at 200.
  it("is booked at message_stop", async () => {
    const at = ground(() => streamOf([sse(...MESSAGE_EVENTS)]));
    const answer = await at.guard(MESSAGES, message({ stream: true }));
    expect(await answer.text()).toBe(sse(...MESSAGE_EVENTS));
    expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 5500n });
  });

  it.each([1, 2, 3, 4])(
    "cut off after %i events is booked at its input and the output's limit",
    async (count) => {
      const at = ground(() => streamOf([sse(...MESSAGE_EVENTS.slice(0, count)), new Error("reset")]));
      const answer = await at.guard(MESSAGES, message({ stream: true }));
      await expect(answer.text()).rejects.toThrow();
      expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 2500n + 20_000n });
      expect(at.events.at(-1)).toMatchObject({ kind: "settled", without: "cut_off" });
    },
  );

  it("that the client leaves is booked in the same way", async () => {
    const at = ground(() => streamOf(MESSAGE_EVENTS.map((event) => sse(event))));
    await readUntil(await at.guard(MESSAGES, message({ stream: true })), "Hello");
    expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 22_500n });
  });

  it("cut off before its first event has an unknown cost", async () => {
    const at = ground(() => streamOf([new Error("reset")]));
    const answer = await at.guard(MESSAGES, message({ stream: true }));
    await expect(answer.text()).rejects.toThrow("the response ended early");
    const { reserved, spent } = await booked(at);
    expect(spent).toBe(0n);
    expect(reserved).toBeGreaterThan(0n);
    expect(at.events.at(-1)).toMatchObject({ kind: "unknown", reason: "there is no usage report" });
  });
});

const GEMINI =
  "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent";
const CONTENTS = {
  contents: [{ role: "user", parts: [{ text: "Hi" }] }],
  generationConfig: { maxOutputTokens: 100 },
};
const GEMINI_CHUNKS = [
  {
    candidates: [{ index: 0, content: { role: "model", parts: [{ text: 'He said "}]"' }] } }],
    usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 },
    modelVersion: "gemini-2.5-flash",
  },
  {
    candidates: [{ index: 0, content: { role: "model", parts: [{ text: "!" }] }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    modelVersion: "gemini-2.5-flash",
  },
];

describe("guardedFetch: other forms of streams", () => {
  it.each([1, 5, 100_000])("Gemini's events, in pieces of %i", async (size) => {
    const text = sse(...GEMINI_CHUNKS);
    const at = ground(() => streamOf(pieces(text, size)));
    expect(await (await at.guard(`${GEMINI}?alt=sse`, post(CONTENTS))).text()).toBe(text);
    expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 2000n });
  });

  it.each([1, 5, 100_000])("Gemini's JSON array, in pieces of %i", async (size) => {
    const text = `[${GEMINI_CHUNKS.map((chunk) => JSON.stringify(chunk, null, 1)).join("\n,\r\n")}\n]`;
    const at = ground(() => streamOf(pieces(text, size), "application/json; charset=UTF-8"));
    expect(await (await at.guard(GEMINI, post(CONTENTS))).text()).toBe(text);
    expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 2000n });
  });

  it.each([1, 13, 100_000])("Bedrock's event stream, in pieces of %i", async (size) => {
    const bytes = concat(
      awsEvent("messageStart", { role: "assistant" }),
      awsEvent("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "Hi" } }),
      awsEvent("messageStop", { stopReason: "end_turn" }),
      awsEvent("metadata", {
        usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
        metrics: { latencyMs: 7 },
      }),
    );
    const at = ground(() => streamOf(split(bytes, size), "application/vnd.amazon.eventstream"));
    const model = encodeURIComponent("anthropic.claude-sonnet-4-5-20250929-v1:0");
    const url = `https://bedrock-runtime.us-east-1.amazonaws.com/model/${model}/converse-stream`;
    const body = {
      messages: [{ role: "user", content: [{ text: "Hi" }] }],
      inferenceConfig: { maxTokens: 100 },
    };
    const answer = await at.guard(url, post(body));
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
    // Claude costs 10% more in a region: platform.claude.com/docs/en/about-claude/pricing
    expect(await booked(at)).toMatchObject({ reserved: 0n, spent: 2200n });
  });
});

/** A message of an AWS event stream, with checksums of 0. */
function awsEvent(type: string, payload: object): Uint8Array {
  const encoder = new TextEncoder();
  const header = (name: string, value: string): Uint8Array =>
    concat(
      Uint8Array.of(name.length),
      encoder.encode(name),
      Uint8Array.of(7, value.length >> 8, value.length & 255),
      encoder.encode(value),
    );
  const headers = concat(
    header(":message-type", "event"),
    header(":event-type", type),
    header(":content-type", "application/json"),
  );
  const body = encoder.encode(JSON.stringify(payload));
  const message = new Uint8Array(12 + headers.length + body.length + 4);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length);
  view.setUint32(4, headers.length);
  message.set(headers, 12);
  message.set(body, 12 + headers.length);
  return message;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function split(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.slice(at * size, (at + 1) * size),
  );
}
