import { epochSeconds, type HeldScope, type HoldRequest, HoldState, type MicroCents } from "dispatch-kit";
import {
  capOf,
  chargeHold,
  extendHold,
  heldAmount,
  type HoldMove,
  holdRequest,
  type HoldRow,
  isOver,
  jobHoldId,
  lackingScopes,
  releaseHold,
  repeatHold,
  scopeCaps,
  settleHold,
} from "dispatch-kit/rules";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyHoldId, jobOfHold, ownHoldId } from "../../src/budget/hold-request.ts";
import { correctHold, firstBooking, unknownHold } from "../../src/budget/holds.ts";
import { type Pin, pinnedCap, raised } from "../../src/budget/caps.ts";
import { capped, micro, MONTH, MOST, RUN, setUp, START } from "../stores/memory/support.ts";

/** An open hold of 10 in a run and a month. */
function row(rest: Partial<HoldRow> = {}): HoldRow {
  return Object.freeze({
    holdId: "h",
    asked: micro(10),
    steps: Object.freeze([]),
    scopes: scopeCaps("scopes", capped(100)),
    state: HoldState.OPEN,
    booked: micro(0),
    settledFrom: HoldState.OPEN,
    corrected: false,
    firstSettled: null,
    ...rest,
  });
}

function request(rest: Partial<HoldRequest> = {}): HoldRequest {
  return { holdId: "h", amount: micro(10), scopes: capped(100), ttlSeconds: 60, ...rest };
}

describe("holdRequest", () => {
  it("gives a frozen copy of what it was given", () => {
    const scopes = [
      { scope: RUN, cap: micro(5), until: epochSeconds(START) },
      { scope: MONTH, cap: micro(6) },
    ];
    const checked = holdRequest({ holdId: "h", amount: micro(0), scopes, ttlSeconds: 0.5 });
    expect(checked).toEqual({
      holdId: "h",
      amount: 0n,
      scopes: [
        { scope: RUN, cap: 5n, until: START },
        { scope: MONTH, cap: 6n, until: null },
      ],
      ttlSeconds: 0.5,
      tags: {},
    });
    for (const part of [checked, checked.scopes, ...checked.scopes]) expect(part).toSatisfy(Object.isFrozen);
    scopes.pop();
    expect(checked.scopes).toHaveLength(2);
    expect(holdRequest(checked)).toEqual(checked);
  });

  it("reads tags into a frozen copy, whatever their names", () => {
    const given = { user: "u-7", ["__proto__"]: "own", constructor: "c", "": "x" } as Record<string, string>;
    delete given[""];
    const { tags } = holdRequest(request({ tags: given }));
    expect(Object.entries(tags)).toEqual(Object.entries(given));
    expect(Object.getPrototypeOf(tags)).toBe(Object.prototype);
    expect(tags).toSatisfy(Object.isFrozen);
    given["user"] = "other";
    expect(tags["user"]).toBe("u-7");
    const most = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`t${index}`, "x"]));
    expect(holdRequest(request({ tags: most })).tags).toEqual(most);
    expect(() => holdRequest(request({ tags: { ...most, more: "x" } }))).toThrow(
      new RangeError("hold.tags must be at most 16 tags; got 17"),
    );
  });

  it.each<readonly [string, unknown, typeof TypeError]>([
    ["null", null, TypeError],
    ["a list", ["user"], TypeError],
    ["a Map", new Map([["user", "u-7"]]), TypeError],
    ["a number", { user: 7 }, TypeError],
    ["undefined", { user: undefined }, TypeError],
    ["a symbol", { [Symbol("user")]: "u-7" }, TypeError],
    ["an empty name", { "": "u-7" }, RangeError],
    ["an empty value", { user: "" }, RangeError],
    ["a long name", { ["x".repeat(201)]: "u-7" }, RangeError],
    ["a long value", { user: "x".repeat(201) }, RangeError],
    ["a line break", { user: "a\nb" }, RangeError],
  ])("refuses tags: %s", (_, tags, error) => {
    expect(() => holdRequest(request({ tags: tags as never }))).toThrow(error);
  });

  it("says what was asked, what is needed and what was given", () => {
    const message = (rest: object): string => {
      try {
        holdRequest({ ...request(), ...rest });
      } catch (error) {
        return error instanceof Error ? error.message : "no error";
      }
      return "accepted";
    };
    expect(message({ amount: -1n })).toBe("hold.amount must be at least 0 micro-cents; got -1");
    expect(message({ amount: MOST + 1n })).toContain("hold.amount must be at most 2^62 - 1 micro-cents");
    expect(message({ scopes: [] })).toContain("hold.scopes must be at least one scope, each once");
    expect(message({ scopes: capped(1, RUN, RUN) })).toContain("run:1");
    expect(message({ scopes: [{ scope: RUN, cap: 1 }] })).toContain("hold.scopes[0].cap must be MicroCents");
    expect(message({ ttlSeconds: 0 })).toBe("hold.ttlSeconds must be above 0; got 0");
    expect(message({ holdId: "job:x" })).toContain("belongs to a job");
  });
});

