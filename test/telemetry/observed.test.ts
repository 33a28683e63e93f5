import { type BudgetLedger, type DispatchStore, type JobRequest, runScope, usd } from "dispatch-kit";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { memoryStore } from "dispatch-kit/memory";
import { type PostgresStore, postgresStore } from "dispatch-kit/postgres";
import { errorType, observed, type Operation } from "dispatch-kit/telemetry";
import { describe, expect, it, vi } from "vitest";
import { thrownBy } from "../calls/with-hold-support.ts";
import { cutOff } from "../conformance/makers.ts";

const scopes = [{ scope: runScope("1"), cap: usd("1") }];
const request = { holdId: "call-1", amount: usd("0.60"), scopes, ttlSeconds: 60 };
const approval = { author: "ann", reason: "secret", decidedAt: "2026-11-23T00:00:00Z" };
const job: JobRequest<unknown> = {
  jobId: "1",
  lane: "text",
  payload: "secret",
  backend: "sdk",
  maxCost: usd("0.25"),
  maxAttempts: 2,
  approved: { approval, scopes },
};
const decision = { id: "d", approval };

function watched<Store extends object>(store: Store): { store: Store; told: Operation[] } {
  const told: Operation[] = [];
  return { store: observed(store, { onOperation: (operation) => told.push(operation) }), told };
}

describe("observed: the store", () => {
  // Those that are skipped need a hook that a store in memory cannot have.
  const makeStore: MakeStore<DispatchStore> = Object.assign(
    (options: Parameters<MakeStore<DispatchStore>>[0]) => {
      const hooks = {
        onOperation: () => {
          throw new Error("the hook's own");
        },
      };
      return observed(memoryStore(options), hooks);
    },
    { peer: (store: DispatchStore) => store, cut: cutOff },
  );
  it.each(conformance(makeStore).map(({ name, run }) => [name, run] as const))(
    "is what it was: %s",
    async (_, run) => {
      expect(["passed", "skipped"]).toContain((await run()).kind);
    },
  );

  it("runs each method on itself, with its private fields, and keeps what is no method", () => {
    class Own {
      readonly #scope = "run:1";
      count = 0;
      optional = undefined;
      usage(scope: string) {
        this.count++;
        return scope === this.#scope;
      }
      get scope() {
        return this.#scope;
      }
    }
    const own = new Own();
    const { store, told } = watched(own);
    const usage: unknown = Reflect.get(store, "usage");
    expect(store.usage("run:1")).toBe(true);
    expect([store.count, store.scope, store.optional]).toEqual([1, "run:1", undefined]);
    expect(store).toBeInstanceOf(Own);
    expect(Reflect.get(store, "usage")).toBe(usage);
    expect(told).toMatchObject([{ name: "usage", scopes: ["run:1"], outcome: null, error: null }]);
  });

  it("has no method that it has left out", () => {
    const part: Partial<BudgetLedger> = { release: () => ({ kind: "released" }) };
    const { store } = watched(part);
    expect([Object.keys(store), store.expire, "expire" in store]).toEqual([["release"], undefined, false]);
  });

  it("may be frozen or have no prototype", () => {
    const bare: Pick<BudgetLedger, "release"> = Object.freeze({
      __proto__: null,
      release: () => ({ kind: "released" as const }),
    });
    const { store, told } = watched(bare);
    expect(store.release("a")).toEqual({ kind: "released" });
    expect(told).toMatchObject([{ name: "release", holdId: "a", outcome: "released" }]);
  });

  it("answers and fails with the same values, with a promise or without", async () => {
    const answer = { kind: "released" as const };
    const error = new Error("own");
    const fails = () => {
      throw error;
    };
    const { store, told } = watched({
      now: () => answer,
      later: () => Promise.resolve(answer),
      fails,
      rejects: () => Promise.reject(error),
    });
    expect(store.now()).toBe(answer);
    expect(await store.later()).toBe(answer);
    expect(store.fails).toThrow(error);
    expect(await thrownBy(store.rejects())).toBe(error);
    expect(told.map(({ name, outcome, error }) => [name, outcome, error])).toEqual([
      ["now", "released", null],
      ["later", "released", null],
      ["fails", null, "Error"],
      ["rejects", null, "Error"],
    ]);
  });

  it("reads arguments before the hook does, and each getter has its first value for it", async () => {
    const amounts = [usd("0.10"), usd("99")];
    const tricky = {
      ...request,
      get amount() {
        return amounts.shift() ?? usd("99");
      },
    };
    const { store } = watched(memoryStore());
    expect(await store.hold(tricky)).toEqual({ kind: "held" });
    expect((await store.getHold("call-1"))?.amount).toBe(usd("0.10"));
  });

  it("in a transaction of the caller is observed too", async () => {
    const client = { query: () => Promise.reject(new Error("gone")) };
    const store: PostgresStore = postgresStore(client);
    const { store: seen, told } = watched(store);
    expect(errorType(await thrownBy(seen.within(client).usage("run:1")))).toBe("outcome_unknown");
    expect(told.map(({ name, error }) => [name, error])).toEqual([["usage", "outcome_unknown"]]);
  });
});

