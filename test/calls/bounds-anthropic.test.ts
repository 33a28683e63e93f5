import { formatUsd } from "dispatch-kit";
import type { BoundOptions } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { bound, CLAUDE, claude, LIST, numberOf, refusal } from "./bounds-support.ts";

type Body = Readonly<Record<string, unknown>>;

/** Data that is longer than any bound below. */
const DATA = "A".repeat(99_999);
const IMAGE = { type: "image", source: { type: "base64", media_type: "image/png", data: DATA } };
const PDF = { type: "document", source: { type: "base64", media_type: "application/pdf", data: DATA } };
const TEXT_FILE = { type: "text", media_type: "text/plain", data: "a" };
const TOOL = { name: "find", input_schema: { type: "object" } };
const COMPUTER = { name: "computer", display_width_px: 1024, display_height_px: 768 };

const parts = (...content: readonly unknown[]): Body => claude({ messages: [{ role: "user", content }] });
const tools = (...list: readonly unknown[]): Body => claude({ tools: list });

/** The numbers of the input beside the texts, which are short. */
function numbers(body: Body, options?: Partial<BoundOptions>, list?: object): readonly string[] {
  const found = bound(CLAUDE, body, options, { ...LIST, ...list });
  const input = found.numbers.filter(({ name }) => name !== "output limit");
  expect(found.limits.maxInputTokens).toBe(input.reduce((total, { value }) => total + value, 0));
  expect(numberOf(found, "texts")).toBeLessThan(2_000);
  return input.slice(1).map(({ name, value, standing }) => `${name} ${value} ${standing}`);
}

describe("boundOf: parts of Claude's messages", () => {
  const picture = `picture ${4_784 + 40} published`;

  it.each<readonly [string, unknown, readonly string[]]>([
    ["a text that stands alone", "Hello", []],
    ["a call of a tool", { type: "tool_use", id: "t", name: "find", input: { a: 1 } }, []],
    ["a tool's result that is a text", { type: "tool_result", tool_use_id: "t", content: "a" }, []],
    [
      "a tool's result with a picture",
      { type: "tool_result", tool_use_id: "t", content: ["a", IMAGE] },
      [picture],
    ],
    ["the result of an MCP server", { type: "mcp_tool_result", content: [{ type: "text", text: "a" }] }, []],
    [
      "a search result",
      { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "a" }] },
      [],
    ],
    ["a document that is a text", { type: "document", source: TEXT_FILE }, []],
    [
      "a document of parts",
      { type: "document", source: { type: "content", content: ["a", IMAGE] } },
      [picture],
    ],
    ["a PDF file", PDF, ["document 300 stated"]],
    [
      "a PDF file by its URL",
      { type: "document", source: { type: "url", url: "https://x.example" } },
      ["document 300 stated"],
    ],
    ["reasoning", { type: "thinking", thinking: "a", signature: "AAAA" }, ["encrypted reasoning 0 assumed"]],
    ["encrypted reasoning", { type: "redacted_thinking", data: "AAAA" }, ["encrypted reasoning 0 assumed"]],
    [
      "the error of a search",
      { type: "web_search_tool_result", content: { type: "web_search_tool_result_error", error_code: "x" } },
      ["encrypted result 0 assumed"],
    ],
    [
      "a page that a fetch has read",
      { type: "web_fetch_tool_result", content: { type: "web_fetch_result", content: PDF } },
      ["encrypted result 0 assumed", "document 300 stated"],
    ],
    [
      "a result of a text and a PDF file",
      { type: "newest_tool_result", content: ["a", PDF] },
      ["encrypted result 0 assumed", "document 300 stated"],
    ],
  ])("%s", (_, part, expected) => {
    expect(numbers(parts(part), { fileTokens: 300 })).toEqual(expected);
  });

  it.each<readonly [string, unknown, string]>([
    ["a part that is no object", 5, "unreadable: content must be texts and objects"],
    ["a part without a type", { text: "a" }, 'unbounded: nobody knows what a part of the type "" costs'],
    [
      "a part of another type",
      { type: "newest" },
      'unbounded: nobody knows what a part of the type "newest" costs',
    ],
    [
      "a file for a container",
      { type: "container_upload", file_id: "f" },
      "unbounded: its container is billed by time",
    ],
    [
      "a text with a file",
      { type: "text", text: "a", file_id: "f" },
      'unreadable: a part of another type has the field "file_id"',
    ],
    [
      "a result with a file",
      { type: "code_execution_tool_result", content: { content: [{ file_id: "f" }] } },
      'unreadable: a part of another type has the field "file_id"',
    ],
    [
      "a document that another one brings",
      { type: "document", source: { type: "content", content: [PDF] } },
      "unbounded: nobody knows the tokens of its document; set fileTokens, inputTokens or maxInputTokens",
    ],
  ])("refuses %s", (_, part, reason) => {
    expect(refusal(CLAUDE, parts(part))).toBe(reason);
  });
});

