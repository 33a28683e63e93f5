import type { Approval, BudgetCap, BudgetState, ExternalEndpoint, JobRequest, ScopeCap } from "dispatch-kit";
import type { OpenHold } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";
import { claim } from "./stores/memory/support.ts";
import { type Copy, ours, secondCopy } from "./support/copies.ts";
import { type As, NOW, valueClasses } from "./support/value-classes.ts";

// Two installed versions, or two bundles, in one process: each has classes of its own.
const theirs = await secondCopy();
const { core, calls, memory, worker } = ours;
const { usd } = core;

/** The same value as another copy makes it. */
function madeBy(copy: Copy, name: string): As {
  const found = valueClasses(copy).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return (value) => found.make({ ...value }) as typeof value;
}

describe.each([
  ["theirs, here", ours, theirs],
  ["ours, there", theirs, ours],
] as const)("a value object of another copy: %s", (_, here, there) => {
  describe.each(valueClasses(here))("$name", ({ name, value, make, json, uses }) => {
    const expected = (use: (as: As) => unknown): unknown => use((given) => given);

    it("is of another class", () => {
      const foreign = madeBy(there, name)(value);
      if (name !== "a scope that was answered") expect(foreign.constructor).not.toBe(value.constructor);
      expect(foreign.constructor.name).toBe(value.constructor.name);
      expect(foreign).toEqual(value);
    });

    it.each(Object.entries(uses))("%s: takes it as it takes its own", async (_label, use) => {
      expect(await use(madeBy(there, name))).toEqual(await expected(use));
    });

    it.each(Object.entries(uses))(
      "%s: takes a structuredClone, a spread and a proxy",
      async (_label, use) => {
        const answer = await expected(use);
        expect(await use((given) => structuredClone(given))).toEqual(answer);
        expect(await use((given) => ({ ...given }))).toEqual(answer);
        expect(await use((given) => new Proxy(given, {}))).toEqual(answer);
      },
    );

    it.each(Object.entries(uses))(
      "%s: takes what went through JSON, unless it holds money",
      async (_label, use) => {
        const sent: As = (given) => JSON.parse(JSON.stringify(given)) as typeof given;
        if (json) expect(await use(sent)).toEqual(await expected(use));
        else await expect((async () => await use(sent))()).rejects.toThrow(/must be MicroCents/);
      },
    );

    it("is copied: nothing that is done to it later is seen", () => {
      const foreign = { ...value };
      const taken = make(foreign);
      const before = { ...taken };
      for (const key of Object.keys(foreign)) Reflect.set(foreign, key, "changed");
      expect({ ...taken }).toEqual(before);
      expect(Object.isFrozen(taken)).toBe(true);
    });
  });
});

describe("money of another copy, as JSON", () => {
  it("is read by fromJSON, as its own is", () => {
    const cap = new theirs.core.BudgetCap({ run: theirs.core.usd("1.5"), month: theirs.core.usd(2) });
    const state = new theirs.core.BudgetState({
      reserved: theirs.core.usd(0),
      spent: theirs.core.usd("0.1"),
    });
    const sent = (value: object): unknown => JSON.parse(JSON.stringify(value));
    expect(core.BudgetCap.fromJSON(sent(cap))).toEqual(cap);
    expect(core.BudgetState.fromJSON(sent(state))).toEqual(state);
    expect(core.admits(usd("1.41"), state, state, cap).refusedWindow).toBe("run");
    expect(core.admits(usd("1.4"), state, state, cap).admitted).toBe(true);
  });
});

const at = theirs.core.epochSeconds(NOW);
const cap = new theirs.core.BudgetCap({ run: usd(1), month: usd(10) });
const approval = new theirs.core.Approval({
  author: "alice",
  reason: "demo",
  decidedAt: new Date(NOW * 1000),
});
const paid: JobRequest<unknown> = {
  jobId: "1",
  lane: "a",
  payload: 1,
  backend: core.BackendKind.CLOUD_WORKER,
  maxCost: usd("0.40"),
  maxAttempts: 2,
};

