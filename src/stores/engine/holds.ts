import { HoldState, type Lacking } from "../../budget/contract.ts";
import { capInForce, capOf, lackingScopes } from "../../budget/caps.ts";
import {
  chargeHold,
  firstBooking,
  heldAmount,
  type HoldMove,
  overrunOf,
  releaseHold,
  settleHold,
  unknownHold,
  wasCharged,
} from "../../budget/holds.ts";
import { jobHoldId } from "../../budget/hold-request.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import { isFree } from "../../dispatch/job-request.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { Journal } from "./journal.ts";
import type { HoldRecord, JobRecord, ScopeRecord, Tables } from "./tables.ts";

/** What an attempt was charged, and what of it nobody had set aside. */
export interface Booking {
  readonly booked: MicroCents;
  readonly overrun: MicroCents;
}

const NOTHING: Booking = /* @__PURE__ */ Object.freeze({
  booked: /* @__PURE__ */ microCents(0n),
  overrun: /* @__PURE__ */ microCents(0n),
});

/** The hold of a paid job's attempt that is queued or runs. */
export function currentHold({ body, holds }: Pick<JobRecord, "body" | "holds">): string {
  return jobHoldId(body.jobId, holds);
}

/** A scope of a request, with what its tables say of it. */
interface Room extends HeldScope {
  readonly record: ScopeRecord;
}

/** The holds and the counters of any tables: every move of money there is. What throws has changed nothing. */
export class Holds {
  readonly #tables: Tables;
  readonly #journal: Journal;

  constructor(tables: Tables, journal: Journal) {
    this.#tables = tables;
    this.#journal = journal;
  }

  /**
   * Holds for a job's next attempt; what it lacks, if it lacks room.
   *
   * @param isRequest - whether the caps are those of a request, which are compared with the pinned ones.
   */
  holdNext(
    job: JobRecord,
    scopes: readonly HeldScope[],
    now: EpochSeconds,
    isRequest: boolean,
  ): readonly Lacking[] {
    const holdId = jobHoldId(job.body.jobId, job.holds + 1);
    const hold = { holdId, asked: job.body.maxCost, scopes, tags: job.terms.tags, expiresAt: null };
    return this.place(hold, now, isRequest);
  }

  /** @throws DispatchError `cap_conflict` if a request has another cap than the pinned one, `cap_unknown` without one. */
  checkCaps(scopes: readonly HeldScope[], now: EpochSeconds): void {
    for (const scope of scopes) capOf(scope, this.#tables.scope(scope.scope).pin, now);
  }

  /** Closes the hold of the attempt that runs: settles it at its actual cost, or charges it in full. */
  closeAttempt(job: JobRecord, actual: MicroCents | null): Booking {
    if (isFree(job.body)) return NOTHING;
    const hold = this.known(currentHold(job));
    const move = actual === null ? chargeHold(hold) : settleHold(hold, actual).move;
    this.apply(move);
    return bookingOf(move?.row ?? hold);
  }

  /** What closing the attempt of a job's nth hold answered. */
  firstBooking(job: JobRecord, n: number): Booking {
    return isFree(job.body) ? NOTHING : bookingOf(this.known(jobHoldId(job.body.jobId, n)));
  }

  /** What is booked for all attempts of a job. */
  bookedFor(job: JobRecord): bigint {
    let booked = 0n;
    for (let n = 1; n <= job.holds; n++) booked += this.known(jobHoldId(job.body.jobId, n)).booked;
    return booked;
  }

  /** Gives back the hold of an attempt that was never claimed. @returns what was given back. */
  releaseCurrent(job: JobRecord): MicroCents {
    const hold = this.known(currentHold(job));
    const { move } = releaseHold(hold);
    this.apply(move);
    return move ? heldAmount(hold) : microCents(0n);
  }

  /** Replaces the full charge of a lost attempt by what its own token reports, once. @returns whether it says so. */
  correctAttempt(jobId: string, n: number, actual: MicroCents): boolean {
    const hold = this.known(jobHoldId(jobId, n));
    if (!wasCharged(hold)) return false;
    const { outcome, move } = settleHold(hold, actual);
    this.apply(move);
    return outcome.kind === "settled";
  }

  known(holdId: string): HoldRecord {
    const hold = this.#tables.hold(holdId);
    if (!hold) throw unknownHold(holdId);
    return hold;
  }

  /** The scopes that lack room for more of an open hold, which was admitted in time. */
  lackingMore(amount: bigint, scopes: readonly HeldScope[], now: EpochSeconds): readonly Lacking[] {
    return lackingScopes(amount, this.#rooms(scopes).map(roomAt(now)));
  }

  place(
    hold: Pick<HoldRecord, "holdId" | "asked" | "scopes" | "tags" | "expiresAt">,
    now: EpochSeconds,
    isRequest: boolean,
  ): readonly Lacking[] {
    const rooms = this.#rooms(hold.scopes);
    if (isRequest) for (const room of rooms) capOf(room, room.record.pin, now);
    const lacking = lackingScopes(hold.asked, rooms.map(roomAt(now)), now);
    if (lacking.length > 0) return lacking;
    const made: HoldRecord = {
      ...hold,
      steps: [],
      state: HoldState.OPEN,
      booked: microCents(0n),
      settledFrom: HoldState.OPEN,
      corrected: false,
      firstSettled: null,
      heldAt: now,
      resolvedAt: null,
      pruned: false,
    };
    this.#tables.putHold(made);
    this.#count(rooms, hold.asked, 0n);
    this.#journal.opened(made, rooms.map(roomAt(now)), hold.asked);
    return lacking;
  }

  apply(move: HoldMove<HoldRecord> | null): void {
    if (move === null) return;
    const { row, reserved, spent } = move;
    // After a person's correction nothing else moves a hold.
    const wasOpen = !row.corrected && row.settledFrom === HoldState.OPEN;
    // First: a clock that fails must leave everything as it was.
    const now = this.#tables.now();
    const rooms = this.#rooms(row.scopes);
    this.#count(rooms, reserved, spent);
    this.#tables.putHold({ ...row, resolvedAt: row.state === HoldState.OPEN ? null : now });
    const shown = rooms.map(roomAt(now));
    if (row.state === HoldState.OPEN) this.#journal.opened(row, shown, reserved);
    else this.#journal.closed(row, shown, wasOpen ? null : row.booked - spent, reserved + spent);
  }

  #rooms(scopes: readonly HeldScope[]): readonly Room[] {
    return scopes.map(({ scope, cap, until }) => ({ scope, cap, until, record: this.#tables.scope(scope) }));
  }

  #count(rooms: readonly Room[], reserved: bigint, spent: bigint): void {
    for (const { scope, record } of rooms) {
      this.#tables.putCounter(scope, record.reserved + reserved, record.spent + spent);
    }
  }
}

/** A room at an instant: the pinned cap in force counts, or without a pin that of the request. */
function roomAt(now: EpochSeconds) {
  return ({ scope, cap, until, record: { reserved, spent, pin } }: Room) => ({
    scope,
    until,
    cap: pin ? capInForce(pin, now) : cap,
    committed: reserved + spent,
  });
}

function bookingOf(hold: HoldRecord): Booking {
  const booked = firstBooking(hold);
  return { booked, overrun: overrunOf(booked, heldAmount(hold)) };
}
