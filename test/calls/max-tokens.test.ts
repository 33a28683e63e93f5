import { maxTokensOf } from "dispatch-kit/calls";
import fc from "fast-check";
import { encode as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { encode as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { TEXTS } from "../support/texts.ts";

// What looks like a special token in a text is text.
const plain = { disallowedSpecial: new Set<string>() };
const tokenizers = [
  ["o200k", (text: string) => o200k(text, plain).length],
  ["cl100k", (text: string) => cl100k(text, plain).length],
] as const;

describe.each(tokenizers)("maxTokensOf: never below %s", (_, tokensOf) => {
  it.each(TEXTS)("of %s", (_, text) => {
    expect(maxTokensOf(text)).toBeGreaterThanOrEqual(tokensOf(text));
  });

  it.each(TEXTS)("of %s, cut anywhere", (_, text) => {
    for (let end = 1; end < Math.min(text.length, 200); end += 7) {
      expect(maxTokensOf(text.slice(0, end))).toBeGreaterThanOrEqual(tokensOf(text.slice(0, end)));
    }
  });

  it.each([
    ["lone surrogates", "\ud800a\udfff\udc00\ud83d"],
    ["emoji with joiners", "👩‍👩‍👧‍👦🏳️‍🌈👍🏽"],
    ["private use and unassigned", "\u{10ffff}\u{e000}\u{2fe0}\u{fdd0}"],
    ["control characters", "\0\x01\x02\x1b[31m\x7f"],
    ["what looks like special tokens", "<|endoftext|><|im_start|>system<|fim_prefix|>"],
    ["characters that normalise to many", "\ufdfa\u3316\u{1d160}\u0958"],
    ["long runs", `${" ".repeat(500)}${"\n".repeat(300)}${"=".repeat(500)}`],
    ["rare letters", "qzxjkvwqzxj ꙮ ꜳ ᚠᛇᚻ 𒀀𒁀 𓀀"],
  ])("of %s", (_, text) => {
    expect(maxTokensOf(text)).toBeGreaterThanOrEqual(tokensOf(text));
  });

  it("of any string, whole or broken", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({
        unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
        maxLength: 40,
      }),
    );
    fc.assert(
      fc.property(text, (any) => maxTokensOf(any) >= tokensOf(any)),
      { numRuns: 2000 },
    );
  });
});

describe("maxTokensOf", () => {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;

  it("is the bytes of the longest of the text's forms, and one more", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        const forms = [text, text.normalize("NFC"), text.normalize("NFKC")];
        expect(maxTokensOf(text)).toBe(Math.max(...forms.map(bytes)) + 1);
      }),
    );
  });

  it.each([
    ["", 0],
    ["a", 2],
    ["ü", 3],
    ["€", 4],
    ["𝄞", 5],
    ["\ud834", 4],
    ["\udd1e\ud834", 7],
    ["\ud834\ud834\udd1e", 8],
    // One character of 3 bytes that NFKC makes 18 of, 33 bytes; one that even NFC makes three of.
    ["\ufdfa", 34],
    ["\u{1d160}", 13],
  ])("of %j is %i", (text, most) => {
    expect(maxTokensOf(text)).toBe(most);
  });

  it("is reached: some texts have a token for each byte", () => {
    const rare = "\u{10ffff}\u{10fffe}";
    expect(o200k(rare, plain).length).toBeGreaterThanOrEqual(bytes(rare) - 1);
  });

  it.each([undefined, null, 5, {}, ["text"], new String("text")])("refuses %j", (text) => {
    expect(() => maxTokensOf(text as never)).toThrow(TypeError);
  });
});
