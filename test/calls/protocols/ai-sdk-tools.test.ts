import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, searchUsd: "0.01" });

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown): string {
  const outcome = actualOf(rates, report, { protocol: "ai-sdk" });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const flat = { inputTokens: 100, outputTokens: 20, totalTokens: 120 };
/** A result with one step. */
const result = (more: object, usage: object = flat): object => ({
  steps: [{ content: [], finishReason: "stop", usage, ...more }],
});

describe("ai-sdk: what a provider ran", () => {
  const call = (toolName: string, providerExecuted = true): object => ({
    type: "tool-call",
    toolName,
    providerExecuted,
  });
  const found = (type?: string): object => ({
    type: "tool-result",
    toolName: "web_search",
    providerExecuted: true,
    output: type === undefined ? [] : { action: { type } },
  });
  const source = { type: "source", sourceType: "url", url: "https://a.example" };

  it("counts searches, and no pages that were opened", () => {
    const content = [call("web_search"), found("search"), call("web_search"), found("open_page"), source];
    expect(costOf(result({ content }))).toBe("0.0106");
    expect(costOf(result({ content: [call("web_search"), found(), call("mine", false)] }))).toBe("0.0106");
  });

  it("takes the larger of the provider's number and of the results", () => {
    const raw = { input_tokens: 100, output_tokens: 20, server_tool_use: { web_search_requests: 3 } };
    expect(costOf(result({ content: [found()] }, { ...flat, raw }))).toBe("0.0306");
  });

  it.each(["file_search", "code_interpreter", "image_generation", "code_execution", "x_search"])(
    "%s is billed separately",
    (name) => {
      expect(costOf(result({ content: [call(name)] }))).toBe(`${name} is billed separately`);
    },
  );

  it.each(["web_fetch", "url_context", "mcp.docs", "tool_search_tool_bm25"])(
    "%s costs its tokens",
    (name) => {
      expect(costOf(result({ content: [call(name)] }))).toBe("0.0006");
    },
  );

  it("Google runs code for its tokens", () => {
    const content = [call("code_execution")];
    expect(costOf(result({ content, model: { provider: "google.generative-ai" } }))).toBe("0.0006");
  });

  it("sources from the web have searches, or the result does not say how many", () => {
    expect(costOf(result({ content: [source] }))).toMatch(/sources without a number of searches/);
    expect(costOf(result({ content: [source, call("web_fetch")] }))).toBe("0.0006");
    expect(costOf({ usage: flat, sources: [source] })).toMatch(/sources without a number of searches/);
    const groundingMetadata = { webSearchQueries: ["a", "b", "a"] };
    expect(costOf(result({ content: [source], providerMetadata: { google: { groundingMetadata } } }))).toBe(
      "0.0206",
    );
    const maps = { groundingChunks: [{ maps: {} }] };
    expect(costOf(result({ providerMetadata: { vertex: { groundingMetadataPerRequest: [maps] } } }))).toMatch(
      /maps/,
    );
  });

  it("what a provider states is booked as it bills", () => {
    expect(costOf(result({ providerMetadata: { xai: { costInUsdTicks: 5_000_000_001 } } }))).toBe(
      "0.50000001",
    );
    expect(costOf(result({ providerMetadata: { xai: { costInUsdTicks: 0.5 } } }))).toMatch(/whole number/);
    expect(costOf(result({ providerMetadata: { perplexity: { cost: { totalCost: 0.02 } } } }))).toBe("0.02");
    // A gateway's own cost may be less than the provider's.
    expect(costOf(result({ providerMetadata: { gateway: { cost: "0.0001" } } }))).toBe("0.0006");
    expect(costOf(result({ providerMetadata: { gateway: { cost: "0.03" } } }))).toBe("0.03");
  });
});
