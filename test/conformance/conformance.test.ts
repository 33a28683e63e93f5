import { DispatchError, type DispatchStore } from "dispatch-kit";
import { conformance, type ConformanceCase, type Feature, type MakeStore } from "dispatch-kit/conformance";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it, vi } from "vitest";
import { but, makerOf, turn } from "./makers.ts";

/** A maker without any hook, of a store some of whose methods are others. */
function bare(
  change: (store: DispatchStore) => Partial<DispatchStore> = () => ({}),
): MakeStore<DispatchStore> {
  return ({ clock, payload }) => {
    const store = memoryStore({ clock, payload });
    return but<DispatchStore>(store, change(store));
  };
}

function find(cases: readonly ConformanceCase[], start: string): ConformanceCase {
  const found = cases.find(({ name }) => name.startsWith(start));
  if (!found) throw new Error(`there is no case ${start}`);
  return found;
}

const quiet = { log: () => null };

describe("conformance", () => {
  it("conformance: gives every case once, by a name that says whose behaviour it is", () => {
    const cases = conformance(bare());
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    expect(cases.filter(({ name }) => !/^\S.*: \S/.test(name))).toEqual([]);
    expect([cases, ...cases].every(Object.isFrozen)).toBe(true);
  });

  it("conformance: parts choose the cases", () => {
    const all = conformance(bare());
    const partsOf = (cases: readonly ConformanceCase[]) => new Set(cases.map(({ part }) => part));
    expect(partsOf(all)).toEqual(new Set(["jobs", "ledger", "both"]));
    expect(partsOf(conformance(bare(), { parts: ["ledger"] }))).toEqual(new Set(["ledger"]));
    const two = conformance(bare(), { parts: ["jobs", "both"] });
    expect(two.length + conformance(bare(), { parts: ["ledger"] }).length).toBe(all.length);
    expect(conformance(bare(), { parts: [] })).toEqual([]);
  });

  it("conformance: refuses what is no maker and no part", () => {
    // What plain JavaScript lets through.
    const wrong = "store" as never;
    expect(() => conformance(wrong)).toThrow(TypeError);
    expect(() => conformance(bare(), { parts: [wrong] })).toThrow(RangeError);
    expect(() => conformance(bare(), { log: wrong })).toThrow(TypeError);
  });

  it("skip: prints the reason, through log or console.warn, and resolves to it", async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const name = "cut before the commit: hold";
    const reason = "makeStore.cut is not given";
    const one = find(conformance(bare(), { log }), name);
    expect(await one.run()).toEqual({ kind: "skipped", reason });
    expect(lines).toEqual([`skipped: ${one.name}: ${reason}`]);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await find(conformance(bare()), name).run();
    expect(warn.mock.calls).toEqual([[`skipped: ${one.name}: ${reason}`]]);
    warn.mockRestore();
  });

  it("skip: only what needs a hook, when a maker gives none", async () => {
    const reasons = new Map<string, number>();
    for (const { run } of conformance(bare(), quiet)) {
      const outcome = await run();
      const reason = outcome.kind === "skipped" ? outcome.reason : outcome.kind;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    expect([...reasons.keys()].sort()).toEqual([
      "makeStore.closeHold is not given",
      "makeStore.cut is not given",
      "makeStore.rolledBack is not given",
      "passed",
    ]);
  });

  it("skip: names the methods that a store has not", async () => {
    const ledger = ({ clock }: { readonly clock: DispatchClock }) => {
      const { hold, settle } = methodsOf(memoryStore({ clock }));
      return { hold, settle };
    };
    // A store may leave methods out; this one leaves out more than its type may.
    const cases = conformance(ledger as never, { parts: ["ledger"], ...quiet });
    const one = find(cases, "extend: without room");
    expect(await one.run()).toEqual({ kind: "skipped", reason: "the store has no extend, usage" });
    const none = conformance((() => null) as never, quiet);
    expect((await find(none, "release: gives").run()).kind).toBe("skipped");
  });

  it("skip: what is about parsers, if the store uses none", async () => {
    const make: MakeStore<DispatchStore> = ({ clock }) => memoryStore({ clock });
    const skipped = [];
    for (const { name, run } of conformance(make, quiet)) {
      const outcome = await run();
      if (outcome.kind === "skipped" && outcome.reason.includes("parser")) skipped.push(name);
    }
    expect(skipped).toEqual([
      "claim: a payload that the store's parser refuses costs no attempt and 60 s of waiting, and blocks no other job",
      "claim: a payload that is refused again waits twice as long each time",
      "claim: a payload that is refused costs a paid job no money, and the next attempt has its own",
      "claim: after eight refusals a job waits for a person, its money given back, and an approval starts anew",
      "claim: free work that waits after eight refusals is approved without scopes, and is claimed at once",
      "claimMany: refused payloads are told to onRefused, whatever it throws, and the other jobs of the claim run",
      "claim: a refusal is recorded whatever its message holds, also NUL and a lone surrogate",
      "claim: after its signal's abort a claim that meets a refused payload ends without a job",
      "job, jobs: a payload that the parser refuses is shown as unreadable, as it was stored, and hides no other job",
    ]);
  });

  it("skip: what a store declares to lack, by name, and nothing else", async () => {
    const lines: string[] = [];
    const lacks: readonly Feature[] = ["pauses", "deadlines"];
    const cases = conformance(Object.assign(bare(), { lacks }), { log: (line) => lines.push(line) });
    const one = find(cases, "pauses: lanes lists");
    expect(await one.run()).toEqual({ kind: "skipped", reason: "the store lacks pauses" });
    expect(lines).toEqual([`skipped: ${one.name}: the store lacks pauses`]);
    const both = await find(cases, "deadlines: a pause of the lane").run();
    expect(both).toEqual({ kind: "skipped", reason: "the store lacks deadlines, pauses" });
    expect((await find(cases, "leases: the by of a claim").run()).kind).toBe("passed");
  });

  it("skip: a store may leave out the fields and methods of what it declares to lack", async () => {
    const make: MakeStore<DispatchStore> = bare((store) => ({
      async recoverStale(options) {
        const { attempts, more } = await store.recoverStale(options);
        // What a store in plain JavaScript may answer.
        return { attempts, more } as never;
      },
    }));
    const old = Object.assign(make, { lacks: ["deadlines"] as const });
    expect(await find(conformance(old), "lease: a lost lease").run()).toEqual({ kind: "passed" });
  });

  it("run: a method that is missing without a declaration fails the cases that need it", async () => {
    const without: MakeStore<DispatchStore> = bare(() => ({
      pauseLane: null as never,
      lanes: null as never,
    }));
    // As above: what is `null` is no method.
    const cases = conformance(without, quiet);
    await expect(find(cases, "pauses: lanes lists").run()).rejects.toThrow(
      'pauseLane, lanes: expected a method; got none: implement it, or declare makeStore.lacks: ["pauses"]',
    );
    const declared = conformance(Object.assign(without, { lacks: ["pauses"] as const }), quiet);
    expect((await find(declared, "pauses: lanes lists").run()).kind).toBe("skipped");
  });

  it("conformance: refuses features that there are not", () => {
    const make = (lacks: unknown) => Object.assign(bare(), { lacks: lacks as readonly Feature[] });
    expect(() => conformance(make(["patience"]))).toThrow(RangeError);
    expect(() => conformance(make("pauses"))).toThrow(TypeError);
    expect(() => conformance(make(undefined))).not.toThrow();
  });

  it.each([
    ["an error", new DispatchError("store_failed", "gone"), "got DispatchError: gone"],
    ["what is no error", "gone", "got what is no error"],
  ])("run: throws %s of the store as the failure of its case", async (_, thrown, text) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a store may do
    const cases = conformance(bare(() => ({ settle: () => Promise.reject(thrown) })));
    const one = find(cases, "settle: replaces");
    await expect(one.run()).rejects.toThrow(`${one.name}: expected answers; ${text}`);
  });

  it("run: says what a refusal should have been, also of what is no error", async () => {
    const refusals = (thrown: unknown) =>
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a store may do
      find(conformance(bare(() => ({ release: () => Promise.reject(thrown) }))), "ledger: an id that was");
    await expect(refusals("gone").run()).rejects.toThrow("it to throw hold_unknown; got what is no error");
    await expect(refusals(new Error("gone")).run()).rejects.toThrow("it to throw hold_unknown; got Error");
  });

  it("run: says what was expected of an answer that is none", async () => {
    // What a store in plain JavaScript may answer.
    const answer = (value: unknown) => () => Promise.resolve(value as never);
    const job = find(conformance(bare(() => ({ job: answer(null) }))), "job: shows");
    await expect(job.run()).rejects.toThrow('waiting: expected {"attempts": 0');
    const hold = find(
      conformance(bare(() => ({ hold: answer({ kind: "refused", lacking: [] }) }))),
      "hold: a cap",
    );
    await expect(hold.run()).rejects.toThrow("what it lacks: expected [31n, 31n]; got []");
  });

  it("run: closes each handle once, the store itself last, also after a failure", async () => {
    const closed: unknown[] = [];
    const handles: DispatchStore[] = [];
    const made = (store: DispatchStore): DispatchStore => {
      handles.push(store);
      return store;
    };
    const maker = (change: Partial<DispatchStore>): MakeStore<DispatchStore> =>
      Object.assign(
        (options: Parameters<MakeStore<DispatchStore>>[0]) => made(but(memoryStore(options), change)),
        {
          peer: (store: DispatchStore) => made(but(store, {})),
          close: (store: DispatchStore) => {
            closed.push(store);
          },
        },
      );
    await find(conformance(maker({})), "races: concurrent requests with one id").run();
    expect(closed).toEqual([...handles].reverse());
    const failing = maker({ hold: () => Promise.reject(new Error("gone")) });
    await expect(find(conformance(failing), "races: concurrent requests with one id").run()).rejects.toThrow(
      "gone",
    );
    expect(closed.length).toBe(4);
  });

  it("run: tells the case's failure, not that of closing after it", async () => {
    const maker = Object.assign(
      bare(() => ({ hold: () => Promise.reject(new Error("of the case")) })),
      {
        close: () => Promise.reject(new Error("of closing")),
      },
    );
    const one = find(conformance(maker), "hold: one id");
    await expect(one.run()).rejects.toThrow("of the case");
    const honest = find(conformance(Object.assign(bare(), { close: maker.close })), "hold: one id");
    await expect(honest.run()).rejects.toThrow("of closing");
  });
});

