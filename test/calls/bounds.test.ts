import { formatUsd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
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
  numberOf,
  refusal,
  RESPONSES,
  responses,
} from "./bounds-support.ts";
import { boundOf } from "dispatch-kit/calls";

describe("boundOf: the output", () => {
  it.each([
    [CHAT, chat(), 100],
    [CHAT, chat({ n: 3 }), 300],
    [CHAT, chat({ max_tokens: 400 }), 400],
    [CHAT, chat({ max_completion_tokens: undefined }), 16_384],
    // What a server could ignore is no limit.
    [CHAT, chat({ max_completion_tokens: "5" }), 16_384],
    [CHAT, chat({ max_completion_tokens: -1 }), 16_384],
    [CHAT, chat({ max_completion_tokens: 0.5 }), 16_384],
    [RESPONSES, responses(), 100],
    [CLAUDE, claude(), 100],
    [GEMINI, gemini({ generationConfig: { maxOutputTokens: 50, candidateCount: 2 } }), 100],
    [GEMINI, gemini({ generation_config: { max_output_tokens: 50 }, generationConfig: undefined }), 50],
    [
      "https://api.openai.com/v1/completions",
      { model: "gpt-4o", prompt: ["a", "b"], max_tokens: 10, best_of: 3 },
      60,
    ],
    ["https://api.openai.com/v1/embeddings", { model: "text-embedding-3-small", input: ["a", "b"] }, 0],
    [
      "https://api.openai.com/v1/images/generations",
      { model: "gpt-image-1", prompt: "cat", n: 2, quality: "low" },
      816,
    ],
    [
      "https://api.openai.com/v1/images/generations",
      { model: "gpt-image-1", prompt: "cat", partial_images: 2 },
      6_440,
    ],
  ])("%s %j: %i", (url, body, tokens) => {
    expect(bound(url, JSON.parse(JSON.stringify(body))).maxOutputTokens).toBe(tokens);
  });

  it("adds a prediction, because a rejected one is billed", () => {
    const found = bound(CHAT, chat({ prediction: { type: "content", content: "x".repeat(1000) } }));
    expect(found.maxOutputTokens).toBeGreaterThan(1_100);
  });

  it("refuses without any limit", () => {
    const url = "https://api.mistral.ai/v1/chat/completions";
    const body = { model: "mistral-small", messages: [] };
    expect(refusal(url, body)).toMatch(
      /^unbounded: neither the request nor the price list limits the output/,
    );
    expect(bound(url, body, { maxOutputTokens: 7 }).maxOutputTokens).toBe(7);
    // Mistral does not know the newer field.
    expect(refusal(url, { ...body, max_completion_tokens: 5 })).toMatch(/^unbounded/);
  });

  it("writes a limit that the money pays for", () => {
    const limitOutputTo = 100_000n;
    const found = bound(CHAT, chat({ max_completion_tokens: undefined }), { limitOutputTo } as never);
    expect(found.limit?.path).toEqual(["max_completion_tokens"]);
    expect(found.amount).toBeLessThanOrEqual(limitOutputTo);
    const more = bound(CHAT, chat({ max_completion_tokens: (found.limit?.value ?? 0) + 1 }));
    expect(more.amount).toBeGreaterThan(limitOutputTo);
    expect(bound(CHAT, chat(), { limitOutputTo: 10n ** 9n } as never).limit).toBeUndefined();
    expect(refusal(CHAT, chat(), { limitOutputTo: 1n } as never)).toMatch(/^money: /);
    expect(bound(GEMINI, gemini(), { limitOutputTo: 50_000n } as never).limit?.path).toEqual([
      "generationConfig",
      "maxOutputTokens",
    ]);
  });
});

