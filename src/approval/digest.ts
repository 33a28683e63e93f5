import {
  anyText,
  identifier,
  listOf,
  orNull,
  positive,
  read,
  type Reader,
  wholeFrom,
} from "../internal/check.ts";
import { canonicalJson, canonicalText } from "../internal/canonical-json.ts";
import { hexOf } from "../internal/hex.ts";
import { sha256 } from "../internal/sha256.ts";
import { readAny } from "../internal/value.ts";
import { ledgerAmount } from "../money/amount.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { type BackendKind, backendKind } from "../routing/kind.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";
import { type CheckedRequirements, type Requirements, requirementsOf } from "./requirements.ts";

/** What a digest covers of a job: what it does, where, how often and at what price, and who asked for it. */
export interface DigestedJob {
  readonly jobId: string;
  readonly lane: string;
  /** The payload as the store keeps it: JSON text with sorted keys, as `jsonText` of `dispatch-kit/rules` writes it. */
  readonly payload: string;
  readonly backend: BackendKind;
  /** An upper bound of the cost of one attempt, in micro-cents. */
  readonly maxCost: MicroCents;
  readonly maxAttempts: number;
  /** As the job was submitted. */
  readonly runAt?: Instant | null | undefined;
  readonly maxRunSeconds?: number | null | undefined;
  readonly requestedBy?: string | null | undefined;
  readonly requires?: Requirements | null | undefined;
}

/** A scope that a job's cost is held in, and its cap in micro-cents; without a cap, the pinned one counts. */
export interface DigestedScope {
  readonly scope: string;
  readonly cap?: MicroCents | null | undefined;
  readonly until?: Instant | null | undefined;
}

/** A {@link DigestedJob}, checked. */
export interface CheckedDigestedJob extends DigestedJob {
  readonly runAt: EpochSeconds | null;
  readonly maxRunSeconds: number | null;
  readonly requestedBy: string | null;
  readonly requires: CheckedRequirements;
}

/** A {@link DigestedScope}, checked. */
export interface CheckedDigestedScope extends DigestedScope {
  readonly cap: MicroCents | null;
  readonly until: EpochSeconds | null;
}

/** The canonical text of a job: RFC 8785 JSON of these eleven fields, the cost as digits of micro-cents. */
export function jobText(storeId: string, job: CheckedDigestedJob): string {
  const { jobId, lane, payload, backend, maxCost, maxAttempts, runAt, maxRunSeconds, requestedBy, requires } =
    job;
  const { bound, votes } = requires;
  return canonicalJson({
    storeId,
    jobId,
    lane,
    payload,
    backend,
    maxCost: String(maxCost),
    maxAttempts,
    runAt,
    maxRunSeconds,
    requestedBy,
    requires: { bound, votes },
  });
}

/** The canonical text of scopes and caps: RFC 8785 JSON of a list that is sorted by name, caps as digits of micro-cents. */
export function scopesText(scopes: readonly CheckedDigestedScope[]): string {
  const sorted = [...scopes].sort((a, b) => (a.scope < b.scope ? -1 : 1));
  return canonicalJson(
    sorted.map(({ scope, cap, until }) => ({ scope, cap: cap === null ? null : String(cap), until })),
  );
}

/** SHA-256 of a text in UTF-8, as 64 lowercase hex digits. */
export function textDigest(text: string): string {
  return hexOf(sha256(new TextEncoder().encode(text)));
}

/** The digest of a job and its scopes: SHA-256 over the two digests' 128 hex digits, one after the other, as ASCII. */
export function joinedDigest(ofJob: string, ofScopes: string): string {
  return textDigest(ofJob + ofScopes);
}

/** Text that is JSON, and that no two readers read differently. It is returned unchanged. */
const unambiguous: Reader<string> = (what, value) => {
  const json = anyText(what, value);
  canonicalText(json, what);
  return json;
};

const job: Reader<CheckedDigestedJob> = (what, value) =>
  read<CheckedDigestedJob>(what, value, {
    jobId: identifier,
    lane: identifier,
    payload: unambiguous,
    backend: backendKind,
    maxCost: ledgerAmount,
    maxAttempts: wholeFrom(1),
    runAt: orNull(instant),
    maxRunSeconds: orNull(positive),
    requestedBy: orNull(identifier),
    requires: requirementsOf,
  });

const scope: Reader<CheckedDigestedScope> = (what, value) =>
  readAny<CheckedDigestedScope>(what, value, {
    scope: identifier,
    cap: orNull(ledgerAmount),
    until: orNull(instant),
  });

/**
 * The digest that a bound approval carries: 64 hex digits for a job and the scopes that its cost is held in. Another
 * payload, price, cap or store has another digest; tags, priority and deadlines are none of it.
 *
 * It is `sha256(hex(sha256(job)) + hex(sha256(scopes)))`, each text in UTF-8, each hash as lowercase hex digits. `job` is the
 * RFC 8785 JSON of `storeId` and the fields of {@link DigestedJob}, what is missing as `null` or its default, `maxCost` as
 * digits of micro-cents and `runAt` as epoch seconds. `scopes` is the RFC 8785 JSON of a list of `{ cap, scope, until }`,
 * sorted by `scope`.
 *
 * @param asked - the store's id (`await store.id()`), the job, and the scopes as `approve` gets them.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for a value out of range, and for a payload that is not JSON, names a field of an object twice, or has
 *   a lone surrogate or an integer beyond 2^53 - 1: two readers could see two different payloads.
 * @example
 * ```ts
 * const job = {
 *   jobId: "42",
 *   lane: "gpu",
 *   payload: JSON.stringify({ file: "talk.wav" }),
 *   backend: BackendKind.CLOUD_WORKER,
 *   maxCost: usd("0.40"),
 *   maxAttempts: 2,
 * };
 * const scopes = [{ scope: "run:42", cap: usd("1") }];
 * jobDigest({ storeId: "s-1", job, scopes }).slice(0, 8); // => "7ff0925e"
 * ```
 */
export function jobDigest(asked: {
  readonly storeId: string;
  readonly job: DigestedJob;
  readonly scopes: readonly DigestedScope[];
}): string {
  const given = read("jobDigest", asked, { storeId: identifier, job, scopes: listOf(scope) });
  return joinedDigest(textDigest(jobText(given.storeId, given.job)), textDigest(scopesText(given.scopes)));
}
