import type { Approval, ApprovalFields } from "../approval/approval.ts";
import type { Decision } from "../approval/decision.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type {
  CorrectOutcome,
  ExpireOutcome,
  Hold,
  HoldOutcome,
  HoldRequest,
  ReleaseOutcome,
  SettleOutcome,
} from "../budget/contract.ts";
import { anyHoldId, holdRequest, ownHoldId, scopeCaps } from "../budget/hold-request.ts";
import { extension } from "../budget/holds.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import type { BudgetState } from "../budget/state.ts";
import { type Lease, leaseOf } from "../dispatch/lease.ts";
import {
  claimOptions,
  completeOptions,
  failOptions,
  laneNames,
  pageLimit,
  recoverOptions,
  sweepLimit,
} from "../dispatch/options.ts";
import { errorText } from "../dispatch/rules.ts";
import { ensureOneBodyEach, jobRequest } from "../dispatch/job-request.ts";
import type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  PruneOutcome,
  RecoverOutcome,
  RejectOutcome,
  RetryOutcome,
  SubmitOutcome,
} from "../dispatch/outcomes.ts";
import type {
  Claimed,
  ClaimOptions,
  CompleteOptions,
  DispatchStore,
  FailOptions,
  PruneOptions,
  RecoverOptions,
  RetryOptions,
} from "../dispatch/contract.ts";
import type { Job, JobFilter, JobRequest, LaneState } from "../dispatch/job.ts";
import { ledgerAmount } from "../money/amount.ts";
import { anything, identifier, listOf, optional, read, whole, wholeFrom } from "../internal/check.ts";
import { jobState } from "../dispatch/lifecycle.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { instant } from "../time.ts";
import { claimJobs } from "./claim-jobs.ts";
import { scopesToJson } from "./engine/codec.ts";
import { APPROVED, decidedBy, refuseBound, REJECTED, withBody } from "./decided.ts";
import type { Completion, Run, Submission } from "./operations.ts";
import { Caps } from "./caps.ts";
import { type Parsers, StoredValues } from "./stored-values.ts";

/** Checks and parses the arguments of every store, and runs its operations. */
export class Store<Payload, Result> extends Caps implements DispatchStore<Payload, Result> {
  readonly #run: Run;
  readonly #values: StoredValues<Payload, Result>;
  readonly #migrate: () => Awaitable<void>;

  constructor(run: Run, parsers: Parsers<Payload, Result>, migrate: () => Awaitable<void>) {
    super(run);
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
    const { limit } = read("expire: options", options, { limit: pageLimit });
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

  async correct(holdId: string, actual: MicroCents, decision: Decision): Promise<CorrectOutcome> {
    const checked = anyHoldId("correct: holdId", holdId);
    const cost = ledgerAmount("correct: actual", actual);
    const decided = decidedBy("correct", decision, checked, String(cost));
    return this.#run((operations) => operations.correct(checked, cost, decided));
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
    approval: Approval | ApprovalFields | Decision,
    options: { readonly scopes?: readonly ScopeCap[] | undefined } = {},
  ): Promise<ApproveOutcome> {
    const { scopes } = read("approve: options", options, { scopes: optional(scopeCaps, null) });
    const checked = identifier("approve: jobId", jobId);
    const draft = APPROVED("approve: approval", approval);
    const decided = withBody("approve", draft, checked, scopes && scopesToJson(scopes));
    return this.#run((operations) => operations.approve(checked, scopes, decided));
  }

  async reject(jobId: string, approval: Approval | ApprovalFields | Decision): Promise<RejectOutcome> {
    const draft = REJECTED("reject: approval", approval);
    const checked = identifier("reject: jobId", jobId);
    return this.#run((operations) => operations.reject(checked, withBody("reject", draft, checked)));
  }

  async cancel(jobId: string, approval: Approval | ApprovalFields | Decision): Promise<CancelOutcome> {
    const draft = REJECTED("cancel: approval", approval);
    const checked = identifier("cancel: jobId", jobId);
    return this.#run((operations) => operations.cancel(checked, withBody("cancel", draft, checked)));
  }

  async retry(jobId: string, options: RetryOptions, decision: Decision): Promise<RetryOutcome> {
    const checked = identifier("retry: jobId", jobId);
    const readers = { after: whole, scopes: optional(scopeCaps, null) };
    const { after, scopes } = read("retry: options", options, readers);
    const decided = decidedBy("retry", decision, checked, after, scopes && scopesToJson(scopes));
    return this.#run((operations) => operations.retry(checked, after, scopes, decided));
  }

  async pauseLane(lane: string, decision: Decision): Promise<void> {
    const checked = identifier("pauseLane: lane", lane);
    const decided = decidedBy("pauseLane", decision, checked);
    return this.#run((operations) => operations.setLane(checked, true, decided));
  }

  async resumeLane(lane: string, decision: Decision): Promise<void> {
    const checked = identifier("resumeLane: lane", lane);
    const decided = decidedBy("resumeLane", decision, checked);
    return this.#run((operations) => operations.setLane(checked, false, decided));
  }

  async lanes(): Promise<readonly LaneState[]> {
    return this.#run((operations) => operations.lanes());
  }

  async id(): Promise<string> {
    return this.#run((operations) => operations.id());
  }

  async claim(lanes: readonly string[], options: ClaimOptions = {}): Promise<Claimed<Payload> | null> {
    const checked = claimOptions("claim", options);
    const [claimed] = await claimJobs(this.#run, this.#values, laneNames("claim: lanes", lanes), 1, checked);
    return claimed ?? null;
  }

  async claimMany(
    lanes: readonly string[],
    limit: number,
    options: ClaimOptions = {},
  ): Promise<readonly Claimed<Payload>[]> {
    const checked = claimOptions("claimMany", options);
    const names = laneNames("claimMany: lanes", lanes);
    const most = wholeFrom(1)("claimMany: limit", limit);
    return Object.freeze(await claimJobs(this.#run, this.#values, names, most, checked));
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
    const failure = {
      ...checked,
      lease: leaseOf("fail: lease", lease),
      error: message,
      isRefusal: false,
    };
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
    const checked = read("jobs: filter", filter, readers);
    const jobs = await this.#run((operations) => operations.jobs(checked));
    return Object.freeze(jobs.map((job) => this.#values.shown(job)));
  }

  async prune(options: PruneOptions): Promise<PruneOutcome> {
    const { before, limit } = read("prune: options", options, SWEEP);
    return this.#run((operations) => operations.prune(before, limit));
  }

  async forget(options: PruneOptions): Promise<PruneOutcome> {
    const { before, limit } = read("forget: options", options, SWEEP);
    return this.#run((operations) => operations.forget(before, limit));
  }

  #submission(request: JobRequest<Payload>): Submission {
    const checked = jobRequest(request);
    if (checked.approved) refuseBound("submit", checked.approved.approval);
    this.#values.payload(checked.body.payload);
    return checked;
  }
}

const SWEEP = { before: instant, limit: sweepLimit };
