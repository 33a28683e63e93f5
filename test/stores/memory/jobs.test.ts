import { Approval, type ApprovalFields, BackendKind, epochSeconds, type JobRequest } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import {
  decision,
  approved,
  AT_ONCE,
  capped,
  correcting,
  claim,
  counters,
  free,
  leaseOf,
  micro,
  MONTH,
  MOST,
  NO,
  paid,
  RUN,
  setUp,
  START,
  YES,
  stale,
  NONE,
  stateOf,
} from "./support.ts";

/** A parser: text that is a number. */
function digits(value: unknown): unknown {
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  throw new Error("not digits");
}

describe("submit", () => {
  it("queues free local work at once, without approval or money", async () => {
    const { store } = setUp();
    expect(await store.submit(free("j"))).toEqual({ kind: "queued" });
    expect(await stateOf(store, "j")).toBe("pending");
    expect(await claim(store)).toMatchObject({ lease: { jobId: "j", attempts: 1 }, payload: "j" });
    expect(await store.getHold("job:j#1")).toBeNull();
  });

  it.each<readonly [string, Partial<JobRequest<unknown>>]>([
    ["local work that costs", { backend: BackendKind.LOCAL, maxCost: micro(1) }],
    ["a LAN worker for nothing", { backend: BackendKind.LAN_WORKER, maxCost: micro(0) }],
    ["an API for nothing", { backend: BackendKind.CLOUD_WORKER, maxCost: micro(0) }],
  ])("makes %s wait for an approval", async (_, rest) => {
    const { store } = setUp();
    expect(await store.submit(paid("j", rest))).toEqual({ kind: "awaiting_approval" });
    expect(await store.claim(["text"])).toBeNull();
    expect(await store.approve("j", YES, { scopes: capped(100) })).toEqual({ kind: "queued" });
    expect(await store.getHold("job:j#1")).toMatchObject({ state: "open", expiresAt: null });
    expect(await claim(store)).toMatchObject({ lease: { jobId: "j" } });
  });

  it("holds the first attempt of what is approved already", async () => {
    const { store } = setUp();
    expect(await store.submit(approved("j"))).toEqual({ kind: "queued" });
    expect(await store.job("j")).toMatchObject({ state: "queued", attempts: 0, approval: YES, error: null });
    expect(await store.getHold("job:j#1")).toMatchObject({ amount: 10n, state: "open" });
    expect(await counters(store, MONTH)).toEqual([10n, 0n]);
  });

  it("refuses what is approved but has no room, and remembers nothing of it", async () => {
    const { store } = setUp();
    const scopes = [...capped(100, RUN), ...capped(9, MONTH)];
    expect(await store.submit(approved("j", scopes))).toEqual({
      kind: "refused",
      lacking: [{ scope: MONTH, by: 1n }],
    });
    expect(await store.job("j")).toBeNull();
    expect(await store.jobs()).toEqual([]);
    expect(await store.getHold("job:j#1")).toBeNull();
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
    // With room, and even with another body, it is admitted.
    expect(await store.submit(approved("j", capped(100), { maxCost: micro(9) }))).toEqual({ kind: "queued" });
  });

  it("refuses a cap against a pinned one, and remembers nothing of it", async () => {
    const { store } = setUp();
    await store.pinCap(MONTH, micro(50), decision());
    const error = { code: "cap_conflict", subject: MONTH };
    await expect(store.submit(approved("j"))).rejects.toMatchObject(error);
    expect(await store.job("j")).toBeNull();
    expect(await store.submit(approved("j", capped(50)))).toEqual({ kind: "queued" });
  });

  it("makes one job of the same job twice, in whatever state it is", async () => {
    const { store } = setUp();
    const both = await Promise.all([store.submit(approved("j")), store.submit(approved("j"))]);
    expect(both).toEqual([{ kind: "queued" }, { kind: "exists", state: "queued" }]);
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    const lease = await leaseOf(store);
    expect(await store.submit(approved("j"))).toEqual({ kind: "exists", state: "running" });
    await store.complete(lease, 1);
    expect(await store.submit(approved("j"))).toEqual({ kind: "exists", state: "succeeded" });
    expect(await store.claim(["text"])).toBeNull();
  });

  it("does not approve a job that waits by submitting it again", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    expect(await store.submit(approved("j"))).toEqual({ kind: "exists", state: "awaiting_approval" });
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
    expect(await store.claim(["text"])).toBeNull();
  });

  it("takes another order of the payload's keys, and an approval, for the same body", async () => {
    const { store } = setUp();
    const payload = { a: 1, b: [{ c: 2, d: undefined, e: null }] };
    await store.submit(paid("j", { payload }));
    const again = { b: [{ e: null, c: 2 }], a: 1 };
    expect(
      await store.submit(approved("j", capped(1), { payload: again, priority: 0, runAt: null })),
    ).toEqual({
      kind: "exists",
      state: "awaiting_approval",
    });
  });

  it.each<readonly [string, Partial<JobRequest<unknown>>]>([
    ["lane", { lane: "video" }],
    ["payload", { payload: { a: 2 } }],
    ["backend", { backend: BackendKind.LAN_WORKER }],
    ["maxCost", { maxCost: micro(11) }],
    ["maxAttempts", { maxAttempts: 4 }],
    ["priority", { priority: 1 }],
    ["runAt", { runAt: epochSeconds(START) }],
  ])("refuses another %s under an id that is known", async (field, rest) => {
    const { store } = setUp();
    const first = approved("j", capped(100), { payload: { a: 1 } });
    await store.submit(first);
    const error = { code: "job_conflict", subject: "j" };
    await expect(store.submit({ ...first, ...rest })).rejects.toMatchObject(error);
    await expect(store.submit({ ...first, ...rest })).rejects.toThrow(field);
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
  });

  it.each<readonly [string, Partial<Record<keyof JobRequest<unknown>, unknown>>]>([
    ["an empty id", { jobId: "" }],
    ["an id that is too long", { jobId: "x".repeat(201) }],
    ["an id with a lone surrogate", { jobId: "a\u{d800}" }],
    ["a lane with a line break", { lane: "a\nb" }],
    ["an unknown backend", { backend: "cloud" }],
    ["a negative cost", { maxCost: -1n }],
    ["a cost above the limit", { maxCost: MOST + 1n }],
    ["no attempts", { maxAttempts: 0 }],
    ["half an attempt", { maxAttempts: 1.5 }],
    ["half a priority", { priority: 0.5 }],
    ["milliseconds", { runAt: Date.now() }],
    ["no scopes", { approved: { approval: YES, scopes: [] } }],
    ["a scope twice", { approved: { approval: YES, scopes: capped(100, RUN, RUN) } }],
    ["a rejection", { approved: { approval: NO, scopes: capped(100) } }],
  ])("refuses %s", async (_, rest) => {
    const { store } = setUp();
    await expect(store.submit({ ...paid("j"), ...rest } as never)).rejects.toThrow(RangeError);
    expect(await store.jobs()).toEqual([]);
  });

  it.each<readonly [string, unknown]>([
    ["a number for money", { ...paid("j"), maxCost: 10 }],
    ["a missing cost", { ...paid("j"), maxCost: undefined }],
    ["a misspelt field", { ...paid("j"), prio: 1 }],
    ["a bigint in the payload", { ...paid("j"), payload: { amount: 1n } }],
    ["a cycle in the payload", { ...paid("j"), payload: cycle() }],
    ["a function for a payload", { ...paid("j"), payload: () => 1 }],
    [
      "a decision of nobody",
      { ...paid("j"), approved: { approval: { ...YES, author: undefined }, scopes: capped(1) } },
    ],
    ["no decision", { ...paid("j"), approved: { scopes: capped(1) } }],
    [
      "an inherited approval",
      { ...paid("j"), approved: { approval: Object.create(YES) as unknown, scopes: capped(1) } },
    ],
    ["an approval in a list", { ...paid("j"), approved: { approval: [YES], scopes: capped(1) } }],
    ["no job", undefined],
  ])("refuses the type of %s", async (_, job) => {
    const { store } = setUp();
    await expect(store.submit(job as never)).rejects.toThrow(TypeError);
    expect(await store.jobs()).toEqual([]);
  });

  it("takes an explicit undefined for what is left out", async () => {
    const { store } = setUp();
    const none = { priority: undefined, runAt: undefined, approved: undefined };
    expect(await store.submit(paid("j", none))).toEqual({ kind: "awaiting_approval" });
    expect(await store.submit(paid("j"))).toEqual({ kind: "exists", state: "awaiting_approval" });
  });

  it("takes a Date for the time before which it may not be claimed", async () => {
    const { store, clock } = setUp();
    expect(await store.submit(free("j", { runAt: new Date((START + 5) * 1000) }))).toEqual({
      kind: "queued",
    });
    expect(await store.submit(free("j", { runAt: epochSeconds(START + 5) }))).toMatchObject({
      kind: "exists",
    });
    clock.now += 4.999;
    expect(await store.claim(["text"])).toBeNull();
    clock.now = START + 5;
    expect(await store.claim(["text"])).toMatchObject({ lease: { jobId: "j" } });
    await expect(store.submit(free("k", { runAt: new Date(NaN) }))).rejects.toThrow(RangeError);
    await expect(store.submit(free("k", { runAt: "2026-11-23T00:00:00Z" as never }))).rejects.toThrow(
      TypeError,
    );
  });

  it("keeps a plain decision as an approval, by the store's clock if it does not say when", async () => {
    const { store, clock } = setUp();
    clock.now += 0.25;
    const submit = async (jobId: string, approval: ApprovalFields): Promise<unknown> => {
      const approved = { approval, scopes: capped(100) };
      expect(await store.submit(paid(jobId, { approved }))).toEqual({ kind: "queued" });
      return (await store.job(jobId))?.approval;
    };
    const who = { author: "carol", reason: "agreed" };
    const stored = (decidedAt: string): Approval => new Approval({ ...who, decidedAt });
    expect(await submit("clock", who)).toEqual(stored("2026-11-23T00:00:00.250Z"));
    expect(await submit("undefined", { ...who, decidedAt: undefined, outcome: undefined })).toEqual(
      stored("2026-11-23T00:00:00.250Z"),
    );
    expect(await submit("a Date", { ...who, decidedAt: new Date(5) })).toEqual(
      stored("1970-01-01T00:00:00.005Z"),
    );
    const given = "2026-11-23T01:00:00.123456789+01:00";
    expect(await submit("text", { ...who, decidedAt: given, outcome: "approved" })).toEqual(stored(given));
    expect((await store.job("text"))?.approval).toBeInstanceOf(Approval);
  });

  it("accepts an approval of free work, and keeps who it was", async () => {
    const { store } = setUp();
    expect(await store.submit(free("j", { approved: { approval: YES, scopes: capped(0) } }))).toEqual({
      kind: "queued",
    });
    expect(await store.job("j")).toMatchObject({ state: "pending", approval: YES });
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
  });
});

