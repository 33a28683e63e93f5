import { Lease, epochSeconds } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jobRequest } from "dispatch-kit/rules";
import { engine } from "../../../src/stores/engine/engine.ts";
import { MemoryTables } from "../../../src/stores/memory/tables.ts";
import {
  NO,
  approved,
  AT_ONCE,
  capped,
  claim,
  correcting,
  counters,
  free,
  leaseOf,
  manualClock,
  micro,
  MONTH,
  MOST,
  RUN,
  setUp,
  START,
  stale,
  lost,
  NONE,
  stateOf,
  stranger,
  runs,
} from "./support.ts";

describe("claim", () => {
  it("gives every job once among any number of claimers", async () => {
    const { store } = setUp();
    const ids = Array.from({ length: 30 }, (_, index) => `${index}`);
    await store.submitMany(ids.map((id) => (Number(id) % 2 === 0 ? free(id) : approved(id, capped(1000)))));
    const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim(["text"])));
    const leases = claims.flatMap((claimed) => (claimed === null ? [] : [claimed.lease]));
    expect(leases.map(({ jobId }) => jobId).sort()).toEqual(ids.sort());
    expect(new Set(leases.map(({ token }) => token)).size).toBe(30);
    expect(leases.every(({ attempts, leasedAt }) => attempts === 1 && leasedAt === START)).toBe(true);
  });

  it("takes from the lanes that it is given and from no other", async () => {
    const { store } = setUp();
    await store.submit(free("t"));
    await store.submit(free("v", { lane: "video" }));
    expect(await store.claim([])).toBeNull();
    expect(await store.claim(["Text", "tex", "audio"])).toBeNull();
    expect(await claim(store, "audio", "video")).toMatchObject({ lease: { jobId: "v" } });
    expect(await store.claim(["video", "video"])).toBeNull();
    expect(await claim(store, "text")).toMatchObject({ lease: { jobId: "t" } });
  });

  it("takes the higher priority first, then the earlier time, then the earlier submission", async () => {
    const job = fc.record({
      priority: fc.integer({ min: -2, max: 2 }),
      early: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
      lane: fc.constantFrom("a", "b", "c"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(job, { maxLength: 20 }), async (jobs) => {
        const { store } = setUp();
        const all = jobs.map(({ priority, early, lane }, index) => ({
          id: `${index}`,
          priority,
          lane,
          time: early === null ? START : START - early,
          runAt: early === null ? null : epochSeconds(START - early),
        }));
        for (const { id, priority, lane, runAt } of all)
          await store.submit(free(id, { priority, lane, runAt }));
        const order = all
          .filter(({ lane }) => lane !== "c")
          .sort((x, y) => y.priority - x.priority || x.time - y.time);
        const claimed = await store.claimMany(["b", "a"], 100);
        expect(claimed.map(({ lease }) => lease.jobId)).toEqual(order.map(({ id }) => id));
      }),
      { numRuns: runs(100) },
    );
  });

  it("waits for runAt, and does not let an early job block a ready one", async () => {
    const { store, clock } = setUp();
    await store.submit(free("later", { runAt: epochSeconds(START + 10), priority: 5 }));
    await store.submit(free("now"));
    expect(await claim(store)).toMatchObject({ lease: { jobId: "now" } });
    clock.now += 9.999;
    expect(await store.claim(["text"])).toBeNull();
    clock.now = START + 10;
    expect(await claim(store)).toMatchObject({ lease: { jobId: "later", leasedAt: START + 10 } });
  });

  it("gives a paid job only while the hold of its next attempt is open", async () => {
    const operations = engine(new MemoryTables(manualClock()));
    await operations.submit(jobRequest(approved("closed")));
    await operations.submit(jobRequest(approved("open")));
    // No store's door lets this through.
    await operations.release("job:closed#1");
    const claimed = await operations.claimMany(["text"], 9, { leaseSeconds: null, by: null });
    expect(claimed.map(({ lease }) => lease.jobId)).toEqual(["open"]);
    expect((await operations.job("closed"))?.state).toBe("queued");
  });

  it.each<readonly [unknown]>([["text"], [undefined], [[1]], [null]])(
    "refuses the lanes %j",
    async (lanes) => {
      await expect(setUp().store.claim(lanes as never)).rejects.toThrow(TypeError);
    },
  );

  it("refuses a lane that is no name", async () => {
    await expect(setUp().store.claim(["text", ""])).rejects.toThrow(RangeError);
  });

  it("freezes what it gives", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const claimed = await claim(store);
    expect(claimed).toSatisfy(Object.isFrozen);
    expect(claimed.lease).toSatisfy(Object.isFrozen);
    expect(claimed.lease).toBeInstanceOf(Lease);
  });
});

