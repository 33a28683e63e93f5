import { maxTokensOf } from "dispatch-kit/calls";
import { TEXTS } from "../test/support/texts.ts";
import { TOKENIZERS } from "./calls.ts";

/** The ratio of the bound to the real number of tokens: over pieces of a text, and for the whole text. */
export interface Bound {
  readonly text: string;
  readonly tokenizer: string;
  readonly pieces: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
  readonly whole: number;
}

/** Characters of a piece: about one event of a stream, a sentence, and a paragraph. */
const SIZES = [4, 40, 400];
/** The most pieces of one size. */
const PIECES = 200;

/** Compares `maxTokensOf` with real tokenizers on fourteen languages and code. */
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

/** Cuts between characters and never within one. */
function cut(text: string, size: number): readonly string[] {
  const characters = Array.from(text);
  const count = Math.min(PIECES, Math.ceil(characters.length / size));
  return Array.from({ length: count }, (_, at) => characters.slice(at * size, (at + 1) * size).join(""));
}