describe("boundOf: the dearest that is open", () => {
  it("takes OpenAI's project default for priority, unless the tier is stated", () => {
    expect(bound(CHAT, chat()).serviceTier).toBe("priority");
    expect(bound(CHAT, chat({ service_tier: "auto" })).serviceTier).toBe("priority");
    expect(bound(CHAT, chat({ service_tier: "default" })).serviceTier).toBeNull();
    expect(bound(CHAT, chat({ service_tier: "flex" })).serviceTier).toBe("flex");
    expect(bound(CHAT, chat({ service_tier: "fast" })).serviceTier).toBe("priority");
    expect(bound(CHAT, chat(), { defaultTier: "default" }).serviceTier).toBeNull();
    const standard = bound(CHAT, chat({ service_tier: "default" })).amount;
    expect(bound(CHAT, chat({ service_tier: "flex" })).amount).toBeLessThan(standard);
    expect(refusal(CHAT, chat({ service_tier: "ultrafast" }))).toMatch(/^unpriced: /);
    expect(refusal(CHAT, chat({ model: "gpt-test", service_tier: "priority" }))).toMatch(/^unpriced: /);
    expect(bound(CHAT, chat({ model: "gpt-test", service_tier: "flex" })).serviceTier).toBeNull();
    expect(refusal(CHAT, chat({ service_tier: 1 }))).toMatch(/^unreadable: /);
  });

  it("adds the surcharge of a region that is asked for, or may be the default", () => {
    const input = { defaultTier: "default", inputTokens: 1_000_000 };
    const cost = (url: string, body: unknown, more = {}): string =>
      formatUsd(bound(url, body, { ...input, ...more }).amount);
    expect(cost(CHAT, chat())).toBe("1.001");
    expect(cost("https://eu.api.openai.com/v1/chat/completions", chat())).toBe("1.1011");
    // Opus 4.8: $5, in the US $5.50.
    expect(cost(CLAUDE, claude())).toBe("5.50275");
    expect(cost(CLAUDE, claude(), { region: "global" })).toBe("5.0025");
    expect(cost(CLAUDE, claude({ inference_geo: "global" }))).toBe("5.0025");
    expect(cost(CLAUDE, claude({ inference_geo: "us" }), { region: "global" })).toBe("5.50275");
    expect(cost(CLAUDE, claude({ model: "claude-haiku-4-5" }))).toBe("1.0005");
    const azure = "https://x.openai.azure.com/openai/v1/chat/completions";
    expect(cost(azure, chat())).toBe("1.1011");
    expect(cost(azure, chat(), { region: "global" })).toBe("1.001");
  });

  it("adds Bedrock's surcharge where the list has no price for the profile", () => {
    const url = (model: string): string =>
      `https://bedrock-runtime.us-east-1.amazonaws.com/model/${model}/converse`;
    const body = { messages: [], inferenceConfig: { maxTokens: 100 } };
    const cost = (model: string): string => {
      return formatUsd(bound(url(model), body, { inputTokens: 1_000_000 }).amount);
    };
    expect(cost("us.anthropic.claude-sonnet-4-6")).toBe("1.001");
    expect(cost("anthropic.claude-sonnet-4-6")).toBe("1.1011");
    expect(cost("global.anthropic.claude-sonnet-4-6")).toBe("1.001");
  });

  it("takes the longest cache that the request asks for", () => {
    const cached = (ttl?: string) =>
      claude({
        system: [
          {
            type: "text",
            text: "x",
            cache_control: { type: "ephemeral", ...(ttl === undefined ? {} : { ttl }) },
          },
        ],
      });
    expect(bound(CLAUDE, claude())).toMatchObject({ cacheTtl: null, limits: { maxCacheWriteTokens: 0 } });
    expect(bound(CLAUDE, cached())).toMatchObject({ cacheTtl: "5m", limits: { maxCacheWrite1hTokens: 0 } });
    expect(bound(CLAUDE, cached("1h")).cacheTtl).toBe("1h");
    expect(bound(CLAUDE, cached("1h")).amount).toBeGreaterThan(bound(CLAUDE, cached("5m")).amount);
    // The list has no price for an hour.
    expect(refusal(CLAUDE, { ...cached("1h"), model: "claude-haiku-4-5" })).toMatch(/^unpriced: /);
  });

  it("takes OpenRouter's highest prices, and needs them", () => {
    const url = "https://openrouter.ai/api/v1/chat/completions";
    const max_price = { prompt: 1, completion: "10", request: 0.5 };
    expect(formatUsd(bound(url, chat({ provider: { max_price } }), { inputTokens: 1_000_000 }).amount)).toBe(
      "1.751",
    );
    expect(refusal(url, chat())).toMatch(/max_price/);
    expect(refusal(url, chat({ provider: { max_price: { prompt: 1, completion: 1 } } }))).toMatch(
      /max_price/,
    );
    expect(refusal(url, chat({ provider: { max_price: { ...max_price, prompt: -1 } } }))).toMatch(
      /^unreadable/,
    );
    expect(refusal(url, chat({ provider: { max_price }, plugins: [{ id: "web" }] }))).toMatch(/"plugins"/);
    expect(refusal(url, chat({ provider: { max_price }, model: "gpt-4o:online" }))).toMatch(/^unbounded/);
  });
});

