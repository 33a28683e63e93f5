import { JobState } from "../dispatch/lifecycle.ts";
import {
  anyText,
  isObject,
  isPlain,
  listOf,
  oneOf,
  optional,
  orNull,
  read,
  type Reader,
  type Readers,
  whole,
  wrongType,
} from "../internal/check.ts";
import { type JournalEntry, journalKind } from "../dispatch/journal.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import { BackendKind } from "../routing/kind.ts";
import { instant } from "../time.ts";

/**
 * An entry of the journal as a line of the archive, which is what is hashed and sealed. The same entry has the same line, in
 * every store and in every version of this library.
 *
 * The line is JSON in the canonical form of RFC 8785: no spaces, the names in each object sorted by their UTF-16 code units,
 * numbers and strings as `JSON.stringify` writes them. The names are those of `JournalEntry`. Money is a string of
 * micro-cents in digits. What is `null`, an empty list or an empty object is left out, so that a field that a later version
 * adds leaves the lines of earlier entries as they are.
 *
 * @param entry - as a store answers it.
 * @returns the line, without a line break at its end or inside.
 * @example
 * ```ts
 * const entry = parseLine('{"at":1795392000,"kind":"lane_paused","lane":"gpu","place":7}');
 * entry.lane; // => "gpu"
 * entry.jobId; // => null
 * archivedLine(entry); // => '{"at":1795392000,"kind":"lane_paused","lane":"gpu","place":7}'
 * ```
 */
export function archivedLine(entry: JournalEntry): string {
  return canonical(entry);
}

function canonical(value: unknown): string {
  if (typeof value === "bigint") return `"${value}"`;
  if (!isObject(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  let fields = "";
  // Without an argument, sort() compares code units.
  for (const name of Object.keys(value).sort()) {
    const field = canonical(Reflect.get(value, name) ?? null);
    if (field === "null" || field === "[]" || field === "{}") continue;
    fields += `${fields && ","}${JSON.stringify(name)}:${field}`;
  }
  return `{${fields}}`;
}

/**
 * Reads a line of {@link archivedLine} back.
 *
 * @returns the entry, frozen. What the line leaves out is `null`, an empty list or an empty object.
 * @throws TypeError if it is not a string, or a field has a wrong type or an unknown name.
 * @throws RangeError if it is not JSON, not in the canonical form, or a field has a wrong value.
 * @example
 * ```ts
 * const line = '{"at":1795392000,"closed":{"booked":"1","held":"2","holdId":"a","state":"settled"},"kind":"settled","place":8}';
 * parseLine(line).closed?.booked; // => 1n
 * ```
 */
export function parseLine(line: string): JournalEntry {
  const what = "parseLine: line";
  let value: unknown;
  try {
    value = JSON.parse(anyText(what, line));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    // Without the cause, whose message quotes the line.
    // eslint-disable-next-line preserve-caught-error -- as above
    throw new RangeError(`${what} must be JSON`);
  }
  const entry = readEntry(what, value);
  // Two lines of one entry would be two leaves. This finds repeated names and digits that a number has lost too.
  if (archivedLine(entry) !== line) throw new RangeError(`${what} must be in the form of archivedLine`);
  return entry;
}

/** A frozen object with these fields. */
function record<T extends object>(readers: Readers<T>): Reader<Readonly<T>> {
  return (what, value) => outcome(read(what, value, readers));
}

const amount: Reader<MicroCents> = (what, value) => microCents(anyText(what, value));

const CLOSED = { SETTLED: "settled", RELEASED: "released", CHARGED: "charged" } as const;

const textOrNull: Reader<string | null> = /* @__PURE__ */ orNull(anyText);

const tags: Reader<JournalEntry["tags"]> = (what, value) => {
  if (!isPlain(value)) throw wrongType(what, "a plain object", value);
  const texts = Object.entries(value).map(([name, text]) => [name, anyText(what, text)] as const);
  return Object.freeze(Object.fromEntries(texts));
};

const readEntry: Reader<JournalEntry> = /* @__PURE__ */ (() =>
  record<JournalEntry>({
    place: whole,
    at: instant,
    kind: journalKind,
    jobId: textOrNull,
    attempt: orNull(whole),
    state: orNull(oneOf(JobState)),
    closed: orNull(
      record({ holdId: anyText, held: amount, booked: amount, state: oneOf(CLOSED), was: orNull(amount) }),
    ),
    opened: orNull(record({ holdId: anyText, held: amount })),
    scopes: optional(
      listOf(record({ scope: anyText, cap: orNull(amount), before: amount, after: amount })),
      Object.freeze([]),
    ),
    lane: textOrNull,
    backend: orNull(oneOf(BackendKind)),
    until: orNull(instant),
    digest: textOrNull,
    tags: optional(tags, Object.freeze({})),
    by: textOrNull,
    decision: orNull(record({ id: textOrNull, author: anyText, reason: anyText, decidedAt: textOrNull })),
  }))();
