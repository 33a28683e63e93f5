import type { HoldState } from "../../budget/contract.ts";
import { pinOf } from "../../budget/caps.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { BackendKind } from "../../routing/kind.ts";
import { namesOf } from "../../dispatch/job-request.ts";
import type { EpochSeconds } from "../../time.ts";
import {
  amountsFromJson,
  approvalFromJson,
  attemptsFromJson,
  countsFromJson,
  errorFromJson,
  scopesFromJson,
  tagsFromJson,
  termsFromJson,
} from "../engine/codec.ts";
import type { HoldRecord, JobRecord, ScopeRecord } from "../engine/tables.ts";
import type { Row } from "./client.ts";

/** A scope's row; without one nothing is committed and no cap is pinned. */
export function scopeOf(row: Row | null): ScopeRecord {
  if (row === null) return { reserved: 0n, spent: 0n, pin: undefined };
  const pin = pinOf(textOrNull(row, "pinned"), textOrNull(row, "raised_to"), instantOf(row, "raised_until"));
  return { reserved: BigInt(textOf(row, "reserved")), spent: BigInt(textOf(row, "spent")), pin };
}

export function holdOf(row: Row): HoldRecord {
  return {
    holdId: textOf(row, "hold_id"),
    asked: microCents(textOf(row, "asked")),
    steps: amountsFromJson(textOf(row, "steps")),
    scopes: scopesFromJson(textOf(row, "scopes")),
    // The schema's own checks allow no other value, here and below.
    state: textOf(row, "state") as HoldState,
    booked: microCents(textOf(row, "booked")),
    settledFrom: textOf(row, "settled_from") as HoldState,
    corrected: Number(row["corrected"]) === 1,
    firstSettled: amountOrNull(row, "first_settled"),
    tags: tagsFromJson(textOrNull(row, "tags")),
    heldAt: instantAt(row, "held_at"),
    expiresAt: instantOf(row, "expires_at"),
    resolvedAt: instantOf(row, "resolved_at"),
    pruned: Number(row["pruned"]) === 1,
  };
}

export function jobOf(row: Row): JobRecord {
  const { askedScopes, requestedBy, maxRunSeconds, tags, decideBy, claimBy } = termsFromJson(
    textOrNull(row, "terms"),
  );
  const [tried = 0, triedBefore = 0, retries = 0, grants = 0, refusals = 0] = countsFromJson(
    textOf(row, "counts"),
  );
  return {
    body: {
      jobId: textOf(row, "job_id"),
      lane: textOf(row, "lane"),
      payload: textOf(row, "payload"),
      // It was checked when it came in.
      backend: textOf(row, "backend") as BackendKind,
      maxCost: microCents(textOf(row, "max_cost")),
      maxAttempts: Number(row["max_attempts"]),
      priority: Number(row["priority"]),
      runAt: instantOf(row, "asked_run_at"),
      scopes: askedScopes && namesOf(askedScopes),
      requestedBy,
      maxRunSeconds,
    },
    terms: { askedScopes, tags, decideBy, claimBy },
    state: textOf(row, "state") as JobState,
    decidedAt: instantOf(row, "decided_at"),
    waitingSince: instantOf(row, "waiting_since"),
    submittedAt: instantAt(row, "submitted_at"),
    runAt: instantAt(row, "run_at"),
    leasedAt: instantAt(row, "leased_at"),
    leaseSeconds: numberOrNull(row, "lease_seconds"),
    runUntil: instantOf(row, "run_until"),
    leasedBy: textOrNull(row, "leased_by"),
    scopes: scopesFromJson(textOf(row, "scopes")),
    decision: approvalFromJson(textOrNull(row, "decision")),
    cancellation: approvalFromJson(textOrNull(row, "cancellation")),
    error: errorFromJson(textOrNull(row, "error")),
    result: textOrNull(row, "result"),
    endedAt: instantOf(row, "ended_at"),
    pruned: Number(row["pruned"]) === 1,
    attempts: attemptsFromJson(textOf(row, "attempts")),
    holds: Number(row["holds"]),
    tried,
    triedBefore,
    retries,
    grants,
    refusals,
  };
}

export function textOf(row: Row, column: string): string {
  return String(row[column]);
}

/** An instant that is never null. */
export function instantAt(row: Row, column: string): EpochSeconds {
  // It was an instant when it was written.
  return Number(row[column]) as EpochSeconds;
}

function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

function numberOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : Number(row[column]);
}

function amountOrNull(row: Row, column: string): MicroCents | null {
  const digits = textOrNull(row, column);
  return digits === null ? null : microCents(digits);
}

function instantOf(row: Row, column: string): EpochSeconds | null {
  // It was an instant when it was written.
  return numberOrNull(row, column) as EpochSeconds | null;
}
