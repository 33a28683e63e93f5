import type { Approval } from "../../approval/approval.ts";
import type { Hold, HoldState, Tags } from "../../budget/contract.ts";
import { jobOfHold } from "../../budget/hold-request.ts";
import { heldAmount, type HoldRow } from "../../budget/holds.ts";
import type { Pin } from "../../budget/caps.ts";
import type { HeldScope } from "../../budget/scopes.ts";
import type { deadlineOf } from "../../dispatch/rules.ts";
import type { JobBody, JobTerms } from "../../dispatch/job-request.ts";
import type { Job, LaneState } from "../../dispatch/job.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { outcome, outcomes } from "../../money/outcome.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import type { JobCount } from "../../dispatch/questions.ts";
import type { JournalBody, JournalRow } from "../journal-rows.ts";

/** A hold as it is kept. */
export interface HoldRecord extends HoldRow {
  readonly heldAt: EpochSeconds;
  readonly expiresAt: EpochSeconds | null;
  readonly resolvedAt: EpochSeconds | null;
  readonly tags: Tags;
  /** Whether its caps and tags were deleted. */
  readonly pruned: boolean;
}

/** How an attempt ended; `taken`: it was recovered or cancelled, and its own report came too late. */
export type AttemptEnd = "completed" | "requeued" | "failed" | "waiting" | "taken";

/** One claim of a job. */
export interface Attempt {
  readonly token: string;
  readonly end: AttemptEnd | null;
  /** The number of its hold; 0 for free work. */
  readonly hold: number;
  readonly claimedAt: EpochSeconds;
  readonly by: string | null;
  readonly endedAt: EpochSeconds | null;
}

/** A job as it is kept. */
export interface JobRecord {
  readonly body: JobBody;
  readonly terms: JobTerms;
  readonly state: JobState;
  readonly submittedAt: EpochSeconds;
  /** When a person has decided on it last. */
  readonly decidedAt: EpochSeconds | null;
  /** Since when it waits for a person. */
  readonly waitingSince: EpochSeconds | null;
  /** When it may be claimed next. */
  readonly runAt: EpochSeconds;
  readonly leasedAt: EpochSeconds;
  /** The lease's own length, the end of its run, and who has it: of the claim that runs. */
  readonly leaseSeconds: number | null;
  readonly runUntil: EpochSeconds | null;
  readonly leasedBy: string | null;
  /** Where a retry holds; none before its approval. */
  readonly scopes: readonly HeldScope[];
  readonly decision: Approval | null;
  readonly cancellation: Approval | null;
  readonly error: Job["error"];
  /** JSON. */
  readonly result: string | null;
  readonly endedAt: EpochSeconds | null;
  readonly pruned: boolean;
  readonly attempts: readonly Attempt[];
  /** The number of its holds so far; the last one is that of the attempt that is queued or runs. */
  readonly holds: number;
  /** The attempts that count, and those of them that were made before the last retry by a person. */
  readonly tried: number;
  readonly triedBefore: number;
  /** How often a person has retried it, and has approved or retried it. */
  readonly retries: number;
  readonly grants: number;
  /** How often its payload was refused since a person approved or retried it. */
  readonly refusals: number;
}

/** What decides which of a job's deadlines counts. */
export function phaseOf({ state, grants, attempts }: JobRecord): Parameters<typeof deadlineOf>[1] {
  const isClaimed = attempts.length > 0;
  return { state, isDecided: grants > 0 || isClaimed, isClaimed };
}

/** A job whose claim that runs has ended so; one that does not run has none. */
export function ended(job: JobRecord, end: AttemptEnd, endedAt: EpochSeconds): JobRecord {
  const attempts = job.attempts.map((attempt) =>
    attempt.end === null ? { ...attempt, end, endedAt } : attempt,
  );
  return { ...job, attempts, leasedBy: null, leaseSeconds: null, runUntil: null };
}

/** The part of a job that is shown. */
export interface ShownJob extends ShownRecord {
  /** When the claim began that runs, or that ran last. */
  readonly startedAt: EpochSeconds | null;
  /** What is booked for all its attempts. */
  readonly booked: MicroCents;
}

type ShownRecord = Pick<
  JobRecord,
  | "body"
  | "terms"
  | "state"
  | "leasedBy"
  | "decision"
  | "cancellation"
  | "error"
  | "result"
  | "tried"
  | "retries"
  | "submittedAt"
  | "decidedAt"
  | "waitingSince"
  | "endedAt"
>;

/** What a scope has committed, and its pinned cap. */
export interface ScopeRecord {
  readonly reserved: bigint;
  readonly spent: bigint;
  readonly pin: Pin | undefined;
}

