import { usd } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { bound, GEMINI, gemini, LIST, numberOf, refusal } from "./bounds-support.ts";

const part = (one: object) => gemini({ contents: [{ parts: [{ text: "Hi" }, one] }] });
const config = (fields: object) => gemini({ generationConfig: { maxOutputTokens: 100, ...fields } });
const image = { inlineData: { mimeType: "image/png", data: "AAAA" } };
const search_context_cost_per_query = { search_context_size_medium: 0.01 };
const HINT = 'set knownAnswers, maxInputTokens or unseen: "contextWindow"';

describe("boundOf: requests to Gemini", () => {
  it.each([
    [part({ inlineData: "AAAA" }), "unreadable: inlineData must be an object"],
    [part({ newPart: {} }), 'unbounded: nobody knows what a part with "newPart" costs'],
    [gemini({ generationConfig: [] }), "unreadable: generationConfig must be an object"],
    [gemini({ tools: [{ newTool: {} }] }), 'unbounded: nobody knows what its tool "newTool" costs'],
    [
      gemini({ tools: [{ file_search: {} }] }),
      'unbounded: its tool "file_search" has fees that no price list and no limit bounds',
    ],
    [
      gemini({ tools: [{ urlContext: {} }] }),
      `unbounded: nobody knows the tokens of what its tool "urlContext" finds; ${HINT}`,
    ],
    [config({ responseMimeType: "image/png" }), "unreadable: the type of its answer must be that of a text"],
    [
      config({ responseMimeType: ["text/plain"] }),
      "unreadable: the type of its answer must be that of a text",
    ],
    [config({ responseFormat: ["text"] }), "unreadable: the format of its answer must be an object"],
    [
      config({ responseModalities: ["TEXT", "VIDEO"] }),
      "unreadable: responseModalities must be TEXT, IMAGE or AUDIO",
    ],
    [config({ responseModalities: [2] }), "unreadable: responseModalities must be TEXT, IMAGE or AUDIO"],
    [
      config({ responseModalities: ["Text", "Image"] }),
      "unbounded: no page says that the output limit covers pictures; set maxOutputTokens",
    ],
    // A limit would be written to the one that is null.
    [config({ max_output_tokens: null }), "unreadable: maxOutputTokens is there in two spellings"],
  ])("%j: %s", (body, reason) => {
    expect(refusal(GEMINI, body)).toBe(reason);
  });

  it.each([{ functionDeclarations: [{ name: "f" }] }, { function_declarations: [{ name: "f" }] }])(
    "counts functions by their bytes: %j",
    (tool) => {
      const found = bound(GEMINI, gemini({ tools: [tool] }));
      expect(found.hasServerTools).toBe(false);
      expect(found.limits.maxInputTokens).toBe(numberOf(found, "texts"));
    },
  );

  it.each([
    [[{ urlContext: {} }], 0],
    [[{ code_execution: {} }], 0],
    [[{ urlContext: {} }, { googleSearch: {} }], 3],
  ])("bounds %j by what the caller states, with %i searches", (tools, searches) => {
    const prices = {
      "gemini/gemini-3-flash": { ...LIST["gemini/gemini-3-flash"], search_context_cost_per_query },
    };
    const found = bound(GEMINI, gemini({ tools }), { maxInputTokens: 9_000, maxSearches: 3 }, prices);
    expect(found.limits).toMatchObject({ maxInputTokens: 9_000, maxSearches: searches });
    expect(found.hasServerTools).toBe(true);
  });

  it.each([
    part({ functionResponse: { name: "f", response: {}, parts: [image] } }),
    part({ function_response: { name: "f", response: {}, parts: [image] } }),
  ])("counts a picture in the result of a function: %j", (body) => {
    const found = bound(GEMINI, body);
    expect(found.limits.maxInputImageTokens).toBe(1_120 + 112);
    expect(found.limits.maxInputTokens).toBe((numberOf(found, "texts") ?? NaN) + 1_120 + 112);
  });

  it("counts a signature by its bytes, as encrypted reasoning", () => {
    const signed = (thoughtSignature: string) => bound(GEMINI, part({ text: "Hi", thoughtSignature }));
    const [short, long] = [signed("A"), signed("A".repeat(1_000))];
    expect(long.limits.maxInputTokens - short.limits.maxInputTokens).toBe(999);
    expect(short.numbers).toContainEqual({
      name: "encrypted reasoning",
      value: 0,
      unit: "tokens",
      standing: "assumed",
    });
  });

  // Limits of 0 are for kinds of tokens that the file cannot have. Gemini 3 bills a PDF file as pictures.
  it.each([
    ["application/pdf", 0, 0],
    ["audio/mp3", undefined, 0],
    ["video/mp4", undefined, undefined],
    [undefined, undefined, undefined],
    [["image/png"], undefined, undefined],
    [{ toString: 1, valueOf: 1 }, undefined, undefined],
  ])("counts a file of the type %j by fileTokens", (mimeType, audio, video) => {
    const body = part({ fileData: { fileUri: "https://x.example/a", mimeType } });
    expect(refusal(GEMINI, body)).toBe(
      "unbounded: nobody knows the tokens of its file; set fileTokens, inputTokens or maxInputTokens",
    );
    const { limits, ...found } = bound(GEMINI, body, { fileTokens: 3_000 });
    expect(limits.maxInputTokens).toBe(3_000 + (numberOf({ limits, ...found }, "texts") ?? NaN));
    expect([limits.maxInputAudioTokens, limits.maxInputVideoTokens]).toEqual([audio, video]);
    expect(limits.maxInputImageTokens).toBeUndefined();
  });

  it.each([
    [{ responseMimeType: "text/x.enum" }, 0],
    [{ responseModalities: ["TEXT"], responseFormat: { text: {} } }, 0],
    [{ responseModalities: ["text", "audio"] }, undefined],
    [{ responseFormat: { audio: {} } }, undefined],
  ])("knows from %j which kinds of output there are", (fields, audio) => {
    const { limits } = bound(GEMINI, config(fields));
    expect(limits).toMatchObject({ maxOutputTokens: 100, maxOutputImageTokens: 0 });
    expect(limits.maxOutputAudioTokens).toBe(audio);
  });

  it("writes a limit in the spelling of the body", () => {
    const written = (generationConfig: object) =>
      bound(GEMINI, gemini({ generationConfig }), { limitOutputTo: usd("0.001") }).limit?.path;
    expect(written({ maxOutputTokens: 60_000 })).toEqual(["generationConfig", "maxOutputTokens"]);
    expect(written({ max_output_tokens: null })).toEqual(["generationConfig", "max_output_tokens"]);
  });
});

