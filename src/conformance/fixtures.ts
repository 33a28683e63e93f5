import { Approval, ApprovalOutcome } from "../approval/approval.ts";
import type { Decision } from "../approval/decision.ts";
import type { HoldRequest, Lacking } from "../budget/contract.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import type { Lease } from "../dispatch/lease.ts";
import type { Claimed } from "../dispatch/contract.ts";
import type { JobRequest } from "../dispatch/job.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { type EpochSeconds, epochSeconds } from "../time.ts";
import { BackendKind } from "../routing/kind.ts";
import { START } from "./clock.ts";
import type { Handle } from "./setup.ts";
import { fail, same } from "./check.ts";

/** The largest amount that a ledger takes. */
export const MOST: bigint = 2n ** 62n - 1n;

export const RUN = "run:1";
export const MONTH = "month:2026-11";

/** Names that are invalid for ids, scopes and lanes. */
export const MALFORMED: readonly string[] = [
  "",
  "nul\0",
  "line\n",
  "delete\u007f",
  "next\u0085",
  "high\ud83d",
  "\ude00low",
  "x".repeat(201),
];

/** How often a race runs, each time with new names. */
export const ROUNDS = 8;

/** The lane of all jobs, except in cases about lanes. */
export const LANES: readonly string[] = ["text"];

/** Recovers every lease, whatever its age. */
export const AT_ONCE: { readonly ttlSeconds: number } = { ttlSeconds: 0 };

/** The answer of a recovery that found nothing. */
export const NO_ATTEMPTS: {
  readonly attempts: readonly [];
  readonly ended: readonly [];
  readonly more: false;
} = {
  attempts: [],
  ended: [],
  more: false,
};

/** The answer to a report that came too late and has changed nothing. */
export const STALE: { readonly kind: "stale"; readonly corrected: false } = {
  kind: "stale",
  corrected: false,
};

/** The answer to a report that came too late and has corrected the charge of its own attempt. */
export const CORRECTED: { readonly kind: "stale"; readonly corrected: true } = {
  kind: "stale",
  corrected: true,
};

export const YES: () => Approval = () => decision(ApprovalOutcome.APPROVED);
export const NO: () => Approval = () => decision(ApprovalOutcome.REJECTED);

function decision(outcome: ApprovalOutcome): Approval {
  return new Approval({ author: "alice", reason: "conformance", decidedAt: "2026-11-23T00:00:00Z", outcome });
}

/** A decision with this id. */
export function decides(id: string, reason = "conformance"): Decision {
  return { id, approval: { author: "alice", reason } };
}

/** Seconds after the start of the case. */
export function at(seconds: number): EpochSeconds {
  return epochSeconds(START + seconds);
}

export function micro(amount: bigint | number): MicroCents {
  return microCents(BigInt(amount));
}

/** The numbers from 0 up to one less than this. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Counts the answers of these kinds. */
export function count(answers: readonly { readonly kind: string }[], ...kinds: readonly string[]): number {
  return answers.filter((answer) => kinds.includes(answer.kind)).length;
}

/** Scopes with the same cap; a run and a month by default. */
export function capped(cap: bigint | number, ...names: readonly string[]): readonly ScopeCap[] {
  return (names.length === 0 ? [RUN, MONTH] : names).map((scope) => ({ scope, cap: micro(cap) }));
}

/** A request for 60 seconds. */
export function asks(
  holdId: string,
  amount: bigint | number,
  scopes: readonly ScopeCap[] = capped(100),
  ttlSeconds = 60,
): HoldRequest {
  return { holdId, amount: micro(amount), scopes, ttlSeconds };
}

type Rest = Partial<JobRequest<unknown>>;

/** Local work without a price. */
export function free(jobId: string, rest: Rest = {}): JobRequest<unknown> {
  const job = { jobId, lane: "text", payload: jobId, backend: BackendKind.LOCAL, maxAttempts: 3 };
  return { ...job, maxCost: micro(0), ...rest };
}

/** Cloud work that costs at most 10 micro-cents per attempt and waits for approval. */
export function paid(jobId: string, rest: Rest = {}): JobRequest<unknown> {
  return { ...free(jobId), backend: BackendKind.CLOUD_WORKER, maxCost: micro(10), ...rest };
}

/** The same, approved at once. */
export function approved(
  jobId: string,
  scopes: readonly ScopeCap[] = capped(100),
  rest: Rest = {},
): JobRequest<unknown> {
  return paid(jobId, { approved: { approval: YES(), scopes }, ...rest });
}

/** Claims a job, and fails if there is none. */
export async function claim(
  store: Handle<"claim">,
  lanes: readonly string[] = LANES,
): Promise<Claimed<unknown>> {
  const job = await store.claim(lanes);
  return job ?? fail("claim", "a job", "null");
}

export async function leaseOf(store: Handle<"claim">): Promise<Lease> {
  return (await claim(store)).lease;
}

/** Claims jobs one after the other, and returns their ids. */
export async function claimed(
  store: Handle<"claim">,
  count: number,
  lanes: readonly string[] = LANES,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made++) ids.push((await claim(store, lanes)).lease.jobId);
  return ids;
}

/** Expects that there is nothing to claim. */
export async function nothingToClaim(
  what: string,
  store: Handle<"claim">,
  lanes: readonly string[] = LANES,
): Promise<void> {
  const job = await store.claim(lanes);
  same(`${what}: what is claimed`, job?.lease.jobId ?? null, null);
}

/** Expects that each scope has these amounts; a run and a month by default. */
export async function counted(
  what: string,
  store: Handle<"usage">,
  reserved: bigint | number,
  spent: bigint | number,
  ...scopes: readonly string[]
): Promise<void> {
  for (const scope of scopes.length === 0 ? [RUN, MONTH] : scopes) {
    const usage = await store.usage(scope);
    const got = { reserved: usage.reserved, spent: usage.spent };
    same(`${what}: the usage of ${scope}`, got, { reserved: BigInt(reserved), spent: BigInt(spent) });
  }
}

/** The `lacking` of a refusal in which each scope lacks the same amount. */
export function lacks(by: bigint | number, ...scopes: readonly string[]): readonly Lacking[] {
  return scopes.map((scope) => ({ scope, by: micro(by) }));
}

/** The answer of a recovery that took one attempt back. */
export function recovered(jobId: string, attempt: number, outcome: string, charged = 0): unknown {
  return { attempts: [{ jobId, attempt, charged: micro(charged), outcome }], ended: [], more: false };
}
