import { HoldState } from "../../budget/contract.ts";
import { heldAmount, type HoldRow, jobHoldId } from "../../budget/holds.ts";
import { isFree } from "../../dispatch/rules.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { Ledger } from "./ledger.ts";
import type { JobRecord } from "./tables.ts";

/** What an attempt was charged, and what of it nobody had set aside. */
export interface Booking {
  readonly booked: MicroCents;
  readonly overrun: MicroCents;
}

const NOTHING: Booking = /* @__PURE__ */ Object.freeze({
  booked: /* @__PURE__ */ microCents(0n),
  overrun: /* @__PURE__ */ microCents(0n),
});

/** The hold of the attempt that comes next. */
export function nextHold({ body, attempts }: JobRecord): string {
  return jobHoldId(body.jobId, attempts.length + 1);
}

/** Closes the hold of the attempt that runs, at its actual cost or in full. */
export function closeAttempt(ledger: Ledger, job: JobRecord, actual: MicroCents | null): Booking {
  if (isFree(job.body)) return NOTHING;
  return ledger.close(jobHoldId(job.body.jobId, job.attempts.length), actual);
}

/** What closing an attempt answered, counted from 1. */
export function firstBooking(ledger: Ledger, job: JobRecord, attempt: number): Booking {
  return isFree(job.body) ? NOTHING : ledger.firstBooking(jobHoldId(job.body.jobId, attempt));
}

/** What was booked when an attempt's hold was closed, without a later correction; nothing for free work. */
export function bookingOf(hold: HoldRow | null): Booking {
  if (hold === null) return NOTHING;
  const aside = heldAmount(hold);
  const charged = hold.state === HoldState.CHARGED || hold.settledFrom === HoldState.CHARGED;
  const booked = charged ? aside : hold.booked;
  return { booked, overrun: microCents(booked > aside ? booked - aside : 0n) };
}

/** The job whose attempt a hold is for; `null` for a caller's own hold. */
export function jobOfHold(holdId: string): string | null {
  return /^job:(.*)#\d+$/s.exec(holdId)?.[1] ?? null;
}