describe("scopeCaps", () => {
  it("takes scopes whose names differ in anything, and refuses one twice", () => {
    expect(scopeCaps("scopes", capped(1, "a", "A", "a ", "\u{e9}", "e\u{301}"))).toHaveLength(5);
    expect(() => scopeCaps("scopes", capped(1, "a", "b", "a"))).toThrow(RangeError);
    expect(() => scopeCaps("scopes", [])).toThrow(RangeError);
    expect(() => scopeCaps("scopes", undefined)).toThrow(TypeError);
  });

  it.each<readonly [string, unknown, typeof TypeError | typeof RangeError]>([
    ["milliseconds for an end", { scope: RUN, cap: 1n, until: Date.now() }, RangeError],
    ["an invalid Date for an end", { scope: RUN, cap: 1n, until: new Date(NaN) }, RangeError],
    ["text for an end", { scope: RUN, cap: 1n, until: new Date().toISOString() }, TypeError],
    ["a field too many", { scope: RUN, cap: 1n, caps: 1n }, TypeError],
    ["a Map", new Map<string, unknown>([["scope", RUN]]), TypeError],
    ["inherited fields", Object.create({ scope: RUN, cap: 1n }), TypeError],
    ["a list", [RUN, 1n], TypeError],
    ["a negative cap", { scope: RUN, cap: -1n }, RangeError],
    ["a cap above the limit", { scope: RUN, cap: MOST + 1n }, RangeError],
  ])("refuses %s", (_, scope, error) => {
    expect(() => scopeCaps("scopes", [scope])).toThrow(error);
  });

  it("takes a cap that is left out, an explicit undefined and null for none", () => {
    const none = [{ scope: RUN }, { scope: RUN, cap: undefined }, { scope: RUN, cap: null }];
    for (const scope of none) {
      expect(scopeCaps("scopes", [scope])).toEqual([{ scope: RUN, cap: null, until: null }]);
    }
  });

  it("takes a Date for an end, and an explicit undefined or null for none", () => {
    const until = new Date((START + 1) * 1000);
    const read = [until, epochSeconds(START + 1), undefined, null].map((end, at) => {
      return scopeCaps("scopes", [{ scope: RUN, cap: micro(at), until: end }])[0];
    });
    expect(read.map((scope) => scope?.until)).toEqual([START + 1, START + 1, null, null]);
    expect(read.every((scope) => Object.isFrozen(scope))).toBe(true);
  });

  it("takes what was answered, such as a hold's own scopes, by its fields", async () => {
    const { store } = setUp();
    const asked = [{ scope: RUN, cap: micro(5), until: epochSeconds(START + 1) }];
    await store.hold({ holdId: "h", amount: micro(1), scopes: asked, ttlSeconds: 60 });
    const kept = (await store.getHold("h"))?.scopes;
    expect(scopeCaps("scopes", kept)).toEqual(asked);
  });

  it("reads a hole in the list as what it is: nothing", () => {
    // eslint-disable-next-line no-sparse-arrays -- that is the point
    expect(() => scopeCaps("scopes", [capped(1)[0], ,])).toThrow(TypeError);
  });
});

