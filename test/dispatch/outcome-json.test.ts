import { Approval, type DispatchStore, epochSeconds, type HoldRequest, usd } from "dispatch-kit";
import { outcomeFromJSON } from "dispatch-kit/rules";
import { memoryStore } from "dispatch-kit/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JOB_ERROR_CODES } from "../../src/dispatch/job.ts";
import {
  approved,
  AT_ONCE,
  capped,
  type Clock,
  decision,
  free,
  leaseOf,
  micro,
  MOST,
  NO,
  paid,
  setUp,
  START,
  YES,
} from "../stores/memory/support.ts";

/** What a reader at the other end of a wire gets. */
const sent = (answer: unknown): unknown => JSON.parse(JSON.stringify(answer));

type Answers = Readonly<Record<string, (store: DispatchStore, clock: Clock) => unknown>>;

const request = (holdId: string, rest: Partial<HoldRequest> = {}): HoldRequest => ({
  holdId,
  amount: micro(10),
  scopes: capped(100),
  ttlSeconds: 60,
  ...rest,
});

/** Every answer of a store, by how it comes about. */
const ANSWERS: Answers = {
  held: (store) => store.hold(request("h")),
  "refused, of a hold": (store) => store.hold(request("h", { amount: micro(101) })),
  "refused, in a month that is over": (store, clock) => {
    const scopes = capped(100, "a").map((scope) => ({ ...scope, until: epochSeconds(clock.now) }));
    return store.hold(request("h", { scopes }));
  },
  "refused, until the month ends": (store, clock) => {
    const scopes = capped(1, "a").map((scope) => ({ ...scope, until: epochSeconds(clock.now + 0.5) }));
    return store.hold(request("h", { scopes }));
  },
  "refused, under an unknown cap": async (store) => {
    await store.pinCap("a", micro(20), decision());
    await store.hold(request("h", { scopes: [{ scope: "a" }] }));
    await store.unpinCap("a", decision());
    return store.extend("h", micro(1), 1);
  },
  "exists, of a hold": async (store) => {
    await store.hold(request("h"));
    return store.hold(request("h"));
  },
  settled: async (store) => {
    await store.hold(request("h"));
    return store.settle("h", micro(4));
  },
  "settled, corrected and over": async (store) => {
    await store.hold(request("h"));
    await store.release("h");
    return store.settle("h", micro(MOST));
  },
  "settled, and corrected since": async (store) => {
    await store.hold(request("h"));
    await store.settle("h", micro(4));
    await store.correct("h", micro(7), decision());
    return store.settle("h", micro(4));
  },
  corrected: async (store) => {
    await store.hold(request("h"));
    await store.settle("h", micro(4));
    return store.correct("h", micro(MOST), decision());
  },
  "open, nothing to correct yet": async (store) => {
    await store.hold(request("h"));
    return store.correct("h", micro(4), decision());
  },
  conflict: async (store) => {
    await store.hold(request("h"));
    await store.settle("h", micro(4));
    return store.settle("h", micro(5));
  },
  released: async (store) => {
    await store.hold(request("h"));
    return store.release("h");
  },
  closed: async (store) => {
    await store.hold(request("h"));
    await store.settle("h", micro(4));
    return store.release("h");
  },
  expired: async (store, clock) => {
    await store.hold(request("h"));
    await store.hold(request("i"));
    clock.now += 60;
    return store.expire({ limit: 1 });
  },
  "expired, nothing": (store) => store.expire(),
  "a hold": async (store) => {
    const until = epochSeconds(START + 0.5);
    await store.pinCap("c", micro(10), decision());
    const scopes = [...capped(MOST, "a"), { scope: "b", cap: micro(10), until }, { scope: "c" }];
    await store.hold(request("h", { scopes, tags: { user: "u-7", team: "red" } }));
    return store.getHold("h");
  },
  "a hold that was pruned": async (store, clock) => {
    await store.hold(request("h", { tags: { user: "u-7" } }));
    await store.settle("h", micro(4));
    clock.now += 1;
    await store.prune({ before: epochSeconds(clock.now) });
    return store.getHold("h");
  },
  "a job's hold": async (store) => {
    await store.submit(approved("j"));
    return store.getHold("job:j#1");
  },
  queued: (store) => store.submit(free("j")),
  awaiting_approval: (store) => store.submit(paid("j")),
  "refused, of a job": (store) => store.submit(approved("j", capped(1))),
  "exists, of a job": async (store) => {
    await store.submit(paid("j"));
    return store.submit(paid("j"));
  },
  "refused, of an approval": async (store) => {
    await store.submit(paid("j"));
    return store.approve("j", YES, { scopes: capped(1) });
  },
  "expired, of an approval": async (store, clock) => {
    await store.submit(paid("j", { decideBy: epochSeconds(clock.now + 0.5) }));
    clock.now += 0.5;
    return store.approve("j", YES, { scopes: capped(100) });
  },
  "not_waiting, after a decision": async (store) => {
    await store.submit(paid("j"));
    await store.reject("j", NO);
    return store.approve("j", YES, { scopes: capped(1) });
  },
  moved_on: async (store) => {
    await store.submit(free("j"));
    await store.cancel("j", NO);
    await store.retry("j", { after: 0 }, decision());
    return store.retry("j", { after: 0 }, decision());
  },
  not_waiting: async (store) => {
    await store.submit(free("j"));
    return store.approve("j", YES, { scopes: capped(1) });
  },
  rejected: async (store) => {
    await store.submit(paid("j"));
    return store.reject("j", NO);
  },
  "cancelled, before its approval": async (store) => {
    await store.submit(paid("j"));
    return store.cancel("j", NO);
  },
  "cancelled, while it runs": async (store) => {
    await store.submit(approved("j"));
    await store.claim(["text"]);
    return store.cancel("j", NO);
  },
  ended: async (store) => {
    await store.submit(free("j"));
    await store.cancel("j", NO);
    return store.cancel("j", NO);
  },
  completed: async (store) => {
    await store.submit(approved("j"));
    return store.complete(await leaseOf(store), 1, { actual: micro(13) });
  },
  stale: async (store) => {
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    await store.cancel("j", NO);
    return store.complete(lease, 1);
  },
  "stale, corrected": async (store) => {
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    await store.cancel("j", NO);
    return store.complete(lease, 1, { actual: micro(4) });
  },
  requeued: async (store) => {
    await store.submit(approved("j"));
    return store.fail(await leaseOf(store), "x", { retriable: true, actual: micro(4) });
  },
  failed: async (store) => {
    await store.submit(approved("j"));
    return store.fail(await leaseOf(store), "x", { retriable: false });
  },
  waiting: async (store) => {
    await store.submit(approved("j", capped(10)));
    return store.fail(await leaseOf(store), "x", { retriable: true });
  },
  recovered: async (store) => {
    await store.submit(approved("requeued"));
    await store.submit(approved("failed", capped(100), { maxAttempts: 1 }));
    await store.submit(approved("waiting", capped(10, "small")));
    await store.submit(free("free"));
    await store.claimMany(["text"], 4);
    return store.recoverStale({ ...AT_ONCE, limit: 3 });
  },
  "recovered, past their deadlines": async (store, clock) => {
    const end = epochSeconds(clock.now + 1);
    await store.submit(approved("j", capped(100), { claimBy: end }));
    await store.submit(paid("k", { decideBy: end }));
    clock.now += 1;
    return store.recoverStale(AT_ONCE);
  },
  "recovered, nothing": (store) => store.recoverStale(AT_ONCE),
  "a job that waits": async (store) => {
    await store.submit(paid("j", { priority: -3, runAt: epochSeconds(START + 0.25), payload: null }));
    return store.job("j");
  },
  "a job that was rejected": async (store) => {
    await store.submit(paid("j", { payload: { money: "0.10", list: [1, [2]], "": null } }));
    await store.reject("j", NO);
    return store.job("j");
  },
  "a job that was cancelled": async (store, clock) => {
    const [decideBy, claimBy] = [epochSeconds(clock.now + 0.5), epochSeconds(clock.now + 1)];
    const rest = { requestedBy: "team:red", tags: { user: "u-7" }, decideBy, claimBy, maxRunSeconds: 0.5 };
    await store.submit(approved("j", capped(100), rest));
    await store.cancel("j", NO);
    return store.job("j");
  },
  "a job that runs": async (store) => {
    await store.submit(approved("j"));
    await store.claim(["text"], { by: "worker-1" });
    return store.job("j");
  },
  "a job that has succeeded": async (store) => {
    await store.submit(approved("j", capped(100), { maxCost: micro(7), payload: "x" }));
    await store.complete(await leaseOf(store), { kind: "held", booked: 1 });
    return store.job("j");
  },
};

