import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { protocolOf } from "../../../src/calls/reports/accounts.ts";

const rates = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  cacheReadUsdPerMTok: "0.3",
  cacheWriteUsdPerMTok: "3.75",
  cacheWrite1hUsdPerMTok: 6,
});

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}): string {
  const outcome = actualOf(rates, report, { protocol: "bedrock", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const usage = { inputTokens: 100, outputTokens: 10, totalTokens: 110 };
const answer = (more: object): object => ({ stopReason: "end_turn", usage, ...more });

describe("bedrock: converse", () => {
  it.each([
    ...["end_turn", "tool_use", "max_tokens", "stop_sequence", "guardrail_intervened", "content_filtered"],
    ...["malformed_model_output", "malformed_tool_use", "model_context_window_exceeded"],
  ])("%s is a finish", (stopReason) => {
    expect(costOf(answer({ stopReason }))).toBe("0.00045");
  });

  it.each([null, undefined, ""])("%o is none", (stopReason) => {
    expect(costOf(answer({ stopReason }))).toMatch(/not finished/);
  });

  it.each<[string, object, ActualOptions]>([
    ["a tier", { serviceTier: { type: "flex" } }, { serviceTier: "flex" }],
    ["reserved capacity", { serviceTier: { type: "reserved" } }, { serviceTier: "reserved" }],
    ["optimized latency", { performanceConfig: { latency: "optimized" } }, { serviceTier: "optimized" }],
  ])("%s has other prices", (_, more, options) => {
    expect(costOf(answer(more))).toMatch(/the answer is from/);
    expect(costOf(answer(more), options)).toBe("0.00045");
  });

  it("the standard tier is no tier", () => {
    expect(
      costOf(answer({ serviceTier: { type: "default" }, performanceConfig: { latency: "standard" } })),
    ).toBe("0.00045");
  });

  it("a router names the model that it chose", () => {
    const trace = {
      promptRouter: { invokedModelId: "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-b" },
    };
    expect(costOf(answer({ trace }), { model: "anthropic.claude-a" })).toMatch(
      /"anthropic.claude-b" answered/,
    );
    const named = { promptRouter: { invokedModelId: "anthropic.claude-b" } };
    expect(costOf(answer({ trace: named }), { model: "anthropic.claude-b" })).toBe("0.00045");
  });

  it("guardrails are billed separately; words, free units and none are not", () => {
    const guardrail = (units: object): object => ({
      trace: { guardrail: { inputAssessment: { g: { invocationMetrics: { usage: units } } } } },
    });
    expect(costOf(answer(guardrail({ contentPolicyUnits: 1 })))).toMatch(
      /contentPolicyUnits is billed separately/,
    );
    const free = { wordPolicyUnits: 1, sensitiveInformationPolicyFreeUnits: 1, topicPolicyUnits: 0 };
    expect(costOf(answer(guardrail(free)))).toBe("0.00045");
  });

  it("a tool that Bedrock ran is billed separately", () => {
    const content = [{ text: "x" }, { toolUse: { name: "nova_grounding", type: "server_tool_use" } }];
    expect(costOf(answer({ output: { message: { content } } }))).toBe("nova_grounding is billed separately");
    const unnamed = [{ toolUse: { type: "server_tool_use" } }];
    expect(costOf(answer({ output: { message: { content: unnamed } } }))).toBe(
      "toolUse is billed separately",
    );
    const own = [{ toolUse: { name: "mine" } }];
    expect(costOf(answer({ output: { message: { content: own } } }))).toBe("0.00045");
  });

  it("cache writes without their lifetime have the one that was asked for", () => {
    const written = { ...usage, totalTokens: 1110, cacheWriteInputTokens: 1000 };
    expect(costOf(written)).toBe("0.0042");
    expect(costOf(written, { cacheTtl: "1h" })).toBe("0.00645");
  });

  it.each<[string, object, RegExp]>([
    ["a total that has more", { ...usage, totalTokens: 111 }, /totalTokens must be 110/],
    [
      "a total that has part of the cache",
      { ...usage, totalTokens: 115, cacheReadInputTokens: 5, cacheWriteInputTokens: 5 },
      /totalTokens must be 120/,
    ],
    [
      "two counts of one cache",
      { ...usage, cacheReadInputTokens: 5, cacheReadInputTokenCount: 6 },
      /must equal/,
    ],
    [
      "an unknown lifetime",
      { ...usage, cacheDetails: [{ ttl: "24h", inputTokens: 5 }] },
      /cacheDetails\.24h/,
    ],
    [
      "more in the details than was written",
      { ...usage, cacheWriteInputTokens: 5, cacheDetails: [{ ttl: "1h", inputTokens: 6 }] },
      /must equal/,
    ],
    ["details that are none", { ...usage, cacheDetails: [5] }, /list of objects/],
    ["no input", { inputTokens: 0, outputTokens: 5, totalTokens: 5 }, /no input tokens/],
  ])("does not guess at %s", (_, report, reason) => {
    expect(costOf(report)).toMatch(reason);
  });

  it("a result of the AI SDK is none of Bedrock's", () => {
    for (const more of [{ finishReason: "stop" }, { providerMetadata: {} }, { totalUsage: usage }]) {
      expect(costOf({ usage, ...more })).toMatch(/does not have the shape/);
    }
  });
});

describe("bedrock: invoke", () => {
  it("reads the bodies of other protocols, if the caller names it", () => {
    const message = {
      type: "message",
      stop_reason: "end_turn",
      usage: { input_tokens: 100, output_tokens: 10 },
    };
    const chat = {
      choices: [{ index: 0, finish_reason: "stop" }],
      usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
    };
    for (const report of [message, chat]) {
      expect(costOf(report)).toBe("0.00045");
      const found = usageOf(report);
      expect(found.kind === "counted" && found.protocols.includes("bedrock")).toBe(false);
    }
    expect(costOf({ ...message, stop_reason: null })).toMatch(/not finished/);
  });

  it.each<[string, object, RegExp]>([
    [
      "a part of Llama's stream",
      { prompt_token_count: 9, generation_token_count: 1, stop_reason: null },
      /not finished/,
    ],
    [
      "a part of Titan's stream",
      { inputTextTokenCount: 9, totalOutputTextTokenCount: 1, completionReason: null },
      /not finished/,
    ],
    [
      "a result of Titan's without a count",
      { inputTextTokenCount: 9, results: [{ outputText: "x" }] },
      /whole number/,
    ],
    [
      "a result of Titan's with a count in words",
      { inputTextTokenCount: 9, results: [{ tokenCount: 1 }, { tokenCount: "4" }] },
      /totalOutputTextTokenCount must be a whole number/,
    ],
    [
      "Cohere's and Mistral's bodies, which have no counts",
      { outputs: [{ text: "x" }], generations: [] },
      /shape/,
    ],
  ])("does not guess at %s", (_, report, reason) => {
    expect(costOf(report)).toMatch(reason);
  });

  it("Titan's stream has its totals in the last part", () => {
    const stream = protocolOf("bedrock")?.stream;
    const parts = [
      {
        outputText: "Hel",
        index: 0,
        totalOutputTextTokenCount: null,
        completionReason: null,
        inputTextTokenCount: 9,
      },
      {
        outputText: "lo",
        index: 0,
        totalOutputTextTokenCount: 4,
        completionReason: "FINISH",
        inputTextTokenCount: null,
      },
    ];
    const folded = (count: number): unknown =>
      parts
        .slice(0, count)
        .reduce<Readonly<Record<string, unknown>> | null>(
          (report, part) => stream?.fold(report, part) ?? null,
          null,
        );
    expect(usageOf(folded(2), { protocol: "bedrock" })).toMatchObject({
      usage: { inputTokens: 9, outputTokens: 4 },
    });
    expect(usageOf(folded(1), { protocol: "bedrock" }).kind).toBe("unknown");
  });

  it("a tool in a stream is billed separately", () => {
    const stream = protocolOf("bedrock")?.stream;
    const start = { toolUse: { name: "nova_grounding", type: "server_tool_use" } };
    const events = [
      { contentBlockStart: { start } },
      { messageStop: { stopReason: "end_turn" } },
      { metadata: { usage, metrics: { latencyMs: 1 } } },
    ];
    const report = events.reduce<Readonly<Record<string, unknown>> | null>(
      (before, event) => stream?.fold(before, event) ?? null,
      null,
    );
    expect(costOf(report)).toBe("nova_grounding is billed separately");
  });
});