describe("ids", () => {
  it("jobHoldId: an attempt's hold", () => {
    expect(jobHoldId("42", 3)).toBe("job:42#3");
  });

  it("jobHoldId: no two attempts of any jobs share one", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "#", "1", ":", "job"), maxLength: 6 });
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 20 }),
        text,
        fc.integer({ min: 1, max: 20 }),
        (a, n, b, m) => {
          expect(jobHoldId(a, n) === jobHoldId(b, m)).toBe(a === b && n === m);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("jobOfHold: the job that jobHoldId was given, and none of a caller's hold", () => {
    const id = fc.string({
      unit: fc.constantFrom("a", "#", "1", ":", "\n", "job"),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(id, fc.integer({ min: 1, max: 20 }), (jobId, n) => {
        expect(jobOfHold(jobHoldId(jobId, n))).toBe(jobId);
      }),
    );
    for (const own of ["h", "job", "j#1", "JOB:a#1", "xjob:a#1", "job:a#", "job:a#1x"]) {
      expect(jobOfHold(own)).toBeNull();
    }
  });

  it("ownHoldId, anyHoldId: a job's hold may be looked at and not changed", () => {
    const longest = jobHoldId("x".repeat(200), 999_999);
    expect(anyHoldId("id", longest)).toBe(longest);
    expect(() => ownHoldId("id", longest)).toThrow(
      expect.objectContaining({ code: "hold_owned_by_job", subject: longest }),
    );
    expect(ownHoldId("id", "x".repeat(200))).toHaveLength(200);
    expect(() => ownHoldId("id", "x".repeat(201))).toThrow(RangeError);
    expect(() => anyHoldId("id", "x".repeat(221))).toThrow(RangeError);
    expect(() => ownHoldId("id", 42)).toThrow(TypeError);
  });

  it("unknownHold: names the id, cut and escaped", () => {
    const error = unknownHold("\u{202e}".padEnd(100, "x"));
    expect(error).toMatchObject({ code: "hold_unknown", subject: "\u{202e}".padEnd(100, "x") });
    expect(error.message).toMatch(/^there is no hold "\\u\{202e\}x{58}…"$/);
  });
});

const now = epochSeconds(START);
/** A pinned cap; raised until a second later if `to` is given. */
const pinned = (cap: number, to: number | null = null): Pin => ({
  cap: micro(cap),
  raise: to === null ? null : { to: micro(to), until: epochSeconds(START + 1) },
});

describe("capOf", () => {
  it("is the request's cap where none is pinned, and where both are the same", () => {
    expect(capOf({ scope: RUN, cap: micro(5) }, undefined, now)).toBe(5n);
    expect(capOf({ scope: RUN, cap: micro(5) }, pinned(5), now)).toBe(5n);
    expect(capOf({ scope: RUN, cap: micro(0) }, pinned(0), now)).toBe(0n);
  });

  it("is the pinned cap where the request has none", () => {
    for (const scope of [{ scope: RUN }, { scope: RUN, cap: null }, { scope: RUN, cap: undefined }]) {
      expect(capOf(scope, pinned(5), now)).toBe(5n);
      expect(() => capOf(scope, undefined, now)).toThrow(
        expect.objectContaining({ code: "cap_unknown", subject: RUN }),
      );
    }
  });

  it.each([4, 6, 0])("refuses 5 where %d is pinned", (cap) => {
    expect(() => capOf({ scope: RUN, cap: micro(5) }, pinned(cap), now)).toThrow(
      expect.objectContaining({ code: "cap_conflict", subject: RUN }),
    );
  });

  it("compares a request with the pin, and judges it by the raise", () => {
    expect(capOf({ scope: RUN, cap: micro(5) }, pinned(5, 9), now)).toBe(9n);
    expect(capOf({ scope: RUN }, pinned(5, 9), now)).toBe(9n);
    expect(() => capOf({ scope: RUN, cap: micro(9) }, pinned(5, 9), now)).toThrow(
      expect.objectContaining({ code: "cap_conflict" }),
    );
    // From its last second on the raise is over.
    expect(capOf({ scope: RUN }, pinned(5, 9), epochSeconds(START + 0.999))).toBe(9n);
    expect(capOf({ scope: RUN }, pinned(5, 9), epochSeconds(START + 1))).toBe(5n);
  });
});

