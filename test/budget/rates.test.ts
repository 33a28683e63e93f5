import { CostRates, estimateCost, perHour, usd } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimals } from "../support/arbitraries.ts";
import { without } from "../support/without.ts";
import { add, compare, divide, dollars, rational, times } from "../support/rational.ts";

const rate = fc.oneof(
  decimals(18, 10_000n).map((text) => ({ rate: text, perSecond: rational(text) })),
  decimals(18, 10_000n).map((text) => ({ rate: perHour(text), perSecond: divide(rational(text), 3600n) })),
);

describe("estimateCost", () => {
  it("is never below the exact product, and less than one micro-cent above it", () => {
    fc.assert(
      fc.property(
        rate,
        rate,
        rate,
        fc.tuple(decimals(18), decimals(18), decimals(18, 1000n), decimals(18, 1000n)),
        (gpu, vcpu, gib, [idleTailS, maxRuntimeS, vcpus, memoryGib]) => {
          const rates = new CostRates({
            gpuUsdPerS: gpu.rate,
            vcpuUsdPerS: vcpu.rate,
            gibUsdPerS: gib.rate,
            idleTailS,
          });
          const cost = dollars(estimateCost(rates, { maxRuntimeS, vcpus, memoryGib }));
          const perSecond = add(
            gpu.perSecond,
            times(vcpu.perSecond, rational(vcpus)),
            times(gib.perSecond, rational(memoryGib)),
          );
          const exact = times(add(rational(maxRuntimeS), rational(idleTailS)), perSecond);
          expect(compare(cost, exact)).toBeGreaterThanOrEqual(0);
          expect(compare(cost, add(exact, dollars(1n)))).toBe(-1);
        },
      ),
    );
  });

  it("keeps a price per hour that does not divide by 3600", () => {
    const rates = new CostRates({ gpuUsdPerS: perHour("2.99"), vcpuUsdPerS: 0, gibUsdPerS: 0, idleTailS: 0 });
    expect(estimateCost(rates, { maxRuntimeS: 3600, vcpus: 0, memoryGib: 0 })).toBe(usd("2.99"));
    expect(estimateCost(rates, { maxRuntimeS: 1, vcpus: 0, memoryGib: 0 })).toBe(83_056n);
  });

  it.each([
    ["a missing rate", { gpuUsdPerS: "1", vcpuUsdPerS: "1", idleTailS: 0 }, TypeError],
    ["a rate that is undefined", { gpuUsdPerS: undefined, vcpuUsdPerS: "1", gibUsdPerS: 1 }, TypeError],
    [
      "an idle tail that is null",
      { gpuUsdPerS: 1, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: null },
      TypeError,
    ],
    ["an unknown field", { gpuUsdPerS: 1, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0, gpus: 1 }, TypeError],
    ["a negative rate", { gpuUsdPerS: "-0.1", vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 }, RangeError],
    [
      "a rate finer than 18 places",
      { gpuUsdPerS: "0.0000000000000000001", vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 },
      RangeError,
    ],
    ["a noisy number", { gpuUsdPerS: 0.1 + 0.2, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 }, RangeError],
    [
      "an exponent in a string",
      { gpuUsdPerS: "1e-3", vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 },
      RangeError,
    ],
    [
      "another hourly field",
      { gpuUsdPerS: { perHours: 1 }, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 },
      TypeError,
    ],
    [
      "a negative hourly price",
      { gpuUsdPerS: { perHour: -1 }, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 },
      RangeError,
    ],
    [
      "an hourly idle tail",
      { gpuUsdPerS: 1, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: perHour(1) },
      TypeError,
    ],
  ])("CostRates: refuses %s", (_, rates, error) => {
    expect(() => new CostRates(rates as never)).toThrow(error);
  });

  it("refuses limits that are missing, negative or not finite", () => {
    const rates = new CostRates({ gpuUsdPerS: 1, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 });
    const limits = { maxRuntimeS: 1, vcpus: 1, memoryGib: 1 };
    for (const key of Object.keys(limits)) {
      expect(() => estimateCost(rates, { ...limits, [key]: -1 })).toThrow(RangeError);
      expect(() => estimateCost(rates, { ...limits, [key]: Infinity })).toThrow(RangeError);
      expect(() => estimateCost(rates, { ...limits, [key]: undefined })).toThrow(TypeError);
    }
  });

  it("reads a look-alike of rates by its fields, and nothing else for rates", () => {
    const fields = { gpuUsdPerS: perHour("2.99"), vcpuUsdPerS: "0.1", gibUsdPerS: 0.2, idleTailS: 30 };
    const rates = new CostRates(fields);
    const limits = { maxRuntimeS: 7, vcpus: 3, memoryGib: 5 };
    const cost = estimateCost(rates, limits);
    const alike = [
      fields,
      { ...rates },
      structuredClone(rates),
      JSON.parse(JSON.stringify(rates)),
      new Proxy(rates, {}),
    ];
    for (const other of alike) expect(estimateCost(other as CostRates, limits)).toBe(cost);
    const missing = without(fields, "gibUsdPerS");
    const not = [
      missing,
      Object.create(rates),
      new Map(Object.entries(fields)),
      [fields],
      undefined,
      CostRates,
    ];
    for (const other of not) expect(() => estimateCost(other as CostRates, limits)).toThrow(TypeError);
    expect(() => estimateCost({ ...fields, gpuUsdPerS: "-1" } as never, limits)).toThrow(RangeError);
  });

  it("CostRates: no idle tail unless one is given", () => {
    const rates = { gpuUsdPerS: 1, vcpuUsdPerS: 0, gibUsdPerS: 0 };
    const limits = { maxRuntimeS: 1, vcpus: 0, memoryGib: 0 };
    for (const given of [rates, { ...rates, idleTailS: undefined }, { ...rates, idleTailS: 0 }]) {
      expect(new CostRates(given).idleTailS).toBe(0);
      expect(estimateCost(new CostRates(given), limits)).toBe(usd(1));
    }
    expect(CostRates.fromJSON({ gpuUsdPerS: "1", vcpuUsdPerS: "0", gibUsdPerS: "0" })).toEqual({
      gpuUsdPerS: "1",
      vcpuUsdPerS: "0",
      gibUsdPerS: "0",
      idleTailS: 0,
    });
  });
});
