import { formatUsd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { bound } from "./bounds-guard-support.ts";
import { bound as bounded, chat, refusal } from "./bounds-support.ts";

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

const OPENROUTER = "https://openrouter.ai/api/v1/chat/completions";
const MAX_PRICE = { prompt: 1, completion: 10, request: 0.5 };
const body = (fields: object = {}, max_price: object = MAX_PRICE) =>
  chat({ provider: { max_price }, ...fields });

describe("boundOf: the highest prices at OpenRouter", () => {
  const long = { type: "ephemeral", ttl: "1h" };
  const cached = (cache_control: unknown) => ({
    messages: [{ role: "user", content: [{ type: "text", text: "Hello", cache_control }] }],
  });

  // A million tokens of input, all written to the cache; 100 tokens of output at $10 for a million; and $0.5.
  it.each<readonly [string, object, string]>([
    ["1.25 times the input", {}, "1.751"],
    ["1.25 times the input for a short cache", cached({ type: "ephemeral" }), "1.751"],
    ["twice the input for a cache of an hour", cached(long), "2.501"],
    ["twice the input for a cache of an hour of the whole request", { cache_control: long }, "2.501"],
  ])("are %s", (_, fields, usd) => {
    expect(formatUsd(bounded(OPENROUTER, body(fields), { inputTokens: 1_000_000 }).amount)).toBe(usd);
  });

  it("stand for the model, as far as rates can name it", () => {
    const rates = (model: string) => bounded(OPENROUTER, body({ model })).rates;
    expect(rates("m".repeat(200)).model).toBe("m".repeat(200));
    expect(rates("m".repeat(201)).model).toBeUndefined();
    expect(rates("m".repeat(201)).inputUsdPerMTok).toBe("1");
  });

  it.each([[[1]], [true], ["1e3"], [-1], [{}]])("are refused if they are no plain decimals: %j", (prompt) => {
    expect(refusal(OPENROUTER, body({}, { ...MAX_PRICE, prompt }))).toBe(
      "unreadable: provider.max_price.prompt must be a plain decimal",
    );
  });

  it.each(["prompt", "completion", "request"])("are refused without the one for %s", (name) => {
    expect(refusal(OPENROUTER, body({}, { ...MAX_PRICE, [name]: null }))).toBe(
      "unbounded: OpenRouter chooses who serves it; set prompt, completion and request in provider.max_price",
    );
  });
});

// These models do not say by their names what the request asks for.
const BESIDE = "unbounded: OpenRouter may bill pictures and sound beside its tokens";
it.each<readonly [object, string]>([
  [{ modalities: ["image", "text"] }, BESIDE],
  [{ modalities: ["audio", "text"] }, BESIDE],
  [{ image_config: { aspect_ratio: "1:1" } }, BESIDE],
  [{ messages: [{ role: "assistant", audio: { id: "audio_1" } }] }, BESIDE],
  [{ models: ["openai/gpt-4o", 5] }, "unreadable: models must be texts"],
])("boundOf: OpenRouter does not limit the price of %j", (fields, reason) => {
  expect(refusal(OPENROUTER, body(fields))).toBe(reason);
});
