import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, searchUsd: "0.01" });

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown): string {
  const outcome = actualOf(rates, report, { protocol: "ai-sdk" });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const flat = { inputTokens: 100, outputTokens: 20, totalTokens: 120 };
describe("ai-sdk: counts", () => {
  it.each<[string, object, RegExp]>([
    ["more reasoning than output", { inputTokens: 9, outputTokens: 6, reasoningTokens: 89 }, /at least/],
    ["more cached than input", { inputTokens: 9, outputTokens: 6, cachedInputTokens: 10 }, /at least/],
    ["parts that do not add up", { ...flat, inputTokenDetails: { noCacheTokens: 1 } }, /must be 1/],
    ["NaN in words", { promptTokens: "NaN", completionTokens: "NaN", totalTokens: "NaN" }, /whole number/],
    ["nothing", { inputTokens: undefined, outputTokens: undefined }, /does not have the shape/],
    ["no input", { inputTokens: 0, outputTokens: 5, totalTokens: 5 }, /no input tokens/],
  ])("does not guess at %s", (_, usage, reason) => {
    expect(costOf(usage)).toMatch(reason);
  });

  it("pictures are read where OpenAI says so, and otherwise written only", () => {
    const pictures = (images: readonly unknown[]): object => ({
      images: [],
      usage: { inputTokens: 30, outputTokens: 100, totalTokens: 130 },
      providerMetadata: { openai: { images } },
    });
    expect(usageOf(pictures([{ imageTokens: 20 }, { revisedPrompt: "x" }, null]))).toMatchObject({
      usage: { inputTokens: 30, outputTokens: 100, inputImageTokens: 20, outputImageTokens: 100 },
    });
    expect(usageOf(pictures([]))).toEqual({
      kind: "counted",
      usage: { inputTokens: 30, outputTokens: 100, outputImageTokens: 100 },
      protocols: ["ai-sdk"],
    });
    expect(costOf(pictures([{ imageTokens: "20" }]))).toMatch(/imageTokens must be a whole number/);
  });

  it("the total shows what is beside", () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 5,
      cachedInputTokens: 20,
      reasoningTokens: 7,
      totalTokens: 42,
    };
    expect(usageOf(usage)).toMatchObject({
      usage: { inputTokens: 30, outputTokens: 12, cacheReadTokens: 20, outputReasoningTokens: 7 },
    });
  });
});
