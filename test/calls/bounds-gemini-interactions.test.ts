import { usd } from "dispatch-kit";
import { expect, it } from "vitest";
import { amountOf, bound } from "./bounds-guard-support.ts";

const URL_ = "https://generativelanguage.googleapis.com/v1beta/interactions";
const MODEL = { input: "draw a cat", generation_config: { max_output_tokens: 1_290 } };

it.each([{}, { response_format: { type: "image" } }])(
  "boundOf: a model of pictures is bounded as one: %j",
  (extra) => {
    const asked = bound(URL_, { ...MODEL, model: "gemini-2.5-flash-image", ...extra });
    // 1,290 tokens at $30 for a million; generateContent is bounded so, by the name of the model.
    expect(asked.kind === "refused" || amountOf(asked) >= 3_870_000).toBe(true);
  },
);

it("boundOf: a model of sound is bounded as one", () => {
  const asked = bound(URL_, { ...MODEL, model: "gemini-2.5-flash-preview-tts" });
  expect(asked.kind === "refused" || amountOf(asked) >= 1_290_000).toBe(true);
});

it("boundOf: a limit in two spellings is refused, as in generateContent", () => {
  const body = {
    model: "gemini-2.5-flash",
    input: "x",
    generation_config: { max_output_tokens: 10, maxOutputTokens: 60_000 },
  };
  expect(bound(URL_, body).kind).toBe("refused");
});

it.each([
  [[{ type: "image", uri: "https://x.example/a.png", mime_type: "image/png" }]],
  [{ items: [{ type: "image", uri: "https://x.example/a.png", mime_type: "image/png" }] }],
])("boundOf: pictures in the result of a function are refused or counted: %j", (result) => {
  const asked = bound(URL_, {
    ...MODEL,
    model: "gemini-2.5-flash",
    input: [{ type: "function_result", call_id: "1", result }],
  });
  const input = asked.kind === "bounded" ? asked.limits.maxInputTokens : Infinity;
  expect(input).toBeGreaterThan(1_120);
});

it("boundOf: texts and results as JSON are bounded, and a limit is written in the spelling of the body", () => {
  const result = { data: [{ celsius: 20 }] };
  const body = {
    model: "gemini-2.5-flash",
    input: [
      { type: "user_input", content: "Hi" },
      { type: "function_result", call_id: "1", result },
    ],
    response_format: { type: "object", properties: {} },
  };
  const limit = (config: object) => {
    const asked = bound(URL_, { ...body, generation_config: config }, { limitOutputTo: usd("0.001") });
    return asked.kind === "bounded" ? asked.limit?.path : asked;
  };
  expect(limit({})).toEqual(["generation_config", "max_output_tokens"]);
  expect(limit({ maxOutputTokens: 60_000 })).toEqual(["generation_config", "maxOutputTokens"]);
});

it.each([{ type: "video" }, { type: "constructor" }, { anyOf: [] }])(
  "boundOf: an answer of the form %j is refused",
  (format) => {
    expect(bound(URL_, { ...MODEL, model: "gemini-2.5-flash", response_format: format }).kind).toBe(
      "refused",
    );
  },
);