/** What may be null or a number. */
const NUMBERS = [
  ...["runAt", "expiresAt", "decideBy", "claimBy", "maxRunSeconds"],
  ...["decidedAt", "startedAt", "waitingSince", "endedAt"],
];

describe("outcomeFromJSON", () => {
  it.each(Object.entries(ANSWERS))("gives back what was stringified: %s", async (_, make) => {
    const { store, clock } = setUp();
    const answer = await make(store, clock);
    const read = outcomeFromJSON(sent(answer));
    expect(read).toEqual(answer);
    // And it can be sent on.
    expect(sent(read)).toEqual(sent(answer));
    expect(read).toSatisfy(Object.isFrozen);
  });

  it.each(Object.entries(ANSWERS))(
    "refuses a field too many, a field too few, and one misspelt: %s",
    async (_, make) => {
      const { store, clock } = setUp();
      const json = sent(await make(store, clock)) as Record<string, unknown>;
      expect(() => outcomeFromJSON({ ...json, more_: 1 })).toThrow(TypeError);
      for (const key of Object.keys(json)) {
        const { [key]: value, ...rest } = json;
        // Without its kind, or what tells the kind, it is another answer, which it is not.
        expect(() => outcomeFromJSON(rest)).toThrow(TypeError);
        expect(() => outcomeFromJSON({ ...rest, [`${key}_`]: value })).toThrow(TypeError);
      }
    },
  );

  it.each(Object.entries(ANSWERS))("refuses a field of a wrong type: %s", async (_, make) => {
    const { store, clock } = setUp();
    const json = sent(await make(store, clock)) as Record<string, unknown>;
    for (const [key, value] of Object.entries(json)) {
      // A job's payload and result may be anything.
      if (key === "payload" || key === "result") continue;
      for (const wrong of [undefined, 1n, [value], { value }, typeof value === "number" ? "1" : 1]) {
        // An instant that is not there may be a number.
        if (value === null && wrong === 1 && NUMBERS.includes(key)) continue;
        expect(() => outcomeFromJSON({ ...json, [key]: wrong })).toThrow(TypeError);
      }
    }
  });

  it("gives back how much a scope lacks, though that is more than any amount", async () => {
    const { store } = setUp();
    await store.hold(request("h"));
    await store.settle("h", micro(MOST));
    const answer = await store.hold(request("next", { amount: micro(MOST), scopes: capped(0) }));
    expect(answer).toMatchObject({ kind: "refused", lacking: [{ by: 2n * MOST }, { by: 2n * MOST }] });
    expect(outcomeFromJSON(sent(answer))).toEqual(answer);
  });

  it("gives back what is booked for all attempts of a job, though that is more than any amount", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(MOST)));
    await store.fail(await leaseOf(store), "x", { retriable: true, actual: micro(1) });
    await store.complete(await leaseOf(store), 1, { actual: micro(MOST) });
    const job = await store.job("j");
    expect(job).toMatchObject({ booked: MOST + 1n });
    expect(outcomeFromJSON(sent(job))).toEqual(job);
  });

  it("gives back the type of an approval", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const job = outcomeFromJSON(sent(await store.job("j")));
    expect("approval" in job && job.approval).toBeInstanceOf(Approval);
    expect(job).toEqual(await store.job("j"));
  });

  it("is exact for every amount", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MOST }), fc.bigInt({ min: 0n, max: MOST }), (booked, overrun) => {
        const answer = { kind: "completed", booked: micro(booked), overrun: micro(overrun) };
        const dollars = (amount: bigint): string => {
          const digits = amount.toString().padStart(9, "0");
          return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
        };
        const json = { kind: "completed", booked: dollars(booked), overrun: dollars(overrun) };
        expect(outcomeFromJSON(json)).toEqual(answer);
      }),
    );
  });

  const settled = { kind: "settled", booked: "0.40", overrun: "0.00", corrected: false };
  it.each<readonly [string, unknown]>([
    ["a negative amount", { ...settled, booked: "-0.40" }],
    ["a negative amount of nothing", { ...settled, overrun: "-0.00000001" }],
    ["an amount above the limit", { ...settled, booked: "46116860184.27387904" }],
    ["an amount finer than a micro-cent", { ...settled, booked: "0.000000001" }],
    ["an amount with an exponent", { ...settled, booked: "1e-3" }],
    ["an amount with a sign", { ...settled, booked: "+0.40" }],
    ["an amount with a comma", { ...settled, booked: "0,40" }],
    ["an empty amount", { ...settled, booked: "" }],
    ["an amount in words", { ...settled, booked: "Infinity" }],
    ["a negative lack", { kind: "refused", lacking: [{ scope: "a", by: "-1.00" }] }],
    [
      "a scope that is said not to be over",
      { kind: "refused", lacking: [{ scope: "a", by: "1.00", over: false }] },
    ],
    [
      "a scope whose cap is said not to be unknown",
      { kind: "refused", lacking: [{ scope: "a", by: "1.00", unknown: false }] },
    ],
    ["an end in milliseconds", { kind: "refused", lacking: [{ scope: "a", by: "1.00", until: Date.now() }] }],
    ["a deadline in milliseconds", { kind: "expired", deadline: Date.now() }],
    ["a negative correction", { kind: "corrected", from: "0.10", to: "-0.10", overrun: "0.00" }],
    ["half a retry", { kind: "moved_on", state: "queued", retries: 0.5 }],
    [
      "an end of a job that succeeded",
      { attempts: [], ended: [{ jobId: "j", state: "succeeded", released: "0.00" }], more: false },
    ],
    ["a negative charge", { charged: [{ holdId: "h", amount: "-1.00" }], more: false }],
    ["an unknown kind", { kind: "admitted" }],
    ["a kind in other capitals", { kind: "Held" }],
    ["an empty kind", { kind: "" }],
    ["the name of a method", { kind: "toString" }],
    ["the name of a prototype", { kind: "__proto__" }],
    ["an unknown state of a hold", { kind: "exists", state: "closed" }],
    ["an unknown state of a job", { kind: "not_waiting", state: "open", approval: null }],
    ["a hold closed as released", { kind: "closed", as: "released" }],
    ["a cancelled job that succeeded", { kind: "cancelled", state: "succeeded", booked: "0.00" }],
    [
      "an unknown outcome of an attempt",
      { attempts: [{ jobId: "j", attempt: 1, charged: "0.00", outcome: "lost" }], ended: [], more: false },
    ],
  ])("refuses %s", (_, json) => {
    expect(() => outcomeFromJSON(json)).toThrow(RangeError);
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", '{"kind":"held"}'],
    ["a number", 1],
    ["a list", [{ kind: "held" }]],
    ["an empty list", []],
    ["an empty object", {}],
    ["a kind that is a number", { kind: 1 }],
    ["a kind that is a list", { kind: ["held"] }],
    ["a kind that is inherited", Object.create({ kind: "held" })],
    ["an amount that went through a float", { ...settled, booked: 0.4 }],
    ["an amount that is a bigint", { ...settled, booked: 40_000_000n }],
    ["an amount that is null", { ...settled, overrun: null }],
    ["a truthy flag", { ...settled, corrected: 1 }],
    ["a stale report without its flag", { kind: "stale" }],
    ["a decision that is missing", { kind: "not_waiting", state: "failed" }],
    ["recovery without what it ended", { attempts: [], more: false }],
    ["a list as an object", { kind: "refused", lacking: {} }],
    ["a lack without a scope", { kind: "refused", lacking: [{ by: "1.00" }] }],
    ["a lack with a field too many", { kind: "refused", lacking: [{ scope: "a", by: "1.00", cap: "1.00" }] }],
    [
      "a scope that is over in words",
      { kind: "refused", lacking: [{ scope: "a", by: "1.00", over: "true" }] },
    ],
    ["a charge in a number", { charged: [{ holdId: "h", amount: 1 }], more: false }],
  ])("refuses the type of %s", (_, json) => {
    expect(() => outcomeFromJSON(json)).toThrow(TypeError);
  });

  it.each<readonly [string, unknown]>([
    [
      "a Hold",
      { holdId: "h", amount: "0.10", scopes: [], state: "open", booked: "0.00", expiresAt: null, tags: {} },
    ],
    ["an ExpireOutcome", { charged: [], more: false }],
    ["a RecoverOutcome", { attempts: [], ended: [], more: false }],
  ])("takes the name %j for no kind", (kind, json) => {
    expect(outcomeFromJSON(json)).toEqual(expect.anything());
    expect(() => outcomeFromJSON({ kind, ...(json as object) })).toThrow(RangeError);
  });

  describe("a job, in detail", () => {
    async function job(rest: object): Promise<() => unknown> {
      const { store } = setUp();
      await store.submit(approved("j"));
      await store.fail(await leaseOf(store), "x", { retriable: true });
      const json = sent(await store.job("j")) as object;
      expect(outcomeFromJSON(json)).toMatchObject({ jobId: "j" });
      return () => outcomeFromJSON({ ...json, ...rest });
    }

    it.each(JOB_ERROR_CODES)("knows the reason %s", async (code) => {
      const error = { code, message: "x" };
      expect((await job({ error }))()).toMatchObject({ error });
    });

    it.each<readonly [string, object]>([
      ["a negative cost", { maxCost: "-0.10" }],
      ["an unknown backend", { backend: "cloud" }],
      ["an unknown state", { state: "done" }],
      ["milliseconds", { runAt: Date.now() }],
      ["half an attempt", { attempts: 0.5 }],
      ["a negative number of attempts", { attempts: -1 }],
      ["a job that may never run", { maxAttempts: 0 }],
      ["half a retry", { retries: 0.5 }],
      ["a deadline in milliseconds", { claimBy: Date.now() }],
      ["a run of negative length", { maxRunSeconds: -1 }],
      ["a tag without a name", { tags: { "": "x" } }],
      ["an unknown reason", { error: { code: "tired", message: "x" } }],
      ["an approval without an author", { approval: { ...(sent(YES) as object), author: " " } }],
      ["an approval at no time", { approval: { ...(sent(YES) as object), decidedAt: "yesterday" } }],
    ])("refuses %s", async (_, rest) => {
      expect(await job(rest)).toThrow(RangeError);
    });

    it.each<readonly [string, object]>([
      ["an approval without a reason", { approval: { author: "a", decidedAt: "2026-11-23T00:00:00Z" } }],
      ["a reason without a text", { error: { code: "error" } }],
      ["a cost in a number", { maxCost: 0.1 }],
      ["a tag that is a number", { tags: { user: 7 } }],
      ["a reason for being unreadable that is none", { unreadable: false }],
    ])("refuses the type of %s", async (_, rest) => {
      expect(await job(rest)).toThrow(TypeError);
    });
  });
});