/** A decision as it is kept: what was decided, and its first answer, both JSON. */
export interface DecisionRecord {
  readonly id: string;
  /** The hold that it is about, or the job, as {@link jobSubject}; `null` for a cap or a lane. */
  readonly subject: string | null;
  readonly body: string;
  readonly answer: string;
}

/** The subject of a decision about a job: no hold of a caller has such an id. */
export function jobSubject(jobId: string): string {
  return `job:${jobId}`;
}

/** The subject of a decision about a hold: that of a job's hold is the job. */
export function holdSubject(holdId: string): string {
  const jobId = jobOfHold(holdId);
  return jobId === null ? holdId : jobSubject(jobId);
}

/** A hold as the caller sees it. */
export function shownHold(hold: Omit<HoldRecord, "heldAt" | "resolvedAt">): Hold {
  const { holdId, scopes, state, booked, expiresAt, tags } = hold;
  return outcome({
    holdId,
    amount: heldAmount(hold),
    scopes: outcomes(scopes),
    state,
    booked,
    expiresAt,
    tags,
  });
}

export interface CheckedFilter {
  readonly state: JobState | null;
  readonly lane: string | null;
  readonly limit: number;
  readonly after: string | null;
}

/** A checked `HoldFilter`. */
export interface CheckedHoldFilter {
  readonly scope: string | null;
  readonly state: HoldState | null;
  readonly limit: number;
  readonly after: string | null;
}

/**
 * Where an engine keeps its records: read and written by one caller at a time, inside one transaction.
 *
 * A record is never changed, only replaced.
 */
export interface Tables {
  readonly now: () => EpochSeconds;
  /** The store's random id. */
  id(): string;

  decision(id: string): DecisionRecord | null;
  putDecision(decision: DecisionRecord): void;
  deleteDecisions(subject: string): void;

  hold(holdId: string): HoldRecord | null;
  putHold(hold: HoldRecord): void;
  /** Open holds that are over by now, at most `limit`. */
  expired(now: EpochSeconds, limit: number): readonly HoldRecord[];
  /** Callers' holds that closed before an instant, at most `limit`; with `pruned` those that are pruned too. */
  closedHolds(before: EpochSeconds, limit: number, pruned: boolean): readonly HoldRecord[];
  deleteHold(holdId: string): void;

  scope(name: string): ScopeRecord;
  putCounter(scope: string, reserved: bigint, spent: bigint): void;
  putPin(scope: string, pin: Pin | null): void;

  job(jobId: string): JobRecord | null;
  /** A new job comes after all others; an old one keeps its place. */
  putJob(job: JobRecord): void;
  /**
   * The first due job of these lanes: higher priority first, then the earlier time, then the earlier submission. A paid
   * job's hold must be open, since an attempt without one would spend money that was never set aside. A job whose deadline
   * has passed is none.
   */
  claimable(lanes: readonly string[], now: EpochSeconds): JobRecord | null;
  /** Running jobs whose lease is lost, at most `limit`. */
  lost(now: EpochSeconds, ttlSeconds: number, limit: number): readonly JobRecord[];
  /** Offers again the jobs that a claim has put aside and whose deadlines lie in the future, as after a clock was set back. */
  unpark(now: EpochSeconds): void;
  /** Jobs that wait, or wait for a claim, and whose deadline has passed, at most `limit`. */
  overdue(now: EpochSeconds, limit: number): readonly JobRecord[];
  /** Not the pruned ones, in the order of submission. */
  jobs(filter: CheckedFilter): readonly JobRecord[];
  /** Jobs that ended before an instant, at most `limit`; with `pruned` those that are pruned too. */
  endedJobs(before: EpochSeconds, limit: number, pruned: boolean): readonly JobRecord[];
  /** Deletes a job's contents. */
  pruneJob(job: JobRecord): void;
  deleteJob(jobId: string): void;

  /** Every lane that was ever paused, by name. */
  lanes(): readonly LaneState[];
  putLane(lane: LaneState): void;
  /** Adds the entries of an operation to the journal. */
  addJournal(at: EpochSeconds, body: JournalBody): void;
  /** The rows of the journal with entries behind a place, in their order, at most `limit`. */
  journal(after: number, limit: number): readonly JournalRow[];
  /** The last place before an instant. */
  placeAt(at: EpochSeconds): number;
  /** The scopes with a prefix and behind a name, in the order of their bytes. */
  scopes(prefix: string, after: string, limit: number): readonly (readonly [string, ScopeRecord])[];
  /** How many holds are open in each of these scopes. */
  openHolds(scopes: readonly string[]): ReadonlyMap<string, number>;
  /** In the order of their ids' bytes. */
  holds(filter: CheckedHoldFilter): readonly HoldRecord[];
  /** The unfinished jobs by lane and state. */
  counts(): readonly JobCount[];

  /** Those of these lanes that are not paused. */
  offered(lanes: readonly string[]): readonly string[];
}
