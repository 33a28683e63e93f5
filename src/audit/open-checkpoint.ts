import { anyText, outOfRange, type Reader, whole } from "../internal/check.ts";
import { readAny } from "../internal/value.ts";
import { fromBase64 } from "./base64.ts";
import { openNote } from "./note.ts";

/** What a log was when it was sealed: its first `size` entries have this root. */
export interface Checkpoint {
  /** The name of the log, such as `example.com/ledger`. */
  readonly origin: string;
  /** How many entries the log had. */
  readonly size: number;
  /** The root of the Merkle tree over these entries (RFC 9162): 32 bytes in base64. */
  readonly root: string;
  /** The signed note: keep this text. */
  readonly note: string;
}

/** The text that is signed: https://c2sp.org/tlog-checkpoint, without extension lines. */
export function checkpointText({ origin, size, root }: Omit<Checkpoint, "note">): string {
  return `${origin}\n${size}\n${root}\n`;
}

const rootHash: Reader<string> = (what, value) => {
  const text = anyText(what, value);
  if (fromBase64(text)?.length === 32) return text;
  throw outOfRange(what, "32 bytes in base64", text);
};

/** Reads what {@link openCheckpoint} has returned. */
export const openedCheckpoint: Reader<Checkpoint> = (what, value) => {
  const readers = { origin: anyText, size: whole, root: rootHash, note: anyText };
  return Object.freeze(readAny(what, value, readers, "a checkpoint of openCheckpoint"));
};

/**
 * Opens a kept checkpoint: checks who has signed it and reads it.
 *
 * The note may have more signatures, by other keys, and extension lines. Both are ignored.
 *
 * @param note - the signed note, in the form of https://c2sp.org/tlog-checkpoint.
 * @param verifier - the verifier key, as `verifierKey` writes it.
 * @throws TypeError if an argument is not a string.
 * @throws RangeError if either has another form, or the note is not signed by this key.
 * @example
 * ```ts
 * // A checkpoint of the Go checksum database, https://sum.golang.org/latest, and its key.
 * const verifier = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
 * const note = `go.sum database tree
 * 6476701
 * mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=
 *
 * — sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=
 * `;
 * const { size } = await openCheckpoint(note, verifier);
 * size; // => 6476701
 * ```
 */
export async function openCheckpoint(note: string, verifier: string): Promise<Checkpoint> {
  const text = await openNote(note, verifier);
  const [, origin, size, root] = /^(.+)\n(0|[1-9][0-9]{0,15})\n(.+)\n(?:.+\n)*$/.exec(text) ?? [];
  if (origin === undefined) {
    throw new RangeError("openCheckpoint: note must have the lines origin, size and root hash");
  }
  return openedCheckpoint("openCheckpoint: note", { origin, size: Number(size), root, note });
}
