import { epochSeconds } from "dispatch-kit";
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
