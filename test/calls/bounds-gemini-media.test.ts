import { usd } from "dispatch-kit";
import { expect, it } from "vitest";
import { bound } from "./bounds-guard-support.ts";

const url = (model: string) =>
  `https://generativelanguage.googleapis.com/v1beta/models/${model}:generateContent`;
const picture = (mediaResolution: unknown) => ({
  contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" }, mediaResolution }] }],
  generationConfig: { maxOutputTokens: 100 },
});
const inputOf = (body: unknown): number => {
  const asked = bound(url("gemini-3-pro"), body);
  return asked.kind === "bounded" ? asked.limits.maxInputTokens : Infinity;
};

// @google/genai, PartMediaResolution.numTokens: "Specifies the required sequence length for media tokenization."
it.each([{ numTokens: 50_000 }, { level: "MEDIA_RESOLUTION_LOW", num_tokens: 50_000 }])(
  "boundOf: the length that a part asks for is in the bound: %j",
  (resolution) => {
    expect(inputOf(picture(resolution))).toBeGreaterThan(50_000);
  },
);

// protobuf.dev, JSON mapping: parsers accept an enum's name and its number. 4 is ULTRA_HIGH.
it("boundOf: a resolution by its number has no smaller bound than the dearest", () => {
  expect(inputOf(picture({ level: 4 }))).toBeGreaterThan(2_240);
});

it.each([[2], [3]])("boundOf: a modality by its number (%i) is not text", (kind) => {
  const body = {
    contents: [{ parts: [{ text: "Hi" }] }],
    generationConfig: { maxOutputTokens: 100, responseModalities: [kind] },
  };
  const asked = bound(url("gemini-2.0-flash-exp"), body);
  const isText =
    asked.kind === "bounded" &&
    asked.limits.maxOutputImageTokens === 0 &&
    asked.limits.maxOutputAudioTokens === 0;
  expect(isText).toBe(false);
});

it("boundOf: a limit is written in the spelling of the body", () => {
  const body = { contents: [{ parts: [{ text: "Hi" }] }], generation_config: { max_output_tokens: 60_000 } };
  const asked = bound(url("gemini-3-pro"), body, { limitOutputTo: usd("0.01") });
  expect(asked.kind === "bounded" && asked.limit?.path).toEqual(["generation_config", "max_output_tokens"]);
});
