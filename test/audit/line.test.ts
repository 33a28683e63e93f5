import { epochSeconds, JobState, microCents } from "dispatch-kit";
import { archivedLine, parseLine } from "dispatch-kit/audit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JOURNAL_KINDS, type JournalEntry } from "../../src/dispatch/journal.ts";
import { amounts } from "../support/arbitraries.ts";
import { entry } from "./support.ts";

const full = entry(12, {
  at: epochSeconds(1_795_392_000.25),
  kind: "requeued",
  jobId: "job-1",
  attempt: 2,
  state: "queued",
  closed: {
    holdId: "job-1/1",
    held: microCents(500n),
    booked: microCents(10n ** 18n),
    state: "settled",
    was: microCents(3n),
  },
  opened: { holdId: "job-1/2", held: microCents(500n) },
  scopes: [
    { scope: "run:42", cap: null, before: microCents(500n), after: microCents(0n) },
    { scope: "month:2026-11", cap: microCents(9n), before: microCents(1n), after: microCents(2n) },
  ],
  lane: "gpu",
  backend: "cloud_worker",
  until: epochSeconds(1_795_392_060),
  digest: "ab",
  // U+FFFD sorts after the surrogates of U+1F600 by code units, and before it by code points.
  tags: { "\u{1f600}": "b", "\ufffd": 'say "hi"\n', user: "u-7", __proto__x: "" },
  by: "node-1",
  decision: { id: null, author: "alice", reason: "a day off", decidedAt: "2026-11-23T09:00:00Z" },
});

const LINE =
  '{"at":1795392000.25,"attempt":2,"backend":"cloud_worker","by":"node-1",' +
  '"closed":{"booked":"1000000000000000000","held":"500","holdId":"job-1/1","state":"settled","was":"3"},' +
  '"decision":{"author":"alice","decidedAt":"2026-11-23T09:00:00Z","reason":"a day off"},"digest":"ab",' +
  '"jobId":"job-1","kind":"requeued","lane":"gpu","opened":{"held":"500","holdId":"job-1/2"},"place":12,' +
  '"scopes":[{"after":"0","before":"500","scope":"run:42"},' +
  '{"after":"2","before":"1","cap":"9","scope":"month:2026-11"}],"state":"queued",' +
  '"tags":{"__proto__x":"","user":"u-7","\u{1f600}":"b","\ufffd":"say \\"hi\\"\\n"},"until":1795392060}';

const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });
const names = fc.string({ unit: "grapheme" });
const instants = fc.double({ min: -1e10, max: 1e10, noNaN: true }).map((at) => epochSeconds(at + 0));
const journalEntries: fc.Arbitrary<JournalEntry> = fc.record({
  place: fc.maxSafeNat(),
  at: instants,
  kind: fc.constantFrom(...JOURNAL_KINDS),
  jobId: orNull(names),
  attempt: orNull(fc.nat()),
  state: orNull(fc.constantFrom(...Object.values(JobState))),
  closed: orNull(
    fc.record({
      holdId: names,
      held: amounts,
      booked: amounts,
      state: fc.constantFrom("settled" as const, "released" as const, "charged" as const),
      was: orNull(amounts),
    }),
  ),
  opened: orNull(fc.record({ holdId: names, held: amounts })),
  scopes: fc.array(fc.record({ scope: names, cap: orNull(amounts), before: amounts, after: amounts })),
  lane: orNull(names),
  backend: orNull(fc.constantFrom("local" as const, "sdk" as const)),
  until: orNull(instants),
  digest: orNull(names),
  tags: fc.dictionary(names, names, { maxKeys: 16, noNullPrototype: true }),
  by: orNull(names),
  decision: orNull(fc.record({ id: orNull(names), author: names, reason: names, decidedAt: orNull(names) })),
});

describe("archivedLine", () => {
  // A change of this text breaks every checkpoint that was ever signed.
  it("writes every field in the canonical form", () => {
    expect(archivedLine(full)).toBe(LINE);
  });

  it("leaves out what there is nothing of", () => {
    const nothing = entry(1, { opened: null });
    expect(archivedLine(nothing)).toBe('{"at":1795392001,"kind":"held","place":1}');
  });

  it("does not depend on the order of the fields", () => {
    const turned = Object.fromEntries(Object.entries(full).reverse());
    // The same fields, in another order.
    expect(archivedLine(turned as unknown as JournalEntry)).toBe(LINE);
  });
});

describe("parseLine", () => {
  it("reads back what archivedLine writes", () => {
    fc.assert(
      fc.property(journalEntries, (any) => {
        const line = archivedLine(any);
        expect(line).not.toContain("\n");
        expect({ ...parseLine(line) }).toMatchObject({ ...any });
        expect(archivedLine(parseLine(line))).toBe(line);
      }),
    );
  });

  it("answers with a frozen entry, whose JSON shows money in dollars", () => {
    const parsed = parseLine(LINE);
    for (const part of [parsed, parsed.scopes, parsed.scopes[0], parsed.tags, parsed.closed]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(JSON.parse(JSON.stringify(parsed.opened))).toEqual({ holdId: "job-1/2", held: "0.000005" });
  });

  it.each([
    ["a space", '{"at":1, "kind":"held","place":1}'],
    ["another order", '{"kind":"held","at":1,"place":1}'],
    ["a name twice", '{"at":1,"at":1,"kind":"held","place":1}'],
    ["a null", '{"at":1,"by":null,"kind":"held","place":1}'],
    ["an empty list", '{"at":1,"kind":"held","place":1,"scopes":[]}'],
    ["another way to write a number", '{"at":1.0,"kind":"held","place":1}'],
    ["a line break", '{"at":1,"kind":"held","place":1}\n'],
    ["digits with zeros before them", '{"at":1,"kind":"held","opened":{"held":"01","holdId":"a"},"place":1}'],
    ["no JSON", "secret"],
    ["an unsafe place", '{"at":1,"kind":"held","place":9007199254740993}'],
    ["another kind", '{"at":1,"kind":"stolen","place":1}'],
  ])("refuses %s", (_, line) => {
    expect(() => parseLine(line)).toThrow(RangeError);
  });

  it.each([
    ["another type", "7"],
    ["a missing field", '{"at":1,"kind":"held"}'],
    ["an unknown field", '{"at":1,"kind":"held","place":1,"secret":1}'],
    ["tags that are no object", '{"at":1,"kind":"held","place":1,"tags":"a"}'],
    ["money that is a number", '{"at":1,"kind":"held","opened":{"held":1,"holdId":"a"},"place":1}'],
  ])("refuses %s", (_, line) => {
    expect(() => parseLine(line)).toThrow(TypeError);
  });

  it("refuses what is no string", () => {
    // @ts-expect-error -- not a string
    expect(() => parseLine(7)).toThrow(TypeError);
  });

  it("does not show a line that is no JSON", () => {
    expect(() => parseLine("secret")).toThrow(/^parseLine: line must be JSON$/);
  });
});
