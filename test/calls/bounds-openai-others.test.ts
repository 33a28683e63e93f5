import { describe, expect, it } from "vitest";
import { bound, LIST, numberOf, refusal } from "./bounds-support.ts";

const EMBEDDINGS = "https://api.openai.com/v1/embeddings";
const RERANK = "https://api.voyageai.com/v1/rerank";
const COMPACT = "https://api.openai.com/v1/responses/compact";
const IMAGES = "https://api.openai.com/v1/images/generations";
const EDITS = "https://api.openai.com/v1/images/edits";
const cat = (more: object = {}) => ({ model: "gpt-image-1", prompt: "cat", ...more });

describe("boundOf: the smaller forms of OpenAI", () => {
  it.each([
    [
      EMBEDDINGS,
      { model: "text-embedding-3-small", input: ["Hi", { image: "x" }] },
      "unbounded: nobody knows the tokens of inputs that are objects; use texts",
    ],
    [RERANK, { model: "rerank-2", query: ["Hi"], documents: ["a"] }, "unreadable: query must be a text"],
    [RERANK, { model: "rerank-2", documents: ["a"] }, "unreadable: query must be a text"],
    [
      COMPACT,
      { model: "gpt-4o", previous_response_id: "resp_1" },
      'unbounded: nobody knows the tokens of the answer "resp_1"; ' +
        'set knownAnswers, maxInputTokens or unseen: "contextWindow"',
    ],
    [
      EDITS,
      cat({ images: ["https://x.example/a.png"] }),
      "unbounded: nobody knows the tokens of its pictures",
    ],
    [
      EDITS,
      cat({ images: [{ file_id: "file-1" }] }),
      'unbounded: "gpt-image-1" has no published cap for pictures; set pictureTokens',
    ],
    [
      IMAGES,
      cat({ model: "gpt-image-2" }),
      "unbounded: OpenAI publishes no number of tokens for its pictures; set maxOutputTokens",
    ],
  ])("%s %j: %s", (url, body, reason) => {
    expect(refusal(url, body)).toBe(reason);
  });

  it("counts the query of a rerank once for each document", () => {
    const found = bound(RERANK, { model: "rerank-2", query: "q".repeat(99), documents: ["a", "b", "c"] });
    expect(numberOf(found, "query for each document")).toBe(3 * 100);
    expect(found.limits.maxInputTokens).toBe(300 + (numberOf(found, "texts") ?? NaN));
  });

  it("bounds a compaction by the output of its model", () => {
    const body = { model: "gpt-4o", input: "Hi", service_tier: "default" };
    expect(bound(COMPACT, body)).toMatchObject({ maxOutputTokens: 16_384, serviceTier: null });
    const next = { ...body, previous_response_id: "resp_1" };
    expect(numberOf(bound(COMPACT, next, { knownAnswers: () => 700 }), 'the answer "resp_1"')).toBe(700);
  });
});

describe("boundOf: pictures that OpenAI makes", () => {
  it.each([
    [{ quality: "low" }, 408],
    [{ quality: "medium" }, 1_584],
    [{ quality: "high" }, 6_240],
    [{ quality: "auto" }, 6_240],
    [{ quality: "low", partial_images: 1 }, 508],
    // The API's most is 3.
    [{ quality: "low", partial_images: 9 }, 708],
    [{ quality: "low", partial_images: 3, n: 4 }, 2_832],
  ])("%j: %i", (fields, tokens) => {
    expect(bound(IMAGES, cat(fields)).maxOutputTokens).toBe(tokens);
  });

  it("takes a stated output for all pictures of any model", () => {
    const prices = { ...LIST, "gpt-image-2": LIST["gpt-image-1"] };
    const asked = cat({ model: "gpt-image-2", n: 3 });
    expect(bound(IMAGES, asked, { maxOutputTokens: 20_000 }, prices).maxOutputTokens).toBe(20_000);
  });

  it("counts the pictures and the mask of an edit by pictureTokens, and not by their bytes", () => {
    const edit = (data: string) => cat({ images: [{ image_url: data }], mask: { image_url: data } });
    const short = bound(EDITS, edit("AAAA"), { pictureTokens: 900 });
    expect(short.limits.maxInputTokens).toBe((numberOf(short, "texts") ?? NaN) + 64 + 2 * 900);
    expect(short.limits.maxInputImageTokens).toBe(2 * 900);
    expect(bound(EDITS, edit("A".repeat(9_999)), { pictureTokens: 900 })).toEqual(short);
  });
});
