import { embed, generateObject, generateText, jsonSchema, streamText } from "ai";
import { convertArrayToReadableStream, MockEmbeddingModelV4, MockLanguageModelV4 } from "ai/test";
import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  cacheReadUsdPerMTok: "0.3",
  cacheWriteUsdPerMTok: "3.75",
  cacheWrite1hUsdPerMTok: 6,
  searchUsd: "0.01",
});
const tiered = new TokenRates({
  inputUsdPerMTok: 1,
  outputUsdPerMTok: 6,
  tiers: [{ aboveInputTokens: 1000, inputUsdPerMTok: 2, outputUsdPerMTok: 9 }],
});

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}, of: TokenRates = rates): string {
  const outcome = actualOf(of, report, { protocol: "ai-sdk", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const modelUsage = {
  inputTokens: { total: 800, noCache: 300, cacheRead: 400, cacheWrite: 100 },
  outputTokens: { total: 20, text: 12, reasoning: 8 },
};
const counts = {
  inputTokens: 800,
  outputTokens: 20,
  cacheReadTokens: 400,
  cacheWriteTokens: 100,
  outputReasoningTokens: 8,
};
const stop = { unified: "stop", raw: "stop" } as const;
const toolCall = { type: "tool-call", toolCallId: "1", toolName: "clock", input: "{}" } as const;

/** A model that calls a tool first, and answers then. */
function twoSteps(): MockLanguageModelV4 {
  let step = 0;
  const answers = [{ content: [toolCall] }, { content: [{ type: "text", text: "Hello" }] }] as const;
  return new MockLanguageModelV4({
    doGenerate: () =>
      Promise.resolve({
        content: [...(answers[step++]?.content ?? [])],
        finishReason: step === 1 ? { unified: "tool-calls", raw: "tool_use" } : stop,
        usage: modelUsage,
        warnings: [],
        response: { modelId: "served", timestamp: new Date(0) },
      }),
  });
}

const tools = {
  clock: {
    description: "the time",
    inputSchema: jsonSchema<object>({ type: "object" }),
    execute: () => "noon",
  },
};

describe("ai-sdk: results of the installed version", () => {
  it("generateText: every step is a request of its own, tier included", async () => {
    const stopWhen = ({ steps }: { steps: readonly unknown[] }): boolean => steps.length === 2;
    const result = await generateText({ model: twoSteps(), tools, prompt: "Hi", stopWhen });
    expect(usageOf(result)).toEqual({
      kind: "counted",
      protocols: ["ai-sdk"],
      usage: {
        inputTokens: 1600,
        outputTokens: 40,
        cacheReadTokens: 800,
        cacheWriteTokens: 200,
        outputReasoningTokens: 16,
      },
    });
    expect(costOf(result, { model: "served" }, tiered)).toBe("0.00184");
    expect(costOf(result, { model: "asked" }, tiered)).toMatch(/"served" answered/);
    // The awaited usage is the sum of the steps, in one object. By the caller's word, it is one request.
    expect(costOf(result.usage, {}, tiered)).toBe("0.00356");
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its results are still passed on
    expect(costOf({ totalUsage: result.totalUsage }, {}, tiered)).toMatch(/of several requests/);
  });

  it("streamText: a result that is not read yet is unknown, and nothing is started", async () => {
    let started = 0;
    const model = new MockLanguageModelV4({
      doStream: () => {
        started++;
        return Promise.resolve({
          stream: convertArrayToReadableStream([
            { type: "text-start" as const, id: "1" },
            { type: "text-delta" as const, id: "1", delta: "Hello" },
            { type: "text-end" as const, id: "1" },
            { type: "finish" as const, finishReason: stop, usage: modelUsage },
          ]),
        });
      },
    });
    const stream = streamText({ model, prompt: "Hi" });
    const before = started;
    expect(usageOf(stream)).toEqual({ kind: "unknown", reason: "await its usage first" });
    expect(costOf(stream)).toBe("await its usage first");
    expect(started).toBe(before);
    expect(costOf({ usage: stream.usage })).toBe("await its usage first");
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its results are still passed on
    expect(costOf({ totalUsage: stream.totalUsage })).toBe("await its totalUsage first");
    expect(usageOf(await stream.usage)).toMatchObject({ usage: counts });
    expect(usageOf({ steps: await stream.steps })).toMatchObject({ usage: counts });
  });

  it("streamText: a failed stream whose result is passed by does not end the process", async () => {
    const model = new MockLanguageModelV4({ doStream: () => Promise.reject(new Error("down")) });
    const stream = streamText({ model, prompt: "Hi", onError: () => undefined });
    expect(usageOf(stream).kind).toBe("unknown");
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("generateObject and embed", async () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its results are still passed on
    const object = await generateObject({
      model: new MockLanguageModelV4({
        doGenerate: () =>
          Promise.resolve({
            content: [{ type: "text", text: "{}" }],
            finishReason: stop,
            usage: modelUsage,
            warnings: [],
          }),
      }),
      schema: jsonSchema({ type: "object" }),
      prompt: "Hi",
    });
    expect(usageOf(object)).toMatchObject({ usage: counts, protocols: ["ai-sdk"] });
    const embedding = await embed({
      model: new MockEmbeddingModelV4({
        doEmbed: () => Promise.resolve({ embeddings: [[0.5]], usage: { tokens: 5 }, warnings: [] }),
      }),
      value: "Hi",
    });
    expect(usageOf(embedding)).toMatchObject({ usage: { inputTokens: 5, outputTokens: 0 } });
  });
});

const flat = { inputTokens: 100, outputTokens: 20, totalTokens: 120 };
const step = { content: [], finishReason: "stop", usage: flat };
/** A result with one step. */
const result = (more: object, usage: object = flat): object => ({ steps: [{ ...step, usage, ...more }] });

describe("ai-sdk: steps", () => {
  it.each<[string, object, RegExp]>([
    ["a step without usage", { steps: [step, { ...step, usage: undefined }] }, /a step has no usage/],
    ["a step with an empty usage", { steps: [step, { ...step, usage: {} }] }, /a step has no usage/],
    ["a step that is none", { steps: [step, null] }, /a step has no usage/],
    ["a total that is not the sum", { steps: [step, step], totalUsage: flat }, /sum of the steps/],
    [
      "a usage that is neither the sum nor the last",
      { steps: [step, step], usage: { ...flat, inputTokens: 150, totalTokens: 170 } },
      /the last step/,
    ],
  ])("does not guess at %s", (_, report, reason) => {
    expect(costOf(report)).toMatch(reason);
  });

  it.each([
    ["the last step's usage", flat],
    ["the sum", { inputTokens: 200, outputTokens: 40, totalTokens: 240 }],
  ])("accepts a result's usage that is %s", (_, usage) => {
    expect(costOf({ steps: [step, step], usage })).toBe("0.0012");
  });

  it("the tier of each step is that of its provider's metadata", () => {
    const report = result({ providerMetadata: { openai: { serviceTier: "flex" } } });
    expect(costOf(report)).toMatch(/the answer is from "flex"/);
    expect(costOf(report, { serviceTier: "flex" })).toBe("0.0006");
    expect(
      costOf(result({ providerMetadata: { bedrock: { performanceConfig: { latency: "optimized" } } } })),
    ).toMatch(/optimized/);
  });
});

describe("ai-sdk: the provider's own report", () => {
  const anthropic = {
    input_tokens: 20,
    output_tokens: 20,
    cache_read_input_tokens: 50,
    cache_creation_input_tokens: 30,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 30 },
  };
  const usage = {
    ...flat,
    inputTokenDetails: { noCacheTokens: 20, cacheReadTokens: 50, cacheWriteTokens: 30 },
  };

  it("has more detail, and is used if it agrees", () => {
    // 20 fresh, 50 read, 30 kept for an hour, 20 out.
    expect(costOf(result({}, { ...usage, raw: anthropic }))).toBe("0.000555");
    expect(costOf(result({}, usage))).toBe("0.0004875");
  });

  it("has more than early versions count: the results of Google's tools", () => {
    const raw = {
      promptTokenCount: 100,
      toolUsePromptTokenCount: 1000,
      candidatesTokenCount: 20,
      totalTokenCount: 1120,
    };
    expect(costOf(result({}, { ...flat, raw }))).toBe("0.0036");
  });

  it.each<[string, object, RegExp]>([
    ["counts less than a step", { ...flat, raw: { ...anthropic, output_tokens: 1 } }, /less than the step/],
    ["has a number that no protocol knows", { ...flat, raw: { units: 5 } }, /raw\.units/],
    ["does not add up", { ...flat, raw: { promptTokenCount: 1, totalTokenCount: 9 } }, /totalTokenCount/],
  ])("is unknown where it %s", (_, report, reason) => {
    expect(costOf(result({}, report))).toMatch(reason);
  });

  it("a number that no protocol knows informs, if the caller says so", () => {
    expect(costOf(result({}, { ...flat, raw: { units: 5, zero: 0 } }), { informs: ["units"] })).toBe(
      "0.0006",
    );
  });

  it("the total of several steps has the report of one: it must not leave out what is dearer", () => {
    const one = { ...anthropic, cache_creation: null, cache_creation_input_tokens: 0 };
    const sum = { inputTokens: 900, outputTokens: 90, totalTokens: 990 };
    expect(costOf({ totalUsage: { ...sum, raw: one } })).toBe("0.00405");
    expect(costOf({ totalUsage: { ...sum, raw: anthropic } })).toMatch(/leaves out cacheWrite1hTokens/);
    expect(costOf({ totalUsage: { ...sum, raw: one } }, {}, tiered)).toBe("0.00144");
    expect(
      costOf({ totalUsage: { ...sum, inputTokens: 1100, totalTokens: 1190, raw: one } }, {}, tiered),
    ).toMatch(/several requests/);
  });

  it("Google's provider adds up the requests of a long answer", () => {
    const long = { inputTokens: 1100, outputTokens: 20, totalTokens: 1120 };
    const providerMetadata = { google: { initialPromptTokenCount: 500 } };
    expect(costOf(result({ providerMetadata }, long), {}, tiered)).toMatch(/several requests/);
    expect(costOf(result({ providerMetadata }), {}, tiered)).toBe("0.00022");
  });

  it.each<[string, object, string | RegExp]>([
    ["version 5, the whole usage", { usage: { ...anthropic, cache_creation: null } }, "0.0004875"],
    ["version 5, without it", {}, /leaves out Anthropic's cache writes/],
    ["another usage", { usage: { ...anthropic, input_tokens: 1 } }, /leaves out Anthropic's cache writes/],
    ["version 4, the two counts", { cacheCreationInputTokens: 30, cacheReadInputTokens: 50 }, "0.0004875"],
    ["version 4, without a cache", { cacheCreationInputTokens: null, cacheReadInputTokens: null }, "0.00036"],
  ])("Anthropic's cache is only in the metadata: %s", (_, metadata, cost) => {
    const usages = [
      { inputTokens: 20, outputTokens: 20, totalTokens: 40 },
      { promptTokens: 20, completionTokens: 20, totalTokens: 40 },
    ];
    for (const of of usages) {
      expect(costOf({ usage: of, providerMetadata: { anthropic: metadata } })).toMatch(cost);
    }
  });

  it("Bedrock's cache writes are only in the metadata of version 5", () => {
    const usage = { inputTokens: 20, outputTokens: 20, cachedInputTokens: 50, totalTokens: 90 };
    const providerMetadata = { bedrock: { usage: { cacheWriteInputTokens: 30 } } };
    expect(costOf({ usage, providerMetadata })).toBe("0.0004875");
    expect(costOf({ usage: { ...usage, totalTokens: 120 }, providerMetadata })).toMatch(/totalTokens/);
  });

  it("Google's report is in the metadata of version 5", () => {
    const usageMetadata = {
      promptTokenCount: 100,
      candidatesTokenCount: 20,
      totalTokenCount: 120,
      promptTokensDetails: [{ modality: "AUDIO", tokenCount: 60 }],
    };
    expect(usageOf(result({ providerMetadata: { google: { usageMetadata } } }))).toMatchObject({
      usage: { inputAudioTokens: 60 },
    });
  });

  it("a report that passes itself on is unknown", () => {
    const usage: Record<string, unknown> = { ...flat };
    usage["raw"] = { usage };
    expect(usageOf({ usage }).kind).toBe("unknown");
  });
});