function cycle(): unknown {
  const knot: Record<string, unknown> = {};
  knot["self"] = knot;
  return knot;
}

describe("scopes with a cap of 0", () => {
  const none = capped(0, RUN);
  const lacks = { kind: "refused", lacking: [{ scope: RUN, by: 10n }] };

  it("are refused like any other without room, wherever scopes are given", async () => {
    const { store } = setUp();
    const hold = { holdId: "h", amount: micro(10), scopes: none, ttlSeconds: 60 };
    expect(await store.hold(hold)).toEqual(lacks);
    expect(await store.submit(approved("at-once", none))).toEqual(lacks);
    await store.submit(paid("j", { scopes: none }));
    expect(await store.approve("j", YES)).toEqual(lacks);
    expect(await store.approve("j", YES, { scopes: none })).toEqual(lacks);
    await store.submit(approved("failed", capped(100, RUN), { lane: "other", maxAttempts: 1 }));
    const { lease } = await claim(store, "other");
    await store.fail(lease, "no", { retriable: false, actual: micro(0) });
    const decision = { id: "again", approval: YES };
    expect(await store.retry("failed", { after: 0, scopes: none }, decision)).toEqual(lacks);
  });

  it("are a part of what a decision decides", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    const decision = { id: "d", approval: YES };
    expect(await store.approve("j", decision, { scopes: capped(100, RUN) })).toEqual({ kind: "queued" });
    await expect(store.approve("j", decision, { scopes: none })).rejects.toMatchObject({
      code: "decision_conflict",
    });
  });
});

