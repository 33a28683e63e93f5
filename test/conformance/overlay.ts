import type {
  DecisionRecord,
  HoldRecord,
  JobRecord,
  ScopeRecord,
  Tables,
} from "../../src/stores/engine/tables.ts";

/** What a transaction sees before it ends: its own writes over what was there. Nothing reaches the base. */
export class OverlaidTables implements Tables {
  readonly #base: Tables;
  readonly #decisions = new Map<string, DecisionRecord>();
  readonly #holds = new Map<string, HoldRecord>();
  readonly #scopes = new Map<string, ScopeRecord>();
  readonly #jobs = new Map<string, JobRecord>();

  constructor(base: Tables) {
    this.#base = base;
  }

  readonly now: Tables["now"] = () => this.#base.now();
  readonly id: Tables["id"] = () => this.#base.id();
  readonly decision: Tables["decision"] = (id) => this.#decisions.get(id) ?? this.#base.decision(id);
  readonly putDecision: Tables["putDecision"] = (decision) => {
    this.#decisions.set(decision.id, decision);
  };
  readonly deleteDecisions: Tables["deleteDecisions"] = () => undefined;
  readonly hold: Tables["hold"] = (holdId) => this.#holds.get(holdId) ?? this.#base.hold(holdId);
  readonly putHold: Tables["putHold"] = (hold) => {
    this.#holds.set(hold.holdId, hold);
  };
  readonly expired: Tables["expired"] = (now, limit) => this.#base.expired(now, limit);
  readonly closedHolds: Tables["closedHolds"] = () => [];
  readonly deleteHold: Tables["deleteHold"] = () => undefined;
  readonly scope: Tables["scope"] = (name) => this.#scopes.get(name) ?? this.#base.scope(name);
  readonly putCounter: Tables["putCounter"] = (name, reserved, spent) => {
    this.#scopes.set(name, { ...this.scope(name), reserved, spent });
  };
  readonly putPin: Tables["putPin"] = (name, pin) => {
    this.#scopes.set(name, { ...this.scope(name), pin: pin ?? undefined });
  };
  readonly job: Tables["job"] = (jobId) => this.#jobs.get(jobId) ?? this.#base.job(jobId);
  readonly putJob: Tables["putJob"] = (job) => {
    this.#jobs.set(job.body.jobId, job);
  };
  readonly claimable: Tables["claimable"] = (lanes, now) => this.#base.claimable(lanes, now);
  readonly lost: Tables["lost"] = (now, ttl, limit) => this.#base.lost(now, ttl, limit);
  readonly overdue: Tables["overdue"] = (now, limit) => this.#base.overdue(now, limit);
  readonly unpark: Tables["unpark"] = () => undefined;
  readonly jobs: Tables["jobs"] = (filter) => this.#base.jobs(filter);
  readonly endedJobs: Tables["endedJobs"] = () => [];
  readonly pruneJob: Tables["pruneJob"] = () => undefined;
  readonly deleteJob: Tables["deleteJob"] = () => undefined;
  readonly lanes: Tables["lanes"] = () => this.#base.lanes();
  readonly putLane: Tables["putLane"] = () => undefined;
  readonly addJournal: Tables["addJournal"] = () => undefined;
  readonly journal: Tables["journal"] = (after, limit) => this.#base.journal(after, limit);
  readonly placeAt: Tables["placeAt"] = (at) => this.#base.placeAt(at);
  readonly scopes: Tables["scopes"] = (...page) => this.#base.scopes(...page);
  readonly openHolds: Tables["openHolds"] = (scopes) => this.#base.openHolds(scopes);
  readonly holds: Tables["holds"] = (filter) => this.#base.holds(filter);
  readonly counts: Tables["counts"] = () => this.#base.counts();
  readonly offered: Tables["offered"] = (lanes) => this.#base.offered(lanes);
}
