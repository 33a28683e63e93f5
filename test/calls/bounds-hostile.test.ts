import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundOf } from "dispatch-kit/calls";
import {
  ask,
  AT,
  bound,
  CHAT,
  chat,
  CLAUDE,
  claude,
  GEMINI,
  gemini,
  LIST,
  refusal,
  RESPONSES,
  responses,
} from "./bounds-support.ts";

const URLS = [
  CHAT,
  RESPONSES,
  CLAUDE,
  GEMINI,
  "https://api.openai.com/v1/completions",
  "https://api.openai.com/v1/embeddings",
  "https://api.openai.com/v1/images/generations",
  "https://api.openai.com/v1/responses/compact",
  "https://generativelanguage.googleapis.com/v1beta/interactions",
  "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-flash:embedContent",
  "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-6/converse",
  "https://api.cohere.com/v2/chat",
  "https://openrouter.ai/api/v1/chat/completions",
  "https://api.voyageai.com/v1/multimodalembeddings",
  "https://api.voyageai.com/v1/rerank",
  "https://ollama.com/api/chat",
];

const FIELDS = [
  "messages",
  "content",
  "parts",
  "contents",
  "input",
  "tools",
  "type",
  "source",
  "system",
  "n",
  "text",
];
/** JSON whose fields are those that the readers look for, with any content. */
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1e308,
      2 ** 53,
      "",
      "text",
      "image",
      "image_url",
      "gpt-4o",
      "claude-opus-4-8",
    ),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(...FIELDS, "model", "max_tokens", "image_url", "file", "__proto__"),
      tie("tree"),
      {
        maxKeys: 5,
      },
    ),
  ),
}));

