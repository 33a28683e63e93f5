import { type JobStore, Lease, epochSeconds } from "dispatch-kit";
import { micro, START } from "../stores/memory/support.ts";

export const LANES = { lanes: ["text"] };
export const NOBODY = { completed: 0, requeued: 0, failed: 0, waiting: 0, given_back: 0, stale: 0 };

export type Call = readonly [method: string, ...args: readonly unknown[]];

/** A store of one job that records what it is asked, and whose answers a test replaces. */
export function recorder(replaced: Partial<JobStore<string, string>> = {}): {
  readonly store: JobStore<string, string>;
  readonly calls: Call[];
} {
  const calls: Call[] = [];
  let left = 1;
  const lease = new Lease({ jobId: "j", leasedAt: epochSeconds(START), attempts: 1, token: "t" });
  const store: JobStore<string, string> = {
    claim: () => (left-- > 0 ? { lease, payload: "p" } : null),
    complete: () => ({ kind: "completed", booked: micro(0), overrun: micro(0) }),
    fail: () => ({ kind: "failed", booked: micro(0), overrun: micro(0) }),
    recoverStale: () => ({ attempts: [], ended: [], more: false }),
    ...replaced,
  };
  return {
    calls,
    store: {
      claim(lanes, options) {
        calls.push(["claim", lanes, options]);
        return store.claim(lanes, options);
      },
      complete(lease, result, options) {
        calls.push(["complete", lease.jobId, result, options]);
        return store.complete(lease, result, options);
      },
      fail(lease, error, options) {
        calls.push(["fail", lease.jobId, error, options]);
        return store.fail(lease, error, options);
      },
      recoverStale: (options) => store.recoverStale(options),
    },
  };
}

export const reports = (calls: readonly Call[]): readonly Call[] =>
  calls.filter(([method]) => method !== "claim");
export const throwing = (error: unknown) => (): never => {
  throw error;
};
