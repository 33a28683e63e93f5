import { formatUsd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import {
  bound,
  CHAT,
  chat,
  CLAUDE,
  claude,
  GEMINI,
  gemini,
  numberOf,
  refusal,
  RESPONSES,
  responses,
} from "./bounds-support.ts";

const prices = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" };
const image_url = { url: "https://example.com/a.png" };
const openai = (model: string, detail?: string) =>
  chat({
    model,
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { ...image_url, detail } }] }],
  });
const inline = (mimeType: string) => ({ inlineData: { mimeType, data: "AAAA" } });
const pdf = claude({
  messages: [{ role: "user", content: [{ type: "document", source: { type: "base64", data: "AAAA" } }] }],
});

// developers.openai.com/api/docs/guides/images-vision: tiles, or patches of 32 pixels times a factor.
const OPENAI: readonly (readonly [model: string, detail: string | undefined, tokens: number])[] = [
  ["gpt-5.4", undefined, 10_000 * 1.2 + 1],
  ["gpt-5.4-mini", "auto", 10_000 * 1.2 + 1],
  ["gpt-5.5", "original", 10_000 * 1.2 + 1],
  ["gpt-5.6", undefined, 30_000 * 1.2 + 1],
  ["gpt-5.10", undefined, 30_000 * 1.2 + 1],
  ["gpt-6", undefined, 30_000 * 1.2 + 1],
  ["gpt-5.4", "high", 2_500 * 1.2 + 1],
  ["gpt-6", "high", 2_500 * 1.2 + 1],
  ["gpt-5.4", "low", Math.ceil(4_096 * 1.2) + 1],
  ["ft:gpt-4.1-mini:org", undefined, Math.ceil(4_096 * 1.62)],
  ["gpt-4.1-nano", "low", Math.ceil(4_096 * 2.46)],
  ["gpt-5-nano", undefined, Math.ceil(4_096 * 2.46)],
  ["gpt-5-mini", undefined, Math.ceil(4_096 * 1.62)],
  ["gpt-5.3", undefined, Math.ceil(4_096 * 1.62)],
  ["o4-mini", undefined, Math.ceil(4_096 * 1.72)],
  ["gpt-5", undefined, 70 + 8 * 140],
  ["gpt-4o-mini", undefined, 2_833 + 8 * 5_667],
  ["gpt-4.1", undefined, 85 + 8 * 170],
  ["o3", undefined, 75 + 8 * 150],
  ["computer-use-preview", undefined, 65 + 8 * 129],
];

describe("boundOf: pictures", () => {
  it.each(OPENAI)("OpenAI's %s at the level %s: %i tokens", (model, detail, tokens) => {
    const found = bound(CHAT, openai(model, detail), { defaultTier: "default" }, { [model]: prices });
    expect(numberOf(found, "picture")).toBe(tokens);
    expect(found.limits.maxInputImageTokens).toBe(tokens);
    expect(found.limits.maxInputTokens).toBe((numberOf(found, "texts") ?? NaN) + tokens);
    // $1 for a million input tokens, $10 for a million of the 100 output tokens.
    expect(Number(formatUsd(found.amount))).toBeCloseTo((found.limits.maxInputTokens + 1_000) / 1e6, 9);
  });

  it("the margin is what the number has above the published budget of 1,536 patches", () => {
    const found = bound(CHAT, openai("o4-mini"), {}, { "o4-mini": prices });
    expect(found.numbers.find(({ name }) => name === "picture")).toMatchObject({
      standing: "published",
      margin: Math.ceil(4_096 * 1.72) - Math.ceil(1_536 * 1.72),
    });
  });

  // ai.google.dev/gemini-api/docs/media-resolution; before Gemini 3: 13 tiles of 258 tokens.
  it.each([
    ["gemini-2.5-pro", undefined, 3_354],
    ["gemini-2.0-flash", "MEDIA_RESOLUTION_HIGH", 3_354],
    ["gemini-1.5-pro", "MEDIA_RESOLUTION_LOW", 300],
    ["gemini-2.5-flash", "MEDIA_RESOLUTION_MEDIUM", 300],
    ["gemini-3-pro", undefined, 1_232],
    ["gemini-3-pro", "MEDIA_RESOLUTION_LOW", 308],
    ["gemini-3.5-flash", "MEDIA_RESOLUTION_MEDIUM", 616],
    ["gemini-3-pro", "MEDIA_RESOLUTION_ULTRA_HIGH", 2_464],
    // A name without a version may stand for a model of either kind.
    ["gemini-flash-latest", undefined, 3_354],
    ["gemini-flash-latest", "MEDIA_RESOLUTION_LOW", 3_354],
    ["gemini-pro-vision", "MEDIA_RESOLUTION_MEDIUM", 3_354],
    ["gemini-2", undefined, 3_354],
  ])("Google's %s at the resolution %s: %i tokens", (model, mediaResolution, tokens) => {
    const body = gemini({
      contents: [{ parts: [inline("image/png")] }],
      generationConfig: { maxOutputTokens: 1, mediaResolution },
    });
    const found = bound(GEMINI.replace("gemini-3-flash", model), body, {}, { [`gemini/${model}`]: prices });
    expect(numberOf(found, "picture")).toBe(tokens);
  });

  it("xAI: 1,792 tokens", () => {
    const found = bound("https://api.x.ai/v1/chat/completions", openai("grok-4"), { addedTokens: 50 });
    expect(numberOf(found, "picture")).toBe(1_792);
  });

  it.each([
    ["https://api.mistral.ai/v1/chat/completions", { ...openai("mistral-small"), max_tokens: 9 }],
    [
      "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/imagen:generateContent",
      gemini({ contents: [{ parts: [inline("image/png")] }] }),
    ],
  ])("%s has no published cap", (url, body) => {
    expect(refusal(url, body)).toMatch(
      /^unbounded: "(?:mistral-small|imagen)" has no published cap for pictures; set pictureTokens$/,
    );
  });

  it("a count of the caller's own holds files too", () => {
    const { limits } = bound(CLAUDE, pdf, { inputTokens: 700 });
    expect(limits.maxInputTokens).toBe(700);
    expect(limits.maxInputImageTokens).toBeUndefined();
  });

  it("a count of the caller's own holds them", () => {
    const found = bound(CHAT, openai("gpt-test"), { inputTokens: { tokens: 800, margin: 8 } });
    expect(found.limits).toMatchObject({ maxInputTokens: 808 });
    expect(found.limits.maxInputImageTokens).toBeUndefined();
  });
});

