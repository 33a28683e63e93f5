import { CostEstimate, HostCapabilities, vramFits } from "dispatch-kit";
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
  it("canFitVram: its memory decides, and unknown memory fits nothing that asks for some", () => {
    expect(new HostCapabilities({ availableVramGb: 80 }).canFitVram(80)).toBe(true);
    expect(new HostCapabilities({ availableVramGb: 80 }).canFitVram(80.001)).toBe(false);
    expect(new HostCapabilities({ availableVramGb: 80 }).canFitVram(null)).toBe(true);
    expect(new HostCapabilities({ availableVramGb: 0 }).canFitVram(0)).toBe(true);
    for (const host of [undefined, {}, { availableVramGb: undefined }, { availableVramGb: null }]) {
      expect(new HostCapabilities(host)).toEqual({ availableVramGb: null });
      expect(new HostCapabilities(host).canFitVram(0)).toBe(false);
      expect(new HostCapabilities(host).canFitVram(null)).toBe(true);
    }
  });

  it.each([{ hasGpu: true }, { availableVramGb: "24" }, { availableVramGb: 24n }, { availableVRamGb: 24 }])(
    "refuses %o",
    (host) => {
      expect(() => new HostCapabilities(host as never)).toThrow(TypeError);
    },
  );

  it.each([-1, NaN, Infinity])("refuses %s GB", (availableVramGb) => {
    expect(() => new HostCapabilities({ availableVramGb })).toThrow(RangeError);
  });
});

describe("CostEstimate", () => {
  const given = { estimatedSeconds: 90.5, estimatedVramGb: 40, feasibleLocally: false, reason: "no room" };

  it("is what it was made of, and frozen", () => {
    expect({ ...new CostEstimate(given) }).toEqual(given);
    expect(new CostEstimate(given)).toSatisfy(Object.isFrozen);
    expect(new CostEstimate(JSON.parse(JSON.stringify(new CostEstimate(given))) as CostEstimate)).toEqual(
      new CostEstimate(given),
    );
    const least = { estimatedSeconds: 0, estimatedVramGb: null, feasibleLocally: true, reason: "" };
    expect({ ...new CostEstimate(least) }).toEqual(least);
  });

  it.each<readonly [string, string]>([
    ["estimatedSeconds", "a number"],
    ["estimatedVramGb", "a number"],
    ["feasibleLocally", "true or false"],
    ["reason", "a string"],
  ])("needs %s: a missing one and an undefined one are the same error", (key, needed) => {
    const rest = Object.fromEntries(Object.entries(given).filter(([name]) => name !== key));
    for (const wrong of [rest, { ...given, [key]: undefined }]) {
      expect(() => new CostEstimate(wrong as never)).toThrow(
        new TypeError(`CostEstimate.${key} must be ${needed}; got undefined`),
      );
    }
  });

  it.each<readonly [object, ErrorConstructor]>([
    [{ maxCost: 1n }, TypeError],
    [{ estimatedSeconds: "90" }, TypeError],
    [{ estimatedSeconds: null }, TypeError],
    [{ estimatedSeconds: -1 }, RangeError],
    [{ estimatedSeconds: Infinity }, RangeError],
    [{ estimatedVramGb: NaN }, RangeError],
    [{ estimatedVramGb: -1 }, RangeError],
    [{ feasibleLocally: 1 }, TypeError],
    [{ feasibleLocally: "true" }, TypeError],
    [{ reason: null }, TypeError],
  ])("refuses %o", (wrong, error) => {
    expect(() => new CostEstimate({ ...given, ...wrong })).toThrow(error);
  });
});
