import { estimateTokens, tokenCost, type TokenUsage } from "dispatch-kit";
import { ratesFromLitellm, type LitellmOptions, type RatesOutcome } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { type LitellmEntry, litellmList } from "./support.ts";
import { priced } from "./prices-support.ts";

const at = new Date("2026-11-25T10:00:00Z");
const standard = { input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5, mode: "chat" };
const of = (more: object, options: Partial<LitellmOptions> = {}): RatesOutcome =>
  ratesFromLitellm({ m: { ...standard, ...more } }, "m", { at, ...options });

const TIERS = {
  batches: { input_cost_per_token_batches: 1.5e-6, output_cost_per_token_batches: 7.5e-6 },
  flex: { input_cost_per_token_flex: 1.5e-6, output_cost_per_token_flex: 7.5e-6 },
  priority: { input_cost_per_token_priority: 6e-6, output_cost_per_token_priority: 3e-5 },
} as const;
type Tier = keyof typeof TIERS;

/** Each kind: its key and field, a standard price below or above the whole, and the price in a cheap and a dear tier. */
const KINDS = [
  ["cache_read_input_token_cost", "cacheReadUsdPerMTok", "0.3", "1.5", "6"],
  ["cache_creation_input_token_cost", "cacheWriteUsdPerMTok", "3.75", "3.75", "7.5"],
  ["cache_creation_input_token_cost_above_1hr", "cacheWrite1hUsdPerMTok", "6", "6", "12"],
  ["input_cost_per_audio_token", "inputAudioUsdPerMTok", "40", "40", "80"],
  ["input_cost_per_image_token", "inputImageUsdPerMTok", "5", "5", "10"],
  ["input_cost_per_video_token", "inputVideoUsdPerMTok", "1", "1.5", "6"],
  ["cache_read_input_audio_token_cost", "cacheReadAudioUsdPerMTok", "2.5", "2.5", "6"],
  ["cache_read_input_image_token_cost", "cacheReadImageUsdPerMTok", "0.5", "1.5", "6"],
  ["output_cost_per_audio_token", "outputAudioUsdPerMTok", "80", "80", "160"],
  ["output_cost_per_image_token", "outputImageUsdPerMTok", "30", "30", "60"],
  ["output_cost_per_video_token", "outputVideoUsdPerMTok", "10", "10", "30"],
  ["output_cost_per_reasoning_token", "outputReasoningUsdPerMTok", "4", "7.5", "30"],
  ["citation_cost_per_token", "outputCitationUsdPerMTok", "2", "7.5", "30"],
] as const;

