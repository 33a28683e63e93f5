import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10 });
const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

/** The cost in USD, or the reason why it is unknown. */
function costOf(more: object, informs: readonly string[]): string {
  const outcome = actualOf(rates, { ...usage, ...more }, { protocol: "openai-chat", informs });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

describe("actualOf: informs, with * for any characters", () => {
  const timing = { spent: { timing: { queue: 3, run: { gpu: 4 } } } };

  it.each<[string, string[]]>([
    ["the names of both numbers", ["queue", "gpu"]],
    ["everything below a name", ["timing.*"]],
    ["the start and the end of a path", ["spent.*.gpu", "sp*ue"]],
    ["several pieces in their order", ["sp*tim*g*u*"]],
  ])("admits %s", (_, informs) => {
    expect(costOf(timing, informs)).toBe("0.0002");
  });

  it.each<[string, string[], string]>([
    ["only one of the numbers", ["queue"], "spent.timing.run.gpu"],
    ["a name that is not in the path", ["other.*"], "spent.timing.queue"],
    ["pieces in another order", ["timing*spent*"], "spent.timing.queue"],
    ["a piece that is part of the next one", ["spent.timing.q*queue"], "spent.timing.queue"],
    ["a path that goes on", ["timing.*.gp", "queue"], "spent.timing.run.gpu"],
  ])("does not admit by %s", (_, informs, path) => {
    expect(costOf(timing, informs)).toMatch(
      new RegExp(`^openai-chat: ${path.replaceAll(".", "\\.")} is a number that the protocol does not know`),
    );
  });
});

describe("actualOf: a total that does not fit", () => {
  it("names the number that is wrong, and what it must be", () => {
    expect(costOf({ total_tokens: 111 }, [])).toMatch(
      /^openai-chat: total_tokens must be 110, the sum of its parts; got 111/,
    );
  });
});

describe("actualOf: a report that can be read in several ways", () => {
  // Reasoning is inside the completion, or outside of it as for Perplexity.
  const report = { ...usage, reasoning_tokens: 3 };

  it("is unknown, and the reason names the protocols and their amounts", () => {
    expect(actualOf(rates, report)).toMatchObject({
      reason:
        "several protocols account for the report, and differ: perplexity $0.00023, litellm $0.0002; name one",
    });
    expect(usageOf(report)).toMatchObject({
      reason: "several protocols account for the report, and differ: perplexity, litellm; name one",
    });
  });

  it("is unknown too where another report passes it on", () => {
    const passed = { inputTokens: 100, outputTokens: 10, totalTokens: 110, raw: report };
    expect(actualOf(rates, { usage: passed }, { protocol: "ai-sdk" })).toMatchObject({
      reason: expect.stringMatching(
        /^ai-sdk: a report that it passes on can be read in several ways: perplexity, litellm/,
      ) as string,
    });
  });
});
