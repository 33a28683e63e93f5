import type { Lacking } from "../budget/contract.ts";
import { DispatchError } from "../errors.ts";
import { anyText } from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { formatUsd, type MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds } from "../time.ts";
import type { JobBody, JobTerms } from "./job-request.ts";
import { JobState } from "./lifecycle.ts";

/** The error for an approval without scopes, of a job that was submitted without. */
export function scopesMissing(jobId: string): RangeError {
  return new RangeError(`approve: scopes must be given, since job ${quote(jobId)} was submitted without any`);
}

/** The instant at which a job that nobody has decided on or claimed ends by itself; `null` if it does not. */
export function deadlineOf(
  { decideBy, claimBy }: Pick<JobTerms, "decideBy" | "claimBy">,
  job: { readonly state: JobState; readonly isDecided: boolean; readonly isClaimed: boolean },
): EpochSeconds | null {
  const first = job.isClaimed ? null : claimBy;
  switch (job.state) {
    case JobState.AWAITING_APPROVAL: {
      const deadlines = [first, job.isDecided ? null : decideBy].filter((end) => end !== null);
      return deadlines.length === 0 ? null : (Math.min(...deadlines) as EpochSeconds);
    }
    case JobState.QUEUED:
    case JobState.PENDING:
      return first;
    default:
      return null;
  }
}

/** Whether a deadline has passed; in its very second it has. */
export function isPast(deadline: EpochSeconds | null, now: EpochSeconds): boolean {
  return deadline !== null && now >= deadline;
}

/** The first wait after a store's parser has refused a payload, in seconds. It doubles each time. */
const REFUSED_PAYLOAD_DELAY = 60;
/** After so many refusals of its payload a job waits for a person. */
export const MOST_REFUSALS = 8;

/** Seconds until a job is offered again whose payload was refused, also `refusals` times before. */
export function refusalDelay(refusals: number): number {
  return REFUSED_PAYLOAD_DELAY * 2 ** refusals;
}

/**
 * Whether a job that was given back may be held for again without a person: what was booked for it and the next hold are
 * at most its attempts' cost for each time that it was approved or retried.
 */
export function mayHoldAgain(
  body: Pick<JobBody, "maxCost" | "maxAttempts">,
  booked: bigint,
  grants: number,
): boolean {
  return booked + body.maxCost <= body.maxCost * BigInt(body.maxAttempts) * BigInt(grants);
}

/** The error for an id that was never submitted. */
export function unknownJob(jobId: string): DispatchError {
  return new DispatchError("job_unknown", `there is no job ${quote(jobId)}`, { subject: jobId });
}

/** The error for a job whose contents were pruned. */
export function prunedJob(jobId: string): DispatchError {
  return new DispatchError("job_pruned", `job ${quote(jobId)} was pruned: it cannot run again`, {
    subject: jobId,
  });
}

/** Why a job waits again: its attempt has ended with `message`, and these scopes have no room for a retry. */
export function noRoom(
  message: string,
  lacking: readonly Lacking[],
): { readonly code: "no_room"; readonly message: string } {
  const why = lacking.map(({ scope, by, over, unknown }) => {
    if (over === true) return `${quote(scope)} is over`;
    return unknown === true ? `${quote(scope)} has no cap` : `${quote(scope)} lacks $${formatUsd(by)}`;
  });
  return { code: "no_room", message: `${message}; no retry: ${why.join(", ")}` };
}

/** Why a job waits again that was given back: it may cost no more without a person. */
export function costLimit(message: string): { readonly code: "cost_limit"; readonly message: string } {
  return { code: "cost_limit", message: `${message}; no retry: the attempts have cost as much as they may` };
}

/** The loss of an attempt, as the job's error. */
export function lostLease(attempt: number): { readonly code: "lost"; readonly message: string } {
  return { code: "lost", message: `attempt ${attempt} lost its lease` };
}

/** The end of an attempt at the job's `maxRunSeconds`, as the job's error. */
export function timedOut(attempt: number): { readonly code: "timed_out"; readonly message: string } {
  return { code: "timed_out", message: `attempt ${attempt} ran longer than maxRunSeconds` };
}

/** The end of a job at its deadline, as the job's error. */
export function expired(isWaiting: boolean): { readonly code: "expired"; readonly message: string } {
  return { code: "expired", message: isWaiting ? "nobody approved it in time" : "nobody claimed it in time" };
}

/** The error for a report that tells what free work has cost. */
export function noActualCost(what: string, jobId: string, actual: MicroCents | null): RangeError {
  const given = actual === null ? "none" : `$${formatUsd(actual)}`;
  return new RangeError(`${what}: job ${quote(jobId)} is free, so it has no actual cost; got ${given}`);
}

/** An error's text for the store: at most 4,000 code units, without what a text column cannot hold. */
export function errorText(what: string, value: unknown): string {
  return storableText(anyText(what, value));
}

/** Text that is written for a person: cut, and without what a text column cannot hold. */
export function storableText(text: string): string {
  return text.slice(0, 4000).replaceAll(/[\0\p{Cs}]/gu, "\ufffd");
}
