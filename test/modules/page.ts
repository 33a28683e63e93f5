import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../runtimes/tools.ts";

/**
 * One `##` section of docs/commonjs.md: the files and the commands that a reader copies from it, and the error texts
 * that are its titles. What was never asked for has not been tried.
 */
export class Section {
  readonly text: string;
  readonly #files: ReadonlyMap<string, string>;
  readonly #commands: readonly string[];
  readonly #errors: readonly string[];
  readonly #untried: Set<string>;

  constructor(text: string) {
    this.text = text;
    const blocks = [...text.matchAll(/^```(\w+)(?: title=(\S+))?\n(.*?)^```$/gms)];
    this.#files = new Map(
      blocks.flatMap(([, , file, code = ""]) => (file === undefined ? [] : [[file, code]])),
    );
    this.#commands = blocks.flatMap(([, language, file, code = ""]) => {
      if (file !== undefined) return [];
      if (language !== "sh") throw new Error(`docs/commonjs.md: a ${String(language)} block has no title=`);
      return code.trimEnd().split("\n");
    });
    this.#errors = Array.from(text.matchAll(/^### (.*)$/gm), ([, title = ""]) => title);
    this.#untried = new Set([...this.#files.keys(), ...this.#commands, ...this.#errors]);
  }

  /** The file of that name, as the page has it. */
  file(name: string): string {
    return this.#files.get(this.#tried(name, this.#files.has(name) ? name : undefined)) ?? "";
  }

  /** The command that contains this. */
  command(part: string): string {
    const found = this.#commands.find((command) => command.includes(part));
    return this.#tried(part, found);
  }

  /** What is wrong unless the output has the error text whose title contains this; "…" stands for anything. */
  missing(part: string, output: string): string | null {
    const found = this.#errors.find((error) => error.includes(part));
    const pieces = this.#tried(part, found).split("…");
    return pieces.every((piece) => output.includes(piece.trim())) ? null : `it says instead:\n${output}`;
  }

  untried(): readonly string[] {
    return [...this.#untried];
  }

  #tried(part: string, found: string | undefined): string {
    if (found === undefined) throw new Error(`docs/commonjs.md has no ${part} where it is looked for`);
    this.#untried.delete(found);
    return found;
  }
}

/** What stands above the first section, and the sections by their titles. */
export function readPage(): { readonly intro: string; readonly sections: ReadonlyMap<string, Section> } {
  const [intro = "", ...parts] = readFileSync(join(root, "docs/commonjs.md"), "utf8").split(/^## /m);
  const sections = parts.map((part) => {
    const [title = ""] = part.split("\n", 1);
    return [title, new Section(part)] as const;
  });
  return { intro, sections: new Map(sections) };
}