describe("approve", () => {
  it("holds and queues in one step, once", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    const scopes = capped(100);
    const twice = await Promise.all([
      store.approve("j", YES, { scopes }),
      store.approve("j", YES, { scopes }),
    ]);
    expect(twice).toEqual([{ kind: "queued" }, { kind: "not_waiting", state: "queued", approval: YES }]);
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    expect(await store.job("j")).toMatchObject({ approval: YES });
  });

  it("leaves a job waiting when there is no room, and admits it when there is", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    await store.hold({ holdId: "h", amount: micro(95), scopes: capped(100), ttlSeconds: 60 });
    expect(await store.approve("j", YES, { scopes: capped(100) })).toMatchObject({
      kind: "refused",
      lacking: [{ by: 5n }, { by: 5n }],
    });
    expect(await store.job("j")).toMatchObject({ state: "awaiting_approval", approval: null, error: null });
    expect(await counters(store, RUN)).toEqual([95n, 0n]);
    await store.release("h");
    expect(await store.approve("j", YES, { scopes: capped(100) })).toEqual({ kind: "queued" });
  });

  it("refuses a cap against a pinned one", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    await store.pinCap(RUN, micro(50), decision());
    const approve = store.approve("j", YES, { scopes: capped(100) });
    await expect(approve).rejects.toMatchObject({ code: "cap_conflict", subject: RUN });
    expect(await stateOf(store, "j")).toBe("awaiting_approval");
  });

  it.each<readonly [string, unknown, unknown]>([
    ["a rejection", NO, { scopes: capped(100) }],
    ["no scopes", YES, { scopes: [] }],
    ["a scope twice", YES, { scopes: capped(100, RUN, RUN) }],
  ])("refuses %s", async (_, approval, options) => {
    const { store } = setUp();
    await store.submit(paid("j"));
    await expect(store.approve("j", approval as never, options as never)).rejects.toThrow(RangeError);
    expect(await stateOf(store, "j")).toBe("awaiting_approval");
  });

  it.each<readonly [string, unknown, unknown]>([
    ["a decision without a reason", { author: "alice" }, { scopes: capped(100) }],
    ["an inherited approval", Object.create(YES), { scopes: capped(100) }],
    ["an approval in a Map", new Map(Object.entries(YES)), { scopes: capped(100) }],
    ["a decision with a field too many", { ...YES, decidedBy: "alice" }, { scopes: capped(100) }],
    ["an author", "alice", { scopes: capped(100) }],
    ["no approval", undefined, { scopes: capped(100) }],
    ["an unknown option", YES, { scopes: capped(100), scope: RUN }],
  ])("refuses the type of %s", async (_, approval, options) => {
    const { store } = setUp();
    await store.submit(paid("j"));
    await expect(store.approve("j", approval as never, options as never)).rejects.toThrow(TypeError);
    expect(await stateOf(store, "j")).toBe("awaiting_approval");
  });

  it("refuses an approval without scopes of what was submitted without any", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    for (const options of [undefined, {}, { scopes: undefined }]) {
      await expect(store.approve("j", YES, options)).rejects.toThrow(RangeError);
    }
    expect(await stateOf(store, "j")).toBe("awaiting_approval");
    await store.submit(free("f"));
    expect(await store.approve("f", YES)).toMatchObject({ kind: "not_waiting" });
  });

  it("holds in the scopes of the submission if it names none, and in its own if it does", async () => {
    const { store } = setUp();
    await store.submitMany([paid("a", { scopes: capped(100) }), paid("b", { scopes: capped(100) })]);
    expect(await store.approve("a", YES)).toEqual({ kind: "queued" });
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    expect(await store.approve("b", YES, { scopes: capped(100, "elsewhere") })).toEqual({ kind: "queued" });
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    expect(await counters(store, "elsewhere")).toEqual([10n, 0n]);
  });

  it("takes a clone of an approval, and a plain decision at the store's time", async () => {
    const { store } = setUp();
    await store.submitMany([paid("clone"), paid("plain")]);
    const scopes = capped(100);
    expect(await store.approve("clone", structuredClone(YES), { scopes })).toEqual({ kind: "queued" });
    expect((await store.job("clone"))?.approval).toEqual(YES);
    const plain = { author: "carol", reason: "agreed" };
    expect(await store.approve("plain", plain, { scopes })).toEqual({ kind: "queued" });
    const decidedAt = new Date(START * 1000);
    expect((await store.job("plain"))?.approval).toEqual(new Approval({ ...plain, decidedAt }));
  });
});

