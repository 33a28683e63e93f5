import { formatUsd, usd } from "dispatch-kit";
import { boundOf, type BoundOptions, type Prices } from "dispatch-kit/calls";
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

/** The cost of a million input tokens and 100 output tokens. */
const million = (url: string, body: unknown, more: Partial<BoundOptions> = {}, prices?: Prices): string =>
  formatUsd(bound(url, body, { inputTokens: 1_000_000, ...more }, prices).amount);

describe("boundOf: service tiers", () => {
  const flex = {
    "mistral/mistral-small": {
      input_cost_per_token: 1e-6,
      output_cost_per_token: 1e-5,
      input_cost_per_token_flex: 2e-6,
      output_cost_per_token_flex: 2e-5,
      mode: "chat",
    },
  };
  const mistral = "https://api.mistral.ai/v1/chat/completions";
  const small = (service_tier: string) => ({
    model: "mistral-small",
    max_tokens: 100,
    messages: [],
    service_tier,
  });

  it("scale: paid in advance, or as dear as priority", () => {
    expect(million(CHAT, chat({ service_tier: "scale" }))).toBe("2.002");
    expect(million(CHAT, chat({ service_tier: "scale", model: "gpt-test" }))).toBe("1.001");
  });

  it("flex: only OpenAI never serves it as standard", () => {
    expect(million(CHAT, chat({ service_tier: "flex" }))).toBe("0.5005");
    expect(million(mistral, small("flex"), {}, flex)).toBe("2.002");
    expect(million(mistral, small("FLEX"))).toBe("1.001");
  });

  it.each(["priority!", "a".repeat(41), "tier 1"])("%j is not known", (service_tier) => {
    expect(refusal(CHAT, chat({ service_tier }))).toBe(
      `unreadable: its service tier ${JSON.stringify(service_tier)} is not known`,
    );
  });

  it("those of the body and of a header must be the same", () => {
    const url = GEMINI;
    const headers = { "X-Vertex-AI-LLM-Shared-Request-Type": "priority" };
    const asked = (serviceTier: string) =>
      boundOf({ url, body: gemini({ serviceTier }), headers }, LIST, { at: AT });
    expect(asked("flex")).toMatchObject({
      kind: "refused",
      why: "unreadable",
      reason: "its body and its headers name different service tiers",
    });
    expect(asked("priority")).toMatchObject({ kind: "refused", why: "unpriced" });
    expect(boundOf({ url, body: gemini(), headers }, LIST, { at: AT })).toMatchObject({ why: "unpriced" });
  });
});

describe("boundOf: regions", () => {
  const prices = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" };
  const vertex = (location: string): string => {
    const host = location === "global" ? "" : `${location}-`;
    return `https://${host}aiplatform.googleapis.com/v1/projects/p/locations/${location}/publishers/google/models/gemini-3-flash:generateContent`;
  };
  const list = { "vertex_ai/gemini-3-flash": prices };

  it("Vertex AI costs 10% more outside of the global endpoint", () => {
    expect(million(vertex("us-central1"), gemini(), {}, list)).toBe("1.1011");
    expect(million(vertex("global"), gemini(), { region: "eu" }, list)).toBe("1.001");
  });

  it("the list's own factor counts", () => {
    const own = { "claude-opus-4-8": { ...prices, provider_specific_entry: { us: 1.5, fast: 6 } } };
    expect(million(CLAUDE, claude({ inference_geo: "us" }), {}, own)).toBe("1.5015");
    expect(million(CLAUDE, claude({ inference_geo: "global" }), {}, own)).toBe("1.001");
    // genai-prices has no regions.
    const genai = [
      { id: "anthropic", models: [{ id: "claude-opus-4-8", prices: { input_mtok: 1, output_mtok: 10 } }] },
    ];
    expect(million(CLAUDE, claude({ inference_geo: "us" }), {}, genai)).toBe("1.1011");
  });

  it("Vertex AI without a location takes the region of the options", () => {
    const express =
      "https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-3-flash:generateContent";
    expect(million(express, gemini(), { region: "us-east1" }, list)).toBe("1.1011");
    expect(million(express, gemini(), {}, list)).toBe("1.001");
  });

  it("what was multiplied is kept, and is the same as anew", () => {
    const eu = "https://eu.api.openai.com/v1/chat/completions";
    const lists = [1, 2].map(() => ({
      "gpt-4o": { ...prices, input_cost_per_token_above_200k_tokens: 3e-6 },
    }));
    const [first, again, fresh] = [lists[0], lists[0], lists[1]].map((one) => bound(eu, chat(), {}, one));
    expect(again?.rates).toBe(first?.rates);
    expect(fresh?.rates).not.toBe(first?.rates);
    expect(fresh).toEqual(first);
    expect(first?.rates.toJSON()).toMatchObject({
      inputUsdPerMTok: "1.1",
      outputUsdPerMTok: "11",
      tiers: [{ aboveInputTokens: 200_000, inputUsdPerMTok: "3.3", outputUsdPerMTok: "11" }],
    });
    // The same list without a surcharge, before and after.
    expect(bound(CHAT, chat(), {}, lists[0]).rates.inputUsdPerMTok).toBe("1");
    expect(bound(eu, chat(), {}, lists[0])).toEqual(first);
  });
});

