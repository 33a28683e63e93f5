import { CostEstimate, HostCapabilities, usd, vramFits } from "dispatch-kit";
import { describe, expect, it } from "vitest";

describe("vramFits", () => {
  it.each([
    [null, null, true],
    [null, 0, false],
    [24, null, true],
    [24, 24, true],
    [24, 24.000001, false],
    [0, 0, true],
  ] as const)("%s GB free for %s GB: %s", (available, required, fits) => {
    expect(vramFits(available, required)).toBe(fits);
  });

  it.each([undefined, "24", {}, true, 24n])("refuses %s", (wrong) => {
    expect(() => vramFits(wrong as never, 1)).toThrow(TypeError);
    expect(() => vramFits(1, wrong as never)).toThrow(TypeError);
  });

  it.each([-1, NaN, Infinity])("refuses %s GB", (wrong) => {
    expect(() => vramFits(wrong, 1)).toThrow(RangeError);
    expect(() => vramFits(1, wrong)).toThrow(RangeError);
  });
});

describe("HostCapabilities", () => {
  it("canFitVram: no GPU, no GPU job", () => {
    expect(new HostCapabilities({ availableVramGb: 80 }).canFitVram(1)).toBe(false);
    expect(new HostCapabilities({ availableVramGb: 80 }).canFitVram(null)).toBe(true);
    expect(new HostCapabilities({ hasGpu: true }).canFitVram(1)).toBe(false);
    expect(new HostCapabilities({ hasGpu: true, availableVramGb: 8 }).canFitVram(8)).toBe(true);
    expect(new HostCapabilities({ hasGpu: undefined as never })).toEqual({
      hasGpu: false,
      availableVramGb: null,
    });
    expect(HostCapabilities.is(new HostCapabilities())).toBe(true);
  });
});

describe("CostEstimate", () => {
  const estimate = new CostEstimate({ maxCost: usd(1), requiredVramGb: 16 });

  it("fitsOn: its memory decides", () => {
    expect(estimate.fitsOn(new HostCapabilities({ hasGpu: true, availableVramGb: 16 }))).toBe(true);
    expect(estimate.fitsOn(new HostCapabilities({ hasGpu: true, availableVramGb: 15 }))).toBe(false);
    expect(() => estimate.fitsOn({ canFitVram: () => true } as never)).toThrow(TypeError);
  });

  it("has a cost, and none is no cost of $0", () => {
    expect(() => new CostEstimate({} as never)).toThrow(TypeError);
    expect(() => new CostEstimate({ maxCost: usd(-1) })).toThrow(RangeError);
    expect(new CostEstimate({ maxCost: usd(1) })).toEqual({
      maxCost: usd(1),
      maxRuntimeS: null,
      requiredVramGb: null,
    });
  });
});
