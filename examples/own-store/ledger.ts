import type { DatabaseSync } from "node:sqlite";
import {
  type BudgetLedger,
  BudgetState,
  DispatchError,
  type EpochSeconds,
  epochSeconds,
  HoldState,
  type Lacking,
  microCents,
  type Tags,
} from "dispatch-kit";
import {
  anyHoldId,
  capOf,
  chargeHold,
  extendHold,
  heldAmount,
  type HoldMove,
  holdRequest,
  type HoldRow,
  lackingScopes,
  ownHoldId,
  releaseHold,
  repeatHold,
  scopeName,
  settleHold,
  unknownHold,
} from "dispatch-kit/rules";

/** Money is text in every column, because many drivers read numbers above 2^53 inexactly. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS own_holds (id TEXT PRIMARY KEY, row TEXT NOT NULL, expires_at REAL);
  CREATE INDEX IF NOT EXISTS own_holds_expiring ON own_holds (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS own_scopes (scope TEXT PRIMARY KEY, reserved TEXT NOT NULL, spent TEXT NOT NULL)`;

type Row = Readonly<Record<string, unknown>>;

/** What is stored of a hold beside its row: nothing here depends on it. */
interface Kept {
  readonly expiresAt: EpochSeconds;
  readonly tags: Tags;
}

/** A hold as the pure rules use it, and what is kept with it. */
type Known = HoldRow & Kept;

/** Reads and writes the two tables of the ledger. */
class Tables {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(SCHEMA);
  }

  hold(id: string): Known | null {
    const row: Row | undefined = this.#database.prepare("SELECT row FROM own_holds WHERE id = ?").get(id);
    return row ? parsed(String(row["row"])) : null;
  }

  expired(now: EpochSeconds, limit: number): readonly Known[] {
    const sql = "SELECT row FROM own_holds WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
    return this.#database
      .prepare(sql)
      .all(now, limit)
      .map((row) => parsed(String(row["row"])));
  }

  usage(scope: string): BudgetState {
    const sql = "SELECT reserved, spent FROM own_scopes WHERE scope = ?";
    const row: Row = this.#database.prepare(sql).get(scope) ?? { reserved: "0", spent: "0" };
    return new BudgetState({
      reserved: microCents(String(row["reserved"])),
      spent: microCents(String(row["spent"])),
    });
  }

  /** Writes a move of a rule: the hold's next row, and the amounts that it adds in each scope. */
  apply({ row, reserved, spent }: HoldMove, { expiresAt, tags }: Kept): void {
    for (const { scope } of row.scopes) {
      const before = this.usage(scope);
      const after = [before.reserved + reserved, before.spent + spent].map(String);
      const sql = "INSERT OR REPLACE INTO own_scopes (scope, reserved, spent) VALUES (?, ?, ?)";
      this.#database.prepare(sql).run(scope, ...after);
    }
    const isOpen = row.state === HoldState.OPEN;
    const sql = "INSERT OR REPLACE INTO own_holds (id, row, expires_at) VALUES (?, ?, ?)";
    this.#database
      .prepare(sql)
      .run(row.holdId, written({ ...row, expiresAt, tags }), isOpen ? expiresAt : null);
  }
}

function written(hold: Known): string {
  // Field by field, because the toJSON of an outcome writes money as decimal dollars.
  const scopes = hold.scopes.map(({ cap, ...rest }) => ({ ...rest, cap: cap === null ? null : String(cap) }));
  const money = { asked: String(hold.asked), booked: String(hold.booked), steps: hold.steps.map(String) };
  return JSON.stringify({ ...hold, ...money, scopes });
}

function parsed(json: string): Known {
  // Only this file writes here.
  const row = JSON.parse(json) as Known;
  return {
    ...row,
    asked: microCents(row.asked),
    booked: microCents(row.booked),
    steps: row.steps.map(microCents),
    scopes: row.scopes.map(({ cap, ...rest }) => ({ ...rest, cap: cap === null ? null : microCents(cap) })),
  };
}