describe("boundOf: what the provider adds", () => {
  const tool = { name: "find", description: "d", input_schema: { type: "object" } };

  it("adds Claude's tool prompt, and its own tools", () => {
    expect(numberOf(bound(CLAUDE, claude({ tools: [tool] })), "tool prompt")).toBe(290 + 145);
    const forced = claude({ tools: [tool], tool_choice: { type: "any" } });
    expect(numberOf(bound(CLAUDE, forced), "tool prompt")).toBe(410 + 205);
    const bash = claude({ tools: [{ type: "bash_20250124", name: "bash" }] });
    expect(numberOf(bound(CLAUDE, bash), "tool bash_20250124")).toBe(245 + 123);
  });

  it("asks for tokens that nobody publishes", () => {
    const schema = { output_config: { format: { type: "json_schema", schema: {} } } };
    expect(refusal(CLAUDE, claude(schema))).toMatch(/JSON schema of its output; set addedTokens/);
    expect(numberOf(bound(CLAUDE, claude(schema), { addedTokens: 500 }), "added by the provider")).toBe(500);
    const url = "https://api.x.ai/v1/chat/completions";
    const grok = chat({ model: "grok-4" });
    expect(refusal(url, grok)).toMatch(/^unbounded: .*adds to every request/);
    expect(bound(url, grok, { maxInputTokens: 900 }).limits.maxInputTokens).toBe(900);
    expect(bound(url, grok, { inputTokens: { tokens: 90, margin: 10 } }).limits.maxInputTokens).toBe(100);
  });

  it("bounds pictures by the published cap, also by URL", () => {
    const openai = (detail?: string, model = "gpt-4o") =>
      chat({
        model,
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "https://x.example/a.png", detail } }],
          },
        ],
      });
    expect(numberOf(bound(CHAT, openai()), "picture")).toBe(85 + 8 * 170);
    expect(refusal(CHAT, openai("high", "gpt-test"))).toMatch(
      /no published cap for pictures; set pictureTokens/,
    );
    expect(numberOf(bound(CHAT, openai("high", "gpt-test"), { pictureTokens: 9 }), "picture")).toBe(9);
    const image = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "A".repeat(99_999) },
    };
    const anthropic = (model: string) => claude({ model, messages: [{ role: "user", content: [image] }] });
    expect(numberOf(bound(CLAUDE, anthropic("claude-opus-4-8")), "picture")).toBe(4_784 + 40);
    expect(numberOf(bound(CLAUDE, anthropic("claude-haiku-4-5")), "picture")).toBe(1_568 + 40);
    expect(bound(CLAUDE, anthropic("claude-haiku-4-5")).limits.maxInputTokens).toBeLessThan(2_000);
    const part = { inlineData: { mimeType: "image/png", data: "AAAA" } };
    const google = (mediaResolution?: string) =>
      gemini({ contents: [{ parts: [part] }], generationConfig: { maxOutputTokens: 1, mediaResolution } });
    expect(numberOf(bound(GEMINI, google()), "picture")).toBe(1_120 + 112);
    expect(numberOf(bound(GEMINI, google("MEDIA_RESOLUTION_LOW")), "picture")).toBe(280 + 28);
  });

  it("asks for the tokens of other files", () => {
    const pdf = claude({
      messages: [{ role: "user", content: [{ type: "document", source: { type: "base64", data: "AAAA" } }] }],
    });
    expect(refusal(CLAUDE, pdf)).toMatch(/tokens of its document; set fileTokens/);
    expect(numberOf(bound(CLAUDE, pdf, { fileTokens: 3_000 }), "document")).toBe(3_000);
    const audio = gemini({
      contents: [{ parts: [{ inlineData: { mimeType: "audio/mp3", data: "AAAA" } }] }],
    });
    const heard = bound(GEMINI, audio, { fileTokens: 1_000 });
    expect(heard.limits.maxInputAudioTokens).toBeUndefined();
    expect(bound(GEMINI, gemini()).limits.maxInputAudioTokens).toBe(0);
  });
});

