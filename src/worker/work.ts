import { type DrainSummary, type Run, runnable } from "../dispatch/drain.ts";
import { type Executor, RetriableError } from "../dispatch/executor.ts";
import type { Claimed } from "../dispatch/contract.ts";
import { Attempt } from "./attempt.ts";
import { type Settings, settingsOf, type Wake, type WorkOptions, type WorkStore } from "./options.ts";
import { doubled, Gate, jittered, ticking } from "./timing.ts";

/**
 * Runs the jobs of these lanes until it is stopped.
 *
 * It claims up to `concurrency` jobs, looks again when one has ended, and less and less often while there are
 * none; it renews the lease of every job that runs, at a third of `leaseSeconds`; it recovers the leases that
 * others lost and expires holds. The signal of a job aborts when its lease is lost, or could not be renewed in
 * `leaseSeconds`: another worker may have the job by then, and its result may not count.
 *
 * A call of the store that fails goes to `onError` and is made again later; a report, which is safe to repeat,
 * at least until `leaseSeconds` are over. What could not be reported then is left to the recovery, which
 * charges it in full. A call that never answers is waited for, also at the stop, and so is an executor: give
 * the database client a timeout of its own.
 *
 * @param store - any {@link JobStore}; `claimMany`, `renew` and `expire` are used where it has them. Without
 *   `renew`, `leaseSeconds` must be more than the longest job takes.
 * @param executor - as for `drain`: it throws {@link RetriableError} for what another attempt can fix.
 * @returns how many jobs ended how, once the last of them was recorded; no timer is left then.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a time or a number of jobs that none can be.
 * @throws unknown what the store threw, if there is no `onError`, and what `onError` and `onStale` throw: after
 *   what runs was finished and recorded.
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
 *   stop.abort(); // in a service: when the process is asked to end
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
  /** All that must end before the worker has. */
  readonly #tasks = new Set<Promise<void>>();
  readonly #stop = new Gate();
  #stopped = false;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  /** Why those that run abort, once they have had their time. */
  #overdue: RetriableError | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** Opens when it is worth looking for jobs, or needless. */
  readonly #news = new Gate();
  #heard = 0;

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

  /** Keeps as many jobs running as there may be; one claim at a time. */
  async #claim(): Promise<void> {
    const { concurrency, poll } = this.#settings;
    let looks = 0;
    let failures = 0;
    while (!this.#stopped) {
      const room = concurrency - this.#running.size;
      if (room === 0) {
        await this.#news.wait();
        continue;
      }
      const heard = this.#heard;
      try {
        const found = await this.#claimUpTo(room);
        failures = 0;
        if (found > 0) looks = 0;
        // What was heard meanwhile may have come too late for that claim.
        if (found < room && heard === this.#heard) {
          await this.#news.wait(this.#jittered(doubled(poll.least, poll.most, looks++)));
        }
      } catch (error) {
        this.#tell(error);
        await this.#rest(doubled(poll.least, poll.most, failures++));
      }
    }
  }

  /** Fewer than `room` means that there were no more. */
  async #claimUpTo(room: number): Promise<number> {
    const { lanes } = this.#settings;
    if (this.#store.claimMany) {
      const claimedAt = ticking();
      const jobs = await this.#store.claimMany(lanes, room);
      for (const job of jobs) this.#start(job, claimedAt);
      return jobs.length;
    }
    let found = 0;
    while (found < room && !this.#stopped) {
      const claimedAt = ticking();
      const job = await this.#store.claim(lanes);
      if (job === null) break;
      this.#start(job, claimedAt);
      found++;
    }
    return found;
  }

  #start(job: Claimed<Payload>, claimedAt: number): void {
    const failed = (error: unknown): void => {
      this.#tell(error);
    };
    const attempt = new Attempt(this.#store, job, this.#settings, failed);
    this.#running.add(attempt);
    if (this.#overdue) attempt.abort(this.#overdue);
    this.#fork(async () => {
      try {
        const { kind } = await attempt.run(this.#run, claimedAt);
        this.#summary[kind]++;
        if (kind !== "stale") return;
      } catch (error) {
        this.#tell(error);
        return;
      } finally {
        this.#running.delete(attempt);
        // There is room, and the job may have queued another.
        this.#look();
      }
      await this.#settings.onStale?.(job.lease);
    });
  }

  /** Takes back lost leases and expires holds, every so often. */
  async #recover(): Promise<void> {
    const { leaseSeconds, recoverEverySeconds } = this.#settings;
    await this.#rest(recoverEverySeconds);
    while (!this.#stopped) {
      await this.#sweep(async () => {
        const { attempts, more } = await this.#store.recoverStale({ ttlSeconds: leaseSeconds });
        if (attempts.length > 0) this.#look();
        return more && attempts.length > 0;
      });
      await this.#sweep(async () => {
        const swept = await this.#store.expire?.();
        return swept !== undefined && swept.more && swept.charged.length > 0;
      });
      await this.#rest(recoverEverySeconds);
    }
  }

  /** Goes on as long as there is more. */
  async #sweep(some: () => Promise<boolean>): Promise<void> {
    try {
      while (!this.#stopped && (await some()));
    } catch (error) {
      this.#tell(error);
    }
  }

  /** Subscribes, however often it takes, until the stop. */
  async #listen(wake: Wake): Promise<void> {
    const { lanes, poll } = this.#settings;
    for (let failures = 0; !this.#stopped; failures++) {
      try {
        const leave = await wake(lanes, () => {
          this.#look();
        });
        // What came before the subscription was not heard.
        this.#look();
        await this.#rest();
        await leave();
      } catch (error) {
        this.#tell(error);
        await this.#rest(doubled(poll.least, poll.most, failures));
      }
    }
  }

  #look(): void {
    this.#heard++;
    this.#news.open();
  }

  #end(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stop.open();
    this.#look();
    const { stopWithinSeconds } = this.#settings;
    if (stopWithinSeconds === undefined) return;
    this.#deadline = setTimeout(() => {
      this.#overdue = new RetriableError("the worker was stopped");
      for (const attempt of this.#running) attempt.abort(this.#overdue);
    }, stopWithinSeconds * 1000);
  }

  /** Tells of a failure of the store; with nobody to tell, it is the end. */
  #tell(error: unknown): void {
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

  /** Waits for a time, or without one, at most until the stop. */
  async #rest(seconds?: number): Promise<void> {
    if (!this.#stopped) await this.#stop.wait(seconds === undefined ? seconds : this.#jittered(seconds));
  }

  #jittered(seconds: number): number {
    return jittered(seconds, this.#settings.random);
  }
}