type DispatchClock = Parameters<MakeStore<DispatchStore>>[0]["clock"];

function methodsOf(store: DispatchStore): Pick<DispatchStore, "hold" | "settle"> {
  return { hold: (request) => store.hold(request), settle: (id, actual) => store.settle(id, actual) };
}

const later = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
  await turn();
  return call();
};

/** Stores whose races end the one way and the other: some calls are overtaken by those beside them. */
const overtaken: readonly (readonly [string, (store: DispatchStore) => Partial<DispatchStore>])[] = [
  [
    "whose workers are overtaken",
    (store) => ({
      approve: (...args) => later(() => store.approve(...args)),
      claim: (...args) => later(() => store.claim(...args)),
      complete: (...args) => later(() => store.complete(...args)),
      completeMany: (...args) => later(() => store.completeMany(...args)),
      renew: (...args) => later(() => store.renew(...args)),
      fail: (...args) => later(() => store.fail(...args)),
      correct: (...args) => later(() => store.correct(...args)),
      release: (...args) => later(() => store.release(...args)),
      expire: (...args) => later(() => store.expire(...args)),
    }),
  ],
  [
    "whose decisions are overtaken",
    (store) => ({
      submit: (...args) => later(() => store.submit(...args)),
      reject: (...args) => later(() => store.reject(...args)),
      cancel: (...args) => later(() => store.cancel(...args)),
      recoverStale: (...args) => later(() => store.recoverStale(...args)),
      settle: (...args) => later(() => store.settle(...args)),
    }),
  ],
];

describe.each(overtaken)("an honest store %s", (_, slow) => {
  const cases = conformance(makerOf({ methods: slow })).map(({ name, run }) => [name, run] as const);
  it.each(cases)("passes %s", async (_name, run) => {
    expect(await run()).toEqual({ kind: "passed" });
  });
});