describe("boundOf: what is not in the body", () => {
  it("bounds a reference to a known answer by it, and refuses others", () => {
    const body = responses({ previous_response_id: "resp_1" });
    expect(refusal(RESPONSES, body)).toMatch(/tokens of the answer "resp_1"; set knownAnswers/);
    const known = bound(RESPONSES, body, { knownAnswers: (id) => (id === "resp_1" ? 5_000 : undefined) });
    expect(numberOf(known, 'the answer "resp_1"')).toBe(5_000);
    expect(refusal(RESPONSES, body, { knownAnswers: () => undefined })).toMatch(/^unbounded/);
    expect(refusal(RESPONSES, body, { knownAnswers: () => -1 })).toMatch(/^unbounded/);
    const thrown = () => {
      throw new Error("no");
    };
    expect(refusal(RESPONSES, body, { knownAnswers: thrown })).toMatch(/^unbounded/);
    expect(bound(RESPONSES, body, { unseen: "contextWindow" }).limits.maxInputTokens).toBe(128_000);
  });

  it.each([
    [RESPONSES, responses({ conversation: { id: "conv_1" } })],
    [RESPONSES, responses({ prompt: { id: "pmpt_1" } })],
    [RESPONSES, responses({ input: [{ type: "item_reference", id: "msg_1" }] })],
    [RESPONSES, responses({ input: [{ id: "msg_1" }] })],
    [RESPONSES, responses({ input: [{ type: "reasoning", id: "rs_1", summary: [] }] })],
    [
      RESPONSES,
      responses({ input: [{ role: "user", content: [{ type: "input_file", file_id: "file-1" }] }] }),
    ],
    [CHAT, chat({ messages: [{ role: "assistant", audio: { id: "audio_1" } }] })],
    [GEMINI, gemini({ cachedContent: "cachedContents/1" })],
    [
      CLAUDE,
      claude({
        messages: [{ role: "user", content: [{ type: "document", source: { type: "file", file_id: "f" } }] }],
      }),
    ],
  ])("%s %j is refused", (url, body) => {
    expect(refusal(url, body)).toMatch(/^unbounded: nobody knows the tokens of /);
  });

  it("multiplies the context window by the limit of a loop", () => {
    const search = { type: "web_search_20250305", name: "web_search" };
    const tools = [{ ...search, max_uses: 4 }];
    expect(refusal(CLAUDE, claude({ tools }))).toMatch(/^unbounded/);
    const found = bound(CLAUDE, claude({ tools }), { unseen: "contextWindow" });
    expect(found.limits).toMatchObject({ maxInputTokens: 10_000_000, maxSearches: 4 });
    expect(found.hasServerTools).toBe(true);
    expect(refusal(CLAUDE, claude({ tools: [search] }), { unseen: "contextWindow" })).toMatch(
      /number of searches/,
    );
    const web = { tools: [{ type: "web_search" }] };
    expect(refusal(RESPONSES, responses(web), { unseen: "contextWindow" })).toMatch(/set max_tool_calls/);
    const limited = bound(RESPONSES, responses({ ...web, max_tool_calls: 2 }), { unseen: "contextWindow" });
    expect(limited.limits).toMatchObject({ maxInputTokens: 3 * 128_000, maxSearches: 2 });
  });

  it.each([
    [CHAT, chat({ web_search_options: {} })],
    [RESPONSES, responses({ tools: [{ type: "file_search" }] })],
    [RESPONSES, responses({ tools: [{ type: "code_interpreter" }] })],
    [RESPONSES, responses({ tools: [{ type: "image_generation" }] })],
    [RESPONSES, responses({ context_management: [{ type: "compaction" }] })],
    [CLAUDE, claude({ tools: [{ type: "code_execution_20250825", name: "c" }] })],
    [CLAUDE, claude({ tools: [{ type: "advisor_20260301", name: "a" }] })],
    [CLAUDE, claude({ context_management: { edits: [{ type: "compact_20260112" }] } })],
    [CLAUDE, claude({ fallbacks: [{ model: "claude-opus-5" }] })],
    [CLAUDE, claude({ container: "c" })],
    [GEMINI, gemini({ tools: [{ googleMaps: {} }] })],
    [GEMINI, gemini({ tools: [{ googleSearch: {} }] })],
    [CHAT, chat({ data_sources: [] })],
    [CHAT, chat({ newest_field: 1 })],
    [CHAT, chat({ messages: [{ role: "user", content: [{ type: "newest" }] }] })],
  ])("%s %j is refused", (url, body) => {
    expect(refusal(url, body)).toMatch(/^unbounded: /);
  });

  it("lets the caller say that a field costs nothing", () => {
    expect(bound(CHAT, chat({ newest_field: 1 }), { ignoreFields: ["newest_field"] }).kind).toBe("bounded");
  });
});

