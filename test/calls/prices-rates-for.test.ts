import { findProvider } from "@pydantic/genai-prices";
import { tokenCost, TokenRates } from "dispatch-kit";
import {
  type PriceList,
  type Prices,
  ratesFor,
  type RatesOutcome,
  type RatesQuery,
} from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { priced } from "./prices-support.ts";
import { genaiModels, litellmList } from "./support.ts";

const at = new Date("2026-11-25T10:00:00Z");
const find = (prices: Prices, model: string, more: Partial<RatesQuery> = {}): RatesOutcome =>
  ratesFor(prices, { model, at, ...more });

const entry = (input: number): object => ({ input_cost_per_token: input, output_cost_per_token: 1e-5 });
const litellm: PriceList = {
  "gpt-4o-mini": entry(1e-6),
  "gpt-4o-2024-05-13": entry(9e-6),
  "gpt-4o": entry(2e-6),
  "azure/gpt-4o": entry(3e-6),
  "azure/deployed": entry(4e-6),
  "mistral/mistral-small": entry(5e-6),
  "anthropic.claude-sonnet-4-20250514-v1:0": entry(6e-6),
  "claude-sonnet-4": entry(7e-6),
  "ft:gpt-4o-mini-2024-07-18": entry(8e-6),
  sample_spec: entry(1e-9),
};

describe("ratesFor: LiteLLM's list", () => {
  it.each<readonly [string, readonly string[], string]>([
    ["gpt-4o", [], "gpt-4o"],
    ["gpt-4o", ["azure/"], "gpt-4o"],
    ["deployed", ["openai/", "azure/"], "azure/deployed"],
    ["gpt-4o-mini-2024-07-18", [], "gpt-4o-mini"],
    ["gpt-4o-2024-05-13", [], "gpt-4o-2024-05-13"],
    ["gpt-4o-latest", ["azure/"], "gpt-4o"],
    ["mistral-small-2506", ["mistral/"], "mistral/mistral-small"],
    ["claude-sonnet-4-20250514", [], "claude-sonnet-4"],
    ["claude-sonnet-4@20250514", [], "claude-sonnet-4"],
    ["anthropic.claude-sonnet-4-20250514-v1:0", [], "anthropic.claude-sonnet-4-20250514-v1:0"],
    ["models/gpt-4o", [], "gpt-4o"],
    ["publishers/openai/models/gpt-4o", [], "gpt-4o"],
    ["ft:gpt-4o-mini-2024-07-18:my-org::1a2b", [], "ft:gpt-4o-mini-2024-07-18"],
  ])("%s under %j is priced as %s", (model, prefixes, key) => {
    expect(find(litellm, model, { prefixes })).toMatchObject({
      kind: "priced",
      model: key,
      rates: { model: key },
    });
  });

  it.each([
    "gpt-4",
    "claude-sonnet-4-5",
    "mistral-small",
    "sample_spec",
    "constructor",
    "",
    "m".repeat(300),
    "gpt-4o-32k",
  ])("does not have %s", (model) => {
    expect(find(litellm, model)).toMatchObject({ kind: "refused", why: "unknown_model" });
  });

  it("passes on the tier, the region and the size of searches", () => {
    const more = {
      input_cost_per_token_priority: 2e-6,
      output_cost_per_token_priority: 2e-5,
      regional_processing_uplift_multiplier_eu: 1.1,
      search_context_cost_per_query: { search_context_size_low: 0.01, search_context_size_high: 0.02 },
    };
    const list = { m: { ...entry(1e-6), ...more } };
    const query = { serviceTier: "priority", region: "eu", searchContext: "low" } as const;
    expect(priced(find(list, "m", query))).toMatchObject({
      inputUsdPerMTok: "2.2",
      searchUsd: "0.01",
      serviceTier: "priority",
    });
    for (const serviceTier of ["default", "standard", "on_demand", "STANDARD", undefined]) {
      expect(priced(find(list, "m", { serviceTier })).inputUsdPerMTok).toBe("1");
    }
    for (const serviceTier of ["flex", "auto", "scale", "", "above_200k_tokens", "x".repeat(99)]) {
      expect(find(list, "m", { serviceTier })).toMatchObject({ kind: "refused", why: "missing" });
    }
    const batches = { input_cost_per_token_batches: 5e-7, output_cost_per_token_batches: 5e-6 };
    const batch = find({ m: { ...entry(1e-6), ...batches } }, "m", { serviceTier: "batch" });
    expect(priced(batch)).toMatchObject({ inputUsdPerMTok: "0.5", serviceTier: "batches" });
  });

  it("finds every model of the recorded list under its own key", () => {
    const list = litellmList();
    const missed = Object.keys(list).filter((model) => {
      const found = find(list, model);
      return found.kind === "refused" ? found.why === "unknown_model" : found.model !== model;
    });
    expect(missed).toEqual(["sample_spec"]);
  });
});

