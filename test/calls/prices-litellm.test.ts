import { tokenCost } from "dispatch-kit";
import { ratesFromLitellm, type LitellmOptions, type RatesOutcome } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { priced } from "./prices-support.ts";
import { litellmList } from "./support.ts";

const at = new Date("2026-11-25T10:00:00Z");
const entry = { input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5, mode: "chat" };
const of = (more: object, options: Partial<LitellmOptions> = {}, model = "m"): RatesOutcome =>
  ratesFromLitellm({ [model]: { ...entry, ...more } }, model, { at, ...options });

describe("ratesFromLitellm: what the rates are for", () => {
  it("names the model, and its limits as the list has them", () => {
    const limits = { max_input_tokens: 128_000, max_output_tokens: 16_384, max_tokens: 9 };
    expect(of(limits)).toMatchObject({
      model: "m",
      maxInputTokens: 128_000,
      maxOutputTokens: 16_384,
      rates: { model: "m" },
    });
    expect(of({ max_tokens: 4096 })).toMatchObject({ maxInputTokens: null, maxOutputTokens: 4096 });
    expect(of({ max_input_tokens: "8192" })).toMatchObject({ maxInputTokens: 8192, maxOutputTokens: null });
    for (const wrong of [0, -1, 1.5, "many", true, {}, 2 ** 53]) {
      expect(of({ max_input_tokens: wrong, max_tokens: wrong })).toMatchObject({
        maxInputTokens: null,
        maxOutputTokens: null,
      });
    }
  });

  it.each<readonly [string, object, string, "prompt" | undefined]>([
    [
      "the unit says query",
      { web_search_billing_unit: "per_query", litellm_provider: "gemini" },
      "gemini-3",
      undefined,
    ],
    ["the unit says prompt", { web_search_billing_unit: "per_prompt" }, "m", "prompt"],
    ["Gemini has no unit", { litellm_provider: "gemini" }, "gemini/gemini-2.5-pro", "prompt"],
    [
      "Gemini at Vertex AI has no unit",
      { litellm_provider: "vertex_ai-language-models" },
      "gemini-2.5-pro",
      "prompt",
    ],
    [
      "Claude at Vertex AI has no unit",
      { litellm_provider: "vertex_ai-anthropic_models" },
      "claude",
      undefined,
    ],
    ["another provider has no unit", { litellm_provider: "openai" }, "gpt", undefined],
    [
      "the unit is unknown",
      { web_search_billing_unit: "per_moon", litellm_provider: "gemini" },
      "gemini",
      undefined,
    ],
  ])("searches are charged by the right unit where %s", (_, more, model, expected) => {
    expect(priced(of(more, {}, model)).searchPer).toBe(expected);
  });

  it("a fee for each request pays for searches only at Perplexity", () => {
    const list = litellmList();
    expect(priced(ratesFromLitellm(list, "perplexity/sonar", { at }))).toMatchObject({
      requestUsd: "0.012",
      searchesIncluded: true,
    });
    const counted = priced(ratesFromLitellm(list, "perplexity/sonar-deep-research", { at }));
    expect(counted.searchesIncluded).toBeUndefined();
    expect(priced(of({ input_cost_per_request: 0.01 })).searchesIncluded).toBeUndefined();
    const both = { input_cost_per_request: 0.01, litellm_provider: "perplexity" };
    const search = { search_context_cost_per_query: { search_context_size_low: 0.005 } };
    expect(priced(of(both)).searchesIncluded).toBe(true);
    expect(priced(of({ ...both, ...search }))).not.toHaveProperty("searchesIncluded");
  });

  it("refuses a key that cannot be the name of a model", () => {
    for (const name of ["m".repeat(201), "a\nb", ""]) {
      expect(of({}, {}, name)).toMatchObject({ kind: "refused", why: "unreadable" });
    }
  });
});

describe("ratesFromLitellm: numbers that became strings", () => {
  it.each<readonly [string, string]>([
    ["1.5e-07", "0.15"],
    ["1.5E-7", "0.15"],
    ["15e-8", "0.15"],
    [" 0.00000015 ", "0.15"],
    ["3", "3000000"],
    ["1e0", "1000000"],
    ["8.333333333333334e-08", "0.08333333333333334"],
  ])("%s", (text, price) => {
    expect(priced(of({ input_cost_per_token: text })).inputUsdPerMTok).toBe(price);
  });

  it.each(["", "free", "-1e-7", "1e", "0x10", "1,5", "NaN", "Infinity", "1e-999"])("refuses %j", (text) => {
    expect(of({ input_cost_per_token: text })).toMatchObject({ kind: "refused", why: "unreadable" });
  });

  it("zero in words of digits is zero", () => {
    for (const text of ["0", "0.0", "0e-7"]) {
      expect(of({ input_cost_per_token: text })).toMatchObject({ why: "zero" });
    }
  });
});