describe("boundOf: the answer", () => {
  it("names the provider, the protocol, the model and what it is made of", () => {
    const found = bound(CHAT, chat({ stream: true }));
    expect(found).toMatchObject({
      provider: "openai",
      protocol: "openai-chat",
      model: "gpt-4o",
      streams: true,
    });
    expect(found.numbers.map(({ name, standing }) => `${name} ${standing}`)).toEqual([
      "texts proven",
      "output limit stated",
    ]);
    expect(Object.isFrozen(found) && Object.isFrozen(found.numbers) && Object.isFrozen(found.limits)).toBe(
      true,
    );
    expect(JSON.parse(JSON.stringify(found))).toMatchObject({ amount: formatUsd(found.amount) });
  });

  it("knows Azure's deployments by their aliases, and Bedrock's ARNs", () => {
    const azure = "https://x.openai.azure.com/openai/deployments/prod/chat/completions";
    expect(refusal(azure, chat())).toMatch(/^unpriced: /);
    expect(bound(azure, chat(), { aliases: { prod: "gpt-4o" } }).model).toBe("gpt-4o");
    const arn = encodeURIComponent(
      "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-6",
    );
    const url = `https://bedrock-runtime.us-east-1.amazonaws.com/model/${arn}/converse`;
    const body = {
      messages: [{ role: "user", content: [{ text: "hi" }] }],
      inferenceConfig: { maxTokens: 9 },
    };
    expect(bound(url, body)).toMatchObject({ maxOutputTokens: 9, region: "us-east-1" });
  });

  it("answers free and refused routes without reading the body", () => {
    expect(ask("https://api.openai.com/v1/moderations", "{")).toMatchObject({ kind: "free", amount: 0n });
    expect(refusal("https://api.openai.com/v1/batches", {})).toMatch(/^route: /);
    expect(refusal(RESPONSES, responses({ background: true }))).toMatch(/^route: /);
    const headers = { "X-HTTP-Method-Override": "PUT" };
    const request = { url: CHAT, body: chat(), headers };
    expect(boundOf(request, LIST, { at: AT })).toMatchObject({ kind: "refused", why: "route" });
  });

  it("multiplies a rerank's query by its documents", () => {
    const url = "https://api.voyageai.com/v1/rerank";
    const few = bound(url, { model: "rerank-2", query: "q".repeat(100), documents: ["a"] });
    const many = bound(url, { model: "rerank-2", query: "q".repeat(100), documents: Array(100).fill("a") });
    expect(many.limits.maxInputTokens - few.limits.maxInputTokens).toBeGreaterThan(9_900);
    expect(many.limits.maxInputTokens - few.limits.maxInputTokens).toBeLessThan(11_000);
    expect(refusal("https://api.cohere.com/v2/rerank", { model: "r", query: "q", documents: [] })).toMatch(
      /search units/,
    );
  });

  it("refuses wrong options", () => {
    const wrong = (options: unknown) => () => boundOf({ url: CHAT, body: chat() }, LIST, options as never);
    expect(wrong({})).toThrow(TypeError);
    expect(wrong({ at: AT, inputTokens: -1 })).toThrow(RangeError);
    expect(wrong({ at: AT, unseen: "all" })).toThrow(RangeError);
    expect(wrong({ at: AT, knownAnswers: 1 })).toThrow(TypeError);
    expect(wrong({ at: AT, limitOutputTo: 1 })).toThrow(TypeError);
    expect(wrong({ at: AT, aliases: { a: 1 } })).toThrow(TypeError);
    expect(wrong({ at: AT, nothing: 1 })).toThrow(TypeError);
    expect(() => boundOf({ body: {} } as never, LIST, { at: AT })).toThrow(TypeError);
  });
});
