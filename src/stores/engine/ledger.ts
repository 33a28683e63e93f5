import type { CorrectOutcome, HoldOutcome, Lacking } from "../../budget/contract.ts";
import {
  chargeHold,
  correctHold,
  extendHold,
  releaseHold,
  repeatHold,
  settleHold,
} from "../../budget/holds.ts";
import { pinnedCap, raised } from "../../budget/caps.ts";
import { BudgetState } from "../../budget/state.ts";
import { microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { instant } from "../../time.ts";
import type { LedgerOperations } from "../operations.ts";
import { decide, DONE } from "./decide.ts";
import type { Holds } from "./holds.ts";
import { type HoldRecord, holdSubject, shownHold, type Tables } from "./tables.ts";

/** The ledger over any tables. What throws has changed nothing. */
export function ledgerOperations(tables: Tables, holds: Holds): LedgerOperations {
  return {
    hold(request) {
      const { holdId, amount, scopes, ttlSeconds, tags } = request;
      const known = tables.hold(holdId);
      if (known) return repeatHold(known, request);
      const now = tables.now();
      const expiresAt = instant("hold: the end of its ttl", now + ttlSeconds);
      return heldOr(holds.place({ holdId, asked: amount, scopes, tags, expiresAt }, now, true));
    },

    settle(holdId, actual) {
      const decision = settleHold(holds.known(holdId), actual);
      holds.apply(decision.move);
      return decision.outcome;
    },

    release(holdId) {
      const decision = releaseHold(holds.known(holdId));
      holds.apply(decision.move);
      return decision.outcome;
    },

    extend(holdId, by, step) {
      const hold = holds.known(holdId);
      const next = extendHold(hold, by, step);
      // Own: a polluted prototype must not make an answer of a row.
      if (Object.hasOwn(next, "kind")) return next as HoldOutcome;
      const row = next as HoldRecord;
      const lacking = holds.lackingMore(by, hold.scopes, tables.now());
      if (lacking.length === 0) holds.apply({ row, reserved: by, spent: 0n });
      return heldOr(lacking);
    },

    expire(limit) {
      const over = tables.expired(tables.now(), limit + 1);
      const charged = over.slice(0, limit).map((hold) => {
        const move = chargeHold(hold);
        holds.apply(move);
        return { holdId: hold.holdId, amount: move.row.booked };
      });
      return outcome({ charged: outcomes(charged), more: over.length > limit });
    },

    usage(scope) {
      const { reserved, spent } = tables.scope(scope);
      return new BudgetState({ reserved: microCents(reserved), spent: microCents(spent) });
    },

    getHold(holdId) {
      const hold = tables.hold(holdId);
      return hold && shownHold(hold);
    },

    correct(holdId, actual, decided) {
      return decide(tables, holdSubject(holdId), decided, (): CorrectOutcome => {
        const correction = correctHold(holds.known(holdId), actual);
        holds.apply(correction.move);
        return correction.outcome;
      });
    },

    pinCap(scope, cap, decided) {
      decide(tables, null, decided, () => {
        tables.putPin(scope, { cap, raise: null });
        return DONE;
      });
    },

    unpinCap(scope, decided) {
      decide(tables, null, decided, () => {
        tables.putPin(scope, null);
        return DONE;
      });
    },

    raiseCap(scope, to, until, decided) {
      decide(tables, null, decided, () => {
        tables.putPin(scope, raised(scope, tables.scope(scope).pin, to, until));
        return DONE;
      });
    },

    cap(scope) {
      const { pin } = tables.scope(scope);
      return pin === undefined ? null : pinnedCap(pin, tables.now());
    },
  };
}

function heldOr(lacking: readonly Lacking[]): HoldOutcome {
  return lacking.length > 0
    ? outcome({ kind: "refused", lacking: outcomes(lacking) })
    : outcome({ kind: "held" });
}
