import { type DrainSummary, type Run, runnable } from "../dispatch/drain.ts";
import { type Executor, RetriableError } from "../dispatch/executor.ts";
import type { Claimed } from "../dispatch/contract.ts";
import { Attempt } from "./attempt.ts";
import type { Wake } from "../dispatch/wake.ts";
import { type Settings, settingsOf, type WorkOptions, type WorkStore } from "./options.ts";
import { doubled, Gate, jittered, monotonicSeconds } from "./timing.ts";

/**
 * Runs the jobs of these lanes until it is stopped.
 *
 * It runs up to `concurrency` jobs and claims the next one when a job ends; while there are no jobs, it claims less and
 * less often. It renews the lease of every running job each third of `leaseSeconds`. It also recovers the lost
 * leases of other workers and expires holds. The signal of a job aborts when its lease is lost or could not be renewed
 * within `leaseSeconds`: another worker may have the job then, and the result may not count.
 *
 * If a call to the store fails, `onError` gets the error and the call is repeated later. The report of a job's end is
 * safe to repeat, and is repeated for at least `leaseSeconds`. After that, recovery charges the attempt in full. A call
 * to the store or an executor that never returns is awaited without limit, also at the stop: set a timeout in the
 * database client.
 *
 * @param store - any `JobStore`. `claimMany`, `renew` and `expire` are used if it has them. Without `renew`,
 *   `leaseSeconds` must be longer than the longest job.
 * @param executor - as for `drain`; it throws `RetriableError` if another attempt can help.
 * @returns the number of jobs for each way to end, after the last job was recorded; no timer is left.
 * @throws TypeError if an argument has a wrong type.
 * @throws RangeError if a time or `concurrency` is out of range.
 * @throws unknown what the store throws if there is no `onError`, and what `onError` and `onStale` throw. It is thrown
 *   after the running jobs were finished and recorded.
 * @example
 * ```ts
 * const store = memoryStore();
 * await store.submit({
 *   jobId: "1",
 *   lane: "text",
 *   payload: "hello",
 *   backend: BackendKind.LOCAL,
 *   maxCost: usd(0),
 *   maxAttempts: 3,
 * });
 * const stop = new AbortController();
 * const executor = (payload: unknown) => {
 *   stop.abort(); // in a service: on SIGTERM
 *   return payload;
 * };
 * const summary = await work(store, executor, { lanes: ["text"], signal: stop.signal });
 * summary.completed; // => 1
 * ```
 */
export async function work<Payload, Result>(
  store: WorkStore<Payload, Result>,
  executor: Executor<Payload, Result>,
  options: WorkOptions<Payload, Result>,
): Promise<DrainSummary> {
  return new Worker(store, runnable(executor, "work"), settingsOf(options)).work();
}

