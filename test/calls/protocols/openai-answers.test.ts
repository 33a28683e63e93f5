import { formatUsd, TokenRates } from "dispatch-kit";
import { actualOf, type ActualOptions, type ProtocolName, usageOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { chatWith, responseWith } from "./full-report.ts";

const rates = new TokenRates({
  inputUsdPerMTok: 3,
  outputUsdPerMTok: 15,
  cacheReadUsdPerMTok: "0.3",
  cacheWriteUsdPerMTok: "3.75",
  cacheWrite1hUsdPerMTok: 6,
  searchUsd: "0.01",
});

describe("actualOf: what is billed separately", () => {
  const usage = { input_tokens: 5, output_tokens: 5, total_tokens: 10 };

  it.each([
    ...["file_search_call", "code_interpreter_call", "image_generation_call", "shell_call", "program"],
    ...["new_tool_call"],
  ])("a response with a %s", (type) => {
    const report = responseWith(usage, {
      output: [
        { id: "1", type },
        { id: "2", type: "message" },
      ],
    });
    expect(actualOf(rates, report, { protocol: "openai-responses" })).toMatchObject({
      reason: `output: ${type} is billed separately`,
    });
  });

  it.each([
    ...["message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "computer_call"],
    ...["mcp_call", "mcp_list_tools", "mcp_approval_request", "tool_search_call", "compaction"],
  ])("not a response with a %s", (type) => {
    const report = responseWith(usage, {
      output: [
        { id: "1", type },
        { id: "2", type: "message" },
      ],
    });
    expect(usageOf(report, { protocol: "openai-responses" })).toMatchObject({ kind: "counted" });
  });

  it.each<[string, ProtocolName, object, RegExp]>([
    [
      "another model's tokens",
      "openai-responses",
      responseWith(usage, {
        tool_usage: { image_gen: { input_tokens: 5 }, web_search: { num_requests: 0 } },
      }),
      /tool_usage\.image_gen\.input_tokens/,
    ],
    [
      "a cache for 12 hours",
      "openai-responses",
      responseWith({
        ...usage,
        input_tokens_details: { cache_write_tokens_details: { ttl_30m_tokens: 0, ttl_12h_tokens: 3 } },
      }),
      /ttl_12h_tokens/,
    ],
    [
      "seconds of sound",
      "openai-transcription",
      { text: "", usage: { type: "duration", seconds: 60 } },
      /seconds/,
    ],
    ["Cohere's reranking", "cohere", { meta: { billed_units: { search_units: 1 } } }, /search_units/],
    ["Cohere's pages", "cohere", { meta: { billedUnits: { pages: 4 } } }, /pages/],
    [
      "Mistral's pages",
      "mistral",
      { usage_info: { pages_processed: 4, doc_size_bytes: 100 } },
      /pages_processed/,
    ],
    [
      "Mistral's connectors",
      "mistral",
      { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10, connectors: { web_search: 1 } },
      /connectors\.web_search/,
    ],
    [
      "Groq's tools",
      "groq",
      chatWith(
        { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
        { choices: [{ finish_reason: "stop", message: { executed_tools: [{ type: "search" }] } }] },
      ),
      /executed_tools: search/,
    ],
    [
      "OpenRouter's tools",
      "openrouter",
      {
        prompt_tokens: 5,
        completion_tokens: 5,
        total_tokens: 10,
        server_tool_use_details: { web_search_requests: 1, tool_calls_executed: 2 },
      },
      /tool_calls_executed/,
    ],
    ["a reranking without a cost", "openrouter", { usage: { cost: 0, search_units: 1 } }, /search_units/],
  ])("%s", (_, protocol, report, reason) => {
    expect(actualOf(rates, report, { protocol })).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(reason) as string,
    });
    expect(usageOf(report, { protocol })).toMatchObject({ kind: "unknown" });
  });
});

describe("actualOf: only what is finished", () => {
  const chat = { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 };
  const responses = { input_tokens: 5, output_tokens: 5, total_tokens: 10 };
  const dialects = [
    "openai-chat",
    "azure",
    "groq",
    "deepseek",
    "xai",
    "perplexity",
    "openrouter",
    "litellm",
    "mistral",
  ];

  it.each(dialects as ProtocolName[])("%s: by the reason of every choice", (protocol) => {
    const kindOf = (choices: readonly object[]): string =>
      actualOf(rates, { choices, usage: chat }, { protocol }).kind;
    for (const finish_reason of ["stop", "length", "tool_calls", "content_filter", "function_call"]) {
      expect(kindOf([{ finish_reason, message: {} }])).toBe("counted");
    }
    for (const open of [{ finish_reason: null }, { finish_reason: "" }, { delta: {} }]) {
      expect(kindOf([open])).toBe("unknown");
      expect(kindOf([{ finish_reason: "stop" }, open])).toBe("unknown");
    }
    // The last chunk of a stream, and an answer of a proxy without the field.
    expect(kindOf([])).toBe("counted");
    expect(kindOf([{ message: { content: "Hello" } }])).toBe("counted");
  });

  it("no protocol counts an answer that another one says is not finished", () => {
    const report = { choices: [{ finish_reason: null, delta: {} }], usage: chat };
    expect(actualOf(rates, report)).toMatchObject({ kind: "unknown", reason: /not finished/ });
    const message = {
      type: "message",
      stop_reason: null,
      content: [],
      usage: { input_tokens: 5, output_tokens: 1 },
    };
    expect(actualOf(rates, message)).toMatchObject({ kind: "unknown", reason: /not finished/ });
    expect(actualOf(rates, { object: "response", status: "queued", usage: responses })).toMatchObject({
      kind: "unknown",
      reason: /not finished/,
    });
  });

  it.each(["completed", "incomplete", "failed", "cancelled"])("a response that is %s", (status) => {
    const report = responseWith(responses, { status });
    expect(actualOf(rates, report, { protocol: "openai-responses" }).kind).toBe("counted");
  });

  it.each(["in_progress", "queued", "new_status"])("not a response that is %s", (status) => {
    const report = responseWith(responses, { status });
    expect(actualOf(rates, report, { protocol: "openai-responses" }).kind).toBe("unknown");
  });

  it.each([
    ["COMPLETE", "counted"],
    ["STOP_SEQUENCE", "counted"],
    ["MAX_TOKENS", "counted"],
    ["TOOL_CALL", "counted"],
    ["ERROR", "unknown"],
    ["TIMEOUT", "unknown"],
    [null, "unknown"],
  ])("Cohere's chat that ended by %s is %s", (finish_reason, kind) => {
    const report = { finish_reason, usage: { billed_units: { input_tokens: 5, output_tokens: 5 } } };
    expect(actualOf(rates, report, { protocol: "cohere" }).kind).toBe(kind);
  });

  it("a status of what is no response is not its finish", () => {
    expect(usageOf({ status: "ok", usage: responses }).kind).toBe("counted");
    expect(usageOf({ status: "queued", usage: responses }).kind).toBe("unknown");
  });

  it("Ollama's lines before the last", () => {
    const report = { model: "m", done: false, prompt_eval_count: 5, eval_count: 1 };
    expect(actualOf(rates, report, { protocol: "ollama" })).toMatchObject({ reason: /done is false/ });
  });
});

describe("actualOf: aliases are equal or zero", () => {
  it.each<[ProtocolName, object]>([
    ["deepseek", { prompt_cache_hit_tokens: 4, prompt_tokens_details: { cached_tokens: 5 } }],
    ["deepseek", { prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 5 }],
    ["mistral", { num_cached_tokens: 4, prompt_token_details: { cached_tokens: 5 } }],
    ["litellm", { cache_read_input_tokens: 4, prompt_tokens_details: { cached_tokens: 5 } }],
    ["litellm", { input_tokens: 9 }],
  ])("%s: %o", (protocol, more) => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    expect(actualOf(rates, { ...usage, ...more }, { protocol }).kind).toBe("unknown");
  });

  it.each<[ProtocolName, object]>([
    ["mistral", { num_cached_tokens: 0, prompt_tokens_details: { cached_tokens: 4 } }],
    ["litellm", { cache_read_input_tokens: 4, prompt_tokens_details: { cached_tokens: 0 } }],
  ])("%s: a zero is no contradiction: %o", (protocol, more) => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    expect(usageOf({ ...usage, ...more }, { protocol })).toMatchObject({ usage: { cacheReadTokens: 4 } });
  });
});

