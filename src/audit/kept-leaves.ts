import { anyText, outOfRange } from "../internal/check.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import type { Lines } from "./log.ts";
import { MerkleTree } from "./merkle.ts";

/** The first entry of a log that is not what was sealed. */
export interface DifferingEntry {
  /** How many entries of the log come before it. */
  readonly index: number;
  /**
   * - `changed`: another entry is in its place.
   * - `dropped`: it is gone, and later ones have moved up.
   * - `inserted`: an entry that was not sealed is before it.
   * - `moved`: it and the one that is there now were both sealed, in another order.
   */
  readonly change: "changed" | "dropped" | "inserted" | "moved";
  /** The line that is there now; `archivedLine` has its form. */
  readonly line: string;
}

/** The leaf hashes that were kept of a log, beside the log as it is read now. */
export class KeptLeaves {
  readonly #leaves: AsyncGenerator<string, void, undefined>;
  /** Over the kept leaves: whether they are those that a checkpoint has sealed. */
  readonly #tree = new MerkleTree();
  #first: {
    readonly index: number;
    readonly line: string;
    readonly kept: string;
    readonly now: string;
  } | null = null;
  /** Whether the log has the first kept leaf that differs, later on. */
  #keptIsLater = false;
  /** Whether the kept leaves have the one that is in its place now, later on. */
  #nowIsLater = false;

  constructor(leaves: Lines) {
    this.#leaves = each(leaves);
  }

  /** Compares the next entry of the log with the next kept leaf. */
  async compare(line: string, hash: Uint8Array): Promise<void> {
    const now = toBase64(hash);
    const index = this.#tree.size;
    const kept = await this.#next();
    if (kept !== null) this.#tree.append(kept === now ? hash : hashOf(kept));
    if (this.#first !== null) this.#keptIsLater ||= now === this.#first.kept;
    else if (kept !== null && kept !== now) this.#first = { index, line, kept, now };
  }

  /** Reads kept leaves that the log no longer has, up to a size. */
  async readTo(size: number): Promise<void> {
    while (this.#tree.size < size) {
      const kept = await this.#next();
      if (kept === null) return;
      this.#tree.append(hashOf(kept));
    }
  }

  /** Whether the leaves so far have this root. */
  have(root: string): boolean {
    return this.#tree.root() === root;
  }

  /** The first entry that differs; `null` if none does. */
  difference(): DifferingEntry | null {
    if (this.#first === null) return null;
    const { index, line } = this.#first;
    const gone = this.#nowIsLater ? "dropped" : "changed";
    const there = this.#nowIsLater ? "moved" : "inserted";
    return Object.freeze({ index, change: this.#keptIsLater ? there : gone, line });
  }

  /** Ends the reading of the leaves, which may be a file's. */
  async close(): Promise<void> {
    await this.#leaves.return();
  }

  /** The next kept leaf; `null` after the last. */
  async #next(): Promise<string | null> {
    const next = await this.#leaves.next();
    if (next.done === true) return null;
    const leaf = anyText("verify: leaves", next.value);
    this.#nowIsLater ||= leaf === this.#first?.now;
    return leaf;
  }
}

function hashOf(leaf: string): Uint8Array {
  const hash = fromBase64(leaf);
  if (hash?.length === 32) return hash;
  throw outOfRange("verify: leaves", "hashes of 32 bytes in base64", leaf);
}

/** One iterator for both kinds of iterables. */
async function* each(leaves: Lines): AsyncGenerator<string, void, undefined> {
  yield* leaves;
}