describe("reject", () => {
  it("ends the job with who and why", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    await store.reject("j", NO);
    expect(await store.job("j")).toMatchObject({
      state: "rejected",
      approval: NO,
      error: { code: "rejected", message: "too dear" },
    });
  });

  it("takes no approval for a rejection", async () => {
    const { store } = setUp();
    await store.submit(paid("j"));
    await expect(store.reject("j", YES)).rejects.toThrow(RangeError);
    await expect(store.reject("j", { ...YES })).rejects.toThrow(RangeError);
    await expect(store.reject("j", { author: "bob" } as never)).rejects.toThrow(TypeError);
    await expect(store.reject("j", { ...NO, reason: " " })).rejects.toThrow(RangeError);
    await expect(store.reject("j", Object.create(NO) as never)).rejects.toThrow(TypeError);
    expect(await stateOf(store, "j")).toBe("awaiting_approval");
  });

  it("takes a plain decision that does not say how or when", async () => {
    const { store } = setUp();
    await store.submitMany([paid("a"), paid("b")]);
    const why = { author: "bob", reason: "too dear" };
    expect(await store.reject("a", why)).toEqual({ kind: "rejected" });
    const decidedAt = new Date(START * 1000);
    expect((await store.job("a"))?.approval).toEqual(
      new Approval({ ...why, decidedAt, outcome: "rejected" }),
    );
    expect(await store.reject("b", { ...NO })).toEqual({ kind: "rejected" });
    expect((await store.job("b"))?.approval).toEqual(NO);
  });
});

