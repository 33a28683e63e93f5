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

/** A call that asks for admission. */
export interface Request {
  readonly call: Call;
  readonly backend: BackendKind;
  /** The model's name, by which the journal can sum the costs. */
  readonly model: string;
  /** The most that the call can cost. */
  readonly most: MicroCents;
  readonly scopes: readonly ScopeCap[];
}

/** A call that was answered, and its actual cost. */
export interface Answered {
  readonly call: Call;
  readonly actual: MicroCents;
}

/** Decides which calls a service makes, and books their costs. */
export interface Guard {
  /**
   * Sets upper bounds aside, in order. Returns the scopes without room for each call: an empty list if it is admitted,
   * and `null` if it was refused in an earlier, killed process.
   */
  admit(requests: readonly Request[]): Promise<readonly (readonly Lacking[] | null)[]>;
  /** Returns what was booked for each call: `null` without settlement, `lost` if the call was never answered. */
  finish(answered: readonly Answered[]): Promise<readonly (MicroCents | "lost" | null)[]>;
  /** Returns what else has happened since the last call; `thorough` also reads the ledger. */
  incidents?(thorough: boolean): Promise<readonly Incident[]>;
}

/**
 * `lost`: a worker was lost and its call charged in full. `retried`: the call was tried again, because there was room.
 * `corrected`: the worker was only slow, and has corrected the charge.
 */
export interface Incident {
  readonly kind: "lost" | "retried" | "corrected";
  readonly call: Call;
  readonly booked: MicroCents;
}

/** The payload and the result of a call's job. */
export interface Prompt {
  readonly contextTokens: number;
}
export interface Answer {
  readonly generatedTokens: number;
}

export const LANE = "chat";

/** The run of each pass, in its own store. */
export const RUN_ID = "replay";

/** The id of a call's job or hold. */
export function callId(call: Call): string {
  return `call-${call.line}`;
}

/** The job of a call, approved at once. */
export function jobOf(
  { call, backend, model, most, scopes }: Request,
  maxAttempts: number,
): JobRequest<Prompt> {
  const approval = new Approval({
    author: "policy:within-the-caps",
    reason: "the upper bound fits under the caps of the run and of the month",
    decidedAt: new Date(call.at * 1000).toISOString(),
  });
  return {
    jobId: callId(call),
    lane: LANE,
    payload: { contextTokens: call.contextTokens },
    backend,
    maxCost: most,
    maxAttempts,
    tags: { model },
    approved: { approval, scopes },
  };
}

/**
 * Makes each call a job with its own hold, which is settled at the actual cost when the call is answered.
 *
 * A call may be in flight when the process is killed. Its lease is therefore stored in the transaction that claims it, and the
 * next process reports the answer with it.
 */
export function settlingGuard({ store, notes }: Ground): Guard {
  const leases = new Map([...notes.read("lease")].map(([line, text]) => [line, leaseOf(text)]));
  return {
    async admit(requests) {
      const outcomes = await store.submitMany(requests.map((request) => jobOf(request, 1)));
      const queued = requests.filter((_, index) => outcomes[index]?.kind === "queued");
      // The lane has no other jobs, because every queued job is claimed at once.
      const claimed = queued.length === 0 ? [] : await store.claimMany([LANE], queued.length + 1);
      for (const [index, { call }] of queued.entries()) {
        const lease = claimed[index]?.lease;
        if (lease?.jobId !== callId(call)) throw new Error(`${callId(call)} was queued but not claimed`);
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
  // The guard wrote it from a lease.
  return new Lease(JSON.parse(text) as Lease);
}

/** Longer than any trace, so that no hold expires. */
const NEVER_SECONDS = 366 * 86_400;

/** Holds the upper bounds and never settles them: a budget check without settlement. */
export function naiveGuard({ store }: { readonly store: Pick<BudgetLedger, "hold"> }): Guard {
  return {
    async admit(requests) {
      const holds = requests.map(async ({ call, model, most, scopes }) =>
        store.hold({
          holdId: callId(call),
          amount: most,
          scopes,
          ttlSeconds: NEVER_SECONDS,
          tags: { model },
        }),
      );
      const outcomes = await Promise.all(holds);
      return outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.lacking : []));
    },
    finish: (answered) => Promise.resolve(answered.map(() => null)),
  };
}