describe("claimMany", () => {
  it("claims up to a limit, in order, each once", async () => {
    const { store } = setUp();
    await store.submitMany(["a", "b", "c"].map((id) => free(id)));
    const ids = (claimed: readonly { readonly lease: Lease }[]): readonly string[] =>
      claimed.map(({ lease }) => lease.jobId);
    const [first, second] = await Promise.all([store.claimMany(["text"], 2), store.claimMany(["text"], 2)]);
    expect([ids(first), ids(second)]).toEqual([["a", "b"], ["c"]]);
    expect(await store.claimMany(["text"], 1)).toEqual([]);
    expect(first).toSatisfy(Object.isFrozen);
  });

  it("takes a lane that is named twice for one", async () => {
    const { store } = setUp();
    await store.submitMany(["a", "b", "c"].map((id) => free(id)));
    expect(await store.claimMany(["text", "video", "text"], 2)).toHaveLength(2);
  });

  it("gives the job back if the parser throws what is no error", async () => {
    let strict = false;
    const payload = (value: unknown): unknown => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- a parser is anybody's code
      if (strict) throw "no payload";
      return value;
    };
    const { store } = setUp({ payload });
    await store.submit(free("a"));
    strict = true;
    expect(await store.claimMany(["text"], 2)).toEqual([]);
    strict = false;
    const message = "the store's parser refuses a payload: it threw no error";
    expect(await store.job("a")).toMatchObject({ state: "pending", attempts: 0, error: { message } });
  });

  it("loses no claim when the parser refuses a later payload", async () => {
    let strict = false;
    const payload = (value: unknown): unknown => {
      if (strict && value === "b") throw new Error("broken parser");
      return value;
    };
    const { store } = setUp({ payload });
    await store.submitMany(["a", "b"].map((id) => free(id)));
    strict = true;
    const claimed = await store.claimMany(["text"], 2);
    strict = false;
    expect(claimed.map(({ lease }) => lease.jobId)).toEqual(["a"]);
    expect((await store.jobs({ state: "running" })).map(({ jobId }) => jobId)).toEqual(["a"]);
  });

  it.each([0, -1, 1.5, NaN])("refuses a limit of %d", async (limit) => {
    await expect(setUp().store.claimMany(["text"], limit)).rejects.toThrow(RangeError);
  });
});

