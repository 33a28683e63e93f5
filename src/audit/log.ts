import { anyText, callable, isObject, optional, type Reader, wrongType } from "../internal/check.ts";
import { pacer } from "../internal/timers.ts";
import type { JournalQuestions } from "../dispatch/questions.ts";
import { toBase64 } from "./base64.ts";
import { archivedLine, parseLine } from "./line.ts";
import { leafHash } from "./merkle.ts";

/** Where the entries are read from: a store that keeps a journal. */
export type JournalSource = Pick<JournalQuestions, "journal">;

/** Lines one after another, such as those of a file by `readline`. */
export type Lines = AsyncIterable<string> | Iterable<string>;

/** What comes before the entries that a store still has. */
export interface Archived {
  /**
   * The archived lines, without line breaks: in their order, each once, up to where the store goes on. A line that an
   * interrupted archive has written twice is left out by the caller.
   */
  readonly archived?: Lines | undefined;
}

/** Entries that are asked for at once: they take a few milliseconds. */
const PAGE = 500;

/** The lines of the whole log: the archived ones, and those of what the store has. It lets timers and I/O run meanwhile. */
export async function* logLines(store: JournalSource, archived: Lines | undefined): AsyncGenerator<string> {
  const turn = pacer();
  let last: string | null = null;
  for await (const line of archived ?? []) {
    await turn();
    last = anyText("archived", line);
    yield last;
  }
  let after = last === null ? 0 : parseLine(last).place;
  for (let more = true; more;) {
    await turn();
    const page = await store.journal({ after, limit: PAGE });
    for (const entry of page.entries) yield archivedLine(entry);
    ({ cursor: after, more } = page);
  }
}

/**
 * The hash of each entry of a log, in its order: kept in another place, they let `verify` say which entry differs.
 *
 * @param store - whose journal is read.
 * @returns each hash in base64, 44 characters.
 * @throws TypeError if the store has no journal.
 * @example
 * ```ts
 * const store = memoryStore();
 * const leaves: string[] = [];
 * for await (const leaf of leafHashes(store)) leaves.push(leaf);
 * leaves.length; // => 0
 * ```
 */
export async function* leafHashes(
  store: JournalSource,
  { archived }: Archived = {},
): AsyncGenerator<string, void, undefined> {
  ensureSource("leafHashes", store);
  for await (const line of logLines(store, optionalLines("leafHashes: archived", archived))) {
    yield toBase64(leafHash(line));
  }
}

/** Checks that a store has a journal. */
export function ensureSource(what: string, store: unknown): void {
  if (!isObject(store)) throw wrongType(`${what}: store`, "a store that keeps a journal", store);
  callable(`${what}: store.journal`, Reflect.get(store, "journal"));
}

const lines: Reader<Lines> = (what, value) => {
  const isIterable = isObject(value) && (Symbol.asyncIterator in value || Symbol.iterator in value);
  // What it gives is checked line by line.
  if (isIterable) return value as Lines;
  throw wrongType(what, "an iterable of strings", value);
};

export const optionalLines: Reader<Lines | undefined> = /* @__PURE__ */ optional(lines, undefined);
