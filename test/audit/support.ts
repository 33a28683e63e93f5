import { createHash } from "node:crypto";
import { epochSeconds, microCents } from "dispatch-kit";
import type {
  Checkpoint,
  JournalSource,
  LogDiffers,
  LogIntact,
  LogShorter,
  Sealed,
} from "dispatch-kit/audit";
import type { JournalEntry } from "../../src/dispatch/journal.ts";

export const ORIGIN = "example.com/ledger";

/** An entry at a place, with nothing that is about a job. */
export function entry(place: number, more: Partial<JournalEntry> = {}): JournalEntry {
  return {
    place,
    at: epochSeconds(1_795_392_000 + place),
    kind: "held",
    jobId: null,
    attempt: null,
    state: null,
    closed: null,
    opened: { holdId: `hold-${place}`, held: microCents(BigInt(place)) },
    scopes: [],
    lane: null,
    backend: null,
    until: null,
    digest: null,
    tags: {},
    by: null,
    decision: null,
    ...more,
  };
}

/** Entries with the places from 1 on. */
export function entries(count: number): JournalEntry[] {
  return Array.from({ length: count }, (_, index) => entry(index + 1));
}

/** A journal of these entries, read in pages. */
export function journalOf(log: readonly JournalEntry[]): JournalSource {
  return {
    journal({ after = 0, limit = 100 } = {}) {
      const rest = log.slice(after === 0 ? 0 : log.findIndex(({ place }) => place === after) + 1);
      const found = rest.slice(0, limit);
      const page = { cursor: found.at(-1)?.place ?? after, more: rest.length > limit, heldBackSince: null };
      return Promise.resolve({ ...page, entries: found });
    },
  };
}

/** A copy of a list with some of it replaced. */
export function spliced<T>(list: readonly T[], index: number, removed: number, ...more: readonly T[]): T[] {
  return [...list.slice(0, index), ...more, ...list.slice(index + removed)];
}

export async function* each(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}

export async function listed(lines: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const line of lines) list.push(line);
  return list;
}

/** The checkpoint of a log that could be sealed. */
export function sealed(answer: Sealed | LogDiffers | LogShorter | LogIntact): Checkpoint {
  if (answer.kind === "sealed") return answer.checkpoint;
  throw new Error(`nothing was sealed: ${answer.kind}`);
}

/** The root of RFC 9162, section 2.1.1, as its recursive definition says it, in base64. */
export function rootByDefinition(leaves: readonly Uint8Array[]): string {
  return hashOf(leaves).toString("base64");
}

function hashOf(leaves: readonly Uint8Array[]): Buffer {
  const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
    createHash("sha256").update(Buffer.concat(parts)).digest();
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Uint8Array.of(1), hashOf(leaves.slice(0, split)), hashOf(leaves.slice(split)));
}