describe("ratesFromLitellm: service tiers", () => {
  it.each(
    KINDS.flatMap((kind) =>
      (["batches", "flex", "priority"] as const).map((tier) => [tier, ...kind] as const),
    ),
  )(
    "%s: %s without its own price in the tier is never cheaper than the tier",
    (tier, key, field, price, cheap, dear) => {
      const kind = { [key]: `${price}e-6` };
      const found = of({ ...TIERS[tier], ...kind }, { serviceTier: tier });
      expect(priced(found)).toMatchObject({ [field]: tier === "priority" ? dear : cheap, serviceTier: tier });
      // Its own price in the tier counts, however low.
      const own = of({ ...TIERS[tier], ...kind, [`${key}_${tier}`]: 1e-8 }, { serviceTier: tier });
      expect(priced(own)).toMatchObject({ [field]: "0.01" });
      expect(priced(of({ ...TIERS[tier], ...kind }))).toMatchObject({ [field]: price });
    },
  );

  it.each(["batches", "flex", "priority"] as const)(
    "%s: a kind without any price costs as much as the whole",
    (tier) => {
      const rates = priced(of(TIERS[tier], { serviceTier: tier }));
      const usage: TokenUsage = { inputTokens: 1000, outputTokens: 1000 };
      const parts = {
        cacheReadTokens: 300,
        inputAudioTokens: 100,
        cacheWriteTokens: 200,
        outputReasoningTokens: 900,
      };
      expect(tokenCost(rates, { ...usage, ...parts })).toBe(tokenCost(rates, usage));
    },
  );

  it.each<readonly [string, object, Tier, string]>([
    ["has its own price", { input_cost_per_token_above_200k_tokens_priority: 1.2e-5 }, "priority", "12"],
    [
      "has its own price, with the tier before the count",
      { input_cost_per_token_priority_above_200k_tokens: 1.3e-5 },
      "priority",
      "13",
    ],
    ["rises as in the standard tier", { input_cost_per_token_above_200k_tokens: 5e-6 }, "priority", "10"],
    [
      "costs what it does in the standard tier, if that is dearer",
      { input_cost_per_token_above_200k_tokens: 5e-6 },
      "flex",
      "5",
    ],
    ["never falls", { input_cost_per_token_above_200k_tokens: 1e-6 }, "priority", "6"],
  ])("a long input %s", (_, above, tier, price) => {
    const rates = priced(of({ ...TIERS[tier], ...above }, { serviceTier: tier }));
    expect(rates.tiers.map((one) => [one.aboveInputTokens, one.inputUsdPerMTok])).toEqual([[200_000, price]]);
  });

  it("a cached token of the tier rises with the standard tier too", () => {
    const cached = {
      cache_read_input_token_cost: 3e-7,
      cache_read_input_token_cost_priority: 6e-7,
      input_cost_per_token_above_200k_tokens: 6e-6,
      cache_read_input_token_cost_above_200k_tokens: 5e-7,
    };
    const rates = priced(of({ ...TIERS.priority, ...cached }, { serviceTier: "priority" }));
    expect(rates.tiers[0]).toMatchObject({ inputUsdPerMTok: "12", cacheReadUsdPerMTok: "1" });
  });

  it("a kind that has a price only for long inputs rises like the whole", () => {
    const cached = {
      cache_read_input_token_cost_above_200k_tokens: 5e-7,
      cache_read_input_token_cost_above_200k_tokens_priority: 7e-7,
      cache_read_input_token_cost_above_400k_tokens: 9e-7,
    };
    const { tiers } = priced(of({ ...TIERS.priority, ...cached }, { serviceTier: "priority" }));
    expect(tiers.map((one) => one.cacheReadUsdPerMTok)).toEqual(["0.7", "1.8"]);
  });

  it("a tier may have prices that the standard tier lacks", () => {
    const cached = { cache_read_input_token_cost: 5e-7, input_cost_per_token: undefined };
    const rates = priced(of({ ...TIERS.flex, ...cached }, { serviceTier: "flex" }));
    expect(rates).toMatchObject({ inputUsdPerMTok: "1.5", cacheReadUsdPerMTok: "1.5" });
    expect(of({ ...TIERS.flex, ...cached })).toMatchObject({
      why: "missing",
      reason: 'the list has no input price for "m"',
    });
  });

  it("a tier with a price only for long inputs is refused", () => {
    const above = {
      output_cost_per_token_priority: 3e-5,
      input_cost_per_token_above_100k_tokens_priority: 8e-6,
      input_cost_per_token_above_200k_tokens: 6e-6,
    };
    expect(of(above, { serviceTier: "priority" })).toMatchObject({
      why: "missing",
      reason: 'the list has no input price for "m" in the service tier "priority"',
    });
  });

  it("a tier of an entry with a table of ranges reaches its ranges too", () => {
    const tiered_pricing = [
      { range: [0, 32_000], input_cost_per_token: 3e-6, output_cost_per_token: 1.5e-5 },
      { range: [32_000, 128_000], input_cost_per_token: 6e-6, output_cost_per_token: 3e-5 },
    ];
    const rates = priced(of({ ...TIERS.flex, tiered_pricing }, { serviceTier: "flex" }));
    expect([
      rates.inputUsdPerMTok,
      rates.tiers[0]?.inputUsdPerMTok,
      rates.tiers[0]?.outputUsdPerMTok,
    ]).toEqual(["1.5", "6", "30"]);
  });

  it("a tier without an input and an output price is refused, and says which", () => {
    expect(of(TIERS.flex, { serviceTier: "priority" })).toEqual(
      expect.objectContaining({
        kind: "refused",
        why: "missing",
        reason: 'the list has no input price for "m" in the service tier "priority"',
      }),
    );
    expect(of({ input_cost_per_token_flex: 1e-6 }, { serviceTier: "flex" })).toMatchObject({
      why: "missing",
    });
  });

  it("fast: Anthropic's factor on all token prices, or else OpenAI's priority", () => {
    const anthropic = { cache_read_input_token_cost: 3e-7, provider_specific_entry: { fast: 6, us: 1.1 } };
    const searches = { search_context_cost_per_query: { search_context_size_medium: 0.01 } };
    const rates = priced(of({ ...anthropic, ...searches }, { serviceTier: "fast" }));
    expect(rates).toMatchObject({
      inputUsdPerMTok: "18",
      cacheReadUsdPerMTok: "1.8",
      outputUsdPerMTok: "90",
      searchUsd: "0.01",
      serviceTier: "fast",
    });
    const both = priced(of(anthropic, { serviceTier: "fast", region: "us" }));
    expect(both.inputUsdPerMTok).toBe("19.8");
    expect(priced(of(TIERS.priority, { serviceTier: "fast" }))).toMatchObject({
      inputUsdPerMTok: "6",
      serviceTier: "priority",
    });
    expect(of({}, { serviceTier: "fast" })).toMatchObject({ why: "missing" });
  });

  it("no call costs less in a tier than at any of the tier's prices in the recorded list", () => {
    const list = litellmList();
    const wrong: string[] = [];
    let read = 0;
    for (const tier of ["batches", "flex", "priority"] as const) {
      for (const [model, entry] of Object.entries<LitellmEntry>(list)) {
        const found = ratesFromLitellm(list, model, { at, serviceTier: tier });
        if (found.kind === "refused") continue;
        read++;
        const cached = { inputTokens: 100_000, outputTokens: 1000, cacheReadTokens: 90_000 };
        const whole = { inputTokens: 100_000, outputTokens: 1000 };
        const hasOwn = typeof entry[`cache_read_input_token_cost_${tier}`] === "number";
        const [cost, most] = [tokenCost(found.rates, cached), tokenCost(found.rates, whole)];
        if (!hasOwn && cost < most) wrong.push(`${model} ${tier}: ${cost} for ${most}`);
        if (estimateTokens(found.rates, { maxInputTokens: 100_000, maxOutputTokens: 1000 }) < cost)
          wrong.push(model);
      }
    }
    expect(wrong).toEqual([]);
    expect(read).toBeGreaterThan(200);
  });
});
