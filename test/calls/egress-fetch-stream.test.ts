import type { ServerResponse } from "node:http";
import { usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { askStreaming } from "../../examples/calls/openai-stream.ts";
import { KEY, withServer } from "./egress-fetch-support.ts";

const { at } = withServer();

beforeEach(() => {
  vi.stubEnv("API_KEY", KEY);
  vi.spyOn(console, "warn").mockImplementation(() => null);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A chunk of a provider that reports the usage so far in each chunk. */
function chunk(words: number, finish: string | null = null): string {
  const usage = { prompt_tokens: 12, completion_tokens: words, total_tokens: 12 + words };
  const choice = { index: 0, delta: { content: "word " }, finish_reason: finish };
  const head = { id: "1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini" };
  return `data: ${JSON.stringify({ ...head, choices: [choice], usage })}\n\n`;
}

/** Writes until the last one, or until nobody reads. */
function write(response: ServerResponse, count: number, last: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let words = 0;
  const next = (): void => {
    if (response.destroyed) return;
    if (++words < count) response.write(chunk(words), () => setImmediate(next));
    else response.end(last);
  };
  next();
}

describe("examples/calls/openai-stream: usage in each chunk", () => {
  const ask = async (cap: string) => {
    const ledger = memoryStore();
    const scopes = [{ scope: "run:1", cap: usd(cap) }];
    const question = { id: "q-1", prompt: "Tell me a story.", scopes };
    const outcome = await askStreaming(ledger, at().endpoint(), question, () => null);
    return { outcome, hold: await ledger.getHold("q-1") };
  };

  it("an answer with its end is settled", async () => {
    at().answer((_, response) => {
      write(response, 5, `${chunk(5, "stop")}data: [DONE]\n\n`);
    });
    // 12 tokens at $0.15 a million, and 5 at $0.60.
    expect(await ask("1")).toMatchObject({
      outcome: { value: "whole", settlement: "actual", booked: usd("0.0000048") },
      hold: { state: "settled" },
    });
  });

  it("one that was stopped is not: its hold stays", async () => {
    at().answer((_, response) => {
      write(response, 100_000, "");
    });
    expect(await ask("0.00035")).toMatchObject({
      outcome: { value: "stopped", settlement: "in_full", booked: usd("0.0003") },
      hold: { state: "open" },
    });
  });

  it.each([
    ["without [DONE]", chunk(5)],
    ["with [DONE]", `${chunk(5)}data: [DONE]\n\n`],
  ])("one that ended before its finish is not, %s", async (_, last) => {
    at().answer((__, response) => {
      write(response, 5, last);
    });
    expect(await ask("1")).toMatchObject({
      outcome: { value: "stopped", settlement: "in_full" },
      hold: { state: "open" },
    });
  });
});
