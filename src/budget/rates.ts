import { notOurs, read, seal } from "../internal/check.ts";
import { ceilDiv, type Price, price, pricesJson, units18, unitsOf } from "../money/decimal.ts";
import { kept } from "../internal/memoized.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";

/** A price per hour, kept as it is: most do not divide by 3600. Made by {@link perHour}. */
export interface HourlyPrice {
  readonly perHour: Price;
}

/**
 * A price in USD per hour where a rate per second is wanted, kept exact.
 *
 * @param usdPerHour - at least 0, at most 18 decimal places.
 * @throws TypeError if it is neither a string nor a number.
 * @throws RangeError if it is negative, inexact or no plain decimal.
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

/** A rate in 1/3600 of 10^-18 USD per second, so that both kinds of price are whole. */
function hourlyUnits(rate: Price | HourlyPrice): bigint {
  return typeof rate === "object" ? unitsOf(rate.perHour) : unitsOf(rate) * SECONDS_PER_HOUR;
}

/** Checks a rate and leaves it as it was given; an hourly one is copied. */
function rate(what: string, value: unknown): Price | HourlyPrice {
  if (typeof value !== "object" || value === null) return price(what, value);
  return Object.freeze(read(what, value, { perHour: price }));
}

/**
 * What a machine costs: USD per second for the GPU, each vCPU and each GiB of memory, and the seconds
 * that are billed after the work ends. All four are required: a missing price is never zero.
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
  readonly #ours: undefined;
  declare readonly gpuUsdPerS: Price | HourlyPrice;
  declare readonly vcpuUsdPerS: Price | HourlyPrice;
  declare readonly gibUsdPerS: Price | HourlyPrice;
  declare readonly idleTailS: Price;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a negative value, one finer than 18 decimal places, or no plain decimal.
   */
  constructor(rates: {
    readonly gpuUsdPerS: Price | HourlyPrice;
    readonly vcpuUsdPerS: Price | HourlyPrice;
    readonly gibUsdPerS: Price | HourlyPrice;
    readonly idleTailS: Price;
  }) {
    const readers = { gpuUsdPerS: rate, vcpuUsdPerS: rate, gibUsdPerS: rate, idleTailS: price };
    seal(this, read("CostRates", rates, readers));
  }

  /** Whether a value is one that this copy of the library made: not a clone, not a look-alike. */
  static is(this: void, value: unknown): value is CostRates {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /** Exact decimal strings; a price per hour as `{ perHour: "2.99" }`. */
  toJSON(): Record<string, string | { perHour: string }> {
    return pricesJson(this) as ReturnType<CostRates["toJSON"]>;
  }

  /** Reads what {@link CostRates.toJSON} wrote. */
  static fromJSON(json: unknown): CostRates {
    return fromJson(json);
  }
}

/** Outside the class: one that names itself is renamed by bundlers, and prints under that name. */
function fromJson(json: unknown): CostRates {
  // The constructor validates every field of whatever it is given.
  return new CostRates(json as CostRates);
}

/**
 * The most that a job can cost: every rate for the whole of its longest run and the idle tail.
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
  const { gpu, vcpu, gib, idleTail } = parse(ourRates("estimateCost: rates", rates));
  const { maxRuntimeS, vcpus, memoryGib } = read("estimateCost", limits, {
    maxRuntimeS: units18,
    vcpus: units18,
    memoryGib: units18,
  });
  const rateUnits = gpu * ONE + vcpu * vcpus + gib * memoryGib;
  return microCents(ceilDiv((maxRuntimeS + idleTail) * rateUnits, MICRO_CENT));
}

type Units = Readonly<Record<"gpu" | "vcpu" | "gib" | "idleTail", bigint>>;

/** What rates parse to, once for each: they are frozen. */
const parsed = /* @__PURE__ */ new WeakMap<CostRates, Units>();

function parse(rates: CostRates): Units {
  return kept(parsed, rates, () => ({
    gpu: hourlyUnits(rates.gpuUsdPerS),
    vcpu: hourlyUnits(rates.vcpuUsdPerS),
    gib: hourlyUnits(rates.gibUsdPerS),
    idleTail: unitsOf(rates.idleTailS),
  }));
}

function ourRates(what: string, value: unknown): CostRates {
  if (CostRates.is(value)) return value;
  throw notOurs(what, "CostRates", value);
}

/** A micro-cent, in 10^-18 s × 10^-18 vCPU × 10^-18 USD / 3600. */
const MICRO_CENT = 36_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n;
