import { type MicroCents, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { APIConnectionError, RateLimitError } from "openai";
import { describe, expect, it, vi } from "vitest";
import { ask } from "../../examples/calls/openai.ts";
import { askStreaming } from "../../examples/calls/openai-stream.ts";
import { committed, thrownBy } from "../calls/with-hold-support.ts";
import { KEY, scopes, withProvider } from "./support.ts";

const { at, records } = withProvider();
const question = { id: "q-1", prompt: "Tell me a story.", scopes };
/** 17 + 16 input tokens at $0.15 a million, 500 output tokens at $0.60. */
const bound = usd("0.00030495");

describe("examples/calls/openai", () => {
  it("is answered, and settled at what the usage says", async () => {
    const ledger = memoryStore();
    const seen = at().seen.length;
    Object.assign(at().script, { input: 1000, output: 100, cached: 800 });
    const outcome = await ask(ledger, at().endpoint(), question);
    // 200 tokens at 0.15, 800 at 0.075, 100 at 0.60 a million.
    expect(outcome).toMatchObject({ kind: "done", value: "Once upon a time", booked: usd("0.00015") });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.00015") });
    expect(at().seen.length).toBe(seen + 1);
    expect(at().seen.at(-1)).toMatchObject({
      url: "/v1/chat/completions",
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(at().asked().at(-1)).toMatchObject({ max_completion_tokens: 500 });
    expect(records()).toEqual(['egress name="local" host="localhost" detail="q-1"']);
  });

  it("without usage counts in full", async () => {
    const ledger = memoryStore();
    at().script.hidesUsage = true;
    const outcome = await ask(ledger, at().endpoint(), question);
    expect(outcome).toMatchObject({ value: "Once upon a time", settlement: "in_full", booked: bound });
    expect((await ledger.usage("run:1")).committed()).toBe(bound);
  });

  it("an error of the provider's is asked once, thrown by the client, and counts in full", async () => {
    const ledger = memoryStore();
    const seen = at().seen.length;
    at().script.fails = (response) =>
      response.writeHead(429, { "content-type": "application/json" }).end("{}");
    expect(await thrownBy(ask(ledger, at().endpoint(), question))).toBeInstanceOf(RateLimitError);
    expect(at().seen.length).toBe(seen + 1);
    expect(await committed(ledger)).toEqual({ reserved: bound, spent: 0n });
  });

  it("without a key nothing is sent, whatever the client makes of it, and the money is given back", async () => {
    const ledger = memoryStore();
    const seen = at().seen.length;
    vi.stubEnv("API_KEY", "");
    const error = await thrownBy(ask(ledger, at().endpoint(), question));
    expect(error).toBeInstanceOf(APIConnectionError);
    expect(at().seen.length).toBe(seen);
    expect(await ledger.getHold("q-1")).toMatchObject({ state: "released" });
  });

  it("refused by a cap: nothing is sent", async () => {
    const ledger = memoryStore();
    const seen = at().seen.length;
    const poor = { ...question, scopes: [{ scope: "run:1", cap: usd("0.0003") }] };
    expect(await ask(ledger, at().endpoint(), poor)).toMatchObject({ kind: "refused" });
    expect(at().seen.length).toBe(seen);
  });
});

describe("examples/calls/openai-stream", () => {
  const said: string[] = [];
  const stream = (cap: MicroCents, ledger = memoryStore()) => {
    said.length = 0;
    const capped = { ...question, scopes: [{ scope: "run:1", cap }] };
    return { ledger, outcome: askStreaming(ledger, at().endpoint(), capped, (text) => said.push(text)) };
  };

  it("a whole answer is settled at what its last chunk says", async () => {
    const { ledger, outcome } = stream(usd("1"));
    expect(await outcome).toMatchObject({
      kind: "done",
      value: "whole",
      booked: usd("0.0000042"),
      overrun: 0n,
    });
    expect(said.join("")).toBe("Once upon a time");
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.0000042") });
  });

  it("a long one has more set aside as it grows", async () => {
    at().script.words = Array.from({ length: 500 }, () => "word ");
    at().script.output = 500;
    const { ledger, outcome } = stream(usd("1"));
    expect(await outcome).toMatchObject({ value: "whole", booked: usd("0.0003018"), overrun: 0n });
    expect(said.length).toBeGreaterThanOrEqual(500);
    // 500 words of at most 6 tokens, and 64 to come: $0.00184, in steps of $0.0001.
    expect(await ledger.getHold("q-1")).toMatchObject({ amount: usd("0.0019"), state: "settled" });
  });

  it("one that no cap has room for is stopped in time, and counts in full", async () => {
    at().script.words = Array.from({ length: 100_000 }, () => "word ");
    const { ledger, outcome } = stream(usd("0.00035"));
    expect(await outcome).toMatchObject({ value: "stopped", settlement: "in_full", booked: usd("0.0003") });
    // After the input they pay for 491 tokens: the 72nd word, of at most 6, leaves no room for 64 more.
    expect(said.filter((text) => text !== "")).toHaveLength(72);
    expect((await ledger.usage("run:1")).committed()).toBe(usd("0.0003"));
  });

  it("a prompt that alone is more than the cap is not sent", async () => {
    const ledger = memoryStore();
    const seen = at().seen.length;
    const long = { ...question, prompt: "x".repeat(10_000), scopes: [{ scope: "run:1", cap: usd("0.001") }] };
    const error = await thrownBy(askStreaming(ledger, at().endpoint(), long, () => null));
    expect(error).toMatchObject({ code: "not_sent" });
    expect(at().seen.length).toBe(seen);
    expect(await ledger.getHold("q-1")).toMatchObject({ state: "released" });
  });
});