describe("ratesFor: genai-prices", () => {
  const provider = (id: string, models: readonly object[], more: object = {}) => ({
    id,
    name: id,
    models,
    ...more,
  });
  const model = (id: string, input_mtok: number, more: object = {}) => ({
    id,
    prices: { input_mtok, output_mtok: 9 },
    ...more,
  });
  const list = [
    provider(
      "openai",
      [model("gpt-4o", 1, { match: { or: [{ equals: "gpt-4o-2024-11-20" }] } }), model("both", 2)],
      {
        model_match: { or: [{ starts_with: "gpt-" }, { equals: "both" }] },
      },
    ),
    provider("azure", [model("gpt-4o", 3), model("both", 4), model("neither", 5)]),
    provider("x-ai", [model("grok-4", 6), model("neither", 7)]),
    provider("openrouter", [model("openai/gpt-4o", 8), model("free:free", 0)]),
    provider("perplexity", [
      { id: "pplx", prices: { input_mtok: 1, output_mtok: 1, requests_kcount: 5 }, context_window: 128_000 },
    ]),
  ];

  it.each<readonly [string, readonly string[], string]>([
    ["gpt-4o", [], "1"],
    ["gpt-4o", ["azure/"], "3"],
    ["gpt-4o", ["unknown/", "azure/"], "3"],
    ["gpt-4o-2024-08-06", ["azure/"], "3"],
    ["gpt-4o-2024-11-20", [], "1"],
    ["azure/gpt-4o", [], "3"],
    ["xai/grok-4", [], "6"],
    ["grok-4-0709", ["xai/"], "6"],
    ["grok-4", ["custom/"], "6"],
    ["openai/gpt-4o", ["openrouter/"], "8"],
    ["both", [], "2"],
  ])("%s under %j costs $%s", (name, prefixes, price) => {
    expect(priced(find(list, name, { prefixes })).inputUsdPerMTok).toBe(price);
    expect(priced(find({ providers: list }, name, { prefixes })).inputUsdPerMTok).toBe(price);
  });

  it("does not take another provider's price, and does not choose between two", () => {
    expect(find(list, "grok-4", { prefixes: ["azure/"] })).toMatchObject({ why: "unknown_model" });
    expect(find(list, "gpt-4o-mini")).toMatchObject({ why: "unknown_model" });
    expect(find(list, "neither")).toMatchObject({
      why: "unknown_model",
      reason: 'several providers have the model "neither": azure, x-ai; a prefix must name one',
    });
  });

  it("skips a provider without an id, and does not look for names that no model has", () => {
    const long = "m".repeat(201);
    const unnamed = { models: [model("m", 1), model(long, 1)] };
    const named = provider("p", [model("m", 2), model(long, 2)]);
    expect(find([unnamed], "m")).toMatchObject({ why: "unknown_model" });
    expect(find([{ ...unnamed, id: 5 }, named], "m")).toMatchObject({ rates: { inputUsdPerMTok: "2" } });
    expect(find([named], long)).toMatchObject({ why: "unknown_model" });
    expect(find({ [long]: entry(1e-6) }, long)).toMatchObject({ why: "unknown_model" });
  });

  it("has no prices for tiers and regions", () => {
    expect(find(list, "gpt-4o", { serviceTier: "flex" })).toMatchObject({ why: "missing" });
    expect(find(list, "gpt-4o", { region: "eu" })).toMatchObject({ why: "missing" });
    expect(find(list, "gpt-4o", { region: "global", serviceTier: "default" })).toMatchObject({
      kind: "priced",
    });
  });

  it("gives the model's context, and Perplexity's fee pays for searches", () => {
    expect(find(list, "pplx")).toMatchObject({
      maxInputTokens: 128_000,
      maxOutputTokens: null,
      rates: { requestUsd: "0.005", searchesIncluded: true },
    });
  });

  it("takes one provider of the package, and finds each of its models", () => {
    const openai = findProvider({ providerId: "openai" });
    if (openai === undefined) throw new Error("the package has no openai");
    expect(priced(find(openai as unknown as PriceList, "gpt-4o-mini-2024-07-18")).inputUsdPerMTok).toBe(
      "0.15",
    );
    const providers = [...new Set(genaiModels().map((one) => one.provider))];
    const missed = genaiModels().filter(({ provider: { id: name }, model: { id } }) => {
      const found = find(providers, id, { prefixes: [`${name}/`] });
      return found.kind === "refused" && found.why === "unknown_model";
    });
    expect(missed).toEqual([]);
  });
});

describe("ratesFor: rates of one's own", () => {
  const rates = new TokenRates({ inputUsdPerMTok: "1", outputUsdPerMTok: "2" });
  const own = {
    "my-model": rates,
    named: new TokenRates({ model: "gpt-4o", inputUsdPerMTok: "1", outputUsdPerMTok: "2" }),
    fast: new TokenRates({ serviceTier: "priority", inputUsdPerMTok: 4, outputUsdPerMTok: 8 }),
    local: new TokenRates({ inputUsdPerMTok: 0, outputUsdPerMTok: 0 }),
  };

  it("are found by the same names, and know the name", () => {
    const found = find(own, "my-model-2026-01-01");
    expect(found).toMatchObject({
      model: "my-model",
      free: false,
      maxInputTokens: null,
      rates: { model: "my-model" },
    });
    expect(tokenCost(priced(found), { inputTokens: 1e6, outputTokens: 0 })).toBe(100_000_000n);
    expect(priced(find(own, "named"))).toBe(own.named);
    expect(find(own, "my-model", { region: "eu" })).toMatchObject({ kind: "priced" });
    expect(find(own, "local")).toMatchObject({ free: true });
    expect(priced(find(JSON.parse(JSON.stringify(own)) as PriceList, "named"))).toEqual(own.named);
  });

  it("are for their own tier only", () => {
    expect(priced(find(own, "fast", { serviceTier: "priority" }))).toMatchObject({ inputUsdPerMTok: "4" });
    expect(find(own, "fast")).toMatchObject({ kind: "refused", why: "missing" });
    expect(find(own, "my-model", { serviceTier: "priority" })).toMatchObject({
      kind: "refused",
      why: "missing",
    });
    expect(find(own, "my-model", { serviceTier: "default" })).toMatchObject({ kind: "priced" });
  });

  it("are refused if they are no rates", () => {
    const broken = { m: { inputUsdPerMTok: -1, outputUsdPerMTok: 2 } };
    expect(find(broken, "m")).toMatchObject({ kind: "refused", why: "unreadable" });
  });
});
