import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { openNote, verifierKey } from "dispatch-kit/audit";
import { describe, expect, it } from "vitest";
import { signNote } from "../../src/audit/note.ts";

// https://c2sp.org/signed-note, "Verifier keys".
const FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const FOO_NOTE =
  "This is an example message.\n\n" +
  "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

// golang.org/x/mod, sumdb/note/note_test.go: the keys, the signatures, and what is refused.
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE =
  "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
const PETER_NOTE = `${TEXT}\n${PETER_LINE}`;

const damaged = (line: string): string => `${line.slice(0, 60)}ABCD${line.slice(60)}`;

/** The key of 32 bytes in Go's form, after its type byte. */
const keyBytes = (encoded: string): Buffer => Buffer.from(encoded, "base64").subarray(1);
const peterSecret = createPrivateKey({
  // PKCS #8 of Ed25519: RFC 8410, section 7.
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), keyBytes(PETER_SECRET)]),
  format: "der",
  type: "pkcs8",
});
const peterPublic = keyBytes(PETER.split("+").slice(2).join("+"));

describe("openNote", () => {
  it("opens the example of the specification", async () => {
    expect(await openNote(FOO_NOTE, FOO)).toBe("This is an example message.\n");
  });

  it("opens Go's example, alone and among signatures of other keys", async () => {
    expect(await openNote(PETER_NOTE, PETER)).toBe(TEXT);
    expect(await openNote(PETER_NOTE + ENOCH_LINE, PETER)).toBe(TEXT);
    expect(await openNote(PETER_NOTE + ENOCH_LINE, ENOCH)).toBe(TEXT);
    expect(await openNote(PETER_NOTE + PETER_LINE + damaged(ENOCH_LINE), PETER)).toBe(TEXT);
  });

  it("keeps empty lines of the text", async () => {
    const key = { sign: (bytes: Uint8Array) => sign(null, bytes, peterSecret), publicKey: peterPublic };
    const note = await signNote("\na\n\nb\n", "PeterNeumann", key);
    expect(await openNote(note, PETER)).toBe("\na\n\nb\n");
  });

  it.each([
    ["another key", `${TEXT}\n${ENOCH_LINE}`],
    ["another key of the same name", `${TEXT}\n${PETER_LINE.replace("x08g", "xxxx")}`],
    ["another key with the same id", `${TEXT}\n${PETER_LINE.replace("PeterNeumann", "CarmenSandiego")}`],
  ])("refuses a note of %s", async (_, note) => {
    await expect(openNote(note, PETER)).rejects.toThrow(
      'openNote: note must be signed by "PeterNeumann+c74f20a3"; it has no signature of that key',
    );
  });

  it.each([
    ["another text", PETER_NOTE.replace("answer", "Answer")],
    ["a damaged signature", `${TEXT}\n${damaged(PETER_LINE)}`],
    ["a damaged signature after a good one", PETER_NOTE + damaged(PETER_LINE)],
  ])("refuses a note with %s", async (_, note) => {
    await expect(openNote(note, PETER)).rejects.toThrow(/its signature is not by that key$/);
  });

  it.each([
    ["no signature", TEXT],
    ["no signature after the empty line", `${TEXT}\n`],
    ["no line break at its end", PETER_NOTE.slice(0, -1)],
    ["a control character", `\u0001${PETER_NOTE}`],
    ["a carriage return", PETER_NOTE.replace(",\n", ",\r\n")],
    ["a lone surrogate", `\ud800${PETER_NOTE}`],
    ["a space in the name of a key", `${TEXT}\n${PETER_LINE.replace("PeterNeumann", "Bad Name")}`],
    ["a plus sign in the name of a key", PETER_NOTE + ENOCH_LINE.replace("EnochRoot", "Enoch+Root")],
    ["a line after the signatures", `${PETER_NOTE}Unexpected line.\n`],
    ["a signature without its padding", PETER_NOTE.replace("nAM=", "nAM")],
    ["a signature that is too short", `${PETER_NOTE}— EnochRoot rwz+eA==\n`],
    ["101 signatures", `${TEXT}\n${PETER_LINE.repeat(101)}`],
  ])("refuses a note with %s", async (_, note) => {
    await expect(openNote(note, PETER)).rejects.toThrow(/^openNote: note must be a text, an empty line/);
  });

  it("accepts 100 signatures", async () => {
    expect(await openNote(PETER_NOTE + ENOCH_LINE.repeat(99), PETER)).toBe(TEXT);
  });

  it.each([
    ["that is empty", ""],
    ["without a name", PETER.slice("PeterNeumann".length)],
    ["with a space in its name", PETER.replace("Neumann", " Neumann")],
    ["with another id", PETER.replace("c74f20a3", "c74f20a4")],
    ["with its id in capitals", PETER.replace("c74f20a3", "C74F20A3")],
    ["of a wrong length", "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="],
    ["of an unknown algorithm", "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"],
  ])("refuses a verifier key %s", async (_, verifier) => {
    await expect(openNote(PETER_NOTE, verifier)).rejects.toThrow(RangeError);
  });

  it("refuses what is no string", async () => {
    // @ts-expect-error -- not a string
    await expect(openNote(7, PETER)).rejects.toThrow(TypeError);
    // @ts-expect-error -- not a string
    await expect(openNote(PETER_NOTE, 7)).rejects.toThrow(TypeError);
  });
});

