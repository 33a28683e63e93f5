import { maxTokensOf } from "dispatch-kit/calls";
import { TEXTS } from "../test/support/texts.ts";
import { TOKENIZERS } from "./calls.ts";

/** How many times the tokens of a text its bound is: over the pieces of the text, and all of it at once. */
export interface Bound {
  readonly text: string;
  readonly tokenizer: string;
  readonly pieces: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
  readonly whole: number;
}

/** Characters: about what one event of a stream has, a sentence, and a paragraph. */
const SIZES = [4, 40, 400];
/** Of a long text, so many pieces of a size. */
const PIECES = 200;

/** `maxTokensOf` beside real tokenizers: fourteen languages, and code. */
export function bounds(): readonly Bound[] {
  return TEXTS.flatMap(([name, text]) => {
    const pieces = SIZES.flatMap((size) => cut(text, size));
    return Object.entries(TOKENIZERS).map(([tokenizer, tokensOf]): Bound => {
      const times = (piece: string): number => maxTokensOf(piece) / tokensOf(piece);
      const sorted = pieces.map(times).sort((a, b) => a - b);
      return {
        text: name,
        tokenizer,
        pieces: pieces.length,
        least: sorted[0] ?? NaN,
        median: sorted[sorted.length >> 1] ?? NaN,
        most: sorted.at(-1) ?? NaN,
        whole: times(text),
      };
    });
  });
}

/** Between characters and not within one, as text is. */
function cut(text: string, size: number): readonly string[] {
  const characters = Array.from(text);
  const count = Math.min(PIECES, Math.ceil(characters.length / size));
  return Array.from({ length: count }, (_, at) => characters.slice(at * size, (at + 1) * size).join(""));
}
