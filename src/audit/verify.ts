import { listOf, read } from "../internal/check.ts";
import { type DifferingEntry, KeptLeaves } from "./kept-leaves.ts";
import {
  type Archived,
  ensureSource,
  type JournalSource,
  type Lines,
  logLines,
  optionalLines,
} from "./log.ts";
import { leafHash, MerkleTree } from "./merkle.ts";
import { type Checkpoint, openedCheckpoint } from "./open-checkpoint.ts";

/** Each checkpoint fits the log. */
export interface LogIntact {
  readonly kind: "intact";
  /** How many entries the log has. */
  readonly size: number;
  /** The root over all of them, in base64. */
  readonly root: string;
  /** How many of them the checkpoints seal: the largest size. What comes later is not proven. */
  readonly sealed: number;
}

/** Something that was sealed has been changed, dropped, inserted or moved. */
export interface LogDiffers {
  readonly kind: "differs";
  /** The last checkpoint that fits: up to its size nothing has changed. `null` if none fits. */
  readonly after: Checkpoint | null;
  /** The first checkpoint that does not. */
  readonly before: Checkpoint;
  /** The first entry that differs; `null` without kept leaves, or if they are not those of `before`. */
  readonly entry: DifferingEntry | null;
}

/**
 * The log has fewer entries than were sealed: it was restored from a backup and needs a new origin, or its end was dropped.
 * Without kept leaves, it may also have lost an entry between `after` and its end.
 */
export interface LogShorter {
  readonly kind: "shorter";
  /** How many entries the log has. */
  readonly size: number;
  /** The last checkpoint that fits; `null` if none does. */
  readonly after: Checkpoint | null;
  /** The first checkpoint that has sealed more than there is. */
  readonly before: Checkpoint;
}

/** Options of {@link verify}. */
export interface VerifyOptions extends Archived {
  /** The hashes of {@link leafHashes}, kept in another place: they say which entry differs. */
  readonly leaves?: Lines | undefined;
}

/**
 * Reads a log once and says whether it still is what was sealed.
 *
 * It takes about 15 µs for an entry. In memory it has a page of entries, and one hash for each bit of the size.
 *
 * @param store - whose journal is read, from its first entry, or from the end of the archived lines.
 * @param checkpoints - what `openCheckpoint` has returned, in any order, all of one origin.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError if the checkpoints have different origins, or a kept leaf or the last archived line has another form.
 * @example
 * ```ts
 * const store = memoryStore();
 * const key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
 * const verifier = await verifierKey("example.com/ledger", key.publicKey);
 *
 * const kept: string[] = [];
 * const sealed = await checkpoint(store, { origin: "example.com/ledger", key });
 * if (sealed.kind === "sealed") kept.push(sealed.checkpoint.note);
 *
 * const checkpoints = await Promise.all(kept.map((note) => openCheckpoint(note, verifier)));
 * const { kind } = await verify(store, checkpoints);
 * kind; // => "intact"
 * ```
 */
export async function verify(
  store: JournalSource,
  checkpoints: readonly Checkpoint[],
  options: VerifyOptions = {},
): Promise<LogIntact | LogDiffers | LogShorter> {
  ensureSource("verify", store);
  const readers = { archived: optionalLines, leaves: optionalLines };
  const { archived, leaves } = read("verify: options", options, readers);
  const seals = new Seals(listOf(openedCheckpoint)("verify: checkpoints", checkpoints));
  const kept = leaves === undefined ? null : new KeptLeaves(leaves);
  try {
    return await compared(logLines(store, archived), seals, kept);
  } finally {
    await kept?.close();
  }
}

async function compared(
  lines: AsyncIterable<string>,
  seals: Seals,
  kept: KeptLeaves | null,
): Promise<LogIntact | LogDiffers | LogShorter> {
  const log = new MerkleTree();
  let fits = seals.fit(log);
  let entryIsKnown = false;
  for await (const line of lines) {
    // Kept leaves are read on: whether an entry was moved or dropped shows later.
    if (!fits && kept === null) break;
    const hash = leafHash(line);
    log.append(hash);
    await kept?.compare(line, hash);
    if (fits && !seals.fit(log)) {
      fits = false;
      entryIsKnown = seals.next !== null && kept?.have(seals.next.root) === true;
    }
  }

  const { after, next: before, sealed } = seals;
  if (before === null) return Object.freeze({ kind: "intact", size: log.size, root: log.root(), sealed });
  if (fits) {
    await kept?.readTo(before.size);
    entryIsKnown = kept?.have(before.root) === true;
  }
  const entry = entryIsKnown && kept !== null ? kept.difference() : null;
  if (fits && entry === null) return Object.freeze({ kind: "shorter", size: log.size, after, before });
  return Object.freeze({ kind: "differs", after, before, entry });
}

/** The checkpoints of a log in the order of their sizes, as the log is read. */
class Seals {
  /** The last one that fits. */
  after: Checkpoint | null = null;
  readonly sealed: number;
  readonly #pending: Checkpoint[];

  constructor(checkpoints: readonly Checkpoint[]) {
    const [first] = checkpoints;
    for (const { origin } of checkpoints) {
      if (origin !== first?.origin) throw new RangeError("verify: checkpoints must have one origin");
    }
    this.#pending = [...checkpoints].sort((a, b) => a.size - b.size);
    this.sealed = this.#pending.at(-1)?.size ?? 0;
  }

  /** The first one that was not reached or does not fit. */
  get next(): Checkpoint | null {
    return this.#pending[0] ?? null;
  }

  /** Whether the log fits all checkpoints of its size. */
  fit(log: MerkleTree): boolean {
    for (let next = this.next; next?.size === log.size; next = this.next) {
      if (next.root !== log.root()) return false;
      this.after = next;
      this.#pending.shift();
    }
    return true;
  }
}