describe("boundOf: tools of Claude", () => {
  const prompt = `tool prompt ${290 + 145} published`;

  it.each<readonly [string, Body, readonly string[]]>([
    ["none", tools(), []],
    ["one of the caller's own", tools({ type: "custom", ...TOOL }), [prompt]],
    ["one that is not strict", tools({ ...TOOL, strict: false }), [prompt]],
    [
      "those that Anthropic defines",
      tools({ type: "computer_20250124", ...COMPUTER }, { type: "text_editor_20250728", name: "e" }),
      [
        prompt,
        `tool computer_20250124 ${1_234 + 617} published`,
        `tool text_editor_20250728 ${700 + 350} published`,
      ],
    ],
  ])("%s", (_, body, expected) => {
    expect(numbers(body)).toEqual(expected);
  });

  it.each([
    ["claude-opus-4-7", 675, 338, 804, 402],
    ["claude-sonnet-4-6", 497, 249, 589, 295],
    ["claude-sonnet-4-20250514", 346, 173, 315, 158],
    // The table does not name it.
    ["claude-next", 804, 804, 804, 804],
  ])(
    "the prompt of %s is %i + %i tokens, and %i + %i for a forced tool",
    (model, auto, half, any, halfOfAny) => {
      const list = { [model]: LIST["claude-haiku-4-5"] };
      const body = { ...tools(TOOL), model };
      expect(numbers(body, {}, list)).toEqual([`tool prompt ${auto + half} published`]);
      const forced = { ...body, tool_choice: { type: "tool", name: "find" } };
      expect(numbers(forced, {}, list)).toEqual([`tool prompt ${any + halfOfAny} published`]);
    },
  );

  const unseen = (what: string) =>
    `unbounded: nobody knows the tokens of ${what}; set knownAnswers, maxInputTokens or unseen: "contextWindow"`;
  it.each<readonly [string, Body, string]>([
    [
      "an unknown tool",
      tools({ type: "newest_1", name: "n" }),
      'unbounded: nobody knows what its tool "newest_1" costs',
    ],
    [
      "code",
      tools({ type: "code_execution_20250825", name: "c" }),
      "unbounded: its code execution is billed by time",
    ],
    [
      "a fetch",
      tools({ type: "web_fetch_20250910", name: "f" }),
      unseen('what its tool "web_fetch_20250910" finds'),
    ],
    [
      "MCP servers",
      claude({ mcp_servers: [{ type: "url", url: "https://x.example", name: "m" }] }),
      unseen("the tools of its MCP servers"),
    ],
  ])("refuses %s", (_, body, reason) => {
    expect(refusal(CLAUDE, body)).toBe(reason);
  });

  it("a loop on Anthropic's servers reads the context window and writes the limit 10 times", () => {
    const loop = { maxInputTokens: 10_000_000, maxOutputTokens: 1_000 };
    const limits = (body: Body) => bound(CLAUDE, body, { unseen: "contextWindow" }).limits;
    expect(limits(tools({ type: "web_fetch_20250910", name: "f" }))).toMatchObject({
      ...loop,
      maxSearches: 0,
    });
    const search = { type: "web_search_20250305", name: "w" };
    expect(limits(tools({ ...search, max_uses: 3 }, { ...search, max_uses: 4 }))).toMatchObject({
      ...loop,
      maxSearches: 7,
    });
    expect(limits(claude({ mcp_servers: [{ type: "url", name: "m" }] }))).toMatchObject({
      ...loop,
      maxSearches: 0,
    });
  });
});

