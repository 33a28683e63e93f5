import { Approval, type DispatchStore, Lease, type ScopeCap, epochSeconds } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import {
  decision,
  approved,
  AT_ONCE,
  capped,
  type Clock,
  counters,
  leaseOf,
  micro,
  MONTH,
  RUN,
  setUp,
  START,
  stale,
  correcting,
  lost,
} from "./support.ts";

describe("a zombie", () => {
  /** Attempt 1 was lost and charged in full; attempt 2 runs with a hold of its own. */
  async function zombie(): Promise<{ store: DispatchStore; first: Lease; second: Lease }> {
    const { store } = setUp();
    await store.submit(approved("j"));
    const first = await leaseOf(store);
    await store.recoverStale(AT_ONCE);
    return { store, first, second: await leaseOf(store) };
  }

  it.each([
    [0, 0],
    [4, 4],
    [10, 10],
    [13, 13],
  ])("that reports %d late corrects its own attempt's charge, once", async (cost, booked) => {
    const { store, first, second } = await zombie();
    const actual = micro(cost);
    expect(await store.complete(first, "zombie", { actual })).toEqual(correcting);
    expect(await store.getHold("job:j#1")).toMatchObject({ state: "settled", booked: micro(booked) });
    expect(await store.getHold("job:j#2")).toMatchObject({ state: "open", booked: 0n });
    expect(await counters(store, RUN)).toEqual([10n, micro(booked)]);
    expect(await store.complete(first, "again", { actual })).toEqual(correcting);
    expect(await store.fail(first, "again", { retriable: true, actual })).toEqual(correcting);
    for (const again of [1, 20]) {
      expect(await store.complete(first, "zombie", { actual: micro(again) })).toEqual(stale);
      expect(await store.fail(first, "zombie", { retriable: true, actual: micro(again) })).toEqual(stale);
    }
    expect(await counters(store, RUN)).toEqual([10n, micro(booked)]);
    expect(await store.complete(second, "second", { actual: micro(5) })).toMatchObject({ booked: 5n });
    expect(await store.job("j")).toMatchObject({ result: "second", attempts: 2 });
    expect(await counters(store, RUN)).toEqual([0n, micro(booked + 5)]);
  });

  it("that fails late does the same, also after the end and after a prune", async () => {
    const { store, first, second } = await zombie();
    await store.complete(second, "second", { actual: micro(5) });
    await store.prune({ before: epochSeconds(START + 1) });
    expect(await store.fail(first, "late", { retriable: true, actual: micro(3) })).toEqual(correcting);
    expect(await counters(store, MONTH)).toEqual([0n, 8n]);
  });

  it("that reports no cost leaves the full charge", async () => {
    const { store, first } = await zombie();
    expect(await store.complete(first, "zombie")).toEqual(stale);
    expect(await store.fail(first, "zombie", { retriable: true })).toEqual(stale);
    expect(await counters(store, RUN)).toEqual([10n, 10n]);
  });

  it("cannot correct an attempt that is not its own", async () => {
    const { store, first } = await zombie();
    await store.recoverStale(AT_ONCE);
    await store.complete(first, "zombie", { actual: micro(1) });
    expect(await store.getHold("job:j#2")).toMatchObject({ state: "charged", booked: 10n });
    const forged = new Lease({ ...first, token: "stranger" });
    await store.complete(forged, "zombie", { actual: micro(0) });
    expect(await counters(store, RUN)).toEqual([10n, 11n]);
  });
});

