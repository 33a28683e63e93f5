import { type MicroCents, tokenCost, TokenRates } from "dispatch-kit";
import { actualOf, usageOf } from "dispatch-kit/calls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COUNTED, UNKNOWN } from "./usage-cases.ts";

const rates = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  cacheReadUsdPerMTok: "0.3",
  cacheWriteUsdPerMTok: "3.75",
  cacheWrite1hUsdPerMTok: 6,
  searchUsd: "0.01",
});

/** Gemini's report with its counts by modality. */
const gemini = (promptTokensDetails: unknown): object => ({
  promptTokenCount: 5,
  candidatesTokenCount: 2,
  totalTokenCount: 7,
  promptTokensDetails,
});

describe("usageOf: parts that are none", () => {
  it.each([
    ["Gemini's modalities in words", gemini("text")],
    ["a modality that is a number", gemini([5])],
    ["a modality without a count", gemini([{ modality: "AUDIO", tokenCount: "5" }])],
    ["OpenAI's details in words", { prompt_tokens: 1, completion_tokens: 1, prompt_tokens_details: "none" }],
    [
      "a tool of Anthropic's server that is billed separately",
      { input_tokens: 1, output_tokens: 1, server_tool_use: { code_execution_requests: 1 } },
    ],
  ])("does not guess at %s", (_, report) => {
    expect(usageOf(report).kind).toBe("unknown");
    expect(actualOf(rates, report)).toMatchObject({ kind: "unknown", actual: null });
  });

  it("counts the searches of the candidates that made some", () => {
    const queries = { groundingMetadata: { webSearchQueries: ["a", "b"] } };
    const all = [queries, {}, { groundingMetadata: "none" }, { groundingMetadata: {} }];
    const candidates = all.map((candidate) => ({ finishReason: "STOP", ...candidate }));
    const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 };
    expect(usageOf({ candidates, usageMetadata })).toMatchObject({ kind: "counted", usage: { searches: 2 } });
  });

  it("counts Anthropic's report whose other tools were not used", () => {
    const server_tool_use = { web_search_requests: 2, code_execution_requests: null };
    expect(usageOf({ input_tokens: 1, output_tokens: 1, server_tool_use })).toMatchObject({
      kind: "counted",
      usage: { searches: 2 },
    });
  });

  it("passes over OpenAI's output that is no search", () => {
    const usage = { input_tokens: 5, output_tokens: 2, total_tokens: 7 };
    const output = [{ type: "message" }, 1, { type: "web_search_call" }];
    expect(usageOf({ output, usage })).toMatchObject({ kind: "counted", usage: { searches: 1 } });
  });
});

describe("usageOf", () => {
  it.each(COUNTED)("counts %s", (_, report, usage) => {
    expect(usageOf(report)).toEqual({ kind: "counted", usage, protocols: expect.any(Array) as string[] });
  });

  it.each(UNKNOWN)("does not guess at %s", (_, report, reason) => {
    expect(usageOf(report)).toEqual({ kind: "unknown", reason: expect.stringMatching(reason) as string });
  });

  it("reads own fields only: a polluted prototype makes no call cheaper", () => {
    const cheap = Object.assign(Object.create({ completion_tokens: 0 }) as object, { prompt_tokens: 5 });
    expect(usageOf(cheap)).toMatchObject({ kind: "unknown" });
  });

  it("a getter is not touched", () => {
    const report = {
      get prompt_tokens(): number {
        throw new Error("sk-secret");
      },
    };
    const reason = 'the report has the shape of no known protocol; its fields are "prompt_tokens"';
    expect(usageOf(report)).toEqual({ kind: "unknown", reason });
  });

  it("a result whose usage is a getter is not read: it may start the call", () => {
    class Result {
      get totalUsage(): object {
        return { inputTokens: 3, outputTokens: 4 };
      }
    }
    expect(usageOf(new Result())).toEqual({ kind: "unknown", reason: "await its totalUsage first" });
  });
});

describe("actualOf", () => {
  it.each(COUNTED)("prices %s", (_, report, usage) => {
    expect(actualOf(rates, report)).toEqual({
      kind: "counted",
      actual: tokenCost(rates, usage),
      usage,
      protocols: expect.any(Array) as string[],
      stated: null,
    });
  });

  it.each(UNKNOWN)("leaves the whole hold charged for %s, and says why", (_, report, reason) => {
    expect(actualOf(rates, report)).toEqual({
      kind: "unknown",
      actual: null,
      reason: expect.stringMatching(reason) as string,
    });
  });

  const plain = { inputUsdPerMTok: 1, outputUsdPerMTok: 1 };
  const searched = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20, num_search_queries: 2 };

  it("does not guess what a search costs that has no price", () => {
    expect(actualOf(new TokenRates(plain), searched)).toMatchObject({ actual: null });
  });

  it("a fee for the call pays for its searches only where the rates say so", () => {
    const fee = { ...plain, requestUsd: "0.012" };
    expect(actualOf(new TokenRates(fee), searched).actual).toBeNull();
    const included = new TokenRates({ ...fee, searchesIncluded: true });
    expect(actualOf(included, searched).actual).toBe(1_202_000n as MicroCents);
  });

  it("never throws, whatever the rates and the report are", () => {
    expect(actualOf({}, { input_tokens: 1, output_tokens: 1 })).toMatchObject({ actual: null });
    const anything = fc.oneof(
      fc.anything(),
      fc.dictionary(
        fc.constantFrom(...COUNTED.flatMap(([, report]) => Object.keys(report as object))),
        fc.oneof(fc.anything(), fc.nat(), fc.dictionary(fc.string(), fc.nat())),
      ),
    );
    fc.assert(
      fc.property(anything, (report) => {
        const { actual } = actualOf(rates, report);
        expect(actual === null || actual >= 0n).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("can be stringified, and is frozen", () => {
    const outcome = actualOf(rates, { input_tokens: 1000, output_tokens: 0 });
    expect(JSON.parse(JSON.stringify(outcome))).toMatchObject({
      kind: "counted",
      actual: "0.003",
      usage: { inputTokens: 1000, outputTokens: 0 },
      stated: null,
    });
    expect(Object.isFrozen(outcome)).toBe(true);
  });
});
