import {
  archivedLine,
  type Checkpoint,
  checkpoint,
  leafHashes,
  verify,
  type VerifyOptions,
} from "dispatch-kit/audit";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/dispatch/journal.ts";
import { each, entries, entry, journalOf, listed, ORIGIN, sealed, spliced } from "./support.ts";

const LOG = entries(40);
const SIZES = [0, 10, 20, 30];
let key: CryptoKeyPair;
let checkpoints: readonly Checkpoint[];
let leaves: readonly string[];

async function seal(log: readonly JournalEntry[], origin = ORIGIN): Promise<Checkpoint> {
  return sealed(await checkpoint(journalOf(log), { origin, key }));
}

beforeAll(async () => {
  key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  checkpoints = await Promise.all(SIZES.map((size) => seal(LOG.slice(0, size))));
  leaves = await listed(leafHashes(journalOf(LOG)));
});

/** The checkpoint of a size. */
const at = (size: number): Checkpoint | undefined => checkpoints[SIZES.indexOf(size)];
const check = (log: readonly JournalEntry[], options?: VerifyOptions) =>
  verify(journalOf(log), checkpoints, options);
const forged = (place: number): JournalEntry => entry(place, { by: "mallory" });

/** What was done to entry 15, counted from 0, which lies between the checkpoints of 10 and 20 entries. */
const ATTACKS: Readonly<Record<string, readonly JournalEntry[]>> = {
  changed: spliced(LOG, 15, 1, forged(16)),
  dropped: spliced(LOG, 15, 1),
  inserted: spliced(LOG, 15, 0, forged(99)),
  moved: spliced(LOG, 15, 2, entry(17), entry(16)),
};

