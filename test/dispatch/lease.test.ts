import { type EpochSeconds, epochSeconds, isLeaseStale, Lease, shouldGiveUp } from "dispatch-kit";
import { leaseOf } from "dispatch-kit/rules";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLeaseLost, isTimedOut } from "../../src/dispatch/lease.ts";
import { vectors } from "../support/vectors.ts";
import { without } from "../support/without.ts";

const NOW = epochSeconds(1_795_392_000);
const fields = { jobId: "42", leasedAt: NOW, attempts: 1, token: "t-1" };

describe("Lease", () => {
  it("is what it was made of, and frozen", () => {
    const lease = new Lease(fields);
    expect({ ...lease }).toEqual(fields);
    expect(lease).toSatisfy(Object.isFrozen);
    expect(new Lease(JSON.parse(JSON.stringify(lease)) as Lease)).toEqual(lease);
    expect(new Lease({ ...fields, attempts: 0 }).attempts).toBe(0);
  });

  it("has no attempts unless it says so, and takes a Date", () => {
    expect(new Lease(without(fields, "attempts")).attempts).toBe(0);
    expect(new Lease({ ...fields, attempts: undefined }).attempts).toBe(0);
    expect(new Lease({ ...fields, leasedAt: new Date(NOW * 1000) })).toEqual(new Lease(fields));
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["a missing token", { jobId: "42", leasedAt: NOW, attempts: 1 }],
    ["an explicit undefined", { ...fields, token: undefined }],
    ["an unknown field", { ...fields, worker: "w" }],
    ["an instant as text", { ...fields, leasedAt: new Date().toISOString() }],
    ["an id that is a number", { ...fields, jobId: 42 }],
    ["a count in words", { ...fields, attempts: "1" }],
  ])("refuses the type of %s", (_, lease) => {
    expect(() => new Lease(lease as never)).toThrow(TypeError);
  });

  it.each<readonly [string, Partial<typeof fields>]>([
    ["an empty id", { jobId: "" }],
    ["a token with a line break", { token: "t\n" }],
    ["an id that is too long", { jobId: "x".repeat(201) }],
    ["milliseconds", { leasedAt: Date.now() as never }],
    ["an invalid Date", { leasedAt: new Date(NaN) as never }],
    ["a negative count", { attempts: -1 }],
    ["half an attempt", { attempts: 0.5 }],
  ])("refuses %s", (_, wrong) => {
    expect(() => new Lease({ ...fields, ...wrong })).toThrow(RangeError);
  });
});

describe("leaseOf", () => {
  const lease = new Lease(fields);

  it("takes one that was made here as it is, and reads any other by its own fields", () => {
    expect(leaseOf("lease", lease)).toBe(lease);
    const others = [
      { ...lease },
      structuredClone(lease),
      JSON.parse(JSON.stringify(lease)),
      Object.assign(Object.create(Lease.prototype) as object, fields),
      new Proxy(lease, {}),
    ];
    for (const other of others) {
      const read = leaseOf("lease", other);
      expect(read).not.toBe(other);
      expect(read).toEqual(lease);
      expect(read).toSatisfy(Object.isFrozen);
    }
  });

  it.each<readonly [string, unknown]>([
    ["inherited fields", Object.create(lease)],
    ["the prototype", Lease.prototype],
    ["the class", Lease],
    ["a Map", new Map(Object.entries(fields))],
    ["a list of one", [lease]],
    ["a token alone", { token: "t-1" }],
    ["a field too many", { ...fields, worker: "w" }],
    ["nothing", null],
    ["a token", "t-1"],
    ["undefined", undefined],
  ])("refuses %s", (_, other) => {
    expect(() => leaseOf("lease", other)).toThrow(TypeError);
  });
});

