import {
  Approval,
  type BackendKind,
  type BudgetLedger,
  type JobRequest,
  type Lacking,
  Lease,
  type MicroCents,
  type ScopeCap,
} from "dispatch-kit";
import type { Ground } from "./ground.ts";
import type { Call } from "./trace.ts";

/** A call that asks to be let through. */
export interface Request {
  readonly call: Call;
  readonly backend: BackendKind;
  /** The most that it can cost. */
  readonly most: MicroCents;
  readonly scopes: readonly ScopeCap[];
}

/** A call that was answered, and what it has cost. */
export interface Answered {
  readonly call: Call;
  readonly actual: MicroCents;
}

/** What stands between a service and its bill. */
export interface Guard {
  /**
   * Sets upper bounds aside, in order; for each call the scopes without room, none if it may go, and `null` if it
   * was refused and nobody remembers why.
   */
  admit(requests: readonly Request[]): Promise<readonly (readonly Lacking[] | null)[]>;
  /** What was booked for each of these calls; `null` if nobody settles, `lost` if nobody has answered. */
  finish(answered: readonly Answered[]): Promise<readonly (MicroCents | "lost" | null)[]>;
  /** What else has happened since; `thorough`: whatever it takes to find out. */
  incidents?(thorough: boolean): Promise<readonly Incident[]>;
}

/**
 * A worker was lost and its call charged in full, and tried again where there was room; a worker that was only
 * slow has corrected such a charge.
 */
export interface Incident {
  readonly kind: "lost" | "retried" | "corrected";
  readonly call: Call;
  readonly booked: MicroCents;
}

/** What the job store keeps of a call, and of its answer. */
export interface Prompt {
  readonly contextTokens: number;
}
export interface Answer {
  readonly generatedTokens: number;
}

export const LANE = "chat";

/** A call's name in the ledger, as a job and as a hold. */
export function callId(call: Call): string {
  return `call-${call.line}`;
}

/** The call as a job that may be submitted at once. */
export function jobOf({ call, backend, most, scopes }: Request, maxAttempts: number): JobRequest<Prompt> {
  const approval = new Approval({
    author: "policy:within-the-caps",
    reason: "an upper bound that fits under the run's and the month's cap",
    decidedAt: new Date(call.at * 1000).toISOString(),
  });
  return {
    jobId: callId(call),
    lane: LANE,
    payload: { contextTokens: call.contextTokens },
    backend,
    maxCost: most,
    maxAttempts,
    approved: { approval, scopes },
  };
}

/**
 * Each call is a job with its own hold, which is settled at the true cost when the answer is there.
 *
 * A call is in flight for longer than a process lives: the lease is written down in the transaction that claims,
 * and whoever comes back reports the answer with it.
 */
export function settlingGuard({ store, notes }: Ground): Guard {
  const leases = new Map([...notes.read("lease")].map(([line, text]) => [line, leaseOf(text)]));
  return {
    async admit(requests) {
      const outcomes = await store.submitMany(requests.map((request) => jobOf(request, 1)));
      const queued = requests.filter((_, index) => outcomes[index]?.kind === "queued");
      // A worker is always free here, so nothing waits in the lane but these jobs.
      const claimed = queued.length === 0 ? [] : await store.claimMany([LANE], queued.length + 1);
      for (const [index, { call }] of queued.entries()) {
        const lease = claimed[index]?.lease;
        if (lease?.jobId !== callId(call)) throw new Error(`${callId(call)} was queued, and not claimed`);
        notes.write("lease", call.line, JSON.stringify(lease));
        leases.set(call.line, lease);
      }
      return outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.lacking : []));
    },
    async finish(answered) {
      const completions = answered.map(({ call, actual }) => {
        const lease = leases.get(call.line);
        if (lease === undefined) throw new Error(`${callId(call)} was never claimed`);
        leases.delete(call.line);
        return { lease, result: { generatedTokens: call.generatedTokens }, actual };
      });
      const outcomes = await store.completeMany(completions);
      return outcomes.map((done, index) => {
        if (done.kind === "stale") throw new Error(`${completions[index]?.lease.jobId} lost its lease`);
        return done.booked;
      });
    },
  };
}

function leaseOf(text: string): Lease {
  // Written by the guard, from a lease.
  return new Lease(JSON.parse(text) as Lease);
}

/** Longer than any trace: nothing is charged for being late. */
const NEVER_SECONDS = 366 * 86_400;

/** Adds up upper bounds and never looks back: what remains of a budget check without the settling. */
export function naiveGuard({ store }: { readonly store: Pick<BudgetLedger, "hold"> }): Guard {
  return {
    async admit(requests) {
      const holds = requests.map(async ({ call, most, scopes }) =>
        store.hold({ holdId: callId(call), amount: most, scopes, ttlSeconds: NEVER_SECONDS }),
      );
      const outcomes = await Promise.all(holds);
      return outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.lacking : []));
    },
    finish: (answered) => Promise.resolve(answered.map(() => null)),
  };
}
