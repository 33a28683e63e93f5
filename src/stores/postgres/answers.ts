import type { HoldState, Lacking } from "../../budget/contract.ts";
import { capOf } from "../../budget/holds.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import { type JobBody, noRoom } from "../../dispatch/rules.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { microCents } from "../../money/micro-cents.ts";
import type { BackendKind } from "../../routing/kind.ts";
import type { EpochSeconds } from "../../time.ts";
import { approvalFromJson } from "../engine/codec.ts";
import type { HoldRecord, JobRecord, ShownJob } from "../engine/tables.ts";

/** What the store's functions answer about a hold; only they write it. */
export interface HoldAnswer {
  readonly holdId: string;
  readonly asked: string;
  readonly steps: readonly string[];
  readonly scopes: readonly string[];
  readonly caps: readonly string[];
  readonly untils: readonly (EpochSeconds | null)[];
  readonly state: HoldState;
  readonly booked: string;
  readonly settledFrom: HoldState;
  readonly expiresAt: EpochSeconds | null;
  readonly pruned: boolean;
}

/** What the store's functions answer about a job; only they write it. */
export interface JobAnswer {
  readonly jobId: string;
  readonly lane: string;
  readonly payload: string;
  readonly backend: BackendKind;
  readonly maxCost: string;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly askedRunAt: EpochSeconds | null;
  readonly state: JobState;
  readonly attempts: number;
  readonly decision: string | null;
  readonly error: string | null;
  readonly result: string | null;
  readonly pruned: boolean;
}

/** A scope that lacks room. */
export interface LackingAnswer {
  readonly scope: string;
  readonly by: string;
  readonly over?: true;
}

/** A request for which there is no room. */
export interface RefusedAnswer {
  readonly kind: "refused";
  readonly lacking: readonly LackingAnswer[];
}

/** A request with another cap than the pinned one. */
export interface PinnedAnswer {
  readonly kind: "pinned";
  readonly scope: string;
  readonly pinned: string;
}

export function holdOf(hold: HoldAnswer): Omit<HoldRecord, "resolvedAt"> {
  const { holdId, caps, untils, state, settledFrom, expiresAt, pruned } = hold;
  return {
    holdId,
    asked: microCents(hold.asked),
    steps: hold.steps.map((digits) => microCents(digits)),
    scopes: hold.scopes.map((scope, index) => ({
      scope,
      cap: microCents(caps[index] ?? ""),
      until: untils[index] ?? null,
    })),
    state,
    booked: microCents(hold.booked),
    settledFrom,
    expiresAt,
    pruned,
  };
}

export function bodyOf({
  jobId,
  lane,
  payload,
  backend,
  maxCost,
  maxAttempts,
  priority,
  askedRunAt,
}: JobAnswer): JobBody {
  return {
    jobId,
    lane,
    payload,
    backend,
    maxCost: microCents(maxCost),
    maxAttempts,
    priority,
    runAt: askedRunAt,
  };
}

export function shownOf(job: JobAnswer): ShownJob {
  return {
    body: bodyOf(job),
    state: job.state,
    attempts: { length: job.attempts },
    decision: approvalFromJson(job.decision),
    error: errorOf(job.error),
    result: job.result,
  };
}

/** An error's message is made here: the database knows the scopes and the amounts, not how they are written. */
function errorOf(json: string | null): JobRecord["error"] {
  if (json === null) return null;
  // Only the store's functions write it.
  const { code, message, lacking } = JSON.parse(json) as NonNullable<JobRecord["error"]> & {
    readonly lacking?: readonly LackingAnswer[];
  };
  return lacking ? noRoom(message, lackingOf(lacking)) : { code, message };
}

function lackingOf(lacking: readonly LackingAnswer[]): readonly Lacking[] {
  return lacking.map((each) => ({ ...each, by: microCents(each.by) }));
}

/** The outcome of a request for which there is no room. */
export function refusedOf({ lacking }: RefusedAnswer): {
  readonly kind: "refused";
  readonly lacking: readonly Lacking[];
} {
  return outcome({ kind: "refused", lacking: outcomes(lackingOf(lacking)) });
}

/** The `cap_conflict` of a request with another cap than the pinned one. */
export function capConflict(answer: PinnedAnswer, scopes: readonly HeldScope[]): unknown {
  const asked = scopes.find(({ scope }) => scope === answer.scope);
  try {
    return asked && capOf(asked, microCents(answer.pinned));
  } catch (error) {
    return error;
  }
}