describe("actualOf: what served the request", () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const tier = (protocol: ProtocolName, service_tier: string, options: ActualOptions = {}): string =>
    actualOf(rates, chatWith(usage, { service_tier }), { protocol, ...options }).kind;

  it("a tier is priced by rates for it only", () => {
    expect(tier("openai-chat", "default")).toBe("counted");
    expect(tier("openai-chat", "priority")).toBe("unknown");
    expect(tier("openai-chat", "priority", { serviceTier: "priority" })).toBe("counted");
    expect(tier("openai-chat", "fast", { serviceTier: "priority" })).toBe("counted");
    expect(tier("openai-chat", "flex")).toBe("unknown");
  });

  it("Groq's flex tier costs what the standard one does", () => {
    expect(tier("groq", "flex")).toBe("counted");
    expect(tier("groq", "on_demand")).toBe("counted");
    expect(tier("groq", "performance")).toBe("unknown");
  });

  it("Groq's compound systems are the models in the breakdown", () => {
    const models = ["a", "b"].map((model) => ({ model, usage: { ...usage, queue_time: 0.1 } }));
    const whole = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 };
    const report = chatWith(whole, { model: "groq/compound", usage_breakdown: { models } });
    const options = { protocol: "groq" } as const;
    expect(usageOf(report, options)).toMatchObject({ usage: { inputTokens: 20, outputTokens: 10 } });
    // One price does not fit two models.
    expect(actualOf(rates, report, options)).toMatchObject({ kind: "unknown", reason: /"a" and "b"/ });
    const less = chatWith({ ...whole, prompt_tokens: 30, total_tokens: 40 }, { usage_breakdown: { models } });
    expect(actualOf(rates, less, options)).toMatchObject({ reason: /usage_breakdown must add up/ });
    const none = chatWith(whole, { usage_breakdown: { models: [{ model: "a" }] } });
    expect(actualOf(rates, none, options)).toMatchObject({ reason: /usage_breakdown has an entry/ });
  });

  it("the model that writes an SVG is another one", () => {
    const input_tokens_details = { text_tokens: 10, image_tokens: 0 };
    const report = {
      usage: { input_tokens: 10, input_tokens_details, output_tokens: 20, total_tokens: 30 },
      svg_usage: { model: "m", input_tokens: 5, output_tokens: 7, reasoning_tokens: 3, total_tokens: 12 },
    };
    expect(usageOf(report, { protocol: "openai-images" })).toMatchObject({
      usage: { inputTokens: 15, outputTokens: 27, outputImageTokens: 20, outputReasoningTokens: 3 },
    });
  });
});

