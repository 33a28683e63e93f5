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
const tiered = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  tiers: [{ aboveInputTokens: 200, inputUsdPerMTok: 6, outputUsdPerMTok: 30 }],
});

/** The cost in USD, or the reason why it is unknown. */
function costOf(report: unknown, options: ActualOptions = {}, of: TokenRates = rates): string {
  const outcome = actualOf(of, report, { protocol: "anthropic", ...options });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

const usage = { input_tokens: 100, output_tokens: 10 };
/** A finished message. */
const message = (more: object, counts: object = {}): object => ({
  type: "message",
  stop_reason: "end_turn",
  content: [],
  usage: { ...usage, ...counts },
  ...more,
});

describe("anthropic: finish", () => {
  it.each(["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "compaction", "refusal"])(
    "%s is a finish",
    (stop_reason) => {
      expect(costOf(message({ stop_reason }))).toBe("0.00045");
    },
  );

  it("null and undefined are none", () => {
    expect(costOf(message({ stop_reason: null }))).toMatch(/stop_reason is null/);
    expect(costOf(message({ stop_reason: undefined }))).toMatch(/stop_reason is null/);
    expect(usageOf(message({ stop_reason: null }))).toMatchObject({ kind: "unknown" });
  });
});

describe("anthropic: what served it", () => {
  it.each<[string, object, ActualOptions]>([
    ["fast mode", { speed: "fast" }, { serviceTier: "fast" }],
    ["a batch", { service_tier: "batch" }, { serviceTier: "batches" }],
    ["the priority tier", { service_tier: "priority" }, { serviceTier: "priority" }],
    ["a region", { inference_geo: "us" }, { region: "us" }],
  ])("%s has other prices", (_, counts, options) => {
    expect(costOf(message({}, counts))).toMatch(/the answer is from/);
    expect(costOf(message({}, counts), options)).toBe("0.00045");
  });

  it.each(["", "global", "not_available", null])("%o is no region of its own", (inference_geo) => {
    expect(costOf(message({}, { inference_geo, speed: "standard", service_tier: "standard" }))).toBe(
      "0.00045",
    );
  });

  it("another model has another price", () => {
    expect(costOf(message({ model: "b" }), { model: "a" })).toMatch(/"b" answered/);
  });
});

describe("anthropic: caches", () => {
  it("writes that are not split have the lifetime that was asked for", () => {
    const counts = { cache_creation_input_tokens: 1000 };
    expect(costOf(message({}, counts))).toBe("0.0042");
    expect(costOf(message({}, counts), { cacheTtl: "1h" })).toBe("0.00645");
    const split = { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 0 };
    expect(costOf(message({}, { ...counts, cache_creation: split }), { cacheTtl: "1h" })).toBe("0.0042");
  });

  it("writes that do not add up are unknown", () => {
    const cache_creation = { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 5 };
    expect(costOf(message({}, { cache_creation_input_tokens: 10, cache_creation }))).toMatch(/must equal/);
  });

  it("a split of nothing is no split of what was written", () => {
    const cache_creation = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 };
    expect(costOf(message({}, { cache_creation_input_tokens: 1000, cache_creation }))).toMatch(
      /^anthropic: cache_creation must add up to 1000; got 0/,
    );
  });

  it("a redeemed credit changes the price of cache writes", () => {
    const credit = (type: string): object => ({ fallback_credit: { status: { type, reason: "expired" } } });
    expect(costOf(message({}, credit("redeemed")))).toMatch(/fallback_credit was redeemed/);
    expect(costOf(message({}, credit("not_applied")))).toBe("0.00045");
  });
});

describe("anthropic: iterations", () => {
  const counts = { cache_read_input_tokens: 0, cache_creation_input_tokens: 0, cache_creation: null };
  const one = (type: string, input_tokens: number, output_tokens: number, more: object = {}): object => ({
    type,
    model: "a",
    input_tokens,
    output_tokens,
    ...counts,
    ...more,
  });
  const with_ = (input: number, output: number, ...iterations: readonly unknown[]): object =>
    message({ model: "a" }, { input_tokens: input, output_tokens: output, iterations });

  it("each is a request of its own", () => {
    const report = with_(300, 30, one("message", 150, 10), one("message", 150, 20));
    // 300 at $3 and 30 at $15: no request reaches the tier.
    expect(costOf(report, {}, tiered)).toBe("0.00135");
    expect(costOf(with_(300, 30, one("message", 300, 30)), {}, tiered)).toBe("0.0027");
  });

  it("keeps thinking and searches", () => {
    const report = message(
      { model: "a" },
      {
        input_tokens: 300,
        output_tokens: 30,
        output_tokens_details: { thinking_tokens: 15 },
        server_tool_use: { web_search_requests: 2 },
        iterations: [one("message", 150, 10), one("message", 150, 20)],
      },
    );
    expect(usageOf(report)).toMatchObject({
      usage: { inputTokens: 300, outputTokens: 30, outputReasoningTokens: 15, searches: 2 },
    });
    expect(costOf(report)).toBe("0.02135");
  });

  it("a single one may leave out the caches of the message, or how long its writes live", () => {
    const brief = { type: "message", input_tokens: 100, output_tokens: 10 };
    const hour = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 1000 };
    const written = { cache_creation_input_tokens: 1000, cache_creation: hour };
    // 100 in at $3, 10 out at $15, and 1000 written for an hour at $6.
    expect(costOf(message({}, { iterations: [brief] }))).toBe("0.00045");
    expect(costOf(message({}, { ...written, iterations: [brief] }))).toBe("0.00645");
    const wrote = one("message", 100, 10, { cache_creation_input_tokens: 1000 });
    expect(costOf(message({ model: "a" }, { ...written, iterations: [wrote] }))).toBe("0.00645");
    const half = one("message", 50, 5, { cache_creation_input_tokens: 500 });
    expect(costOf(message({ model: "a" }, { ...written, iterations: [half, half] }))).toMatch(/must add up/);
  });

  it("compactions are outside, and cost what the model costs", () => {
    expect(costOf(with_(100, 10, one("message", 100, 10), one("compaction", 50, 5)))).toBe("0.000675");
    expect(costOf(with_(0, 0, one("compaction", 50, 5)))).toMatch(/no input tokens/);
  });

  it("an advisor is another model", () => {
    const report = with_(100, 10, one("message", 100, 10), one("advisor_message", 50, 5, { model: "b" }));
    expect(costOf(report)).toMatch(/the rates are for one model, and "a" and "b" answered/);
    expect(costOf(report, { model: "a" })).toMatch(/"b" answered/);
    expect(costOf(report, { aliases: { a: "b" } })).toBe("0.000675");
    // The same of a bare usage, which does not name the model of the message.
    const brief = { type: "message", input_tokens: 100, output_tokens: 10 };
    const iterations = [brief, one("advisor_message", 50, 5, { model: "b" })];
    expect(costOf({ ...usage, iterations })).toBe(
      'the rates are for one model, and another one, "b", answered too',
    );
  });

  it("a model that declined is outside, and costs nothing if it had no output", () => {
    const serving = one("fallback_message", 100, 10, { model: "b" });
    const answer = (...hops: readonly object[]): object =>
      message({ model: "b" }, { ...usage, iterations: [...hops, serving] });
    expect(costOf(answer(one("message", 90, 0)), { model: "b" })).toBe("0.00045");
    expect(costOf(answer(one("message", 90, 4)), { model: "b" })).toMatch(/"a" answered/);
    expect(costOf(answer(one("message", 90, 4)), { aliases: { a: "b" } })).toBe("0.00078");
    // Served by the fallback from the start.
    expect(costOf(answer())).toBe("0.00045");
  });

  it("what was cached for the model that declined is billed as a read", () => {
    const cached = { cache_read_input_tokens: 5 };
    const hops = [one("message", 90, 0, cached), one("fallback_message", 100, 10, { model: "b" })];
    expect(costOf(message({ model: "b" }, { iterations: hops }))).toMatch(/price of cache writes/);
  });

  it.each<[string, readonly unknown[], RegExp]>([
    ["do not add up", [one("message", 1, 1)], /must add up/],
    ["have an unknown type", [one("message", 100, 10), one("dream", 1, 1)], /does not know/],
    ["have an entry without counts", [{ type: "message" }], /does not know/],
    ["have an entry that is none", [5], /number that the protocol|does not know/],
    ["have an unknown number", [one("message", 100, 10, { tool_tokens: 3 })], /tool_tokens/],
  ])("are unknown where they %s", (_, iterations, reason) => {
    expect(costOf(with_(100, 10, ...iterations))).toMatch(reason);
  });
});