describe("lease", () => {
  it("is fenced: once another holds the job, the old token changes nothing, and the other's result stands", async () => {
    const { store, clock } = setUp();
    await store.submit(free("j"));
    const a = await leaseOf(store);
    clock.now += 60;
    expect(await store.recoverStale({ ttlSeconds: 60 })).toEqual(lost("j", 1, "requeued", 0));
    const b = await leaseOf(store);
    expect([b.jobId, b.attempts]).toEqual(["j", 2]);
    expect(await store.renew(a)).toBe(false);
    expect(await store.complete(a, "a")).toEqual(stale);
    expect(await store.fail(a, "a", { retriable: true })).toEqual(stale);
    expect(await store.job("j")).toMatchObject({ state: "running", attempts: 2, result: null });
    expect(await store.complete(b, "b")).toEqual({ kind: "completed", booked: 0n, overrun: 0n });
    expect(await store.complete(a, "a")).toEqual(stale);
    expect(await store.fail(a, "a", { retriable: false })).toEqual(stale);
    expect(await store.job("j")).toMatchObject({ state: "succeeded", result: "b", error: null });
  });

  it("is fenced against the same worker, which claims its own job again", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const first = await leaseOf(store);
    await store.recoverStale(AT_ONCE);
    const second = await leaseOf(store);
    expect(second.token).not.toBe(first.token);
    expect(await store.complete(first, "first")).toEqual(stale);
    // An attempt's number is no token.
    const forged = new Lease({ ...second, token: first.token });
    expect(await store.complete(forged, "forged")).toEqual(stale);
    expect(await store.renew(forged)).toBe(false);
    expect(await store.complete(second, "second")).toMatchObject({ kind: "completed" });
  });

  it("is its token alone: a lease that was rebuilt from its fields holds the job", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const { jobId, leasedAt, token } = await leaseOf(store);
    const rebuilt = new Lease({ jobId, leasedAt, attempts: 7, token });
    expect(await store.renew(rebuilt)).toBe(true);
    expect(await store.complete(rebuilt, 1)).toMatchObject({ kind: "completed" });
  });

  it("is read by its fields if it is a clone, refused without them, and stale if it is of no job", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    for (const clone of [{ ...lease }, structuredClone(lease), JSON.parse(JSON.stringify(lease)) as Lease]) {
      expect(await store.renew(clone)).toBe(true);
    }
    const none = [
      { ...lease, token: undefined },
      Object.create(lease),
      new Map(Object.entries(lease)),
      [lease],
      null,
    ];
    for (const other of none as Lease[]) {
      await expect(store.complete(other, 1)).rejects.toThrow(TypeError);
      await expect(store.completeMany([{ lease: other, result: 1 }])).rejects.toThrow(TypeError);
      await expect(store.fail(other, "x", { retriable: true })).rejects.toThrow(TypeError);
      await expect(store.renew(other)).rejects.toThrow(TypeError);
    }
    for (const other of [stranger("j"), stranger("nobody"), new Lease({ ...lease, jobId: "nobody" })]) {
      expect(await store.complete(other, 1)).toEqual(stale);
      expect(await store.fail(other, "x", { retriable: false })).toEqual(stale);
      expect(await store.renew(other)).toBe(false);
    }
    expect(await stateOf(store, "j")).toBe("running");
  });
});

describe("complete", () => {
  it("is accepted late while nobody has recovered the lease", async () => {
    const { store, clock } = setUp();
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    clock.now += 1e6;
    expect(await store.complete(lease, "late", { actual: micro(4) })).toMatchObject({ kind: "completed" });
    expect(await store.recoverStale(AT_ONCE)).toEqual(NONE);
    expect(await store.job("j")).toMatchObject({ state: "succeeded", result: "late" });
  });

  it("gives a repeat the first answer, and the first result stands", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    const first = { kind: "completed", booked: 4n, overrun: 0n };
    expect(await store.complete(lease, "first", { actual: micro(4) })).toEqual(first);
    expect(await store.complete(lease, "second", { actual: micro(9) })).toEqual(first);
    expect(await store.complete(lease, "third")).toEqual(first);
    expect(await store.job("j")).toMatchObject({ result: "first" });
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it.each([
    [undefined, 10, 0],
    [0, 0, 0],
    [7, 7, 0],
    [10, 10, 0],
    [13, 13, 3],
  ])("with an actual of %s books %d, of which %d had not been set aside", async (actual, booked, overrun) => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const options = actual === undefined ? {} : { actual: micro(actual) };
    expect(await store.complete(await leaseOf(store), "done", options)).toEqual({
      kind: "completed",
      booked: micro(booked),
      overrun: micro(overrun),
    });
    expect(await counters(store, RUN)).toEqual([0n, micro(booked)]);
    expect(await store.getHold("job:j#1")).toMatchObject({
      state: actual === undefined ? "charged" : "settled",
    });
  });

  it("books an overrun that the next admission sees", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await store.complete(await leaseOf(store), 1, { actual: micro(95) });
    expect(await store.submit(approved("next"))).toMatchObject({
      kind: "refused",
      lacking: [{ by: 5n }, { by: 5n }],
    });
  });

  it.each([0, 1])("refuses an actual of %d on a free job, and changes nothing", async (cost) => {
    const { store } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    const actual = micro(cost);
    await expect(store.complete(lease, 1, { actual })).rejects.toThrow(RangeError);
    await expect(store.fail(lease, "x", { retriable: true, actual })).rejects.toThrow(RangeError);
    await expect(store.completeMany([{ lease, result: 1, actual }])).rejects.toThrow(RangeError);
    expect(await store.job("j")).toMatchObject({ state: "running", attempts: 1, error: null, result: null });
    expect(await store.complete(lease, 1)).toEqual({ kind: "completed", booked: 0n, overrun: 0n });
  });

  it("refuses a wrong actual or result, and the lease still holds", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    await expect(store.complete(lease, 1, { actual: micro(-1) })).rejects.toThrow(RangeError);
    await expect(store.complete(lease, 1, { actual: micro(MOST + 1n) })).rejects.toThrow(RangeError);
    await expect(store.complete(lease, 1, { actual: 4 as never })).rejects.toThrow(TypeError);
    await expect(store.complete(lease, 1, { actual: null as never })).rejects.toThrow(TypeError);
    await expect(store.complete(lease, 1, { cost: micro(4) } as never)).rejects.toThrow(TypeError);
    await expect(store.complete(lease, { cost: 4n })).rejects.toMatchObject({ code: "result_refused" });
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    expect(await store.complete(lease, 1, { actual: micro(4) })).toMatchObject({ kind: "completed" });
  });
});

