import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { chatWith } from "./full-report.ts";

const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10, searchUsd: "0.01" });
const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions): string {
  const outcome = actualOf(rates, report, options);
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

describe("litellm: Anthropic's tier and region in the usage", () => {
  const cost = (more: object, options: ActualOptions = {}): string =>
    costOf(chatWith({ ...usage, ...more }), { protocol: "litellm", ...options });

  it.each<[string, object, ActualOptions, string]>([
    [
      "a region",
      { inference_geo: "us" },
      { region: "us" },
      'the rates are for the region global, and the answer is from "us"',
    ],
    [
      "fast mode",
      { speed: "fast" },
      { serviceTier: "fast" },
      'the rates are for the tier standard, and the answer is from "fast"',
    ],
  ])("%s has other prices", (_, more, options, reason) => {
    expect(cost(more)).toBe(reason);
    expect(cost(more, options)).toBe("0.0002");
  });

  it.each([{ inference_geo: "" }, { inference_geo: "global" }, { inference_geo: "not_available" }])(
    "%o is no region",
    (more) => {
      expect(cost(more)).toBe("0.0002");
      expect(cost(more, { region: "us" })).toBe(
        'the rates are for the region "us", and the answer is from global',
      );
    },
  );

  it("the standard speed has no other price", () => {
    expect(cost({ speed: "standard" })).toBe("0.0002");
  });
});

describe("groq: the models of a compound system", () => {
  it("the searches and tools of the whole are charged once", () => {
    const half = { prompt_tokens: 50, completion_tokens: 5, total_tokens: 55 };
    const models = ["a", "a-2025-01-01"].map((model) => ({ model, usage: half }));
    const answer = (message: object): object =>
      chatWith(usage, {
        choices: [{ finish_reason: "stop", message }],
        usage_breakdown: { models },
      });
    const options = { protocol: "groq" } as const;
    expect(costOf(answer({}), options)).toBe("0.0002");
    const cited = answer({ annotations: [{ type: "url_citation" }] });
    expect(costOf(cited, options)).toBe("0.0102");
    expect(usageOf(cited, options)).toMatchObject({ usage: { searches: 1 } });
    expect(costOf(answer({ executed_tools: [{ type: "search" }] }), options)).toBe(
      "executed_tools: search is billed separately",
    );
  });
});