describe("boundOf: searches", () => {
  const search_context_cost_per_query = { search_context_size_medium: 0.01 };
  const list = {
    "gemini/gemini-3-flash": {
      input_cost_per_token: 1e-6,
      output_cost_per_token: 1e-5,
      search_context_cost_per_query,
      litellm_provider: "gemini",
      mode: "chat",
    },
  };
  const tools = [{ type: "web_search" }];

  it("cost one fee where the list charges the prompt", () => {
    const found = bound(GEMINI, gemini({ tools: [{ googleSearch: {} }] }), { maxInputTokens: 1_000 }, list);
    expect(found.limits).toMatchObject({ maxInputTokens: 1_000, maxSearches: 1 });
    expect(found.numbers).toContainEqual({
      name: "searches",
      value: 1,
      unit: "searches",
      standing: "published",
    });
    expect(formatUsd(found.amount)).toBe("0.012");
  });

  it.each([
    [{ max_tool_calls: 5 }, 2, 2],
    [{ max_tool_calls: 2 }, 5, 2],
    [{ max_tool_calls: 3 }, undefined, 3],
    [{}, 4, 4],
  ])("are at most those of %j and of maxSearches: %s", (more, maxSearches, searches) => {
    const body = responses({ tools, service_tier: "default", ...more });
    const found = bound(RESPONSES, body, { maxInputTokens: 1_000, maxSearches });
    expect(numberOf(found, "searches")).toBe(searches);
    // 1,000 tokens of input, 100 of output.
    expect(found.amount).toBe(usd("0.002") + BigInt(searches) * usd("0.01"));
  });

  it("need a price", () => {
    const body = responses({ tools, model: "gpt-test", max_tool_calls: 2 });
    expect(refusal(RESPONSES, body, { maxInputTokens: 1_000 })).toBe(
      "unpriced: estimateTokens: maxSearches must be 0 because the rates have no searchUsd; got 2",
    );
  });
});

describe("boundOf: the output", () => {
  const priced = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" };

  it("names the option alone where no field limits it", () => {
    const url = "https://api.openai.com/v1/responses/compact";
    const body = { model: "gpt-test", input: "Hello" };
    expect(refusal(url, body)).toBe(
      "unbounded: neither the request nor the price list limits the output; set maxOutputTokens",
    );
    expect(refusal(CHAT, chat({ model: "gpt-test", max_completion_tokens: 0 }))).toBe(
      "unbounded: neither the request nor the price list limits the output; set max_completion_tokens in the request, or maxOutputTokens",
    );
  });

  it.each<readonly [string, Readonly<Record<string, unknown>>, string, number]>([
    ["the model's own, if more is asked for", { max_completion_tokens: 1_000_000 }, "1", 16_384],
    [
      "less, if the dearest tier costs more",
      { max_completion_tokens: 9_000, service_tier: "priority" },
      "0.1",
      4_990,
    ],
    ["the same for each choice", { max_completion_tokens: 30_000, n: 2 }, "1", 16_384],
  ])("writes %s", (_, more, money, value) => {
    const found = bound(CHAT, chat(more), { limitOutputTo: usd(money), inputTokens: 100 });
    expect(found.limit).toEqual({ path: ["max_completion_tokens"], value });
    expect(found.amount).toBeLessThanOrEqual(usd(money));
  });

  it("writes the most that any model could, where nothing limits it and all is paid for", () => {
    const body = chat({ model: "m", max_completion_tokens: undefined });
    const found = bound(CHAT, body, { limitOutputTo: usd("20000") }, { m: priced });
    expect(found.limit?.value).toBe(2 ** 30);
    expect(found.amount).toBeGreaterThan(usd("10737"));
  });
});

