import { expect, it } from "vitest";
import { bound } from "./bounds-guard-support.ts";

const asked = (fields: object, options = {}) =>
  bound(
    "https://openrouter.ai/api/v1/chat/completions",
    {
      model: "openai/gpt-4o",
      max_tokens: 1_290,
      messages: [{ role: "user", content: "Hi" }],
      provider: { max_price: { prompt: 1, completion: 2.5, request: 0 } },
      ...fields,
    },
    options,
  ).kind;

// openrouter.ai/docs/features/presets: system prompts, models, tools such as web search and advisors, stored there.
it.each([
  { model: "@preset/research" },
  { model: "openai/gpt-4o@preset/research" },
  { models: ["@preset/research"] },
])("boundOf: a preset is refused, because its prompt and its tools are not in the body: %j", (fields) => {
  expect(asked(fields)).toBe("refused");
});

it.each([{ models: ["openai/gpt-4o:online"] }, { model: "openai/gpt-4o:online:nitro" }])(
  "boundOf: a search by the name of a model is refused wherever it stands: %j",
  (fields) => {
    expect(asked({ model: "openai/gpt-4o:online" })).toBe("refused");
    expect(asked(fields)).toBe("refused");
  },
);

// docs/bounds.md: "pictures and audio at OpenRouter: may be billed beside the tokens". Its max_price has `image` and `audio`.
it.each([
  { model: "google/gemini-2.5-flash-image", modalities: ["image", "text"] },
  { model: "openai/gpt-audio", modalities: ["audio", "text"], audio: { voice: "alloy", format: "mp3" } },
])("boundOf: pictures and sound that it makes are refused: %j", (fields) => {
  expect(asked(fields)).toBe("refused");
});

it("boundOf: files are refused, because OpenRouter may bill their pages", () => {
  const content = [{ type: "file", file: { filename: "a.pdf", file_data: "https://x.example/a.pdf" } }];
  expect(asked({ messages: [{ role: "user", content }] }, { fileTokens: 100 })).toBe("refused");
});
