import type { Approval } from "../../approval/approval.ts";
import { HoldState, type Tags } from "../../budget/contract.ts";
import { jobOfHold } from "../../budget/hold-request.ts";
import { heldAmount } from "../../budget/holds.ts";
import type { ClosedHold, JournalDecision, JournalKind } from "../../dispatch/journal.ts";
import type { EpochSeconds } from "../../time.ts";
import type { StoredEntry } from "../journal-rows.ts";
import { tagsToJson } from "./codec.ts";
import type { HoldRecord, JobRecord, Tables } from "./tables.ts";

/** A scope as an entry shows it: its cap in force, and what it had committed before. */
export interface JournaledScope {
  readonly scope: string;
  readonly cap: bigint | null;
  readonly committed: bigint;
}

/** What an entry says beside the money that has moved. */
interface About {
  /** The job as it is after the entry. */
  readonly job?: JobRecord | undefined;
  readonly lane?: string | undefined;
  readonly until?: EpochSeconds | null | undefined;
  readonly tags?: Tags | undefined;
  /** Who moved it; by default who the store is. */
  readonly by?: string | null | undefined;
  readonly decided?: { readonly id: string | null; readonly approval: Approval } | undefined;
}

/**
 * The entries of one operation. Moves of money are noted as they are made, and recorded together with what moved them: a
 * requeue closes a hold and makes the next one in one entry.
 */
export class Journal {
  readonly #tables: Tables;
  readonly #by: string | null;
  readonly #before = new Map<string, string>();
  #entries: StoredEntry[] = [];
  readonly #scopes = new Map<string, string | null>();
  #closed: StoredEntry["closed"] = null;
  #opened: StoredEntry["opened"] = null;
  #was: bigint | null = null;
  #isGivenBack = false;
  #moved = 0n;

  constructor(tables: Tables, by: string | null) {
    this.#tables = tables;
    this.#by = by;
  }

  /** Runs an operation, and keeps its entries with it. What throws has moved nothing. */
  recording<Answer>(operation: () => Answer): Answer {
    this.#clear();
    const answer = operation();
    if (this.#entries.length > 0) {
      this.#tables.addJournal(this.#tables.now(), {
        before: Object.fromEntries(this.#before),
        entries: this.#entries,
      });
    }
    return answer;
  }

  /** Notes a hold that was made or extended. */
  opened(hold: HoldRecord, scopes: readonly JournaledScope[], more: bigint): void {
    this.#opened = [hold.holdId, String(heldAmount(hold))];
    this.#note(scopes, more);
  }

  /**
   * Notes a hold that was closed, or whose booking was changed.
   *
   * @param was - what was booked before; `null` for a hold that was open.
   */
  closed(hold: HoldRecord, scopes: readonly JournaledScope[], was: bigint | null, more: bigint): void {
    // What is open is not closed.
    const state = hold.state as ClosedHold["state"];
    this.#closed = [hold.holdId, String(heldAmount(hold)), String(hold.booked), state];
    this.#was = was;
    this.#isGivenBack = hold.settledFrom === HoldState.RELEASED;
    this.#note(scopes, more);
  }

  /** Notes scopes that an entry shows and does not move. */
  shows(scopes: readonly JournaledScope[]): void {
    this.#note(scopes, 0n);
  }

  /** Records what was noted since the last entry, if anything was. */
  money(kind: JournalKind, about: About = {}): void {
    if (this.#closed === null && this.#opened === null) return;
    const holdId = this.#closed?.[0] ?? this.#opened?.[0] ?? "";
    this.#record(kind, about, about.job?.body.jobId ?? jobOfHold(holdId));
  }

  /** Records a move of a job or a rule, with what was noted since the last entry. */
  record(kind: JournalKind, about: About): void {
    this.#record(kind, about, about.job?.body.jobId ?? null);
  }

  #record(kind: JournalKind, { job, lane, until, tags, by, decided }: About, jobId: string | null): void {
    const labels = tagsToJson(tags ?? job?.terms.tags ?? {});
    this.#entries.push({
      kind,
      ...(jobId !== null && { job: jobId }),
      ...(job && {
        attempt: job.tried,
        state: job.state,
        lane: job.body.lane,
        backend: job.body.backend,
      }),
      ...(this.#closed && { closed: this.#closed }),
      ...(this.#was !== null && { was: String(this.#was) }),
      ...(this.#isGivenBack && { givenBack: true }),
      ...(this.#opened && { opened: this.#opened }),
      ...(this.#scopes.size > 0 && { moved: String(this.#moved), scopes: [...this.#scopes] }),
      ...(lane !== undefined && { lane }),
      ...(until !== undefined && until !== null && { until }),
      ...(labels !== null && { tags: labels }),
      ...((by ?? this.#by) !== null && { by: by ?? this.#by }),
      ...(decided && { decision: decisionOf(decided) }),
    });
    this.#forgetNotes();
  }

  #note(scopes: readonly JournaledScope[], more: bigint): void {
    for (const { scope, cap, committed } of scopes) {
      if (!this.#before.has(scope)) this.#before.set(scope, String(committed));
      this.#scopes.set(scope, cap === null ? null : String(cap));
    }
    this.#moved += more;
  }

  #forgetNotes(): void {
    this.#scopes.clear();
    this.#closed = null;
    this.#opened = null;
    this.#was = null;
    this.#isGivenBack = false;
    this.#moved = 0n;
  }

  #clear(): void {
    this.#before.clear();
    this.#entries = [];
    this.#forgetNotes();
  }
}

function decisionOf({ id, approval }: NonNullable<About["decided"]>): JournalDecision {
  const { author, reason, decidedAt } = approval;
  return { id, author, reason, decidedAt };
}
