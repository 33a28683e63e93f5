import type { Awaitable } from "../internal/awaitable.ts";
import { type AttemptStore, type Run, runJob } from "../dispatch/drain.ts";
import { RetriableError } from "../dispatch/executor.ts";
import type { Lease } from "../dispatch/lease.ts";
import type {
  Claimed,
  CompleteOptions,
  CompleteOutcome,
  FailOptions,
  FailOutcome,
} from "../dispatch/contract.ts";
import { isDispatchError } from "../errors.ts";
import { outcome } from "../money/outcome.ts";
import type { Settings, WorkStore } from "./options.ts";
import { doubled, Gate, jittered, monotonicSeconds } from "./timing.ts";

/**
 * One claimed job. It renews the lease while the job runs, and repeats the report of its end until the store answers.
 * `runJob` uses it as its store.
 */
export class Attempt<Payload, Result> implements AttemptStore<Payload, Result> {
  readonly #store: WorkStore<Payload, Result>;
  readonly #job: Claimed<Payload>;
  readonly #settings: Settings<Payload, Result>;
  readonly #onFailure: (error: unknown) => void;
  readonly #controller = new AbortController();
  readonly #renewals = new Gate();
  #ended = false;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  /** @param onFailure - called for each failure of the store after which the attempt continues. */
  constructor(
    store: WorkStore<Payload, Result>,
    job: Claimed<Payload>,
    settings: Settings<Payload, Result>,
    onFailure: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#job = job;
    this.#settings = settings;
    this.#onFailure = onFailure;
  }

  /** @param claimedAt - when the claim was sent; the lease is not older. */
  async run(run: Run<Payload, Result>, claimedAt: number): Promise<CompleteOutcome | FailOutcome> {
    const { actualCost, leaseSeconds, onError } = this.#settings;
    const third = leaseSeconds / 3;
    const untilDue = claimedAt + third - monotonicSeconds();
    // A lease that took long to arrive may be lost already, so it is renewed before the job starts to cost money.
    if (untilDue > 0 || !this.#store.renew) this.#startExpiry(claimedAt);
    else if (!(await this.renew(this.#job.lease))) return outcome({ kind: "stale" });
    // Not awaited: after the end of the job the result of a renewal does not matter.
    void this.#renewUntilEnd(untilDue > 0 ? untilDue : third);
    try {
      return await runJob(this, run, this.#job, actualCost, this.#controller, (error) => {
        // The attempt is charged in full. An error of `actualCost` does not stop the worker: it is dropped without
        // onError.
        if (onError) this.#onFailure(error);
      });
    } finally {
      this.#end();
    }
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  complete(lease: Lease, result: Result, options?: CompleteOptions): Promise<CompleteOutcome> {
    return this.#record(() => this.#store.complete(lease, result, options));
  }

  fail(lease: Lease, error: string, options: FailOptions): Promise<FailOutcome> {
    const { backoff, random } = this.#settings;
    // A failure after the abort is not the job's own, so the job is tried again.
    const retriable = options.retriable || this.#controller.signal.aborted;
    const requested = options.retryAfterSeconds ?? 0;
    // Computed once, so that a repeated report has the same delay.
    const retryAfterSeconds =
      retriable && requested === 0
        ? jittered(doubled(backoff.least, backoff.most, lease.attempts - 1), random)
        : requested;
    const report = { ...options, retriable, retryAfterSeconds };
    return this.#record(() => this.#store.fail(lease, error, report));
  }

  async renew(lease: Lease): Promise<boolean> {
    if (!this.#store.renew) return true;
    const askedAt = monotonicSeconds();
    const held = await this.#store.renew(lease);
    if (held) this.#startExpiry(askedAt);
    return held;
  }

  /** Renews the lease until the job has ended or the lease is lost. */
  async #renewUntilEnd(first: number): Promise<void> {
    if (!this.#store.renew) return;
    const third = this.#settings.leaseSeconds / 3;
    let next = first;
    while (!this.#ended) {
      await this.#renewals.wait(next);
      // A shorter wait after a failure leaves time for several tries before the lease expires.
      next = (await this.#tryRenew()) ? third : third / 4;
    }
  }

  /** Renews the lease once. Returns false if the store failed; after the end of the job, failures do not matter. */
  async #tryRenew(): Promise<boolean> {
    if (this.#ended) return true;
    try {
      if (!(await this.renew(this.#job.lease))) this.#lose();
      return true;
    } catch (error) {
      this.#renewalFailed(error);
      return false;
    }
  }

  #renewalFailed(error: unknown): void {
    if (!this.#ended) this.#onFailure(error);
  }

  /** Restarts the local timer of the lease, which the store confirmed at this instant. */
  #startExpiry(instant: number): void {
    clearTimeout(this.#expiry);
    if (this.#ended) return;
    const left = this.#settings.leaseSeconds - (monotonicSeconds() - instant);
    // Without a renewal in time, another worker may have the job.
    this.#expiry = setTimeout(() => {
      this.#lose();
    }, left * 1000);
  }

  #lose(): void {
    if (!this.#ended) this.#controller.abort(new RetriableError("the lease was lost"));
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#expiry);
    this.#renewals.open();
  }

  /**
   * Repeats a report until the store answers, so that a lost connection does not lose a paid result. It is safe with
   * the same lease.
   */
  async #record<Outcome>(report: () => Awaitable<Outcome>): Promise<Outcome> {
    const { leaseSeconds, poll, random } = this.#settings;
    const startedAt = monotonicSeconds();
    for (let tries = 0; ; tries++) {
      try {
        return await report();
      } catch (error) {
        if (isFinal(error) || monotonicSeconds() - startedAt >= leaseSeconds) throw error;
        this.#onFailure(error);
        await new Gate().wait(jittered(doubled(poll.least, poll.most, tries), random));
      }
    }
  }
}

/** Whether the store has refused the report itself, so that it would refuse a repeat too. */
function isFinal(error: unknown): boolean {
  if (!isDispatchError(error)) return error instanceof RangeError;
  return error.code !== "outcome_unknown" && error.code !== "store_failed";
}