describe("a store", () => {
  const storeOf = (copy: Copy) => copy.memory.memoryStore({ clock: () => core.epochSeconds(NOW) });

  it("takes a job whose approval, scopes and cap another copy made, and the lease of another", async () => {
    const store = storeOf(ours);
    const scopes = theirs.core.runAndMonth({ runId: "1", at, cap, timeZone: "UTC" });
    expect(await store.submit({ ...paid, approved: { approval, scopes } })).toEqual({ kind: "queued" });
    const foreign = new theirs.core.Lease({ ...(await claim(store, "a")).lease });
    expect(await store.renew(foreign)).toBe(true);
    expect(await store.fail(foreign, "busy", { retriable: true, actual: usd("0.10") })).toMatchObject({
      kind: "requeued",
    });
    // The fence is the token, whoever made the lease: this one does not hold the job any more.
    expect(await store.complete(foreign, "late")).toEqual({ kind: "stale", corrected: false });
    const next = new theirs.core.Lease({ ...(await claim(store, "a")).lease });
    expect(await store.complete(next, "done", { actual: usd("0.30") })).toMatchObject({ kind: "completed" });
    expect(await store.usage("run:1")).toEqual(
      new theirs.core.BudgetState({ reserved: usd(0), spent: usd("0.40") }),
    );
  });

  it("takes the decisions and the errors of another copy", async () => {
    const store = storeOf(ours);
    await store.pinCap("run:1", usd(1), { id: "d1", approval });
    await store.raiseCap("run:1", { to: usd(2), until: at }, { id: "d2", approval });
    const conflict = store.unpinCap("run:1", { id: "d1", approval });
    await expect(conflict).rejects.toSatisfy((error) =>
      theirs.core.isDispatchError(error, "decision_conflict"),
    );
    await store.submit({ ...paid, approved: { approval, scopes: [{ scope: "run:1" }] } });
    const { lease } = await claim(store, "a");
    const error = new theirs.core.NonRetriableError("no", { actual: usd("0.10") });
    expect(core.isDispatchError(error, "non_retriable")).toBe(true);
    expect(await store.fail(lease, error.message, { retriable: false, actual: usd("0.10") })).toMatchObject({
      kind: "failed",
    });
    expect(await store.retry("1", { after: 0 }, { id: "d3", approval })).toEqual({ kind: "queued" });
    const summary = await core.drain(
      store,
      () => {
        throw error;
      },
      { lanes: ["a"] },
    );
    expect(summary).toMatchObject({ failed: 1, requeued: 0 });
    expect(await store.usage("run:1")).toMatchObject({ reserved: 0n, spent: usd("0.20") });
  });

  it("takes the scopes that another store has answered", async () => {
    const other = storeOf(theirs);
    const scopes = theirs.core.runAndMonth({ runId: "1", at, cap, timeZone: "UTC" });
    await other.hold({ holdId: "h", amount: usd("0.60"), scopes, ttlSeconds: 60 });
    const kept = (await other.getHold("h"))?.scopes as readonly ScopeCap[];
    const store = storeOf(ours);
    const hold = { amount: usd("0.60"), scopes: kept, ttlSeconds: 60 };
    expect(await store.hold({ ...hold, holdId: "1" })).toEqual({ kind: "held" });
    expect(await store.hold({ ...hold, holdId: "2" })).toMatchObject({
      kind: "refused",
      lacking: [{ scope: "run:1", by: usd("0.20") }],
    });
    expect((await store.getHold("1"))?.scopes).toEqual(kept);
  });

  it("refuses an approval of another copy that rejects, and a rejection that approves", async () => {
    const store = storeOf(ours);
    await store.submit(paid);
    const no = new theirs.core.Approval({ ...approval, outcome: "rejected" });
    const scopes = [{ scope: "run:1", cap: usd(1) }];
    await expect(store.approve("1", no, { scopes })).rejects.toThrow(
      /outcome must be approved; got "rejected"/,
    );
    await expect(store.reject("1", approval)).rejects.toThrow(/outcome must be rejected; got "approved"/);
    expect((await store.job("1"))?.state).toBe("awaiting_approval");
    expect(await store.reject("1", no)).toEqual({ kind: "rejected" });
  });

  it("of another copy is drained, worked and held in as an own one", async () => {
    const other = storeOf(theirs);
    const scopes = core.runAndMonth({ runId: "1", at: core.epochSeconds(NOW), cap, timeZone: "UTC" });
    for (const jobId of ["1", "2"]) await other.submit({ ...paid, jobId, approved: { approval, scopes } });
    const actualCost = () => usd("0.05");
    const summary = await core.drain(other, () => "done", { lanes: ["a"], actualCost });
    expect(summary).toEqual({ completed: 2, requeued: 0, failed: 0, waiting: 0, given_back: 0, stale: 0 });
    await other.submit({ ...paid, jobId: "3", approved: { approval, scopes } });
    const stop = new AbortController();
    const run = (): string => {
      stop.abort();
      return "done";
    };
    await worker.work(other, run, { lanes: ["a"], signal: stop.signal, actualCost });
    const request = { holdId: "call", amount: usd("0.60"), scopes, ttlSeconds: 60 };
    const called = await calls.withHold(other, request, () => ({ value: "x", actual: usd("0.20") }));
    expect(called).toMatchObject({ value: "x" });
    expect(await other.usage("run:1")).toEqual(
      new core.BudgetState({ reserved: usd(0), spent: usd("0.35") }),
    );
    const rooms = await calls.roomsIn(other, scopes);
    const local = { kind: core.BackendKind.LOCAL, capabilities: new theirs.core.BackendCapabilities() };
    const needs = new theirs.core.ToolRequirements({ toolId: "t" });
    const select = (most: string) =>
      calls.selectAffordable([local], needs, { maxCost: () => usd(most), scopes: rooms }).kind;
    expect([select("0.65"), select("0.65000001")]).toEqual(["selected", "refused"]);
  });
});

