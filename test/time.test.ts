import {
  BudgetCap,
  dayScope,
  epochSeconds,
  type Instant,
  isLeaseStale,
  Lease,
  monthScope,
  runAndMonth,
  summarizeFleet,
  usd,
  weekScope,
  Worker,
  workerHealth,
} from "dispatch-kit";
import { ratesFromGenaiPrices, ratesFromLitellm } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { holdRequest, isOver, jobRequest, lackingScopes, scopeCaps } from "dispatch-kit/rules";
import { describe, expect, it } from "vitest";

describe("epochSeconds", () => {
  it.each([
    [new Date("2026-11-23T00:00:00.500Z"), 1_795_392_000.5],
    [0, 0],
    [-86_400.25, -86_400.25],
    [new Date(-1000), -1],
    [99_999_999_999, 99_999_999_999],
  ])("%s is %s", (value, expected) => {
    expect(epochSeconds(value)).toBe(expected);
  });

  it.each([1e11, Date.UTC(2026, 10, 23), -1e11, NaN, Infinity, -Infinity, new Date(NaN)])(
    "refuses %s, which can only be milliseconds or nothing",
    (value) => {
      expect(() => epochSeconds(value)).toThrow(RangeError);
    },
  );

  it.each([undefined, null, "1795392000", 1n, {}, "2026-11-23"])("refuses the type of %s", (value) => {
    expect(() => epochSeconds(value as never)).toThrow(TypeError);
  });
});

describe("a Date is taken wherever an instant is", () => {
  const cap = new BudgetCap({ run: usd(1), month: usd(1) });
  const worker = { name: "a", kind: "lan_worker", lanes: ["l"] } as const;
  const limits = { staleAfterS: 30, deadAfterS: 60 };
  const prices = { id: "m", prices: { input_mtok: 3, output_mtok: 15 } };
  const list = { m: { input_cost_per_token: 3e-6, output_cost_per_token: 15e-6 } };
  const job = {
    jobId: "j",
    lane: "a",
    payload: 1,
    backend: "local",
    maxCost: usd(0),
    maxAttempts: 1,
  } as const;

  // Each is asked about the very same instant, in both forms, and about a wrong one in each.
  const takes: Readonly<Record<string, (at: Instant) => unknown>> = {
    epochSeconds: (at) => epochSeconds(at),
    dayScope: (at) => dayScope(at, "Asia/Tokyo"),
    weekScope: (at) => weekScope(at, "Asia/Tokyo"),
    monthScope: (at) => monthScope(at, "Asia/Tokyo"),
    runAndMonth: (at) => runAndMonth({ runId: "1", at, cap, timeZone: "Asia/Tokyo" }),
    "isLeaseStale: leasedAt": (at) => isLeaseStale(at, epochSeconds(1_795_392_060), 60),
    "isLeaseStale: now": (at) => isLeaseStale(epochSeconds(1_795_391_940), at, 60),
    "Lease.leasedAt": (leasedAt) => new Lease({ jobId: "1", leasedAt, token: "t" }),
    "Worker.lastSeen": (lastSeen) => new Worker({ ...worker, lastSeen }),
    "workerHealth: lastSeen": (at) => workerHealth(at, epochSeconds(1_795_392_030), limits),
    "workerHealth: now": (at) => workerHealth(epochSeconds(1_795_391_970), at, limits),
    "summarizeFleet: now": (at) => summarizeFleet([], at, limits),
    "isOver: until": (until) => isOver({ until }, epochSeconds(1_795_392_000)),
    "isOver: now": (at) => isOver({ until: epochSeconds(1_795_392_000) }, at),
    "lackingScopes: now": (at) =>
      lackingScopes(1n, [{ scope: "a", cap: 1n, committed: 0n, until: epochSeconds(1_795_392_000) }], at),
    "lackingScopes: until": (until) =>
      lackingScopes(1n, [{ scope: "a", cap: 1n, committed: 0n, until }], epochSeconds(1_795_392_000)),
    scopeCaps: (until) => scopeCaps("scopes", [{ scope: "a", cap: usd(1), until }]),
    "hold.scopes": (until) =>
      holdRequest({
        holdId: "h",
        amount: usd(1),
        scopes: [{ scope: "a", cap: usd(1), until }],
        ttlSeconds: 60,
      }),
    "submit.runAt": (runAt) => jobRequest({ ...job, runAt }),
    "ratesFromGenaiPrices.at": (at) => ratesFromGenaiPrices(prices, { at }),
    "ratesFromGenaiPrices.listedAt": (listedAt) =>
      ratesFromGenaiPrices(prices, { at: epochSeconds(1_795_392_001), listedAt, maxAgeSeconds: 1 }),
    "ratesFromLitellm.at": (at) => ratesFromLitellm(list, "m", { at }),
    "ratesFromLitellm.listedAt": (listedAt) =>
      ratesFromLitellm(list, "m", { at: epochSeconds(1_795_392_001), listedAt, maxAgeSeconds: 1 }),
  };

  it.each(Object.entries(takes))("%s", (_, take) => {
    for (const seconds of [1_795_392_000, 1_795_391_999.999, -0.5]) {
      expect(take(new Date(seconds * 1000))).toEqual(take(epochSeconds(seconds)));
    }
    for (const wrong of [new Date(NaN), NaN, Infinity, 1_795_392_000_000] as Instant[]) {
      expect(() => take(wrong)).toThrow(RangeError);
      expect(() => take(wrong)).toThrow(
        /must be a valid Date or finite epoch seconds, not milliseconds; got/,
      );
    }
    for (const wrong of ["2026-11-23T00:00:00Z", 1n, {}, { getTime: () => 0 }, true]) {
      expect(() => take(wrong as never)).toThrow(TypeError);
      expect(() => take(wrong as never)).toThrow(/must be a Date or epoch seconds; got/);
    }
  });

  it("a store's clock may give one", async () => {
    let now = new Date("2026-11-23T00:00:00.250Z");
    const store = memoryStore({ clock: () => now });
    await store.submit(job);
    expect((await store.claim(["a"]))?.lease.leasedAt).toBe(1_795_392_000.25);
    now = new Date("2026-11-23T00:01:00.250Z");
    expect(await store.recoverStale({ ttlSeconds: 60 })).toMatchObject({ attempts: [{ jobId: "j" }] });
    now = new Date(NaN);
    await expect(store.submit({ ...job, jobId: "k" })).rejects.toThrow(/^memoryStore: clock must be/);
  });

  it("one that changes later changes nothing", () => {
    const at = new Date(0);
    const lease = new Lease({ jobId: "1", leasedAt: at, token: "t" });
    const [scope] = scopeCaps("scopes", [{ scope: "a", cap: usd(1), until: at }]);
    at.setTime(5e9);
    expect([lease.leasedAt, scope?.until]).toEqual([0, 0]);
  });
});