describe("cancel", () => {
  it("gives back what was only queued, also of a retry", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await store.fail(await leaseOf(store), "busy", { retriable: true, actual: micro(4) });
    expect(await store.cancel("j", NO)).toEqual({ kind: "cancelled", state: "failed", booked: 0n });
    expect(await store.getHold("job:j#2")).toMatchObject({ state: "released" });
    expect(await store.job("j")).toMatchObject({ error: { code: "cancelled" } });
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
    expect(await store.claim(["text"])).toBeNull();
  });

  it("charges what was claimed in full, never releases it, and the worker's cost corrects that", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    expect(await store.cancel("j", NO)).toEqual({ kind: "cancelled", state: "failed", booked: 10n });
    expect(await store.getHold("job:j#1")).toMatchObject({ state: "charged" });
    expect(await store.cancel("j", NO)).toEqual({ kind: "ended", state: "failed" });
    expect(await store.recoverStale(AT_ONCE)).toEqual(NONE);
    expect(await store.complete(lease, 1, { actual: micro(2) })).toEqual(correcting);
    expect(await store.job("j")).toMatchObject({ state: "failed", result: null });
    expect(await counters(store, RUN)).toEqual([0n, 2n]);
  });

  it("ends free work that runs, without money", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    expect(await store.cancel("j", NO)).toEqual({ kind: "cancelled", state: "failed", booked: 0n });
    expect(await store.complete(lease, 1)).toEqual(stale);
  });
});

