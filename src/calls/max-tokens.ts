import { text as readText } from "../internal/check.ts";

const ASCII = /^[\0-\x7f]*$/;

/**
 * The most tokens that a text can be, without knowing the tokenizer: one for each byte of its UTF-8 form,
 * and one more.
 *
 * A byte-level tokenizer (GPT, Claude, Llama 3, Qwen, DeepSeek, Mistral's Tekken) has a token for each of
 * the 256 bytes, and every longer token stands for several; SentencePiece with byte fallback (Llama 2,
 * Gemma, Gemini) has one for each character or its bytes, and may put one in front. Some normalise first,
 * to NFC or NFKC, which can make a text longer: the longest form counts. No bound below this one holds for
 * every text: there are texts of which each byte is a token.
 *
 * It counts the text alone. What a provider puts around it — roles, separators, tool definitions, images —
 * has to be added by whoever knows the request. A lone surrogate counts as the replacement character that
 * it is sent as.
 *
 * @param text - what is sent, or what is streamed back.
 * @returns a whole number; 0 for an empty text.
 * @throws TypeError if it is not a string.
 * @example
 * ```ts
 * maxTokensOf("Hello, world"); // => 13
 * maxTokensOf("こんにちは"); // => 16
 * maxTokensOf(""); // => 0
 * ```
 */
export function maxTokensOf(text: string): number {
  const given = readText("maxTokensOf", text);
  if (given === "") return 0;
  // No ASCII text has another form.
  if (ASCII.test(given)) return given.length + 1;
  return (
    Math.max(utf8Bytes(given), utf8Bytes(given.normalize("NFC")), utf8Bytes(given.normalize("NFKC"))) + 1
  );
}

/** How long a text is in UTF-8. */
function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is two units and four bytes.
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next < 0xe000) at++;
    }
  }
  return bytes;
}
