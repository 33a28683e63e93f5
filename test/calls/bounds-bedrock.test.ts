import type { BoundOptions, Prices } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { bound, LIST, numberOf, refusal } from "./bounds-support.ts";

type Body = Readonly<Record<string, unknown>>;

const HOST = "https://bedrock-runtime.us-east-1.amazonaws.com/model";
const CONVERSE = `${HOST}/global.anthropic.claude-sonnet-4-6/converse`;
const NOVA = `${HOST}/amazon.nova-pro-v1:0/converse`;
/** A profile of one's own: its ARN does not name the model. */
const PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
const OWN = `${HOST}/${encodeURIComponent(PROFILE)}/converse`;
const PLAIN = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" };
const PRICES: Prices = { ...LIST, "amazon.nova-pro-v1:0": PLAIN, [PROFILE]: PLAIN };
/** Data that is longer than any bound below. */
const BYTES = "A".repeat(99_999);
const S3 = { s3Location: { uri: "s3://bucket/key" } };

const converse = (more: Body = {}): Body => ({
  messages: [{ role: "user", content: [{ text: "Hello" }] }],
  inferenceConfig: { maxTokens: 100 },
  ...more,
});
const parts = (...content: readonly unknown[]): Body => converse({ messages: [{ role: "user", content }] });
const toolSpec = { name: "find", inputSchema: { json: { type: "object" } } };
const tools = (...list: readonly unknown[]): Body => converse({ toolConfig: { tools: list } });

/** The numbers of the input beside the texts, after checks that it is their sum and that the amount pays for it. */
function numbers(url: string, body: Body, options?: Partial<BoundOptions>): readonly string[] {
  const found = bound(url, body, options, PRICES);
  const input = found.numbers.filter(({ name }) => name !== "output limit");
  const sum = input.reduce((total, { value }) => total + value, 0);
  expect(found.limits).toMatchObject({ maxInputTokens: sum, maxOutputTokens: 100 });
  // $1 and $10 for a million tokens are 100 and 1,000 micro-cents for one.
  expect(found.amount).toBe(100n * BigInt(sum) + 1_000n * 100n);
  expect(numberOf(found, "texts")).toBeLessThan(2_000);
  return input.slice(1).map(({ name, value, standing }) => `${name} ${value} ${standing}`);
}