class Worker<Payload, Result> {
  readonly #store: WorkStore<Payload, Result>;
  readonly #run: Run<Payload, Result>;
  readonly #settings: Settings<Payload, Result>;
  readonly #summary: DrainSummary = { completed: 0, requeued: 0, failed: 0, waiting: 0, stale: 0 };
  readonly #running = new Set<Attempt<Payload, Result>>();
  /** The tasks that must end before the worker ends. */
  readonly #tasks = new Set<Promise<void>>();
  readonly #stop = new Gate();
  #stopped = false;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  /** The abort reason of the running jobs, once `stopWithinSeconds` are over. */
  #overdue: RetriableError | null = null;
  #failure: { readonly error: unknown } | null = null;
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
  }

  async work(): Promise<DrainSummary> {
    const { signal, wake } = this.#settings;
    const stop = (): void => {
      this.#end();
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted !== true) {
      this.#fork(() => this.#recover());
      if (wake) this.#fork(() => this.#listen(wake));
      await this.#claim();
    }
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    clearTimeout(this.#deadline);
    signal?.removeEventListener("abort", stop);
    if (this.#failure) throw this.#failure.error;
    return this.#summary;
  }

  /** Keeps up to `concurrency` jobs running, with one claim at a time. */
  async #claim(): Promise<void> {
    const { concurrency, poll } = this.#settings;
    let emptyClaims = 0;
    let failures = 0;
    while (!this.#stopped) {
      const room = concurrency - this.#running.size;
      if (room === 0) {
        await this.#idle.wait();
        continue;
      }
      const notices = this.#notices;
      try {
        const found = await this.#claimUpTo(room);
        failures = 0;
        if (found > 0) emptyClaims = 0;
        // A notice that came during the claim may be about a job that the claim missed, so there is no wait then.
        if (found < room && notices === this.#notices) {
          await this.#idle.wait(this.#jittered(doubled(poll.least, poll.most, emptyClaims++)));
        }
      } catch (error) {
        this.#report(error);
        await this.#pause(doubled(poll.least, poll.most, failures++));
      }
    }
  }

  /** Claims and starts up to `room` jobs; fewer if no more can be claimed. */
  async #claimUpTo(room: number): Promise<number> {
    const { lanes } = this.#settings;
    if (this.#store.claimMany) {
      const claimedAt = monotonicSeconds();
      const jobs = await this.#store.claimMany(lanes, room);
      for (const job of jobs) this.#start(job, claimedAt);
      return jobs.length;
    }
    let found = 0;
    while (found < room && !this.#stopped) {
      const claimedAt = monotonicSeconds();
      const job = await this.#store.claim(lanes);
      if (job === null) break;
      this.#start(job, claimedAt);
      found++;
    }
    return found;
  }

  #start(job: Claimed<Payload>, claimedAt: number): void {
    const onFailure = (error: unknown): void => {
      this.#report(error);
    };
    const attempt = new Attempt(this.#store, job, this.#settings, onFailure);
    this.#running.add(attempt);
    if (this.#overdue) attempt.abort(this.#overdue);
    this.#fork(async () => {
      try {
        const { kind } = await attempt.run(this.#run, claimedAt);
        this.#summary[kind]++;
        if (kind !== "stale") return;
      } catch (error) {
        this.#report(error);
        return;
      } finally {
        this.#running.delete(attempt);
        // There is room now, and the job may have queued another one.
        this.#claimSoon();
      }
      await this.#settings.onStale?.(job.lease);
    });
  }

  /** Recovers lost leases and expires holds at intervals. */
  async #recover(): Promise<void> {
    const { leaseSeconds, recoverEverySeconds } = this.#settings;
    await this.#pause(recoverEverySeconds);
    while (!this.#stopped) {
      await this.#sweep(async () => {
        const { attempts, more } = await this.#store.recoverStale({ ttlSeconds: leaseSeconds });
        if (attempts.length > 0) this.#claimSoon();
        return more && attempts.length > 0;
      });
      await this.#sweep(async () => {
        const swept = await this.#store.expire?.();
        return swept !== undefined && swept.more && swept.charged.length > 0;
      });
      await this.#pause(recoverEverySeconds);
    }
  }

  /** Calls `next` until it returns false. */
  async #sweep(next: () => Promise<boolean>): Promise<void> {
    try {
      while (!this.#stopped && (await next()));
    } catch (error) {
      this.#report(error);
    }
  }

  /** Keeps a subscription until the stop; after a failure it subscribes again. */
  async #listen(wake: Wake): Promise<void> {
    const { lanes, poll } = this.#settings;
    for (let failures = 0; !this.#stopped; failures++) {
      try {
        const unsubscribe = await wake(lanes, () => {
          this.#claimSoon();
        });
        // Jobs that were queued before the subscription gave no notice.
        this.#claimSoon();
        await this.#pause();
        await unsubscribe();
      } catch (error) {
        this.#report(error);
        await this.#pause(doubled(poll.least, poll.most, failures));
      }
    }
  }

  #claimSoon(): void {
    this.#notices++;
    this.#idle.open();
  }

  #end(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stop.open();
    this.#claimSoon();
    const { stopWithinSeconds } = this.#settings;
    if (stopWithinSeconds === undefined) return;
    this.#deadline = setTimeout(() => {
      this.#overdue = new RetriableError("the worker was stopped");
      for (const attempt of this.#running) attempt.abort(this.#overdue);
    }, stopWithinSeconds * 1000);
  }

  /** Passes a failure of the store to `onError`; without `onError` it stops the worker. */
  #report(error: unknown): void {
    const { onError } = this.#settings;
    this.#fork(async () => {
      if (!onError) throw error;
      await onError(error);
    });
  }

  #fork(task: () => Promise<void>): void {
    const forked = task().then(
      () => {
        this.#tasks.delete(forked);
      },
      (error: unknown) => {
        this.#tasks.delete(forked);
        this.#failure ??= { error };
        this.#end();
      },
    );
    this.#tasks.add(forked);
  }

  /** Waits for a time, or without one until the stop; the stop ends every wait. */
  async #pause(seconds?: number): Promise<void> {
    if (!this.#stopped) await this.#stop.wait(seconds === undefined ? seconds : this.#jittered(seconds));
  }

  #jittered(seconds: number): number {
    return jittered(seconds, this.#settings.random);
  }
}
