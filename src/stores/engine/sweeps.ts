import { jobHoldId } from "../../budget/hold-request.ts";
import type { PruneOutcome } from "../../dispatch/outcomes.ts";
import type { EpochSeconds } from "../../time.ts";
import type { Journal } from "./journal.ts";
import { type HoldRecord, type JobRecord, jobSubject, type Tables } from "./tables.ts";

/** Deletes the contents of what ended before an instant: at most `limit` jobs, and as many holds of callers. */
export function prune(tables: Tables, before: EpochSeconds, limit: number): PruneOutcome {
  const jobs = tables.endedJobs(before, limit + 1, false);
  const holds = tables.closedHolds(before, limit + 1, false);
  for (const job of jobs.slice(0, limit)) {
    tables.pruneJob(job);
    for (const hold of holdsOf(tables, job)) tables.putHold(pruned(hold));
  }
  for (const hold of holds.slice(0, limit)) tables.putHold(pruned(hold));
  return counted(jobs.length, holds.length, limit);
}

/** Deletes what ended before an instant: at most `limit` jobs, and as many holds of callers. */
export function forget(tables: Tables, journal: Journal, before: EpochSeconds, limit: number): PruneOutcome {
  const jobs = tables.endedJobs(before, limit + 1, true);
  const holds = tables.closedHolds(before, limit + 1, true);
  for (const job of jobs.slice(0, limit)) {
    const owned = holdsOf(tables, job);
    for (const hold of owned) forgetHold(tables, journal, hold, job);
    if (owned.length === 0) journal.record("forgotten", { job });
    tables.deleteDecisions(jobSubject(job.body.jobId));
    tables.deleteJob(job.body.jobId);
  }
  for (const hold of holds.slice(0, limit)) {
    tables.deleteDecisions(hold.holdId);
    forgetHold(tables, journal, hold);
  }
  return counted(jobs.length, holds.length, limit);
}

/** What it has booked stays in its scopes, so the entry says what that was. */
function forgetHold(tables: Tables, journal: Journal, hold: HoldRecord, job?: JobRecord): void {
  const scopes = hold.scopes.map(({ scope, cap }) => {
    const { reserved, spent } = tables.scope(scope);
    return { scope, cap, committed: reserved + spent };
  });
  journal.closed(hold, scopes, hold.booked, 0n);
  journal.money("forgotten", { job, tags: hold.tags });
  tables.deleteHold(hold.holdId);
}

function counted(jobs: number, holds: number, limit: number): PruneOutcome {
  return Object.freeze({
    jobs: Math.min(jobs, limit),
    holds: Math.min(holds, limit),
    more: jobs > limit || holds > limit,
  });
}

function holdsOf(tables: Tables, { body, holds }: JobRecord): readonly HoldRecord[] {
  const ids = Array.from({ length: holds }, (_, index) => jobHoldId(body.jobId, index + 1));
  return ids.map((holdId) => tables.hold(holdId)).filter((hold) => hold !== null);
}

/** A closed hold needs its scopes for a correction, and no cap. */
function pruned(hold: HoldRecord): HoldRecord {
  const scopes = hold.scopes.map(({ scope }) => ({ scope, cap: null, until: null }));
  return { ...hold, scopes, tags: Object.freeze({}), pruned: true };
}
