import { anyText, outOfRange, type Reader } from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { sha256 } from "../internal/sha256.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { type PublicKey, publicBytes, signed, type SigningKey, verifies } from "./ed25519.ts";

/** The identifier of Ed25519 signatures: https://c2sp.org/signed-note, "Signature types". */
const ED25519 = 1;

/** More signatures are refused; the form asks to accept 16, and golang.org/x/mod/sumdb/note accepts as many as this. */
const MOST_SIGNATURES = 100;

/** The name of a key: not empty, without spaces, control characters and plus signs. */
export const keyName: Reader<string> = (what, value) => {
  const name = anyText(what, value);
  if (/^[^\p{White_Space}\p{Cc}\p{Cs}+]+$/u.test(name)) return name;
  throw outOfRange(what, "a name without spaces and plus signs, such as example.com/ledger", name);
};

/** The first four bytes of the hash of a name and a key. */
function keyId(name: string, typed: Uint8Array): Uint8Array {
  const prefix = new TextEncoder().encode(`${name}\n`);
  return sha256(Uint8Array.of(...prefix, ...typed)).subarray(0, 4);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The verifier key of an Ed25519 key, as text in the form of https://c2sp.org/signed-note: name, id and key. It is public:
 * give it to whoever checks the notes, on another way than the notes.
 *
 * @param name - of the key, such as `example.com/ledger`: the origin of the checkpoints that it signs.
 * @throws TypeError if the name is not a string or the key is not one.
 * @throws RangeError for a name with spaces or plus signs, or a key that has not 32 bytes.
 * @example
 * ```ts
 * const key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
 * const verifier = await verifierKey("example.com/ledger", key.publicKey);
 * verifier.startsWith("example.com/ledger+"); // => true
 * ```
 */
export async function verifierKey(name: string, publicKey: PublicKey): Promise<string> {
  const checked = keyName("verifierKey: name", name);
  const typed = Uint8Array.of(ED25519, ...(await publicBytes("verifierKey: publicKey", publicKey)));
  return `${checked}+${hex(keyId(checked, typed))}+${toBase64(typed)}`;
}

/**
 * Signs a text as a note, in the form of https://c2sp.org/signed-note.
 *
 * @param text - one or more lines, each with its line break, without other control characters.
 * @param name - of the key.
 */
export async function signNote(text: string, name: string, key: SigningKey): Promise<string> {
  const signature = await signed("key", key, text);
  const typed = Uint8Array.of(ED25519, ...(await publicBytes("key.publicKey", key.publicKey)));
  return `${text}\n— ${name} ${toBase64(Uint8Array.of(...keyId(name, typed), ...signature))}\n`;
}

/**
 * Checks that a note in the form of https://c2sp.org/signed-note is signed by a key, and returns its text.
 *
 * Signatures of other keys are ignored: a note may have several, up to 100.
 *
 * @param note - the whole note, with its signatures.
 * @param verifier - the verifier key, as {@link verifierKey} or another tool writes it. Only Ed25519 keys are supported.
 * @returns the text, with the line break at its end.
 * @throws TypeError if an argument is not a string.
 * @throws RangeError if either has another form, or the note is not signed by this key.
 * @example
 * ```ts
 * // The example of https://c2sp.org/signed-note.
 * const verifier = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
 * const signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
 * const text = await openNote(`This is an example message.\n\n— example.com/foo ${signature}\n`, verifier);
 * text; // => "This is an example message.\n"
 * ```
 */
export async function openNote(note: string, verifier: string): Promise<string> {
  const key = readVerifier(verifier);
  const { text, signatures } = readNote(note);
  const ours = signatures.filter(({ name, id }) => name === key.name && id === key.id);
  const answers = await Promise.all(ours.map(({ signature }) => verifies(key.publicKey, signature, text)));
  if (answers.length > 0 && answers.every(Boolean)) return text;
  const found = answers.length > 0 ? "its signature is not by that key" : "it has no signature of that key";
  throw new RangeError(`openNote: note must be signed by ${quote(`${key.name}+${key.id}`)}; ${found}`);
}

interface Verifier {
  readonly name: string;
  /** Four bytes in hex. */
  readonly id: string;
  readonly publicKey: Uint8Array;
}

function readVerifier(verifier: string): Verifier {
  const what = "openNote: verifier";
  // The key itself may have plus signs.
  const [, name = "", id = "", key = ""] =
    /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(anyText(what, verifier)) ?? [];
  const typed = fromBase64(key);
  if (typed?.length === 33 && typed[0] === ED25519 && hex(keyId(keyName(what, name), typed)) === id) {
    return { name, id, publicKey: typed.subarray(1) };
  }
  throw outOfRange(what, "name+id+key of an Ed25519 key, with the id of that name and key", verifier);
}

interface Note {
  readonly text: string;
  readonly signatures: readonly {
    readonly name: string;
    readonly id: string;
    readonly signature: Uint8Array;
  }[];
}

function readNote(note: string): Note {
  const what = "openNote: note";
  const end = anyText(what, note).lastIndexOf("\n\n");
  const lines = note.slice(end + 2).split("\n");
  const signatures = lines.slice(0, -1).map((line) => {
    const [, name, encoded = ""] = /^— ([^\p{White_Space}+]+) (\S+)$/u.exec(line) ?? [];
    const bytes = fromBase64(encoded);
    if (name === undefined || bytes === null || bytes.length < 5) return null;
    return { name, id: hex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
  });
  const known = signatures.filter((signature) => signature !== null);
  const formed =
    end >= 0 &&
    lines.at(-1) === "" &&
    known.length === signatures.length &&
    known.length >= 1 &&
    known.length <= MOST_SIGNATURES &&
    !/(?![\n\x7f-\x9f])[\p{Cc}\p{Cs}]/u.test(note);
  if (formed) return { text: note.slice(0, end + 1), signatures: known };
  throw new RangeError(`${what} must be a text, an empty line, and 1 to ${MOST_SIGNATURES} signature lines`);
}