describe("ratesFromLitellm: free models", () => {
  const zero = { input_cost_per_token: 0, output_cost_per_token: "0" };

  it("free is a name that says so, with both prices, and both zero", () => {
    expect(of(zero, {}, "x:free")).toMatchObject({ kind: "priced", free: true });
    expect(ratesFromLitellm({ "x:free": { mode: "chat" } }, "x:free", { at })).toMatchObject({
      why: "missing",
    });
    const half = { "x:free": { input_cost_per_token: 0 } };
    expect(ratesFromLitellm(half, "x:free", { at })).toMatchObject({ why: "zero" });
    expect(of({ output_cost_per_token: 0 }, {}, "x:free")).toMatchObject({ why: "zero" });
  });

  it("searches have the list's price, or none", () => {
    const usage = { inputTokens: 10, outputTokens: 10, searches: 5 };
    expect(() => tokenCost(priced(of(zero, {}, "x:free")), usage)).toThrow(RangeError);
    const search_context_cost_per_query = { search_context_size_low: 0.01 };
    const found = priced(of({ ...zero, search_context_cost_per_query }, {}, "x:free"));
    expect(tokenCost(found, usage)).toBe(5_000_000n);
  });
});

describe("ratesFromLitellm: long inputs", () => {
  it("an hour's cache has no price above a count that changes the other prices, if none is listed there", () => {
    const more = {
      cache_creation_input_token_cost: 3.75e-6,
      cache_creation_input_token_cost_above_1hr: 6e-6,
      cache_creation_input_token_cost_above_200k_tokens: 7.5e-6,
      input_cost_per_token_above_200k_tokens: 6e-6,
    };
    expect(priced(of(more)).tiers[0]).not.toHaveProperty("cacheWrite1hUsdPerMTok");
    const named = { ...more, cache_creation_input_token_cost_above_1hr_above_200k_tokens: 1.2e-5 };
    expect(priced(of(named)).tiers[0]).toMatchObject({ cacheWrite1hUsdPerMTok: "12" });
    const output = {
      cache_creation_input_token_cost_above_1hr: 6e-6,
      output_cost_per_token_above_200k_tokens: 2e-5,
    };
    expect(priced(of(output)).tiers[0]).toMatchObject({ cacheWrite1hUsdPerMTok: "6" });
  });
});

describe("ratesFromLitellm: long inputs by their plain number", () => {
  it("128000 is 128k", () => {
    const of = (written: string) => {
      const above = { [`input_cost_per_token_above_${written}_tokens`]: 9e-6 };
      const entry = { input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5, ...above };
      return priced(ratesFromLitellm({ m: entry }, "m", { at })).toJSON();
    };
    expect(of("128000")).toEqual(of("128k"));
    expect(of("128000")["tiers"]).toMatchObject([{ aboveInputTokens: 128_000, inputUsdPerMTok: "9" }]);
  });
});

describe("ratesFromLitellm: regions", () => {
  const openai = {
    regional_processing_uplift_multiplier_eu: 1.1,
    regional_processing_uplift_multiplier_us: "1.05",
    search_context_cost_per_query: { search_context_size_low: 0.01 },
  };
  const anthropic = { provider_specific_entry: { fast: 6, us: 1.1, note: "x", nested: {} } };
  const vertex = { regional_endpoint_uplift_multiplier: 1.1 };

  it.each<readonly [string, object, string | undefined, string]>([
    ["OpenAI in the EU", openai, "eu", "3.3"],
    ["OpenAI in the EU, in capitals", openai, "EU", "3.3"],
    ["OpenAI in the US", openai, "us", "3.15"],
    ["OpenAI in a region that the list does not name", openai, "in", "3.3"],
    ["OpenAI where no region is named", openai, undefined, "3"],
    ["OpenAI everywhere", openai, "global", "3"],
    ["Anthropic in the US", anthropic, "us", "3.3"],
    ["Anthropic in a region that the list does not name", anthropic, "eu", "3.3"],
    ["Anthropic everywhere", anthropic, "global", "3"],
    ["Anthropic, which says not_available", anthropic, "not_available", "3"],
    ["Vertex AI in a region", vertex, "us-east5", "3.3"],
    ["Vertex AI everywhere", vertex, "global", "3"],
    ["all of them together", { ...openai, ...anthropic, ...vertex }, "us", "3.8115"],
    ["a model without factors", {}, "eu", "3"],
  ])("%s", (_, more, region, price) => {
    const found = priced(of(more, { region }));
    expect([found.inputUsdPerMTok, Number(found.outputUsdPerMTok)]).toEqual([
      price,
      (15 * Number(price)) / 3,
    ]);
  });

  it("a region changes the prices of tokens in every tier, and no fee", () => {
    const above = { input_cost_per_token_above_200k_tokens: 6e-6, cache_read_input_token_cost: 3e-7 };
    const found = priced(of({ ...openai, ...above }, { region: "eu" }));
    expect(found).toMatchObject({ cacheReadUsdPerMTok: "0.33", searchUsd: "0.01", model: "m" });
    expect(found.tiers[0]).toMatchObject({ inputUsdPerMTok: "6.6", cacheReadUsdPerMTok: "0.33" });
  });

  it.each([0, -1, "much", {}])("refuses the factor %j", (factor) => {
    const more = { regional_processing_uplift_multiplier_eu: factor };
    expect(of(more, { region: "eu" })).toMatchObject({ kind: "refused", why: "unreadable" });
    expect(of(more)).toMatchObject({ kind: "priced" });
  });
});
