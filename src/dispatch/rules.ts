import { type ApprovalDraft, ApprovalOutcome, approvalWith } from "../approval/approval.ts";
import type { Lacking } from "../budget/contract.ts";
import { scopeCaps } from "../budget/holds.ts";
import type { HeldScope } from "../budget/scopes.ts";
import { DispatchError } from "../errors.ts";
import { ledgerAmount } from "../money/amount.ts";
import {
  duration,
  finite,
  flag,
  identifier,
  listOf,
  optional,
  orNull,
  read,
  type Reader,
  anyText,
  whole,
  wholeFrom,
  wrongType,
} from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { formatUsd, type MicroCents } from "../money/micro-cents.ts";
import { BackendKind, backendKind } from "../routing/kind.ts";
import { type EpochSeconds, instant } from "../time.ts";
import type { JobRequest } from "./contract.ts";

/** A job's request, checked: what every store keeps of it. */
export interface JobBody {
  readonly jobId: string;
  readonly lane: string;
  /** The payload as JSON with sorted keys: what is compared when a job is submitted again. */
  readonly payload: string;
  readonly backend: BackendKind;
  readonly maxCost: MicroCents;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly runAt: EpochSeconds | null;
}

/** A checked approval, with the scopes to hold in. */
export interface CheckedApproval {
  readonly approval: ApprovalDraft;
  readonly scopes: readonly HeldScope[];
}

/** Checks a job's request, before a store touches anything. */
export function jobRequest(request: JobRequest<unknown>): {
  readonly body: JobBody;
  readonly approved: CheckedApproval | null;
} {
  const { approved, ...body } = read("submit", request, {
    jobId: identifier,
    lane: identifier,
    payload: jsonText,
    backend: backendKind,
    maxCost: ledgerAmount,
    maxAttempts: wholeFrom(1),
    priority: optional(wholeFrom(Number.MIN_SAFE_INTEGER), 0),
    runAt: orNull(instant),
    approved: optional(approvedScopes, null),
  });
  return { body: Object.freeze(body), approved };
}

/** Reads who approved, and where the money is to be held. */
export function approvedScopes(what: string, value: unknown): CheckedApproval {
  return Object.freeze(
    read(what, value, { approval: approvalWith(ApprovalOutcome.APPROVED), scopes: scopeCaps }),
  );
}

/** Free local work needs no approval and holds no money. */
export function isFree(job: JobBody): boolean {
  return job.backend === BackendKind.LOCAL && job.maxCost === 0n;
}

/** @throws DispatchError `job_conflict` if the job that has this id is another. */
export function ensureSameJob(known: JobBody, again: JobBody): void {
  const other = (Object.keys(known) as (keyof JobBody)[]).filter((key) => known[key] !== again[key]);
  if (other.length > 0) throw jobConflict(known.jobId, other);
}

/** The error for another body under a job's id: the names of what differs. */
export function jobConflict(subject: string, other: readonly string[]): DispatchError {
  const message = `job ${quote(subject)} was submitted before with another ${other.join(", ")}`;
  return new DispatchError("job_conflict", message, { subject });
}

/** Jobs that are submitted together have one body under an id, like all others. */
export function ensureOneBodyEach(bodies: readonly JobBody[]): void {
  const known = new Map<string, JobBody>();
  for (const body of bodies) {
    ensureSameJob(known.get(body.jobId) ?? body, body);
    known.set(body.jobId, body);
  }
}

/** The error for an id that was never submitted. */
export function unknownJob(jobId: string): DispatchError {
  return new DispatchError("job_unknown", `there is no job ${quote(jobId)}`, { subject: jobId });
}

/** Why a job waits again: its attempt has ended with `message`, and these scopes have no room for a retry. */
export function noRoom(
  message: string,
  lacking: readonly Lacking[],
): { readonly code: "no_room"; readonly message: string } {
  const why = lacking.map(({ scope, by, over }) =>
    over === true ? `${quote(scope)} is over` : `${quote(scope)} lacks $${formatUsd(by)}`,
  );
  return { code: "no_room", message: `${message}; no retry: ${why.join(", ")}` };
}

/** The error for a report that tells what free work has cost. */
export function noActualCost(what: string, jobId: string, actual: MicroCents | null): RangeError {
  const given = actual === null ? "none" : `$${formatUsd(actual)}`;
  return new RangeError(`${what}: job ${quote(jobId)} is free, so it has no actual cost; got ${given}`);
}

/** Reads lanes; none at all means that nothing is claimed. */
export const laneNames: Reader<readonly string[]> = /* @__PURE__ */ listOf(identifier);

const money = /* @__PURE__ */ optional(ledgerAmount, null);
const attemptLimit = /* @__PURE__ */ optional(whole, Infinity);

/** Reads a limit: at least 1, 100 if it is left out. */
export const pageLimit: Reader<number> = /* @__PURE__ */ optional(/* @__PURE__ */ wholeFrom(1), 100);

/** Checks the options of `complete`. */
export function completeOptions(options: unknown): { readonly actual: MicroCents | null } {
  return read("complete", options, { actual: money });
}

/** Checks the options of `fail`. */
export function failOptions(options: unknown): {
  readonly retriable: boolean;
  readonly maxAttempts: number;
  readonly actual: MicroCents | null;
  readonly retryAfterSeconds: number;
} {
  return read("fail", options, {
    retriable: flag,
    maxAttempts: attemptLimit,
    actual: money,
    retryAfterSeconds: optional(duration, 0),
  });
}

/** Checks the options of `recoverStale`. */
export function recoverOptions(options: unknown): {
  readonly ttlSeconds: number;
  readonly maxAttempts: number;
  readonly limit: number;
} {
  return read("recoverStale", options, { ttlSeconds: finite, maxAttempts: attemptLimit, limit: pageLimit });
}

/** An error's text for the store: at most 4,000 code units, without what a text column cannot hold. */
export function errorText(what: string, value: unknown): string {
  return anyText(what, value)
    .slice(0, 4000)
    .replaceAll(/[\0\p{Cs}]/gu, "\ufffd");
}

/**
 * A value as JSON with sorted keys; `undefined` is `null`.
 *
 * @throws TypeError for what JSON cannot hold: a bigint, a function, a cycle.
 */
export function jsonText(what: string, value: unknown): string {
  let json: unknown;
  try {
    json = JSON.stringify(value ?? null);
  } catch (cause) {
    throw new TypeError(`${what} must be what JSON can hold; money goes in as formatUsd(…)`, { cause });
  }
  if (typeof json !== "string") throw wrongType(what, "what JSON can hold", value);
  return JSON.stringify(JSON.parse(json), (_, field: unknown) => (isRecord(field) ? sorted(field) : field));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  // Stryker disable next-line EqualityOperator: no two keys are equal
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
