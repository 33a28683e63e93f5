import { sha256 } from "../internal/sha256.ts";
import { toBase64 } from "./base64.ts";

const utf8 = /* @__PURE__ */ new TextEncoder();

/** The hash of a leaf (RFC 9162, section 2.1.1): SHA-256 of a zero byte and the line in UTF-8. */
export function leafHash(line: string): Uint8Array {
  return sha256(utf8.encode(`\0${line}`));
}

/** The hash of two subtrees: SHA-256 of the byte 1 and both hashes. */
function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(65);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return sha256(bytes);
}

/**
 * The Merkle tree of RFC 9162, section 2.1.1, as leaves are appended. It keeps one hash for each perfect subtree, at most one
 * for each bit of its size.
 */
export class MerkleTree {
  /** The largest subtree first. */
  readonly #subtrees: Uint8Array[] = [];
  #size = 0;

  /** How many leaves it has. */
  get size(): number {
    return this.#size;
  }

  /** Appends the hash of a leaf. */
  append(leaf: Uint8Array): void {
    // Each bit of the size stands for a subtree. Those of its last ones are joined with the leaf, as in a carry.
    let joined = 0;
    for (let bits = this.#size; bits % 2 === 1; bits = (bits - 1) / 2) joined++;
    const smaller = this.#subtrees.splice(this.#subtrees.length - joined);
    this.#subtrees.push(smaller.reduceRight((right, left) => nodeHash(left, right), leaf));
    this.#size++;
  }

  /** The root in base64. Without leaves it is the SHA-256 of nothing. */
  root(): string {
    if (this.#size === 0) return toBase64(sha256(new Uint8Array()));
    return toBase64(this.#subtrees.reduceRight((right, left) => nodeHash(left, right)));
  }
}