describe("boundOf: interactions with Gemini", () => {
  const URL_ = "https://generativelanguage.googleapis.com/v1beta/interactions";
  const ask = (fields: object) => ({
    model: "gemini-3-flash",
    input: "Hi",
    generation_config: { max_output_tokens: 100 },
    ...fields,
  });

  it.each([
    [
      ask({ previous_interaction_id: "v1_1" }),
      `unbounded: nobody knows the tokens of the interaction "v1_1"; ${HINT}`,
    ],
    [ask({ tools: [{ type: "google_search" }] }), "unbounded: of its tools, only functions have a bound"],
    [ask({ input: 5 }), "unreadable: its input must be texts and objects"],
    [ask({ input: [{ type: "audio" }] }), 'unbounded: nobody knows what an input of the type "audio" costs'],
    [
      ask({ generation_config: { max_output_tokens: 100, maxOutputTokens: null } }),
      "unreadable: maxOutputTokens is there in two spellings",
    ],
  ])("%j: %s", (body, reason) => {
    expect(refusal(URL_, body)).toBe(reason);
  });

  it.each(["uri", "mime_type", "mimeType", "file_id"])(
    "refuses a text with the field %s of a file",
    (key) => {
      const body = ask({ input: [{ content: [{ type: "text", text: "Hi", [key]: "x" }] }] });
      expect(refusal(URL_, body)).toBe(`unbounded: nobody knows what an input with "${key}" costs`);
    },
  );

  it("bounds functions by their bytes, and an earlier interaction by what is known of it", () => {
    const tools = [{ type: "function", name: "f", parameters: {} }];
    const found = bound(URL_, ask({ tools, previous_interaction_id: "v1_1" }), { knownAnswers: () => 700 });
    expect(found.limits).toMatchObject({
      maxInputTokens: 700 + (numberOf(found, "texts") ?? NaN),
      maxOutputTokens: 100,
    });
    expect(found.hasServerTools).toBe(false);
  });
});
