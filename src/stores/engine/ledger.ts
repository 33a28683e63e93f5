import { type HoldOutcome, type Lacking } from "../../budget/contract.ts";
import {
  chargeHold,
  extendHold,
  heldAmount,
  type HoldRow,
  releaseHold,
  repeatHold,
  settleHold,
} from "../../budget/holds.ts";
import { BudgetState } from "../../budget/state.ts";
import { microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { instant } from "../../time.ts";
import type { LedgerOperations } from "../operations.ts";
import type { Holds } from "./holds.ts";
import type { Tables } from "./tables.ts";

/** The ledger over any tables. What throws has changed nothing. */
export function ledgerOperations(tables: Tables, holds: Holds): LedgerOperations {
  return {
    hold(request) {
      const { holdId, amount, scopes, ttlSeconds } = request;
      const known = tables.hold(holdId);
      if (known)
        return known.pruned ? outcome({ kind: "exists", state: known.state }) : repeatHold(known, request);
      holds.checkPins(scopes);
      const now = tables.now();
      const expiresAt = instant("hold: the end of its ttl", now + ttlSeconds);
      return heldOr(holds.place(holdId, amount, scopes, now, expiresAt));
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
      const row = next as HoldRow;
      const lacking = holds.lacking(by, hold.scopes);
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
      const { reserved, spent } = tables.counter(scope);
      return new BudgetState({ reserved: microCents(reserved), spent: microCents(spent) });
    },

    getHold(holdId) {
      const hold = tables.hold(holdId);
      if (!hold) return null;
      const { scopes, state, booked, expiresAt } = hold;
      return outcome({
        holdId,
        amount: heldAmount(hold),
        scopes: outcomes(scopes),
        state,
        booked,
        expiresAt,
      });
    },

    pinCap(scope, cap) {
      tables.pin(scope, cap);
    },
  };
}

function heldOr(lacking: readonly Lacking[]): HoldOutcome {
  return lacking.length > 0
    ? outcome({ kind: "refused", lacking: outcomes(lacking) })
    : outcome({ kind: "held" });
}
