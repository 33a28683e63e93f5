import type { Counter, HoldRecord, JobRecord, Tables } from "../../src/stores/engine/tables.ts";

/** What a transaction sees before it ends: its own writes over what was there. Nothing reaches the base. */
export class OverlaidTables implements Tables {
  readonly #base: Tables;
  readonly #holds = new Map<string, HoldRecord>();
  readonly #counters = new Map<string, Counter>();
  readonly #jobs = new Map<string, JobRecord>();

  constructor(base: Tables) {
    this.#base = base;
  }

  readonly now: Tables["now"] = () => this.#base.now();
  readonly hold: Tables["hold"] = (holdId) => this.#holds.get(holdId) ?? this.#base.hold(holdId);
  readonly putHold: Tables["putHold"] = (hold) => {
    this.#holds.set(hold.holdId, hold);
  };
  readonly expired: Tables["expired"] = (now, limit) => this.#base.expired(now, limit);
  readonly pruneHolds: Tables["pruneHolds"] = () => 0;
  readonly counter: Tables["counter"] = (scope) => this.#counters.get(scope) ?? this.#base.counter(scope);
  readonly putCounter: Tables["putCounter"] = (scope, counter) => {
    this.#counters.set(scope, counter);
  };
  readonly pinned: Tables["pinned"] = (scope) => this.#base.pinned(scope);
  readonly pin: Tables["pin"] = () => undefined;
  readonly job: Tables["job"] = (jobId) => this.#jobs.get(jobId) ?? this.#base.job(jobId);
  readonly putJob: Tables["putJob"] = (job) => {
    this.#jobs.set(job.body.jobId, job);
  };
  readonly claimable: Tables["claimable"] = (lanes, now) => this.#base.claimable(lanes, now);
  readonly stale: Tables["stale"] = (now, ttl, limit) => this.#base.stale(now, ttl, limit);
  readonly jobs: Tables["jobs"] = (filter) => this.#base.jobs(filter);
  readonly pruneJobs: Tables["pruneJobs"] = () => 0;
}