describe("isLeaseStale", () => {
  const recorded = vectors<{ leasedAt: number; now: number; ttlSeconds: number }>("dispatch", "isLeaseStale");

  it.each(recorded)("$leasedAt, $now, $ttlSeconds: as recorded", ({ leasedAt, now, ttlSeconds, ok }) => {
    expect(isLeaseStale(epochSeconds(leasedAt), epochSeconds(now), ttlSeconds)).toBe(ok);
  });

  it.each([
    [59.999, false],
    [60, true],
    [60.001, true],
    [-1, false],
  ])("after %d seconds of 60: %s", (age, stale) => {
    expect(isLeaseStale(NOW, epochSeconds(NOW + age), 60)).toBe(stale);
  });

  it("is true at once with a ttl of 0, but never of a lease from the future", () => {
    expect(isLeaseStale(NOW, NOW, 0)).toBe(true);
    expect(isLeaseStale(NOW, epochSeconds(NOW - 0.001), 0)).toBe(false);
  });

  it("takes a Date for either instant", () => {
    const at = (seconds: number): Date => new Date(seconds * 1000);
    for (const age of [59, 60]) {
      expect(isLeaseStale(at(NOW), at(NOW + age), 60)).toBe(age === 60);
      expect(isLeaseStale(NOW, at(NOW + age), 60)).toBe(age === 60);
      expect(isLeaseStale(at(NOW), epochSeconds(NOW + age), 60)).toBe(age === 60);
    }
    expect(() => isLeaseStale(at(NaN), NOW, 60)).toThrow(RangeError);
  });

  it("stays true as time goes on", () => {
    const time = fc.integer({ min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(time, time, fc.nat(1e6), fc.nat(1e6), (leasedAt, now, ttlSeconds, later) => {
        fc.pre(isLeaseStale(epochSeconds(leasedAt), epochSeconds(now), ttlSeconds));
        expect(isLeaseStale(epochSeconds(leasedAt), epochSeconds(now + later), ttlSeconds)).toBe(true);
      }),
    );
  });

  it.each<readonly [unknown, unknown, unknown]>([
    [undefined, NOW, 60],
    [NOW, undefined, 60],
    [NOW, NOW, undefined],
    [NOW, NOW, "60"],
    [null, NOW, 60],
    [String(NOW), NOW, 60],
  ])("refuses the types of %s, %s, %s", (leasedAt, now, ttlSeconds) => {
    expect(() => isLeaseStale(leasedAt as never, now as never, ttlSeconds as never)).toThrow(TypeError);
  });

  it.each<readonly [number, number, number]>([
    [Date.now(), NOW, 60],
    [NOW, Date.now(), 60],
    [NaN, NOW, 60],
    [NOW, NaN, 60],
    [NOW, Infinity, 60],
    [NOW, NOW, NaN],
    [NOW, NOW, -1],
    [NOW, NOW, Infinity],
  ])("refuses %d, %d, %d", (leasedAt, now, ttlSeconds) => {
    expect(() => isLeaseStale(leasedAt as never, now as never, ttlSeconds)).toThrow(RangeError);
  });
});

describe("shouldGiveUp", () => {
  const recorded = vectors<{ attempts: number; maxAttempts: number }>("dispatch", "shouldGiveUp");

  it.each(recorded)("$attempts of $maxAttempts: as recorded", ({ attempts, maxAttempts, ok }) => {
    expect(shouldGiveUp(attempts, maxAttempts)).toBe(ok);
  });

  it("is true from the last attempt on", () => {
    expect([0, 1, 2, 3, 4].map((attempts) => shouldGiveUp(attempts, 3))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(shouldGiveUp(0, 0)).toBe(true);
  });

  it.each<readonly [unknown, unknown]>([
    [undefined, 3],
    [3, undefined],
    ["3", 3],
    [3n, 3],
    [3, null],
  ])("refuses the types of %s and %s", (attempts, maxAttempts) => {
    expect(() => shouldGiveUp(attempts as never, maxAttempts as never)).toThrow(TypeError);
  });

  it.each([
    [-1, 3],
    [1.5, 3],
    [1, -1],
    [1, 0.5],
    [NaN, 3],
    [1, Infinity],
  ])("refuses %d of %d", (attempts, maxAttempts) => {
    expect(() => shouldGiveUp(attempts, maxAttempts)).toThrow(RangeError);
  });
});

describe("isLeaseLost, isTimedOut", () => {
  const at = (seconds: number): EpochSeconds => epochSeconds(1000 + seconds);
  const instants = fc.integer({ min: 0, max: 200 }).map((half) => half / 2);
  const lengths = fc.option(
    fc.integer({ min: 1, max: 200 }).map((half) => half / 2),
    { nil: null },
  );

  it("take a lease back by its own length, else by the ttl, and at the end of its run in any case", () => {
    fc.assert(
      fc.property(instants, lengths, lengths, instants, instants, (leased, length, run, now, ttl) => {
        const terms = {
          leasedAt: at(leased),
          leaseSeconds: length,
          runUntil: run === null ? null : at(leased + run),
        };
        const timedOut = run !== null && now >= leased + run;
        expect(isTimedOut(terms, at(now))).toBe(timedOut);
        expect(isLeaseLost(terms, at(now), ttl)).toBe(timedOut || now - leased >= (length ?? ttl));
      }),
      { numRuns: 1000 },
    );
  });
});