/** Runs the check and the reservation as one transaction, which waits for those of other processes. */
export function transaction<Answer>(database: DatabaseSync, run: () => Answer): Answer {
  let isCommitting = false;
  try {
    database.exec("BEGIN IMMEDIATE");
    const answer = run();
    isCommitting = true;
    database.exec("COMMIT");
    return answer;
  } catch (cause) {
    if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
    const isOfDatabase = cause instanceof Error && String(Reflect.get(cause, "code")).startsWith("ERR_");
    if (!isOfDatabase) throw cause;
    // A failure must throw: it is never an admission.
    throw new DispatchError(isCommitting ? "outcome_unknown" : "store_failed", cause.message, { cause });
  }
}

/**
 * A ledger in a database of your own. It pins no caps, corrects nothing and forgets nothing: its tests say so with `lacks`.
 */
export function ownLedger(database: DatabaseSync, clock: () => EpochSeconds): BudgetLedger {
  const tables = transaction(database, () => new Tables(database));
  const atomic = <Answer>(run: () => Answer): Answer => transaction(database, run);

  const known = (id: string): Known => {
    const hold = tables.hold(id);
    if (hold) return hold;
    throw unknownHold(id);
  };
  // A new hold passes `now`, because a scope whose time is over refuses it.
  const lacking = (amount: bigint, scopes: HoldRow["scopes"], now?: EpochSeconds): readonly Lacking[] => {
    const rooms = scopes.map((scope) => ({ ...scope, committed: tables.usage(scope.scope).committed() }));
    return lackingScopes(amount, rooms, now);
  };

  return {
    hold(request) {
      const { holdId, amount, scopes, ttlSeconds, tags } = holdRequest(request);
      return atomic(() => {
        const before = tables.hold(holdId);
        if (before) return repeatHold(before, request);
        const now = clock();
        // No cap is pinned here, so a scope without one is refused.
        for (const scope of scopes) capOf(scope, undefined, now);
        const lacks = lacking(amount, scopes, now);
        if (lacks.length > 0) return { kind: "refused", lacking: lacks };
        const open = {
          state: HoldState.OPEN,
          settledFrom: HoldState.OPEN,
          booked: microCents(0n),
          steps: [],
          corrected: false,
          firstSettled: null,
        };
        const move = { row: { holdId, asked: amount, scopes, ...open }, reserved: amount, spent: 0n };
        tables.apply(move, { expiresAt: epochSeconds(now + ttlSeconds), tags });
        return { kind: "held" };
      });
    },

    settle(holdId, actual) {
      const id = ownHoldId("settle: holdId", holdId);
      return atomic(() => {
        const hold = known(id);
        const { outcome, move } = settleHold(hold, actual);
        if (move) tables.apply(move, hold);
        return outcome;
      });
    },

    release(holdId) {
      const id = ownHoldId("release: holdId", holdId);
      return atomic(() => {
        const hold = known(id);
        const { outcome, move } = releaseHold(hold);
        if (move) tables.apply(move, hold);
        return outcome;
      });
    },

    extend(holdId, by, step) {
      const id = ownHoldId("extend: holdId", holdId);
      return atomic(() => {
        const hold = known(id);
        const next = extendHold(hold, by, step);
        if ("kind" in next) return next;
        const lacks = lacking(by, hold.scopes);
        if (lacks.length > 0) return { kind: "refused", lacking: lacks };
        tables.apply({ row: next, reserved: by, spent: 0n }, hold);
        return { kind: "held" };
      });
    },

    expire({ limit = 100 } = {}) {
      return atomic(() => {
        const over = tables.expired(clock(), limit + 1);
        const charged = over.slice(0, limit).map((hold) => {
          tables.apply(chargeHold(hold), hold);
          return { holdId: hold.holdId, amount: heldAmount(hold) };
        });
        return { charged, more: over.length > limit };
      });
    },

    usage(scope) {
      const name = scopeName("usage: scope", scope);
      return atomic(() => tables.usage(name));
    },

    getHold(holdId) {
      const id = anyHoldId("getHold: holdId", holdId);
      const hold = atomic(() => tables.hold(id));
      if (!hold) return null;
      const { scopes, state, booked, expiresAt, tags } = hold;
      return { holdId, amount: heldAmount(hold), scopes, state, booked, expiresAt, tags };
    },
  };
}