describe("boundOf: maxInputTokens", () => {
  const stated = { name: "stated input", value: 50_000, unit: "tokens", standing: "stated" };
  const file = { type: "input_file", file_data: "AAAA" };

  // What has no number of tokens may take all that the caller allows.
  it.each([
    ["a picture without a cap", CHAT, openai("gpt-test"), 50_000],
    ["a PDF file", CLAUDE, pdf, undefined],
    ["a file", RESPONSES, responses({ input: [{ role: "user", content: [file] }] }), undefined],
    ["a sound", GEMINI, gemini({ contents: [{ parts: [inline("audio/mp3")] }] }), undefined],
    ["a film", GEMINI, gemini({ contents: [{ parts: [inline("video/mp4")] }] }), undefined],
  ])("bounds %s by itself", (_, url, body, pictures) => {
    const found = bound(url, body, { maxInputTokens: 50_000 });
    expect(found.limits.maxInputTokens).toBe(50_000);
    expect(found.limits.maxInputImageTokens).toBe(pictures);
    expect(found.numbers).toContainEqual(stated);
  });

  it("of a PDF file, every token may be one of a picture", () => {
    const list = { "claude-opus-4-8": { ...prices, input_cost_per_image_token: 5e-6 } };
    const options = { maxInputTokens: 1_000_000, region: "global" };
    expect(formatUsd(bound(CLAUDE, pdf, options, list).amount)).toBe("5.001");
  });

  it("counts only where it is below what is in the body", () => {
    const { maxInputTokens } = bound(CHAT, chat()).limits;
    const inputOf = (most: number) => bound(CHAT, chat(), { maxInputTokens: most }).limits.maxInputTokens;
    expect([inputOf(50_000), inputOf(maxInputTokens), inputOf(5)]).toEqual([
      maxInputTokens,
      maxInputTokens,
      5,
    ]);
  });

  it("does not replace the tokens that the caller states for each file", () => {
    const found = bound(CLAUDE, pdf, { maxInputTokens: 50_000, fileTokens: 3_000 });
    expect(numberOf(found, "document")).toBe(3_000);
    expect(found.limits.maxInputTokens).toBe((numberOf(found, "texts") ?? NaN) + 3_000);
  });

  it("is needed if the list does not say how many tokens the model takes", () => {
    const body = responses({ model: "gpt-test", previous_response_id: "resp_1" });
    expect(refusal(RESPONSES, body, { unseen: "contextWindow" })).toBe(
      "unbounded: the price list does not say how many input tokens the model takes; set maxInputTokens",
    );
    expect(bound(RESPONSES, body, { maxInputTokens: 9_000 }).limits.maxInputTokens).toBe(9_000);
  });
});
