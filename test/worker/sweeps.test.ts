import { epochSeconds } from "dispatch-kit";
import { describe, expect, it, vi } from "vitest";
import { approved, capped, free, micro, paid, RUN, START } from "../stores/memory/support.ts";
import { failedCalls, fakeTime, hearing, NOBODY, pass, storeWith, working } from "./support.ts";

fakeTime();

describe("work: recovery", () => {
  it("recovers lost leases and expires holds at once and then every so often, as long as there is more", async () => {
    let left = 3;
    const { store, times } = storeWith({
      recoverStale: ({ ttlSeconds }) => {
        expect(ttlSeconds).toBe(30);
        const attempts = left-- > 0 ? [{ jobId: "j", attempt: 1, charged: 0n, outcome: "requeued" }] : [];
        // An own store that knows no deadlines: it has no `ended`.
        return { attempts, more: left > 0 } as never;
      },
      expire: () => ({ charged: [], more: true }),
    });
    const { onEvent, heard } = hearing();
    const worker = working(store, () => null, { leaseSeconds: 30, recoverEverySeconds: 10, onEvent });
    await pass(15);
    expect(times("recoverStale")).toEqual([0, 0, 0, 10]);
    // More that cannot be charged now is left for the next time.
    expect(times("expire")).toEqual([0, 10]);
    expect([heard("recovered").length, heard("expired"), heard("store_failed")]).toEqual([3, [], []]);
    await worker.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does so every leaseSeconds, if nobody says otherwise, also in a store without expire", async () => {
    const { store, times } = storeWith({ expire: undefined });
    const worker = working(store, () => null, { leaseSeconds: 40 });
    await pass(85);
    expect(times("recoverStale")).toEqual([0, 40, 80]);
    await worker.stop();
  });

  it("does both in full, though it is stopped meanwhile", async () => {
    const { store, times } = storeWith();
    const worker = working(store, () => null);
    expect([await worker.stop(), times("recoverStale"), times("expire")]).toEqual([NOBODY, [0], [0]]);
  });

  it("ends at the stop, though there is more", async () => {
    const stop = new AbortController();
    let calls = 0;
    const { store } = storeWith({
      recoverStale: () => {
        if (++calls === 3) stop.abort();
        const attempts = [{ jobId: "j", attempt: 1, charged: micro(0), outcome: "requeued" }] as const;
        return { attempts, ended: [], more: calls < 1000 };
      },
    });
    expect([await working(store, () => null, { signal: stop.signal }).summary, calls]).toEqual([NOBODY, 3]);
  });

  it("looks at once for what it has recovered", async () => {
    const { store } = storeWith();
    await store.submit(free("a"));
    await store.claim(["text"]);
    const worker = working(store, (payload) => payload, {
      leaseSeconds: 30,
      poll: { minSeconds: 1000, maxSeconds: 1000 },
    });
    await pass(30);
    expect(await store.job("a")).toMatchObject({ state: "succeeded", attempts: 2 });
    await worker.stop();
  });

  it("tells of each lost attempt, each job at its deadline, and each hold that it charged", async () => {
    const { store } = storeWith();
    const scopes = capped(100, RUN);
    await store.submit(approved("lost", scopes, { maxAttempts: 1 }));
    await store.claim(["text"], { leaseSeconds: 5 });
    await store.submit(approved("unclaimed", scopes, { lane: "video", claimBy: epochSeconds(START + 5) }));
    await store.submit(paid("undecided", { decideBy: epochSeconds(START + 5) }));
    await store.hold({ holdId: "call-1", amount: micro(7), scopes, ttlSeconds: 5 });
    await pass(5);
    const { onEvent, heard } = hearing();
    const worker = working(store, () => null, { onEvent });
    await pass(0);
    expect(heard("recovered")).toEqual([
      { kind: "recovered", jobId: "lost", attempt: 1, charged: 10n, outcome: "failed" },
    ]);
    expect(heard("expired")).toEqual(
      expect.arrayContaining([
        { kind: "expired", jobId: "unclaimed", state: "failed", released: 10n },
        { kind: "expired", jobId: "undecided", state: "rejected", released: 0n },
        { kind: "expired", holdId: "call-1", amount: 7n },
      ]),
    );
    expect(heard("expired")).toHaveLength(3);
    await worker.stop();
  });

  it("goes on while there is more of what only a deadline has ended", async () => {
    const { store } = storeWith();
    const jobs = Array.from({ length: 150 }, (_, n) => paid(`j${n}`, { decideBy: epochSeconds(START + 5) }));
    await store.submitMany(jobs);
    await pass(5);
    const { onEvent, heard } = hearing();
    const worker = working(store, () => null, { onEvent });
    await pass(0);
    expect(heard("expired")).toHaveLength(150);
    await worker.stop();
  });

  it("tells of a recovery that failed, and goes on with the rest", async () => {
    const broken = new Error("no connection");
    const { store, times } = storeWith({
      recoverStale: () => {
        throw broken;
      },
    });
    const told: unknown[] = [];
    const worker = working(store, () => null, { leaseSeconds: 10, onEvent: failedCalls(told) });
    await pass(10);
    expect([told, times("expire")]).toEqual([
      [broken, broken],
      [0, 10],
    ]);
    await worker.stop();
  });
});