describe("boundOf: what Claude adds without a published number", () => {
  const cited = { citations: { enabled: true } };
  it.each<readonly [string, Body, string]>([
    ["a strict tool", tools({ ...TOOL, strict: true }), "for a strict tool"],
    ["the memory tool", tools({ type: "memory_20250818", name: "memory" }), 'for its tool "memory_20250818"'],
    [
      "a JSON schema",
      claude({ output_format: { type: "json_schema", schema: {} } }),
      "for a JSON schema of its output",
    ],
    // "Enabling citations incurs a slight increase in input tokens": docs/en/build-with-claude/citations.
    ["citations of a document", parts({ type: "document", source: TEXT_FILE, ...cited }), "for citations"],
    [
      "citations of a search result",
      parts({ type: "search_result", content: [], ...cited }),
      "for citations",
    ],
    [
      "citations of a search result of a tool",
      parts({ type: "tool_result", content: [{ type: "search_result", content: [], ...cited }] }),
      "for citations",
    ],
  ])("needs addedTokens for %s", (_, body, why) => {
    expect(refusal(CLAUDE, body)).toBe(
      `unbounded: nobody knows the tokens of what the provider adds ${why}; set addedTokens or maxInputTokens`,
    );
    expect(numbers(body, { addedTokens: 500 })).toContain("added by the provider 500 stated");
  });

  it("needs nothing for citations that are off", () => {
    expect(numbers(parts({ type: "document", source: TEXT_FILE, citations: { enabled: false } }))).toEqual(
      [],
    );
  });
});

describe("boundOf: settings of Claude's messages", () => {
  const edits = (...list: readonly unknown[]) => claude({ context_management: { edits: list } });

  it("an edit that only clears adds nothing", () => {
    expect(numbers(edits({ type: "clear_tool_uses_20250919" }, { type: "clear_thinking_20251015" }))).toEqual(
      [],
    );
  });

  const compaction =
    "unbounded: compaction reads and writes the conversation once more, which no limit bounds";
  it.each([
    ["compaction", [{ type: "clear_tool_uses_20250919" }, { type: "compact_20260112" }], compaction],
    ["an edit without a type", [{}], compaction],
    ["an edit that is no object", ["clear_"], "unreadable: edits must be a list of objects"],
  ])("refuses %s", (_, list, reason) => {
    expect(refusal(CLAUDE, edits(...list))).toBe(reason);
  });

  it("the fast mode has a factor of the list, and is refused without one", () => {
    const cost = (speed: unknown) => {
      const opus = { ...LIST["claude-opus-4-8"], provider_specific_entry: { fast: 6 } };
      const options = { inputTokens: 1_000_000, region: "global" };
      const { amount, serviceTier } = bound(CLAUDE, claude({ speed }), options, { "claude-opus-4-8": opus });
      return [formatUsd(amount), serviceTier];
    };
    expect(cost("standard")).toEqual(["5.0025", null]);
    expect(cost(null)).toEqual(["5.0025", null]);
    expect(cost("fast")).toEqual(["30.015", "fast"]);
    expect(refusal(CLAUDE, claude({ speed: "fast" }))).toMatch(/^unpriced: /);
    expect(refusal(CLAUDE, claude({ speed: 5 }))).toBe("unreadable: its service tier must be a text");
  });

  const short = { type: "ephemeral" };
  const long = { type: "ephemeral", ttl: "1h" };
  it.each([
    ["5m", [short, { ...short, ttl: "5m" }]],
    ["5m", ["ephemeral"]],
    ["1h", [long, short]],
    ["1h", [short, long]],
    // A lifetime that is not known may be longer than five minutes.
    ["1h", [{ ...short, ttl: "2h" }]],
    [null, [null]],
  ])("the longest cache is %s: %j", (ttl, marks) => {
    const system = marks.map((cache_control) => ({ type: "text", text: "a", cache_control }));
    expect(bound(CLAUDE, claude({ system })).cacheTtl).toBe(ttl);
  });
});
