import { HoldState } from "../../budget/contract.ts";
import { isHoldDue } from "../../budget/holds.ts";
import { jobOfHold } from "../../budget/hold-request.ts";
import type { Pin } from "../../budget/caps.ts";
import type { LaneState } from "../../dispatch/job.ts";
import { isLeaseLost } from "../../dispatch/lease.ts";
import { deadlineOf, isPast } from "../../dispatch/rules.ts";
import { isFree } from "../../dispatch/job-request.ts";
import { isTerminal, JobState } from "../../dispatch/lifecycle.ts";
import type { JobCount } from "../../dispatch/questions.ts";
import { outcome } from "../../money/outcome.ts";
import type { EpochSeconds } from "../../time.ts";
import { currentHold } from "../engine/holds.ts";
import {
  type CheckedFilter,
  type CheckedHoldFilter,
  type DecisionRecord,
  type HoldRecord,
  type JobRecord,
  phaseOf,
  type ScopeRecord,
  type Tables,
} from "../engine/tables.ts";
import { isAfter } from "../engine/order.ts";
import type { JournalBody, JournalRow } from "../journal-rows.ts";
import { Lanes, type Place } from "./lanes.ts";

const NOTHING: ScopeRecord = { reserved: 0n, spent: 0n, pin: undefined };

/** The records of the memory store. */
export class MemoryTables implements Tables {
  readonly now: () => EpochSeconds;
  readonly #holds = new Map<string, HoldRecord>();
  /** The open holds that can expire, in the order of their creation. */
  readonly #expiring = new Set<string>();
  readonly #scopes = new Map<string, ScopeRecord>();
  readonly #decisions = new Map<string, DecisionRecord>();
  readonly #laneStates = new Map<string, LaneState>();
  readonly #id = crypto.randomUUID();
  /** In the order of submission. */
  readonly #jobs = new Map<string, JobRecord>();
  readonly #sequence = new Map<string, number>();
  #submitted = 0;
  /** The jobs that can be claimed, now or later. */
  readonly #lanes = new Lanes();
  /** The jobs that end by themselves at a deadline. */
  readonly #timed = new Set<string>();
  /** The places of jobs that a claim has met after their deadlines. */
  readonly #parked = new Map<string, Place>();
  readonly #running = new Set<string>();

  readonly #journal: JournalRow[] = [];
  #entries = 0;

  constructor(now: () => EpochSeconds) {
    this.now = now;
  }

  id(): string {
    return this.#id;
  }

  decision(id: string): DecisionRecord | null {
    return this.#decisions.get(id) ?? null;
  }

  putDecision(decision: DecisionRecord): void {
    this.#decisions.set(decision.id, decision);
  }

  deleteDecisions(about: string): void {
    for (const { id, subject } of this.#decisions.values()) {
      if (subject === about) this.#decisions.delete(id);
    }
  }

  hold(holdId: string): HoldRecord | null {
    return this.#holds.get(holdId) ?? null;
  }

  putHold(hold: HoldRecord): void {
    this.#holds.set(hold.holdId, hold);
    if (hold.state === HoldState.OPEN && hold.expiresAt !== null) this.#expiring.add(hold.holdId);
    else this.#expiring.delete(hold.holdId);
  }

  expired(now: EpochSeconds, limit: number): readonly HoldRecord[] {
    const holds = some(this.#expiring, (holdId) => this.hold(holdId));
    return first(limit, holds, ({ expiresAt }) => isHoldDue(expiresAt, now));
  }

  closedHolds(before: EpochSeconds, limit: number, pruned: boolean): readonly HoldRecord[] {
    return first(limit, this.#holds.values(), (hold) => {
      const isOld = hold.resolvedAt !== null && hold.resolvedAt < before && (pruned || !hold.pruned);
      return isOld && jobOfHold(hold.holdId) === null;
    });
  }

  deleteHold(holdId: string): void {
    this.#holds.delete(holdId);
  }

