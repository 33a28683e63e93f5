import { describe, expect, it } from "vitest";
import { bound, LIST, numberOf, refusal, RESPONSES, responses } from "./bounds-support.ts";

const XAI = "https://api.x.ai/v1/responses";
const HINT = 'set knownAnswers, maxInputTokens or unseen: "contextWindow"';
const item = (one: unknown) => responses({ input: [one] });
const part = (one: unknown) =>
  item({ role: "user", content: ["Hi", { type: "input_text", text: "Hi" }, one] });
const sizeOf = (body: unknown): number => bound(RESPONSES, body).limits.maxInputTokens;

describe("boundOf: the items of a response", () => {
  it.each([
    [responses({ input: 5 }), "unreadable: input must be a text or a list of items"],
    [item({ type: "newest" }), 'unbounded: nobody knows what an item of the type "newest" costs'],
    [part(5), "unreadable: content must be texts and objects"],
    [part({ type: "newest" }), 'unbounded: nobody knows what a part of the type "newest" costs'],
    [part({ text: "Hi" }), 'unbounded: nobody knows what a part of the type "" costs'],
    [
      item({ type: "computer_call_output", output: { image_url: "x" } }),
      'unbounded: nobody knows what a part of the type "" costs',
    ],
    [
      item({
        type: "code_interpreter_call",
        outputs: [
          { type: "logs", logs: "1" },
          { type: "image", url: "x" },
        ],
      }),
      "unbounded: nobody knows the tokens of pictures that code has made",
    ],
  ])("%j: %s", (body, reason) => {
    expect(refusal(RESPONSES, body)).toBe(reason);
  });

  it.each([
    ["the conversation", responses({ conversation: "id_1" })],
    ["the conversation", responses({ conversation: { id: "id_1" } })],
    ["the item", item({ type: null, id: "id_1", content: null })],
    ["the results of the search", item({ type: "web_search_call", id: "id_1", status: "completed" })],
    ["the results of the search", item({ type: "file_search_call", id: "id_1", results: null })],
    ["the output of the code", item({ type: "code_interpreter_call", id: "id_1", code: "1", outputs: null })],
    ["the reasoning", item({ type: "reasoning", id: "id_1", summary: [], encrypted_content: "" })],
    // OpenAI never shows its reasoning, so this is not all of it.
    [
      "the reasoning",
      item({ type: "reasoning", id: "id_1", content: [{ type: "reasoning_text", text: "" }] }),
    ],
    ["the reasoning", item({ type: "compaction", id: "id_1" })],
    ["the file", part({ type: "input_file", file_id: "id_1" })],
  ])("bounds %s by its id: %j", (what, body) => {
    expect(refusal(RESPONSES, body)).toBe(`unbounded: nobody knows the tokens of ${what} "id_1"; ${HINT}`);
    const known = bound(RESPONSES, body, { knownAnswers: (id) => (id === "id_1" ? 700 : undefined) });
    expect(numberOf(known, `${what} "id_1"`)).toBe(700);
    expect(known.limits.maxInputTokens).toBe(700 + (numberOf(known, "texts") ?? NaN));
  });

  it.each([
    ["function_call_output", (text: string) => ({ call_id: "1", output: text })],
    ["custom_tool_call_output", (text: string) => ({ call_id: "1", output: [{ type: "input_text", text }] })],
    ["code_interpreter_call", (text: string) => ({ code: "1", outputs: [{ type: "logs", logs: text }] })],
    ["reasoning", (text: string) => ({ summary: [], encrypted_content: text })],
    ["mcp_call", (text: string) => ({ name: "f", arguments: "{}", output: text })],
  ])("counts the bytes of an item of the type %s", (type, fields) => {
    const size = (text: string) => sizeOf(item({ type, ...fields(text) }));
    expect(size("x".repeat(1_000)) - size("x")).toBe(999);
  });

  it("marks encrypted reasoning as assumed", () => {
    const found = bound(RESPONSES, item({ type: "reasoning", id: "rs_1", encrypted_content: "AAAA" }));
    expect(found.numbers).toContainEqual({
      name: "encrypted reasoning",
      value: 0,
      unit: "tokens",
      standing: "assumed",
    });
  });

  it("counts the reasoning that a dialect shows", () => {
    const asked = {
      ...item({ type: "reasoning", id: "rs_1", content: [{ type: "reasoning_text", text: "Hi" }] }),
    };
    const found = bound(XAI, { ...asked, model: "grok-4" }, { addedTokens: 50 });
    expect(found.numbers.map(({ name }) => name)).toEqual(["texts", "added by the provider", "output limit"]);
  });

  const picture = (data: string) => ({ type: "input_image", image_url: data, detail: "high" });
  const screenshot = (data: string) => ({ type: "computer_screenshot", image_url: data });
  it.each([
    ["a message", (data: string) => part(picture(data))],
    ["a result", (data: string) => item({ type: "function_call_output", output: [picture(data)] })],
    ["a screenshot", (data: string) => item({ type: "computer_call_output", output: screenshot(data) })],
    ["a call", (data: string) => item({ type: "image_generation_call", id: "ig_1", result: data })],
  ])("counts the picture of %s by its cap, and not by its bytes", (_, make) => {
    const short = bound(RESPONSES, make("AAAA"));
    expect(numberOf(short, "picture")).toBe(85 + 8 * 170);
    expect(bound(RESPONSES, make("A".repeat(9_999)))).toEqual(short);
  });

  it.each([
    ["file", (data: string) => part({ type: "input_file", filename: "a.pdf", file_data: data }), 0],
    [
      "audio",
      (data: string) => part({ type: "input_audio", input_audio: { data, format: "mp3" } }),
      undefined,
    ],
  ])("counts a part with %s by fileTokens, and not by its bytes", (what, make, audio) => {
    expect(refusal(RESPONSES, make("AAAA"))).toBe(
      `unbounded: nobody knows the tokens of its ${what}; set fileTokens, inputTokens or maxInputTokens`,
    );
    const short = bound(RESPONSES, make("AAAA"), { fileTokens: 3_000 });
    expect(numberOf(short, what)).toBe(3_000);
    expect(short.limits.maxInputAudioTokens).toBe(audio);
    expect(bound(RESPONSES, make("A".repeat(9_999)), { fileTokens: 3_000 })).toEqual(short);
  });
});

