import { formatUsd, microCents, usd } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts, decimals } from "../support/arbitraries.ts";
import { add, compare, dollars, rational } from "../support/rational.ts";

describe("usd", () => {
  it.each([
    ["12.50", 1_250_000_000n],
    [12.5, 1_250_000_000n],
    ["0", 0n],
    [0, 0n],
    [-0, 0n],
    ["-0", 0n],
    ["-0.00000001", -1n],
    ["-12.5", -1_250_000_000n],
    ["0.00000001", 1n],
    [1e-8, 1n],
    [1e-7, 10n],
    [-2.5e-7, -25n],
    ["0.000000010000000000", 1n],
    ["007.50", 750_000_000n],
    [0.1, 10_000_000n],
    [1.005, 100_500_000n],
    [1e20, 10n ** 28n],
    [1e21, 10n ** 29n],
    [123456789012345, 12_345_678_901_234_500_000_000n],
    ["90071992547409.93", 9_007_199_254_740_993_000_000n],
    ["218527659475378777.45112249", 21_852_765_947_537_877_745_112_249n],
  ] as const)("%s is %s micro-cents", (value, expected) => {
    expect(usd(value)).toBe(expected);
  });

  it.each([
    "",
    " ",
    " 1",
    "1 ",
    "1\n",
    "+1",
    ".5",
    "5.",
    "1e3",
    "1e+3",
    "1e-3",
    "1,000",
    "1_000",
    "0x10",
    "1n",
    "$1",
    "--1",
    "1.2.3",
    "NaN",
    "Infinity",
    "１",
    "٣",
    "0.000000001",
    "1.123456789",
    0.1 + 0.2,
    1e-9,
    5e-324,
    2 ** 53,
    9007199254740993,
    123456789012345.68,
    1.7976931348623157e308,
    NaN,
    Infinity,
    -Infinity,
  ])("%j is refused, not rounded", (value) => {
    expect(() => usd(value)).toThrow(RangeError);
  });

  it.each([
    [0.1 + 0.2, 30_000_001n],
    ["0.000000001", 1n],
    ["-0.000000001", 0n],
    ["-1.999999999", -199_999_999n],
    ["1.00000000000000000001", 100_000_001n],
    [0.1, 10_000_000n],
    [5e-324, 1n],
    [-5e-324, 0n],
    [2 ** 53, 900_719_925_474_099_200_000_000n],
  ] as const)('%s rounded "up" is %s micro-cents', (value, expected) => {
    expect(usd(value, "up")).toBe(expected);
  });

  it("is exact for every decimal of up to 8 places", () => {
    fc.assert(
      fc.property(decimals(8, 10n ** 30n), fc.boolean(), (text, negative) => {
        const signed = negative ? `-${text}` : text;
        expect(compare(dollars(usd(signed)), rational(signed))).toBe(0);
      }),
    );
  });

  it("rounded up is never below, and less than a micro-cent above", () => {
    fc.assert(
      fc.property(fc.oneof(decimals(25), fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        const rounded = dollars(usd(value, "up"));
        expect(compare(rounded, rational(value))).toBeGreaterThanOrEqual(0);
        expect(compare(rounded, add(rational(value), dollars(1n)))).toBe(-1);
      }),
    );
  });

  it("reads a number of at most 15 digits as the decimal that was typed, or refuses it", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 15) + 1, max: 10 ** 15 - 1 }), fc.nat(8), (digits, places) => {
        const value = Number(`${digits}e-${places}`);
        expect(compare(dollars(usd(value)), rational(`${digits}e-${places}`))).toBe(0);
      }),
    );
  });
});

describe("microCents", () => {
  it("brands a bigint, and reads the digits of a row", () => {
    expect(microCents(5n)).toBe(5n);
    expect(microCents("-9007199254740993")).toBe(-9_007_199_254_740_993n);
  });

  it.each(["", " 1", "1.0", "1e3", "0x1", "1n", "+1", "１"])("%j is refused", (digits) => {
    expect(() => microCents(digits)).toThrow(RangeError);
  });
});

describe("formatUsd", () => {
  it.each([
    [0n, "0.00"],
    [1n, "0.00000001"],
    [-1n, "-0.00000001"],
    [10_000_000n, "0.10"],
    [12_300_000n, "0.123"],
    [1_250_000_000n, "12.50"],
    [-1_250_000_000n, "-12.50"],
    [100_000_000n, "1.00"],
    [99_999_999n, "0.99999999"],
    [2n ** 64n, "184467440737.09551616"],
  ] as const)("%s micro-cents print as %s", (amount, expected) => {
    expect(formatUsd(amount)).toBe(expected);
  });

  it("prints what usd reads back as the same amount", () => {
    fc.assert(
      fc.property(fc.oneof(amounts, fc.bigInt()), (amount) => {
        expect(usd(formatUsd(amount))).toBe(amount);
        expect(formatUsd(amount)).toMatch(/^-?\d+\.\d{2,8}$/);
      }),
    );
  });
});
