import type { Awaitable } from "../internal/awaitable.ts";
import { monotonicSeconds } from "../internal/timers.ts";
import type { AttemptEvent, Tell } from "../dispatch/events.ts";
import { RetriableError } from "../dispatch/executor.ts";
import type { Lease } from "../dispatch/lease.ts";
import { type AttemptStore, limitRun, lostLease, type Run, runJob } from "../dispatch/run-job.ts";
import type { Claimed, CompleteOptions, FailOptions } from "../dispatch/contract.ts";
import type { CompleteOutcome, FailOutcome } from "../dispatch/outcomes.ts";
import { isDispatchError } from "../errors.ts";
import { microCents } from "../money/micro-cents.ts";
import type { Calls } from "./calls.ts";
import type { Settings, WorkStore } from "./options.ts";
import { doubled, Gate, jittered } from "./timing.ts";

/**
 * One claimed job. It renews the lease while the job runs, and repeats the report of its end until the store answers.
 * `runJob` uses it as its store.
 */
export class Attempt<Payload, Result> implements AttemptStore<Payload, Result> {
  readonly #store: WorkStore<Payload, Result>;
  readonly #job: Claimed<Payload>;
  readonly #settings: Settings<Payload, Result>;
  readonly #tell: Tell;
  readonly #renewalCalls: Calls;
  readonly #controller = new AbortController();
  readonly #renewals = new Gate();
  /** The job has ended or its lease is lost: nothing renews it. */
  #ended = false;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    store: WorkStore<Payload, Result>,
    job: Claimed<Payload>,
    settings: Settings<Payload, Result>,
    tell: Tell,
    renewals: Calls,
  ) {
    this.#store = store;
    this.#job = job;
    this.#settings = settings;
    this.#tell = tell;
    this.#renewalCalls = renewals;
  }

  /**
   * @param claimedAt - when the claim was sent; the lease is not older.
   * @throws unknown the error of a report that the store refused, or did not answer for `leaseSeconds`.
   */
  async run(run: Run<Payload, Result>, claimedAt: number): Promise<AttemptEvent> {
    const { actualCost, leaseSeconds } = this.#settings;
    const { signal } = this.#controller;
    const third = leaseSeconds / 3;
    const stopTimer = limitRun(this.#job, claimedAt, (reason) => {
      this.#lose(reason);
    });
    try {
      const untilDue = claimedAt + third - monotonicSeconds();
      // A lease that took long to arrive may be lost already, so it is renewed before the job starts to cost money.
      if (untilDue > 0 || !this.#store.renew) this.#startExpiry(claimedAt);
      else if (!(await this.#repeat(() => this.#ask()))) this.#lose(lostLease());
      // Not awaited: after the end of the job the result of a renewal does not matter.
      void this.#renewUntilEnd(untilDue > 0 ? untilDue : third);
      return await runJob(this, this.#job, {
        run: signal.aborted ? () => notRun(signal) : run,
        actualCost,
        tell: this.#tell,
        controller: this.#controller,
      });
    } finally {
      stopTimer();
      this.#end();
    }
  }

  abort(reason: RetriableError): void {
    this.#controller.abort(reason);
  }

  complete(lease: Lease, result: Result, options?: CompleteOptions): Promise<CompleteOutcome> {
    return this.#repeat(() => this.#store.complete(lease, result, options));
  }

  fail(lease: Lease, error: string, options: FailOptions): Promise<FailOutcome> {
    const { backoff, random } = this.#settings;
    const requested = options.retryAfterSeconds ?? 0;
    // What a stop gives back may run elsewhere at once.
    const isStop = this.#controller.signal.aborted && options.counts === false;
    // Computed once, so that a repeated report has the same delay.
    const retryAfterSeconds =
      options.retriable && requested === 0 && !isStop
        ? jittered(doubled(backoff.least, backoff.most, lease.attempts - 1), random)
        : requested;
    const report = { ...options, retryAfterSeconds };
    return this.#repeat(() => this.#store.fail(lease, error, report));
  }

  /** For the executor. If the store fails, the lease is held until its time is over. */
  async renew(): Promise<boolean> {
    if (this.#ended) return false;
    try {
      return await this.#ask();
    } catch (error) {
      this.#renewalCalls.failed(error);
      return this.#isHeld();
    }
  }

  /** Asks the store for a renewal. */
  async #ask(): Promise<boolean> {
    if (!this.#store.renew) return true;
    const askedAt = monotonicSeconds();
    const held = await this.#store.renew(this.#job.lease);
    this.#renewalCalls.answered();
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
      if (!(await this.#ask())) this.#lose(lostLease());
      return true;
    } catch (error) {
      if (this.#isHeld()) this.#renewalCalls.failed(error);
      return false;
    }
  }

  #isHeld(): boolean {
    return !this.#ended;
  }

  /** Restarts the local timer of the lease, which the store confirmed at this instant. */
  #startExpiry(instant: number): void {
    clearTimeout(this.#expiry);
    if (this.#ended) return;
    const left = this.#settings.leaseSeconds - (monotonicSeconds() - instant);
    // Without a renewal in time, another worker may have the job.
    this.#expiry = setTimeout(() => {
      this.#lose(lostLease());
    }, left * 1000);
  }

  #lose(reason: RetriableError): void {
    if (!this.#ended) this.#controller.abort(reason);
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#expiry);
    this.#renewals.open();
  }

  /**
   * Repeats a call until the store answers, so that a lost connection does not lose a paid result. It is safe with the
   * same lease.
   */
  async #repeat<Answer>(call: () => Awaitable<Answer>): Promise<Answer> {
    const { leaseSeconds, poll, random } = this.#settings;
    const startedAt = monotonicSeconds();
    for (let tries = 0; ; tries++) {
      try {
        return await call();
      } catch (error) {
        if (isFinal(error) || monotonicSeconds() - startedAt >= leaseSeconds) throw error;
        this.#tell({ kind: "store_failed", error });
        await new Gate().wait(jittered(doubled(poll.least, poll.most, tries), random));
      }
    }
  }
}

/** The executor of a job whose signal was aborted before it ran: it has cost nothing. */
function notRun({ reason }: AbortSignal): never {
  // Every reason of a job's signal is one.
  const { message } = reason as RetriableError;
  throw new RetriableError(message, { actual: microCents(0n) });
}

/** Whether the store has refused the report itself, so that it would refuse a repeat too. */
function isFinal(error: unknown): boolean {
  if (!isDispatchError(error)) return error instanceof RangeError;
  return error.code !== "outcome_unknown" && error.code !== "store_failed";
}
