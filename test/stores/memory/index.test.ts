import {
  type DispatchStore,
  type HoldRequest,
  type Job,
  type RefusedPayload,
  epochSeconds,
} from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import {
  approved,
  AT_ONCE,
  capped,
  claim,
  counters,
  decision,
  free,
  leaseOf,
  micro,
  MONTH,
  NO,
  paid,
  RUN,
  setUp,
  START,
  YES,
  stale,
  stranger,
} from "./support.ts";

/** A parser: text that is a number. */
function digits(value: unknown): unknown {
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  throw new Error("not digits");
}

describe("memoryStore", () => {
  it("gives payloads and results the types that its parsers make", async () => {
    const { store } = setUp<number, { readonly text: string }>({
      payload: (value) => Number(value),
      result: (value) => ({ text: JSON.stringify(value) }),
    });
    await store.submit({ ...free("j"), payload: 42 });
    const { lease, payload } = await claim(store);
    expect(payload.toFixed(1)).toBe("42.0");
    await store.complete(lease, { text: "done" });
    const job: Job<number, { readonly text: string }> | null = await store.job("j");
    if (job?.unreadable !== null) throw new Error("it is readable");
    expect([job.payload, job.result?.text]).toEqual([42, '{"text":"done"}']);
    // @ts-expect-error a payload of another type
    await store.submit({ ...free("k"), payload: "42" });
  });

  it("refuses what a parser refuses, before anything moves", async () => {
    const { store } = setUp({ payload: digits, result: digits });
    await expect(store.submit(approved("bad", capped(100), { payload: "x" }))).rejects.toThrow("not digits");
    expect(await store.jobs()).toEqual([]);
    expect(await counters(store, RUN)).toEqual([0n, 0n]);
    await store.submit(approved("j", capped(100), { payload: "5" }));
    const { lease, payload } = await claim(store);
    expect(payload).toBe(5);
    await expect(store.complete(lease, "x", { actual: micro(1) })).rejects.toThrow("not digits");
    expect(await counters(store, RUN)).toEqual([10n, 0n]);
    expect(await store.complete(lease, "7", { actual: micro(1) })).toMatchObject({ kind: "completed" });
    expect(await store.job("j")).toMatchObject({ payload: 5, result: 7 });
  });

  it("gives the job back at no cost if the parser refuses a payload only when it is claimed", async () => {
    let broken = false;
    const { store, clock } = setUp({
      payload: (value) => {
        if (broken && value !== "good") throw new Error("broken parser");
        return value;
      },
    });
    await store.submit(approved("j", capped(100), { priority: 1 }));
    await store.submit(free("free", { priority: 1 }));
    await store.submit(approved("other", capped(100), { payload: "good" }));
    broken = true;
    // It does not block its lane.
    expect(await leaseOf(store)).toMatchObject({ jobId: "other" });
    expect(await store.claim(["text"])).toBeNull();
    broken = false;
    const error = { code: "error", message: "the store's parser refuses a payload: broken parser" };
    expect(await store.job("j")).toMatchObject({ state: "queued", attempts: 0, error });
    expect(await store.job("free")).toMatchObject({ state: "pending", attempts: 0, error });
    expect(await store.getHold("job:j#1")).toMatchObject({ state: "settled", booked: 0n });
    expect(await store.claim(["text"])).toBeNull();
    clock.now += 60;
    expect(await leaseOf(store)).toMatchObject({ jobId: "j", attempts: 1 });
    expect(await store.getHold("job:j#2")).toMatchObject({ state: "open" });
  });

  it("gives a job once, though its own parser claims meanwhile", async () => {
    const stores: DispatchStore[] = [];
    const claims: unknown[] = [];
    let reentered = false;
    const { store } = setUp({
      payload: (value) => {
        const [own] = stores;
        if (own && !reentered) {
          reentered = true;
          claims.push(own.claim(["text"]));
        }
        return value;
      },
    });
    await store.submit(approved("j"));
    stores.push(store);
    claims.push(store.claim(["text"]));
    const answers = await Promise.all(claims);
    expect(answers.filter((claimed) => claimed !== null)).toHaveLength(1);
    expect(await store.job("j")).toMatchObject({ attempts: 1 });
  });

  it("keeps values as JSON: what the caller changes later changes nothing", async () => {
    const { store } = setUp();
    const payload = { list: [1], when: new Date(0), gone: undefined };
    await store.submit(free("j", { payload }));
    payload.list.push(2);
    const claimed = await claim(store);
    expect(claimed.payload).toEqual({ list: [1], when: "1970-01-01T00:00:00.000Z" });
    (claimed.payload as { list: number[] }).list.push(3);
    const result = { deep: { list: [1] } };
    await store.complete(claimed.lease, result);
    result.deep.list.push(2);
    const job = await store.job("j");
    expect(job).toMatchObject({ payload: { list: [1] }, result: { deep: { list: [1] } } });
    (job?.payload as { list: number[] }).list.push(4);
    (job?.result as { deep: unknown }).deep = null;
    expect(await store.job("j")).toMatchObject({ payload: { list: [1] }, result: { deep: { list: [1] } } });
  });

  it.each([null, 0, "", false, [], [null], { __proto__: null, a: 1 }, "\0\u{d800}"])(
    "gives the payload and the result %j back",
    async (value) => {
      const { store } = setUp();
      await store.submit(free("j", { payload: value }));
      const { lease, payload } = await claim(store);
      expect(payload).toEqual(value);
      await store.complete(lease, value);
      expect((await store.job("j"))?.result).toEqual(value);
    },
  );

  it("takes no result for null", async () => {
    const { store } = setUp();
    await store.submit(free("j"));
    expect(await store.complete(await leaseOf(store), undefined)).toMatchObject({ kind: "completed" });
    expect(await store.job("j")).toMatchObject({ state: "succeeded", result: null });
  });

  it("hands nothing out that could change the store: every answer is frozen", async () => {
    const { store } = setUp();
    const frozen = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      expect(value).toSatisfy(Object.isFrozen);
      Object.values(value).forEach(frozen);
    };
    frozen(await store.submit(approved("j")));
    frozen(await store.submit(approved("over", capped(1))));
    await store.submit(paid("p"));
    frozen(await store.approve("p", YES, { scopes: capped(1) }));
    frozen(await store.reject("p", NO));
    frozen(await store.cancel("p", NO));
    const lease = await leaseOf(store);
    frozen(await store.fail(lease, "x", { retriable: true }));
    frozen(await store.fail(stranger("j"), "x", { retriable: true }));
    await store.claim(["text"]);
    frozen(await store.recoverStale(AT_ONCE));
    frozen(await store.complete(await leaseOf(store), 1));
    frozen(await store.job("j"));
    frozen(await store.jobs());
  });

  it("hands nothing out that could change the store: what people decide, and what it ends by itself", async () => {
    let strict = false;
    const { store, clock } = setUp({
      payload: (value) => {
        if (strict) throw new Error("of a newer version");
        return value;
      },
    });
    const frozen = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      expect(value).toSatisfy(Object.isFrozen);
      Object.values(value).forEach(frozen);
    };
    const end = epochSeconds(START + 1);
    await store.pinCap(RUN, micro(100), decision());
    await store.raiseCap(RUN, { to: micro(200), until: end }, decision());
    frozen(await store.cap(RUN));
    await store.submit(approved("j", [{ scope: RUN }], { tags: { user: "u-7" }, claimBy: end }));
    frozen(await store.submit(paid("d", { decideBy: end, scopes: capped(100) })));
    frozen(await store.getHold("job:j#1"));
    await store.pauseLane("text", decision());
    frozen(await store.lanes());
    clock.now += 1;
    frozen(await store.approve("d", decision()));
    frozen(await store.recoverStale(AT_ONCE));
    const by = decision();
    frozen(await store.retry("j", { after: 0 }, by));
    frozen(await store.retry("j", { after: 0 }, by));
    frozen(await store.retry("j", { after: 0 }, decision()));
    frozen(await store.correct("job:j#1", micro(3), decision()));
    frozen(await store.correct("job:j#2", micro(3), decision()));
    await store.resumeLane("text", decision());
    const lease = await leaseOf(store);
    frozen(await store.cancel("j", NO));
    frozen(await store.fail(lease, "late", { retriable: true, actual: micro(1) }));
    await store.submit(free("unreadable"));
    strict = true;
    frozen(await store.job("unreadable"));
    const refused: RefusedPayload[] = [];
    await store.claim(["text"], { onRefused: (each) => refused.push(each) });
    expect(refused).toMatchObject([{ outcome: "requeued" }]);
    expect(refused[0]).toSatisfy(Object.isFrozen);
    frozen(refused[0]?.lease);
    clock.now += 1;
    frozen(await store.prune({ before: clock() }));
    frozen(await store.getHold("job:j#1"));
    frozen(await store.forget({ before: clock() }));
  });

  it("shows a job that its parsers refuse as it was stored, and says why", async () => {
    let strict = false;
    const parser = (value: unknown): unknown => {
      if (strict && value === "old") throw new Error("of an older version");
      return value;
    };
    const { store } = setUp({ payload: parser, result: parser });
    await store.submitMany([free("a", { payload: "old" }), free("b"), free("c")]);
    for (const lease of (await store.claimMany(["text"], 3)).map(({ lease }) => lease)) {
      await store.complete(lease, lease.jobId === "b" ? "old" : "new");
    }
    strict = true;
    const says = (what: string): string => `the store's parser refuses a ${what}: of an older version`;
    expect(await store.jobs()).toMatchObject([
      { jobId: "a", unreadable: says("payload"), payload: "old", result: "new", state: "succeeded" },
      { jobId: "b", unreadable: says("result"), payload: "b", result: "old" },
      { jobId: "c", unreadable: null, payload: "c", result: "new" },
    ]);
    expect(await store.job("a")).toEqual((await store.jobs())[0]);
  });

  it("hands nothing out that could change the store: the error of a job that is tried again", async () => {
    const { store } = setUp();
    await store.submit(approved("j"));
    await store.fail(await leaseOf(store), "x", { retriable: true });
    const { error } = (await store.job("j")) ?? {};
    expect(error).toSatisfy(Object.isFrozen);
  });

  it.each(["submitMany", "completeMany", "prune"] as const)("freezes what %s answers", async (method) => {
    const { store } = setUp();
    await store.submit(free("j"));
    const lease = await leaseOf(store);
    const answers = {
      submitMany: () => store.submitMany([free("k")]),
      completeMany: () => store.completeMany([{ lease, result: 1 }]),
      prune: () => store.prune({ before: epochSeconds(START) }),
    };
    expect(await answers[method]()).toSatisfy(Object.isFrozen);
  });

  it("runs on the machine's clock if it is given none", async () => {
    const store = memoryStore();
    await store.migrate();
    const before = Date.now() / 1000;
    await store.submit(free("j"));
    const { leasedAt } = await leaseOf(store);
    expect(leasedAt).toBeGreaterThanOrEqual(before);
    expect(leasedAt).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it.each<readonly [unknown]>([[null], [{ clock: 5 }], [{ payload: {} }], [{ time: () => 5 }]])(
    "refuses the options %j",
    (options) => {
      expect(() => memoryStore(options as never)).toThrow(TypeError);
    },
  );

  it("moves nothing while the clock fails", async () => {
    let time: unknown = START;
    const store = memoryStore({ clock: () => time as never });
    await store.submit(approved("j"));
    const lease = await leaseOf(store);
    await store.submit(approved("queued"));
    await store.submit(paid("waits"));
    await store.submit(free("failed", { lane: "video" }));
    await store.cancel("failed", NO);
    await store.hold({ holdId: "old", amount: micro(5), scopes: capped(100, "old"), ttlSeconds: 60 });
    await store.settle("old", micro(5));
    time = Date.now();
    const calls = [
      store.submit(approved("new")),
      store.claim(["text"]),
      store.complete(lease, 1),
      store.fail(lease, "x", { retriable: true }),
      store.renew(lease),
      store.cancel("j", NO),
      store.recoverStale(AT_ONCE),
      store.approve("waits", YES, { scopes: capped(100) }),
      store.reject("waits", NO),
      store.retry("failed", { after: 0 }, decision("retry")),
      store.correct("old", micro(9), decision("correct")),
      store.pauseLane("text", decision("pause")),
      store.pinCap(RUN, micro(1), decision("pin")),
    ];
    await Promise.all(calls.map((call) => expect(call).rejects.toThrow(RangeError)));
    time = START;
    expect(await store.job("j")).toMatchObject({ state: "running", attempts: 1, error: null });
    expect(await store.job("queued")).toMatchObject({ state: "queued", attempts: 0 });
    expect(await store.job("new")).toBeNull();
    expect(await counters(store, RUN)).toEqual([20n, 0n]);
    expect(await store.job("waits")).toMatchObject({ state: "awaiting_approval", approval: null });
    expect(await store.job("failed")).toMatchObject({ state: "failed", retries: 0 });
    expect(await counters(store, "old")).toEqual([0n, 5n]);
    expect(await store.lanes()).toEqual([]);
    expect(await store.cap(RUN)).toBeNull();
    // And no decision was remembered.
    expect(await store.retry("failed", { after: 0 }, decision("retry"))).toEqual({ kind: "queued" });
    expect(await store.correct("old", micro(9), decision("correct"))).toMatchObject({ kind: "corrected" });
  });

  it("admits nothing new into a month that is over, whose scopes an old process may still hold", async () => {
    const { store, clock } = setUp();
    const until = epochSeconds(START + 60);
    const scopes = capped(100).map((scope) => (scope.scope === MONTH ? { ...scope, until } : scope));
    const request = (holdId: string): HoldRequest => ({ holdId, amount: micro(10), scopes, ttlSeconds: 600 });
    expect(await store.hold(request("in time"))).toEqual({ kind: "held" });
    await store.submit(paid("waits"));
    clock.now += 60;
    const refused = { kind: "refused", lacking: [{ scope: MONTH, by: 10n, until, over: true }] };
    expect(await store.hold(request("late"))).toEqual(refused);
    expect(await store.submit(approved("late", scopes))).toEqual(refused);
    expect(await store.approve("waits", YES, { scopes })).toEqual(refused);
    expect(await store.job("late")).toBeNull();
    expect(await store.job("waits")).toMatchObject({ state: "awaiting_approval", approval: null });
    // What was admitted in time goes on: it may be repeated, extended and settled.
    expect(await store.hold(request("in time"))).toEqual({ kind: "exists", state: "open" });
    expect(await store.extend("in time", micro(5), 1)).toEqual({ kind: "held" });
    expect(await counters(store, MONTH)).toEqual([15n, 0n]);
    expect(await store.settle("in time", micro(12))).toMatchObject({ booked: 12n, overrun: 0n });
    expect(await counters(store, RUN)).toEqual([0n, 12n]);
  });

  it("shares nothing with another store", async () => {
    const [one, other] = [setUp().store, setUp().store];
    await one.submit(approved("j"));
    expect(await other.claim(["text"])).toBeNull();
    expect(await counters(other, RUN)).toEqual([0n, 0n]);
    expect(await other.complete(await leaseOf(one), 1)).toEqual(stale);
  });
});
