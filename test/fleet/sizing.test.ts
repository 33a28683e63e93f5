import { planThroughput, ThroughputPlan } from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const model = { modelVramGb: 10, vramPerBatchGb: 0.5 };

describe("planThroughput", () => {
  it("the largest batch that fits, at most 16 unless more are allowed", () => {
    expect({ ...planThroughput(12, model) }).toStrictEqual({ batchSize: 4, int8: false, concurrency: 1 });
    expect(planThroughput(80, model).batchSize).toBe(16);
    expect(planThroughput(80, { ...model, maxBatch: 64 }).batchSize).toBe(64);
    expect(planThroughput(80, { ...model, maxBatch: 1_000 }).batchSize).toBe(140);
    expect(planThroughput(12, { ...model, maxBatch: 3 }).batchSize).toBe(3);
  });

  it("8 bits only when full precision does not fit at all", () => {
    expect({ ...planThroughput(10.5, model) }).toStrictEqual({ batchSize: 1, int8: false, concurrency: 1 });
    expect({ ...planThroughput(10.4, model) }).toStrictEqual({ batchSize: 10, int8: true, concurrency: 1 });
    expect({ ...planThroughput(5.5, model) }).toStrictEqual({ batchSize: 1, int8: true, concurrency: 1 });
  });

  it("a second job only when its whole footprint fits, and never a third", () => {
    const side = { ...model, maxBatch: 4, allowConcurrency: true };
    expect(planThroughput(24, side)).toEqual({ batchSize: 4, int8: false, concurrency: 2 });
    expect(planThroughput(23.9, side)).toEqual({ batchSize: 4, int8: false, concurrency: 1 });
    expect(planThroughput(800, side).concurrency).toBe(2);
    expect(planThroughput(800, { ...side, allowConcurrency: false }).concurrency).toBe(1);
    expect(planThroughput(800, { ...side, allowConcurrency: undefined }).concurrency).toBe(1);
  });

  it("an explicit undefined is a missing field", () => {
    const none = { maxBatch: undefined, allowConcurrency: undefined };
    expect(planThroughput(80, { ...model, ...none })).toEqual(planThroughput(80, model));
  });

  it("what it plans fits, and the next larger batch does not", () => {
    const gib = fc.double({ min: 0.01, max: 100, noNaN: true });
    const tenths = fc.integer({ min: 1, max: 1_000 }).map((value) => value / 10);
    const size = fc.oneof(gib, tenths);
    fc.assert(
      fc.property(size, size, size, fc.integer({ min: 1, max: 10_000 }), fc.boolean(), (...given) => {
        const [available, modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency] = given;
        const options = { modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency };
        const footprint = (batch: number, weights: number): number => weights + batch * vramPerBatchGb;
        if (available - modelVramGb / 2 < vramPerBatchGb) {
          expect(() => planThroughput(available, options)).toThrow(RangeError);
          return;
        }
        const { batchSize, int8, concurrency } = planThroughput(available, options);
        expect(int8).toBe(available - modelVramGb < vramPerBatchGb);
        const weights = int8 ? modelVramGb / 2 : modelVramGb;
        expect((concurrency * footprint(batchSize, weights)) / available).toBeLessThanOrEqual(1 + 1e-12);
        // The remainder of two doubles is exact.
        const rest = (available - weights) % vramPerBatchGb;
        const whole = Math.round((available - weights - rest) / vramPerBatchGb);
        expect(batchSize).toBe(Math.min(maxBatch, whole));
        expect(concurrency === 2).toBe(allowConcurrency && 2 * footprint(batchSize, weights) <= available);
      }),
    );
  });

  it("counts only what provably fits: the double next to 0.1 is more than a tenth, and 140 of it more than 14", () => {
    expect(planThroughput(24, { modelVramGb: 10, vramPerBatchGb: 0.1, maxBatch: 200 }).batchSize).toBe(139);
    const endless = { modelVramGb: 1, vramPerBatchGb: 1e-12, maxBatch: Number.MAX_SAFE_INTEGER };
    expect(planThroughput(1e9, endless).batchSize).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each<readonly [string, unknown, unknown, Error]>([
    [
      "a model that is too large",
      5,
      model,
      new RangeError(
        "planThroughput: availableVramGb must be at least 5.5, for the weights in 8 bits and a batch of 1; got 5",
      ),
    ],
    [
      "negative memory",
      -1,
      model,
      new RangeError("planThroughput: availableVramGb must be finite and at least 0; got -1"),
    ],
    [
      "endless memory",
      Infinity,
      model,
      new RangeError("planThroughput: availableVramGb must be finite and at least 0; got Infinity"),
    ],
    [
      "unknown memory",
      null,
      model,
      new TypeError("planThroughput: availableVramGb must be a number; got null"),
    ],
    [
      "a model without weights",
      24,
      { ...model, modelVramGb: 0 },
      new RangeError("planThroughput.modelVramGb must be finite and above 0; got 0"),
    ],
    [
      "items without memory",
      24,
      { ...model, vramPerBatchGb: 0 },
      new RangeError("planThroughput.vramPerBatchGb must be finite and above 0; got 0"),
    ],
    [
      "no batch",
      24,
      { ...model, maxBatch: 0 },
      new RangeError("planThroughput.maxBatch must be a whole number of at least 1; got 0"),
    ],
    [
      "half an item",
      24,
      { ...model, maxBatch: 1.5 },
      new RangeError("planThroughput.maxBatch must be a whole number of at least 1; got 1.5"),
    ],
    [
      "null for a default",
      24,
      { ...model, maxBatch: null },
      new TypeError("planThroughput.maxBatch must be a number; got null"),
    ],
    [
      "what is merely truthy",
      24,
      { ...model, allowConcurrency: 1 },
      new TypeError("planThroughput.allowConcurrency must be true or false; got 1"),
    ],
    ["no options", 24, undefined, new TypeError("planThroughput must be a plain object; got undefined")],
    [
      "an unknown option",
      24,
      { ...model, int8: true },
      new TypeError(
        'planThroughput has no field "int8"; its fields are modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency',
      ),
    ],
  ])("refuses %s", (_, available, options, error) => {
    expect(() => planThroughput(available as never, options as never)).toThrow(error);
  });
});

describe("ThroughputPlan", () => {
  const plan = { batchSize: 8, int8: true, concurrency: 2 };

  it("is what it was made of, and frozen", () => {
    expect({ ...new ThroughputPlan(plan) }).toStrictEqual(plan);
    expect(new ThroughputPlan(plan)).toSatisfy(Object.isFrozen);
  });

  it.each<readonly [object, Error]>([
    [
      { batchSize: 0 },
      new RangeError("ThroughputPlan.batchSize must be a whole number of at least 1; got 0"),
    ],
    [
      { concurrency: 0 },
      new RangeError("ThroughputPlan.concurrency must be a whole number of at least 1; got 0"),
    ],
    [{ int8: undefined }, new TypeError("ThroughputPlan.int8 must be true or false; got undefined")],
  ])("refuses %o", (wrong, error) => {
    expect(() => new ThroughputPlan({ ...plan, ...wrong })).toThrow(error);
  });
});
