import type { Approval } from "../../approval.ts";
import type {
  ExpireOutcome,
  Hold,
  HoldOutcome,
  HoldRequest,
  ReleaseOutcome,
  SettleOutcome,
} from "../../budget/ledger.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import type { BudgetState } from "../../budget/state.ts";
import type { Lease } from "../../dispatch/lease.ts";
import { ourLease } from "../../dispatch/rules.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  Claimed,
  CompleteOptions,
  CompleteOutcome,
  DispatchStore,
  FailOptions,
  FailOutcome,
  Job,
  JobRequest,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "../../dispatch/store.ts";
import { ledgerAmount } from "../../internal/amount.ts";
import { anything, callable, listOf, optional, read } from "../../internal/check.ts";
import type { JobState } from "../../lifecycle.ts";
import type { MicroCents } from "../../money.ts";
import { type EpochSeconds, epochSeconds, instant } from "../../time.ts";
import { MemoryJobs } from "./jobs.ts";
import { MemoryLedger } from "./ledger.ts";

export interface MemoryStoreOptions<Payload, Result> {
  /** Gives a payload its type back, and throws for what is none. */
  readonly payload?: (value: unknown) => Payload;
  /** Gives a result its type back, and throws for what is none. */
  readonly result?: (value: unknown) => Result;
  /** The store's time; the machine's by default. */
  readonly clock?: () => EpochSeconds;
}

/**
 * Jobs and money in the memory of one process: for tests, for trying things out, and as the reference
 * that durable stores are held against. What it holds ends with the process.
 *
 * @example
 * ```ts
 * const store = memoryStore();
 * const cap = usd("1");
 * const scopes = [{ scope: runScope("42"), cap }];
 * const held = await store.hold({ holdId: "call-1", amount: usd("0.60"), scopes, ttlSeconds: 60 });
 * held.kind; // => "held"
 * const next = await store.hold({ holdId: "call-2", amount: usd("0.60"), scopes, ttlSeconds: 60 });
 * next.kind; // => "refused"
 * ```
 */
export function memoryStore<Payload = unknown, Result = unknown>(
  options: MemoryStoreOptions<Payload, Result> = {},
): DispatchStore<Payload, Result> {
  return new MemoryStore(options);
}

class MemoryStore<Payload, Result> implements DispatchStore<Payload, Result> {
  readonly #ledger: MemoryLedger;
  readonly #jobs: MemoryJobs<Payload, Result>;

  constructor(options: MemoryStoreOptions<Payload, Result>) {
    const call = optional(callable, undefined);
    read("memoryStore", options, { payload: call, result: call, clock: call }, true);
    // Without a parser the types are the caller's own claim.
    const { payload = (value) => value as Payload, result = (value) => value as Result } = options;
    const clock = options.clock ?? (() => epochSeconds(new Date()));
    const now = (): EpochSeconds => instant("memoryStore: clock", clock());
    this.#ledger = new MemoryLedger(now);
    this.#jobs = new MemoryJobs(now, this.#ledger, { payload, result });
  }

  async migrate(): Promise<void> {}

  async hold(request: HoldRequest): Promise<HoldOutcome> {
    return this.#ledger.hold(request);
  }

  async settle(holdId: string, actual: MicroCents): Promise<SettleOutcome> {
    return this.#ledger.settle(holdId, actual);
  }

  async release(holdId: string): Promise<ReleaseOutcome> {
    return this.#ledger.release(holdId);
  }

  async extend(holdId: string, by: MicroCents, step: number): Promise<HoldOutcome> {
    return this.#ledger.extend(holdId, by, step);
  }

  async expire(options?: { readonly limit?: number }): Promise<ExpireOutcome> {
    return this.#ledger.expire(options);
  }

  async usage(scope: string): Promise<BudgetState> {
    return this.#ledger.usage(scope);
  }

  async getHold(holdId: string): Promise<Hold | null> {
    return this.#ledger.getHold(holdId);
  }

  async pinCap(scope: string, cap: MicroCents): Promise<void> {
    this.#ledger.pinCap(scope, cap);
  }

  async submit(job: JobRequest<Payload>): Promise<SubmitOutcome> {
    return this.#jobs.submit(job);
  }

  async submitMany(jobs: readonly JobRequest<Payload>[]): Promise<readonly SubmitOutcome[]> {
    // Each is checked by its own rules, and all of them before the first is stored.
    const checked = listOf((_, job) => {
      this.#jobs.checkedRequest(job as JobRequest<Payload>);
      return job as JobRequest<Payload>;
    });
    return Object.freeze(checked("submitMany", jobs).map((job) => this.#jobs.submit(job)));
  }

  async approve(
    jobId: string,
    approval: Approval,
    options: { readonly scopes: readonly ScopeCap[] },
  ): Promise<ApproveOutcome> {
    return this.#jobs.approve(jobId, approval, options);
  }

  async reject(jobId: string, approval: Approval): Promise<RejectOutcome> {
    return this.#jobs.reject(jobId, approval);
  }

  async cancel(jobId: string): Promise<CancelOutcome> {
    return this.#jobs.cancel(jobId);
  }

  async claim(lanes: readonly string[]): Promise<Claimed<Payload> | null> {
    return this.#jobs.claim(lanes);
  }

  async claimMany(lanes: readonly string[], limit: number): Promise<readonly Claimed<Payload>[]> {
    return this.#jobs.claimMany(lanes, limit);
  }

  async complete(lease: Lease, result: Result, options?: CompleteOptions): Promise<CompleteOutcome> {
    return this.#jobs.complete(lease, result, options);
  }

  async completeMany(
    completions: readonly (CompleteOptions & { readonly lease: Lease; readonly result: Result })[],
  ): Promise<readonly CompleteOutcome[]> {
    const readers = { lease: ourLease, result: anything, actual: optional(ledgerAmount, null) };
    const checked = listOf((what, entry) => {
      const { lease, result, actual } = read(what, entry, readers);
      // The parser of the store says whether it is one.
      this.#jobs.checkedResult(result as Result);
      return { lease, result: result as Result, options: actual === null ? {} : { actual } };
    });
    return Object.freeze(
      checked("completeMany", completions).map(({ lease, result, options }) =>
        this.#jobs.complete(lease, result, options),
      ),
    );
  }

  async fail(lease: Lease, error: string, options: FailOptions): Promise<FailOutcome> {
    return this.#jobs.fail(lease, error, options);
  }

  async renew(lease: Lease): Promise<boolean> {
    return this.#jobs.renew(lease);
  }

  async recoverStale(options: {
    readonly ttlSeconds: number;
    readonly maxAttempts?: number;
    readonly limit?: number;
  }): Promise<RecoverOutcome> {
    return this.#jobs.recoverStale(options);
  }

  async job(jobId: string): Promise<Job<Payload, Result> | null> {
    return this.#jobs.job(jobId);
  }

  async jobs(filter?: {
    readonly state?: JobState;
    readonly lane?: string;
    readonly limit?: number;
    readonly after?: string;
  }): Promise<readonly Job<Payload, Result>[]> {
    return this.#jobs.jobs(filter);
  }

  async prune(options: { readonly before: EpochSeconds }): Promise<{ jobs: number; holds: number }> {
    const { before } = read("prune", options, { before: instant });
    // Its holds are little more than their ids, which have to stay.
    return Object.freeze({ jobs: this.#jobs.prune(before), holds: 0 });
  }
}