describe("boundOf: hostile bodies", () => {
  it("never throws, whatever a body contains", () => {
    fc.assert(
      fc.property(fc.constantFrom(...URLS), tree, fc.boolean(), (url, body, raw) => {
        const found = ask(url, raw ? JSON.stringify(body) : body);
        expect(["bounded", "refused"]).toContain(found.kind);
        expect(Object.isFrozen(found)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["no JSON", "{", /not JSON/],
    ["a list", "[]", /not a JSON object/],
    ["nothing", undefined, /no JSON body/],
    ["a function", () => 1, /no JSON body/],
    ["a bigint", { model: 1n }, /cannot be written/],
    ["a byte order mark", `\u{FEFF}${JSON.stringify(chat())}`, /not JSON/],
    ["bytes", new Uint8Array([123, 125]), /names no model/],
    ["no model", { messages: [] }, /names no model/],
    ["a model that is no text", chat({ model: ["gpt-4o"] }), /names no model/],
    ["a model of an inherited name", chat({ model: "__proto__" }), /no model/],
    ["messages that are no list", chat({ messages: "Hello" }), /list of objects/],
    ["choices without end", chat({ n: 1e9 }), /whole number/],
    ["half a choice", chat({ n: "2" }), /whole number/],
    [
      "a text that is also a picture",
      chat({ messages: [{ content: [{ type: "text", image_url: { url: "x" } }] }] }),
      /another type/,
    ],
    ["pictures beside the content", chat({ messages: [{ content: "x", images: ["AAAA"] }] }), /another type/],
  ])("refuses %s", (_, body, reason) => {
    expect(refusal(CHAT, body)).toMatch(reason);
  });

  it("refuses a body that is nested too deep, before anything walks it", () => {
    const deep = `{"model":"gpt-4o","messages":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(refusal(CHAT, deep)).toMatch(/nested more than 200 deep/);
    const object: Record<string, unknown> = {};
    object["messages"] = object;
    expect(refusal(CHAT, object)).toMatch(/cannot be written/);
  });

  it("refuses a field that is named twice, however it is written", () => {
    const twice = '{"model":"gpt-4o","max_completion_tokens":1,"max_completion_tokens":99999,"messages":[]}';
    expect(refusal(CHAT, twice)).toMatch(/names a field twice/);
    const escaped = String.raw`{"model":"gpt-4o","max_completion_tokens":1,"max_completion_tok\u0065ns":99999,"messages":[]}`;
    expect(refusal(CHAT, escaped)).toMatch(/names a field twice/);
    const nested = '{"model":"gpt-4o","messages":[{"role":"user","content":"a","content":"b"}]}';
    expect(refusal(CHAT, nested)).toMatch(/names a field twice/);
    // The same name in two objects, or in a text, is no duplicate.
    const tricky = String.raw`{"model":"gpt-4o","max_tokens":1,"messages":[{"role":"a","content":"\"n\":1,\\"},{"role":"a"}]}`;
    expect(bound(CHAT, tricky).maxOutputTokens).toBe(1);
  });

  it("refuses another spelling of a field, which some servers take for the same", () => {
    expect(refusal(CHAT, chat({ Max_Completion_Tokens: 99_999 }))).toMatch(/"Max_Completion_Tokens"/);
    expect(refusal(CHAT, chat({ N: 99 }))).toMatch(/"N"/);
    expect(refusal(GEMINI, gemini({ generation_config: { maxOutputTokens: 1 } }))).toMatch(/two spellings/);
    const config = { maxOutputTokens: 1, max_output_tokens: 99_999 };
    expect(refusal(GEMINI, gemini({ generationConfig: config }))).toMatch(/two spellings/);
  });

  it("reads own fields only", () => {
    const body: unknown = JSON.parse(
      '{"__proto__":{"max_completion_tokens":1},"model":"gpt-4o","messages":[]}',
    );
    expect(refusal(CHAT, body)).toMatch(/"__proto__"/);
    Object.assign(Object.prototype, { max_completion_tokens: 1, tools: [{ type: "web_search" }] });
    try {
      const { maxOutputTokens, hasServerTools } = bound(
        CHAT,
        JSON.stringify({ model: "gpt-4o", messages: [] }),
      );
      expect({ maxOutputTokens, hasServerTools }).toEqual({ maxOutputTokens: 16_384, hasServerTools: false });
    } finally {
      Reflect.deleteProperty(Object.prototype, "max_completion_tokens");
      Reflect.deleteProperty(Object.prototype, "tools");
    }
  });

  it("counts what is hidden in parts that look short", () => {
    const long = "x".repeat(10_000);
    const hidden = [
      [CHAT, chat({ messages: [{ role: "user", name: long, content: "a" }] })],
      [CHAT, chat({ messages: [{ role: "tool", tool_call_id: long, content: "a" }] })],
      [CHAT, chat({ tools: [{ type: "function", function: { name: "f", parameters: { [long]: {} } } }] })],
      [CHAT, chat({ messages: [{ content: [{ type: "image_url", image_url: { url: "x", alt: long } }] }] })],
      [RESPONSES, responses({ instructions: long })],
      [RESPONSES, responses({ input: [{ type: "function_call", name: "f", arguments: long }] })],
      [
        CLAUDE,
        claude({
          messages: [{ role: "user", content: [{ type: "tool_use", name: "t", input: { a: long } }] }],
        }),
      ],
      [CLAUDE, claude({ messages: [{ content: [{ type: "thinking", thinking: "", signature: long }] }] })],
      [GEMINI, gemini({ contents: [{ parts: [{ functionCall: { name: "f", args: { a: long } } }] }] })],
    ] as const;
    for (const [url, body] of hidden) {
      expect(bound(url, body).limits.maxInputTokens).toBeGreaterThanOrEqual(10_000);
    }
  });

  it("does not overflow", () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(refusal(CHAT, chat({ max_completion_tokens: most, n: 10 }))).toMatch(
      /more than a number can count/,
    );
    expect(bound(CHAT, chat({ max_completion_tokens: most })).amount).toBeGreaterThan(10n ** 15n);
    expect(ask(CHAT, chat(), { inputTokens: most }).kind).toBe("bounded");
  });

  it("answers a large body quickly", () => {
    const messages = Array.from({ length: 2_000 }, () => ({
      role: "user",
      content: "Hello, world. ".repeat(100),
    }));
    const body = JSON.stringify(chat({ messages }));
    const start = performance.now();
    expect(boundOf({ url: CHAT, body }, LIST, { at: AT }).kind).toBe("bounded");
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
