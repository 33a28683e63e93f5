import { readFileSync } from "node:fs";
import { decode, encode } from "gpt-tokenizer/encoding/o200k_base";
import { TEXTS } from "../../test/support/texts.ts";
import { numbers } from "../random.ts";

/** Texts to cut prompts from: the prose of four pages of the documentation, and an article in Chinese. */
const SOURCES: Readonly<Record<string, () => string>> = {
  English: () => ["budgets", "decisions", "jobs", "stores"].map(proseOf).join("\n"),
  Chinese: () => TEXTS.find(([name]) => name === "Chinese")?.[1] ?? "",
};

export const LANGUAGES: readonly string[] = Object.keys(SOURCES);

/** A page without its code and its tables, whose columns are aligned with spaces. */
function proseOf(page: string): string {
  return readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), "utf8")
    .replaceAll(/^```[^]*?^```$/gm, "")
    .replaceAll(/^\|.*$/gm, "");
}

/**
 * Makes prompts of a number of tokens (o200k, the encoding of GPT-4o): a piece of that many tokens of a real text, from
 * another place for each prompt. The text is repeated if it is shorter.
 */
export function promptMaker(language: string): (tokens: number) => string {
  const all = encode(SOURCES[language]?.() ?? "");
  if (all.length === 0) throw new Error(`there is no text in ${language}`);
  const below = numbers(1);
  return (tokens) => {
    const from = below(all.length);
    return decode(Array.from({ length: tokens }, (_, at) => all[(from + at) % all.length] ?? 0));
  };
}
