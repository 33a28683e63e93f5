import {
  Approval,
  type BackendKind,
  type BudgetLedger,
  type DispatchStore,
  type Lacking,
  type Lease,
  type MicroCents,
  type ScopeCap,
} from "dispatch-kit";
import type { Call } from "./trace.ts";

/** A call that asks to be let through. */
export interface Request {
  readonly call: Call;
  readonly backend: BackendKind;
  /** The most that it can cost. */
  readonly most: MicroCents;
  readonly scopes: readonly ScopeCap[];
}

/** What stands between a service and its bill. */
export interface Guard {
  /** Sets the upper bound aside; the scopes without room, or none if the call may go. */
  admit(request: Request): Promise<readonly Lacking[]>;
  /** The call was answered and has cost `actual`; what was booked, `null` if nobody settles. */
  finish(call: Call, actual: MicroCents): Promise<MicroCents | null>;
}

/** What the job store keeps of a call, and of its answer. */
export interface Prompt {
  readonly contextTokens: number;
}
export interface Answer {
  readonly generatedTokens: number;
}

const LANE = "chat";

/** Each call is a job with its own hold, which is settled at the true cost when the answer is there. */
export function settlingGuard(store: DispatchStore<Prompt, Answer>): Guard {
  const leases = new Map<Call, Lease>();
  return {
    async admit({ call, backend, most, scopes }) {
      const jobId = `call-${call.line}`;
      const approval = new Approval({
        author: "policy:within-the-caps",
        reason: "an upper bound that fits under the run's and the month's cap",
        decidedAt: new Date(call.at * 1000).toISOString(),
      });
      const submitted = await store.submit({
        jobId,
        lane: LANE,
        payload: { contextTokens: call.contextTokens },
        backend,
        maxCost: most,
        maxAttempts: 1,
        approved: { approval, scopes },
      });
      if (submitted.kind === "refused") return submitted.lacking;
      // A worker is always free here, so nothing waits in the lane but this job.
      const claimed = await store.claim([LANE]);
      if (claimed?.lease.jobId !== jobId) throw new Error(`${jobId} was queued, and could not be claimed`);
      leases.set(call, claimed.lease);
      return [];
    },
    async finish(call, actual) {
      const lease = leases.get(call);
      if (lease === undefined) throw new Error(`call-${call.line} was never claimed`);
      leases.delete(call);
      const done = await store.complete(lease, { generatedTokens: call.generatedTokens }, { actual });
      if (done.kind === "stale") throw new Error(`call-${call.line} lost its lease`);
      return done.booked;
    },
  };
}

/** Longer than any trace: nothing is charged for being late. */
const NEVER_SECONDS = 366 * 86_400;

/** Adds up upper bounds and never looks back: what remains of a budget check without the settling. */
export function naiveGuard(ledger: BudgetLedger): Guard {
  return {
    async admit({ call, most, scopes }) {
      const held = await ledger.hold({
        holdId: `call-${call.line}`,
        amount: most,
        scopes,
        ttlSeconds: NEVER_SECONDS,
      });
      return held.kind === "refused" ? held.lacking : [];
    },
    finish: () => Promise.resolve(null),
  };
}
