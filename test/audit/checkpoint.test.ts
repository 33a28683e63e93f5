import { archivedLine, checkpoint, openCheckpoint, openNote, verifierKey } from "dispatch-kit/audit";
import { beforeAll, describe, expect, it } from "vitest";
import { signNote } from "../../src/audit/note.ts";
import { each, entries, entry, journalOf, ORIGIN, rootByDefinition, sealed } from "./support.ts";

let key: CryptoKeyPair;
let verifier: string;

beforeAll(async () => {
  key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  verifier = await verifierKey(ORIGIN, key.publicKey);
});

describe("checkpoint", () => {
  it.each([0, 1, 499, 500, 501, 1203])("seals a log of %s entries", async (size) => {
    const log = entries(size);
    const { note, ...rest } = sealed(await checkpoint(journalOf(log), { origin: ORIGIN, key }));
    const root = rootByDefinition(log.map((each) => Buffer.from(archivedLine(each))));
    expect(rest).toEqual({ origin: ORIGIN, size, root });
    expect(await openNote(note, verifier)).toBe(`${ORIGIN}\n${size}\n${root}\n`);
    expect(await openCheckpoint(note, verifier)).toEqual({ note, ...rest });
  });

  it("comes to the same root in two processes that seal at once", async () => {
    const log = entries(900);
    const seal = async () => sealed(await checkpoint(journalOf(log), { origin: ORIGIN, key }));
    const [one, other] = await Promise.all([seal(), seal()]);
    expect(one).toEqual(other);
  });

  it("seals what was archived and what the store still has as one log", async () => {
    const log = entries(700);
    const archived = each(log.slice(0, 300).map(archivedLine));
    const store = journalOf(log);
    const half = sealed(await checkpoint(store, { origin: ORIGIN, key, archived }));
    expect(half).toEqual(sealed(await checkpoint(store, { origin: ORIGIN, key })));
  });

  it("goes on from a previous checkpoint", async () => {
    const previous = sealed(await checkpoint(journalOf(entries(5)), { origin: ORIGIN, key }));
    const next = sealed(await checkpoint(journalOf(entries(9)), { origin: ORIGIN, key, previous }));
    expect(next.size).toBe(9);
  });

  it("signs nothing that does not go on from the previous one", async () => {
    const previous = sealed(await checkpoint(journalOf(entries(5)), { origin: ORIGIN, key }));
    const changed = [...entries(4), entry(5, { by: "mallory" }), entry(6)];
    const options = {
      origin: ORIGIN,
      previous,
      key: { sign: () => expect.fail(), publicKey: key.publicKey },
    };
    expect(await checkpoint(journalOf(changed), options)).toMatchObject({
      kind: "differs",
      before: previous,
    });
    expect(await checkpoint(journalOf(entries(4)), options)).toMatchObject({ kind: "shorter", size: 4 });
  });

  it("refuses a previous one of another log", async () => {
    const previous = sealed(await checkpoint(journalOf([]), { origin: "example.com/old", key }));
    const options = { origin: ORIGIN, key, previous };
    await expect(checkpoint(journalOf([]), options)).rejects.toThrow("previous must have the same origin");
  });

  it.each(["", "a b", "a+b", "a\nb"])("refuses the origin %j", async (origin) => {
    await expect(checkpoint(journalOf([]), { origin, key })).rejects.toThrow(RangeError);
  });

  it("refuses what has a wrong type", async () => {
    const store = journalOf([]);
    const options = { origin: ORIGIN, key };
    // @ts-expect-error -- no store
    await expect(checkpoint(null, options)).rejects.toThrow(TypeError);
    // @ts-expect-error -- no journal
    await expect(checkpoint({}, options)).rejects.toThrow("checkpoint: store.journal must be a function");
    // @ts-expect-error -- no origin
    await expect(checkpoint(store, { key })).rejects.toThrow(TypeError);
    // @ts-expect-error -- half a key
    await expect(checkpoint(store, { origin: ORIGIN, key: { publicKey: key.publicKey } })).rejects.toThrow(
      "checkpoint: options.key must be a pair of CryptoKeys, or { sign, publicKey }; got an object",
    );
    await expect(
      checkpoint(store, { origin: ORIGIN, key: { ...key, privateKey: key.publicKey } }),
    ).rejects.toThrow("key.privateKey must be a private CryptoKey for Ed25519");
    // A string can be iterated, but not by lines.
    await expect(checkpoint(store, { ...options, archived: "line" })).rejects.toThrow(TypeError);
    // @ts-expect-error -- a note, not a checkpoint
    await expect(checkpoint(store, { ...options, previous: "note" })).rejects.toThrow(TypeError);
  });

  it("throws what the store throws", async () => {
    const failure = new Error("the store is away");
    const store = { journal: () => Promise.reject(failure) };
    await expect(checkpoint(store, { origin: ORIGIN, key })).rejects.toBe(failure);
  });
});

describe("openCheckpoint", () => {
  // https://sum.golang.org/latest of 2021; the key is in Go's cmd/go/internal/modfetch/key.go.
  const GO = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
  const NOTE =
    "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n" +
    "— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n";

  it("opens a checkpoint of the Go checksum database", async () => {
    expect(await openCheckpoint(NOTE, GO)).toEqual({
      origin: "go.sum database tree",
      size: 6476701,
      root: "mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=",
      note: NOTE,
    });
    await expect(openCheckpoint(NOTE.replace("6476701", "6476702"), GO)).rejects.toThrow(RangeError);
  });

  const root = "mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=";
  const signed = (text: string) => signNote(text, ORIGIN, key);

  it("ignores extension lines", async () => {
    const note = await signed(`a log\n0\n${root}\nmore\n`);
    expect(await openCheckpoint(note, verifier)).toMatchObject({ origin: "a log", size: 0, root });
  });

  it.each([
    ["too few lines", `log\n9\n`],
    ["an empty origin", `\n9\n${root}\n`],
    ["an empty extension line", `log\n9\n${root}\n\n`],
    ["no size", `log\nnine\n${root}\n`],
    ["a size below 0", `log\n-9\n${root}\n`],
    ["a size with a zero before it", `log\n09\n${root}\n`],
    ["a size that no number has", `log\n9007199254740993\n${root}\n`],
    ["a size that is too long", `log\n3438945738945739845734895735\n${root}\n`],
    ["no base64", `log\n9\nThisIsn'tBase64\n`],
    ["a root that is too short", `log\n9\nYmFuYW5hcw==\n`],
  ])("refuses a signed note with %s", async (_, text) => {
    await expect(openCheckpoint(await signed(text), verifier)).rejects.toThrow(/^openCheckpoint: note/);
  });
});
