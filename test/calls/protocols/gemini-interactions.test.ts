import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10, searchUsd: "0.01" });
const tiered = new TokenRates({
  inputUsdPerMTok: 1,
  outputUsdPerMTok: 10,
  tiers: [{ aboveInputTokens: 50, inputUsdPerMTok: 2, outputUsdPerMTok: 20 }],
});

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}, of: TokenRates = rates): string {
  const outcome = actualOf(of, report, { protocol: "gemini-interactions", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

describe("gemini-interactions", () => {
  const usage = { total_input_tokens: 100, total_output_tokens: 10, total_tokens: 110 };

  it.each(["completed", "incomplete", "requires_action", "budget_exceeded", "cancelled", "failed"])(
    "%s is a finish",
    (status) => {
      expect(costOf({ status, usage })).toBe("0.0002");
    },
  );

  it.each(["in_progress", "queued", "new_status"])("%s is none", (status) => {
    expect(costOf({ status, usage })).toMatch(/not finished/);
  });

  it("is spelled in camel case on Vertex", () => {
    const camel = { totalInputTokens: 100, totalOutputTokens: 10, totalTokens: 110, totalThoughtTokens: 0 };
    expect(costOf({ status: "completed", usage: camel })).toBe("0.0002");
  });

  it("an output that is left out is 0, if the total says so", () => {
    const { total_output_tokens: left, ...counts } = { ...usage, total_tokens: 100 };
    expect(left).toBe(10);
    expect(costOf({ status: "completed", usage: counts })).toBe("0.0001");
    expect(costOf({ status: "completed", usage: { ...counts, total_tokens: 110 } })).toMatch(
      /total_tokens must be 100, the sum of its parts; got 110/,
    );
  });

  it("the total shows whether thoughts are inside", () => {
    const inside = { ...usage, total_thought_tokens: 4 };
    expect(costOf({ usage: inside })).toBe("0.0002");
    expect(costOf({ usage: { ...inside, total_tokens: 114 } })).toBe("0.00024");
    expect(costOf({ usage: { ...inside, total_tokens: 113 } })).toMatch(/total_tokens must be/);
    expect(costOf({ usage: { ...inside, total_tokens: undefined } })).toMatch(/total_tokens is missing/);
  });

  it("takes the larger of the counted searches and of the queries in the steps", () => {
    const steps = [{ type: "google_search_call", arguments: { queries: ["a", "b", "a"] } }];
    expect(costOf({ usage, steps })).toBe("0.0202");
    const grounding_tool_count = [{ type: "google_search", count: 3 }];
    expect(costOf({ usage: { ...usage, grounding_tool_count }, steps })).toBe("0.0302");
  });

  it.each(["google_maps", "retrieval"])("%s has a price of its own", (type) => {
    expect(costOf({ usage: { ...usage, grounding_tool_count: [{ type, count: 1 }] } })).toMatch(/separately/);
    expect(costOf({ usage, steps: [{ type: `${type}_call` }] })).toMatch(/separately/);
  });

  it("a search of an enterprise has a price of its own", () => {
    const steps = [{ type: "google_search_call", search_type: "enterprise_web_search" }];
    expect(costOf({ usage, steps })).toMatch(/enterprise_web_search is billed separately/);
    expect(costOf({ usage, steps: [{ type: "new_call" }] })).toMatch(/step new_call is billed separately/);
  });

  it("an agent's counts are of several requests, and so are those of an interaction that was continued", () => {
    expect(costOf({ usage, agent: "deep-research" })).toBe("0.0002");
    expect(costOf({ usage, agent: "deep-research" }, {}, tiered)).toMatch(/several requests/);
    expect(costOf({ usage: { ...usage, initial_input_tokens: 40 } }, {}, tiered)).toMatch(/several requests/);
    expect(costOf({ usage: { ...usage, initial_input_tokens: 100 } }, {}, tiered)).toBe("0.0004");
  });
});
