import { finite, flag, optional, positive, read, wholeFrom } from "../internal/check.ts";
import { define } from "../internal/value.ts";

const count = /* @__PURE__ */ wholeFrom(1);
const PLAN = { batchSize: count, int8: flag, concurrency: count };

/**
 * How a model runs on a GPU; made by {@link planThroughput}.
 *
 * @example
 * ```ts
 * new ThroughputPlan({ batchSize: 8, int8: false, concurrency: 2 }).batchSize; // => 8
 * ```
 */
export class ThroughputPlan {
  /** The number of items that are computed at once, at least 1. */
  declare readonly batchSize: number;
  /** Whether the weights are loaded in 8 bits, which halves their memory. */
  declare readonly int8: boolean;
  /** The number of jobs that run at the same time, at least 1. */
  declare readonly concurrency: number;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a count that is not whole, or below 1.
   */
  constructor(plan: { readonly batchSize: number; readonly int8: boolean; readonly concurrency: number }) {
    define(this, "ThroughputPlan", plan, PLAN);
  }
}

const OPTIONS = {
  modelVramGb: positive,
  vramPerBatchGb: positive,
  maxBatch: /* @__PURE__ */ optional(count, 16),
  allowConcurrency: /* @__PURE__ */ optional(flag, false),
};

/**
 * Plans the fastest way to run a model that fits into video memory.
 *
 * A job needs `weights + batchSize * vramPerBatchGb`. It fits if that is at most `availableVramGb`.
 *
 * 1. `weights` is `modelVramGb`. If not even a batch of 1 fits, it is half of that, and `int8` is true.
 * 2. `batchSize` is the largest batch that fits, at most `maxBatch`.
 * 3. `concurrency` is 2 if that is allowed and two such jobs fit, else 1. The batch is never made smaller for a second
 *    job.
 *
 * @param availableVramGb - free video memory in GB.
 * @param options - `modelVramGb`: the weights in full precision, in GB, above 0; `vramPerBatchGb`: what each item of a
 *   batch adds, in GB, above 0; `maxBatch`: at least 1, 16 by default; `allowConcurrency`: whether two jobs may run
 *   at the same time, false by default.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a value out of its range, or if the model does not even fit in 8 bits with a batch of 1.
 * @example
 * ```ts
 * const model = { modelVramGb: 10, vramPerBatchGb: 0.5 };
 * planThroughput(24, model).batchSize; // => 16
 * planThroughput(24, { ...model, maxBatch: 4, allowConcurrency: true }).concurrency; // => 2
 * planThroughput(6, model).int8; // => true
 * ```
 */
export function planThroughput(
  availableVramGb: number,
  options: {
    readonly modelVramGb: number;
    readonly vramPerBatchGb: number;
    readonly maxBatch?: number | undefined;
    readonly allowConcurrency?: boolean | undefined;
  },
): ThroughputPlan {
  const available = finite("planThroughput: availableVramGb", availableVramGb);
  const { modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency } = read(
    "planThroughput",
    options,
    OPTIONS,
  );
  const batchBeside = (weights: number): number => wholeTimes(available - weights, vramPerBatchGb);
  const int8 = batchBeside(modelVramGb) < 1;
  const weights = int8 ? modelVramGb / 2 : modelVramGb;
  const batchSize = Math.min(batchBeside(weights), maxBatch);
  if (batchSize < 1) {
    throw new RangeError(
      `planThroughput: availableVramGb must be at least ${weights + vramPerBatchGb}, for the weights in 8 bits and a batch of 1; got ${available}`,
    );
  }
  const footprint = weights + batchSize * vramPerBatchGb;
  const concurrency = allowConcurrency && 2 * footprint <= available ? 2 : 1;
  return new ThroughputPlan({ batchSize, int8, concurrency });
}

/**
 * The whole part of a quotient, computed exactly: a rounded quotient can be a count that does not fit. The remainder of two
 * doubles has no rounding error (ECMA-262, 6.1.6.1.6).
 */
function wholeTimes(dividend: number, divisor: number): number {
  return dividend < divisor ? 0 : Math.round((dividend - (dividend % divisor)) / divisor);
}