describe("anthropic: server tools", () => {
  const tool = (name: string, more: object = {}): object => ({
    type: "server_tool_use",
    name,
    input: {},
    ...more,
  });
  const found = { type: "web_search_tool_result", content: [{ type: "web_search_result" }] };
  const failed = { type: "web_search_tool_result", content: { type: "web_search_tool_result_error" } };

  it("takes the larger of the counted searches and of those with results", () => {
    expect(costOf(message({ content: [tool("web_search"), found, tool("web_search"), failed] }))).toBe(
      "0.01045",
    );
    const server_tool_use = { web_search_requests: 3, web_fetch_requests: 9 };
    expect(costOf(message({ content: [found] }, { server_tool_use }))).toBe("0.03045");
  });

  it.each(["code_execution", "bash_code_execution", "text_editor_code_execution", "advisor", "new_tool"])(
    "%s is billed separately",
    (name) => {
      expect(costOf(message({ content: [tool(name)] }))).toBe(`${name} is billed separately`);
    },
  );

  it("code that filters searches is free", () => {
    const caller = { type: "code_execution_20260120", tool_id: "1" };
    const content = [tool("code_execution"), tool("web_search", { caller }), found];
    expect(costOf(message({ content }))).toBe("0.01045");
  });

  it.each(["web_fetch", "tool_search_tool_regex", "tool_search_tool_bm25"])("%s costs its tokens", (name) => {
    expect(costOf(message({ content: [tool(name)] }))).toBe("0.00045");
  });

  it("tools of MCP servers and of the caller cost their tokens", () => {
    const content = [{ type: "mcp_tool_use", name: "x" }, { type: "tool_use", name: "y" }, null, "text"];
    expect(costOf(message({ content }))).toBe("0.00045");
  });

  it("requests of code are billed by the hour", () => {
    expect(costOf({ ...usage, server_tool_use: { code_execution_requests: 1 } })).toMatch(
      /billed separately/,
    );
  });
});