describe("raised, pinnedCap", () => {
  const until = epochSeconds(START + 1);

  it("raise a pinned cap, again and to the same, and never below it", () => {
    const raise = raised(RUN, pinned(5), micro(9), until);
    expect(raise).toEqual(pinned(5, 9));
    expect(raised(RUN, raise, micro(7), until)).toEqual(pinned(5, 7));
    expect(raised(RUN, raise, micro(5), until)).toEqual(pinned(5, 5));
    expect(() => raised(RUN, raise, micro(4), until)).toThrow(
      expect.objectContaining({ code: "cap_conflict", subject: RUN }),
    );
    expect(() => raised(RUN, undefined, micro(9), until)).toThrow(
      expect.objectContaining({ code: "cap_unknown", subject: RUN }),
    );
  });

  it("show the raise until its end", () => {
    expect(pinnedCap(pinned(5), now)).toEqual({ pinned: 5n, cap: 5n, until: null });
    expect(pinnedCap(pinned(5, 9), now)).toEqual({ pinned: 5n, cap: 9n, until });
    expect(pinnedCap(pinned(5, 9), until)).toEqual({ pinned: 5n, cap: 5n, until: null });
  });
});

describe("lackingScopes", () => {
  const amount = fc.bigInt({ min: 0n, max: MOST });

  it("lacks what the sum is above the cap, and nothing else, up to the largest amounts; 0 fits", () => {
    const scopes = fc.array(fc.record({ cap: amount, committed: fc.bigInt({ min: 0n, max: 4n * MOST }) }));
    fc.assert(
      fc.property(fc.oneof(amount, fc.constant(0n)), scopes, (asked, rooms) => {
        const named = rooms.map((room, index) => ({ scope: `${index}`, ...room }));
        const expected = named
          .map(({ scope, cap, committed }) => ({ scope, by: committed + asked - cap }))
          .filter(({ by }) => asked > 0n && by > 0n);
        expect(lackingScopes(asked, named)).toEqual(expected);
      }),
    );
  });

  it.each([
    [10, 100, 90, null],
    [11, 100, 90, 1],
    [0, 100, 100, null],
    // It moves no money.
    [0, 100, 101, null],
    [1, 100, 101, 2],
    [0, 0, 0, null],
    [1, 0, 0, 1],
  ])("%d under a cap of %d with %d committed lacks %s", (asked, cap, committed, by) => {
    const room = { scope: RUN, cap: micro(cap), committed: micro(committed) };
    expect(lackingScopes(micro(asked), [room])).toEqual(by === null ? [] : [{ scope: RUN, by: micro(by) }]);
  });

  it("finds no room under a cap that is unknown, not even for $0, and says so", () => {
    const unknown = { scope: RUN, cap: null, committed: micro(0) };
    expect(lackingScopes(micro(10), [unknown])).toEqual([{ scope: RUN, by: 10n, unknown: true }]);
    expect(lackingScopes(micro(0), [unknown])).toEqual([{ scope: RUN, by: 0n, unknown: true }]);
    // What is over stays over, whoever pins a cap.
    const until = epochSeconds(START);
    expect(lackingScopes(micro(10), [{ ...unknown, until }], until)).toEqual([
      { scope: RUN, by: 10n, until, over: true },
    ]);
    expect(() => lackingScopes(micro(10), [{ ...unknown, cap: undefined as never }])).toThrow(TypeError);
    expect(() => lackingScopes(micro(10), [{ ...unknown, committed: null as never }])).toThrow(TypeError);
  });

  it("says when a scope's time ends: room may be back then", () => {
    const until = epochSeconds(START + 5);
    const month = { scope: MONTH, cap: micro(100), committed: micro(95), until };
    expect(lackingScopes(micro(10), [month], now)).toEqual([{ scope: MONTH, by: 5n, until }]);
    expect(lackingScopes(micro(10), [month])).toEqual([{ scope: MONTH, by: 5n, until }]);
    expect(lackingScopes(micro(10), [{ ...month, until: new Date((START + 5) * 1000) }])).toEqual([
      { scope: MONTH, by: 5n, until },
    ]);
  });

  it("finds no room for what is new in a scope that is over, not even for $0, and says so", () => {
    const until = epochSeconds(START);
    const month = { scope: MONTH, cap: micro(100), committed: micro(0), until };
    const run = { scope: RUN, cap: micro(100), committed: micro(95) };
    expect(lackingScopes(micro(10), [run, month], epochSeconds(START - 0.5))).toEqual([
      { scope: RUN, by: 5n },
    ]);
    expect(lackingScopes(micro(10), [run, month], epochSeconds(START))).toEqual([
      { scope: RUN, by: 5n },
      { scope: MONTH, by: 10n, until, over: true },
    ]);
    expect(lackingScopes(micro(0), [month], epochSeconds(START + 1))).toEqual([
      { scope: MONTH, by: 0n, until, over: true },
    ]);
    // More for a hold that was admitted in time.
    expect(lackingScopes(micro(10), [month])).toEqual([]);
  });
});

