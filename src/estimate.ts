import { amount } from "./money/amount.ts";
import { finite, flag, optional, notOurs, orNull, read, seal } from "./internal/check.ts";
import { moneyJson, usdFromJson } from "./money/json.ts";
import type { MicroCents } from "./money/micro-cents.ts";

/** Where `null` is an answer, a field that is not there is none. */
function given(what: string, value: unknown): number | null {
  return value === null ? null : finite(what, value);
}

const size = /* @__PURE__ */ orNull(finite);

/**
 * Whether a job's video memory fits on a host. Unknown memory fits nothing that asks for some.
 *
 * @param availableGb - what the host has free, in GB; `null` for no GPU, or not known.
 * @param requiredGb - what the job needs, in GB; `null` for a job without a GPU.
 * @throws TypeError if either is neither a number nor `null`.
 * @throws RangeError if either is negative or not finite.
 * @example
 * ```ts
 * vramFits(24, 16); // => true
 * vramFits(null, 16); // => false
 * ```
 */
export function vramFits(availableGb: number | null, requiredGb: number | null): boolean {
  const available = given("vramFits: availableGb", availableGb);
  const required = given("vramFits: requiredGb", requiredGb);
  return required === null || (available !== null && available >= required);
}

/**
 * What a host offers. Without `hasGpu` it takes no GPU job, whatever memory it names.
 *
 * @example
 * ```ts
 * new HostCapabilities({ hasGpu: true, availableVramGb: 24 }).canFitVram(16); // => true
 * new HostCapabilities().canFitVram(1); // => false
 * ```
 */
export class HostCapabilities {
  readonly #ours: undefined;
  declare readonly hasGpu: boolean;
  /** Free video memory in GB; `null` if there is none or nobody knows. */
  declare readonly availableVramGb: number | null;

  constructor(host: { readonly hasGpu?: boolean; readonly availableVramGb?: number | null } = {}) {
    const readers = { hasGpu: optional(flag, false), availableVramGb: size };
    seal(this, read("HostCapabilities", host, readers, true));
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is HostCapabilities {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /** Whether a job that needs `requiredGb` of video memory (`null`: none) fits here. */
  canFitVram(requiredGb: number | null): boolean {
    return hostFits("canFitVram: this", this, requiredGb);
  }
}

/** By the host's own fields: what a subclass makes of the method does not count. */
function hostFits(what: string, host: HostCapabilities, requiredGb: number | null): boolean {
  if (!HostCapabilities.is(host)) throw notOurs(what, "HostCapabilities", host);
  return vramFits(host.hasGpu ? host.availableVramGb : null, requiredGb);
}

const LIMITS = { maxRuntimeS: size, requiredVramGb: size };

/**
 * What one execution of a job can take at most: its cost, and the time and video memory it needs.
 *
 * @example
 * ```ts
 * const estimate = new CostEstimate({ maxCost: usd("1.20"), maxRuntimeS: 3600, requiredVramGb: 16 });
 * estimate.fitsOn(new HostCapabilities({ hasGpu: true, availableVramGb: 24 })); // => true
 * ```
 */
export class CostEstimate {
  readonly #ours: undefined;
  /** An upper bound of the cost, in micro-cents. */
  declare readonly maxCost: MicroCents;
  /** The longest it may run, in seconds; `null` if there is no limit. */
  declare readonly maxRuntimeS: number | null;
  /** Video memory in GB; `null` if it needs none. */
  declare readonly requiredVramGb: number | null;

  constructor(estimate: {
    readonly maxCost: MicroCents;
    readonly maxRuntimeS?: number | null;
    readonly requiredVramGb?: number | null;
  }) {
    seal(this, read("CostEstimate", estimate, { ...LIMITS, maxCost: amount }));
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is CostEstimate {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /** Whether its video memory fits on a host. */
  fitsOn(host: HostCapabilities): boolean {
    if (!CostEstimate.is(this)) throw notOurs("fitsOn: this", "CostEstimate", this);
    return hostFits("fitsOn", host, this.requiredVramGb);
  }

  /** The cost in decimal dollars. */
  toJSON(): { maxCost: string; maxRuntimeS: number | null; requiredVramGb: number | null } {
    return moneyJson(this) as ReturnType<CostEstimate["toJSON"]>;
  }

  /** Reads what {@link CostEstimate.toJSON} wrote. */
  static fromJSON(json: unknown): CostEstimate {
    return fromJson(json);
  }
}

/** Outside the class: one that names itself is renamed by bundlers, and prints under that name. */
function fromJson(json: unknown): CostEstimate {
  return new CostEstimate(read("CostEstimate", json, { ...LIMITS, maxCost: usdFromJson }));
}