describe("boundOf: parts of Bedrock's Converse", () => {
  const picture = { image: { format: "png", source: { bytes: BYTES } } };

  it.each<readonly [string, Body, readonly string[]]>([
    ["a text", { text: "Hello" }, []],
    ["a call of a tool", { toolUse: { toolUseId: "t", name: "find", input: { a: 1 } } }, []],
    ["an answer with citations", { citationsContent: { content: [{ text: "a" }], citations: [] } }, []],
    ["a search result", { searchResult: { source: "s", title: "t", content: [{ text: "a" }] } }, []],
    ["a picture", picture, ["picture 1608 published"]],
    ["a picture in S3", { image: { format: "png", source: S3 } }, ["picture 1608 published"]],
    ["a document that is a text", { document: { name: "d", source: { text: "a" } } }, []],
    ["a PDF file", { document: { name: "d", source: { bytes: BYTES } } }, ["document 300 stated"]],
    ["a document in S3", { document: { name: "d", source: S3 } }, ["document 300 stated"]],
    ["sound", { audio: { format: "mp3", source: { bytes: BYTES } } }, ["audio 300 stated"]],
    ["a video", { video: { format: "mp4", source: { bytes: BYTES } } }, ["video 300 stated"]],
    [
      "a tool's result",
      { toolResult: { toolUseId: "t", content: [{ json: { a: "b" } }, picture] } },
      ["picture 1608 published"],
    ],
    [
      "reasoning",
      { reasoningContent: { reasoningText: { text: "a", signature: "AAAA" } } },
      ["encrypted reasoning 0 assumed"],
    ],
  ])("%s", (_, part, expected) => {
    expect(numbers(CONVERSE, parts(part), { fileTokens: 300 })).toEqual(expected);
  });

  it("the price of sound and of video counts only where it may be heard or seen", () => {
    const limits = (part: Body) => bound(CONVERSE, parts(part), { fileTokens: 300 }).limits;
    const none = { maxInputAudioTokens: 0, maxInputVideoTokens: 0 };
    expect(limits({ document: { name: "d", source: S3 } })).toMatchObject(none);
    expect(limits({ audio: { source: S3 } })).not.toHaveProperty("maxInputAudioTokens");
    expect(limits({ audio: { source: S3 } })).toHaveProperty("maxInputVideoTokens", 0);
    expect(limits({ video: { source: S3 } })).not.toHaveProperty("maxInputAudioTokens");
    expect(limits({ video: { source: S3 } })).not.toHaveProperty("maxInputVideoTokens");
  });

  const hint = "set fileTokens, inputTokens or maxInputTokens";
  it.each<readonly [string, Body, string]>([
    [
      "a PDF file",
      parts({ document: { source: S3 } }),
      `unbounded: nobody knows the tokens of its document; ${hint}`,
    ],
    // A server ignores the field that its format does not have.
    [
      "a video with a text beside it",
      parts({ video: { source: { text: "a", bytes: BYTES } } }),
      `unbounded: nobody knows the tokens of its video; ${hint}`,
    ],
    [
      "sound as a text",
      parts({ audio: { source: { text: "a" } } }),
      `unbounded: nobody knows the tokens of its audio; ${hint}`,
    ],
    [
      "a document with two sources",
      parts({ document: { source: { text: "a", bytes: BYTES } } }),
      `unbounded: nobody knows the tokens of its document; ${hint}`,
    ],
    ["a picture that is no object", parts({ image: "AAAA" }), "unreadable: image must be an object"],
    [
      "a part that a guardrail reads",
      parts({ guardContent: { text: { text: "a" } } }),
      'unbounded: nobody knows what a part with "guardContent" costs',
    ],
    [
      "a part of another kind",
      parts({ newest: "a" }),
      'unbounded: nobody knows what a part with "newest" costs',
    ],
    ["content that is no list", parts("Hello"), "unreadable: content must be a list of objects"],
    [
      "a system prompt that is no list",
      converse({ system: "Hello" }),
      "unreadable: system must be a list of objects",
    ],
  ])("refuses %s", (_, body, reason) => {
    expect(refusal(CONVERSE, body)).toBe(reason);
  });

  it("the system prompt is read as any other content", () => {
    expect(numbers(CONVERSE, converse({ system: [{ text: "Hello" }] }))).toEqual([]);
    expect(refusal(CONVERSE, converse({ system: [{ newest: {} }] }))).toBe(
      'unbounded: nobody knows what a part with "newest" costs',
    );
  });
});

describe("boundOf: tools of Bedrock's Converse", () => {
  it.each<readonly [string, string, Body, readonly string[]]>([
    ["Claude's prompt", CONVERSE, tools({ toolSpec }), ["tool prompt 746 published"]],
    [
      "Claude's prompt for a forced tool",
      CONVERSE,
      converse({ toolConfig: { tools: [{ toolSpec }], toolChoice: { any: {} } } }),
      ["tool prompt 884 published"],
    ],
    [
      "the most of any prompt for a profile of one's own",
      OWN,
      tools({ toolSpec }),
      ["tool prompt 1608 published"],
    ],
    ["nothing without tools", CONVERSE, tools(), []],
    ["nothing for other makers", NOVA, tools({ toolSpec }), []],
    ["nothing for a tool that is not strict", NOVA, tools({ toolSpec: { ...toolSpec, strict: false } }), []],
  ])("adds %s", (_, url, body, expected) => {
    expect(numbers(url, body)).toEqual(expected);
  });

  it("refuses a tool that Bedrock runs", () => {
    expect(refusal(CONVERSE, tools({ systemTool: { name: "nova_grounding" } }))).toBe(
      'unbounded: nobody knows what its tool "systemTool" costs',
    );
  });
});

