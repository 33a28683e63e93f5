import type { Hold, HoldState, Tags } from "../budget/contract.ts";
import type { JobState } from "./lifecycle.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import type { EpochSeconds, Instant } from "../time.ts";
import type { JournalFilter, JournalPage } from "./journal.ts";

/** Selects scopes, in the order of their names. */
export interface ScopeFilter {
  /** What their names begin with, such as `"tenant:acme:"`. */
  readonly prefix?: string | undefined;
  /** The most scopes; 100 by default. */
  readonly limit?: number | undefined;
  /** The name of a scope: the list starts after it. */
  readonly after?: string | undefined;
}

/** What a scope has committed. Amounts in micro-cents. */
export interface ScopeStatus {
  readonly scope: string;
  /** The sum of its open holds. */
  readonly reserved: MicroCents;
  readonly spent: MicroCents;
  /** `reserved` and `spent` together. */
  readonly committed: MicroCents;
  /** The pinned cap in force, raises included; `null` if none is pinned: then each request brings its own. */
  readonly cap: MicroCents | null;
  /** When a raised cap ends; `null` if it is not raised. */
  readonly until: EpochSeconds | null;
  /** How many holds are open in it. */
  readonly openHolds: number;
  /** Whether more is committed than the cap in force. */
  readonly over: boolean;
}

/** Selects holds, in the order of their ids. */
export interface HoldFilter {
  readonly scope?: string | undefined;
  readonly state?: HoldState | undefined;
  /** The most holds; 100 by default. */
  readonly limit?: number | undefined;
  /** The id of a hold: the list starts after it. */
  readonly after?: string | undefined;
}

/** A hold, with its times. */
export interface ListedHold extends Hold {
  /** The job that it was made for; `null` for a caller's own. */
  readonly jobId: string | null;
  /** When it was made. */
  readonly heldAt: EpochSeconds;
  /** When it was closed, or its booking was changed last; `null` while it is open. */
  readonly resolvedAt: EpochSeconds | null;
}

/** One claim of a job. Amounts in micro-cents, 0 for free work. */
export interface JobAttempt {
  /** Counted from 1, also those that were given back. */
  readonly number: number;
  readonly claimedAt: EpochSeconds;
  /** The `by` of the claim. */
  readonly by: string | null;
  /** How it ended; `null` while it runs. `taken`: it was recovered or cancelled. */
  readonly end: "completed" | "requeued" | "failed" | "waiting" | "taken" | null;
  readonly endedAt: EpochSeconds | null;
  readonly holdId: string | null;
  readonly held: MicroCents;
  readonly booked: MicroCents;
  /** The part of what is booked that nobody had set aside. */
  readonly overrun: MicroCents;
}

/** The unfinished jobs of a lane in a state. */
export interface JobCount {
  readonly lane: string;
  readonly state: JobState;
  readonly jobs: number;
  /** When the one was submitted that was submitted first. */
  readonly oldest: EpochSeconds;
}

/** A hold that was charged in full because nobody reported its cost: a person corrects it from a bill. */
export interface InDoubt {
  readonly holdId: string;
  readonly jobId: string | null;
  /** What it is charged, in micro-cents. */
  readonly charged: MicroCents;
  readonly chargedAt: EpochSeconds;
  readonly scopes: readonly string[];
  readonly tags: Tags;
}

/** What `spend` groups by: a tag, a part of scope names, or time. */
export interface SpendFilter {
  readonly from: Instant;
  readonly to: Instant;
  /** The groups, such as `["tag:model", "day"]`. Without any, one row has the sum. */
  readonly by?: readonly string[] | undefined;
  /** Only what has these tags. */
  readonly where?: Tags | undefined;
  /** Which instant counts: when the cost was booked, the default, or when the hold was made. */
  readonly on?: "booked" | "admitted" | undefined;
  /** The time zone of hours, days and months; UTC by default. */
  readonly timeZone?: string | undefined;
}

/** The spending of one group. Amounts in micro-cents. */
export interface SpendRow {
  /** The value of each name in `by`; `null` for a tag that is missing. */
  readonly group: Readonly<Record<string, string | null>>;
  readonly booked: MicroCents;
  /** The part of it that nobody had set aside. */
  readonly overrun: MicroCents;
  /** How many holds were closed. */
  readonly calls: number;
}

/** A counter that is not the sum of its holds, or not what the journal says. */
export interface AuditDifference {
  readonly scope: string;
  readonly counter: { readonly reserved: MicroCents; readonly spent: MicroCents };
  readonly holds: { readonly reserved: MicroCents; readonly spent: MicroCents };
  /** What the journal says is committed. */
  readonly journal: MicroCents;
}

/** What can be asked of a store that keeps a journal. */
export interface JournalQuestions {
  /** A page of entries. A reader that goes on from its cursor misses no entry and sees none twice. */
  journal(filter?: JournalFilter): Promise<JournalPage>;
  scopes(filter?: ScopeFilter): Promise<readonly ScopeStatus[]>;
  holds(filter?: HoldFilter): Promise<readonly ListedHold[]>;
  /** The claims of a job in their order. @throws DispatchError `job_unknown`. */
  attempts(jobId: string): Promise<readonly JobAttempt[]>;
  /** The unfinished jobs, sorted by lane and state. */
  counts(): Promise<readonly JobCount[]>;
  spend(filter: SpendFilter): Promise<readonly SpendRow[]>;
  /** What was charged in full because nobody reported a cost, in the order of the ids. */
  inDoubt(filter?: Pick<HoldFilter, "limit" | "after">): Promise<readonly InDoubt[]>;
  /** Holds every counter against its holds and the journal. Empty: nothing differs. */
  audit(): Promise<readonly AuditDifference[]>;
}