describe("retry", () => {
  it.each<readonly [string, unknown, typeof TypeError]>([
    ["nothing", undefined, TypeError],
    ["no count", {}, TypeError],
    ["a count in words", { after: "0" }, TypeError],
    ["half a count", { after: 0.5 }, RangeError],
    ["a negative count", { after: -1 }, RangeError],
    ["no scopes", { after: 0, scopes: [] }, RangeError],
    ["scopes that are null", { after: 0, scopes: null }, TypeError],
    ["a misspelt option", { after: 0, scope: RUN }, TypeError],
  ])("refuses the options: %s", async (_, options, error) => {
    const { store } = setUp();
    await store.submit(free("j"));
    await store.cancel("j", NO);
    await expect(store.retry("j", options as never, decision())).rejects.toThrow(error);
    await expect(store.retry("j", { after: 0 }, YES as never)).rejects.toThrow(TypeError);
    expect(await stateOf(store, "j")).toBe("failed");
  });

  it("compares its scopes, caps and ends when its decision comes again", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await store.cancel("j", NO);
    const by = decision();
    const scopes = [{ scope: RUN, cap: micro(50), until: epochSeconds(START + 60) }];
    const retry = (given: typeof scopes): Promise<unknown> =>
      store.retry("j", { after: 0, scopes: given }, by);
    expect(await retry(scopes)).toEqual({ kind: "queued" });
    expect(await retry(scopes)).toEqual({ kind: "queued" });
    const others = [{ scope: MONTH }, { cap: micro(51) }, { until: epochSeconds(START + 61) }];
    for (const other of others) {
      const changed = scopes.map((scope) => ({ ...scope, ...other }));
      await expect(retry(changed)).rejects.toMatchObject({ code: "decision_conflict", subject: by.id });
    }
    expect(await store.job("j")).toMatchObject({ state: "queued", retries: 1 });
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
  });
});

describe("job_unknown", () => {
  it("is the error for an id that was never submitted", async () => {
    const { store } = setUp();
    const error = { code: "job_unknown", subject: "nobody" };
    await expect(store.approve("nobody", YES, { scopes: capped(1) })).rejects.toMatchObject(error);
    await expect(store.reject("nobody", NO)).rejects.toMatchObject(error);
    await expect(store.cancel("nobody", NO)).rejects.toMatchObject(error);
    await expect(store.retry("nobody", { after: 0 }, decision())).rejects.toMatchObject(error);
    await expect(store.jobs({ after: "nobody" })).rejects.toMatchObject(error);
    expect(await store.job("nobody")).toBeNull();
  });
});

it.each(["\u2028", "a\u2029b", "a#1", "job:a#1", "%", "\u{10ffff}".repeat(100)])(
  "a paid job named %j holds, runs and ends",
  async (id) => {
    const { store } = setUp();
    expect(await store.submit(approved(id))).toEqual({ kind: "queued" });
    expect(await store.getHold(`job:${id}#1`)).toMatchObject({ amount: 10n, state: "open" });
    expect(await store.complete(await leaseOf(store), null)).toMatchObject({ booked: 10n });
    expect(await counters(store, RUN)).toEqual([0n, 10n]);
  },
);

describe("submitMany", () => {
  it("answers each job in order, and does not admit more than there is room for", async () => {
    const { store } = setUp();
    const scopes = capped(25);
    const jobs = [free("f"), paid("p"), ...["a", "b", "c"].map((id) => approved(id, scopes)), free("f")];
    const answers = await store.submitMany(jobs);
    expect(answers.map(({ kind }) => kind)).toEqual([
      "queued",
      "awaiting_approval",
      "queued",
      "queued",
      "refused",
      "exists",
    ]);
    expect(answers[4]).toMatchObject({ lacking: [{ by: 5n }, { by: 5n }] });
    expect(await counters(store, RUN)).toEqual([20n, 0n]);
    expect(await store.submitMany([])).toEqual([]);
  });

  it("takes a new job that is there twice for one", async () => {
    const { store } = setUp();
    const [queued, exists] = [{ kind: "queued" }, { kind: "exists", state: "queued" }];
    expect(await store.submitMany([approved("j"), approved("j"), approved("k")])).toEqual([
      queued,
      exists,
      queued,
    ]);
    expect(await counters(store, RUN)).toEqual([20n, 0n]);
  });

  it("names the pinned cap against which one of the jobs is, and stores nothing", async () => {
    const { store } = setUp();
    await store.pinCap(RUN, micro(50), decision());
    const pinned = approved("right", capped(50, RUN));
    const error = {
      code: "cap_conflict",
      subject: RUN,
      message: expect.stringContaining("$0.0000006") as string,
    };
    const gift = free("free", { approved: { approval: YES, scopes: capped(70, RUN) } });
    const submitted = store.submitMany([gift, pinned, approved("wrong", capped(60, RUN))]);
    await expect(submitted).rejects.toMatchObject(error);
    expect(await store.jobs()).toEqual([]);
    expect(await store.submitMany([gift, pinned])).toEqual([{ kind: "queued" }, { kind: "queued" }]);
  });

  it("stores nothing if one of the jobs is malformed", async () => {
    const { store } = setUp();
    const submitted = store.submitMany([free("a"), free("b", { maxAttempts: 0 })]);
    await expect(submitted).rejects.toThrow(RangeError);
    expect(await store.jobs()).toEqual([]);
    await expect(store.submitMany(free("a") as never)).rejects.toThrow(TypeError);
  });

  it("stores nothing if the parser refuses one of the payloads", async () => {
    const { store } = setUp({ payload: digits });
    const submitted = store.submitMany([free("a", { payload: "1" }), free("b", { payload: "x" })]);
    await expect(submitted).rejects.toThrow("digits");
    expect(await store.jobs()).toEqual([]);
  });
});

