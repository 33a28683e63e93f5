import { calcPrice, extractUsage, findProvider } from "@pydantic/genai-prices";
import { usd } from "dispatch-kit";
import { actualOf, ratesFromGenaiPrices } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { numbers } from "../../bench/random.ts";

const timestamp = new Date("2026-11-25T10:00:00Z");
const draw = numbers(5);
const partOf = (count: number): number => draw((count >> 2) + 1);

/** Answers with reports that add up, as each provider writes them. */
const ANSWERS: readonly (readonly [provider: string, flavor: string, model: string, answer: () => object])[] =
  [
    ["openai", "chat", "gpt-4o-mini", chat],
    ["openai", "chat", "gpt-4o-audio-preview", chat],
    [
      "openai",
      "responses",
      "gpt-5",
      () => {
        const [input_tokens, output_tokens] = [draw(300_000), draw(5000)];
        const total_tokens = input_tokens + output_tokens;
        const input_tokens_details = { cached_tokens: partOf(input_tokens) };
        const output_tokens_details = { reasoning_tokens: partOf(output_tokens) };
        const usage = {
          input_tokens,
          output_tokens,
          total_tokens,
          input_tokens_details,
          output_tokens_details,
        };
        return { usage };
      },
    ],
    [
      "anthropic",
      "default",
      "claude-sonnet-4-5",
      () => {
        const [hour, minutes] = [draw(1000), draw(1000)];
        const usage = {
          input_tokens: draw(300_000),
          output_tokens: draw(5000),
          cache_read_input_tokens: draw(5000),
          cache_creation_input_tokens: hour + minutes,
          cache_creation: { ephemeral_5m_input_tokens: minutes, ephemeral_1h_input_tokens: hour },
        };
        return { usage };
      },
    ],
    [
      "google",
      "default",
      "gemini-2.5-flash",
      () => {
        const [prompt, said, thought] = [draw(300_000), draw(5000), draw(5000)];
        const [heard, cached] = [partOf(prompt), partOf(prompt)];
        const usageMetadata = {
          promptTokenCount: prompt,
          candidatesTokenCount: said,
          thoughtsTokenCount: thought,
          totalTokenCount: prompt + said + thought,
          cachedContentTokenCount: cached,
          promptTokensDetails: [{ modality: "AUDIO", tokenCount: heard }],
          cacheTokensDetails: [{ modality: "AUDIO", tokenCount: Math.min(heard, cached) >> 1 }],
        };
        return { usageMetadata };
      },
    ],
  ];

function chat(): object {
  const [prompt_tokens, completion_tokens] = [draw(300_000), draw(5000)];
  const usage = {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: partOf(prompt_tokens), audio_tokens: partOf(prompt_tokens) },
    completion_tokens_details: {
      reasoning_tokens: partOf(completion_tokens),
      audio_tokens: partOf(completion_tokens),
    },
  };
  return { usage };
}

describe("actualOf, beside genai-prices' own extractUsage and calcPrice", () => {
  it.each(ANSWERS)("is never below, and the same to a micro-cent: %s %s, %s", (id, flavor, model, answer) => {
    const provider = findProvider({ providerId: id });
    if (provider === undefined) throw new Error(`the list has no ${id}`);
    const found = ratesFromGenaiPrices(calcPrice({}, model, { provider })?.model, { at: timestamp });
    if (found.kind === "refused") throw new Error(found.reason);
    for (let count = 0; count < 500; count++) {
      const given = answer();
      const { usage } = extractUsage(provider, { model, modelVersion: model, ...given }, flavor);
      const theirs = calcPrice(usage, model, { provider, timestamp })?.total_price ?? NaN;
      const { actual } = actualOf(found.rates, given);
      // Their sum is a float: its noise is less than a thousandth of a micro-cent.
      expect(actual).toBeGreaterThanOrEqual(usd((theirs - 1e-11).toFixed(12), "up"));
      expect(actual).toBeLessThanOrEqual(usd((theirs + 1e-11).toFixed(12), "up"));
    }
  });
});
