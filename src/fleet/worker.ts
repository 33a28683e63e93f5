import { finite, flag, identifier, listOf, optional, orNull, type Reader } from "../internal/check.ts";
import { define, valueReader } from "../internal/value.ts";
import { type BackendKind, backendKind } from "../routing/kind.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";

const measure = /* @__PURE__ */ orNull(finite);

const FIELDS = {
  name: identifier,
  kind: backendKind,
  lanes: /* @__PURE__ */ listOf(identifier),
  lastSeen: instant,
  gpu: /* @__PURE__ */ optional(flag, false),
  vramGb: measure,
  currentJob: /* @__PURE__ */ orNull(identifier),
  recentRtf: measure,
};

/**
 * A worker by its last report: its kind, its lanes and its current job.
 *
 * @example
 * ```ts
 * const worker = new Worker({
 *   name: "gpu-box-1",
 *   kind: BackendKind.LAN_WORKER,
 *   lanes: ["audio"],
 *   lastSeen: epochSeconds(1_795_392_000),
 *   currentJob: "job-7",
 * });
 * worker.busy; // => true
 * ```
 */
export class Worker {
  declare readonly name: string;
  declare readonly kind: BackendKind;
  /** The lanes that it claims jobs from. */
  declare readonly lanes: readonly string[];
  /** When it last reported, in epoch seconds. */
  declare readonly lastSeen: EpochSeconds;
  declare readonly gpu: boolean;
  /** Video memory in GB; `null` if there is none or it is unknown. */
  declare readonly vramGb: number | null;
  /** The id of the job that it runs; `null` if it runs none. */
  declare readonly currentJob: string | null;
  /** The {@link realTimeFactor} of its recent work; `null` if it is unknown. */
  declare readonly recentRtf: number | null;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a name, lane or job that is no identifier, an unknown kind, milliseconds, or a negative or
   *   infinite number.
   */
  constructor(worker: {
    readonly name: string;
    readonly kind: BackendKind;
    readonly lanes: readonly string[];
    readonly lastSeen: Instant;
    readonly gpu?: boolean | undefined;
    readonly vramGb?: number | null | undefined;
    readonly currentJob?: string | null | undefined;
    readonly recentRtf?: number | null | undefined;
  }) {
    define(this, "Worker", worker, FIELDS);
  }

  /** Whether it runs a job. */
  get busy(): boolean {
    return workerOf("busy: this", this).currentJob !== null;
  }
}

export const workerOf: Reader<Worker> = /* @__PURE__ */ valueReader(
  "Worker",
  FIELDS,
  (fields) => new Worker(fields),
);
