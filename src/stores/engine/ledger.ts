import {
  type ExpireOutcome,
  type Hold,
  type HoldOutcome,
  type HoldRequest,
  HoldState,
  type Lacking,
  type ReleaseOutcome,
  type SettleOutcome,
} from "../../budget/contract.ts";
import {
  capOf,
  chargeHold,
  extendHold,
  heldAmount,
  type HoldMove,
  type HoldRow,
  lackingScopes,
  releaseHold,
  repeatHold,
  settleHold,
  unknownHold,
} from "../../budget/holds.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import { BudgetState } from "../../budget/state.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { type MicroCents, microCents } from "../../money/micro-cents.ts";
import { type EpochSeconds, instant } from "../../time.ts";
import { type Booking, bookingOf } from "./money.ts";
import type { HoldRecord, Tables } from "./tables.ts";

/** The ledger over any tables. What throws has changed nothing. */
export class Ledger {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  hold(request: HoldRequest): HoldOutcome {
    const { holdId, amount, scopes, ttlSeconds } = request;
    const known = this.#tables.hold(holdId);
    if (known)
      return known.pruned ? outcome({ kind: "exists", state: known.state }) : repeatHold(known, request);
    this.checkPins(scopes);
    const now = this.#tables.now();
    const expiresAt = instant("hold: the end of its ttl", now + ttlSeconds);
    return heldOr(this.#place(holdId, amount, scopes, now, expiresAt));
  }

  settle(holdId: string, actual: MicroCents): SettleOutcome {
    const decision = settleHold(this.#known(holdId), actual);
    this.#apply(decision.move);
    return decision.outcome;
  }

  release(holdId: string): ReleaseOutcome {
    const decision = releaseHold(this.#known(holdId));
    this.#apply(decision.move);
    return decision.outcome;
  }

  extend(holdId: string, by: MicroCents, step: number): HoldOutcome {
    const hold = this.#known(holdId);
    const next = extendHold(hold, by, step);
    // Own: a polluted prototype must not make an answer of a row.
    if (Object.hasOwn(next, "kind")) return next as HoldOutcome;
    const row = next as HoldRow;
    const lacking = this.#lacking(by, hold.scopes);
    if (lacking.length === 0) this.#apply({ row, reserved: by, spent: 0n });
    return heldOr(lacking);
  }

  expire(limit: number): ExpireOutcome {
    const over = this.#tables.expired(this.#tables.now(), limit + 1);
    const charged = over.slice(0, limit).map((hold) => {
      const move = chargeHold(hold);
      this.#apply(move);
      return { holdId: hold.holdId, amount: move.row.booked };
    });
    return outcome({ charged: outcomes(charged), more: over.length > limit });
  }

  usage(scope: string): BudgetState {
    const { reserved, spent } = this.#tables.counter(scope);
    return new BudgetState({ reserved: microCents(reserved), spent: microCents(spent) });
  }

  getHold(holdId: string): Hold | null {
    const hold = this.#tables.hold(holdId);
    if (!hold) return null;
    const { scopes, state, booked, expiresAt } = hold;
    return outcome({ holdId, amount: heldAmount(hold), scopes: outcomes(scopes), state, booked, expiresAt });
  }

  pinCap(scope: string, cap: MicroCents): void {
    this.#tables.pin(scope, cap);
  }

  /** Holds for a job's attempt, by the pinned cap where there is one; what it lacks, if it lacks room. */
  holdForJob(holdId: string, amount: MicroCents, scopes: readonly ScopeCap[]): readonly Lacking[] {
    return this.#place(holdId, amount, scopes, this.#tables.now(), null);
  }

  /** @throws DispatchError `cap_conflict` if a request brings another cap than the pinned one. */
  checkPins(scopes: readonly ScopeCap[]): void {
    for (const scope of scopes) capOf(scope, this.#tables.pinned(scope.scope));
  }

  /** Settles a job's hold at its actual cost, or charges it in full; `overrun` is what nobody set aside. */
  close(holdId: string, actual: MicroCents | null): Booking {
    const hold = this.#known(holdId);
    if (actual === null) this.#apply(chargeHold(hold));
    else this.#apply(settleHold(hold, actual).move);
    return this.firstBooking(holdId);
  }

  /** What was booked when a job's hold was closed. */
  firstBooking(holdId: string): Booking {
    return bookingOf(this.#known(holdId));
  }

  /** Gives back the hold of an attempt that was never claimed. */
  releaseForJob(holdId: string): void {
    this.#apply(releaseHold(this.#known(holdId)).move);
  }

  /** Replaces the full charge of a lost attempt by what its own token reports, once. */
  correct(holdId: string, actual: MicroCents): void {
    const hold = this.#known(holdId);
    if (hold.state === HoldState.CHARGED) this.#apply(settleHold(hold, actual).move);
  }

  #known(holdId: string): HoldRecord {
    const hold = this.#tables.hold(holdId);
    if (!hold) throw unknownHold(holdId);
    return hold;
  }

  #lacking(amount: bigint, scopes: readonly ScopeCap[], now?: EpochSeconds): readonly Lacking[] {
    const rooms = scopes.map(({ scope, cap, until = null }) => {
      const { reserved, spent } = this.#tables.counter(scope);
      return { scope, cap: this.#tables.pinned(scope) ?? cap, committed: reserved + spent, until };
    });
    return lackingScopes(amount, rooms, now);
  }

  #place(
    holdId: string,
    asked: MicroCents,
    scopes: readonly ScopeCap[],
    now: EpochSeconds,
    expiresAt: EpochSeconds | null,
  ): readonly Lacking[] {
    const lacking = this.#lacking(asked, scopes, now);
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

  #apply(move: HoldMove | null): void {
    if (move === null) return;
    const { row, reserved, spent } = move;
    const { expiresAt } = this.#known(row.holdId);
    // First: a clock that fails must leave everything as it was.
    const resolvedAt = row.state === HoldState.OPEN ? null : this.#tables.now();
    this.#count(row.scopes, reserved, spent);
    this.#tables.putHold({ ...row, expiresAt, resolvedAt, pruned: false });
  }

  #count(scopes: readonly ScopeCap[], reserved: bigint, spent: bigint): void {
    for (const { scope } of scopes) {
      const counter = this.#tables.counter(scope);
      this.#tables.putCounter(scope, {
        reserved: counter.reserved + reserved,
        spent: counter.spent + spent,
      });
    }
  }
}

function heldOr(lacking: readonly Lacking[]): HoldOutcome {
  return lacking.length > 0
    ? outcome({ kind: "refused", lacking: outcomes(lacking) })
    : outcome({ kind: "held" });
}