describe("boundOf: what it is asked", () => {
  it("the model in the path may stand in the body too, and must be the same", () => {
    expect(bound(GEMINI, gemini({ model: "models/gemini-3-flash" })).model).toBe("gemini-3-flash");
    expect(bound(GEMINI, gemini({ model: "gemini-3-flash" })).model).toBe("gemini-3-flash");
    for (const model of ["gemini-3-pro", 3, null]) {
      expect(refusal(GEMINI, gemini({ model }))).toBe(
        'unreadable: its path names the model "gemini-3-flash", and its body another one',
      );
    }
  });

  it("a host of one's own is its provider's", () => {
    const url = "https://gateway.example.com/v1/messages";
    expect(refusal(url, claude())).toMatch(/^route: the host "gateway\.example\.com" is not known/);
    expect(bound(url, claude(), { hosts: { "gateway.example.com": "anthropic" } })).toEqual(
      bound(CLAUDE, claude()),
    );
  });

  it("a call that may run into dearer hours costs what it costs there", () => {
    const off_peak_pricing = { hours_utc: "00:00-09:30", input_cost_per_token: 1e-7 };
    const prices = { m: { ...LIST["gpt-test"], off_peak_pricing } };
    const body = chat({ model: "m" });
    expect(million(CHAT, body, {}, prices)).toBe("0.101");
    expect(million(CHAT, body, { until: new Date(AT.getTime() + 3_600_000) }, prices)).toBe("1.001");
  });

  it("an alias has any name", () => {
    const aliases = JSON.parse('{"__proto__": "gpt-4o"}') as Record<string, string>;
    expect(bound(CHAT, chat({ model: "__proto__" }), { aliases }).model).toBe("gpt-4o");
    expect(refusal(CHAT, chat({ model: "constructor" }), { aliases: {} })).toMatch(/^unpriced: /);
  });

  it.each<readonly [string, unknown, object, string]>([
    ["messages", chat({ messages: [1] }), {}, "messages must be a list of objects"],
    [
      "a sound",
      chat({ messages: [{ role: "user", content: [{ type: "input_audio", input_audio: "AAAA" }] }] }),
      { fileTokens: 1 },
      "input_audio must be an object",
    ],
  ])("refuses %s of another form", (_, body, options, reason) => {
    expect(refusal(CHAT, body, options)).toBe(`unreadable: ${reason}`);
  });

  it("names what it refers to by its id, or without one", () => {
    const spoken = (audio: unknown) => chat({ messages: [{ role: "assistant", audio }] });
    const hint = 'set knownAnswers, maxInputTokens or unseen: "contextWindow"';
    const unknown = (what: string) => `unbounded: nobody knows the tokens of ${what}; ${hint}`;
    expect(refusal(CHAT, spoken({ id: "audio_1" }))).toBe(unknown('the audio "audio_1"'));
    for (const audio of [{}, { id: "" }, { id: 1 }]) {
      // An id that is no text is not asked for.
      expect(refusal(CHAT, spoken(audio), { knownAnswers: () => 1 })).toBe(unknown("the audio"));
    }
  });

  it.each<readonly [string, Partial<BoundOptions>, string]>([
    ["without its age", { maxAgeSeconds: 60 }, "the age of the price list is unknown: set listedAt"],
    [
      "that is too old",
      { maxAgeSeconds: 60, listedAt: new Date(AT.getTime() - 61_000) },
      "the price list must be at most 60 s old; it is 61 s old",
    ],
  ])("refuses a list %s", (_, options, reason) => {
    expect(refusal(CHAT, chat(), options)).toBe(`unpriced: ${reason}`);
  });

  it("takes a list that is young enough", () => {
    const options = { maxAgeSeconds: 60, listedAt: new Date(AT.getTime() - 60_000) };
    expect(bound(CHAT, chat(), options)).toEqual(bound(CHAT, chat()));
  });

  it.each<readonly [object, string]>([
    [{ hosts: 5 }, "boundOf: options.hosts must be a plain object; got 5"],
    [{ aliases: "gpt-4o" }, "boundOf: options.aliases must be a plain object; got a string"],
  ])("throws for the options %j", (options, message) => {
    expect(() => ask(CHAT, chat(), options)).toThrow(new TypeError(message));
  });

  it("throws for prices that are no list", () => {
    expect(() => ask(CHAT, chat(), {}, "list" as never)).toThrow(
      new TypeError("ratesFor: prices must be a price list; got a string"),
    );
  });
});
