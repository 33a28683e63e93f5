import { finite, listOf, outOfRange, read, whole } from "../internal/check.ts";
import { define } from "../internal/value.ts";
import { type Instant, instant } from "../time.ts";
import { type Worker, workerOf } from "./worker.ts";

/** The condition of a worker, by the time since its last report. */
export const WorkerHealth: Readonly<{ HEALTHY: "healthy"; STALE: "stale"; DEAD: "dead" }> =
  /* @__PURE__ */ Object.freeze({ HEALTHY: "healthy", STALE: "stale", DEAD: "dead" });
export type WorkerHealth = (typeof WorkerHealth)[keyof typeof WorkerHealth];

/** After how many seconds without a report a worker is stale, and after how many it is dead. */
interface Thresholds {
  readonly staleAfterS: number;
  readonly deadAfterS: number;
}

function thresholdsOf(what: string, options: Thresholds): Thresholds {
  const thresholds = read(what, options, { staleAfterS: finite, deadAfterS: finite });
  const { staleAfterS, deadAfterS } = thresholds;
  if (deadAfterS >= staleAfterS) return thresholds;
  throw outOfRange(`${what}.deadAfterS`, `at least staleAfterS (${staleAfterS})`, deadAfterS);
}

function healthAt(age: number, { staleAfterS, deadAfterS }: Thresholds): WorkerHealth {
  // A report from the future has a negative age, which is below every threshold.
  if (age >= deadAfterS) return WorkerHealth.DEAD;
  return age >= staleAfterS ? WorkerHealth.STALE : WorkerHealth.HEALTHY;
}

/**
 * Returns the condition of a worker, by the time since its last report. Both thresholds are inclusive: at exactly that age
 * it is stale or dead.
 *
 * @param lastSeen - when it last reported; a report from the future counts as just seen.
 * @param now - the time, on the same clock.
 * @param options - `staleAfterS` and `deadAfterS`, in seconds without a report; at least 0, and the second at least the
 *   first.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for milliseconds, or a threshold that is negative, not finite or below the other.
 * @example
 * ```ts
 * const limits = { staleAfterS: 30, deadAfterS: 120 };
 * workerHealth(epochSeconds(1000), epochSeconds(1029.9), limits); // => "healthy"
 * workerHealth(epochSeconds(1000), epochSeconds(1030), limits); // => "stale"
 * workerHealth(epochSeconds(1000), epochSeconds(1120), limits); // => "dead"
 * ```
 */
export function workerHealth(
  lastSeen: Instant,
  now: Instant,
  options: { readonly staleAfterS: number; readonly deadAfterS: number },
): WorkerHealth {
  const age = instant("workerHealth: now", now) - instant("workerHealth: lastSeen", lastSeen);
  return healthAt(age, thresholdsOf("workerHealth", options));
}

/**
 * The number of workers of a fleet in each condition; made by {@link summarizeFleet}.
 *
 * A dead worker is neither busy nor idle, because its last report does not say what it does now.
 *
 * @example
 * ```ts
 * const fleet = { total: 3, healthy: 1, stale: 1, dead: 1, busy: 2, idle: 0, gpuHealthy: 1 };
 * new FleetSummary(fleet).busy; // => 2
 * ```
 */
export class FleetSummary {
  declare readonly total: number;
  declare readonly healthy: number;
  declare readonly stale: number;
  declare readonly dead: number;
  /** Healthy or stale, and with a job. */
  declare readonly busy: number;
  /** Healthy or stale, and without a job. */
  declare readonly idle: number;
  /** Healthy, and with a GPU. */
  declare readonly gpuHealthy: number;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a count that is negative or not whole.
   */
  constructor(summary: {
    readonly total: number;
    readonly healthy: number;
    readonly stale: number;
    readonly dead: number;
    readonly busy: number;
    readonly idle: number;
    readonly gpuHealthy: number;
  }) {
    const readers = {
      total: whole,
      healthy: whole,
      stale: whole,
      dead: whole,
      busy: whole,
      idle: whole,
      gpuHealthy: whole,
    };
    define(this, "FleetSummary", summary, readers);
  }
}

/**
 * Counts the workers of a fleet by condition, and by whether they run a job.
 *
 * @param workers - all known workers.
 * @param now - the time, on the clock of `lastSeen`.
 * @param options - `staleAfterS` and `deadAfterS`, in seconds without a report, as for {@link workerHealth}.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for milliseconds, or a threshold that is negative, not finite or below the other, even if there
 *   are no workers.
 * @example
 * ```ts
 * const seen = { kind: BackendKind.LAN_WORKER, lanes: ["audio"], lastSeen: epochSeconds(1000) };
 * const workers = [
 *   new Worker({ ...seen, name: "a", gpu: true }),
 *   new Worker({ ...seen, name: "b", currentJob: "job-7" }),
 * ];
 * const fleet = summarizeFleet(workers, epochSeconds(1010), { staleAfterS: 30, deadAfterS: 120 });
 * [fleet.healthy, fleet.busy, fleet.idle, fleet.gpuHealthy]; // => [2, 1, 1, 1]
 * ```
 */
export function summarizeFleet(
  workers: readonly Worker[],
  now: Instant,
  options: { readonly staleAfterS: number; readonly deadAfterS: number },
): FleetSummary {
  const known = listOf(workerOf)("summarizeFleet: workers", workers);
  const time = instant("summarizeFleet: now", now);
  const thresholds = thresholdsOf("summarizeFleet", options);
  const count = { total: known.length, healthy: 0, stale: 0, dead: 0, busy: 0, idle: 0, gpuHealthy: 0 };
  for (const { lastSeen, gpu, currentJob } of known) {
    const health = healthAt(time - lastSeen, thresholds);
    count[health]++;
    if (health === WorkerHealth.DEAD) continue;
    count[currentJob === null ? "idle" : "busy"]++;
    if (gpu && health === WorkerHealth.HEALTHY) count.gpuHealthy++;
  }
  return new FleetSummary(count);
}