describe("isOver", () => {
  it("says so from the second in which a scope ends, and never of one without an end", () => {
    const until = epochSeconds(START);
    expect(isOver({ until }, epochSeconds(START - 1))).toBe(false);
    expect(isOver({ until }, epochSeconds(START))).toBe(true);
    expect(isOver({ until }, epochSeconds(START + 1))).toBe(true);
    expect(isOver({ until: null }, epochSeconds(START))).toBe(false);
    expect(isOver({ until: undefined }, epochSeconds(START))).toBe(false);
    expect(isOver({}, epochSeconds(START))).toBe(false);
  });

  it("takes a Date for either", () => {
    const until = new Date(START * 1000);
    expect(isOver({ until }, epochSeconds(START - 0.001))).toBe(false);
    expect(isOver({ until }, epochSeconds(START))).toBe(true);
    expect(isOver({ until: epochSeconds(START) }, new Date(START * 1000 - 1))).toBe(false);
    expect(isOver({ until }, until)).toBe(true);
  });

  it.each<readonly [string, unknown, unknown, typeof TypeError]>([
    ["an end that is no time", NaN, START, RangeError],
    ["an invalid Date for an end", new Date(NaN), START, RangeError],
    ["text for an end", new Date().toISOString(), START, TypeError],
    ["an invalid Date for a time", START, new Date(NaN), RangeError],
    ["no time", START, undefined, TypeError],
    ["a time that is none", START, NaN, RangeError],
    ["milliseconds", START, START * 1000, RangeError],
  ])("refuses %s, which would never be over", (_, until, now, error) => {
    expect(() => isOver({ until: until as never }, now as never)).toThrow(error);
  });
});

