import type { BoundOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { bound, LIST, refusal } from "./bounds-support.ts";

type Body = Readonly<Record<string, unknown>>;

const COHERE = "https://api.cohere.com/v2/chat";
const VOYAGE = "https://api.voyageai.com/v1/multimodalembeddings";
const OLLAMA_CHAT = "https://ollama.com/api/chat";
const OLLAMA_GENERATE = "https://ollama.com/api/generate";
const OLLAMA_EMBED = "https://ollama.com/api/embed";
const CHAT = {
  input_cost_per_token: 1e-6,
  output_cost_per_token: 1e-5,
  max_input_tokens: 8_192,
  mode: "chat",
};
const EMBEDDING = { input_cost_per_token: 1e-6, mode: "embedding" };
const PRICES = {
  ...LIST,
  "ollama/llava": CHAT,
  "ollama/embed": EMBEDDING,
  "voyage/voyage-multimodal-3": EMBEDDING,
};
/** Data that is longer than any bound below. */
const DATA = "A".repeat(99_999);

/** The numbers beside the texts, after a check of the amount: $1 and $10 for a million tokens. */
function numbers(url: string, body: Body, options: Partial<BoundOptions> = {}): readonly string[] {
  const { amount, limits, numbers: all } = bound(url, body, options, PRICES);
  expect(amount).toBe(100n * BigInt(limits.maxInputTokens) + 1_000n * BigInt(limits.maxOutputTokens));
  expect(limits.maxInputTokens).toBeLessThan(1_000);
  const [texts, ...others] = all.map(({ name, value, standing }) => `${name} ${value} ${standing}`);
  expect(texts).toMatch(/^texts \d+ proven$/);
  return others;
}

describe("boundOf: Cohere's chat", () => {
  const cohere = (...content: readonly unknown[]): Body => ({
    model: "command-a",
    max_tokens: 10,
    messages: [{ role: "user", content }],
  });
  const limit = "output limit 10 stated";
  const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${DATA}`, detail: "low" } };

  it.each<readonly [string, unknown, readonly string[]]>([
    ["a text that stands alone", "Hello", [limit]],
    ["a text", { type: "text", text: "Hello" }, [limit]],
    ["reasoning", { type: "thinking", thinking: "a" }, [limit]],
    ["a document of a tool", { type: "document", document: { id: "1", data: { a: "b" } } }, [limit]],
    ["a picture", picture, ["picture 200 stated", limit]],
  ])("%s", (_, part, expected) => {
    expect(numbers(COHERE, cohere(part), { pictureTokens: 200 })).toEqual(expected);
  });

  it.each<readonly [string, unknown, string]>([
    ["a picture", picture, 'unbounded: "command-a" has no published cap for pictures; set pictureTokens'],
    [
      "a picture that is no object",
      { type: "image_url", image_url: "x" },
      "unreadable: image_url must be an object",
    ],
    [
      "a text with a picture",
      { type: "text", text: "a", image_url: { url: "x" } },
      'unreadable: a part of another type has the field "image_url"',
    ],
    ["another part", { type: "newest" }, 'unbounded: nobody knows what a part of the type "newest" costs'],
    ["a part without a type", { text: "a" }, 'unbounded: nobody knows what a part of the type "" costs'],
    ["a part that is no object", 5, "unreadable: content must be texts and objects"],
  ])("refuses %s", (_, part, reason) => {
    expect(refusal(COHERE, cohere(part))).toBe(reason);
  });
});

describe("boundOf: Ollama", () => {
  const llava = (more: Body): Body => ({ model: "llava", options: { num_predict: 10 }, ...more });
  const limit = "output limit 10 stated";
  const picture = "picture 200 stated";

  it.each<readonly [string, string, Body, readonly string[]]>([
    ["a chat", OLLAMA_CHAT, { messages: [{ role: "user", content: "Hello" }] }, [limit]],
    [
      "a chat with pictures",
      OLLAMA_CHAT,
      {
        messages: [
          { content: "a", images: [DATA] },
          { content: "b", images: [DATA] },
        ],
      },
      [picture, picture, limit],
    ],
    ["a generation", OLLAMA_GENERATE, { prompt: "Hello", images: [] }, [limit]],
    [
      "a generation with pictures",
      OLLAMA_GENERATE,
      { prompt: "Hello", images: [DATA, DATA] },
      [picture, picture, limit],
    ],
    ["a generation with a picture outside of a list", OLLAMA_GENERATE, { images: DATA }, [picture, limit]],
  ])("%s", (_, url, more, expected) => {
    expect(numbers(url, llava(more), { pictureTokens: 200 })).toEqual(expected);
  });

  it("a template may repeat the prompt, so only the context window bounds it", () => {
    const body = llava({ prompt: "a".repeat(100), template: "{{ .Prompt }}".repeat(30) });
    const open = { unseen: "contextWindow" } as const;
    expect(refusal(OLLAMA_GENERATE, body, { aliases: { llava: "command-a" } })).toBe(
      'unbounded: nobody knows the tokens of what its template repeats; set knownAnswers, maxInputTokens or unseen: "contextWindow"',
    );
    expect(bound(OLLAMA_GENERATE, body, open, PRICES).limits.maxInputTokens).toBe(8_192);
    expect(bound(OLLAMA_GENERATE, body, { maxInputTokens: 5_000 }, PRICES).limits.maxInputTokens).toBe(5_000);
  });

  it("an output without a limit is refused", () => {
    expect(refusal(OLLAMA_CHAT, { model: "command-a", messages: [], options: { num_predict: -1 } })).toBe(
      "unbounded: neither the request nor the price list limits the output; set options.num_predict in the request, or maxOutputTokens",
    );
  });

  it("embeddings have no output", () => {
    expect(numbers(OLLAMA_EMBED, { model: "embed", input: ["a", "b"] })).toEqual([]);
  });
});

describe("boundOf: Voyage's embeddings of texts and pictures", () => {
  const voyage = (...content: readonly unknown[]): Body => ({
    model: "voyage-multimodal-3",
    inputs: [{ content: [{ type: "text", text: "Hello" }, ...content] }],
  });
  const byUrl = { type: "image_url", image_url: `https://x.example/${DATA}` };
  const byData = { type: "image_base64", image_base64: `data:image/png;base64,${DATA}` };

  it.each<readonly [string, Body, readonly string[]]>([
    ["a text", voyage(), []],
    ["a picture by its URL", voyage(byUrl), ["picture 200 stated"]],
    ["two pictures", voyage(byUrl, byData), ["picture 200 stated", "picture 200 stated"]],
  ])("%s", (_, body, expected) => {
    expect(numbers(VOYAGE, body, { pictureTokens: 200 })).toEqual(expected);
  });

  it.each<readonly [string, Body, string]>([
    [
      "a picture",
      voyage(byData),
      'unbounded: "voyage-multimodal-3" has no published cap for pictures; set pictureTokens',
    ],
    [
      "a video",
      voyage({ type: "video_url", video_url: "https://x.example" }),
      'unbounded: nobody knows what a part with "video_url" costs',
    ],
    [
      "an input that is no object",
      { ...voyage(), inputs: [["a"]] },
      "unreadable: inputs must be a list of objects",
    ],
  ])("refuses %s", (_, body, reason) => {
    expect(refusal(VOYAGE, body)).toBe(reason);
  });
});