describe("an actual cost that is an explicit undefined", () => {
  it("is none: the attempt is charged in full", async () => {
    const { store } = setUp();
    await store.submitMany(["a", "b", "c"].map((id) => approved(id, capped(100), { lane: id })));
    const leases = await Promise.all(["a", "b", "c"].map(async (lane) => (await claim(store, lane)).lease));
    const [a, b, c] = leases as [Lease, Lease, Lease];
    const full = { kind: "completed", booked: 10n, overrun: 0n };
    expect(await store.complete(a, 1, { actual: undefined })).toEqual(full);
    expect(await store.completeMany([{ lease: b, result: 1, actual: undefined }])).toEqual([full]);
    const none = { actual: undefined, maxAttempts: undefined, retryAfterSeconds: undefined };
    expect(await store.fail(c, "x", { retriable: false, ...none })).toEqual({
      kind: "failed",
      booked: 10n,
      overrun: 0n,
    });
    expect(await counters(store, RUN)).toEqual([0n, 30n]);
  });
});

describe("completeMany", () => {
  it("answers each completion in order, a repeat with the first answer", async () => {
    const { store } = setUp();
    await store.submitMany([approved("a"), approved("b"), free("f"), free("g")]);
    const [a, b, f, g] = (await store.claimMany(["text"], 4)).map(({ lease }) => lease);
    if (!a || !b || !f || !g) throw new Error("there is nothing to complete");
    await store.cancel("g", NO);
    const answers = await store.completeMany([
      { lease: a, result: "a", actual: micro(4) },
      { lease: b, result: "b" },
      { lease: a, result: "again", actual: micro(9) },
      { lease: f, result: null },
      { lease: g, result: "g" },
      { lease: stranger("a"), result: "s" },
    ]);
    const done = (booked: number): unknown => ({ kind: "completed", booked: micro(booked), overrun: 0n });
    expect(answers).toEqual([done(4), done(10), done(4), done(0), stale, stale]);
    expect(await store.job("a")).toMatchObject({ result: "a" });
    expect(await counters(store, RUN)).toEqual([0n, 14n]);
  });

  it("refuses a malformed completion before the first is recorded", async () => {
    const { store } = setUp();
    await store.submitMany([free("a"), free("b")]);
    const [a, b] = (await store.claimMany(["text"], 2)).map(({ lease }) => lease);
    await expect(
      store.completeMany([
        { lease: a, result: 1 },
        { lease: { ...b, token: undefined }, result: 1 },
      ] as never),
    ).rejects.toThrow(TypeError);
    expect(await stateOf(store, "a")).toBe("running");
  });

  it("refuses a result that no store can hold before the first is recorded", async () => {
    const { store } = setUp();
    await store.submitMany([free("a"), free("b")]);
    const [a, b] = (await store.claimMany(["text"], 2)).map(({ lease }) => lease);
    await expect(
      store.completeMany([
        { lease: a, result: 1 },
        { lease: b, result: 1n },
      ] as never),
    ).rejects.toMatchObject({ code: "result_refused" });
    expect(await stateOf(store, "a")).toBe("running");
  });
});

