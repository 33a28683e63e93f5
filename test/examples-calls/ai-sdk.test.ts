import { type MicroCents, TokenRates, usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { generateText, streamText } from "ai";
import { describe, expect, it, vi } from "vitest";
import { budgetedModel, OverBudgetError } from "../../examples/calls/ai-sdk.ts";
import { committed, thrownBy } from "../calls/with-hold-support.ts";
import { KEY, withProvider } from "./support.ts";

const { at, records } = withProvider();
const rates = new TokenRates({
  inputUsdPerMTok: "0.15",
  outputUsdPerMTok: "0.60",
  cacheReadUsdPerMTok: "0.075",
});
const prompt = "Tell me a story.";

function budgeted(cap: MicroCents = usd("1")) {
  const ledger = memoryStore();
  const scopes = () => [{ scope: "run:1", cap }];
  const budget = { ledger, rates, scopes, maxOutputTokens: 500 };
  return { ledger, model: budgetedModel(at().endpoint(), "gpt-4o-mini", budget) };
}

describe("examples/calls/ai-sdk", () => {
  it("generateText: is answered, and settled at what the usage says", async () => {
    const { ledger, model } = budgeted();
    Object.assign(at().script, { input: 1000, output: 100, cached: 800 });
    const { text } = await generateText({ model, prompt });
    expect(text).toBe("Once upon a time");
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.00015") });
    expect(at().seen.at(-1)).toMatchObject({ headers: { authorization: `Bearer ${KEY}` } });
    // The provider is told where the hold ends.
    expect(at().asked().at(-1)).toMatchObject({ max_tokens: 500 });
    expect(records()).toEqual(['egress name="local" host="localhost" detail="gpt-4o-mini"']);
  });

  it("generateText: a limit of the caller's own is what is held and sent", async () => {
    const { ledger, model } = budgeted(usd("0.0001"));
    expect(await thrownBy(generateText({ model, prompt, maxRetries: 0 }))).toBeInstanceOf(OverBudgetError);
    await generateText({ model, prompt, maxOutputTokens: 20 });
    expect(at().asked().at(-1)).toMatchObject({ max_tokens: 20 });
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.0000042") });
  });

  it("generateText: each retry of the SDK has its own hold, and each may have cost", async () => {
    const { ledger, model } = budgeted();
    const seen = at().seen.length;
    let failures = 1;
    at().script.fails = (response) => {
      if (--failures === 0) at().script.fails = null;
      response.writeHead(500, { "retry-after-ms": "1" }).end("{}");
    };
    const { text } = await generateText({ model, prompt, maxRetries: 1 });
    expect(text).toBe("Once upon a time");
    expect(at().seen.length).toBe(seen + 2);
    const { reserved, spent } = await committed(ledger);
    expect(spent).toBe(usd("0.0000042"));
    expect(reserved).toBeGreaterThan(usd("0.0003"));
  });

  it("generateText: without a key nothing is sent, and the money is given back", async () => {
    const { ledger, model } = budgeted();
    const seen = at().seen.length;
    vi.stubEnv("API_KEY", "");
    await thrownBy(generateText({ model, prompt, maxRetries: 0 }));
    expect(at().seen.length).toBe(seen);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: 0n });
  });

  it("generateText: a file, whose tokens nobody bounds, is refused before anything is held", async () => {
    const { ledger, model } = budgeted();
    const file = { type: "file", data: "https://example.com/a.png", mediaType: "image/png" } as const;
    const messages = [{ role: "user" as const, content: [file] }];
    expect(await thrownBy(generateText({ model, messages, maxRetries: 0 }))).toBeInstanceOf(Error);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: 0n });
  });

  it("streamText: the text comes while the money is held, and is settled when it has ended", async () => {
    const { ledger, model } = budgeted();
    const result = streamText({ model, prompt });
    const said: string[] = [];
    for await (const text of result.textStream) {
      if (said.push(text) === 1) expect((await committed(ledger)).reserved).toBeGreaterThan(usd("0.0003"));
    }
    expect(said.join("")).toBe("Once upon a time");
    await vi.waitFor(async () => {
      expect(await committed(ledger)).toEqual({ reserved: 0n, spent: usd("0.0000042") });
    });
  });

  it("streamText: one that breaks off, or says no usage, counts in full", async () => {
    const full = (async () => {
      const { ledger, model } = budgeted();
      at().script.hidesUsage = true;
      expect(await streamText({ model, prompt }).text).toBe("Once upon a time");
      return committed(ledger);
    })();
    const { reserved, spent } = await full;
    expect(spent).toBe(0n);
    expect(reserved).toBeGreaterThan(usd("0.0003"));
    const { ledger, model } = budgeted();
    at().script.fails = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"id":"1","choices":[]}\n\n', () => response.destroy());
    };
    const broken = streamText({ model, prompt, maxRetries: 0, onError: () => undefined });
    await thrownBy(Promise.resolve(broken.text));
    expect(await committed(ledger)).toEqual({ reserved, spent: 0n });
  });

  it("streamText: one that no cap has room for is not asked for", async () => {
    const { ledger, model } = budgeted(usd("0.0001"));
    const seen = at().seen.length;
    const errors: unknown[] = [];
    const result = streamText({
      model,
      prompt,
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    await thrownBy(Promise.resolve(result.text));
    expect(errors).toEqual([expect.any(OverBudgetError)]);
    expect(at().seen.length).toBe(seen);
    expect(await committed(ledger)).toEqual({ reserved: 0n, spent: 0n });
  });
});
