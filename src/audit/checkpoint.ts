import { isObject, optional, read, type Reader, wrongType } from "../internal/check.ts";
import type { SigningKey } from "./ed25519.ts";
import { type Archived, ensureSource, type JournalSource, optionalLines } from "./log.ts";
import { keyName, signNote } from "./note.ts";
import { type Checkpoint, checkpointText, openedCheckpoint } from "./open-checkpoint.ts";
import { type LogDiffers, type LogShorter, verify } from "./verify.ts";

/** Options of {@link checkpoint}. */
export interface CheckpointOptions extends Archived {
  /**
   * The name of the log, which is also the name of the key: without spaces and plus signs, such as `example.com/ledger`. A log
   * that was restored from a backup needs a new one.
   */
  readonly origin: string;
  /** The Ed25519 key that signs. */
  readonly key: SigningKey;
  /** The last checkpoint that was kept. Nothing is signed if the log does not go on from it. */
  readonly previous?: Checkpoint | undefined;
}

/** A log was sealed. */
export interface Sealed {
  readonly kind: "sealed";
  readonly checkpoint: Checkpoint;
}

/** Its fields are checked where it signs. */
const signingKey: Reader<SigningKey> = (what, value) => {
  if (isObject(value) && "publicKey" in value && ("sign" in value || "privateKey" in value)) {
    return value as SigningKey;
  }
  throw wrongType(what, "a pair of CryptoKeys, or { sign, publicKey }", value);
};

/**
 * Seals a log: reads its whole journal, and signs its size and the root of its Merkle tree. Keep the note in another place,
 * where nobody who can write to the database can write too.
 *
 * Two processes may seal at once: at the same size they come to the same root.
 *
 * @param store - whose journal is read, from its first entry, or from the end of the archived lines.
 * @returns `sealed`; or, without a signature, `differs` or `shorter` if the log does not go on from `previous`.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for an origin that cannot name a key, a `previous` of another origin, or a public key that does not
 *   belong to what signs.
 * @example
 * ```ts
 * const store = memoryStore();
 * const key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
 * const first = await checkpoint(store, { origin: "example.com/ledger", key });
 * if (first.kind !== "sealed") throw new Error("nothing was sealed before");
 * first.checkpoint.size; // => 0
 *
 * const { kind } = await checkpoint(store, { origin: "example.com/ledger", key, previous: first.checkpoint });
 * kind; // => "sealed"
 * ```
 */
export async function checkpoint(
  store: JournalSource,
  options: CheckpointOptions,
): Promise<Sealed | LogDiffers | LogShorter> {
  ensureSource("checkpoint", store);
  const { origin, key, archived, previous } = read("checkpoint: options", options, {
    origin: keyName,
    key: signingKey,
    archived: optionalLines,
    previous: optional(openedCheckpoint, undefined),
  });
  if (previous !== undefined && previous.origin !== origin) {
    throw new RangeError("checkpoint: previous must have the same origin; a new log has none");
  }
  const log = await verify(store, previous === undefined ? [] : [previous], { archived });
  if (log.kind !== "intact") return log;
  const text = checkpointText({ origin, size: log.size, root: log.root });
  const note = await signNote(text, origin, key);
  return Object.freeze({
    kind: "sealed",
    checkpoint: Object.freeze({ origin, size: log.size, root: log.root, note }),
  });
}
