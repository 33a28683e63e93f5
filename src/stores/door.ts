import { type Approval, type ApprovalFields, ApprovalOutcome, approvalWith } from "../approval/approval.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type {
  ExpireOutcome,
  Hold,
  HoldOutcome,
  HoldRequest,
  ReleaseOutcome,
  SettleOutcome,
} from "../budget/contract.ts";
import { anyHoldId, extension, holdRequest, ownHoldId } from "../budget/holds.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import type { BudgetState } from "../budget/state.ts";
import { type Lease, leaseOf } from "../dispatch/lease.ts";
import {
  approvedScopes,
  completeOptions,
  ensureOneBodyEach,
  errorText,
  failOptions,
  jobRequest,
  laneNames,
  pageLimit,
  recoverOptions,
} from "../dispatch/rules.ts";
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
  JobFilter,
  JobRequest,
  PruneOptions,
  RecoverOptions,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "../dispatch/contract.ts";
import { ledgerAmount } from "../money/amount.ts";
import { anything, identifier, listOf, optional, read, wholeFrom } from "../internal/check.ts";
import { jobState } from "../dispatch/lifecycle.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { instant } from "../time.ts";
import type { ClaimedText, Completion, Run, Submission } from "./operations.ts";
import { type Parsers, StoredValues } from "./stored-values.ts";

/** Seconds until a job whose payload the parser refused can be claimed again, perhaps by a newer worker. */
const REFUSED_PAYLOAD_DELAY = 60;

/** Checks and parses the arguments of every store, and runs its operations. */
export class Store<Payload, Result> implements DispatchStore<Payload, Result> {
  readonly #run: Run;
  readonly #values: StoredValues<Payload, Result>;
  readonly #migrate: () => Awaitable<void>;

  constructor(run: Run, parsers: Parsers<Payload, Result>, migrate: () => Awaitable<void>) {
    this.#run = run;
    this.#values = new StoredValues(parsers);
    this.#migrate = migrate;
  }

  async migrate(): Promise<void> {
    await this.#migrate();
  }

  async hold(request: HoldRequest): Promise<HoldOutcome> {
    const checked = holdRequest(request);
    return this.#run((operations) => operations.hold(checked));
  }

  async settle(holdId: string, actual: MicroCents): Promise<SettleOutcome> {
    const cost = ledgerAmount("settle: actual", actual);
    const own = ownHoldId("settle: holdId", holdId);
    return this.#run((operations) => operations.settle(own, cost));
  }

  async release(holdId: string): Promise<ReleaseOutcome> {
    const own = ownHoldId("release: holdId", holdId);
    return this.#run((operations) => operations.release(own));
  }

  async extend(holdId: string, by: MicroCents, step: number): Promise<HoldOutcome> {
    const checked = extension(by, step);
    const own = ownHoldId("extend: holdId", holdId);
    return this.#run((operations) => operations.extend(own, checked.by, checked.step));
  }

  async expire(options: { readonly limit?: number | undefined } = {}): Promise<ExpireOutcome> {
    const { limit } = read("expire", options, { limit: pageLimit });
    return this.#run((operations) => operations.expire(limit));
  }

  async usage(scope: string): Promise<BudgetState> {
    const checked = identifier("usage: scope", scope);
    return this.#run((operations) => operations.usage(checked));
  }

  async getHold(holdId: string): Promise<Hold | null> {
    const checked = anyHoldId("getHold: holdId", holdId);
    return this.#run((operations) => operations.getHold(checked));
  }

  async pinCap(scope: string, cap: MicroCents): Promise<void> {
    const checked = identifier("pinCap: scope", scope);
    const amount = ledgerAmount("pinCap: cap", cap);
    return this.#run((operations) => operations.pinCap(checked, amount));
  }

  async submit(job: JobRequest<Payload>): Promise<SubmitOutcome> {
    const checked = this.#submission(job);
    return this.#run((operations) => operations.submit(checked));
  }

