import {
  type ExpireOutcome,
  type Hold,
  type HoldOutcome,
  type HoldRequest,
  HoldState,
  type Lacking,
  type ReleaseOutcome,
  type SettleOutcome,
} from "../../budget/ledger.ts";
import {
  anyHoldId,
  capOf,
  chargeHold,
  extendHold,
  extension,
  heldAmount,
  type HoldMove,
  holdRequest,
  type HoldRow,
  lackingScopes,
  ownHoldId,
  releaseHold,
  repeatHold,
  settleHold,
  unknownHold,
} from "../../budget/rules.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import { BudgetState } from "../../budget/state.ts";
import { identifier, read } from "../../internal/check.ts";
import { ledgerAmount } from "../../internal/amount.ts";
import { outcome, outcomes } from "../../internal/outcome.ts";
import { type MicroCents, microCents } from "../../money.ts";
import { type EpochSeconds, instant } from "../../time.ts";
import { limit as limitReader } from "../../dispatch/rules.ts";

interface Counter {
  reserved: bigint;
  spent: bigint;
}

type Row = HoldRow & { readonly expiresAt: EpochSeconds | null };

/** The ledger of the memory store. Every method runs in one turn, so each is a transaction. */
export class MemoryLedger {
  readonly #now: () => EpochSeconds;
  readonly #holds = new Map<string, Row>();
  readonly #counters = new Map<string, Counter>();
  readonly #pinned = new Map<string, MicroCents>();
  /** The open holds that `expire` may charge, in the order in which they were made. */
  readonly #expiring = new Set<string>();

  constructor(now: () => EpochSeconds) {
    this.#now = now;
  }

  hold(request: HoldRequest): HoldOutcome {
    const checked = holdRequest(request);
    const known = this.#holds.get(checked.holdId);
    if (known) return repeatHold(known, checked);
    const { holdId, amount, scopes, ttlSeconds } = checked;
    this.checkPins(scopes);
    const lacking = this.#place(
      holdId,
      amount,
      scopes,
      instant("hold: the end of its ttl", this.#now() + ttlSeconds),
    );
    return lacking ? outcome({ kind: "refused", lacking: outcomes(lacking) }) : outcome({ kind: "held" });
  }