  scope(name: string): ScopeRecord {
    return this.#scopes.get(name) ?? NOTHING;
  }

  putCounter(scope: string, reserved: bigint, spent: bigint): void {
    this.#scopes.set(scope, { reserved, spent, pin: this.scope(scope).pin });
  }

  putPin(scope: string, pin: Pin | null): void {
    this.#scopes.set(scope, { ...this.scope(scope), pin: pin ?? undefined });
  }

  job(jobId: string): JobRecord | null {
    return this.#jobs.get(jobId) ?? null;
  }

  putJob(job: JobRecord): void {
    const { jobId, lane, priority } = job.body;
    const sequence = this.#sequence.get(jobId) ?? this.#submitted++;
    this.#sequence.set(jobId, sequence);
    const old = this.#jobs.get(jobId);
    if (old) this.#lanes.remove({ jobId, lane, priority, runAt: old.runAt, sequence });
    this.#jobs.set(jobId, job);
    this.#parked.delete(jobId);
    if (deadlineOf(job.terms, phaseOf(job)) === null) this.#timed.delete(jobId);
    else this.#timed.add(jobId);
    if (isOffered(job)) {
      this.#lanes.add({ jobId, lane, priority, runAt: job.runAt, sequence });
    }
    if (job.state === JobState.RUNNING) this.#running.add(jobId);
    else this.#running.delete(jobId);
  }

  claimable(lanes: readonly string[], now: EpochSeconds): JobRecord | null {
    for (;;) {
      const place = this.#lanes.first(lanes, ({ jobId, runAt }) => runAt <= now && this.#isPaidFor(jobId));
      const job = place && this.job(place.jobId);
      if (!place || !job || !isOverdue(job, now)) return job;
      // Recovery ends it. Until then it is in no claim's way.
      this.#lanes.remove(place);
      this.#parked.set(place.jobId, place);
    }
  }

  unpark(now: EpochSeconds): void {
    for (const [jobId, place] of this.#parked) {
      const job = this.job(jobId);
      if (job && isOverdue(job, now)) continue;
      this.#parked.delete(jobId);
      if (job && isOffered(job)) this.#lanes.add(place);
    }
  }

