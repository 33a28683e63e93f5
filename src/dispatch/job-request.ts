import { type ApprovalDraft, ApprovalOutcome, approvalWith } from "../approval/approval.ts";
import type { Tags } from "../budget/contract.ts";
import { scopeCaps, tagsOf } from "../budget/hold-request.ts";
import type { HeldScope } from "../budget/scopes.ts";
import { DispatchError } from "../errors.ts";
import {
  anything,
  identifier,
  optional,
  orNull,
  read,
  type Reader,
  wholeFrom,
  wrongType,
} from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { ledgerAmount } from "../money/amount.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { BackendKind, backendKind } from "../routing/kind.ts";
import { type EpochSeconds, instant } from "../time.ts";
import type { JobRequest } from "./job.ts";
import { leaseLength } from "./options.ts";

/** The identity of a job: what is compared when it is submitted again. */
export interface JobBody {
  readonly jobId: string;
  readonly lane: string;
  /** The payload as JSON with sorted keys. */
  readonly payload: string;
  readonly backend: BackendKind;
  readonly maxCost: MicroCents;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly runAt: EpochSeconds | null;
  /** The names of the scopes that an approval holds in by default, sorted, as JSON; `null` if there are none. */
  readonly scopes: string | null;
  readonly requestedBy: string | null;
  readonly maxRunSeconds: number | null;
}

/** What a store keeps of a job's request beside its identity: computed anew, it is no other job. */
export interface JobTerms {
  /** The scopes that an approval holds in by default; `null` if there are none. */
  readonly askedScopes: readonly HeldScope[] | null;
  readonly tags: Tags;
  readonly decideBy: EpochSeconds | null;
  readonly claimBy: EpochSeconds | null;
}

/** A checked approval, with the scopes to hold in. */
export interface CheckedApproval {
  readonly approval: ApprovalDraft;
  readonly scopes: readonly HeldScope[];
}

/** A job's request, checked. */
export interface CheckedRequest {
  readonly body: JobBody;
  readonly terms: JobTerms;
  readonly approved: CheckedApproval | null;
}

/** Checks a job's request, before a store touches anything. */
export function jobRequest(request: JobRequest<unknown>): CheckedRequest {
  const { approved, scopes, tags, decideBy, claimBy, ...rest } = read("submit", request, {
    jobId: identifier,
    lane: identifier,
    payload: jsonText,
    backend: backendKind,
    maxCost: ledgerAmount,
    maxAttempts: wholeFrom(1),
    priority: optional(wholeFrom(Number.MIN_SAFE_INTEGER), 0),
    runAt: orNull(instant),
    scopes: orNull(scopeCaps),
    requestedBy: orNull(identifier),
    tags: tagsOf,
    decideBy: orNull(instant),
    claimBy: orNull(instant),
    maxRunSeconds: orNull(leaseLength),
    approved: orNull(anything),
  });
  return {
    body: Object.freeze({ ...rest, scopes: scopes && namesOf(scopes) }),
    terms: Object.freeze({ askedScopes: scopes, tags, decideBy, claimBy }),
    approved: approved === null ? null : approvedScopes("submit.approved", approved, scopes),
  };
}

/** The sorted names of scopes, as JSON: the part of them that is a job's identity. */
export function namesOf(scopes: readonly HeldScope[]): string {
  return JSON.stringify(scopes.map(({ scope }) => scope).sort());
}

/** Reads who approved, and where the money is to be held: by default in the scopes of the request. */
function approvedScopes(what: string, value: unknown, asked: readonly HeldScope[] | null): CheckedApproval {
  const scopes: Reader<readonly HeldScope[]> =
    asked === null ? scopeCaps : (at, given) => (given === undefined ? asked : scopeCaps(at, given));
  return Object.freeze(read(what, value, { approval: approvalWith(ApprovalOutcome.APPROVED), scopes }));
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

/** How deep a payload or a result may be nested: no runtime's stack ends there. */
const DEEPEST = 500;

/**
 * A value as JSON with sorted keys; `undefined` is `null`.
 *
 * @throws TypeError for what JSON cannot hold (a bigint, a function, a cycle), or what is nested too deep.
 */
export function jsonText(what: string, value: unknown): string {
  let json: unknown;
  try {
    json = JSON.stringify(value ?? null);
  } catch (cause) {
    // A RangeError: the stack ended.
    if (cause instanceof RangeError) throw tooDeep(what, cause);
    throw new TypeError(`${what} must be what JSON can hold; money goes in as formatUsd(…)`, { cause });
  }
  if (typeof json !== "string") throw wrongType(what, "what JSON can hold", value);
  return JSON.stringify(sorted(what, JSON.parse(json), 0));
}

function tooDeep(what: string, cause?: unknown): TypeError {
  return new TypeError(`${what} must be nested at most ${DEEPEST} deep`, { cause });
}

/** A copy of parsed JSON with sorted keys. */
function sorted(what: string, value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === DEEPEST) throw tooDeep(what);
  if (Array.isArray(value)) return value.map((item) => sorted(what, item, depth + 1));
  // Stryker disable next-line EqualityOperator: no two keys are equal
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, field]) => [key, sorted(what, field, depth + 1)]));
}
