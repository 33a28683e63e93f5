import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, type Prices } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

/** An entry of LiteLLM's list, in USD per million tokens. */
const entry = (input: number, output: number, more: object = {}): object => ({
  input_cost_per_token: input / 1e6,
  output_cost_per_token: output / 1e6,
  ...more,
});
const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };

/** The cost in USD, or the reason why it is unknown. */
function costOf(list: Prices, answer: object, options: ActualOptions = {}): string {
  const report = { usage, ...answer };
  const outcome = actualOf(list, report, {
    protocol: "openai-chat",
    at: new Date("2026-11-23T09:00:00Z"),
    ...options,
  });
  return outcome.kind === "counted" ? formatUsd(outcome.actual) : outcome.reason;
}

describe("actualOf: prefixes of a list", () => {
  const list = {
    m: entry(1, 10),
    "a/m": entry(2, 20),
    "b/m": { input_cost_per_token: 0.000003 },
    "b/own": { input_cost_per_token: 0.000003 },
    "c/m": { input_cost_per_token: 0.000004 },
    "c/own": { output_cost_per_token: 0.000004 },
  };

  it.each<[string, string, string[], string]>([
    ["the first prefix with a price", "m", ["x/", "a/"], "0.004"],
    ["the name without a prefix, if none has the model", "m", ["x/", "y/"], "0.002"],
    ["the next one, if a price cannot be used", "m", ["b/", "a/"], "0.004"],
    ["the name without a prefix, if no price can be used", "m", ["b/", "c/"], "0.002"],
  ])("%s", (_, model, prefixes, cost) => {
    expect(costOf(list, { model }, { prefixes })).toBe(cost);
  });

  it.each<[string, string, string[], RegExp]>([
    ["the model that no prefix has", "none", ["a/"], /^the list has no model "none"$/],
    [
      "the first price that cannot be used",
      "own",
      ["x/", "b/", "c/"],
      /^the list has no output price for "b\/own"$/,
    ],
  ])("a refusal names %s", (_, model, prefixes, reason) => {
    expect(costOf(list, { model }, { prefixes })).toMatch(reason);
  });
});

describe("actualOf: the model, tier and region that a list is asked for", () => {
  const list = {
    m: entry(1, 10, {
      input_cost_per_token_priority: 0.000002,
      output_cost_per_token_priority: 0.00002,
      provider_specific_entry: { us: 1.1 },
    }),
    "m-2024-05-13": entry(5, 50),
    plain: entry(1, 10),
  };

  it.each<[string, object, ActualOptions, string]>([
    ["the model that answered", { model: "m-2024-05-13" }, { model: "m" }, "0.01"],
    ["the model that was asked for, if the answer names none", {}, { model: "m" }, "0.002"],
    ["an alias of the caller, asked for", {}, { model: "mine", aliases: { mine: "m" } }, "0.002"],
    ["an alias of the caller, answered", { model: "mine" }, { aliases: { mine: "m" } }, "0.002"],
    ["a version that the list does not have", { model: "openai/m-2024-08-06" }, { model: "m" }, "0.002"],
    ["the tier that answered", { model: "m", service_tier: "priority" }, {}, "0.004"],
    ["the tier that was asked for", { model: "m" }, { serviceTier: "priority" }, "0.004"],
    [
      "the standard tier in place of the one asked for",
      { model: "m", service_tier: "default" },
      { serviceTier: "priority" },
      "0.002",
    ],
    ["the region that was asked for", { model: "m" }, { region: "us" }, "0.0022"],
    [
      "a region without a price of its own, by the caller's word",
      { model: "plain" },
      { region: "eu" },
      "0.002",
    ],
  ])("%s", (_, answer, options, cost) => {
    expect(costOf(list, answer, options)).toBe(cost);
  });

  it.each<[string, object, ActualOptions, RegExp]>([
    ["no model", {}, {}, /^neither the answer nor the caller names the model$/],
    ["another model", { model: "other" }, { model: "m" }, /^the list has no model "other"$/],
    [
      "a version that the list has, in a tier that it does not",
      { model: "m-2024-05-13", service_tier: "priority" },
      { model: "m" },
      /"m-2024-05-13" .*"priority"/,
    ],
    [
      "a version without an entry, whose model has no price for the tier",
      { model: "openai/plain-2024-08-06", service_tier: "priority" },
      { model: "plain" },
      /"plain" .*"priority"/,
    ],
  ])("does not guess at %s", (_, answer, options, reason) => {
    expect(costOf(list, answer, options)).toMatch(reason);
  });

  it("a region that the answer names needs a price of its own", () => {
    const report = (model: string, inference_geo: string): object => ({
      model,
      stop_reason: "end_turn",
      usage: { input_tokens: 1000, output_tokens: 100, inference_geo },
    });
    const costIn = (model: string, geo: string, options: ActualOptions = {}): string =>
      costOf(list, report(model, geo), { protocol: "anthropic", ...options });
    expect(costIn("m", "us")).toBe("0.0022");
    expect(costIn("m", "global", { region: "us" })).toBe("0.002");
    expect(costIn("plain", "us")).toBe('the list has no price for "plain" in the region "us"');
    // The caller says that the list is for this region.
    expect(costIn("plain", "us", { region: "us" })).toBe("0.002");
    expect(costIn("none", "us")).toBe('the list has no model "none"');
    const prices = { input_mtok: 1, output_mtok: 10 };
    const genai = [{ id: "p", models: [{ id: "m", match: { equals: "m" }, prices }] }];
    expect(costOf(genai, report("m", "us"), { protocol: "anthropic" })).toBe(
      'the list has no price for "m" in the region "us"',
    );
  });
});

describe("actualOf: options that are none", () => {
  const rates = new TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 10 });

  it.each<[object, RegExp]>([
    [{ aliases: "m" }, /^actualOf: options\.aliases must be an object of names; got a string$/],
    [{ aliases: { m: 5 } }, /options\.aliases\.m must be/],
    [{ protocol: "openai" }, /options\.protocol must be one of openai-chat, .*; got "openai"$/],
    [{ cutOffAt: 5 }, /^openai-chat: the stream was cut off before its usage/],
  ])("%o", (options, reason) => {
    const outcome = actualOf(rates, { usage }, { protocol: "openai-chat", ...options });
    expect(outcome).toMatchObject({
      kind: "unknown",
      actual: null,
      reason: expect.stringMatching(reason) as string,
    });
  });
});
