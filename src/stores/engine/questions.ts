import { HoldState } from "../../budget/contract.ts";
import { jobHoldId, jobOfHold } from "../../budget/hold-request.ts";
import { pinnedCap } from "../../budget/caps.ts";
import { heldAmount, overrunOf } from "../../budget/holds.ts";
import { unknownJob } from "../../dispatch/rules.ts";
import type { AuditDifference, JobAttempt, ListedHold, ScopeStatus } from "../../dispatch/questions.ts";
import { microCents } from "../../money/micro-cents.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import type { QuestionOperations } from "../operations.ts";
import { type Attempt, type HoldRecord, shownHold, type ScopeRecord, type Tables } from "./tables.ts";

const PAGE = 1_000;

/** What is asked of any tables. It changes nothing. */
export function questionOperations(tables: Tables): QuestionOperations {
  return {
    journalRows(after, limit) {
      const rows = tables.journal(after, limit + 1);
      return outcome({ rows: rows.slice(0, limit), more: rows.length > limit, heldBackSince: null });
    },

    placeAt(at) {
      return tables.placeAt(at);
    },

    scopes(prefix, after, limit) {
      const found = tables.scopes(prefix, after, limit);
      const open = tables.openHolds(found.map(([scope]) => scope));
      const now = tables.now();
      return outcomes(found.map(([scope, record]) => statusOf(scope, record, open.get(scope) ?? 0, now)));
    },

    holds(filter) {
      return outcomes(tables.holds(filter).map((hold) => listedHold(hold, hold)));
    },

    attempts(jobId) {
      const job = tables.job(jobId);
      if (!job) throw unknownJob(jobId);
      return outcomes(
        job.attempts.map((attempt, index) => {
          const hold = attempt.hold === 0 ? null : tables.hold(jobHoldId(jobId, attempt.hold));
          return shownAttempt(index + 1, attempt, hold);
        }),
      );
    },

    counts() {
      return Object.freeze([...tables.counts()]);
    },

    audit() {
      const sums = new Map<string, Sums>();
      addHolds(tables, sums);
      addJournal(tables, sums);
      return outcomes(
        everyScope(tables).flatMap(([scope, { reserved, spent }]): readonly AuditDifference[] => {
          const found = sums.get(scope) ?? NOTHING;
          const isRight =
            found.reserved === reserved && found.spent === spent && found.journal === reserved + spent;
          if (isRight) return [];
          const counter = outcome({ reserved: microCents(reserved), spent: microCents(spent) });
          const holds = outcome({
            reserved: microCents(found.reserved),
            spent: microCents(found.spent),
          });
          return [{ scope, counter, holds, journal: microCents(found.journal) }];
        }),
      );
    },
  };
}

/** A claim with the money of its hold; free work has none. */
export function shownAttempt(
  number: number,
  { claimedAt, by, end, endedAt }: Pick<Attempt, "by" | "claimedAt" | "end" | "endedAt">,
  hold: Untimed | null,
): JobAttempt {
  const held = hold ? heldAmount(hold) : microCents(0n);
  const booked = hold?.booked ?? microCents(0n);
  // Of a hold that had been given back before it was settled, nothing is set aside any more.
  const aside = hold?.settledFrom === HoldState.RELEASED ? 0n : held;
  const money = { held, booked, overrun: overrunOf(booked, aside) };
  return { number, claimedAt, by, end, endedAt, holdId: hold?.holdId ?? null, ...money };
}

/** A hold without its times. */
type Untimed = Omit<HoldRecord, "heldAt" | "resolvedAt">;

/** A hold as it is listed, with its times. */
export function listedHold(
  hold: Untimed,
  { heldAt, resolvedAt }: Pick<HoldRecord, "heldAt" | "resolvedAt">,
): ListedHold {
  return { ...shownHold(hold), jobId: jobOfHold(hold.holdId), heldAt, resolvedAt };
}

/** What a scope has committed, as it is shown. */
export function statusOf(
  scope: string,
  { reserved, spent, pin }: ScopeRecord,
  openHolds: number,
  now: EpochSeconds,
): ScopeStatus {
  const { cap, until } = pin ? pinnedCap(pin, now) : { cap: null, until: null };
  const committed = reserved + spent;
  return {
    scope,
    reserved: microCents(reserved),
    spent: microCents(spent),
    committed: microCents(committed),
    cap,
    until,
    openHolds,
    over: cap !== null && committed > cap,
  };
}

function everyScope(tables: Tables): readonly (readonly [string, ScopeRecord])[] {
  const all: (readonly [string, ScopeRecord])[] = [];
  for (;;) {
    const page = tables.scopes("", all.at(-1)?.[0] ?? "", PAGE);
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** What a scope's holds and the journal say that it has committed. */
interface Sums {
  readonly reserved: bigint;
  readonly spent: bigint;
  readonly journal: bigint;
}

const NOTHING: Sums = { reserved: 0n, spent: 0n, journal: 0n };

function add(sums: Map<string, Sums>, scope: string, more: Partial<Sums>): void {
  const { reserved, spent, journal } = sums.get(scope) ?? NOTHING;
  sums.set(scope, {
    reserved: reserved + (more.reserved ?? 0n),
    spent: spent + (more.spent ?? 0n),
    journal: journal + (more.journal ?? 0n),
  });
}

function addHolds(tables: Tables, sums: Map<string, Sums>): void {
  for (let after: string | null = null; ;) {
    const page: readonly HoldRecord[] = tables.holds({ scope: null, state: null, limit: PAGE, after });
    for (const hold of page) {
      const reserved = hold.state === HoldState.OPEN ? heldAmount(hold) : 0n;
      for (const { scope } of hold.scopes) add(sums, scope, { reserved, spent: hold.booked });
    }
    after = page.at(-1)?.holdId ?? null;
    if (page.length < PAGE) return;
  }
}

/** What a forgotten hold had booked stays in its scopes. */
function addJournal(tables: Tables, sums: Map<string, Sums>): void {
  for (let after = 0; ;) {
    const rows = tables.journal(after, PAGE);
    for (const { kind, closed, scopes, moved } of rows.flatMap(({ body }) => body.entries)) {
      const spent = kind === "forgotten" ? BigInt(closed?.[2] ?? 0) : 0n;
      for (const [scope] of scopes ?? []) add(sums, scope, { spent, journal: BigInt(moved ?? 0) });
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.place + last.body.entries.length - 1;
  }
}