describe("actualOf: counts that are none", () => {
  it.each<[ProtocolName, object]>([
    ["openai-embeddings", { usage: { prompt_tokens: 5, total_tokens: 5 }, choices: [] }],
    ["voyage", { usage: { total_tokens: 5 }, choices: [] }],
    ["voyage", { total_tokens: 5, prompt_tokens: 0, completion_tokens: 0 }],
    ["voyage", { total_tokens: 0 }],
    ["ollama", { prompt_eval_count: 0, eval_count: 0, done: true }],
    ["cohere", { usage: { tokens: { input_tokens: 5, output_tokens: 5 } } }],
    ["cohere", { usage: { billed_units: {} } }],
    ["openrouter", { usage: { cost: 0 } }],
    ["openai-chat", { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    ["openai-responses", { input_tokens: 5, output_tokens: 5, iterations: [{ type: "advisor_message" }] }],
    ["litellm", { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10, cache_read_input_tokens: 1000 }],
    ["litellm", { prompt_tokens: 5, completion_tokens: 5, cache_read_input_tokens: 1000 }],
    // The 7 may be reasoning beside the output, or a cache beside the input.
    [
      "litellm",
      {
        prompt_tokens: 10,
        completion_tokens: 10,
        total_tokens: 27,
        cache_read_input_tokens: 7,
        completion_tokens_details: { reasoning_tokens: 7 },
      },
    ],
  ])("%s: %o", (protocol, report) => {
    const outcome = actualOf(rates, report, { protocol });
    expect(outcome.kind === "unknown" ? null : formatUsd(outcome.actual)).toBeNull();
  });

  it("a bare total is Voyage's only if the caller says so", () => {
    expect(usageOf({ total_tokens: 5 })).toMatchObject({ kind: "unknown", reason: /name the protocol/ });
    expect(usageOf({ total_tokens: 5 }, { protocol: "voyage" })).toMatchObject({ usage: { inputTokens: 5 } });
    const list = { object: "list", data: [], usage: { total_tokens: 5 } };
    expect(usageOf(list)).toMatchObject({ usage: { inputTokens: 5 }, protocols: ["voyage"] });
  });

  it("an SDK's result is not a response of OpenRouter's client, which spells its fields alike", () => {
    const usage = { inputTokens: 10, outputTokens: 1, totalTokens: 11 };
    expect(usageOf({ usage, steps: [{ usage }] }, { protocol: "openrouter" }).kind).toBe("unknown");
    expect(usageOf(usage, { protocol: "openrouter" }).kind).toBe("unknown");
  });
});