describe("boundOf: the tools of a response", () => {
  it.each(["function", "custom", "namespace"])("counts a tool of the type %s by its bytes", (type) => {
    const tool = (description: string) => responses({ tools: [{ type, name: "f", description }] });
    expect(sizeOf(tool("x".repeat(1_000))) - sizeOf(tool("x"))).toBe(999);
    expect(bound(RESPONSES, tool("x")).hasServerTools).toBe(false);
  });

  it.each(["computer", "computer_use_preview", "local_shell", "apply_patch"])(
    "asks for the tokens that OpenAI adds for %s",
    (type) => {
      const body = responses({ tools: [{ type }] });
      expect(refusal(RESPONSES, body)).toBe(
        `unbounded: nobody knows the tokens of what the provider adds for its tool "${type}"; ` +
          "set addedTokens or maxInputTokens",
      );
      const added = bound(RESPONSES, body, { addedTokens: 500 });
      expect(added.limits.maxInputTokens).toBe(500 + (numberOf(added, "texts") ?? NaN));
    },
  );

  it.each([["shell"], [undefined]])("refuses a tool with fees of its own: %s", (type) => {
    expect(refusal(RESPONSES, responses({ tools: [{ type }] }))).toBe(
      `unbounded: its tool "${type ?? ""}" has fees that no price list and no limit bounds`,
    );
  });

  it("bounds the tools of an MCP server by max_tool_calls, without searches", () => {
    const body = responses({ tools: [{ type: "mcp", server_label: "s" }], max_tool_calls: 4 });
    expect(refusal(RESPONSES, body)).toBe(
      `unbounded: nobody knows the tokens of the tools of its MCP server; ${HINT}`,
    );
    const found = bound(RESPONSES, body, { unseen: "contextWindow" });
    expect(found.limits).toMatchObject({ maxInputTokens: 5 * 128_000, maxSearches: 0 });
    expect(found.hasServerTools).toBe(true);
  });

  it("trusts max_tool_calls at OpenAI and Azure only", () => {
    const tools = { tools: [{ type: "web_search" }], max_tool_calls: 4 };
    const options = { unseen: "contextWindow", addedTokens: 50 } as const;
    const azure = "https://x.openai.azure.com/openai/v1/responses";
    const prices = { "azure/gpt-4o": LIST["gpt-4o"] };
    expect(bound(azure, responses(tools), options, prices).limits).toMatchObject({
      maxInputTokens: 5 * 128_000,
      maxSearches: 4,
    });
    expect(refusal(XAI, responses({ ...tools, model: "grok-4" }), options)).toBe(
      "unbounded: what its searches find has no limit of loops; " +
        "set max_tool_calls in the request, or maxInputTokens",
    );
  });

  it("refuses the live search of xAI", () => {
    expect(refusal(XAI, responses({ model: "grok-4", search_parameters: { mode: "auto" } }))).toBe(
      "unbounded: its live search has no limit",
    );
  });
});