describe("boundOf: what Bedrock adds without a published number", () => {
  it.each<readonly [string, Body, string]>([
    ["a strict tool", tools({ toolSpec: { ...toolSpec, strict: true } }), "for a strict tool"],
    [
      "a JSON schema",
      converse({ outputConfig: { textFormat: { type: "json_schema", structure: {} } } }),
      "for a JSON schema of its output",
    ],
    [
      "citations of a document",
      parts({ document: { name: "d", source: { text: "a" }, citations: { enabled: true } } }),
      "for citations",
    ],
    [
      "citations of a search result",
      parts({ searchResult: { source: "s", content: [{ text: "a" }], citations: { enabled: true } } }),
      "for citations",
    ],
  ])("needs addedTokens for %s", (_, body, why) => {
    expect(refusal(CONVERSE, body)).toBe(
      `unbounded: nobody knows the tokens of what the provider adds ${why}; set addedTokens or maxInputTokens`,
    );
    expect(numbers(CONVERSE, body, { addedTokens: 500 })).toContain("added by the provider 500 stated");
  });
});

describe("boundOf: settings of Bedrock's Converse", () => {
  it.each<readonly [string, Body]>([
    ["standard latency", { performanceConfig: { latency: "standard" } }],
    ["no latency", { performanceConfig: {} }],
    [
      "reasoning inside of the limit",
      { additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 50 } } },
    ],
    ["the default tier", { serviceTier: { type: "default" } }],
  ])("bounds %s as any other request", (_, more) => {
    expect(numbers(CONVERSE, converse(more))).toEqual([]);
  });

  it.each<readonly [string, Body, string]>([
    [
      "optimized latency",
      { performanceConfig: { latency: "optimized" } },
      "unbounded: optimized latency has its own price",
    ],
    [
      "a latency that is no text",
      { performanceConfig: { latency: 1 } },
      "unbounded: optimized latency has its own price",
    ],
    [
      "a guardrail",
      { guardrailConfig: { guardrailIdentifier: "g" } },
      'unbounded: nobody knows what its field "guardrailConfig" costs; name it in ignoreFields if it costs nothing',
    ],
    [
      "tools of the maker's own",
      { additionalModelRequestFields: { tools: [{ type: "computer_20250124" }] } },
      'unbounded: nobody knows what its field "tools" costs; name it in ignoreFields if it costs nothing',
    ],
    [
      "no limit of the output",
      { inferenceConfig: {} },
      "unbounded: neither the request nor the price list limits the output; set inferenceConfig.maxTokens in the request, or maxOutputTokens",
    ],
  ])("refuses %s", (_, more, reason) => {
    expect(refusal(CONVERSE, converse(more))).toBe(reason);
  });

  it.each<readonly [string, readonly unknown[], object]>([
    ["no", [], { cacheTtl: null, limits: { maxCacheWriteTokens: 0, maxCacheWrite1hTokens: 0 } }],
    [
      "a short",
      [{ cachePoint: { type: "default" } }],
      { cacheTtl: "5m", limits: { maxCacheWrite1hTokens: 0 } },
    ],
    [
      "a long",
      [{ cachePoint: { type: "default", ttl: "1h" } }, { cachePoint: { type: "default" } }],
      { cacheTtl: "1h" },
    ],
  ])("takes %s cache from its points", (_, points, expected) => {
    const cached = {
      ...PLAIN,
      cache_creation_input_token_cost: 1.25e-6,
      cache_creation_input_token_cost_above_1hr: 2e-6,
    };
    const found = bound(
      CONVERSE,
      converse({ system: [{ text: "a" }, ...points] }),
      {},
      {
        "global.anthropic.claude-sonnet-4-6": cached,
      },
    );
    expect(found).toMatchObject(expected);
  });
});
