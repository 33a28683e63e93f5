import type { CorrectOutcome, HoldOutcome, Lacking } from "../../budget/contract.ts";
import {
  chargeHold,
  correctHold,
  extendHold,
  releaseHold,
  repeatHold,
  settleHold,
} from "../../budget/holds.ts";
import { capInForce, type Pin, pinnedCap, raised } from "../../budget/caps.ts";
import { jobOfHold } from "../../budget/hold-request.ts";
import { BudgetState } from "../../budget/state.ts";
import { microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import { instant } from "../../time.ts";
import type { Decided, LedgerOperations } from "../operations.ts";
import { decide, DONE } from "./decide.ts";
import type { Holds } from "./holds.ts";
import type { Journal } from "./journal.ts";
import { type HoldRecord, holdSubject, shownHold, type Tables } from "./tables.ts";

/** The ledger over any tables. What throws has changed nothing. */
export function ledgerOperations(tables: Tables, holds: Holds, journal: Journal): LedgerOperations {
  return {
    hold(request) {
      const { holdId, amount, scopes, ttlSeconds, tags } = request;
      const known = tables.hold(holdId);
      if (known) return repeatHold(known, request);
      const now = tables.now();
      const expiresAt = instant("hold: the end of its ttl", now + ttlSeconds);
      const lacking = holds.place({ holdId, asked: amount, scopes, tags, expiresAt }, now, true);
      journal.money("held", { tags, until: expiresAt });
      return heldOr(lacking);
    },

    settle(holdId, actual) {
      const decision = settleHold(holds.known(holdId), actual);
      holds.apply(decision.move);
      journal.money("settled", { tags: decision.move?.row.tags });
      return decision.outcome;
    },

    release(holdId) {
      const decision = releaseHold(holds.known(holdId));
      holds.apply(decision.move);
      journal.money("released", { tags: decision.move?.row.tags });
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
      journal.money("extended", { tags: row.tags });
      return heldOr(lacking);
    },

    expire(limit) {
      const over = tables.expired(tables.now(), limit + 1);
      const charged = over.slice(0, limit).map((hold) => {
        const move = chargeHold(hold);
        holds.apply(move);
        journal.money("charged", { tags: hold.tags });
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
      return decide(tables, holdSubject(holdId), decided, (approval): CorrectOutcome => {
        const correction = correctHold(holds.known(holdId), actual);
        holds.apply(correction.move);
        const jobId = jobOfHold(holdId);
        journal.money("corrected", {
          job: (jobId === null ? null : tables.job(jobId)) ?? undefined,
          tags: correction.move?.row.tags,
          decided: { id: decided.id, approval },
        });
        return correction.outcome;
      });
    },

    pinCap(scope, cap, decided) {
      setCap("cap_pinned", scope, decided, () => ({ cap, raise: null }));
    },

    unpinCap(scope, decided) {
      setCap("cap_unpinned", scope, decided, () => null);
    },

    raiseCap(scope, to, until, decided) {
      setCap("cap_raised", scope, decided, () => raised(scope, tables.scope(scope).pin, to, until));
    },

    cap(scope) {
      const { pin } = tables.scope(scope);
      return pin === undefined ? null : pinnedCap(pin, tables.now());
    },
  };

  function setCap(
    kind: "cap_pinned" | "cap_raised" | "cap_unpinned",
    scope: string,
    decided: Decided,
    pinOf: () => Pin | null,
  ): void {
    decide(tables, null, decided, (approval, now) => {
      const pin = pinOf();
      tables.putPin(scope, pin);
      const { reserved, spent } = tables.scope(scope);
      const cap = pin && capInForce(pin, now);
      journal.shows([{ scope, cap, committed: reserved + spent }]);
      journal.record(kind, { until: pin?.raise?.until, decided: { id: decided.id, approval } });
      return DONE;
    });
  }
}

function heldOr(lacking: readonly Lacking[]): HoldOutcome {
  return lacking.length > 0
    ? outcome({ kind: "refused", lacking: outcomes(lacking) })
    : outcome({ kind: "held" });
}
