import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

type Prices = ConstructorParameters<typeof TokenRates>[0];

const prices = { inputUsdPerMTok: 1, outputUsdPerMTok: 10, searchUsd: "0.01" };

/** The cost in USD, or the reason why it is unknown. */
function costOf(more: Partial<Prices>, report: object, options: ActualOptions): string {
  const outcome = actualOf(new TokenRates({ ...prices, ...more }), report, options);
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const answer = (searches: number): object => ({
  input_tokens: 100,
  output_tokens: 10,
  server_tool_use: { web_search_requests: searches },
});

describe("actualOf: how searches are billed", () => {
  it.each<[string, Partial<Prices>, number, string]>([
    ["each", {}, 3, "0.0302"],
    ["once a prompt", { searchPer: "prompt" }, 3, "0.0102"],
    ["once a prompt that made none", { searchPer: "prompt" }, 0, "0.0002"],
    [
      "as part of a fee for each request",
      { searchUsd: undefined, requestUsd: "0.005", searchesIncluded: true },
      3,
      "0.0052",
    ],
  ])("%s", (_, more, searches, cost) => {
    expect(costOf(more, answer(searches), { protocol: "anthropic" })).toBe(cost);
  });

  it.each<[string, Partial<Prices>, string]>([
    ["each search has a price", {}, "0.0202"],
    [
      "a prompt has one, and nobody knows how many prompts searched",
      { searchPer: "prompt" },
      "the counts are of several requests, and the rates depend on each request",
    ],
    ["no request has a fee", { requestUsd: 0 }, "0.0202"],
  ])("of several requests: %s", (_, more, cost) => {
    const usage = { requests: 2, input_tokens: 100, output_tokens: 10, total_tokens: 110 };
    const output = ["web_search_call", "web_search"].map((name) => ({ type: "hosted_tool_call", name }));
    const options = { protocol: "openai-agents" } as const;
    expect(costOf(more, { usage, output }, options)).toBe(cost);
    // Without a search, the prompts do not matter.
    expect(costOf(more, { usage }, options)).toBe("0.0002");
  });
});

describe("actualOf: a stream that was cut off", () => {
  it.each<[string, Partial<Prices>, string]>([
    ["at the price of the output", {}, "0.0101"],
    ["at the dearest kind of it", { outputReasoningUsdPerMTok: 20 }, "0.0201"],
    ["not at a cheaper kind of it", { outputReasoningUsdPerMTok: 5 }, "0.0101"],
  ])("its limit counts %s", (_, more, cost) => {
    const options: ActualOptions & { readonly cutOffAt: number } = { protocol: "anthropic", cutOffAt: 1000 };
    expect(costOf(more, { stop_reason: null, usage: answer(0) }, options)).toBe(cost);
  });
});

describe("actualOf: rates without a model fit any model, but not two", () => {
  const usage = {
    input_tokens: 10,
    input_tokens_details: { text_tokens: 10, image_tokens: 0 },
    output_tokens: 20,
    output_tokens_details: { text_tokens: 0, image_tokens: 20 },
    total_tokens: 30,
  };
  const svg_usage = {
    model: "writer",
    input_tokens: 5,
    output_tokens: 7,
    reasoning_tokens: 3,
    total_tokens: 12,
  };
  const options = { protocol: "openai-images" } as const;

  it("another model writes the SVG of a picture", () => {
    expect(costOf({}, { usage, svg_usage }, options)).toBe(
      'the rates are for one model, and another one, "writer", answered too',
    );
    expect(costOf({}, { usage, svg_usage }, { ...options, model: "painter" })).toBe(
      'the rates are for "painter", and "writer" answered',
    );
    expect(costOf({}, { usage }, options)).toBe("0.00021");
  });

  it("each has its own price in a list", () => {
    const list = {
      painter: new TokenRates(prices),
      writer: new TokenRates({ ...prices, outputUsdPerMTok: 100 }),
    };
    const outcome = actualOf(list, { usage, svg_usage }, { ...options, model: "painter" });
    // 10 in and 20 out of the painter, 5 in and 7 out of the writer.
    expect(outcome.kind === "counted" && formatUsd(outcome.actual)).toBe("0.000915");
  });

  it.each<[string, object, RegExp]>([
    [
      "an unnamed model",
      { ...svg_usage, model: undefined },
      /^openai-images: svg_usage does not name its model/,
    ],
    ["no input", { model: "writer", output_tokens: 7 }, /^openai-images: input_tokens is missing/],
    ["an unknown number", { ...svg_usage, cached_tokens: 1 }, /^openai-images: cached_tokens is a number/],
  ])("does not guess at an SVG of %s", (_, svg, reason) => {
    expect(costOf({}, { usage, svg_usage: svg }, { ...options, model: "writer" })).toMatch(reason);
  });
});
