import { monotonicSeconds, pacer } from "../internal/timers.ts";
import { type DrainSummary, emptySummary, type Tell, teller } from "../dispatch/events.ts";
import { RetriableError } from "../dispatch/executor.ts";
import type { Run } from "../dispatch/run-job.ts";
import type { Claimed, ClaimOptions } from "../dispatch/contract.ts";
import { Attempt } from "./attempt.ts";
import { Calls } from "./calls.ts";
import type { Wake } from "../dispatch/wake.ts";
import type { Settings, WorkStore } from "./options.ts";
import { expireHolds, recoverLost } from "./sweeps.ts";
import { doubled, Gate, jittered } from "./timing.ts";

/** The loop of `work`. */
export class Worker<Payload, Result> {
  readonly #store: WorkStore<Payload, Result>;
  readonly #run: Run<Payload, Result>;
  readonly #settings: Settings<Payload, Result>;
  readonly #tell: Tell;
  readonly #pace = pacer();
  readonly #claimOptions: ClaimOptions;
  readonly #summary = emptySummary();
  readonly #running = new Set<Attempt<Payload, Result>>();
  /** The tasks that must end before the worker ends. */
  readonly #tasks = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** Opens at the stop. */
  readonly #pauses = new Gate();
  #deadline: ReturnType<typeof setTimeout> | undefined;
  /** The abort reason of the running jobs, once `stopWithinSeconds` are over. */
  #overdue: RetriableError | null = null;
  #failure: { readonly error: unknown } | null = null;
  readonly #renewals: Calls;
  /** Opens when there may be jobs to claim, and at the stop. */
  readonly #idle = new Gate();
  #notices = 0;