  lost(now: EpochSeconds, ttlSeconds: number, limit: number): readonly JobRecord[] {
    const running = some(this.#running, (jobId) => this.job(jobId));
    return first(limit, running, (job) => isLeaseLost(job, now, ttlSeconds));
  }

  overdue(now: EpochSeconds, limit: number): readonly JobRecord[] {
    const timed = some(this.#timed, (jobId) => this.job(jobId));
    return first(limit, timed, (job) => isOverdue(job, now));
  }

  jobs({ state, lane, limit, after }: CheckedFilter): readonly JobRecord[] {
    const start = after === null ? -1 : (this.#sequence.get(after) ?? -1);
    return first(limit, this.#jobs.values(), (job) => {
      if (job.pruned || (this.#sequence.get(job.body.jobId) ?? 0) <= start) return false;
      return (state ?? job.state) === job.state && (lane ?? job.body.lane) === job.body.lane;
    });
  }

  endedJobs(before: EpochSeconds, limit: number, pruned: boolean): readonly JobRecord[] {
    return first(limit, this.#jobs.values(), (job) => {
      return job.endedAt !== null && job.endedAt < before && (pruned || !job.pruned);
    });
  }

  pruneJob(job: JobRecord): void {
    const body = { ...job.body, payload: "null" };
    const terms = { ...job.terms, askedScopes: null, tags: {} };
    const gone = { scopes: [], result: null, error: null, decision: null, cancellation: null };
    this.putJob({ ...job, body, terms, pruned: true, ...gone });
  }

  deleteJob(jobId: string): void {
    this.#jobs.delete(jobId);
    this.#sequence.delete(jobId);
  }

  lanes(): readonly LaneState[] {
    return [...this.#laneStates.values()].sort((a, b) => (a.lane < b.lane ? -1 : 1));
  }

  putLane(lane: LaneState): void {
    this.#laneStates.set(lane.lane, lane);
  }

  addJournal(at: EpochSeconds, body: JournalBody): void {
    this.#journal.push({ place: this.#entries + 1, at, body });
    this.#entries += body.entries.length;
  }

  journal(after: number, limit: number): readonly JournalRow[] {
    const start = firstIndex(this.#journal, ({ place, body }) => place + body.entries.length > after + 1);
    return this.#journal.slice(start, start + limit);
  }

  placeAt(at: EpochSeconds): number {
    const start = firstIndex(this.#journal, (row) => row.at >= at);
    return (this.#journal[start]?.place ?? this.#entries + 1) - 1;
  }

  scopes(prefix: string, after: string, limit: number): readonly (readonly [string, ScopeRecord])[] {
    return [...this.#scopes]
      .filter(([scope]) => scope.startsWith(prefix) && isAfter(scope, after))
      .sort(([a], [b]) => (isAfter(a, b) ? 1 : -1))
      .slice(0, limit);
  }

  openHolds(scopes: readonly string[]): ReadonlyMap<string, number> {
    const counted = new Map<string, number>();
    for (const { state, scopes: own } of this.#holds.values()) {
      if (state !== HoldState.OPEN) continue;
      for (const { scope } of own) counted.set(scope, (counted.get(scope) ?? 0) + 1);
    }
    return new Map(scopes.map((scope) => [scope, counted.get(scope) ?? 0]));
  }

  holds({ scope, state, limit, after }: CheckedHoldFilter): readonly HoldRecord[] {
    return [...this.#holds.values()]
      .filter(
        (hold) =>
          isAfter(hold.holdId, after ?? "") &&
          (state ?? hold.state) === hold.state &&
          (scope === null || hold.scopes.some((own) => own.scope === scope)),
      )
      .sort((a, b) => (isAfter(a.holdId, b.holdId) ? 1 : -1))
      .slice(0, limit);
  }

  counts(): readonly JobCount[] {
    const counts = new Map<string, JobCount>();
    for (const { body, state, submittedAt, pruned } of this.#jobs.values()) {
      if (pruned || isTerminal(state)) continue;
      const key = JSON.stringify([body.lane, state]);
      const { jobs, oldest } = counts.get(key) ?? { jobs: 0, oldest: submittedAt };
      counts.set(key, outcome({ lane: body.lane, state, jobs: jobs + 1, oldest }));
    }
    return [...counts.values()];
  }

  offered(lanes: readonly string[]): readonly string[] {
    return lanes.filter((lane) => this.#laneStates.get(lane)?.paused !== true);
  }

  #isPaidFor(jobId: string): boolean {
    const job = this.job(jobId);
    return job !== null && (isFree(job.body) || this.hold(currentHold(job))?.state === HoldState.OPEN);
  }
}

function* some<Key, Value>(keys: Iterable<Key>, find: (key: Key) => Value | null): Iterable<Value> {
  for (const key of keys) {
    const value = find(key);
    if (value !== null) yield value;
  }
}

function first<Value>(limit: number, values: Iterable<Value>, fits: (value: Value) => boolean): Value[] {
  const found: Value[] = [];
  for (const value of values) {
    if (!fits(value)) continue;
    if (found.push(value) >= limit) break;
  }
  return found;
}

/** The index of the first that fits, in a list where all behind it fit too. */
function firstIndex<Value>(values: readonly Value[], fits: (value: Value) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = values[middle];
    if (value !== undefined && fits(value)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function isOffered({ state }: JobRecord): boolean {
  return state === JobState.QUEUED || state === JobState.PENDING;
}

function isOverdue(job: JobRecord, now: EpochSeconds): boolean {
  return isPast(deadlineOf(job.terms, phaseOf(job)), now);
}