describe("fail", () => {
  it.each<readonly [string, { retriable: boolean; maxAttempts?: number }, string]>([
    ["is not retriable", { retriable: false }, "failed"],
    ["is retriable", { retriable: true }, "requeued"],
    ["has used up a lower limit", { retriable: true, maxAttempts: 1 }, "failed"],
    ["may not run at all any more", { retriable: true, maxAttempts: 0 }, "failed"],
    ["has a higher limit", { retriable: true, maxAttempts: 100 }, "requeued"],
  ])("of what %s", async (_, options, kind) => {
    const { store } = setUp();
    await store.submit(approved("j"));
    expect(await store.fail(await leaseOf(store), "x", options)).toEqual({ kind, booked: 10n, overrun: 0n });
    expect(await store.job("j")).toMatchObject({
      state: kind === "failed" ? "failed" : "queued",
      error: { code: "error", message: "x" },
    });
  });

  it("cannot raise a job's own limit", async () => {
    const { store } = setUp();
    await store.submit(free("j", { maxAttempts: 1 }));
    const options = { retriable: true, maxAttempts: 100 };
    expect(await store.fail(await leaseOf(store), "x", options)).toMatchObject({ kind: "failed" });
  });

  it("closes the old attempt and holds for the new one in one step", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(20)));
    const lease = await leaseOf(store);
    expect(await store.fail(lease, "busy", { retriable: true, actual: micro(10) })).toEqual({
      kind: "requeued",
      booked: 10n,
      overrun: 0n,
    });
    expect(await store.getHold("job:j#1")).toMatchObject({ state: "settled", booked: 10n });
    expect(await store.getHold("job:j#2")).toMatchObject({
      state: "open",
      amount: 10n,
      expiresAt: null,
      scopes: [
        { scope: RUN, cap: 20n },
        { scope: MONTH, cap: 20n },
      ],
    });
    expect(await counters(store, RUN)).toEqual([10n, 10n]);
  });

  it("charges in full without an actual, and nothing if nothing ran", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await store.fail(await leaseOf(store), "x", { retriable: true });
    await store.fail(await leaseOf(store), "x", { retriable: true, actual: micro(0) });
    expect(await counters(store, RUN)).toEqual([10n, 10n]);
    expect(await store.getHold("job:j#1")).toMatchObject({ state: "charged", booked: 10n });
    expect(await store.getHold("job:j#2")).toMatchObject({ state: "settled", booked: 0n });
    expect(await store.fail(await leaseOf(store), "x", { retriable: true, actual: micro(12) })).toEqual({
      kind: "failed",
      booked: 12n,
      overrun: 2n,
    });
    expect(await counters(store, RUN)).toEqual([0n, 22n]);
  });

  it("keeps the retry back for retryAfterSeconds", async () => {
    const { store, clock } = setUp();
    await store.submit(free("j"));
    await store.submit(free("other", { priority: -1 }));
    await store.fail(await leaseOf(store), "busy", { retriable: true, retryAfterSeconds: 30 });
    expect(await claim(store)).toMatchObject({ lease: { jobId: "other" } });
    clock.now += 29.999;
    expect(await store.claim(["text"])).toBeNull();
    clock.now = START + 30;
    expect(await claim(store)).toMatchObject({ lease: { jobId: "j", attempts: 2 } });
  });

  it("queues a retry at once without a delay, behind what was there at that time", async () => {
    const { store, clock } = setUp();
    for (const id of ["a", "b"]) await store.submit(free(id));
    clock.now += 5;
    await store.fail(await leaseOf(store), "busy", { retriable: true });
    expect(await leaseOf(store)).toMatchObject({ jobId: "b" });
    expect(await leaseOf(store)).toMatchObject({ jobId: "a", attempts: 2 });
  });

  it("gives a repeat the first answer, also while another attempt runs", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const first = await leaseOf(store);
    const answer = await store.fail(first, "busy", { retriable: true, actual: micro(4) });
    const second = await leaseOf(store);
    expect(await store.fail(first, "other", { retriable: false, actual: micro(7) })).toEqual(answer);
    expect(await store.complete(first, "changed my mind")).toEqual(stale);
    expect(await store.renew(second)).toBe(true);
    expect(await counters(store, RUN)).toEqual([10n, 4n]);
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["no options", {}],
    ["a truthy retriable", { retriable: 1 }],
    ["a limit in words", { retriable: true, maxAttempts: "2" }],
    ["an actual that is a number", { retriable: true, actual: 4 }],
    ["a delay in words", { retriable: true, retryAfterSeconds: "30" }],
    ["a misspelt option", { retriable: true, retryAfter: 30 }],
    ["a retriable that is undefined", { retriable: undefined, actual: micro(4) }],
    ["an actual that is null", { retriable: true, actual: null }],
  ])("refuses the type of %s", async (_, options) => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    await expect(store.fail(lease, "x", options as never)).rejects.toThrow(TypeError);
    expect(await stateOf(store, "j")).toBe("running");
  });

  it.each<readonly [string, object]>([
    ["a negative limit", { maxAttempts: -1 }],
    ["half an attempt", { maxAttempts: 0.5 }],
    ["a negative actual", { actual: -1n }],
    ["a negative delay", { retryAfterSeconds: -1 }],
    ["an endless delay", { retryAfterSeconds: Infinity }],
    ["a delay of more than 31 years", { retryAfterSeconds: 1e9 + 1 }],
  ])("refuses %s", async (_, options) => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    await expect(store.fail(lease, "x", { retriable: true, ...options })).rejects.toThrow(RangeError);
    expect(await stateOf(store, "j")).toBe("running");
  });

  it("refuses an error that is no text, and cuts a long one", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    await expect(store.fail(lease, new Error("x") as never, { retriable: false })).rejects.toThrow(TypeError);
    await store.fail(lease, "x".repeat(5000), { retriable: false });
    expect((await store.job("j"))?.error?.message).toBe("x".repeat(4000));
  });
});

