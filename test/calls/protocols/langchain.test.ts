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

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}): string {
  const outcome = actualOf(rates, report, { protocol: "langchain", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const usage_metadata = { input_tokens: 100, output_tokens: 10, total_tokens: 110 };
const message = (response_metadata: object, more: object = {}): object => ({
  content: "Hello",
  usage_metadata,
  response_metadata,
  ...more,
});

describe("langchain", () => {
  it("reads a message, and one that was serialized", () => {
    expect(costOf(message({}))).toBe("0.00045");
    expect(
      costOf({ lc: 1, type: "constructor", kwargs: message({ model_name: "b" }) }, { model: "a" }),
    ).toMatch(/"b" answered/);
    expect(costOf(message({ model_name: "a", service_tier: "flex" }))).toMatch(/the answer is from "flex"/);
    expect(costOf(message({ model: "b" }), { model: "a" })).toMatch(/"b" answered/);
  });

  it.each(["finish_reason", "finishReason", "stop_reason", "done_reason"])("%s tells the finish", (key) => {
    expect(costOf(message({ [key]: null }))).toMatch(/not finished/);
    expect(costOf(message({ [key]: "stop" }))).toBe("0.00045");
  });

  it("the provider's own usage has more detail", () => {
    const usage = {
      input_tokens: 20,
      output_tokens: 10,
      cache_read_input_tokens: 50,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 30 },
      server_tool_use: { web_search_requests: 1 },
    };
    expect(costOf(message({ usage, stop_reason: "end_turn", model: "a" }))).toBe("0.010405");
    expect(costOf(message({ usage: { ...usage, output_tokens: 9 } }))).toMatch(/differs from the usage/);
    expect(costOf(message({ usage: { ...usage, tool_tokens: 9 } }))).toMatch(/tool_tokens/);
    // What has no known shape is not read: it is no part of the usage.
    expect(costOf(message({ usage: {}, tokenUsage: { promptTokens: 100 } }))).toBe("0.00045");
    const content = [{ type: "server_tool_use", name: "code_execution" }];
    expect(costOf(message({ usage }, { content }))).toMatch(/code_execution is billed separately/);
  });

  it("the tools of a message are billed separately", () => {
    const search = { type: "web_search_call", status: "completed", action: { type: "search" } };
    const additional_kwargs = { tool_outputs: [search] };
    expect(costOf(message({}, { additional_kwargs }))).toMatch(/web_search_call is billed separately/);
    const usage = { input_tokens: 100, output_tokens: 10, total_tokens: 110 };
    expect(costOf(message({ usage, object: "response", status: "completed" }, { additional_kwargs }))).toBe(
      "0.01045",
    );
    expect(costOf(message({}, { content: [{ type: "tool_call" }, { type: "text" }] }))).toBe("0.00045");
  });

  it("Google's searches are in the metadata", () => {
    expect(costOf(message({ groundingMetadata: { webSearchQueries: ["a", "b", "a"] } }))).toBe("0.02045");
    expect(costOf(message({ groundingMetadata: { groundingChunks: [{ maps: {} }] } }))).toMatch(/maps/);
  });

  it.each<[string, object, RegExp]>([
    ["a total that does not add up", { ...usage_metadata, total_tokens: 111 }, /total_tokens/],
    [
      "two counts of one cache",
      { ...usage_metadata, input_token_details: { cache_creation: 5, ephemeral_1h_input_tokens: 6 } },
      /must equal/,
    ],
    ["more cached than input", { ...usage_metadata, input_token_details: { cache_read: 101 } }, /at least/],
    ["no input", { input_tokens: 0, output_tokens: 1, total_tokens: 1 }, /no input tokens/],
  ])("does not guess at %s", (_, usage, reason) => {
    expect(costOf(usage)).toMatch(reason);
  });

  it("a split of cache writes whose sum is left at 0 counts", () => {
    const input_token_details = {
      cache_creation: 0,
      ephemeral_5m_input_tokens: 20,
      ephemeral_1h_input_tokens: 10,
    };
    expect(usageOf({ ...usage_metadata, input_token_details })).toMatchObject({
      usage: { cacheWriteTokens: 30, cacheWrite1hTokens: 10 },
    });
  });
});
