import { anyText } from "../internal/check.ts";

const ASCII = /^[\0-\x7f]*$/;

/**
 * An upper bound of the number of tokens of a text, without knowing the tokenizer: one token for each byte in UTF-8,
 * plus one.
 *
 * A byte-level tokenizer (GPT, Claude, Llama 3, Qwen, DeepSeek, Mistral's Tekken) has a token for each of the 256
 * bytes; its other tokens stand for several bytes. SentencePiece with byte fallback (Llama 2, Gemma, Gemini) has a
 * token for a character or for each of its bytes, and may add one token in front. Some tokenizers first normalise the
 * text to NFC or NFKC, which can make it longer, so the longest form counts. No smaller bound holds for every text,
 * because in some texts each byte is a token.
 *
 * It counts the text alone. Add the tokens that a provider puts around it: roles, separators, tool definitions, images.
 * A lone surrogate counts as the replacement character that is sent for it.
 *
 * @param text - the text that is sent or received.
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
  const checked = anyText("maxTokensOf", text);
  if (checked === "") return 0;
  // Normalisation does not change ASCII.
  if (ASCII.test(checked)) return checked.length + 1;
  return (
    Math.max(utf8Bytes(checked), utf8Bytes(checked.normalize("NFC")), utf8Bytes(checked.normalize("NFKC"))) +
    1
  );
}

/** The number of bytes of a text in UTF-8. */
function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A surrogate pair is two units and four bytes, so its second unit adds nothing more.
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next < 0xe000) at++;
    }
  }
  return bytes;
}