  constructor(
    store: WorkStore<Payload, Result>,
    run: Run<Payload, Result>,
    settings: Settings<Payload, Result>,
  ) {
    this.#store = store;
    this.#run = run;
    this.#settings = settings;
    this.#tell = teller(settings.onEvent);
    this.#renewals = this.#calls();
    this.#claimOptions = {
      leaseSeconds: settings.leaseSeconds,
      by: settings.by,
      signal: this.#stop.signal,
      onRefused: ({ lease, error, outcome }) => {
        this.#tell({ kind: "payload_refused", lease, error, outcome });
        // The store waits for it, so that a claim that meets many such jobs can be stopped.
        return this.#pace();
      },
    };
  }

  async work(): Promise<DrainSummary> {
    const { signal, wake } = this.#settings;
    const stop = (): void => {
      this.#end();
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted !== true) {
      this.#fork(this.#recover());
      if (wake) this.#fork(this.#listen(wake));
      await this.#claim();
    }
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    clearTimeout(this.#deadline);
    signal?.removeEventListener("abort", stop);
    this.#tell({ kind: "stopped", summary: Object.freeze({ ...this.#summary }) });
    if (this.#failure) throw this.#failure.error;
    return this.#summary;
  }

  /** Keeps up to `concurrency` jobs running, with one claim at a time. */
  async #claim(): Promise<void> {
    const { concurrency, onEvent, poll } = this.#settings;
    const claims = this.#calls();
    let isFirst = true;
    let emptyClaims = 0;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const room = concurrency - this.#running.size;
      if (room === 0) {
        await this.#idle.wait();
        continue;
      }
      const notices = this.#notices;
      try {
        const found = await this.#claimUpTo(room);
        claims.answered();
        isFirst = false;
        failures = 0;
        if (found > 0) emptyClaims = 0;
        // A notice that came during the claim may be about a job that the claim missed, so there is no wait then.
        if (found < room && notices === this.#notices) {
          await this.#idle.wait(this.#jittered(doubled(poll.least, poll.most, emptyClaims++)));
        }
      } catch (error) {
        const isMistake = error instanceof TypeError || error instanceof RangeError;
        if (isFirst && isMistake && !onEvent) this.#fail(error);
        else claims.failed(error);
        isFirst = false;
        await this.#pause(doubled(poll.least, poll.most, failures++));
      }
    }
  }

  /** Claims and starts up to `room` jobs; fewer if no more can be claimed. */
  async #claimUpTo(room: number): Promise<number> {
    const { lanes } = this.#settings;
    let found = 0;
    while (found < room && !this.#stop.signal.aborted) {
      const claimedAt = monotonicSeconds();
      const jobs = await this.#claimSome(lanes, room);
      for (const job of jobs) {
        this.#start(job, claimedAt);
        found++;
        await this.#pace();
      }
      if (this.#store.claimMany || jobs.length === 0) break;
    }
    return found;
  }

  /** Claims up to `room` jobs at once, or one from a store that cannot give several. */
  async #claimSome(lanes: readonly string[], room: number): Promise<readonly Claimed<Payload>[]> {
    if (this.#store.claimMany) return this.#store.claimMany(lanes, room, this.#claimOptions);
    const job = await this.#store.claim(lanes, this.#claimOptions);
    return job === null ? [] : [job];
  }

  #start(job: Claimed<Payload>, claimedAt: number): void {
    this.#tell({ kind: "claimed", lease: job.lease });
    const attempt = new Attempt(this.#store, job, this.#settings, this.#tell, this.#renewals);
    this.#running.add(attempt);
    if (this.#overdue) attempt.abort(this.#overdue);
    this.#fork(this.#attempt(attempt, claimedAt));
  }

  async #attempt(attempt: Attempt<Payload, Result>, claimedAt: number): Promise<void> {
    try {
      const end = await attempt.run(this.#run, claimedAt);
      this.#summary[end.kind]++;
      this.#tell(end);
    } catch (error) {
      this.#tell({ kind: "store_failed", error });
      // The end of a job was not recorded, and nobody would hear of it.
      if (!this.#settings.onEvent) this.#fail(error);
    } finally {
      this.#running.delete(attempt);
      // There is room now, and the job may have queued another one.
      this.#claimSoon();
    }
  }

  /** Recovers lost leases and expires holds, at once and at intervals. */
  async #recover(): Promise<void> {
    const { leaseSeconds, recoverEverySeconds } = this.#settings;
    const recoveries = this.#calls();
    const expiries = this.#calls();
    do {
      await this.#sweep(recoveries, async () => {
        const { found, more } = await recoverLost(this.#store, leaseSeconds, this.#tell);
        if (found) this.#claimSoon();
        return more;
      });
      await this.#sweep(expiries, () => expireHolds(this.#store, this.#tell));
      await this.#pause(recoverEverySeconds);
    } while (!this.#stop.signal.aborted);
  }

  /** Calls `next` until it returns false. */
  async #sweep(calls: Calls, next: () => Promise<boolean>): Promise<void> {
    try {
      for (let more = true; more;) {
        more = (await next()) && !this.#stop.signal.aborted;
        calls.answered();
        await this.#pace();
      }
    } catch (error) {
      calls.failed(error);
    }
  }

  /** Keeps a subscription until the stop; after a failure it subscribes again. */
  async #listen(wake: Wake): Promise<void> {
    const { lanes, poll } = this.#settings;
    const subscriptions = this.#calls();
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      try {
        const unsubscribe = await wake(lanes, () => {
          this.#claimSoon();
        });
        subscriptions.answered();
        // Jobs that were queued before the subscription gave no notice.
        this.#claimSoon();
        await this.#pause();
        await unsubscribe();
      } catch (error) {
        subscriptions.failed(error);
        await this.#pause(doubled(poll.least, poll.most, failures));
      }
    }
  }

  #claimSoon(): void {
    this.#notices++;
    this.#idle.open();
  }

  #end(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    this.#pauses.open();
    this.#claimSoon();
    const { stopWithinSeconds } = this.#settings;
    if (stopWithinSeconds === undefined) return;
    this.#deadline = setTimeout(() => {
      this.#overdue = new RetriableError("the worker was stopped", { counts: false });
      for (const attempt of this.#running) attempt.abort(this.#overdue);
    }, stopWithinSeconds * 1000);
  }

  /** Calls of one kind. If nobody hears of their failures, an outage of `leaseSeconds` ends the worker. */
  #calls(): Calls {
    const { leaseSeconds, onEvent } = this.#settings;
    return new Calls(this.#tell, leaseSeconds, (error) => {
      if (!onEvent) this.#fail(error);
    });
  }

  /** Stops the worker; `work` rejects with the error. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#end();
  }

  #fork(task: Promise<void>): void {
    const forked = task.then(
      () => {
        this.#tasks.delete(forked);
      },
      // Only a function of the caller can end it so, such as `random`.
      (error: unknown) => {
        this.#tasks.delete(forked);
        this.#fail(error);
      },
    );
    this.#tasks.add(forked);
  }

  /** Waits for a time, or without one until the stop; the stop ends every wait. */
  async #pause(seconds?: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    await this.#pauses.wait(seconds === undefined ? seconds : this.#jittered(seconds));
  }

  #jittered(seconds: number): number {
    return jittered(seconds, this.#settings.random);
  }
}
