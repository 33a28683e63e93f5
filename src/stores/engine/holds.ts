import { HoldState, type Lacking } from "../../budget/contract.ts";
import {
  capOf,
  chargeHold,
  heldAmount,
  type HoldMove,
  type HoldRow,
  jobHoldId,
  lackingScopes,
  overrunOf,
  releaseHold,
  settleHold,
  unknownHold,
} from "../../budget/holds.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import { isFree } from "../../dispatch/rules.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { HoldRecord, JobRecord, Tables } from "./tables.ts";

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

/** What was booked when an attempt's hold was closed, without a later correction. */
function bookingOf(hold: HoldRow): Booking {
  const held = heldAmount(hold);
  const charged = hold.state === HoldState.CHARGED || hold.settledFrom === HoldState.CHARGED;
  const booked = charged ? held : hold.booked;
  return { booked, overrun: overrunOf(booked, held) };
}

/** The holds and the counters of any tables: every move of money there is. What throws has changed nothing. */
export class Holds {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Holds for a job's next attempt, by the pinned cap where there is one; what it lacks, if it lacks room. */
  holdNext(job: JobRecord, scopes: readonly HeldScope[]): readonly Lacking[] {
    return this.place(nextHold(job), job.body.maxCost, scopes, this.#tables.now(), null);
  }

  /** @throws DispatchError `cap_conflict` if a request brings another cap than the pinned one. */
  checkPins(scopes: readonly HeldScope[]): void {
    for (const scope of scopes) capOf(scope, this.#tables.pinned(scope.scope));
  }

  /** Closes the hold of the attempt that runs: settles it at its actual cost, or charges it in full. */
  closeAttempt(job: JobRecord, actual: MicroCents | null): Booking {
    if (isFree(job.body)) return NOTHING;
    const holdId = jobHoldId(job.body.jobId, job.attempts.length);
    const hold = this.known(holdId);
    this.apply(actual === null ? chargeHold(hold) : settleHold(hold, actual).move);
    return bookingOf(this.known(holdId));
  }

  /** What closing an attempt answered, counted from 1. */
  firstBooking(job: JobRecord, attempt: number): Booking {
    return isFree(job.body) ? NOTHING : bookingOf(this.known(jobHoldId(job.body.jobId, attempt)));
  }

  /** Gives back the hold of an attempt that was never claimed. */
  releaseNext(job: JobRecord): void {
    this.apply(releaseHold(this.known(nextHold(job))).move);
  }

  /** Replaces the full charge of a lost attempt by what its own token reports, once. */
  correctAttempt(jobId: string, attempt: number, actual: MicroCents): void {
    const hold = this.known(jobHoldId(jobId, attempt));
    if (hold.state === HoldState.CHARGED) this.apply(settleHold(hold, actual).move);
  }

  known(holdId: string): HoldRecord {
    const hold = this.#tables.hold(holdId);
    if (!hold) throw unknownHold(holdId);
    return hold;
  }

  lacking(amount: bigint, scopes: readonly HeldScope[], now?: EpochSeconds): readonly Lacking[] {
    const rooms = scopes.map(({ scope, cap, until }) => {
      const { reserved, spent } = this.#tables.counter(scope);
      return { scope, cap: this.#tables.pinned(scope) ?? cap, committed: reserved + spent, until };
    });
    return lackingScopes(amount, rooms, now);
  }

  place(
    holdId: string,
    asked: MicroCents,
    scopes: readonly HeldScope[],
    now: EpochSeconds,
    expiresAt: EpochSeconds | null,
  ): readonly Lacking[] {
    const lacking = this.lacking(asked, scopes, now);
    if (lacking.length > 0) return lacking;
    this.#tables.putHold({
      holdId,
      asked,
      steps: [],
      scopes,
      state: HoldState.OPEN,
      booked: microCents(0n),
      settledFrom: HoldState.OPEN,
      expiresAt,
      resolvedAt: null,
      pruned: false,
    });
    this.#count(scopes, asked, 0n);
    return lacking;
  }

  apply(move: HoldMove | null): void {
    if (move === null) return;
    const { row, reserved, spent } = move;
    const { expiresAt } = this.known(row.holdId);
    // First: a clock that fails must leave everything as it was.
    const resolvedAt = row.state === HoldState.OPEN ? null : this.#tables.now();
    this.#count(row.scopes, reserved, spent);
    this.#tables.putHold({ ...row, expiresAt, resolvedAt, pruned: false });
  }

  #count(scopes: readonly HeldScope[], reserved: bigint, spent: bigint): void {
    for (const { scope } of scopes) {
      const counter = this.#tables.counter(scope);
      this.#tables.putCounter(scope, {
        reserved: counter.reserved + reserved,
        spent: counter.spent + spent,
      });
    }
  }
}