  async submitMany(jobs: readonly JobRequest<Payload>[]): Promise<readonly SubmitOutcome[]> {
    // All jobs are checked before the first one is stored.
    const checked = listOf((_, job) => this.#submission(job as JobRequest<Payload>))("submitMany", jobs);
    ensureOneBodyEach(checked.map(({ body }) => body));
    return this.#run((operations) => operations.submitMany(checked));
  }

  async approve(
    jobId: string,
    approval: Approval | ApprovalFields,
    options: { readonly scopes: readonly ScopeCap[] },
  ): Promise<ApproveOutcome> {
    const approved = approvedScopes("approve", { ...options, approval });
    const checked = identifier("approve: jobId", jobId);
    return this.#run((operations) => operations.approve(checked, approved));
  }

  async reject(jobId: string, approval: Approval | ApprovalFields): Promise<RejectOutcome> {
    const decision = approvalWith(ApprovalOutcome.REJECTED)("reject: approval", approval);
    const checked = identifier("reject: jobId", jobId);
    return this.#run((operations) => operations.reject(checked, decision));
  }

  async cancel(jobId: string): Promise<CancelOutcome> {
    const checked = identifier("cancel: jobId", jobId);
    return this.#run((operations) => operations.cancel(checked));
  }

  async claim(lanes: readonly string[]): Promise<Claimed<Payload> | null> {
    const [claimed] = await this.#claim(laneNames("claim: lanes", lanes), 1);
    return claimed ?? null;
  }

  async claimMany(lanes: readonly string[], limit: number): Promise<readonly Claimed<Payload>[]> {
    const names = laneNames("claimMany: lanes", lanes);
    return Object.freeze(await this.#claim(names, wholeFrom(1)("claimMany: limit", limit)));
  }

  async complete(lease: Lease, result: Result, options: CompleteOptions = {}): Promise<CompleteOutcome> {
    const { actual } = completeOptions(options);
    const text = this.#values.resultText(result);
    const completion = { lease: leaseOf("complete: lease", lease), result: text, actual };
    return this.#run((operations) => operations.complete(completion));
  }

  async completeMany(
    completions: readonly (CompleteOptions & { readonly lease: Lease; readonly result: Result })[],
  ): Promise<readonly CompleteOutcome[]> {
    const readers = { lease: leaseOf, result: anything, actual: optional(ledgerAmount, null) };
    const checked = listOf((what, entry): Completion => {
      const { lease, result, actual } = read(what, entry, readers);
      // `resultText` checks it with the store's parser.
      return { lease, result: this.#values.resultText(result as Result), actual };
    })("completeMany", completions);
    return this.#run((operations) => operations.completeMany(checked));
  }

  async fail(lease: Lease, error: string, options: FailOptions): Promise<FailOutcome> {
    const checked = failOptions(options);
    const message = errorText("fail: error", error);
    const failure = { ...checked, lease: leaseOf("fail: lease", lease), error: message };
    return this.#run((operations) => operations.fail(failure));
  }

  async renew(lease: Lease): Promise<boolean> {
    const checked = leaseOf("renew: lease", lease);
    return this.#run((operations) => operations.renew(checked));
  }

  async recoverStale(options: RecoverOptions): Promise<RecoverOutcome> {
    const checked = recoverOptions(options);
    return this.#run((operations) => operations.recoverStale(checked));
  }

  async job(jobId: string): Promise<Job<Payload, Result> | null> {
    const checked = identifier("job: jobId", jobId);
    const job = await this.#run((operations) => operations.job(checked));
    return job && this.#values.shown(job);
  }

  async jobs(filter: JobFilter = {}): Promise<readonly Job<Payload, Result>[]> {
    const name = optional(identifier, null);
    const readers = { state: optional(jobState, null), lane: name, limit: pageLimit, after: name };
    const checked = read("jobs", filter, readers);
    const jobs = await this.#run((operations) => operations.jobs(checked));
    return Object.freeze(jobs.map((job) => this.#values.shown(job)));
  }

  async prune(options: PruneOptions): Promise<{ jobs: number; holds: number }> {
    const { before } = read("prune", options, { before: instant });
    return Object.freeze(await this.#run((operations) => operations.prune(before)));
  }

  #submission(request: JobRequest<Payload>): Submission {
    const checked = jobRequest(request);
    this.#values.payload(checked.body.payload);
    return checked;
  }

  async #claim(lanes: readonly string[], limit: number): Promise<readonly Claimed<Payload>[]> {
    for (;;) {
      const claimed = await this.#run((operations) => operations.claimMany(lanes, limit));
      const jobs: Claimed<Payload>[] = [];
      for (const job of claimed) {
        const parsed = await this.#parsed(job);
        if (parsed) jobs.push(parsed);
      }
      if (jobs.length > 0 || claimed.length === 0) return jobs;
    }
  }

  /** A claimed job; `null` if the parser refuses its payload, which costs an attempt and no money. */
  async #parsed({ lease, payload, paid }: ClaimedText): Promise<Claimed<Payload> | null> {
    try {
      return Object.freeze({ lease, payload: this.#values.payload(payload) });
    } catch (error) {
      const failure = {
        lease,
        // `payload` throws only errors.
        error: (error as Error).message,
        retriable: true,
        maxAttempts: Infinity,
        actual: paid ? microCents(0n) : null,
        retryAfterSeconds: REFUSED_PAYLOAD_DELAY,
      };
      await this.#run((operations) => operations.fail(failure));
      return null;
    }
  }
}
