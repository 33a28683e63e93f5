import { estimateTokens, tokenCost } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExactPrices, microCentsOf } from "../../examples/demo/audit-cost.ts";
import { InputError } from "../../examples/demo/failure.ts";
import { findListing } from "../../examples/demo/price.ts";
import { TEXT_ONLY } from "../../examples/demo/service.ts";
import { gpt4oMini } from "./support.ts";

const NEW_YEAR = new Date("2026-01-01T18:00:00Z");

describe("findListing", () => {
  it("findListing: the price of a model, exactly as listed", () => {
    const { model, provider, source, rates } = gpt4oMini();
    expect([model, provider]).toEqual(["gpt-4o-mini", "OpenAI"]);
    expect(source).toMatch(/^@pydantic\/genai-prices \d+\.\d+\.\d+, prices of 2026-01-01$/);
    expect(rates.toJSON()).toMatchObject({
      inputUsdPerMTok: "0.15",
      outputUsdPerMTok: "0.6",
      cacheReadUsdPerMTok: "0.075",
      cacheWriteUsdPerMTok: null,
      tiers: [],
    });
  });

  it("findListing: tiers reprice the whole call", () => {
    const { rates } = findListing("gemini-2.5-pro", NEW_YEAR);
    expect(rates.toJSON()).toMatchObject({ inputUsdPerMTok: "1.25", outputUsdPerMTok: "10" });
    expect(rates.tiers).toMatchObject([
      { aboveInputTokens: 200_000, inputUsdPerMTok: "2.5", outputUsdPerMTok: "15" },
    ]);
  });

  it("findListing: the day and the hour decide where the list says so", () => {
    const input = (model: string, at: string): unknown =>
      findListing(model, new Date(at)).rates.inputUsdPerMTok;
    expect(input("o3", "2025-06-09T00:00:00Z")).toBe("10");
    expect(input("o3", "2025-06-10T00:00:00Z")).toBe("2");
    expect(input("deepseek-chat", "2026-01-01T12:00:00Z")).toBe("0.27");
    expect(input("deepseek-chat", "2026-01-01T18:00:00Z")).toBe("0.135");
  });

  it("findListing: a price per thousand calls becomes a fee per call", () => {
    const { rates } = findListing("perplexity:sonar", NEW_YEAR);
    expect(rates.toJSON()).toMatchObject({ requestUsd: "0.012" });
  });

  it("findListing: a model of another provider, by both names", () => {
    expect(findListing("azure:gpt-4o-mini", NEW_YEAR).provider).not.toBe("OpenAI");
  });

  it("findListing: a float's noise is rounded up, never down", () => {
    const { rates } = findListing("openrouter:google/gemini-2.5-flash-lite", NEW_YEAR);
    expect(rates.cacheWriteUsdPerMTok).toBe("0.083333333334");
  });

  it.each([
    ["no-such-model", /no price for the model "no-such-model"/],
    ["nobody:gpt-4o-mini", /no price for the model "nobody:gpt-4o-mini"/],
    ["whisper-1", /no input_mtok price for the model "whisper-1"/],
  ])("findListing: %s stops with its name", (model, message) => {
    expect(() => findListing(model, NEW_YEAR)).toThrow(InputError);
    expect(() => findListing(model, NEW_YEAR)).toThrow(message);
  });
});

describe("ExactPrices", () => {
  it.each(["gpt-4o-mini", "gemini-2.5-pro", "claude-sonnet-4-5", "perplexity:sonar", "o3"])(
    "ExactPrices: computes what the library computes for %s, by other means",
    (model) => {
      const { listed, rates } = findListing(model, NEW_YEAR);
      const prices = new ExactPrices(listed);
      const tokens = fc.oneof(fc.nat(2000), fc.integer({ min: 199_990, max: 200_010 }), fc.nat(2_000_000));
      fc.assert(
        fc.property(tokens, fc.nat(5000), (input, output) => {
          expect(prices.trueCost(input, output)).toBe(
            tokenCost(rates, { inputTokens: input, outputTokens: output }),
          );
          expect(prices.mostCost(input, output)).toBe(
            estimateTokens(rates, { maxInputTokens: input, maxOutputTokens: output, ...TEXT_ONLY }),
          );
        }),
      );
    },
  );

  it("ExactPrices: rounds up, and only once", () => {
    const listed = {
      above: 0,
      input: 0.0033,
      output: 0.0033,
      cacheRead: null,
      cacheWrite: null,
      thousandCalls: null,
    };
    expect(new ExactPrices([listed]).trueCost(1, 1)).toBe(1n);
    expect(new ExactPrices([{ ...listed, input: 1e-7 }]).trueCost(100_000, 0)).toBe(1n);
  });

  it("microCentsOf: decimal dollars", () => {
    expect([microCentsOf("10"), microCentsOf("0.00000001"), microCentsOf("12.50")]).toEqual([
      1_000_000_000n,
      1n,
      1_250_000_000n,
    ]);
  });
});