describe("job", () => {
  it("shows what the store knows", async () => {
    const { store, clock } = setUp();
    const runAt = epochSeconds(START - 5);
    const deadlines = { decideBy: epochSeconds(START + 5), claimBy: epochSeconds(START + 6) };
    const rest = { requestedBy: "team:red", tags: { user: "u-7" }, ...deadlines, maxRunSeconds: 7 };
    await store.submit(approved("j", capped(100), { payload: { a: [1] }, priority: 7, runAt, ...rest }));
    clock.now = START + 2;
    const lease = await leaseOf(store);
    clock.now = START + 3;
    await store.complete(lease, { b: null });
    expect(await store.job("j")).toEqual({
      jobId: "j",
      lane: "text",
      payload: { a: [1] },
      backend: "cloud_worker",
      maxCost: 10n,
      maxAttempts: 3,
      priority: 7,
      runAt,
      state: "succeeded",
      attempts: 1,
      retries: 0,
      approval: YES,
      cancellation: null,
      error: null,
      requestedBy: "team:red",
      tags: { user: "u-7" },
      decideBy: START + 5,
      claimBy: START + 6,
      maxRunSeconds: 7,
      leasedBy: null,
      submittedAt: START,
      decidedAt: START,
      startedAt: START + 2,
      waitingSince: null,
      endedAt: START + 3,
      booked: 10n,
      unreadable: null,
      result: { b: null },
    });
  });

  it("refuses an id that is none", async () => {
    await expect(setUp().store.job("")).rejects.toThrow(RangeError);
  });
});

describe("jobs", () => {
  it("lists in the order of submission, by state and lane, page by page", async () => {
    const { store } = setUp();
    for (let index = 0; index < 12; index++) {
      await store.submit(
        index % 3 === 0 ? paid(`${index}`) : free(`${index}`, { lane: index % 2 ? "a" : "b" }),
      );
    }
    await store.claim(["a"]);
    const ids = async (filter: Parameters<typeof store.jobs>[0]): Promise<string> =>
      (await store.jobs(filter)).map(({ jobId }) => jobId).join(" ");
    expect(await ids(undefined)).toBe("0 1 2 3 4 5 6 7 8 9 10 11");
    expect(await ids({ lane: "b" })).toBe("2 4 8 10");
    expect(await ids({ state: "running" })).toBe("1");
    expect(await ids({ state: "pending", lane: "a" })).toBe("5 7 11");
    expect(await ids({ limit: 5 })).toBe("0 1 2 3 4");
    expect(await ids({ limit: 5, after: "4" })).toBe("5 6 7 8 9");
    expect(await ids({ limit: 5, after: "9" })).toBe("10 11");
    expect(await ids({ state: "awaiting_approval", after: "2", limit: 2 })).toBe("3 6");
    expect(await ids({ after: "11" })).toBe("");
    expect(await ids({ lane: "none" })).toBe("");
  });

  it("shows 100 if no limit is given", async () => {
    const { store } = setUp();
    await store.submitMany(Array.from({ length: 101 }, (_, index) => free(`${index}`)));
    expect(await store.jobs()).toHaveLength(100);
    expect(await store.jobs({ after: "99" })).toMatchObject([{ jobId: "100" }]);
  });

  it.each<readonly [object, typeof TypeError | typeof RangeError]>([
    [{ limit: 0 }, RangeError],
    [{ limit: 1.5 }, RangeError],
    [{ state: "done" }, RangeError],
    [{ lane: "" }, RangeError],
    [{ state: 1 }, TypeError],
    [{ status: "failed" }, TypeError],
  ])("refuses the filter %j", async (filter, error) => {
    await expect(setUp().store.jobs(filter)).rejects.toThrow(error);
  });
});