describe("verify", () => {
  it("finds a log intact, and says how much of it is sealed", async () => {
    const whole = await seal(LOG);
    expect(await check(LOG)).toEqual({ kind: "intact", size: 40, root: whole.root, sealed: 30 });
    expect(await check(LOG, { leaves })).toMatchObject({ kind: "intact" });
    expect(await verify(journalOf(LOG), [])).toMatchObject({ kind: "intact", sealed: 0 });
  });

  it("takes checkpoints in any order, and the same one twice", async () => {
    const twice = [...checkpoints, ...checkpoints].reverse();
    expect(await verify(journalOf(LOG), twice)).toMatchObject({ kind: "intact", sealed: 30 });
  });

  describe.each(Object.entries(ATTACKS))("an entry that was %s", (change, log) => {
    it("lies between two checkpoints", async () => {
      expect(await check(log)).toEqual({ kind: "differs", after: at(10), before: at(20), entry: null });
    });

    it("is named with kept leaves", async () => {
      const line = archivedLine(log[15] ?? entry(0));
      const found = { index: 15, change, line };
      const differs = { kind: "differs", after: at(10), before: at(20), entry: found };
      expect(await check(log, { leaves })).toEqual(differs);
      expect(await check(log, { leaves: each(leaves) })).toEqual(differs);
    });

    it("is not named with the leaves of another log", async () => {
      const others = await listed(leafHashes(journalOf(spliced(LOG, 3, 1, forged(4)))));
      expect(await check(log, { leaves: others })).toMatchObject({ kind: "differs", entry: null });
    });

    it("is not named with too few leaves", async () => {
      expect(await check(log, { leaves: leaves.slice(0, 12) })).toMatchObject({
        kind: "differs",
        entry: null,
      });
    });
  });

  it("names an entry that was moved far", async () => {
    const log = [...spliced(LOG, 15, 1), entry(16)];
    expect(await check(log, { leaves })).toMatchObject({ entry: { index: 15, change: "moved" } });
  });

  it("names an entry that was inserted before all others, or as the last that is sealed", async () => {
    const first = await check([forged(99), ...LOG], { leaves });
    expect(first).toMatchObject({ after: at(0), before: at(10), entry: { index: 0, change: "inserted" } });
    const last = await check(spliced(LOG, 29, 0, forged(99)), { leaves });
    expect(last).toMatchObject({ after: at(20), before: at(30), entry: { index: 29, change: "inserted" } });
  });

  it("names an entry that was dropped from the end of what is sealed", async () => {
    const found = await check(spliced(LOG, 29, 1), { leaves });
    expect(found).toMatchObject({ after: at(20), before: at(30), entry: { index: 29, change: "dropped" } });
  });

  it("does not find what was changed after the last checkpoint: nobody has sealed it", async () => {
    expect(await check(spliced(LOG, 35, 1, forged(36)), { leaves })).toMatchObject({
      kind: "intact",
      sealed: 30,
    });
  });

  it("keeps to the checkpoints where only the kept leaves were changed", async () => {
    const wrong = spliced(leaves, 15, 1, leaves[16] ?? "");
    expect(await check(LOG, { leaves: wrong })).toMatchObject({ kind: "intact" });
  });

  it("finds a log shorter whose end was dropped, as a backup's is", async () => {
    const backup = LOG.slice(0, 25);
    const shorter = { kind: "shorter", size: 25, after: at(20), before: at(30) };
    expect(await check(backup)).toEqual(shorter);
    expect(await check(backup, { leaves })).toEqual(shorter);
    expect(await check(backup, { leaves: leaves.slice(0, 27) })).toEqual(shorter);
    expect(await check([])).toEqual({ kind: "shorter", size: 0, after: at(0), before: at(10) });
  });

  it("finds that a restored log has gone on differently", async () => {
    const restored = [...LOG.slice(0, 25), ...Array.from({ length: 20 }, (_, more) => forged(26 + more))];
    const differs = { kind: "differs", after: at(20), before: at(30) };
    expect(await check(restored)).toEqual({ ...differs, entry: null });
    expect(await check(restored, { leaves })).toMatchObject({
      ...differs,
      entry: { index: 25, change: "changed" },
    });
  });

  it("finds an entry dropped where nothing was added since, which without leaves only looks shorter", async () => {
    const log = spliced(LOG.slice(0, 30), 22, 1);
    expect(await check(log)).toMatchObject({ kind: "shorter", size: 29, after: at(20) });
    const entryDropped = { kind: "differs", before: at(30), entry: { index: 22, change: "dropped" } };
    expect(await check(log, { leaves })).toMatchObject(entryDropped);
  });

  it("finds two checkpoints of one size with different roots", async () => {
    const other = await seal(spliced(LOG.slice(0, 20), 3, 1, forged(4)));
    const found = await verify(journalOf(LOG), [...checkpoints, other]);
    expect(found).toMatchObject({ kind: "differs", after: at(20), before: other });
  });

  it("finds a checkpoint of no entries with a root", async () => {
    const wrong = { origin: ORIGIN, size: 0, root: leaves[0] ?? "", note: "" };
    expect(await verify(journalOf(LOG), [wrong])).toMatchObject({
      kind: "differs",
      after: null,
      before: wrong,
    });
  });

  it("finds any change of one entry between the checkpoints around it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(29), async (index) => {
        const found = await check(spliced(LOG, index, 1, forged(index + 1)), { leaves });
        const size = index - (index % 10);
        expect(found).toMatchObject({
          kind: "differs",
          after: at(size),
          before: at(size + 10),
          entry: { index },
        });
      }),
    );
  });

  describe("with archived lines", () => {
    const lines = LOG.slice(0, 25).map(archivedLine);

    it("reads them first, and the store from there on", async () => {
      expect(await check(LOG, { archived: each(lines) })).toMatchObject({ kind: "intact", size: 40 });
      expect(await verify(journalOf([]), checkpoints.slice(0, 3), { archived: each(lines) })).toMatchObject({
        kind: "intact",
        size: 25,
      });
    });

    it("finds a line that was changed, dropped, inserted or moved", async () => {
      for (const [change, log] of Object.entries(ATTACKS)) {
        const archived = each(log.slice(0, 25).map(archivedLine));
        const found = await check(LOG, { archived, leaves });
        expect(found).toMatchObject({ kind: "differs", entry: { index: 15, change } });
      }
    });

    it("hashes a line as it is, whatever its form", async () => {
      const archived = each(spliced(lines, 3, 1, `${lines[3] ?? ""} `));
      expect(await check(LOG, { archived })).toMatchObject({ kind: "differs", before: at(10) });
    });

    it("refuses a last line that is none: the store cannot be read from there", async () => {
      await expect(check(LOG, { archived: each(["{}"]) })).rejects.toThrow(TypeError);
    });
  });

  it("lets timers run", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await verify(journalOf(entries(20_000)), []);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it("ends the reading of kept leaves, also where it does not read them all", async () => {
    let ended = 0;
    const file = async function* () {
      try {
        yield* each(leaves);
      } finally {
        ended++;
      }
    };
    await check(LOG.slice(0, 5), { leaves: file() });
    await expect(
      verify({ journal: () => Promise.reject(new Error("away")) }, [], { leaves: file() }),
    ).rejects.toThrow();
    expect(ended).toBe(1);
  });

  it("refuses checkpoints of two logs", async () => {
    const other = await seal([], "example.com/other");
    await expect(verify(journalOf(LOG), [...checkpoints, other])).rejects.toThrow("must have one origin");
  });

  it("refuses what has a wrong type or form", async () => {
    // @ts-expect-error -- a note, not a checkpoint
    await expect(verify(journalOf(LOG), ["note"])).rejects.toThrow(TypeError);
    await expect(check(LOG, { leaves: ["abc="] })).rejects.toThrow(RangeError);
    // @ts-expect-error -- not strings
    await expect(check(LOG, { leaves: [7] })).rejects.toThrow(TypeError);
    // @ts-expect-error -- misspelt
    await expect(check(LOG, { leafs: leaves })).rejects.toThrow(TypeError);
  });
});

describe("leafHashes", () => {
  it("lists the hash of each entry in base64, archived ones first", async () => {
    const archived = each(LOG.slice(0, 25).map(archivedLine));
    expect(await listed(leafHashes(journalOf(LOG), { archived }))).toEqual(leaves);
    expect(leaves).toHaveLength(40);
    expect(new Set(leaves.map((leaf) => leaf.length))).toEqual(new Set([44]));
  });

  it("refuses what has no journal", async () => {
    // @ts-expect-error -- no journal
    await expect(listed(leafHashes({}))).rejects.toThrow(TypeError);
  });
});
