import { expectedWall, isOverrunning, realTimeFactor } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const seconds = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e9, noNaN: true }));
const ceiling = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

describe("realTimeFactor", () => {
  it("is how long each second of the work took; none for work of no length", () => {
    expect(realTimeFactor(150, 100)).toBe(1.5);
    expect(realTimeFactor(0, 100)).toBe(0);
    expect(realTimeFactor(150, 0)).toBe(null);
    expect(realTimeFactor(0, 0)).toBe(null);
    expect(realTimeFactor(150, -0)).toBe(null);
  });

  it("refuses what is no time", () => {
    expect(() => realTimeFactor("150" as never, 100)).toThrow(
      new TypeError("realTimeFactor: wallSeconds must be a number; got a string"),
    );
    expect(() => realTimeFactor(150, undefined as never)).toThrow(
      new TypeError("realTimeFactor: workSeconds must be a number; got undefined"),
    );
    expect(() => realTimeFactor(-1, 0)).toThrow(
      new RangeError("realTimeFactor: wallSeconds must be finite and at least 0; got -1"),
    );
    expect(() => realTimeFactor(0, NaN)).toThrow(
      new RangeError("realTimeFactor: workSeconds must be finite and at least 0; got NaN"),
    );
  });
});

describe("expectedWall", () => {
  it("grows with the work and with the ceiling", () => {
    fc.assert(
      fc.property(seconds, seconds, ceiling, (one, other, rtfCeiling) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(expectedWall(more, { rtfCeiling })).toBeGreaterThanOrEqual(expectedWall(less, { rtfCeiling }));
        expect(expectedWall(more, { rtfCeiling: 2 * rtfCeiling })).toBe(
          2 * expectedWall(more, { rtfCeiling }),
        );
      }),
    );
  });
});

describe("isOverrunning", () => {
  it("only past the expected wall time", () => {
    expect(isOverrunning(100, 150, { rtfCeiling: 1.5 })).toBe(false);
    expect(isOverrunning(100, 150.00000000000003, { rtfCeiling: 1.5 })).toBe(true);
    expect(isOverrunning(0, 0, { rtfCeiling: 1.5 })).toBe(false);
    expect(isOverrunning(0, 0.1, { rtfCeiling: 1.5 })).toBe(true);
    fc.assert(
      fc.property(seconds, seconds, ceiling, (work, elapsed, rtfCeiling) => {
        const wall = expectedWall(work, { rtfCeiling });
        expect(isOverrunning(work, elapsed, { rtfCeiling })).toBe(elapsed > wall);
        expect(isOverrunning(work, wall, { rtfCeiling })).toBe(false);
      }),
    );
  });

  it("refuses a time that is none", () => {
    expect(() => isOverrunning(100, -1, { rtfCeiling: 1 })).toThrow(
      new RangeError("isOverrunning: elapsedSeconds must be finite and at least 0; got -1"),
    );
    expect(() => isOverrunning(100, "1" as never, { rtfCeiling: 1 })).toThrow(
      new TypeError("isOverrunning: elapsedSeconds must be a number; got a string"),
    );
  });
});

describe.each<readonly [string, (work: never, options: never) => unknown]>([
  ["expectedWall", expectedWall],
  ["isOverrunning", (work, options) => isOverrunning(work, 1, options)],
])("%s", (name, call) => {
  it.each<readonly [string, unknown, unknown, Error]>([
    [
      "work of a negative length",
      -1,
      { rtfCeiling: 1 },
      new RangeError(`${name}: workSeconds must be finite and at least 0; got -1`),
    ],
    [
      "work of no number",
      "1",
      { rtfCeiling: 1 },
      new TypeError(`${name}: workSeconds must be a number; got a string`),
    ],
    [
      "a ceiling of 0",
      1,
      { rtfCeiling: 0 },
      new RangeError(`${name}.rtfCeiling must be finite and above 0; got 0`),
    ],
    [
      "a negative ceiling",
      1,
      { rtfCeiling: -1 },
      new RangeError(`${name}.rtfCeiling must be finite and at least 0; got -1`),
    ],
    [
      "no ceiling",
      1,
      { rtfCeiling: undefined },
      new TypeError(`${name}.rtfCeiling must be a number; got undefined`),
    ],
    ["no options", 1, undefined, new TypeError(`${name} must be a plain object; got undefined`)],
    ["a ceiling alone", 1, 1.5, new TypeError(`${name} must be a plain object; got 1.5`)],
  ])("refuses %s", (_, work, options, error) => {
    expect(() => call(work as never, options as never)).toThrow(error);
  });
});
