import { anyText, finite, flag, orNull, type Reader } from "./internal/check.ts";
import { define, valueReader } from "./internal/value.ts";

/** Reads a size: a number or `null`; a missing size is an error. */
function size(what: string, value: unknown): number | null {
  return value === null ? null : finite(what, value);
}

/**
 * Whether a host has the video memory that a job needs. A host with unknown memory fits only jobs that
 * need none (`null`).
 *
 * @param availableGb - free video memory of the host, in GB; `null` if it has no GPU or the size is unknown.
 * @param requiredGb - video memory that the job needs, in GB; `null` for a job without a GPU.
 * @throws TypeError if either is neither a number nor `null`.
 * @throws RangeError if either is negative or not finite.
 * @example
 * ```ts
 * vramFits(24, 16); // => true
 * vramFits(null, 16); // => false
 * ```
 */
export function vramFits(availableGb: number | null, requiredGb: number | null): boolean {
  const available = size("vramFits: availableGb", availableGb);
  const required = size("vramFits: requiredGb", requiredGb);
  return required === null || (available ?? -1) >= required;
}

const HOST = { availableVramGb: /* @__PURE__ */ orNull(finite) };

/**
 * What a host offers.
 *
 * @example
 * ```ts
 * new HostCapabilities({ availableVramGb: 24 }).canFitVram(16); // => true
 * new HostCapabilities().canFitVram(1); // => false
 * ```
 */
export class HostCapabilities {
  /** Free video memory in GB; `null` if the host has no GPU or its memory is unknown. */
  declare readonly availableVramGb: number | null;

  /**
   * @throws TypeError for an unknown field, or a size that is neither a number nor `null`.
   * @throws RangeError for a negative or infinite size.
   */
  constructor(host: { readonly availableVramGb?: number | null | undefined } = {}) {
    define(this, "HostCapabilities", host, HOST);
  }

  /** Whether a job that needs `requiredGb` GB of video memory fits on this host; `null` if it needs none. */
  canFitVram(requiredGb: number | null): boolean {
    return vramFits(hostCapabilities("canFitVram: this", this).availableVramGb, requiredGb);
  }
}

const hostCapabilities: Reader<HostCapabilities> = /* @__PURE__ */ valueReader(
  "HostCapabilities",
  HOST,
  (host) => new HostCapabilities(host),
);

/**
 * The answer of a feasibility check: how long a job would take, what it needs, and whether it can run on this host.
 *
 * All four fields are required; `estimatedVramGb` is `null` where no GPU is needed, and `reason` may be empty.
 *
 * @example
 * ```ts
 * const needed = 40;
 * const fits = new HostCapabilities({ availableVramGb: 24 }).canFitVram(needed);
 * const estimate = new CostEstimate({
 *   estimatedSeconds: 90,
 *   estimatedVramGb: needed,
 *   feasibleLocally: fits,
 *   reason: fits ? "" : "needs 40 GB, the host has 24",
 * });
 * estimate.feasibleLocally; // => false
 * ```
 */
export class CostEstimate {
  /** Expected run time, in seconds. */
  declare readonly estimatedSeconds: number;
  /** Video memory in GB; `null` if the job needs none. */
  declare readonly estimatedVramGb: number | null;
  declare readonly feasibleLocally: boolean;
  declare readonly reason: string;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a negative or infinite number.
   */
  constructor(estimate: {
    readonly estimatedSeconds: number;
    readonly estimatedVramGb: number | null;
    readonly feasibleLocally: boolean;
    readonly reason: string;
  }) {
    const readers = {
      estimatedSeconds: finite,
      estimatedVramGb: size,
      feasibleLocally: flag,
      reason: anyText,
    };
    define(this, "CostEstimate", estimate, readers);
  }
}
