import {
  BackendKind,
  type EpochSeconds,
  epochSeconds,
  FleetSummary,
  summarizeFleet,
  Worker,
  WorkerHealth,
  workerHealth,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const NOW = epochSeconds(1_795_392_000);
const limits = { staleAfterS: 30, deadAfterS: 120 };
const ago = (seconds: number): EpochSeconds => epochSeconds(NOW - seconds);

describe("WorkerHealth", () => {
  it("is frozen", () => {
    expect(WorkerHealth).toSatisfy(Object.isFrozen);
  });
});

describe("workerHealth", () => {
  it.each([
    [0, "healthy"],
    [29.999, "healthy"],
    [30, "stale"],
    [119.999, "stale"],
    [120, "dead"],
    [1e6, "dead"],
    [-1, "healthy"],
    [-1e6, "healthy"],
  ] as const)("seen %d seconds ago: %s", (age, health) => {
    expect(workerHealth(ago(age), NOW, limits)).toBe(health);
    expect(workerHealth(new Date(ago(age) * 1000), new Date(NOW * 1000), limits)).toBe(health);
  });

  it("with thresholds of 0 only a report from the future is healthy", () => {
    const none = { staleAfterS: 0, deadAfterS: 0 };
    expect(workerHealth(NOW, NOW, none)).toBe("dead");
    expect(workerHealth(NOW, NOW, { ...none, deadAfterS: 1 })).toBe("stale");
    expect(workerHealth(ago(-1), NOW, none)).toBe("healthy");
  });

  it("with one threshold for both nobody is stale", () => {
    const both = { staleAfterS: 30, deadAfterS: 30 };
    expect([29, 30].map((age) => workerHealth(ago(age), NOW, both))).toEqual(["healthy", "dead"]);
  });

  it("never gets better while nothing is heard", () => {
    const order = Object.values(WorkerHealth);
    const age = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(age, age, (one, other) => {
        const [younger, older] = [Math.min(one, other), Math.max(one, other)];
        const rank = (seconds: number): number => order.indexOf(workerHealth(ago(seconds), NOW, limits));
        expect(rank(older)).toBeGreaterThanOrEqual(rank(younger));
      }),
    );
  });

  it.each<readonly [string, unknown[], string]>([
    ["no options", [NOW, NOW], "workerHealth must be a plain object; got undefined"],
    [
      "one threshold",
      [NOW, NOW, { staleAfterS: 1 }],
      "workerHealth.deadAfterS must be a number; got undefined",
    ],
    [
      "an instant as text",
      ["then", NOW, limits],
      "workerHealth: lastSeen must be a Date or epoch seconds; got a string",
    ],
    ["no time", [NOW, undefined, limits], "workerHealth: now must be a Date or epoch seconds; got undefined"],
    [
      "the original's names",
      [NOW, NOW, { stale_after_s: 30, dead_after_s: 120 }],
      'workerHealth has no field "stale_after_s"; its fields are staleAfterS, deadAfterS',
    ],
  ])("refuses the type of %s", (_, args, message) => {
    expect(() => Reflect.apply(workerHealth, undefined, args) as unknown).toThrow(new TypeError(message));
  });

  it.each([
    ["staleAfterS", { staleAfterS: -1, deadAfterS: 120 }, "finite and at least 0; got -1"],
    ["deadAfterS", { staleAfterS: 0, deadAfterS: -1 }, "finite and at least 0; got -1"],
    ["deadAfterS", { staleAfterS: 30, deadAfterS: 29 }, "at least staleAfterS (30); got 29"],
    ["deadAfterS", { staleAfterS: 30, deadAfterS: Infinity }, "finite and at least 0; got Infinity"],
  ])("refuses a wrong %s", (field, wrong, needed) => {
    const message = (name: string): RangeError => new RangeError(`${name}.${field} must be ${needed}`);
    expect(() => workerHealth(NOW, NOW, wrong)).toThrow(message("workerHealth"));
    expect(() => summarizeFleet([], NOW, wrong)).toThrow(message("summarizeFleet"));
  });

  it("refuses milliseconds", () => {
    expect(() => workerHealth(Date.now() as never, NOW, limits)).toThrow(RangeError);
  });
});

function worker(age: number, gpu: boolean, currentJob: string | null): Worker {
  const fixed = { name: "w", kind: BackendKind.LAN_WORKER, lanes: ["audio"] };
  return new Worker({ ...fixed, lastSeen: ago(age), gpu, currentJob });
}

describe("summarizeFleet", () => {
  it("a dead worker is neither busy nor idle, and a stale GPU is none to count on", () => {
    const fleet = [
      worker(0, true, null),
      worker(10, false, "j"),
      worker(30, true, "j"),
      worker(120, true, "j"),
      worker(500, false, null),
    ];
    const summary = summarizeFleet(fleet, NOW, limits);
    expect(summary).toBeInstanceOf(FleetSummary);
    expect({ ...summary }).toStrictEqual({
      total: 5,
      healthy: 2,
      stale: 1,
      dead: 2,
      busy: 2,
      idle: 1,
      gpuHealthy: 1,
    });
  });

  it("counts every worker once, in any order", () => {
    const fleets = fc.array(
      fc.tuple(fc.double({ min: -300, max: 300, noNaN: true }), fc.boolean(), fc.constantFrom("j", null)),
    );
    fc.assert(
      fc.property(fleets, (given) => {
        const fleet = given.map((fields) => worker(...fields));
        const summary = summarizeFleet(fleet, NOW, limits);
        expect(summary.total).toBe(fleet.length);
        expect(summary.healthy + summary.stale + summary.dead).toBe(fleet.length);
        expect(summary.busy + summary.idle).toBe(summary.healthy + summary.stale);
        expect(summary.gpuHealthy).toBeLessThanOrEqual(summary.healthy);
        expect(summarizeFleet([...fleet].reverse(), NOW, limits)).toEqual(summary);
      }),
    );
  });

  it("reads clones and plain fields, and takes a Date", () => {
    const fleet = [worker(0, true, "j"), worker(31, false, null)];
    const summary = summarizeFleet(fleet, NOW, limits);
    expect(summarizeFleet(structuredClone(fleet), new Date(NOW * 1000), limits)).toEqual(summary);
  });

  it("refuses what is no fleet", () => {
    expect(() => summarizeFleet(new Set() as never, NOW, limits)).toThrow(
      new TypeError("summarizeFleet: workers must be an array; got an object"),
    );
    expect(() => summarizeFleet([worker(0, true, null), null] as never, NOW, limits)).toThrow(
      new TypeError("summarizeFleet: workers[1] must be a Worker or its fields; got null"),
    );
    expect(() => summarizeFleet([], Date.now() as never, limits)).toThrow(RangeError);
  });
});

describe("FleetSummary", () => {
  const counts = { total: 0, healthy: 0, stale: 0, dead: 0, busy: 0, idle: 0, gpuHealthy: 0 };

  it("is what it was made of, and frozen", () => {
    expect({ ...new FleetSummary(counts) }).toStrictEqual(counts);
    expect(new FleetSummary(counts)).toSatisfy(Object.isFrozen);
  });

  it.each(Object.keys(counts))("refuses a count of %s that is none", (name) => {
    expect(() => new FleetSummary({ ...counts, [name]: undefined })).toThrow(TypeError);
    expect(() => new FleetSummary({ ...counts, [name]: -1 })).toThrow(RangeError);
    expect(() => new FleetSummary({ ...counts, [name]: 0.5 })).toThrow(
      new RangeError(`FleetSummary.${name} must be a whole number of at least 0; got 0.5`),
    );
  });
});