describe("toJSON", () => {
  it("writes money in dollars, and a typed payload as JSON would", async () => {
    const when = new Date("2026-11-23T00:00:00.000Z");
    const store = memoryStore<{ when: Date }>({
      payload: (value) => ({ when: new Date((value as { when: string }).when) }),
    });
    await store.submit({ ...paid("j"), payload: { when } });
    const job = await store.job("j");
    expect(job?.payload).toEqual({ when });
    expect(sent(job)).toMatchObject({ maxCost: "0.0000001", payload: { when: when.toISOString() } });
  });

  it("writes the money in a typed payload in dollars too", async () => {
    const parsed = (value: unknown): unknown => ({
      cost: usd((value as { cost: string }).cost),
    });
    const { store } = setUp({ payload: parsed });
    await store.submit(paid("j", { payload: { cost: "0.10" } }));
    const job = await store.job("j");
    expect(job?.payload).toEqual({ cost: usd("0.10") });
    expect(sent(job)).toMatchObject({ payload: { cost: "0.10" } });
  });

  it("writes a result that its parser made undefined so that it can be read back", async () => {
    const { store } = setUp({ result: (): unknown => undefined });
    await store.submit(free("j"));
    await store.complete(await leaseOf(store), undefined);
    const job = await store.job("j");
    expect(outcomeFromJSON(sent(job))).toMatchObject({ jobId: "j", state: "succeeded" });
  });
});
