import { isObject, optional, read, type Reader } from "../internal/check.ts";
import { ceilDiv, type Price, price, pricesJson, units18, unitsOf } from "../money/decimal.ts";
import { define, valueReader } from "../internal/value.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";

/** A price per hour. It is not divided by 3600, because the result is rarely exact. Made by {@link perHour}. */
export interface HourlyPrice {
  readonly perHour: Price;
}

/**
 * A price in USD per hour, for a field that takes a rate per second. It stays exact.
 *
 * @param usdPerHour - at least 0, at most 18 decimal places.
 * @throws TypeError if it is neither a string nor a number.
 * @throws RangeError if it is negative, inexact or not a plain decimal.
 * @example
 * ```ts
 * perHour("2.99"); // => { perHour: "2.99" }
 * ```
 */
export function perHour(usdPerHour: Price): HourlyPrice {
  return Object.freeze({ perHour: price("perHour", usdPerHour) });
}

const SECONDS_PER_HOUR = 3600n;
const ONE = 1_000_000_000_000_000_000n;

/** A rate in 1/3600 of 10^-18 USD per second. In this unit prices per second and per hour are both whole numbers. */
function hourlyUnits(rate: Rate): bigint {
  return typeof rate === "object" ? unitsOf(rate.perHour) : unitsOf(rate) * SECONDS_PER_HOUR;
}

/** Checks a rate and returns it unchanged; an hourly one is copied and frozen. */
function rate(what: string, value: unknown): Rate {
  if (!isObject(value)) return price(what, value);
  return Object.freeze(read(what, value, { perHour: price }));
}

type Rate = Price | HourlyPrice;

const FIELDS = {
  gpuUsdPerS: rate,
  vcpuUsdPerS: rate,
  gibUsdPerS: rate,
  idleTailS: /* @__PURE__ */ optional(price, 0),
};

/**
 * The prices of a machine: USD per second for the GPU, per vCPU and per GiB of memory, and the seconds that are billed
 * after the work ends, 0 by default. The three rates are required, so that a missing price is never zero.
 *
 * @example
 * ```ts
 * const rates = new CostRates({
 *   gpuUsdPerS: perHour("0.71"),
 *   vcpuUsdPerS: "0.000018",
 *   gibUsdPerS: "0.000002",
 *   idleTailS: 600,
 * });
 * formatUsd(estimateCost(rates, { maxRuntimeS: 3600, vcpus: 8, memoryGib: 32 })); // => "1.70193334"
 * ```
 */
export class CostRates {
  declare readonly gpuUsdPerS: Rate;
  declare readonly vcpuUsdPerS: Rate;
  declare readonly gibUsdPerS: Rate;
  declare readonly idleTailS: Price;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a negative value, one with more than 18 decimal places, or one that is not a plain decimal.
   */
  constructor(rates: {
    readonly gpuUsdPerS: Rate;
    readonly vcpuUsdPerS: Rate;
    readonly gibUsdPerS: Rate;
    readonly idleTailS?: Price | undefined;
  }) {
    define(this, "CostRates", rates, FIELDS);
  }

  /** Every price as an exact decimal string, and a price per hour as `{ perHour: "2.99" }`. */
  toJSON(): Record<string, string | { perHour: string }> {
    return pricesJson(this) as ReturnType<CostRates["toJSON"]>;
  }

  /** Reads what {@link CostRates.toJSON} wrote. */
  static fromJSON(json: unknown): CostRates {
    return make(read("CostRates", json, FIELDS));
  }
}

/** Outside the class: a bundler renames a class that refers to itself, and the new name would be printed. */
function make(rates: ConstructorParameters<typeof CostRates>[0]): CostRates {
  return new CostRates(rates);
}

const costRates: Reader<CostRates> = /* @__PURE__ */ valueReader("CostRates", FIELDS, make);

/**
 * The most that a job can cost: all three rates for its longest run time plus the idle tail.
 *
 * @param limits - `maxRuntimeS` in seconds, `vcpus` and `memoryGib`; each at least 0, fractions allowed.
 * @returns micro-cents, exact, rounded up once at the end.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a negative, infinite or inexact value.
 * @example
 * ```ts
 * const rates = new CostRates({ gpuUsdPerS: "0.0008", vcpuUsdPerS: 0, gibUsdPerS: 0, idleTailS: 0 });
 * formatUsd(estimateCost(rates, { maxRuntimeS: 60, vcpus: 1, memoryGib: 4 })); // => "0.048"
 * ```
 */
export function estimateCost(
  rates: CostRates,
  limits: { readonly maxRuntimeS: Price; readonly vcpus: Price; readonly memoryGib: Price },
): MicroCents {
  const { gpuUsdPerS, vcpuUsdPerS, gibUsdPerS, idleTailS } = costRates("estimateCost: rates", rates);
  const { maxRuntimeS, vcpus, memoryGib } = read("estimateCost", limits, {
    maxRuntimeS: units18,
    vcpus: units18,
    memoryGib: units18,
  });
  const rateUnits =
    hourlyUnits(gpuUsdPerS) * ONE + hourlyUnits(vcpuUsdPerS) * vcpus + hourlyUnits(gibUsdPerS) * memoryGib;
  return microCents(ceilDiv((maxRuntimeS + unitsOf(idleTailS)) * rateUnits, MICRO_CENT));
}

/** A micro-cent in the unit of costs here: 10^-18 s × 10^-18 vCPU × 10^-18 USD / 3600. */
const MICRO_CENT = 36_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;