describe("renew", () => {
  it("restarts the lease's time, and saves no lease that was recovered", async () => {
    const { store, clock } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    clock.now += 59;
    expect(await store.renew(lease)).toBe(true);
    clock.now += 59;
    expect(await store.recoverStale({ ttlSeconds: 60 })).toEqual(NONE);
    clock.now += 1;
    expect(await store.recoverStale({ ttlSeconds: 60 })).toEqual(lost("j", 1, "requeued", 0));
    expect(await store.renew(lease)).toBe(false);
  });

  it("does nothing for a job that was cancelled", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    await store.cancel("j", NO);
    expect(await store.renew(lease)).toBe(false);
  });
});

describe("recoverStale", () => {
  it("takes a lease back at the very second of its ttl, and not before", async () => {
    const { store, clock } = setUp();
    await store.submit(approved("j"));
    await store.claim(["text"]);
    clock.now += 59.999;
    expect(await store.recoverStale({ ttlSeconds: 60 })).toEqual(NONE);
    clock.now = START + 60;
    expect(await store.recoverStale({ ttlSeconds: 60 })).toEqual(lost("j", 1, "requeued"));
    expect(await store.recoverStale({ ttlSeconds: 60 })).toEqual(NONE);
    expect(await counters(store, RUN)).toEqual([10n, 10n]);
  });

  it("leaves a lease from the future alone, as after a clock was set back", async () => {
    const { store, clock } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    clock.now -= 5;
    expect(await store.recoverStale(AT_ONCE)).toEqual(NONE);
    expect(await store.complete(lease, 1)).toMatchObject({ kind: "completed" });
  });

  it("counts crashes and failures together: N attempts are N executions", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(100), { maxAttempts: 4 }));
    const attempts: number[] = [];
    for (const ends of ["crash", "failure", "crash", "crash"]) {
      const lease = await leaseOf(store);
      attempts.push(lease.attempts);
      if (ends === "crash") await store.recoverStale(AT_ONCE);
      else await store.fail(lease, "x", { retriable: true });
    }
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(await store.claim(["text"])).toBeNull();
    expect(await store.job("j")).toMatchObject({
      state: "failed",
      attempts: 4,
      error: { code: "lost", message: "attempt 4 lost its lease" },
    });
    expect(await counters(store, RUN)).toEqual([0n, 40n]);
    expect(await store.getHold("job:j#5")).toBeNull();
  });

  it("ends a job that crashes on its last attempt as failed, paid or free", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(100), { maxAttempts: 1 }));
    await store.submit(free("f", { maxAttempts: 1 }));
    await store.claimMany(["text"], 2);
    expect(await store.recoverStale(AT_ONCE)).toEqual({
      attempts: [
        { jobId: "j", attempt: 1, charged: 10n, outcome: "failed" },
        { jobId: "f", attempt: 1, charged: 0n, outcome: "failed" },
      ],
      ended: [],
      more: false,
    });
    expect(await stateOf(store, "j")).toBe("failed");
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  });

  it.each([
    [undefined, "requeued"],
    [0, "failed"],
    [1, "failed"],
    [2, "requeued"],
    [100, "requeued"],
  ])("with a limit of %s attempts, the first one lost is %s", async (maxAttempts, outcome) => {
    const { store } = setUp();
    await store.submit(free("j"));
    await store.claim(["text"]);
    const options = maxAttempts === undefined ? AT_ONCE : { ...AT_ONCE, maxAttempts };
    expect(await store.recoverStale(options)).toEqual(lost("j", 1, outcome, 0));
  });

  it("cannot raise a job's own limit", async () => {
    const { store } = setUp();
    await store.submit(free("j", { maxAttempts: 1 }));
    await store.claim(["text"]);
    expect(await store.recoverStale({ ...AT_ONCE, maxAttempts: 5 })).toEqual(lost("j", 1, "failed", 0));
  });

  it("says whether there was more than the limit", async () => {
    const { store, clock } = setUp();
    await store.submitMany(["a", "b", "c"].map((id) => free(id)));
    await store.claimMany(["text"], 3);
    await store.submit(free("fresh", { lane: "video" }));
    clock.now += 60;
    await store.claim(["video"]);
    const first = await store.recoverStale({ ttlSeconds: 60, limit: 2 });
    expect(first).toMatchObject({ attempts: [{}, {}], more: true });
    const second = await store.recoverStale({ ttlSeconds: 60, limit: 1 });
    expect(second).toMatchObject({ attempts: [{}], more: false });
    const ids = [...first.attempts, ...second.attempts].map(({ jobId }) => jobId);
    expect(ids.sort()).toEqual(["a", "b", "c"]);
    expect(await stateOf(store, "fresh")).toBe("running");
  });

  it("takes at most 100 if no limit is given", async () => {
    const { store } = setUp();
    await store.submitMany(Array.from({ length: 101 }, (_, index) => free(`${index}`)));
    await store.claimMany(["text"], 101);
    const first = await store.recoverStale(AT_ONCE);
    expect([first.attempts.length, first.more]).toEqual([100, true]);
  });

  it.each([2 ** 31, Number.MAX_SAFE_INTEGER])("takes all there are of at most %d", async (limit) => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await leaseOf(store);
    expect(await store.recoverStale({ ...AT_ONCE, limit })).toEqual(lost("j", 1, "requeued"));
  });

  it("and a completion: of the two, one wins", async () => {
    for (const first of ["complete", "recover"] as const) {
      const { store } = setUp();
      await store.submit(approved("j"));
      const lease = await leaseOf(store);
      const complete = (): Promise<unknown> =>
        Promise.resolve(store.complete(lease, "done", { actual: micro(4) }));
      const recover = (): Promise<unknown> => Promise.resolve(store.recoverStale(AT_ONCE));
      const calls = first === "complete" ? [complete, recover] : [recover, complete];
      const answers = await Promise.all(calls.map((call) => call()));
      // Through separate connections either may come first.
      const completed = await store.job("j").then((job) => job?.state === "succeeded");
      if (first === "recover") answers.reverse();
      if (completed) {
        expect(answers).toEqual([{ kind: "completed", booked: 4n, overrun: 0n }, NONE]);
        expect(await counters(store, RUN)).toEqual([0n, 4n]);
      } else {
        expect(answers).toEqual([correcting, lost("j", 1, "requeued")]);
        expect(await counters(store, RUN)).toEqual([10n, 4n]);
      }
    }
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["no ttl", {}],
    ["a ttl in words", { ttlSeconds: "60" }],
    ["a limit in words", { ttlSeconds: 60, limit: "5" }],
    ["a misspelt option", { ttlSeconds: 60, max: 5 }],
  ])("refuses the type of %s", async (_, options) => {
    await expect(setUp().store.recoverStale(options as never)).rejects.toThrow(TypeError);
  });

  it.each([
    { ttlSeconds: -1 },
    { ttlSeconds: NaN },
    { ttlSeconds: Infinity },
    { ttlSeconds: 1, limit: 0 },
    { ttlSeconds: 1, maxAttempts: -1 },
  ])("refuses $ttlSeconds seconds, $limit at most, $maxAttempts attempts", async (options) => {
    await expect(setUp().store.recoverStale(options)).rejects.toThrow(RangeError);
  });
});
