import { usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { ask, askStreaming } from "../../examples/calls/anthropic.ts";
import { committed, thrownBy } from "../calls/with-hold-support.ts";
import { KEY, scopes, withProvider } from "./support.ts";

const { at } = withProvider();
const question = { id: "q-1", prompt: "Tell me a story.", scopes };
/** 200 tokens at $3, 800 from the cache at $0.30 and 100 at $15 a million. */
const cost = usd("0.00234");

describe("examples/calls/anthropic", () => {
  it("is answered, and settled at what the usage says, cached tokens beside", async () => {
    const ledger = memoryStore();
    Object.assign(at().script, { input: 200, output: 100, cached: 800 });
    const outcome = await ask(ledger, at().endpoint(""), question);
    expect(outcome).toMatchObject({ kind: "done", value: "Once upon a time", booked: cost });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: cost });
    const { url, headers } = at().seen.at(-1) ?? {};
    expect(url).toBe("/v1/messages");
    expect(headers).toMatchObject({ "x-api-key": KEY });
    expect(headers).not.toHaveProperty("authorization");
  });

  it("streamed it says the same, and costs the same", async () => {
    const ledger = memoryStore();
    Object.assign(at().script, { input: 200, output: 100, cached: 800 });
    const said: string[] = [];
    const outcome = await askStreaming(ledger, at().endpoint(""), question, (text) => said.push(text));
    expect(outcome).toMatchObject({ kind: "done", booked: cost, overrun: 0n });
    expect(said.join("")).toBe("Once upon a time");
    expect(at().asked().at(-1)).toMatchObject({ stream: true, max_tokens: 500 });
  });

  it("a stream that breaks off counts in full", async () => {
    const ledger = memoryStore();
    at().script.fails = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("event: message_start\n", () => response.destroy());
    };
    await thrownBy(askStreaming(ledger, at().endpoint(""), question, () => null));
    // 33 input tokens at $3.75, which writing them to a cache costs, and 500 at $15 a million.
    expect(await committed(ledger)).toEqual({ reserved: usd("0.00762375"), spent: 0n });
  });
});
