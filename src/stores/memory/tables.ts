import { HoldState } from "../../budget/contract.ts";
import { isHoldDue } from "../../budget/holds.ts";
import { isLeaseStale } from "../../dispatch/lease.ts";
import { isFree } from "../../dispatch/rules.ts";
import { JobState } from "../../dispatch/lifecycle.ts";
import type { MicroCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import { nextHold } from "../engine/holds.ts";
import type { Counter, HoldRecord, CheckedFilter, JobRecord, Tables } from "../engine/tables.ts";
import { Lanes } from "./lanes.ts";

const NOTHING: Counter = { reserved: 0n, spent: 0n };

/** The records of the memory store. */
export class MemoryTables implements Tables {
  readonly now: () => EpochSeconds;
  readonly #holds = new Map<string, HoldRecord>();
  /** The open holds that can expire, in the order of their creation. */
  readonly #expiring = new Set<string>();
  readonly #counters = new Map<string, Counter>();
  readonly #pinned = new Map<string, MicroCents>();
  /** In the order of submission. */
  readonly #jobs = new Map<string, JobRecord>();
  readonly #sequence = new Map<string, number>();
  /** The jobs that can be claimed, now or later. */
  readonly #lanes = new Lanes();
  readonly #running = new Set<string>();

  constructor(now: () => EpochSeconds) {
    this.now = now;
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

  pruneHolds(before: EpochSeconds): number {
    const settled = first(Infinity, this.#holds.values(), ({ state, pruned, resolvedAt }) => {
      return state === HoldState.SETTLED && !pruned && resolvedAt !== null && resolvedAt < before;
    });
    for (const hold of settled) this.putHold({ ...hold, scopes: [], pruned: true });
    return settled.length;
  }

  counter(scope: string): Counter {
    return this.#counters.get(scope) ?? NOTHING;
  }

  putCounter(scope: string, counter: Counter): void {
    this.#counters.set(scope, counter);
  }

  pinned(scope: string): MicroCents | undefined {
    return this.#pinned.get(scope);
  }

  pin(scope: string, cap: MicroCents): void {
    this.#pinned.set(scope, cap);
  }

  job(jobId: string): JobRecord | null {
    return this.#jobs.get(jobId) ?? null;
  }

  putJob(job: JobRecord): void {
    const { jobId, lane, priority } = job.body;
    const sequence = this.#sequence.get(jobId) ?? this.#sequence.size;
    this.#sequence.set(jobId, sequence);
    const old = this.#jobs.get(jobId);
    if (old) this.#lanes.remove({ jobId, lane, priority, runAt: old.runAt, sequence });
    this.#jobs.set(jobId, job);
    if (job.state === JobState.QUEUED || job.state === JobState.PENDING) {
      this.#lanes.add({ jobId, lane, priority, runAt: job.runAt, sequence });
    }
    if (job.state === JobState.RUNNING) this.#running.add(jobId);
    else this.#running.delete(jobId);
  }

  claimable(lanes: readonly string[], now: EpochSeconds): JobRecord | null {
    const place = this.#lanes.first(lanes, ({ jobId, runAt }) => runAt <= now && this.#isPaidFor(jobId));
    return place && this.job(place.jobId);
  }

  stale(now: EpochSeconds, ttlSeconds: number, limit: number): readonly JobRecord[] {
    const running = some(this.#running, (jobId) => this.job(jobId));
    return first(limit, running, ({ leasedAt }) => isLeaseStale(leasedAt, now, ttlSeconds));
  }

  jobs({ state, lane, limit, after }: CheckedFilter): readonly JobRecord[] {
    const start = after === null ? -1 : (this.#sequence.get(after) ?? -1);
    return first(limit, this.#jobs.values(), (job) => {
      if (job.pruned || (this.#sequence.get(job.body.jobId) ?? 0) <= start) return false;
      return (state ?? job.state) === job.state && (lane ?? job.body.lane) === job.body.lane;
    });
  }

  pruneJobs(before: EpochSeconds): number {
    const ended = first(Infinity, this.#jobs.values(), ({ pruned, endedAt }) => {
      return !pruned && endedAt !== null && endedAt < before;
    });
    for (const job of ended) {
      const body = { ...job.body, payload: "null" };
      this.putJob({ ...job, body, pruned: true, result: null, error: null, decision: null });
    }
    return ended.length;
  }

  #isPaidFor(jobId: string): boolean {
    const job = this.job(jobId);
    return job !== null && (isFree(job.body) || this.hold(nextHold(job))?.state === HoldState.OPEN);
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
