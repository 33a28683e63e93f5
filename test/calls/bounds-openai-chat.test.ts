import { formatUsd, usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { ask, bound, CHAT, chat, numberOf, refusal } from "./bounds-support.ts";

const RATES = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5, mode: "chat" } as const;
const message = (fields: object) => chat({ messages: [{ role: "user", ...fields }] });
const withPart = (part: unknown) => message({ content: ["Hi", { type: "text", text: "Hi" }, part] });

describe("boundOf: chats of OpenAI and its dialects", () => {
  it.each([
    [chat({ tools: [{ type: "web_search" }] }), 'unbounded: nobody knows what its tool "web_search" costs'],
    [chat({ tools: [{ function: { name: "f" } }] }), 'unbounded: nobody knows what its tool "" costs'],
    [chat({ tools: [{ type: ["function"] }] }), 'unbounded: nobody knows what its tool "" costs'],
    [withPart(5), "unreadable: content must be texts and objects"],
    [withPart({ text: "Hi" }), 'unbounded: nobody knows what a part of the type "" costs'],
    [withPart({ type: "video_url" }), 'unbounded: nobody knows what a part of the type "video_url" costs'],
    [withPart({ type: "image_url", image_url: ["a", "b"] }), "unreadable: image_url must be an object"],
    [withPart({ type: "input_audio", input_audio: "AAAA" }), "unreadable: input_audio must be an object"],
    [message({ audio: "audio_1" }), "unreadable: audio must be an object"],
  ])("%j: %s", (body, reason) => {
    expect(refusal(CHAT, body)).toBe(reason);
  });

  it.each([
    ["audio", (data: string) => ({ type: "input_audio", input_audio: { data, format: "mp3" } }), undefined],
    ["document", (data: string) => ({ type: "document_url", document_url: data }), 0],
    ["file", (data: string) => ({ type: "file", file: { filename: "a.pdf", file_data: data } }), 0],
  ])("counts a part with %s by fileTokens, and not by its bytes", (what, part, audio) => {
    expect(refusal(CHAT, withPart(part("AAAA")))).toBe(
      `unbounded: nobody knows the tokens of its ${what}; set fileTokens, inputTokens or maxInputTokens`,
    );
    const [short, long] = ["AAAA", "A".repeat(9_999)].map((data) =>
      bound(CHAT, withPart(part(data)), { fileTokens: 3_000 }),
    );
    expect(long).toEqual(short);
    expect(short?.limits.maxInputTokens).toBe(3_000 + (short === undefined ? 0 : textsOf(short)));
    expect(short?.limits.maxInputAudioTokens).toBe(audio);
  });

  const textsOf = (found: ReturnType<typeof bound>): number => numberOf(found, "texts") ?? NaN;

  it("takes the URL of a picture in place of an object, as Mistral does", () => {
    const url = "https://api.mistral.ai/v1/chat/completions";
    const picture = (data: string) => ({
      model: "mistral-small",
      max_tokens: 100,
      messages: [{ role: "user", content: [{ type: "image_url", image_url: data }] }],
    });
    expect(refusal(url, picture("AAAA"))).toBe(
      'unbounded: "mistral-small" has no published cap for pictures; set pictureTokens',
    );
    const short = bound(url, picture("AAAA"), { pictureTokens: 900 });
    expect(short.limits.maxInputTokens).toBe(textsOf(short) + 900);
    expect(bound(url, picture("A".repeat(9_999)), { pictureTokens: 900 })).toEqual(short);
  });

  it.each([
    ["file", "file-1", withPart({ type: "file", file: { file_id: "file-1" } })],
    ["audio", "audio_1", message({ audio: { id: "audio_1" } })],
  ])("bounds a %s by its id", (what, id, body) => {
    expect(refusal(CHAT, body)).toBe(
      `unbounded: nobody knows the tokens of the ${what} "${id}"; ` +
        'set knownAnswers, maxInputTokens or unseen: "contextWindow"',
    );
    const known = bound(CHAT, body, { knownAnswers: (asked) => (asked === id ? 700 : undefined) });
    expect(known.limits.maxInputTokens).toBe(textsOf(known) + 700);
    expect(known.limits.maxInputAudioTokens).toBeUndefined();
  });

  it.each([
    [{ max_completion_tokens: 60_000 }, ["max_completion_tokens"]],
    [{ max_completion_tokens: null, max_tokens: 60_000 }, ["max_tokens"]],
    [{ max_completion_tokens: null }, ["max_completion_tokens"]],
    // A server may obey the one that is not written.
    [{ max_completion_tokens: 60_000, max_tokens: 50_000 }, undefined],
  ])("writes a limit over %j to %j", (limits, path) => {
    const found = bound(CHAT, chat(limits), { limitOutputTo: usd("0.1") });
    expect(found.limit?.path).toEqual(path);
    expect(found.maxOutputTokens).toBe(found.limit?.value ?? 60_000);
  });
});

describe("boundOf: chats that search", () => {
  const PERPLEXITY = "https://api.perplexity.ai/chat/completions";
  const sonar = (fields: object = {}) => ({
    model: "sonar",
    max_tokens: 100,
    messages: [{ role: "user", content: "Hi" }],
    ...fields,
  });
  const search_context_cost_per_query = { search_context_size_medium: 0.01 };
  const list = {
    "perplexity/sonar": RATES,
    "groq/groq/compound": { ...RATES, search_context_cost_per_query },
  };

  it.each([
    [
      sonar({ web_search_options: { search_type: "pro" } }),
      "unbounded: a search of the type pro or auto has fees that price lists do not have",
    ],
    [
      sonar({ web_search_options: { search_type: ["fast"] } }),
      "unbounded: a search of the type pro or auto has fees that price lists do not have",
    ],
    [
      sonar({ model: "sonar-deep-research" }),
      "unbounded: deep research bills citations, reasoning and searches, which no limit bounds",
    ],
    [sonar({ web_search_options: "fast" }), "unreadable: web_search_options must be an object"],
  ])("%j: %s", (body, reason) => {
    expect(refusal(PERPLEXITY, body)).toBe(reason);
  });

  it("bounds a fast search of Perplexity by its tokens", () => {
    const plain = bound(PERPLEXITY, sonar(), { inputTokens: 1_000 }, list);
    const fast = sonar({ web_search_options: { search_type: "fast" } });
    expect(bound(PERPLEXITY, fast, { inputTokens: 1_000 }, list)).toEqual(plain);
    expect(formatUsd(plain.amount)).toBe("0.002");
    expect(plain.hasServerTools).toBe(true);
  });

  it("takes no context window for the loops of a compound model, which have no limit", () => {
    const url = "https://api.groq.com/openai/v1/chat/completions";
    const body = chat({ model: "groq/compound" });
    expect(ask(url, body, { unseen: "contextWindow", maxSearches: 3 }, list)).toMatchObject({
      why: "unbounded",
      reason:
        "what its searches find has no limit of loops; set max_tool_calls in the request, or maxInputTokens",
    });
    const stated = bound(url, body, { maxInputTokens: 50_000, maxSearches: 3 }, list);
    expect(stated.limits).toMatchObject({ maxInputTokens: 50_000, maxSearches: 3, maxOutputTokens: 100 });
  });
});
