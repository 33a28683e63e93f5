import type { Awaitable } from "../budget/contract.ts";
import { type Reports, type Run, runJob } from "../dispatch/drain.ts";
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
import { doubled, Gate, jittered, ticking } from "./timing.ts";

/**
 * One claimed job: its lease is renewed as long as it runs, and how it ends is reported until the store has
 * answered. It is the store that `runJob` sees.
 */
export class Attempt<Payload, Result> implements Reports<Payload, Result> {
  readonly #store: WorkStore<Payload, Result>;
  readonly #job: Claimed<Payload>;
  readonly #settings: Settings<Payload, Result>;
  readonly #failed: (error: unknown) => void;
  readonly #controller = new AbortController();
  readonly #renewals = new Gate();
  #over = false;
  #lapse: ReturnType<typeof setTimeout> | undefined;

  /** @param failed - told of each failure of the store that is not the end of it. */
  constructor(
    store: WorkStore<Payload, Result>,
    job: Claimed<Payload>,
    settings: Settings<Payload, Result>,
    failed: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#job = job;
    this.#settings = settings;
    this.#failed = failed;
  }

  /** @param claimedAt - when the claim was begun: the lease is at least as young. */
  async run(run: Run<Payload, Result>, claimedAt: number): Promise<CompleteOutcome | FailOutcome> {
    const { actualCost, leaseSeconds, onError } = this.#settings;
    const third = leaseSeconds / 3;
    const untilDue = claimedAt + third - ticking();
    // A lease that was long on its way may be lost already: nothing is spent on it before the store has said.
    if (untilDue > 0 || !this.#store.renew) this.#heldAt(claimedAt);
    else if (!(await this.renew(this.#job.lease))) return outcome({ kind: "stale" });
    // Not waited for: once the job has ended, what a renewal answers is of no account.
    void this.#keep(untilDue > 0 ? untilDue : third);
    try {
      return await runJob(this, run, this.#job, actualCost, this.#controller, (error) => {
        // The attempt is charged in full: an error of the caller's, which eats the cap and stops nothing.
        if (onError) this.#failed(error);
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
    // What was told to stop is not to blame for having stopped.
    const retriable = options.retriable || this.#controller.signal.aborted;
    const own = options.retryAfterSeconds ?? 0;
    // Decided once: a repeat of the report says the same.
    const retryAfterSeconds =
      retriable && own === 0
        ? jittered(doubled(backoff.least, backoff.most, lease.attempts - 1), random)
        : own;
    const told = { ...options, retriable, retryAfterSeconds };
    return this.#record(() => this.#store.fail(lease, error, told));
  }

  async renew(lease: Lease): Promise<boolean> {
    if (!this.#store.renew) return true;
    const askedAt = ticking();
    const held = await this.#store.renew(lease);
    if (held) this.#heldAt(askedAt);
    return held;
  }

  /** Renews the lease until the job has ended or the lease is lost. */
  async #keep(first: number): Promise<void> {
    if (!this.#store.renew) return;
    const third = this.#settings.leaseSeconds / 3;
    let next = first;
    while (!this.#over) {
      await this.#renewals.wait(next);
      // Soon again after a failure: there is time for several before the lease is over.
      next = (await this.#renewed()) ? third : third / 4;
    }
  }

  /** Whether the store could tell; what it tells of a job that has ended is of no account. */
  async #renewed(): Promise<boolean> {
    if (this.#over) return true;
    try {
      if (!(await this.renew(this.#job.lease))) this.#lose();
      return true;
    } catch (error) {
      this.#notRenewed(error);
      return false;
    }
  }

  #notRenewed(error: unknown): void {
    if (!this.#over) this.#failed(error);
  }

  /** The lease was good at this instant: from then on its time runs. */
  #heldAt(instant: number): void {
    clearTimeout(this.#lapse);
    if (this.#over) return;
    const left = this.#settings.leaseSeconds - (ticking() - instant);
    // Nobody could renew it: somebody else may have the job by now.
    this.#lapse = setTimeout(() => {
      this.#lose();
    }, left * 1000);
  }

  #lose(): void {
    if (!this.#over) this.#controller.abort(new RetriableError("the lease was lost"));
    this.#end();
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#lapse);
    this.#renewals.open();
  }

  /** Repeats a report, which is safe with the same lease: a cut connection must not lose what was paid for. */
  async #record<Outcome>(report: () => Awaitable<Outcome>): Promise<Outcome> {
    const { leaseSeconds, poll, random } = this.#settings;
    const begunAt = ticking();
    for (let tries = 0; ; tries++) {
      try {
        return await report();
      } catch (error) {
        if (isFinal(error) || ticking() - begunAt >= leaseSeconds) throw error;
        this.#failed(error);
        await new Gate().wait(jittered(doubled(poll.least, poll.most, tries), random));
      }
    }
  }
}

/** Whether the store has understood and refuses: it would again. */
function isFinal(error: unknown): boolean {
  if (!isDispatchError(error)) return error instanceof RangeError;
  return error.code !== "outcome_unknown" && error.code !== "store_failed";
}