describe("an error of another copy", () => {
  it("is known by its code, and carries what a retry needs", async () => {
    const store = memory.memoryStore({ clock: () => core.epochSeconds(NOW) });
    const scopes = [{ scope: "run:1", cap: usd(1) }];
    await store.submit({ ...paid, approved: { approval, scopes } });
    const busy = new theirs.core.RetriableError("busy", { actual: usd("0.01"), retryAfterSeconds: 30 });
    expect(busy).not.toBeInstanceOf(core.RetriableError);
    expect(core.isDispatchError(busy, "retriable")).toBe(true);
    const run = (): never => {
      throw busy;
    };
    expect(await core.drain(store, run, { lanes: ["a"] })).toMatchObject({ requeued: 1 });
    expect((await store.usage("run:1")).spent).toBe(usd("0.01"));
    expect(await store.claim(["a"])).toBeNull();
  });

  it("that selectBackend has thrown says why there, too", () => {
    const backend = {
      kind: core.BackendKind.LOCAL,
      capabilities: new core.BackendCapabilities({ toolIds: [] }),
    };
    let thrown: unknown;
    try {
      theirs.core.selectBackend([backend], new core.ToolRequirements({ toolId: "t" }));
    } catch (error) {
      thrown = error;
    }
    expect(core.isDispatchError(thrown, "no_eligible_backend")).toBe(true);
  });
});

describe("what only this copy can have made", () => {
  const secret = new theirs.core.SecretRef("KEY");
  const baseUrl = "https://api.example.com/private-path";
  const foreign = new theirs.core.ExternalEndpoint({ name: "api", baseUrl, secret });
  const own = new core.ExternalEndpoint({ name: "api", baseUrl, secret });
  const alike = (endpoint: ExternalEndpoint): readonly unknown[] => [
    { ...endpoint },
    structuredClone({ ...endpoint, secret: null }),
    JSON.parse(JSON.stringify(endpoint)),
    new Proxy(endpoint, {}),
    Object.create(endpoint),
    { name: "api", baseUrl, secret },
  ];
  const again = (what: string): RegExp =>
    new RegExp(
      `^${what} must be an ExternalEndpoint .*this copy of dispatch-kit.*` +
        "new ExternalEndpoint\\(\\{ name, baseUrl, secret \\}\\)",
    );

  it.each<readonly [string, (endpoint: never) => unknown]>([
    ["logEgress", (endpoint) => core.logEgress(endpoint, { log: () => null })],
    ["egressFetch: endpoint", (endpoint) => calls.egressFetch(endpoint, "x", {}, { log: () => null })],
    ["egressFetch: endpoint", (endpoint) => calls.endpointFetch(endpoint, { log: () => null })],
    ["baseUrl: this", (endpoint) => Reflect.get(core.ExternalEndpoint.prototype, "baseUrl", endpoint)],
  ])("%s: an endpoint of another copy is refused, with the way to make it again", async (what, use) => {
    for (const endpoint of [foreign, ...alike(foreign), ...alike(own)]) {
      const called = (async () => await use(endpoint as never))();
      await expect(called).rejects.toThrow(TypeError);
      await expect(called).rejects.toThrow(again(what));
    }
  });

  it("the endpoint that is made again, with the secret of the other copy, is taken", () => {
    const made = new core.ExternalEndpoint({
      name: foreign.name,
      baseUrl: foreign.baseUrl,
      secret: foreign.secret,
    });
    expect(made.baseUrl).toBe(baseUrl);
    expect(core.logEgress(made, { log: () => null }).host).toBe("api.example.com");
  });

  it("the hold of another copy's withHold pays for no request of this one, and is settled as unsent", async () => {
    const ledger = memory.memoryStore();
    const request = {
      holdId: "h",
      amount: usd(1),
      scopes: [{ scope: "run:1", cap: usd(1) }],
      ttlSeconds: 60,
    };
    let sent = 0;
    const fetch = (): Promise<Response> => {
      sent++;
      return Promise.resolve(new Response("ok"));
    };
    const seen: OpenHold[] = [];
    const call = theirs.calls.withHold(ledger, request, async ({ hold }) => {
      seen.push(hold);
      await calls.egressFetch(own, "x", {}, { hold, fetch, log: () => null, env: { KEY: "k" } });
      return { value: 1, actual: usd(0) };
    });
    await expect(call).rejects.toThrow(/must be the .*hold.* withHold/);
    expect(sent).toBe(0);
    const wrong = [{ ...seen[0] }, Object.create(seen[0] ?? null) as OpenHold, { holdId: "h" }];
    for (const hold of wrong) {
      const options = { hold: hold as OpenHold, fetch, log: () => null, env: { KEY: "k" } };
      await expect(calls.egressFetch(own, "x", {}, options)).rejects.toThrow(/must be the .*hold.* withHold/);
    }
    expect(sent).toBe(0);
  });
});

// A sanity check of this file: it would prove nothing with one copy.
it("the second copy is another one", () => {
  for (const name of ["Approval", "BudgetCap", "BudgetState", "Lease", "DispatchError"] as const) {
    expect(theirs.core[name]).not.toBe(core[name]);
  }
  const values: readonly (Approval | BudgetCap | BudgetState)[] = [approval, cap];
  expect(values.some((value) => value instanceof core.Approval || value instanceof core.BudgetCap)).toBe(
    false,
  );
});
