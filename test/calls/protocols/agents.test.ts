import { formatUsd, type MicroCents, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const rates = new TokenRates({
  inputUsdPerMTok: 1,
  outputUsdPerMTok: 10,
  cacheWriteUsdPerMTok: 2,
  cacheWrite1hUsdPerMTok: 4,
  searchUsd: "0.01",
});
const tiered = new TokenRates({
  inputUsdPerMTok: 1,
  outputUsdPerMTok: 10,
  tiers: [{ aboveInputTokens: 150, inputUsdPerMTok: 2, outputUsdPerMTok: 20 }],
});
const withFee = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10, requestUsd: "0.01" });

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions, of: TokenRates = rates): string {
  const outcome = actualOf(of, report, options);
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

describe("openai-agents", () => {
  const options = { protocol: "openai-agents" } as const;
  const one = { inputTokens: 100, outputTokens: 10, totalTokens: 110 };
  const run = { requests: 2, inputTokens: 200, outputTokens: 20, totalTokens: 220 };

  it("each request is priced for itself", () => {
    expect(costOf({ ...run, requestUsageEntries: [one, one] }, options, tiered)).toBe("0.0004");
    expect(costOf({ ...run, requestUsageEntries: [one, one] }, options, withFee)).toBe("0.0204");
  });

  it("without a list of requests, a tier or a fee cannot be applied", () => {
    expect(costOf(run, options)).toBe("0.0004");
    expect(costOf(run, options, tiered)).toMatch(/several requests/);
    expect(costOf(run, options, withFee)).toMatch(/several requests/);
    expect(costOf({ ...run, requests: 1 }, options, tiered)).toBe("0.0008");
  });

  it.each<[string, object, RegExp]>([
    ["a list that leaves out a request", { ...run, requestUsageEntries: [one] }, /must list all requests/],
    [
      "a list that does not add up",
      { ...run, requestUsageEntries: [one, { ...one, outputTokens: 9, totalTokens: 109 }] },
      /add up/,
    ],
    [
      "a request of zeros",
      { ...run, requestUsageEntries: [one, { inputTokens: 0, outputTokens: 0 }] },
      /without input/,
    ],
    ["a request without counts", { ...run, requestUsageEntries: [one, {}] }, /without counts/],
    [
      "a request with an unknown number",
      { ...run, requestUsageEntries: [one, { ...one, seconds: 3 }] },
      /seconds/,
    ],
    [
      "a run of zeros",
      { requests: 3, inputTokens: 0, outputTokens: 0, totalTokens: 0, inputTokensDetails: [] },
      /no input/,
    ],
    ["a detail in words", { ...run, inputTokensDetails: [{ cached_tokens: "5" }] }, /whole number/],
    [
      "an unknown detail",
      { ...run, inputTokensDetails: [{ seen_tokens: 5 }, { seen_tokens: 1 }] },
      /seen_tokens/,
    ],
  ])("does not guess at %s", (_, report, reason) => {
    expect(costOf(report, options)).toMatch(reason);
  });

  it("adds up the details of several requests, without those that are null", () => {
    const inputTokensDetails = [
      { cached_tokens: 60 },
      { cached_tokens: null },
      { cached_tokens: undefined },
      { cached_tokens: 40 },
    ];
    expect(usageOf({ ...run, inputTokensDetails }, options)).toMatchObject({
      usage: { inputTokens: 200, outputTokens: 20, cacheReadTokens: 100 },
    });
  });

  it("a number of requests in words may be several", () => {
    expect(costOf({ ...run, requests: "1" }, options)).toBe("0.0004");
    expect(costOf({ ...run, requests: "1" }, options, tiered)).toMatch(/several requests/);
  });

  it("hosted tools are searches, or billed separately", () => {
    const hosted = (name: string): object => ({ type: "hosted_tool_call", name });
    const usage = { ...run, requestUsageEntries: [one, one] };
    expect(costOf({ usage, output: [hosted("web_search_call"), { type: "message" }] }, options)).toBe(
      "0.0104",
    );
    expect(costOf({ usage, output: [hosted("file_search_call")] }, options)).toMatch(/file_search_call/);
  });

  it("its counts are no running totals", () => {
    expect(costOf(run, { ...options, previous: run })).toMatch(/leave out previous/);
  });
});

describe("codex", () => {
  const options = { protocol: "codex" } as const;
  const usage = { input_tokens: 100, cached_input_tokens: 0, output_tokens: 10 };
  const later = { ...usage, input_tokens: 150, output_tokens: 12 };

  it("counts what the running total has grown by", () => {
    expect(costOf({ usage: later }, { ...options, previous: { usage } })).toBe("0.00007");
    expect(costOf(later, { ...options, previous: usage })).toBe("0.00007");
    expect(costOf(later, options)).toBe("0.00027");
    expect(usageOf(later, { previous: usage })).toMatchObject({
      protocols: ["codex"],
      usage: { inputTokens: 50, outputTokens: 2 },
    });
  });

  it.each<[string, unknown, RegExp]>([
    ["went down", { ...usage, input_tokens: 200 }, /went down/],
    ["has lost a kind", { ...usage, cached_input_tokens: 5, cache_write_input_tokens: 5 }, /went down/],
    ["has not grown", later, /no input tokens/],
    ["has another shape before", { prompt_tokens: 1 }, /previous does not have the shape of codex/],
    ["has nothing before", 5, /previous does not have the shape of codex/],
  ])("does not guess at a total that %s", (_, previous, reason) => {
    expect(costOf(later, { ...options, previous })).toMatch(reason);
  });

  it("a kind that has not grown is not counted again", () => {
    const cached = { ...usage, cached_input_tokens: 80 };
    expect(usageOf({ ...later, cached_input_tokens: 80 }, { ...options, previous: cached })).toEqual({
      kind: "counted",
      usage: { inputTokens: 50, outputTokens: 2 },
      protocols: ["codex"],
    });
    // A kind that is new.
    expect(usageOf({ ...later, cached_input_tokens: 30 }, { ...options, previous: usage })).toMatchObject({
      usage: { inputTokens: 50, outputTokens: 2, cacheReadTokens: 30 },
    });
  });

  it("a total is of several requests", () => {
    expect(costOf({ ...usage, input_tokens: 151 }, options, tiered)).toMatch(/several requests/);
    expect(costOf({ ...usage, input_tokens: 150 }, options, tiered)).toBe("0.00025");
    expect(costOf(usage, options, withFee)).toMatch(/several requests/);
  });

  it("the searches of a turn are among its items", () => {
    const items = [{ type: "web_search", query: "a" }, { type: "agent_message" }];
    expect(costOf({ items, finalResponse: "", usage }, options)).toBe("0.0102");
  });
});

describe("claude-agent", () => {
  const options = { protocol: "claude-agent" } as const;
  const entry = {
    inputTokens: 100,
    outputTokens: 10,
    cacheReadInputTokens: 0,
    cacheCreationInputTokens: 0,
    webSearchRequests: 0,
    costUSD: 0.0002,
    contextWindow: 200_000,
  };
  const result = (models: object): object => ({
    type: "result",
    total_cost_usd: 1,
    usage: {},
    modelUsage: models,
  });

  it("each model has its own price", () => {
    expect(costOf(result({ a: entry }), { ...options, model: "a" })).toBe("0.0002");
    expect(costOf(result({ a: entry, b: entry }), { ...options, model: "a" })).toMatch(/"b" answered/);
    expect(costOf(result({ a: entry, b: entry }), options)).toMatch(/the rates are for one model/);
    expect(costOf(result({ a: entry, b: entry }), { ...options, aliases: { a: "b" } })).toBe("0.0004");
  });

  it("the canonical name is that of Anthropic's own API", () => {
    const named = { ...entry, canonicalModel: "a", provider: "firstParty" };
    expect(costOf(result({ "a[1m]": named }), { ...options, model: "a" })).toBe("0.0002");
    expect(costOf(result({ "us.a": { ...named, provider: "bedrock" } }), { ...options, model: "a" })).toMatch(
      /"us.a" answered/,
    );
  });

  it("counts what the running totals have grown by", () => {
    const later = { ...entry, inputTokens: 150, outputTokens: 12, costUSD: 0.00027 };
    const now = result({ a: later, b: entry, c: entry });
    const previous = result({ a: entry, c: entry });
    const aliases = { a: "b" };
    expect(actualOf(rates, now, { ...options, previous, aliases })).toMatchObject({
      actual: 27_000n as MicroCents,
      usage: { inputTokens: 150, outputTokens: 12 },
      stated: 27_000n as MicroCents,
    });
  });

  it.each<[string, object, unknown, RegExp]>([
    ["went down", result({ a: entry }), result({ a: { ...entry, outputTokens: 11 } }), /went down/],
    [
      "has lost a model",
      result({ a: entry }),
      result({ b: entry }),
      /the running total of the model b is missing/,
    ],
    ["has not grown", result({ a: entry }), result({ a: entry }), /no input tokens/],
    ["has another shape before", result({ a: entry }), { usage: {} }, /previous does not have the shape/],
    ["has nothing before", result({ a: entry }), 5, /previous does not have the shape/],
    ["is zero", result({ a: { ...entry, inputTokens: 0, outputTokens: 0 } }), undefined, /no input tokens/],
  ])("does not guess at a total that %s", (_, report, previous, reason) => {
    expect(costOf(report, { ...options, previous })).toMatch(reason);
  });

  it("an estimate that went down is none", () => {
    const later = { ...entry, inputTokens: 150, outputTokens: 12, costUSD: 0.0001 };
    expect(actualOf(rates, later, { ...options, previous: entry })).toMatchObject({
      kind: "counted",
      stated: null,
    });
  });

  it("an estimate that the report before left out has grown by nobody knows how much", () => {
    const { costUSD, ...before } = entry;
    const later = { ...entry, inputTokens: 150, costUSD: costUSD * 2 };
    expect(actualOf(rates, later, { ...options, previous: before })).toMatchObject({
      actual: 5_000n as MicroCents,
      stated: null,
    });
    expect(actualOf(rates, { ...before, inputTokens: 150 }, { ...options, previous: entry })).toMatchObject({
      actual: 5_000n as MicroCents,
      stated: null,
    });
  });

  it("what the agent states is an estimate, and not booked", () => {
    expect(actualOf(rates, { ...entry, costUSD: 5 }, options)).toMatchObject({
      actual: 20_000n as MicroCents,
      stated: 500_000_000n as MicroCents,
    });
  });

  it("writes of an unknown lifetime have the one that was asked for", () => {
    const written = { ...entry, cacheCreationInputTokens: 1000, cacheCreationEphemeral5mInputTokens: 200 };
    expect(costOf(written, options)).toBe("0.0022");
    expect(costOf(written, { ...options, cacheTtl: "1h" })).toBe("0.0038");
    expect(costOf({ ...written, cacheCreationEphemeral1hInputTokens: 900 }, options)).toMatch(
      /at least 1100/,
    );
  });

  it("a result without its models has the main loop only", () => {
    const report = { type: "result", total_cost_usd: 1, usage: { input_tokens: 5, output_tokens: 5 } };
    expect(costOf(report, options)).toMatch(/main loop only/);
    expect(usageOf(report)).toMatchObject({ kind: "unknown" });
    expect(costOf({ modelUsage: 5 }, options)).toMatch(/does not have the shape/);
  });

  it("its totals are of several requests", () => {
    expect(costOf({ ...entry, inputTokens: 151 }, options, tiered)).toMatch(/several requests/);
  });
});
