import type { HoldState, Tags } from "../budget/contract.ts";
import { oneOf, type Reader } from "../internal/check.ts";
import type { JobState } from "./lifecycle.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { BackendKind } from "../routing/kind.ts";
import type { EpochSeconds, Instant } from "../time.ts";

/** Every kind of entry in the journal. */
export const JOURNAL_KINDS = [
  "held",
  "extended",
  "settled",
  "released",
  "charged",
  "corrected",
  "submitted",
  "approved",
  "voted",
  "rejected",
  "claimed",
  "completed",
  "requeued",
  "waiting",
  "failed",
  "cancelled",
  "expired",
  "given_back",
  "retried",
  "recovered",
  "cap_pinned",
  "cap_unpinned",
  "cap_raised",
  "lane_paused",
  "lane_resumed",
  "carried_in",
  "forgotten",
] as const;

/**
 * What an entry tells.
 *
 * - `held`, `extended`, `settled`, `released`, `charged`, `corrected`: money moved. `settled` after `charged` is a late truth
 *   by the caller or the attempt's own token, `corrected` a person's.
 * - `submitted` to `recovered`: a job moved, with the money that moved with it. `expired`: its deadline has ended it.
 * - `cap_pinned` to `lane_resumed`: a person has changed a rule.
 * - `carried_in`, `forgotten`: what was there before the journal or an archive's boundary; what was dropped for good.
 */
export type JournalKind = (typeof JOURNAL_KINDS)[number];

/** Reads a kind of entry. */
export const journalKind: Reader<JournalKind> = /* @__PURE__ */ (() =>
  // The keys are the kinds.
  oneOf(Object.fromEntries(JOURNAL_KINDS.map((kind) => [kind, kind])) as Record<JournalKind, JournalKind>))();

/** A scope that an entry has moved. Amounts in micro-cents. */
export interface JournalScope {
  readonly scope: string;
  /** The cap in force: the pinned one, else that of the request; `null` if neither is known. */
  readonly cap: MicroCents | null;
  /** What the scope had committed, held and spent together, before the entry and after it. */
  readonly before: MicroCents;
  readonly after: MicroCents;
}

/** A hold that an entry has closed, or whose booking it has changed. Amounts in micro-cents. */
export interface ClosedHold {
  readonly holdId: string;
  readonly held: MicroCents;
  readonly booked: MicroCents;
  /** What it was closed as; a correction settles it. */
  readonly state: Exclude<HoldState, "open">;
  /** What was booked before, if it was closed before; else `null`. */
  readonly was: MicroCents | null;
}

/** A hold that an entry has made or extended. `held` is the whole amount in micro-cents. */
export interface OpenedHold {
  readonly holdId: string;
  readonly held: MicroCents;
}

/** Who decided what an entry tells, and why. */
export interface JournalDecision {
  /** The id of the decision; `null` for a plain approval. */
  readonly id: string | null;
  readonly author: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly decidedAt: string | null;
}

/** One move of money or of a job, or one decision. */
export interface JournalEntry {
  /** Its place in the journal: later entries have a greater one. Not each number is used. */
  readonly place: number;
  /** The store's time of the move. */
  readonly at: EpochSeconds;
  readonly kind: JournalKind;
  readonly jobId: string | null;
  /** The attempts of the job that counted so far; `null` for what is about no job. */
  readonly attempt: number | null;
  /** The state of the job after the entry. */
  readonly state: JobState | null;
  readonly closed: ClosedHold | null;
  readonly opened: OpenedHold | null;
  readonly scopes: readonly JournalScope[];
  /** The lane of a job, or of a rule about a lane. */
  readonly lane: string | null;
  /** The backend of a job. */
  readonly backend: BackendKind | null;
  /** When a hold expires that was made, or when a raised cap ends. */
  readonly until: EpochSeconds | null;
  /** SHA-256 in hex of what was submitted. */
  readonly digest: string | null;
  readonly tags: Tags;
  /** The node of a worker's moves, else the `by` of the store that moved it. */
  readonly by: string | null;
  readonly decision: JournalDecision | null;
}

/** Selects entries. A field that is left out does not filter. */
export interface JournalFilter {
  /** The cursor of an earlier answer: the entries behind it. 0, the default, is the beginning. */
  readonly after?: number | undefined;
  /** The most entries; 100 by default. */
  readonly limit?: number | undefined;
  readonly kinds?: readonly JournalKind[] | undefined;
  readonly scope?: string | undefined;
  readonly jobId?: string | undefined;
  /** From this instant on, on the store's clock, and until before the other one. */
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
}

/** A page of the journal. */
export interface JournalPage {
  /** In the order of their places. */
  readonly entries: readonly JournalEntry[];
  /** Where to go on: the `after` of the next call. A page of no entries has moved on too, if none fitted the filter. */
  readonly cursor: number;
  /** Whether more entries can be read now. */
  readonly more: boolean;
  /**
   * Since when entries are held back, because a transaction is open that may have taken a place before them; `null` if none
   * are. It delays readers, and nobody else.
   */
  readonly heldBackSince: EpochSeconds | null;
}
