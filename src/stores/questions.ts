import { HoldState } from "../budget/contract.ts";
import { identifier, listOf, oneOf, optional, read, type Reader, whole } from "../internal/check.ts";
import { pageLimit } from "../dispatch/options.ts";
import { journalKind, type JournalEntry, type JournalFilter, type JournalPage } from "../dispatch/journal.ts";
import type {
  AuditDifference,
  HoldFilter,
  InDoubt,
  JobAttempt,
  JobCount,
  JournalQuestions,
  ListedHold,
  ScopeFilter,
  ScopeStatus,
  SpendFilter,
  SpendRow,
} from "../dispatch/questions.ts";
import { outcome, outcomes } from "../money/outcome.ts";
import { epochSeconds, instant } from "../time.ts";
import { entriesOf, type JournalRow } from "./journal-rows.ts";
import type { JournalRows, Run } from "./operations.ts";
import { CLOCK_STEPS, spendRows } from "./spend.ts";

/** Rows of the journal that are read in one step. */
const ROWS = 500;

const name: Reader<string | null> = /* @__PURE__ */ optional(identifier, null);
const state: Reader<HoldState | null> = /* @__PURE__ */ optional(/* @__PURE__ */ oneOf(HoldState), null);

/** Checks what is asked of every store, and asks it. */
export class Questions implements JournalQuestions {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  async journal(filter: JournalFilter = {}): Promise<JournalPage> {
    const checked = read("journal: filter", filter, {
      after: optional(whole, 0),
      limit: pageLimit,
      kinds: optional(listOf(journalKind), null),
      scope: name,
      jobId: name,
      from: optional(instant, null),
      to: optional(instant, null),
    });
    const { limit, kinds, scope, jobId, from, to } = checked;
    const fits = (entry: JournalEntry): boolean =>
      (from === null || entry.at >= from) &&
      (to === null || entry.at < to) &&
      (kinds === null || kinds.includes(entry.kind)) &&
      (scope === null || entry.scopes.some((own) => own.scope === scope)) &&
      (jobId === null || entry.jobId === jobId);
    const found: JournalEntry[] = [];
    let cursor = checked.after;
    if (from !== null) {
      const start = epochSeconds(from - CLOCK_STEPS);
      cursor = Math.max(cursor, await this.#run((operations) => operations.placeAt(start)));
    }
    const isFiltered = [kinds, scope, jobId, from, to].some((wanted) => wanted !== null);
    for (;;) {
      // Each row has an entry at least.
      const most = isFiltered ? ROWS : Math.min(ROWS, limit - found.length);
      const { rows, more, heldBackSince } = await this.#rows(cursor, most);
      const page = (hasMore: boolean): JournalPage =>
        outcome({ entries: Object.freeze(found), cursor, more: hasMore, heldBackSince });
      for (const entry of eachEntry(rows, cursor)) {
        if (found.length === limit) return page(true);
        if (to !== null && entry.at >= to + CLOCK_STEPS) return page(false);
        cursor = entry.place;
        if (fits(entry)) found.push(entry);
      }
      if (found.length === limit || !more) return page(more);
    }
  }

  async scopes(filter: ScopeFilter = {}): Promise<readonly ScopeStatus[]> {
    const readers = { prefix: optional(identifier, ""), limit: pageLimit, after: optional(identifier, "") };
    const { prefix, limit, after } = read("scopes: filter", filter, readers);
    return this.#run((operations) => operations.scopes(prefix, after, limit));
  }

  async holds(filter: HoldFilter = {}): Promise<readonly ListedHold[]> {
    const readers = { scope: name, state, limit: pageLimit, after: name };
    const checked = read("holds: filter", filter, readers);
    return this.#run((operations) => operations.holds(checked));
  }

  async attempts(jobId: string): Promise<readonly JobAttempt[]> {
    const checked = identifier("attempts: jobId", jobId);
    return this.#run((operations) => operations.attempts(checked));
  }

  async counts(): Promise<readonly JobCount[]> {
    const counts = await this.#run((operations) => operations.counts());
    const key = ({ lane, state }: JobCount): string => JSON.stringify([lane, state]);
    return Object.freeze([...counts].sort((one, other) => (key(one) < key(other) ? -1 : 1)));
  }

  async inDoubt(filter: Pick<HoldFilter, "limit" | "after"> = {}): Promise<readonly InDoubt[]> {
    const page = read("inDoubt: filter", filter, { limit: pageLimit, after: name });
    const holds = await this.#run((operations) =>
      operations.holds({ ...page, scope: null, state: HoldState.CHARGED }),
    );
    return outcomes(
      holds.map(({ holdId, jobId, booked, resolvedAt, heldAt, scopes, tags }) => ({
        holdId,
        jobId,
        charged: booked,
        // What is charged is resolved.
        chargedAt: resolvedAt ?? heldAt,
        scopes: Object.freeze(scopes.map(({ scope }) => scope)),
        tags,
      })),
    );
  }

  async spend(filter: SpendFilter): Promise<readonly SpendRow[]> {
    return spendRows(filter, {
      placeAt: (at) => this.#run((operations) => operations.placeAt(at)),
      rows: (after) => this.#run((operations) => operations.journalRows(after, ROWS, true)),
    });
  }

  async audit(): Promise<readonly AuditDifference[]> {
    return this.#run((operations) => operations.audit());
  }

  #rows(after: number, limit: number): Promise<JournalRows> {
    return this.#run((operations) => operations.journalRows(after, limit));
  }
}

/** The entries of rows behind a place. A row is read when its turn comes: a page may end before. */
function* eachEntry(rows: readonly JournalRow[], after: number): Iterable<JournalEntry> {
  for (const row of rows) for (const entry of entriesOf(row)) if (entry.place > after) yield entry;
}