  settle(holdId: string, actual: MicroCents): SettleOutcome {
    const checked = ledgerAmount("settle: actual", actual);
    const decision = settleHold(this.#own("settle", holdId), checked);
    this.#apply(decision.move);
    return decision.outcome;
  }

  release(holdId: string): ReleaseOutcome {
    const decision = releaseHold(this.#own("release", holdId));
    this.#apply(decision.move);
    return decision.outcome;
  }

  extend(holdId: string, by: MicroCents, step: number): HoldOutcome {
    const checked = extension(by, step);
    const hold = this.#own("extend", holdId);
    const next = extendHold(hold, checked.by, checked.step);
    // Own: a polluted prototype must not make an answer of a row.
    if (Object.hasOwn(next, "kind")) return next as HoldOutcome;
    const row = next as HoldRow;
    const lacking = this.#lacking(checked.by, hold.scopes);
    if (lacking.length > 0) return outcome({ kind: "refused", lacking: outcomes(lacking) });
    this.#apply({ row, reserved: checked.by, spent: 0n });
    return outcome({ kind: "held" });
  }

  expire(options: { readonly limit?: number } = {}): ExpireOutcome {
    const { limit } = read("expire", options, { limit: limitReader });
    const now = this.#now();
    const charged: ExpireOutcome["charged"][number][] = [];
    for (const holdId of this.#expiring) {
      const hold = this.#known(holdId);
      if ((hold.expiresAt ?? Infinity) > now) continue;
      if (charged.length === limit) return outcome({ charged: outcomes(charged), more: true });
      const move = chargeHold(hold);
      this.#apply(move);
      charged.push({ holdId, amount: move.row.booked });
    }
    return outcome({ charged: outcomes(charged), more: false });
  }

  usage(scope: string): BudgetState {
    const counter = this.#counters.get(identifier("usage: scope", scope));
    return new BudgetState({
      reserved: microCents(counter?.reserved ?? 0n),
      spent: microCents(counter?.spent ?? 0n),
    });
  }

  getHold(holdId: string): Hold | null {
    const hold = this.#holds.get(anyHoldId("getHold: holdId", holdId));
    if (!hold) return null;
    const { state, booked, expiresAt } = hold;
    return outcome({
      holdId,
      amount: heldAmount(hold),
      scopes: outcomes(hold.scopes),
      state,
      booked,
      expiresAt,
    });
  }

  pinCap(scope: string, cap: MicroCents): void {
    this.#pinned.set(identifier("pinCap: scope", scope), ledgerAmount("pinCap: cap", cap));
  }

  /** Holds for a job's attempt, by the pinned cap where there is one; what it lacks, if it lacks room. */
  holdForJob(holdId: string, amount: MicroCents, scopes: readonly ScopeCap[]): readonly Lacking[] | null {
    return this.#place(holdId, amount, scopes, null);
  }

  /** @throws DispatchError `cap_conflict` if a request brings another cap than the pinned one. */
  checkPins(scopes: readonly ScopeCap[]): void {
    for (const scope of scopes) capOf(scope, this.#pinned.get(scope.scope));
  }

  /** Settles a job's hold at its actual cost, or charges it in full; `overrun` is what nobody set aside. */
  close(holdId: string, actual: MicroCents | null): { booked: MicroCents; overrun: MicroCents } {
    const hold = this.#known(holdId);
    if (actual === null) {
      const move = chargeHold(hold);
      this.#apply(move);
      return { booked: move.row.booked, overrun: microCents(0n) };
    }
    const decision = settleHold(hold, actual);
    this.#apply(decision.move);
    const { booked } = decision.outcome;
    return {
      booked,
      overrun: decision.outcome.kind === "settled" ? decision.outcome.overrun : microCents(0n),
    };
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

  isOpen(holdId: string): boolean {
    return this.#holds.get(holdId)?.state === HoldState.OPEN;
  }

  #own(what: string, holdId: string): Row {
    return this.#known(ownHoldId(`${what}: holdId`, holdId));
  }

  #known(holdId: string): Row {
    const hold = this.#holds.get(holdId);
    if (!hold) throw unknownHold(holdId);
    return hold;
  }

  #lacking(amount: bigint, scopes: readonly ScopeCap[]): readonly Lacking[] {
    const rooms = scopes.map(({ scope, cap }) => {
      const { reserved, spent } = this.#counters.get(scope) ?? { reserved: 0n, spent: 0n };
      return { scope, cap: this.#pinned.get(scope) ?? cap, committed: reserved + spent };
    });
    return lackingScopes(amount, rooms);
  }

  #place(
    holdId: string,
    asked: MicroCents,
    scopes: readonly ScopeCap[],
    expiresAt: EpochSeconds | null,
  ): readonly Lacking[] | null {
    const lacking = this.#lacking(asked, scopes);
    if (lacking.length > 0) return lacking;
    const row: Row = {
      holdId,
      asked,
      steps: [],
      scopes,
      state: HoldState.OPEN,
      booked: microCents(0n),
      settledFrom: HoldState.OPEN,
      expiresAt,
    };
    this.#holds.set(holdId, row);
    this.#count(scopes, asked, 0n);
    if (expiresAt !== null) this.#expiring.add(holdId);
    return null;
  }

  #apply(move: HoldMove | null): void {
    if (move === null) return;
    const { row, reserved, spent } = move;
    const expiresAt = this.#known(row.holdId).expiresAt;
    this.#count(row.scopes, reserved, spent);
    this.#holds.set(row.holdId, { ...row, expiresAt });
    if (row.state !== HoldState.OPEN) this.#expiring.delete(row.holdId);
  }

  #count(scopes: readonly ScopeCap[], reserved: bigint, spent: bigint): void {
    for (const { scope } of scopes) {
      const counter = this.#counters.get(scope) ?? { reserved: 0n, spent: 0n };
      counter.reserved += reserved;
      counter.spent += spent;
      this.#counters.set(scope, counter);
    }
  }
}