describe("a retry without room", () => {
  const until = epochSeconds(START + 100);
  /** A job that runs, in a month that ends in 100 seconds. */
  async function running(cap = 100): Promise<{ store: DispatchStore; clock: Clock; lease: Lease }> {
    const { store, clock } = setUp();
    const scopes: readonly ScopeCap[] = capped(cap).map((scope) =>
      scope.scope === MONTH ? { ...scope, until } : scope,
    );
    await store.submit(approved("j", scopes));
    return { store, clock, lease: await leaseOf(store) };
  }

  it.each([
    ["fail", 19, 9, 1],
    ["recover", 15, 10, 5],
  ])("waits for a person, and says why: %s under a cap of %d", async (how, cap, actual, lacks) => {
    const { store, lease } = await running(cap);
    if (how === "fail") {
      await store.hold({ holdId: "h", amount: micro(1), scopes: capped(cap), ttlSeconds: 60 });
      expect(await store.fail(lease, "busy", { retriable: true, actual: micro(actual) })).toEqual({
        kind: "waiting",
        booked: micro(actual),
        overrun: 0n,
      });
    } else {
      expect(await store.recoverStale(AT_ONCE)).toEqual(lost("j", 1, "waiting"));
    }
    const job = await store.job("j");
    expect(job).toMatchObject({ state: "awaiting_approval", attempts: 1, error: { code: "no_room" } });
    expect(job?.error?.message).toContain(RUN);
    expect(job?.error?.message).toContain(MONTH);
    expect(job?.error?.message).toContain(`lacks $0.0000000${lacks}`);
    expect(job?.error?.message).toContain(how === "fail" ? "busy" : "attempt 1 lost its lease");
    expect(await store.getHold("job:j#2")).toBeNull();
    expect(await store.claim(["text"])).toBeNull();
    expect(await counters(store, RUN)).toEqual([how === "fail" ? 1n : 0n, micro(actual)]);
  });

  it("is queued if what the old attempt gives back makes room", async () => {
    const { store, lease } = await running(10);
    expect(await store.fail(lease, "busy", { retriable: true, actual: micro(0) })).toMatchObject({
      kind: "requeued",
    });
  });

  it("waits from the second at which a scope is over, though there is room", async () => {
    for (const [time, kind] of [
      [START + 99.999, "requeued"],
      [START + 100, "waiting"],
    ] as const) {
      const { store, clock, lease } = await running();
      clock.now = time;
      expect(await store.fail(lease, "busy", { retriable: true })).toMatchObject({ kind });
      if (kind === "requeued") continue;
      const { error } = (await store.job("j")) ?? {};
      expect(error).toMatchObject({ code: "no_room", message: `busy; no retry: "${MONTH}" is over` });
      expect(await store.getHold("job:j#2")).toBeNull();
    }
  });

  it("waits when recovery comes after the month is over", async () => {
    const { store, clock } = await running();
    clock.now += 100;
    expect(await store.recoverStale({ ttlSeconds: 60 })).toEqual(lost("j", 1, "waiting"));
  });

  it("waits under a pinned cap that was lowered meanwhile", async () => {
    const { store, lease } = await running();
    await store.pinCap(RUN, micro(13), decision());
    expect(await store.fail(lease, "busy", { retriable: true, actual: micro(4) })).toMatchObject({
      kind: "waiting",
    });
  });

  it("is queued under a pinned cap that was raised meanwhile", async () => {
    const { store, lease } = await running(10);
    await store.pinCap(RUN, micro(20), decision());
    await store.pinCap(MONTH, micro(20), decision());
    expect(await store.fail(lease, "busy", { retriable: true })).toMatchObject({ kind: "requeued" });
  });

  it("goes on with a new approval, in other scopes, without losing count of its attempts", async () => {
    const { store, clock, lease } = await running();
    clock.now += 100;
    await store.fail(lease, "busy", { retriable: true, retryAfterSeconds: 10, actual: micro(4) });
    const again = new Approval({ author: "carol", reason: "go on", decidedAt: "2026-12-01T00:00:00Z" });
    expect(await store.approve("j", again, { scopes: capped(100, "month:2026-12") })).toEqual({
      kind: "queued",
    });
    expect(await store.job("j")).toMatchObject({
      state: "queued",
      attempts: 1,
      approval: again,
      error: null,
    });
    expect(await counters(store, MONTH)).toEqual([0n, 4n]);
    expect(await counters(store, "month:2026-12")).toEqual([10n, 0n]);
    // The delay that the failure asked for still counts.
    expect(await store.claim(["text"])).toBeNull();
    clock.now += 10;
    expect(await leaseOf(store)).toMatchObject({ attempts: 2 });
    await store.recoverStale(AT_ONCE);
    expect(await leaseOf(store)).toMatchObject({ attempts: 3 });
    expect(await store.recoverStale(AT_ONCE)).toEqual(lost("j", 3, "failed"));
    expect(await counters(store, "month:2026-12")).toEqual([0n, 20n]);
  });
});

describe("a job's hold", () => {
  it("is counted with the holds of calls, in the same scopes", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(30)));
    await store.hold({ holdId: "h", amount: micro(15), scopes: capped(30), ttlSeconds: 60 });
    expect(await store.submit(approved("k", capped(30)))).toMatchObject({
      kind: "refused",
      lacking: [{ by: 5n }, { by: 5n }],
    });
    expect(await store.extend("h", micro(6), 1)).toMatchObject({ kind: "refused" });
    expect(await store.extend("h", micro(5), 1)).toEqual({ kind: "held" });
    expect(await counters(store, RUN)).toEqual([30n, 0n]);
  });

  it("has a name that no two attempts share, also of jobs that look like attempts", async () => {
    const { store } = setUp();
    for (const id of ["a", "a#1", "a#1#1", "job:a"]) {
      expect(await store.submit(approved(id))).toEqual({ kind: "queued" });
    }
    expect(await counters(store, RUN)).toEqual([40n, 0n]);
    for (const id of ["a", "a#1", "a#1#1", "job:a"]) {
      expect(await store.getHold(`job:${id}#1`)).toMatchObject({ state: "open" });
    }
  });

  it("is frozen for the job in its whole life: one attempt, one hold", async () => {
    const { store } = setUp();
    await store.submit(approved("j", capped(1000), { maxAttempts: 5 }));
    const actuals = [3, null, 12, 0, 7];
    for (const [index, cost] of actuals.entries()) {
      const lease = await leaseOf(store);
      expect(await store.getHold(`job:j#${index + 1}`)).toMatchObject({ state: "open" });
      const actual = cost === null ? {} : { actual: micro(cost) };
      if (index < 4) await store.fail(lease, "x", { retriable: true, ...actual });
      else await store.complete(lease, "done", actual);
    }
    const holds = await Promise.all(actuals.map((_, index) => store.getHold(`job:j#${index + 1}`)));
    expect(holds.map((hold) => hold?.booked)).toEqual([3n, 10n, 12n, 0n, 7n]);
    expect(await counters(store, RUN)).toEqual([0n, 32n]);
  });
});
