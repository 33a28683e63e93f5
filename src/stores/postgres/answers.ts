import type { HoldState, Lacking } from "../../budget/contract.ts";
import { capOf } from "../../budget/caps.ts";
import { decisionConflict } from "../../approval/decision.ts";
import { costLimit, noRoom } from "../../dispatch/rules.ts";
import type { JobBody } from "../../dispatch/job-request.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { BackendKind } from "../../routing/kind.ts";
import type { EpochSeconds } from "../../time.ts";
import { approvalFromJson, tagsFromJson } from "../engine/codec.ts";
import type { HoldRecord, JobRecord, ShownJob } from "../engine/tables.ts";
import type { Decided } from "../operations.ts";

/** What the store's functions answer about a hold; only they write it. */
export interface HoldAnswer {
  readonly holdId: string;
  readonly asked: string;
  readonly steps: readonly string[];
  readonly scopes: readonly string[];
  readonly caps: readonly (string | null)[];
  readonly untils: readonly (EpochSeconds | null)[];
  readonly state: HoldState;
  readonly booked: string;
  readonly settledFrom: HoldState;
  readonly corrected: boolean;
  readonly firstSettled: string | null;
  readonly tags: string | null;
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
  readonly scopes: string | null;
  readonly requestedBy: string | null;
  readonly tags: string | null;
  readonly decideBy: EpochSeconds | null;
  readonly claimBy: EpochSeconds | null;
  readonly maxRunSeconds: number | null;
  readonly state: JobState;
  readonly tried: number;
  readonly retries: number;
  readonly leasedBy: string | null;
  readonly decision: string | null;
  readonly cancellation: string | null;
  readonly error: string | null;
  readonly result: string | null;
  readonly pruned: boolean;
  readonly submittedAt: EpochSeconds;
  readonly decidedAt: EpochSeconds | null;
  readonly startedAt: EpochSeconds | null;
  readonly waitingSince: EpochSeconds | null;
  readonly endedAt: EpochSeconds | null;
  readonly booked: string;
}

/** A scope that lacks room. */
export interface LackingAnswer {
  readonly scope: string;
  readonly by: string;
  readonly until?: EpochSeconds;
  readonly over?: true;
  readonly unknown?: true;
}

/** A request for which there is no room. */
export interface RefusedAnswer {
  readonly kind: "refused";
  readonly lacking: readonly LackingAnswer[];
}

/** A request with another cap than the pinned one, or without a cap where none is pinned. */
export interface PinnedAnswer {
  readonly kind: "pinned";
  readonly scope: string;
  readonly pinned: string | null;
  readonly asked: string | null;
}

/** What was decided before under the id of a decision, and its first answer. */
export interface DecidedAnswer<Answer> {
  readonly kind: "decided";
  readonly body: string;
  readonly answer: Answer;
}

/** A decision as the store's functions take it. */
export function decisionColumns({ id, body, approval }: Decided): {
  readonly decisionId: string | null;
  readonly body: string;
  readonly decision: string;
} {
  return { decisionId: id, body, decision: JSON.stringify(approval) };
}

/**
 * The answer of a decision, or the first answer if it repeats one.
 *
 * @throws DispatchError `decision_conflict` if its id was used for another change.
 */
export function firstAnswer<Answer extends object | null>(
  answer: Answer | DecidedAnswer<Answer>,
  { id, body }: Decided,
): Answer {
  if (!isDecided(answer)) return answer;
  if (answer.body !== body) throw decisionConflict(id ?? "");
  return answer.answer;
}

function isDecided<Answer extends object | null>(
  answer: Answer | DecidedAnswer<Answer>,
): answer is DecidedAnswer<Answer> {
  return answer !== null && Reflect.get(answer, "kind") === "decided";
}

export function holdOf(hold: HoldAnswer): Omit<HoldRecord, "heldAt" | "resolvedAt"> {
  const { holdId, caps, untils, state, settledFrom, corrected, firstSettled, expiresAt, pruned } = hold;
  return {
    holdId,
    asked: microCents(hold.asked),
    steps: hold.steps.map((digits) => microCents(digits)),
    scopes: hold.scopes.map((scope, index) => ({
      scope,
      cap: amountOrNull(caps[index]),
      until: untils[index] ?? null,
    })),
    state,
    booked: microCents(hold.booked),
    settledFrom,
    corrected,
    firstSettled: amountOrNull(firstSettled),
    tags: tagsFromJson(hold.tags),
    expiresAt,
    pruned,
  };
}

function amountOrNull(digits: string | null | undefined): MicroCents | null {
  return digits === null || digits === undefined ? null : microCents(digits);
}

export function bodyOf(job: JobAnswer): JobBody {
  const { jobId, lane, payload, backend, maxAttempts, priority, scopes, requestedBy, maxRunSeconds } = job;
  const asked = { runAt: job.askedRunAt, maxCost: microCents(job.maxCost) };
  return {
    jobId,
    lane,
    payload,
    backend,
    maxAttempts,
    priority,
    scopes,
    requestedBy,
    maxRunSeconds,
    ...asked,
  };
}

export function shownOf(job: JobAnswer): ShownJob {
  const { state, tried, retries, leasedBy, result, decideBy, claimBy } = job;
  const { submittedAt, decidedAt, startedAt, waitingSince, endedAt } = job;
  return {
    body: bodyOf(job),
    // The scopes themselves are not shown.
    terms: { askedScopes: null, tags: tagsFromJson(job.tags), decideBy, claimBy },
    state,
    tried,
    retries,
    leasedBy,
    decision: approvalFromJson(job.decision),
    cancellation: approvalFromJson(job.cancellation),
    error: errorOf(job.error),
    result,
    submittedAt,
    decidedAt,
    startedAt,
    waitingSince,
    endedAt,
    booked: microCents(job.booked),
  };
}

/** An error's message is made here: the database knows the scopes and the amounts, not how they are written. */
function errorOf(json: string | null): JobRecord["error"] {
  if (json === null) return null;
  // Only the store's functions write it.
  const { code, message, lacking } = JSON.parse(json) as NonNullable<JobRecord["error"]> & {
    readonly lacking?: readonly LackingAnswer[];
  };
  if (lacking) return noRoom(message, lackingOf(lacking));
  return code === "cost_limit" ? costLimit(message) : { code, message };
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

/** The `cap_conflict` or `cap_unknown` of a request that the pinned cap refuses. */
export function capConflict({ scope, pinned, asked }: PinnedAnswer): unknown {
  const cap = amountOrNull(asked);
  try {
    const pin = pinned === null ? undefined : { cap: microCents(pinned), raise: null };
    return capOf({ scope, cap }, pin, NO_TIME);
  } catch (error) {
    return error;
  }
}

/** No raise is looked at. */
const NO_TIME = 0 as EpochSeconds;