describe("observed: the hook", () => {
  it("hears of ids, scopes and amounts, and of nothing else", async () => {
    const { store, told } = watched(memoryStore());
    await store.hold(request);
    await store.hold({ ...request, holdId: "call-2" });
    await store.extend("call-1", usd("0.10"), 1);
    await store.settle("call-1", usd("0.80"));
    await store.settle("call-1", usd("0.90"));
    await store.correct("call-1", usd("0.30"), decision);
    const money = told.map(({ name, outcome, amount, booked, overrun, corrects }) => [
      ...[name, outcome, amount, booked, overrun, corrects],
    ]);
    expect(money).toEqual([
      ["hold", "held", usd("0.60"), null, null, false],
      ["hold", "refused", usd("0.60"), null, null, false],
      ["extend", "held", usd("0.10"), null, null, false],
      ["settle", "settled", usd("0.80"), usd("0.80"), usd("0.10"), false],
      ["settle", "conflict", usd("0.90"), null, null, false],
      ["correct", "corrected", usd("0.30"), usd("0.30"), 0n, true],
    ]);
    expect(told[1]).toMatchObject({ holdId: "call-2", scopes: ["run:1"], refused: 1 });
    expect(JSON.stringify(told)).not.toContain("secret");
    expect(JSON.parse(JSON.stringify(told[0]))).toMatchObject({ amount: "0.60", name: "hold" });
    expect(Object.isFrozen(told[0])).toBe(true);
  });

  it("hears of jobs, and of what ends many at once as a sum", async () => {
    let now = 1_795_392_000;
    const { store, told } = watched(memoryStore({ clock: () => now++ as never }));
    await store.submit(job);
    await store.submitMany([
      { ...job, jobId: "2" },
      { ...job, jobId: "3" },
      { ...job, jobId: "4", maxCost: usd("0.50") },
    ]);
    const claimed = await store.claim(["text"]);
    await store.claim(["other"]);
    const [second] = await store.claimMany(["text"], 1);
    if (claimed === null || second === undefined) throw new Error("nothing to claim");
    await store.renew(claimed.lease);
    const ends = [claimed, second].map(({ lease }) => ({ lease, result: "secret", actual: usd("0.20") }));
    await store.completeMany(ends);
    await store.claim(["text"], { leaseSeconds: 1 });
    await store.recoverStale({ ttlSeconds: 1 });
    expect(
      told.map(({ name, outcome, jobId, refused, booked }) => [name, outcome, jobId, refused, booked]),
    ).toEqual([
      ["submit", "queued", "1", 0, null],
      ["submitMany", "mixed", null, 1, null],
      ["claim", null, "1", 0, null],
      ["claim", "none", null, 0, null],
      ["claimMany", null, null, 0, null],
      ["renew", null, "1", 0, null],
      ["completeMany", "completed", null, 0, usd("0.40")],
      ["claim", null, "3", 0, null],
      ["recoverStale", null, null, 0, usd("0.25")],
    ]);
    expect(told[0]).toMatchObject({ lane: "text", scopes: ["run:1"], amount: usd("0.25") });
    expect(JSON.stringify(told)).not.toContain("secret");
  });

  it.each([
    ["release", ["h"], { holdId: "h" }],
    ["getHold", ["h"], { holdId: "h" }],
    ["usage", ["s"], { scopes: ["s"] }],
    ["cap", ["s"], { scopes: ["s"] }],
    ["pinCap", ["s", usd("1"), decision], { scopes: ["s"], amount: usd("1") }],
    ["unpinCap", ["s", decision], { scopes: ["s"], amount: null }],
    ["raiseCap", ["s", { to: usd("2"), until: new Date(0) }], { scopes: ["s"], amount: usd("2") }],
    ["approve", ["j", decision, { scopes }], { jobId: "j", scopes: ["run:1"] }],
    ["retry", ["j", { after: 0, scopes }, decision], { jobId: "j", scopes: ["run:1"] }],
    ["reject", ["j", decision], { jobId: "j" }],
    ["cancel", ["j", decision], { jobId: "j" }],
    ["job", ["j"], { jobId: "j" }],
    ["attempts", ["j"], { jobId: "j" }],
    ["complete", [{ jobId: "j", token: "secret" }, "secret"], { jobId: "j" }],
    ["fail", [{ jobId: "j", token: "secret" }, "secret", {}], { jobId: "j" }],
    ["pauseLane", ["l", decision], { lane: "l" }],
    ["resumeLane", ["l", decision], { lane: "l" }],
    ["toString", ["j"], { jobId: null }],
    ["ownMethod", [{ holdId: "h" }], { holdId: null, scopes: [] }],
  ])("hears what %s is about", (name, args, about) => {
    const { store, told } = watched<Record<string, (...args: unknown[]) => null>>({ [name]: () => null });
    store[name]?.(...args);
    expect(told).toMatchObject([{ name, outcome: "none", ...about }]);
    expect(JSON.stringify(told)).not.toContain("secret");
  });

  it.each([
    ["expire", { charged: [{ amount: usd("1") }, { amount: usd("2") }] }, usd("3"), false],
    ["expire", { charged: [] }, null, false],
    ["expire", {}, null, false],
    ["cancel", { kind: "cancelled", booked: usd("1") }, usd("1"), false],
    ["fail", { kind: "requeued", booked: usd("1"), overrun: 0n }, usd("1"), false],
    ["complete", { kind: "stale", corrected: true }, null, true],
    ["settle", { kind: "settled", booked: usd("1"), corrected: true }, usd("1"), true],
    ["getHold", { booked: usd("1") }, null, false],
    ["completeMany", [], null, false],
  ])("hears what %s has booked: %#", (name, answer, booked, corrects) => {
    const { store, told } = watched<Record<string, () => unknown>>({ [name]: () => answer });
    store[name]?.();
    expect(told).toMatchObject([{ booked, corrects }]);
  });

  it("hears nothing of what cannot be read", () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("hostile");
        },
        getOwnPropertyDescriptor: () => {
          throw new Error("hostile");
        },
      },
    );
    const { store, told } = watched({ hold: (request: unknown) => request });
    expect(store.hold(hostile)).toBe(hostile);
    expect(told).toEqual([]);
    const { store: other, told: heard } = watched({ hold: (request: unknown) => request === null });
    other.hold(hostile);
    expect(heard).toMatchObject([{ name: "hold", holdId: null, scopes: [], amount: null }]);
  });

  it("hears when an operation began and how long it took", async () => {
    vi.useFakeTimers({ now: 1_795_392_000_500, toFake: ["Date", "performance", "setTimeout"] });
    const { store, told } = watched({
      wait: () => new Promise((resolve) => setTimeout(resolve, 250)),
    });
    const waiting = store.wait();
    await vi.advanceTimersByTimeAsync(250);
    await waiting;
    vi.useRealTimers();
    expect(told).toMatchObject([{ startedAt: 1_795_392_000.5, seconds: 0.25 }]);
  });

  it("may reject", async () => {
    const onOperation = () => Promise.reject(new Error("the hook's own"));
    expect(await observed(memoryStore(), { onOperation }).getHold("x")).toBeNull();
  });

  it.each([
    ["no store", null, { onOperation: () => null }, "observed: store must be a store; got null"],
    ["no hooks", {}, undefined, "observed: hooks must be an object; got undefined"],
    ["no function", {}, {}, "observed: hooks.onOperation must be a function; got undefined"],
  ])("is refused: %s", (_, store, hooks, message) => {
    expect(() => observed(store as never, hooks as never)).toThrow(new TypeError(message));
  });
});
