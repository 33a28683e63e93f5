import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10, searchUsd: "0.01" });
/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}): string {
  const outcome = actualOf(rates, report, { protocol: "vertex", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

describe("vertex: embeddings", () => {
  const statistics = {
    tokenCount: 4,
    truncated: false,
    tokensDetails: [{ modality: "AUDIO", tokenCount: 3 }],
  };
  const embeddings = [
    { values: [0.5], statistics },
    { values: [0.5], statistics: { token_count: 5 } },
  ];

  it("their tokens are in the statistics", () => {
    expect(usageOf({ embeddings }, { protocol: "vertex" })).toMatchObject({
      usage: { inputTokens: 9, outputTokens: 0, inputAudioTokens: 3 },
    });
    const predictions = [{ embeddings: { values: [0.5], statistics: { token_count: 5, truncated: false } } }];
    expect(costOf({ predictions })).toBe("0.000005");
  });

  it("characters are billed separately, or inform", () => {
    const report = { embeddings, metadata: { billableCharacterCount: 30 } };
    expect(costOf(report)).toBe("billableCharacterCount is billed separately");
    expect(costOf(report, { informs: ["billableCharacterCount"] })).toBe("0.000009");
  });

  it.each<[string, object, RegExp]>([
    [
      "an embedding without statistics",
      { embeddings: [...embeddings, { values: [0.5] }] },
      /does not have the shape/,
    ],
    ["a count in words", { embeddings: [{ statistics: { tokenCount: "5" } }] }, /whole number/],
    [
      "an unknown number of the first embedding",
      {
        embeddings: [
          { statistics: { tokenCount: 5, pixels: 3 } },
          { statistics: { tokenCount: 5, pixels: 0 } },
        ],
      },
      /statistics\[\]\.pixels is a number/,
    ],
    [
      "characters of a single embedding",
      { embeddings: [{ statistics: { tokenCount: 5, billableCharacterCount: 20 } }] },
      /statistics\[\]\.billableCharacterCount is a number/,
    ],
    ["an unknown number", { embeddings: [{ statistics: { tokenCount: 5, pixels: 3 } }] }, /pixels/],
  ])("does not guess at %s", (_, report, reason) => {
    expect(costOf(report)).toMatch(reason);
  });
});
