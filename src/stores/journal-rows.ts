import type { Tags } from "../budget/contract.ts";
import type { JobState } from "../dispatch/lifecycle.ts";
import type {
  ClosedHold,
  JournalDecision,
  JournalEntry,
  JournalKind,
  JournalScope,
} from "../dispatch/journal.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import type { BackendKind } from "../routing/kind.ts";
import { outcome, outcomes } from "../money/outcome.ts";
import type { EpochSeconds } from "../time.ts";

/**
 * The entries of one statement as they are stored, in JSON. Money is text. What each scope had committed is kept once, before
 * the first entry, and each entry says by how much it has moved its scopes.
 */
export interface JournalBody {
  /** Committed before the first entry, by scope. */
  readonly before: Readonly<Record<string, string>>;
  readonly entries: readonly StoredEntry[];
}

/** An entry as it is stored; a field that is left out is `null`, and without `scopes` and `tags` it has none. */
export interface StoredEntry {
  readonly kind: JournalKind;
  readonly job?: string | null;
  readonly attempt?: number | null;
  readonly state?: JobState | null;
  /** Hold id, held, booked, and what it was closed as. */
  readonly closed?:
    readonly [holdId: string, held: string, booked: string, state: ClosedHold["state"]] | null;
  /** What the closed hold had booked before, if it was not open. */
  readonly was?: string | null;
  /** Whether nothing of what is booked was set aside, because the hold had been given back before. */
  readonly givenBack?: boolean | null;
  /** Hold id, held. */
  readonly opened?: readonly [holdId: string, held: string] | null;
  /** By how much what is committed has grown in each of the scopes; negative if it has shrunk. */
  readonly moved?: string | null;
  /** Each scope, and its cap in force. */
  readonly scopes?: readonly (readonly [scope: string, cap: string | null])[] | null;
  /** The lane and the backend of the job are in every entry about it. */
  readonly lane?: string | null;
  readonly backend?: BackendKind | null;
  readonly until?: EpochSeconds | null;
  readonly digest?: string | null;
  /** JSON. */
  readonly tags?: string | null;
  readonly by?: string | null;
  readonly decision?: JournalDecision | null;
}

/** One row of the journal: the entries of one statement, which have the places from `place` on. */
export interface JournalRow {
  readonly place: number;
  readonly at: EpochSeconds;
  readonly body: JournalBody;
}

/** The entries of a row. */
export function entriesOf({ place, at, body }: JournalRow): readonly JournalEntry[] {
  const committed = new Map(Object.entries(body.before).map(([scope, amount]) => [scope, BigInt(amount)]));
  return body.entries.map((stored, index) => {
    const scopes = (stored.scopes ?? []).map(([scope, cap]): JournalScope => {
      const before = committed.get(scope) ?? 0n;
      const after = before + BigInt(stored.moved ?? 0);
      committed.set(scope, after);
      return { scope, cap: amountOf(cap), before: microCents(before), after: microCents(after) };
    });
    return shown(stored, outcomes(scopes), place + index, at);
  });
}

function shown(
  stored: StoredEntry,
  scopes: readonly JournalScope[],
  place: number,
  at: EpochSeconds,
): JournalEntry {
  const { closed, opened } = stored;
  return outcome({
    place,
    at,
    kind: stored.kind,
    jobId: stored.job ?? null,
    attempt: stored.attempt ?? null,
    state: stored.state ?? null,
    closed: closed
      ? outcome({
          holdId: closed[0],
          held: microCents(closed[1]),
          booked: microCents(closed[2]),
          state: closed[3],
          was: amountOf(stored.was ?? null),
        })
      : null,
    opened: opened ? outcome({ holdId: opened[0], held: microCents(opened[1]) }) : null,
    scopes,
    lane: stored.lane ?? null,
    backend: stored.backend ?? null,
    until: stored.until ?? null,
    digest: stored.digest ?? null,
    // Only this library writes here.
    tags: Object.freeze(stored.tags ? (JSON.parse(stored.tags) as Tags) : {}),
    by: stored.by ?? null,
    decision: stored.decision ? outcome(stored.decision) : null,
  });
}

function amountOf(text: string | null): MicroCents | null {
  return text === null ? null : microCents(text);
}