describe("repeatHold", () => {
  it.each(Object.values(HoldState))("answers exists for a hold that is %s", (state) => {
    const again = repeatHold(row({ state }), request({ ttlSeconds: 1, scopes: [...capped(1)].reverse() }));
    expect(again).toEqual({ kind: "exists", state });
  });

  it("knows the request by what was asked for first, not by what it was extended to", () => {
    const extended = row({ steps: [micro(5)] });
    expect(repeatHold(extended, request())).toMatchObject({ kind: "exists" });
    expect(() => repeatHold(extended, request({ amount: micro(15) }))).toThrow(
      expect.objectContaining({ code: "hold_conflict" }),
    );
  });

  it("takes only the same names for the same", () => {
    const name = fc.string({
      unit: fc.constantFrom("a", '"', ",", " ", "\\", "\u{e9}"),
      minLength: 1,
      maxLength: 4,
    });
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });
    const padding = fc.constantFrom("", "x".repeat(60), "x".repeat(190));
    fc.assert(
      fc.property(names, names, padding, (before, now, pad) => {
        const scopes = (list: readonly string[]): readonly HeldScope[] =>
          scopeCaps("scopes", capped(1, ...list.map((last) => pad + last)));
        const known = row({ scopes: scopes(before) });
        const repeat = (): unknown => repeatHold(known, request({ scopes: scopes(now) }));
        if ([...before].sort().join("\0") === [...now].sort().join("\0")) {
          expect(repeat()).toEqual({ kind: "exists", state: "open" });
        } else {
          expect(repeat).toThrow(expect.objectContaining({ code: "hold_conflict", subject: "h" }));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("settleHold, releaseHold, chargeHold", () => {
  /** Applies a move to what the hold counts for. */
  const shown = (move: HoldMove | null): unknown =>
    move && [move.row.state, move.row.booked, move.reserved, move.spent, move.row.settledFrom];

  it.each<readonly [string, HoldRow, number, unknown, unknown]>([
    [
      "an open hold at less",
      row(),
      4,
      { kind: "settled", booked: 4n, overrun: 0n, corrected: false },
      ["settled", 4n, -10n, 4n, "open"],
    ],
    [
      "an open hold at more",
      row(),
      12,
      { kind: "settled", booked: 12n, overrun: 2n, corrected: false },
      ["settled", 12n, -10n, 12n, "open"],
    ],
    [
      "an extended hold",
      row({ steps: [micro(5), micro(1)] }),
      16,
      { kind: "settled", booked: 16n, overrun: 0n, corrected: false },
      ["settled", 16n, -16n, 16n, "open"],
    ],
    [
      "a charged hold down",
      row({ state: "charged", booked: micro(10) }),
      4,
      { kind: "settled", booked: 4n, overrun: 0n, corrected: true },
      ["settled", 4n, 0n, -6n, "charged"],
    ],
    [
      "a charged hold up",
      row({ state: "charged", booked: micro(10) }),
      12,
      { kind: "settled", booked: 12n, overrun: 2n, corrected: true },
      ["settled", 12n, 0n, 2n, "charged"],
    ],
    [
      "a released hold",
      row({ state: "released" }),
      4,
      { kind: "settled", booked: 4n, overrun: 4n, corrected: true },
      ["settled", 4n, 0n, 4n, "released"],
    ],
    [
      "a settled hold again",
      row({ state: "settled", booked: micro(12) }),
      12,
      { kind: "settled", booked: 12n, overrun: 2n, corrected: false },
      null,
    ],
    [
      "a hold settled from a release again",
      row({ state: "settled", booked: micro(4), settledFrom: "released" }),
      4,
      { kind: "settled", booked: 4n, overrun: 4n, corrected: true },
      null,
    ],
    [
      "a hold settled from a charge again",
      row({ state: "settled", booked: micro(12), settledFrom: "charged" }),
      12,
      { kind: "settled", booked: 12n, overrun: 2n, corrected: true },
      null,
    ],
    [
      "a settled hold at another amount",
      row({ state: "settled", booked: micro(12) }),
      11,
      { kind: "conflict", booked: 12n },
      null,
    ],
    [
      "a hold again that was settled and then corrected",
      row({ state: "settled", booked: micro(7), corrected: true, firstSettled: micro(12) }),
      12,
      { kind: "settled", booked: 12n, overrun: 2n, corrected: false },
      null,
    ],
    [
      "a hold at what it was corrected to",
      row({ state: "settled", booked: micro(7), corrected: true, firstSettled: micro(12) }),
      7,
      { kind: "conflict", booked: 7n },
      null,
    ],
    [
      "a charged hold that was corrected",
      row({ state: "settled", booked: micro(7), settledFrom: "charged", corrected: true }),
      7,
      { kind: "conflict", booked: 7n },
      null,
    ],
  ])("settleHold: %s", (_, hold, actual, answer, move) => {
    const settled = settleHold(hold, micro(actual));
    expect(settled.outcome).toEqual(answer);
    expect(shown(settled.move)).toEqual(move);
    // The hold itself is left as it was: the move is the store's to make.
    if (settled.move) expect(settled.move.row).not.toBe(hold);
  });

  it.each<readonly [HoldState, unknown, unknown]>([
    ["open", { kind: "released" }, ["released", 0n, -16n, 0n, "open"]],
    ["released", { kind: "released" }, null],
    ["charged", { kind: "closed", as: "charged" }, null],
    ["settled", { kind: "closed", as: "settled" }, null],
  ])("releaseHold: one that is %s", (state, answer, move) => {
    const hold = row({
      state,
      steps: [micro(6)],
      booked: micro(state === "open" || state === "released" ? 0 : 7),
    });
    const released = releaseHold(hold);
    expect(released.outcome).toEqual(answer);
    expect(shown(released.move)).toEqual(move);
  });

  it("chargeHold: in full, extensions included", () => {
    expect(shown(chargeHold(row({ steps: [micro(6)] })))).toEqual(["charged", 16n, -16n, 16n, "open"]);
  });

  it.each<readonly [string, HoldRow, number, unknown, unknown]>([
    ["an open hold", row(), 4, { kind: "open" }, null],
    [
      "a settled hold down",
      row({ state: "settled", booked: micro(10) }),
      4,
      { kind: "corrected", from: 10n, to: 4n, overrun: 0n },
      ["settled", 4n, 0n, -6n, "open", 10n],
    ],
    [
      "a settled hold up, past what was held",
      row({ state: "settled", booked: micro(10), steps: [micro(1)] }),
      14,
      { kind: "corrected", from: 10n, to: 14n, overrun: 3n },
      ["settled", 14n, 0n, 4n, "open", 10n],
    ],
    [
      "a charged hold",
      row({ state: "charged", booked: micro(10) }),
      14,
      { kind: "corrected", from: 10n, to: 14n, overrun: 4n },
      ["settled", 14n, 0n, 4n, "charged", null],
    ],
    [
      "a released hold",
      row({ state: "released" }),
      4,
      { kind: "corrected", from: 0n, to: 4n, overrun: 4n },
      ["settled", 4n, 0n, 4n, "released", null],
    ],
    [
      "a hold settled from a charge",
      row({ state: "settled", booked: micro(6), settledFrom: "charged" }),
      0,
      { kind: "corrected", from: 6n, to: 0n, overrun: 0n },
      ["settled", 0n, 0n, -6n, "charged", 6n],
    ],
    [
      "a hold that was corrected before",
      row({ state: "settled", booked: micro(6), corrected: true, firstSettled: micro(12) }),
      8,
      { kind: "corrected", from: 6n, to: 8n, overrun: 0n },
      ["settled", 8n, 0n, 2n, "open", 12n],
    ],
    [
      "a charged hold that was corrected before",
      row({ state: "settled", booked: micro(6), settledFrom: "charged", corrected: true }),
      6,
      { kind: "corrected", from: 6n, to: 6n, overrun: 0n },
      ["settled", 6n, 0n, 0n, "charged", null],
    ],
  ])("correctHold: %s", (_, hold, actual, answer, move) => {
    const { outcome, move: made } = correctHold(hold, micro(actual));
    expect(outcome).toEqual(answer);
    expect(made && [...(shown(made) as unknown[]), made.row.firstSettled]).toEqual(move);
    if (made) expect(made.row.corrected).toBe(true);
  });

  it("correctHold: takes amounts of a ledger", () => {
    expect(() => correctHold(row(), micro(-1))).toThrow(RangeError);
    expect(() => correctHold(row(), 5 as never)).toThrow(TypeError);
  });

  it.each<readonly [string, Partial<HoldRow>, number]>([
    ["settled", { state: "settled", booked: micro(4) }, 4],
    ["charged", { state: "charged", booked: micro(10) }, 10],
    ["charged, then settled", { state: "settled", booked: micro(4), settledFrom: "charged" }, 10],
    [
      "settled, then corrected",
      { state: "settled", booked: micro(7), corrected: true, firstSettled: micro(4) },
      4,
    ],
    [
      "charged, then corrected",
      { state: "settled", booked: micro(7), settledFrom: "charged", corrected: true },
      10,
    ],
  ])("firstBooking: one that was %s", (_, rest, booked) => {
    expect(firstBooking(row(rest))).toBe(micro(booked));
  });

  it("conserve money: whatever the order, reserved ends at 0 and spent at what is booked", () => {
    const amount = fc.bigInt({ min: 0n, max: MOST / 4n }).map(micro);
    type Move = readonly ["settle" | "correct", MicroCents] | readonly ["release"] | readonly ["charge"];
    const moves = fc.array(
      fc.oneof<fc.Arbitrary<Move>[]>(
        amount.map((actual) => ["settle", actual] as const),
        amount.map((actual) => ["correct", actual] as const),
        fc.constant(["release"] as const),
        fc.constant(["charge"] as const),
      ),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(amount, fc.array(amount, { maxLength: 2 }), moves, (asked, steps, history) => {
        let hold = row({ asked, steps });
        let [reserved, spent] = [heldAmount(hold), 0n] as [bigint, bigint];
        for (const [kind, actual] of history) {
          // Only an open hold is ever charged.
          if (kind === "charge" && hold.state !== "open") continue;
          const move =
            kind === "settle"
              ? settleHold(hold, actual).move
              : kind === "correct"
                ? correctHold(hold, actual).move
                : kind === "release"
                  ? releaseHold(hold).move
                  : chargeHold(hold);
          if (!move) continue;
          // After a correction no settlement moves anything.
          expect(kind !== "correct" && hold.corrected).toBe(false);
          reserved += move.reserved;
          spent += move.spent;
          hold = move.row;
          expect(reserved).toBe(0n);
          expect(spent).toBe(hold.booked);
          expect([hold.asked, hold.steps]).toEqual([asked, steps]);
        }
      }),
    );
  });

  it("heldAmount: what was asked for and every step", () => {
    expect(heldAmount(row())).toBe(10n);
    expect(heldAmount(row({ steps: [micro(1), micro(0), micro(MOST)] }))).toBe(MOST + 11n);
  });
});

describe("extendHold", () => {
  const extended = row({ steps: [micro(5), micro(0)] });
  const exists = (state: HoldState): unknown => ({ kind: "exists", state });

  it.each<readonly [string, HoldRow, number, number, unknown]>([
    ["the first step", row(), 5, 1, { ...row(), steps: [5n] }],
    ["the next step", extended, 5, 3, { ...row(), steps: [5n, 0n, 5n] }],
    ["a step by nothing", row(), 0, 1, { ...row(), steps: [0n] }],
    ["a repeated step", extended, 5, 1, exists("open")],
    ["a repeated step by nothing", extended, 0, 2, exists("open")],
    ["a repeated step of a closed hold", { ...extended, state: "settled" }, 5, 1, exists("settled")],
    ["a new step of a settled hold", { ...extended, state: "settled" }, 5, 3, exists("settled")],
    ["a new step of a charged hold", { ...extended, state: "charged" }, 5, 3, exists("charged")],
    ["a new step of a released hold", { ...extended, state: "released" }, 5, 9, exists("released")],
  ])("%s", (_, hold, by, step, expected) => {
    expect(extendHold(hold, micro(by), step)).toEqual(expected);
  });

  it.each<readonly [string, HoldRow]>([
    ["open", extended],
    ["closed", { ...extended, state: "settled" }],
  ])("refuses another amount in a step that was made, %s", (_, hold) => {
    expect(() => extendHold(hold, micro(6), 1)).toThrow(
      expect.objectContaining({ code: "hold_conflict", subject: "h" }),
    );
  });

  it.each([4, 0, -1, 1.5, NaN, Infinity])("refuses step %d where 3 is next", (step) => {
    expect(() => extendHold(extended, micro(5), step)).toThrow(RangeError);
  });

  it("refuses an amount that would pass the limit, alone or in sum", () => {
    expect(() => extendHold(row(), micro(MOST + 1n), 1)).toThrow(RangeError);
    expect(() => extendHold(row(), micro(MOST - 9n), 1)).toThrow(RangeError);
    expect(extendHold(row(), micro(MOST - 10n), 1)).toMatchObject({ steps: [MOST - 10n] });
    expect(() => extendHold(row(), micro(-1), 1)).toThrow(RangeError);
    expect(() => extendHold(row(), 5 as never, 1)).toThrow(TypeError);
  });
});