describe("prune", () => {
  it("forgets the contents of what ended before an instant, and keeps its ids and its money", async () => {
    const { store, clock } = setUp();
    await store.submit(approved("old", capped(100), { payload: "secret" }));
    const lease = await leaseOf(store);
    const first = await store.complete(lease, "done", { actual: micro(4) });
    await store.submit(paid("rejected"));
    await store.reject("rejected", NO);
    clock.now += 10;
    await store.submit(free("recent"));
    await store.cancel("recent", NO);
    await store.submit(free("running", { lane: "video" }));
    await store.claim(["video"]);
    await store.submit(paid("waiting"));
    clock.now += 10;
    expect(await store.prune({ before: epochSeconds(START) })).toMatchObject({ jobs: 0 });
    expect(await store.prune({ before: epochSeconds(START + 10) })).toMatchObject({ jobs: 2 });
    expect(await store.prune({ before: epochSeconds(START + 10) })).toMatchObject({ jobs: 0 });
    expect((await store.jobs()).map(({ jobId }) => jobId)).toEqual(["recent", "running", "waiting"]);
    expect(await store.job("old")).toBeNull();
    expect(await counters(store, RUN)).toEqual([0n, 4n]);

    // Its id still answers, and nothing starts again under it.
    expect(await store.submit(approved("old", capped(100), { payload: "secret" }))).toEqual({
      kind: "exists",
      state: "succeeded",
    });
    expect(await store.submit(free("old", { payload: "other" }))).toEqual({
      kind: "exists",
      state: "succeeded",
    });
    expect(await store.complete(lease, "again")).toEqual(first);
    expect(await store.cancel("old", NO)).toEqual({ kind: "ended", state: "succeeded" });
    expect(await store.approve("rejected", YES, { scopes: capped(100) })).toEqual({
      kind: "not_waiting",
      state: "rejected",
      approval: null,
    });
    expect(await store.jobs({ after: "old", limit: 1 })).toMatchObject([{ jobId: "recent" }]);
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it("keeps the ids of holds, so that a repeat still answers exists", async () => {
    const { store, clock } = setUp();
    const request = { holdId: "h", amount: micro(10), scopes: capped(100), ttlSeconds: 60 };
    await store.hold(request);
    await store.settle("h", micro(4));
    clock.now += 1000;
    await store.prune({ before: clock() });
    expect(await store.hold(request)).toEqual({ kind: "exists", state: "settled" });
    expect(await counters(store, RUN)).toEqual([0n, 4n]);
  });

  it.each<readonly [unknown]>([[{}], [undefined], [{ before: "2026" }], [{ before: START, limit: "1" }]])(
    "refuses the options %j",
    async (options) => {
      await expect(setUp().store.prune(options as never)).rejects.toThrow(TypeError);
      await expect(setUp().store.forget(options as never)).rejects.toThrow(TypeError);
    },
  );

  it("takes a Date for the instant", async () => {
    const { store, clock } = setUp();
    await store.submit(free("j"));
    await store.complete(await leaseOf(store), 1);
    clock.now += 10;
    expect(await store.prune({ before: new Date(START * 1000) })).toMatchObject({ jobs: 0 });
    expect(await store.prune({ before: new Date(START * 1000 + 1) })).toMatchObject({ jobs: 1 });
  });

  it("refuses milliseconds, and a Date that is none", async () => {
    await expect(setUp().store.prune({ before: new Date(NaN) })).rejects.toThrow(RangeError);
    await expect(setUp().store.prune({ before: Date.now() as never })).rejects.toThrow(RangeError);
  });
});
