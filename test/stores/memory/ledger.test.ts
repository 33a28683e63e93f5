import {
  type HoldOutcome,
  type HoldRequest,
  monthScope,
  runAndMonth,
  BudgetCap,
  epochSeconds,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import {
  decision,
  approved,
  capped,
  counters,
  leaseOf,
  micro,
  MONTH,
  MOST,
  RUN,
  setUp,
  START,
} from "./support.ts";

/** A hold of 10 in a run and a month with room for 100 each, for a minute. */
function request(holdId = "h", rest: Partial<HoldRequest> = {}): HoldRequest {
  return { holdId, amount: micro(10), scopes: capped(100), ttlSeconds: 60, ...rest };
}

const names = (outcomes: readonly HoldOutcome[]): readonly string[] => outcomes.map(({ kind }) => kind);

const count = (list: readonly string[], word: string): number => list.filter((one) => one === word).length;

describe("hold", () => {
  it("sets aside in every scope, once for an id", async () => {
    const { store } = setUp();
    expect(await store.hold(request())).toEqual({ kind: "held" });
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    expect(await counters(store, MONTH)).toEqual([10n, 0n]);
    const again = await Promise.all(Array.from({ length: 20 }, () => store.hold(request())));
    expect(again).toEqual(Array.from({ length: 20 }, () => ({ kind: "exists", state: "open" })));
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
  });

  it("admits once among calls in flight together, and never past a cap", async () => {
    const { store } = setUp();
    const ids = Array.from({ length: 60 }, (_, index) => `h${index % 20}`);
    const outcomes = await Promise.all(
      ids.map((id) => store.hold(request(id, { amount: micro(7), scopes: capped(100) }))),
    );
    const kinds = names(outcomes);
    expect(count(kinds, "held")).toBe(14);
    expect(count(kinds, "exists")).toBe(28);
    expect(count(kinds, "refused")).toBe(18);
    expect(await counters(store, RUN)).toEqual([98n, 0n]);
  });

  it("admits an exact fit, and refuses one micro-cent more", async () => {
    const { store } = setUp();
    await store.hold(request("a", { amount: micro(60) }));
    const over = await store.hold(request("b", { amount: micro(41) }));
    expect(over).toEqual({
      kind: "refused",
      lacking: [
        { scope: RUN, by: 1n },
        { scope: MONTH, by: 1n },
      ],
    });
    expect(await store.hold(request("b", { amount: micro(40) }))).toEqual({ kind: "held" });
    expect(await store.hold(request("c", { amount: micro(0) }))).toEqual({ kind: "held" });
    expect(await counters(store, MONTH)).toEqual([100n, 0n]);
  });

  it("names every scope that lacks room and by how much, in all or in none", async () => {
    const { store } = setUp();
    await store.hold(request("a", { amount: micro(90), scopes: capped(90, MONTH) }));
    const scopes = [...capped(10, RUN), ...capped(95, MONTH), ...capped(3, "tenant:acme")];
    expect(await store.hold(request("b", { scopes }))).toEqual({
      kind: "refused",
      lacking: [
        { scope: MONTH, by: 5n },
        { scope: "tenant:acme", by: 7n },
      ],
    });
    expect(await store.getHold("b")).toBeNull();
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
    expect(await counters(store, MONTH)).toEqual([90n, 0n]);
    expect(await counters(store, "tenant:acme")).toEqual([0n, 0n]);
  });

  it("leaves the run alone when the month refuses, and the month when the run refuses", async () => {
    const { store } = setUp();
    const month = await store.hold(request("a", { scopes: [...capped(100, RUN), ...capped(9, MONTH)] }));
    expect(month).toEqual({ kind: "refused", lacking: [{ scope: MONTH, by: 1n }] });
    const run = await store.hold(request("a", { scopes: [...capped(9, RUN), ...capped(100, MONTH)] }));
    expect(run).toEqual({ kind: "refused", lacking: [{ scope: RUN, by: 1n }] });
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
    expect(await counters(store, MONTH)).toEqual([0n, 0n]);
  });

  it("forgets a refusal: with room, or another body, the id is admitted", async () => {
    const { store } = setUp();
    await store.hold(request("first", { amount: micro(95) }));
    expect(await store.hold(request())).toMatchObject({ kind: "refused" });
    await store.release("first");
    expect(await store.hold(request())).toEqual({ kind: "held" });
    expect(await store.hold(request("other", { amount: micro(91) }))).toMatchObject({ kind: "refused" });
    expect(await store.hold(request("other", { amount: micro(1), scopes: capped(5, "elsewhere") }))).toEqual({
      kind: "held",
    });
  });

  it("takes another ttl, cap, end or order of the scopes for the same body", async () => {
    const { store } = setUp();
    await store.hold(request());
    const until = epochSeconds(START + 60);
    const same: readonly Partial<HoldRequest>[] = [
      { ttlSeconds: 5 },
      { scopes: capped(1) },
      { scopes: capped(MOST) },
      { scopes: [...capped(100)].reverse() },
      { scopes: capped(100).map((scope) => ({ ...scope, until })) },
    ];
    for (const rest of same) {
      expect(await store.hold(request("h", rest))).toEqual({ kind: "exists", state: "open" });
    }
    expect(await store.getHold("h")).toMatchObject({
      scopes: [
        { scope: RUN, cap: 100n, until: null },
        { scope: MONTH, cap: 100n, until: null },
      ],
      expiresAt: START + 60,
    });
  });

  const long = "tenant:".padEnd(199, "x");
  it.each<readonly [string, Partial<HoldRequest>]>([
    ["a higher amount", { amount: micro(11) }],
    ["a lower amount", { amount: micro(9) }],
    ["a scope less", { scopes: capped(100, RUN, long + "1") }],
    ["a scope more", { scopes: capped(100, RUN, MONTH, long + "1", "day:2026-11-23") }],
    ["another scope", { scopes: capped(100, RUN, "month:2026-12", long + "1") }],
    ["a scope that differs in its last character", { scopes: capped(100, RUN, MONTH, long + "2") }],
    ["a scope in other capitals", { scopes: capped(100, "Run:1", MONTH, long + "1") }],
  ])("refuses %s under an id that was held, in whatever state it is", async (_, rest) => {
    const { store } = setUp();
    const first = request("h", { scopes: capped(100, RUN, MONTH, long + "1") });
    await store.hold(first);
    const error = { code: "hold_conflict", subject: "h" };
    await expect(store.hold({ ...first, ...rest })).rejects.toMatchObject(error);
    await store.release("h");
    await expect(store.hold({ ...first, ...rest })).rejects.toMatchObject(error);
    await store.settle("h", micro(4));
    await expect(store.hold({ ...first, ...rest })).rejects.toMatchObject(error);
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it.each<readonly [string, HoldRequest["scopes"]]>([
    ["none", []],
    ["one twice", capped(100, RUN, MONTH, RUN)],
    ["one twice with other caps", [...capped(100, RUN), ...capped(50, RUN)]],
  ])("refuses scopes: %s", async (_, scopes) => {
    const { store } = setUp();
    await expect(store.hold(request("h", { scopes }))).rejects.toThrow(RangeError);
    expect(await store.getHold("h")).toBeNull();
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
  });

  it("compares ids and scopes byte for byte: composed and decomposed are two", async () => {
    const { store } = setUp();
    const [nfc, nfd] = ["caf\u{e9}", "cafe\u{301}"];
    for (const id of [nfc, nfd]) {
      expect(await store.hold(request(id, { scopes: capped(10, id) }))).toEqual({ kind: "held" });
      expect(await counters(store, id)).toEqual([10n, 0n]);
    }
    const both = request("both", { scopes: capped(20, nfc, nfd) });
    expect(await store.hold(both)).toEqual({ kind: "held" });
  });

  it.each([
    "x",
    "x".repeat(200),
    "\u{1f600}".repeat(100),
    "a b",
    "__proto__",
    "constructor",
    "\u{fffd}",
    "job",
    "JOB:1",
  ])("accepts the id and the scope %j", async (name) => {
    const { store } = setUp();
    expect(await store.hold(request(name, { scopes: capped(10, name) }))).toEqual({ kind: "held" });
    expect(await store.getHold(name)).toMatchObject({ holdId: name, state: "open" });
    expect(await counters(store, name)).toEqual([10n, 0n]);
    expect(await store.settle(name, micro(3))).toMatchObject({ kind: "settled" });
    expect(await counters(store, name)).toEqual([0n, 3n]);
  });

  const malformed = [
    "",
    "x".repeat(201),
    "a\0b",
    "a\nb",
    "\u{7f}",
    "\u{85}",
    "a\u{d800}",
    "\u{dc00}a",
    "\u{dc00}\u{d800}",
  ];
  it.each(malformed)("refuses the id and the scope %j", async (name) => {
    const { store } = setUp();
    const refused = [
      store.hold(request(name)),
      store.hold(request("h", { scopes: capped(100, RUN, name) })),
      store.settle(name, micro(1)),
      store.release(name),
      store.extend(name, micro(1), 1),
      store.usage(name),
      // The name of a job's hold may be longer.
      store.correct(name.repeat(2), micro(1), decision()),
      store.correct("h", micro(1), decision(name)),
      store.unpinCap(name, decision()),
      store.raiseCap(name, { to: micro(1), until: epochSeconds(START) }, decision()),
      store.cap(name),
      store.hold(request("h", { tags: { [name]: "x" } })),
      store.hold(request("h", { tags: { x: name } })),
      store.pinCap(name, micro(1), decision()),
    ];
    await Promise.all(refused.map((call) => expect(call).rejects.toThrow(RangeError)));
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
  });

  it.each([2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, MOST - 1n, MOST])(
    "is exact at %d micro-cents",
    async (amount) => {
      const { store } = setUp();
      expect(await store.hold(request("h", { amount: micro(amount), scopes: capped(amount) }))).toEqual({
        kind: "held",
      });
      expect(await counters(store, RUN)).toEqual([amount, 0n]);
      expect(await store.hold(request("next", { amount: micro(1), scopes: capped(amount) }))).toEqual({
        kind: "refused",
        lacking: [
          { scope: RUN, by: 1n },
          { scope: MONTH, by: 1n },
        ],
      });
      const again = await store.hold(request("next", { amount: micro(amount), scopes: capped(MOST, RUN) }));
      const by = amount - (MOST - amount);
      expect(again).toEqual(by > 0n ? { kind: "refused", lacking: [{ scope: RUN, by }] } : { kind: "held" });
      expect(await store.settle("h", micro(amount))).toMatchObject({ booked: amount, overrun: 0n });
      expect(await counters(store, MONTH)).toEqual([0n, amount]);
    },
  );

  it.each([MOST + 1n, 2n ** 63n, 2n ** 64n, -1n])("refuses %d micro-cents everywhere", async (amount) => {
    const { store } = setUp();
    await store.hold(request());
    const money = amount as never;
    const refused = [
      store.hold(request("a", { amount: money })),
      store.hold(request("a", { scopes: [{ scope: RUN, cap: money }] })),
      store.settle("h", money),
      store.extend("h", money, 1),
      store.correct("h", money, decision()),
      store.pinCap(RUN, money, decision()),
      store.raiseCap(RUN, { to: money, until: epochSeconds(START) }, decision()),
    ];
    await Promise.all(refused.map((call) => expect(call).rejects.toThrow(RangeError)));
    expect(await store.getHold("a")).toBeNull();
    expect(await store.getHold("h")).toMatchObject({ state: "open", amount: 10n });
  });

  it.each([10, "10", null, undefined, true, {}])("refuses %j, which is no money", async (value) => {
    const { store } = setUp();
    await store.hold(request());
    const money = value as never;
    const refused = [
      store.hold(request("a", { amount: money })),
      // A cap that is left out is the pinned one's business.
      ...(value === null || value === undefined
        ? []
        : [store.hold(request("a", { scopes: [{ scope: RUN, cap: money }] }))]),
      store.correct("h", money, decision()),
      store.raiseCap(RUN, { to: money, until: epochSeconds(START) }, decision()),
      store.settle("h", money),
      store.extend("h", money, 1),
      store.pinCap(RUN, money, decision()),
    ];
    await Promise.all(refused.map((call) => expect(call).rejects.toThrow(TypeError)));
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
  });

  it.each([0, -0, -1, NaN, Infinity, 1e9 + 1])("refuses a ttl of %d seconds", async (ttlSeconds) => {
    const { store } = setUp();
    await expect(store.hold(request("h", { ttlSeconds }))).rejects.toThrow(RangeError);
    expect(await store.getHold("h")).toBeNull();
  });

  it.each([0.001, 1e9])("accepts a ttl of %d seconds", async (ttlSeconds) => {
    const { store } = setUp();
    expect(await store.hold(request("h", { ttlSeconds }))).toEqual({ kind: "held" });
    expect(await store.getHold("h")).toMatchObject({ expiresAt: START + ttlSeconds });
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["a string", "h"],
    ["a missing field", { holdId: "h", amount: 10n, scopes: capped(100) }],
    ["a misspelt field", { ...request(), ttl: 60 }],
    ["an explicit undefined", { ...request(), amount: undefined }],
    ["a scope as a string", { ...request(), scopes: [RUN] }],
    ["a scope with a misspelt cap", { ...request(), scopes: [{ scope: RUN, cap: 100n, max: 1n }] }],
    ["scopes that are no list", { ...request(), scopes: { 0: { scope: RUN, cap: 100n }, length: 1 } }],
    ["inherited fields", Object.create(request()) as unknown],
    ["a ttl in words", { ...request(), ttlSeconds: "60" }],
    ["tags in a list", { ...request(), tags: ["user"] }],
    ["a tag that is a number", { ...request(), tags: { user: 7 } }],
    ["a tag under a symbol", { ...request(), tags: { [Symbol("user")]: "u-7" } }],
  ])("refuses %s with a TypeError", async (_, value) => {
    const { store } = setUp();
    await expect(store.hold(value as never)).rejects.toThrow(TypeError);
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
  });

  it("keeps a copy: what the caller changes later changes nothing", async () => {
    const { store } = setUp();
    const scopes = [{ scope: RUN, cap: micro(15) }];
    const given = { holdId: "h", amount: micro(10), scopes, ttlSeconds: 60 };
    await store.hold(given);
    given.amount = micro(1);
    scopes[0] = { scope: "elsewhere", cap: micro(0) };
    expect(await store.getHold("h")).toMatchObject({ amount: 10n, scopes: [{ scope: RUN, cap: 15n }] });
    expect(await store.extend("h", micro(5), 1)).toEqual({ kind: "held" });
    expect(await store.extend("h", micro(1), 2)).toEqual({
      kind: "refused",
      lacking: [{ scope: RUN, by: 1n }],
    });
    expect(await counters(store, "elsewhere")).toEqual([0n, 0n]);
  });

  it("reads each field once: a getter cannot answer twice", async () => {
    const { store } = setUp();
    let reads = 0;
    const scope = {
      scope: RUN,
      get cap() {
        return micro(reads++ === 0 ? 5 : 1000);
      },
    };
    expect(await store.hold(request("h", { scopes: [scope] }))).toMatchObject({ kind: "refused" });
    expect(reads).toBe(1);
  });

  it("admits nothing while the clock fails", async () => {
    let time: unknown = START;
    const store = memoryStore({ clock: () => time as never });
    for (const broken of [Date.now(), NaN, null]) {
      time = broken;
      await expect(store.hold(request())).rejects.toThrow();
      await expect(store.expire()).rejects.toThrow();
    }
    time = START;
    expect(await store.getHold("h")).toBeNull();
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
    // So late that the end of its time would no longer pass for seconds.
    time = 1e11 - 1;
    await expect(store.hold(request())).rejects.toThrow(RangeError);
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
  });
});

describe("hold_owned_by_job", () => {
  it.each(["job:j#1", "job:", "job:nobody#1", `job:${"j".repeat(200)}#1`])(
    "refuses every change of %j, whether there is such a job or not",
    async (holdId) => {
      const { store } = setUp();
      await store.submit(approved("j"));
      const refused = [
        store.hold(request(holdId)),
        store.settle(holdId, micro(0)),
        store.release(holdId),
        store.extend(holdId, micro(1), 1),
      ];
      const error = { code: "hold_owned_by_job", subject: holdId };
      await Promise.all(refused.map((call) => expect(call).rejects.toMatchObject(error)));
      expect(await counters(store, RUN)).toEqual([10n, 0n]);
    },
  );

  it("lets a job's hold be looked at", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    expect(await store.getHold("job:j#1")).toEqual({
      holdId: "job:j#1",
      amount: 10n,
      scopes: [
        { scope: RUN, cap: 100n, until: null },
        { scope: MONTH, cap: 100n, until: null },
      ],
      state: "open",
      booked: 0n,
      expiresAt: null,
      tags: {},
    });
    expect(await store.getHold("job:j#2")).toBeNull();
    const longest = `job:${"j".repeat(200)}#1`;
    await store.submit(approved("j".repeat(200)));
    expect(await store.getHold(longest)).toMatchObject({ holdId: longest });
  });
});

describe("hold_unknown", () => {
  it("is the error for an id that was never held, or only refused", async () => {
    const { store } = setUp();
    await store.hold(request("refused", { amount: micro(101) }));
    for (const holdId of ["never", "refused"]) {
      const error = { code: "hold_unknown", subject: holdId };
      await expect(store.settle(holdId, micro(1))).rejects.toMatchObject(error);
      await expect(store.release(holdId)).rejects.toMatchObject(error);
      await expect(store.extend(holdId, micro(1), 1)).rejects.toMatchObject(error);
      expect(await store.getHold(holdId)).toBeNull();
    }
  });

  it("does not hide a wrong value: what is asked is checked before the store is", async () => {
    const { store } = setUp();
    await expect(store.settle("never", micro(-1))).rejects.toThrow(RangeError);
    await expect(store.extend("never", micro(-1), 1)).rejects.toThrow(RangeError);
    await expect(store.extend("never", micro(1), 0)).rejects.toThrow(RangeError);
  });
});

describe("settle", () => {
  it("gives back what was not needed, to every scope", async () => {
    const { store } = setUp();
    await store.hold(request("h", { amount: micro(100) }));
    expect(await store.hold(request("next"))).toMatchObject({ kind: "refused" });
    await store.settle("h", micro(90));
    expect(await store.hold(request("next"))).toEqual({ kind: "held" });
  });

  it("books an overrun in full, and the next admission sees it", async () => {
    const { store } = setUp();
    await store.hold(request());
    expect(await store.settle("h", micro(105))).toMatchObject({
      kind: "settled",
      booked: 105n,
      overrun: 95n,
    });
    expect(await counters(store, RUN)).toEqual([0n, 105n]);
    expect(await store.hold(request("next", { amount: micro(1) }))).toEqual({
      kind: "refused",
      lacking: [
        { scope: RUN, by: 6n },
        { scope: MONTH, by: 6n },
      ],
    });
    expect(await store.hold(request("next", { amount: micro(20), scopes: capped(125) }))).toEqual({
      kind: "held",
    });
  });

  it("books the truth of a released hold where it was admitted, though its room was given away", async () => {
    const { store } = setUp();
    await store.hold(request("h", { amount: micro(100) }));
    await store.release("h");
    await store.hold(request("next", { amount: micro(100) }));
    expect(await store.settle("h", micro(40))).toMatchObject({ kind: "settled", booked: 40n, overrun: 40n });
    expect(await counters(store, RUN)).toEqual([100n, 40n]);
  });

  it("corrects a charge down and then no further", async () => {
    const { store, clock } = setUp();
    await store.hold(request());
    clock.now += 60;
    await store.expire();
    expect(await store.settle("h", micro(4))).toMatchObject({ kind: "settled", corrected: true });
    expect(await store.settle("h", micro(3))).toEqual({ kind: "conflict", booked: 4n });
    expect(await counters(store, MONTH)).toEqual([0n, 4n]);
  });

  it("resolves one hold only: another's money stays", async () => {
    const { store } = setUp();
    await store.hold(request("a"));
    await store.hold(request("b"));
    await store.release("a");
    await store.release("a");
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    await store.settle("a", micro(2));
    await store.settle("a", micro(2));
    expect(await counters(store, RUN)).toEqual([10n, 2n]);
    expect(await store.getHold("b")).toMatchObject({ state: "open" });
  });

  it("books in the month of admission, however late", async () => {
    const { store, clock } = setUp();
    const cap = new BudgetCap({ run: micro(100), month: micro(100) });
    const inNovember = runAndMonth({ runId: "1", at: clock(), cap, timeZone: "UTC" });
    await store.hold(request("h", { scopes: inNovember }));
    clock.now = Date.UTC(2026, 11, 5) / 1000;
    expect(monthScope(clock(), "UTC").scope).toBe("month:2026-12");
    await store.expire();
    await store.settle("h", micro(7));
    expect(await counters(store, "month:2026-11")).toEqual([0n, 7n]);
    expect(await counters(store, "month:2026-12")).toEqual([0n, 0n]);
  });
});

describe("extend", () => {
  it("sets more aside under the same id, step by step, each once", async () => {
    const { store, clock } = setUp();
    await store.hold(request());
    clock.now += 30;
    expect(await store.extend("h", micro(5), 1)).toEqual({ kind: "held" });
    expect(await store.extend("h", micro(0), 2)).toEqual({ kind: "held" });
    expect(await store.extend("h", micro(7), 3)).toEqual({ kind: "held" });
    for (const [by, step] of [
      [5, 1],
      [0, 2],
      [7, 3],
    ] as const) {
      expect(await store.extend("h", micro(by), step)).toEqual({ kind: "exists", state: "open" });
    }
    expect(await counters(store, RUN)).toEqual([22n, 0n]);
    expect(await store.getHold("h")).toMatchObject({ amount: 22n, expiresAt: START + 60 });
    // The request's identity is what was asked for first.
    expect(await store.hold(request())).toEqual({ kind: "exists", state: "open" });
    await expect(store.hold(request("h", { amount: micro(22) }))).rejects.toMatchObject({
      code: "hold_conflict",
    });
  });

  it("applies a step once among calls in flight together", async () => {
    const { store } = setUp();
    await store.hold(request());
    const steps = await Promise.all(Array.from({ length: 10 }, () => store.extend("h", micro(5), 1)));
    expect(count(names(steps), "held")).toBe(1);
    expect(await counters(store, RUN)).toEqual([15n, 0n]);
  });

  it("refuses a step with another amount, open or closed", async () => {
    const { store } = setUp();
    await store.hold(request());
    await store.extend("h", micro(5), 1);
    const error = { code: "hold_conflict", subject: "h" };
    await expect(store.extend("h", micro(6), 1)).rejects.toMatchObject(error);
    await store.settle("h", micro(12));
    await expect(store.extend("h", micro(6), 1)).rejects.toMatchObject(error);
    expect(await store.extend("h", micro(5), 1)).toEqual({ kind: "exists", state: "settled" });
    expect(await counters(store, RUN)).toEqual([0n, 12n]);
  });

  it.each([0, 2, 3, -1, 1.5, NaN, 2 ** 53])("refuses step %d where 1 comes next", async (step) => {
    const { store } = setUp();
    await store.hold(request());
    await expect(store.extend("h", micro(5), step)).rejects.toThrow(RangeError);
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
  });

  it.each(["1", 1n, null, undefined])("refuses %s as a step", async (step) => {
    const { store } = setUp();
    await store.hold(request());
    await expect(store.extend("h", micro(5), step as never)).rejects.toThrow(TypeError);
  });

  it("is refused without room, changes nothing then, and is held when there is room", async () => {
    const { store } = setUp();
    await store.hold(request("h", { scopes: [...capped(100, RUN), ...capped(40, MONTH)] }));
    await store.hold(request("other", { amount: micro(28) }));
    const refused = { kind: "refused", lacking: [{ scope: MONTH, by: 3n }] };
    expect(await store.extend("h", micro(5), 1)).toEqual(refused);
    expect(await store.getHold("h")).toMatchObject({ amount: 10n });
    expect(await counters(store, RUN)).toEqual([38n, 0n]);
    // A refused step was not made: it may come again with another amount.
    expect(await store.extend("h", micro(2), 1)).toEqual({ kind: "held" });
    expect(await store.extend("h", micro(3), 2)).toEqual(refused);
    await store.release("other");
    expect(await store.extend("h", micro(3), 2)).toEqual({ kind: "held" });
    expect(await counters(store, MONTH)).toEqual([15n, 0n]);
  });

  it("goes by the pinned cap where there is one", async () => {
    const { store } = setUp();
    await store.hold(request());
    await store.pinCap(MONTH, micro(12), decision());
    expect(await store.extend("h", micro(3), 1)).toEqual({
      kind: "refused",
      lacking: [{ scope: MONTH, by: 1n }],
    });
    await store.pinCap(MONTH, micro(500), decision());
    await store.pinCap(RUN, micro(500), decision());
    expect(await store.extend("h", micro(300), 1)).toEqual({ kind: "held" });
  });

  it("never reaches past the largest amount", async () => {
    const { store } = setUp();
    await store.hold(request("h", { amount: micro(MOST - 1n), scopes: capped(MOST) }));
    await expect(store.extend("h", micro(2), 1)).rejects.toThrow(RangeError);
    expect(await store.extend("h", micro(1), 1)).toEqual({ kind: "held" });
    expect(await counters(store, RUN)).toEqual([MOST, 0n]);
  });
});

describe("expire", () => {
  it("charges in full at the very second of the ttl, and not before", async () => {
    const { store, clock } = setUp();
    await store.hold(request());
    clock.now += 59.999;
    expect(await store.expire()).toEqual({ charged: [], more: false });
    clock.now = START + 60;
    expect(await store.expire()).toEqual({ charged: [{ holdId: "h", amount: 10n }], more: false });
    expect(await store.expire()).toEqual({ charged: [], more: false });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });

  it("says whether there was more than the limit", async () => {
    const { store, clock } = setUp();
    for (const id of ["a", "b", "c"]) await store.hold(request(id));
    await store.hold(request("later", { ttlSeconds: 61 }));
    clock.now += 60;
    const first = await store.expire({ limit: 2 });
    expect(first).toMatchObject({ charged: [{}, {}], more: true });
    const second = await store.expire({ limit: 1 });
    expect(second).toMatchObject({ charged: [{}], more: false });
    const ids = [...first.charged, ...second.charged].map(({ holdId }) => holdId);
    expect(ids.sort()).toEqual(["a", "b", "c"]);
    expect(await store.getHold("later")).toMatchObject({ state: "open" });
  });

  it("charges at most 100 if no limit is given", async () => {
    const { store, clock } = setUp();
    for (let index = 0; index < 101; index++) await store.hold(request(`${index}`, { amount: micro(0) }));
    clock.now += 60;
    const first = await store.expire();
    expect([first.charged.length, first.more]).toEqual([100, true]);
    expect((await store.expire({})).charged).toHaveLength(1);
  });

  it.each([2 ** 31, Number.MAX_SAFE_INTEGER])("charges all there are of at most %d", async (limit) => {
    const { store, clock } = setUp();
    await store.hold(request());
    clock.now += 60;
    expect(await store.expire({ limit })).toMatchObject({ charged: [{ holdId: "h" }], more: false });
  });

  it("charges nothing that was resolved, whoever comes first", async () => {
    const { store, clock } = setUp();
    for (const id of ["settled", "released", "open"]) await store.hold(request(id));
    clock.now += 60;
    await Promise.all([store.settle("settled", micro(1)), store.release("released")]);
    const expired = await store.expire();
    await store.settle("open", micro(2));
    expect(expired.charged).toEqual([{ holdId: "open", amount: 10n }]);
    expect(await counters(store, RUN)).toEqual([0n, 3n]);
  });

  it.each([0, -1, 1.5, NaN])("refuses a limit of %d", async (limit) => {
    await expect(setUp().store.expire({ limit })).rejects.toThrow(RangeError);
  });

  it.each<readonly [unknown]>([["5"], [null], [{ limit: "5" }], [{ max: 5 }], [{ limit: null }]])(
    "refuses the options %j",
    async (options) => {
      await expect(setUp().store.expire(options as never)).rejects.toThrow(TypeError);
    },
  );

  it("takes a limit of undefined for none", async () => {
    const { store, clock } = setUp();
    await store.hold(request("h"));
    clock.now += 60;
    expect(await store.expire({ limit: undefined })).toMatchObject({
      charged: [{ holdId: "h" }],
      more: false,
    });
  });

  it("leaves a job's hold alone, however old it is", async () => {
    const { store, clock } = setUp();
    await store.submit(approved("queued"));
    await store.submit(approved("running", capped(100), { lane: "other" }));
    const claimed = await store.claim(["other"]);
    clock.now += 1e9;
    expect(await store.expire()).toEqual({ charged: [], more: false });
    expect(await counters(store, RUN)).toEqual([20n, 0n]);
    expect(claimed).not.toBeNull();
    expect(await leaseOf(store)).toMatchObject({ jobId: "queued" });
  });
});

describe("pinCap", () => {
  it("lets no request bring another cap, higher or lower", async () => {
    const { store } = setUp();
    await store.pinCap(MONTH, micro(50), decision());
    for (const cap of [49, 51, 100]) {
      const scopes = [...capped(100, RUN), ...capped(cap, MONTH)];
      const error = { code: "cap_conflict", subject: MONTH };
      await expect(store.hold(request("h", { scopes }))).rejects.toMatchObject(error);
    }
    expect(await store.getHold("h")).toBeNull();
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
    const scopes = [...capped(100, RUN), ...capped(50, MONTH)];
    expect(await store.hold(request("h", { scopes }))).toEqual({ kind: "held" });
  });

  it("is no conflict for a repeat, which admits nothing", async () => {
    const { store } = setUp();
    await store.hold(request());
    await store.pinCap(MONTH, micro(50), decision());
    expect(await store.hold(request())).toEqual({ kind: "exists", state: "open" });
  });

  it("lowered under what is committed refuses new holds and lets old ones settle", async () => {
    const { store } = setUp();
    await store.hold(request("h", { amount: micro(80) }));
    await store.pinCap(MONTH, micro(30), decision());
    const scopes = [...capped(100, RUN), ...capped(30, MONTH)];
    for (const [amount, by] of [
      [1, 51],
      [2, 52],
    ] as const) {
      expect(await store.hold(request("next", { amount: micro(amount), scopes }))).toEqual({
        kind: "refused",
        lacking: [{ scope: MONTH, by: micro(by) }],
      });
    }
    expect(await store.settle("h", micro(25))).toMatchObject({ kind: "settled", overrun: 0n });
    expect(await store.hold(request("next", { amount: micro(6), scopes }))).toMatchObject({
      kind: "refused",
    });
    expect(await store.hold(request("next", { amount: micro(5), scopes }))).toEqual({ kind: "held" });
  });

  it("may be moved, and counts from then on", async () => {
    const { store } = setUp();
    await store.pinCap(RUN, micro(5), decision());
    await store.pinCap(RUN, micro(5), decision());
    await store.pinCap(RUN, micro(20), decision());
    await expect(store.hold(request("h", { scopes: capped(5, RUN) }))).rejects.toMatchObject({
      code: "cap_conflict",
    });
    expect(await store.hold(request("h", { scopes: capped(20, RUN) }))).toEqual({ kind: "held" });
  });
});

describe("raiseCap, unpinCap, cap", () => {
  it.each<readonly [string, unknown, typeof TypeError]>([
    ["nothing", undefined, TypeError],
    ["no end", { to: micro(20) }, TypeError],
    ["an end that is null", { to: micro(20), until: null }, TypeError],
    ["milliseconds", { to: micro(20), until: Date.now() }, RangeError],
    ["no amount", { until: epochSeconds(START) }, TypeError],
    ["a misspelt field", { to: micro(20), until: epochSeconds(START), cap: micro(1) }, TypeError],
  ])("refuses a raise: %s", async (_, raise, error) => {
    const { store } = setUp();
    await store.pinCap(RUN, micro(10), decision());
    await expect(store.raiseCap(RUN, raise as never, decision())).rejects.toThrow(error);
    expect(await store.cap(RUN)).toEqual({ pinned: 10n, cap: 10n, until: null });
  });

  it("need who decided, and an id", async () => {
    const { store } = setUp();
    const { approval } = decision();
    for (const by of [undefined, approval, { id: "d" }, { id: "d", approval, more: 1 }] as never[]) {
      const until = epochSeconds(START + 1);
      await expect(store.pinCap(RUN, micro(1), by)).rejects.toThrow(TypeError);
      await expect(store.unpinCap(RUN, by)).rejects.toThrow(TypeError);
      await expect(store.raiseCap(RUN, { to: micro(1), until }, by)).rejects.toThrow(TypeError);
      await expect(store.correct("h", micro(1), by)).rejects.toThrow(TypeError);
    }
    expect(await store.cap(RUN)).toBeNull();
  });

  it("judge more for a hold by a cap that is no longer known: there is no room", async () => {
    const { store } = setUp();
    await store.pinCap(RUN, micro(100), decision());
    const until = epochSeconds(START + 5);
    await store.hold(request("h", { scopes: [{ scope: RUN, until }] }));
    await store.unpinCap(RUN, decision());
    expect(await store.extend("h", micro(5), 1)).toEqual({
      kind: "refused",
      lacking: [{ scope: RUN, by: 5n, until, unknown: true }],
    });
    expect(await store.getHold("h")).toMatchObject({ amount: 10n });
    expect(await store.settle("h", micro(10))).toMatchObject({ booked: 10n, overrun: 0n });
  });
});

describe("usage", () => {
  it("is nothing for a scope that was never used", async () => {
    const usage = await setUp().store.usage("never");
    expect(usage.committed()).toBe(0n);
    expect(JSON.stringify(usage)).toBe('{"reserved":"0.00","spent":"0.00"}');
  });
});

describe("getHold", () => {
  it.each(["", "a\0", "x".repeat(221)])("refuses the id %j", async (holdId) => {
    await expect(setUp().store.getHold(holdId)).rejects.toThrow(RangeError);
  });

  it("shows what is held, with its money in dollars as JSON", async () => {
    const { store } = setUp();
    await store.hold(request("h", { tags: { user: "u-7" } }));
    expect(JSON.parse(JSON.stringify(await store.getHold("h")))).toEqual({
      holdId: "h",
      amount: "0.0000001",
      scopes: [
        { scope: RUN, cap: "0.000001", until: null },
        { scope: MONTH, cap: "0.000001", until: null },
      ],
      state: "open",
      booked: "0.00",
      expiresAt: START + 60,
      tags: { user: "u-7" },
    });
  });
});

describe("answers", () => {
  it("are frozen to the last list", async () => {
    const { store, clock } = setUp();
    const frozen = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      expect(value).toSatisfy(Object.isFrozen);
      Object.values(value).forEach(frozen);
    };
    frozen(await store.hold(request()));
    frozen(await store.hold(request()));
    frozen(await store.hold(request("over", { amount: micro(101) })));
    frozen(await store.extend("h", micro(1000), 1));
    frozen(await store.extend("h", micro(1), 1));
    frozen(await store.getHold("h"));
    frozen(await store.usage(RUN));
    clock.now += 60;
    frozen(await store.expire());
    frozen(await store.release("h"));
    frozen(await store.settle("h", micro(1)));
    frozen(await store.settle("h", micro(2)));
  });
});