describe("verifierKey", () => {
  it("writes Go's key from its bytes", async () => {
    expect(await verifierKey("PeterNeumann", peterPublic)).toBe(PETER);
  });

  it("writes the same from a CryptoKey", async () => {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(peterPublic), "Ed25519", true, [
      "verify",
    ]);
    expect(await verifierKey("PeterNeumann", key)).toBe(PETER);
  });

  it.each(["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u0085b"])("refuses the name %j", async (name) => {
    await expect(verifierKey(name, peterPublic)).rejects.toThrow(RangeError);
  });

  it("refuses what is no Ed25519 public key", async () => {
    const { privateKey } = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    const other = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "sign",
      "verify",
    ]);
    await expect(verifierKey("a", privateKey)).rejects.toThrow(
      "verifierKey: publicKey must be a public CryptoKey",
    );
    await expect(verifierKey("a", other.publicKey)).rejects.toThrow(TypeError);
    await expect(verifierKey("a", new Uint8Array(33))).rejects.toThrow("must have 32 bytes; got 33");
    // @ts-expect-error -- not a key
    await expect(verifierKey("a", null)).rejects.toThrow(TypeError);
  });
});

describe("signNote", () => {
  const name = "PeterNeumann";

  it("writes Go's note, with a function that signs", async () => {
    const key = { sign: (bytes: Uint8Array) => sign(null, bytes, peterSecret), publicKey: peterPublic };
    expect(await signNote(TEXT, name, key)).toBe(PETER_NOTE);
  });

  it("writes Go's note, with a private CryptoKey that cannot be exported", async () => {
    const pkcs8 = new Uint8Array(peterSecret.export({ format: "der", type: "pkcs8" }));
    const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
    expect(await signNote(TEXT, name, { privateKey, publicKey: peterPublic })).toBe(PETER_NOTE);
  });

  it("writes a note that node:crypto verifies", async () => {
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const note = await signNote("übung\n", "example.com/ü", pair);
    const signature = Buffer.from(note.trimEnd().split(" ").at(-1) ?? "", "base64").subarray(4);
    const spki = Buffer.from(await crypto.subtle.exportKey("spki", pair.publicKey));
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    expect(verify(null, Buffer.from("übung\n"), key, signature)).toBe(true);
  });

  it("refuses a signature that is not by the public key, whose checkpoints nobody could open", async () => {
    const { publicKey } = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const key = { sign: (bytes: Uint8Array) => sign(null, bytes, peterSecret), publicKey };
    await expect(signNote(TEXT, name, key)).rejects.toThrow("key must be one pair");
  });

  it("throws what its function throws", async () => {
    const failure = new Error("the key service is away");
    const key = { sign: () => Promise.reject(failure), publicKey: peterPublic };
    await expect(signNote(TEXT, name, key)).rejects.toBe(failure);
  });
});
