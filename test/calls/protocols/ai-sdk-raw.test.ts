import { formatUsd, TokenRates, usd } from "dispatch-kit";
import { actualOf, type ActualOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15 });
const usage = { inputTokens: 100, outputTokens: 20, totalTokens: 120 };

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}): string {
  const outcome = actualOf(rates, report, { protocol: "ai-sdk", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

/** A result with one step, whose usage has the provider's own report. */
const result = (raw: object, more: object = {}): object => ({
  steps: [{ usage: { ...usage, raw }, response: { modelId: "a" }, ...more }],
});

describe("ai-sdk: what the provider's own report adds", () => {
  it("requests besides the message, by the same model", () => {
    const counts = { cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    const message = { ...counts, input_tokens: 100, output_tokens: 20 };
    const compaction = { ...counts, type: "compaction", input_tokens: 50, output_tokens: 5 };
    const report = result({ ...message, iterations: [{ ...message, type: "message" }, compaction] });
    // 150 in at $3, 25 out at $15.
    expect(costOf(report, { model: "a" })).toBe("0.000825");
    expect(costOf(report, { model: "b" })).toBe('the rates are for "b", and "a" answered');
  });

  it.each<[string, object, string]>([
    ["the report's, if the step states the same", { openrouter: { usage: { cost: 0.02 } } }, "0.02"],
    ["the report's, if the step states less", { openrouter: { usage: { cost: 0.01 } } }, "0.02"],
    ["the report's, if the step states none", {}, "0.02"],
    ["the step's, if a gateway charges more", { gateway: { cost: "0.05" } }, "0.05"],
  ])("a stated cost is booked once: %s", (_, providerMetadata, cost) => {
    const raw = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120, cost: 0.02 };
    expect(actualOf(rates, result(raw, { providerMetadata }), { protocol: "ai-sdk" })).toMatchObject({
      actual: usd(cost),
      stated: usd(cost),
    });
  });

  it("numbers of no known protocol, wherever they are, need the caller's word", () => {
    const report = result({ billing: { units: 5 }, label: "x" });
    expect(costOf(report)).toBe(
      'ai-sdk: raw.billing.units is a number that no protocol knows; its fields are "steps"',
    );
    for (const informs of [["units"], ["billing.units"]]) expect(costOf(report, { informs })).toBe("0.0006");
    expect(costOf(report, { informs: ["nits"] })).toMatch(/raw\.billing\.units/);
  });

  it("a step that has counts and no usage of its own is no step", () => {
    expect(costOf({ steps: [{ ...usage, usage: {} }] })).toMatch(/^ai-sdk: a step has no usage/);
  });
});
