import { monotonicSeconds } from "../../internal/timers.ts";
import { type Follower, followAbort } from "./followers.ts";

/**
 * Ends a request after its timeout, or when the caller's signal aborts.
 *
 * It has a timer only while something is waited for. So a body that nobody reads costs nothing and keeps no process
 * alive; the next read compares the clock.
 */
export class Deadline implements Follower {
  readonly #controller = new AbortController();
  readonly #until: number;
  readonly #timeoutError: () => Error;
  readonly #unfollow: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onAbort: ((reason: unknown) => void) | null = null;
  #ended = false;

  /** @param timeoutError - makes the error for a request that took longer than `seconds`. */
  constructor(seconds: number, caller: AbortSignal | undefined, timeoutError: () => Error) {
    this.#until = monotonicSeconds() + seconds;
    this.#timeoutError = timeoutError;
    if (caller?.aborted === true) this.follow(caller.reason);
    else this.#unfollow = caller && followAbort(caller, this);
  }

  /** Aborts at the timeout, or when the caller's signal aborts. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for `task`, but rejects at the deadline even if `task` ignores the signal. */
  async race<Answer>(task: PromiseLike<Answer>): Promise<Answer> {
    this.start({ keepsAlive: true });
    try {
      return await new Promise((resolve, reject) => {
        this.onAbort(reject);
        task.then(resolve, reject);
      });
    } finally {
      this.pause();
    }
  }

  /**
   * Starts the timer, because something is waited for. If the time is over, it aborts and returns false.
   *
   * @param options - `keepsAlive`: whether the timer alone keeps the process alive, where the runtime has the choice.
   */
  start({ keepsAlive }: { readonly keepsAlive: boolean }): boolean {
    const left = this.#until - monotonicSeconds();
    const expire = (): void => {
      this.#abort(this.#timeoutError());
    };
    if (!this.#ended && left <= 0) expire();
    if (this.#ended) return false;
    this.#timer = setTimeout(expire, left * 1000);
    const timer: unknown = this.#timer;
    // Node, Deno and Bun have `unref`; in browsers and Workers a timer is a number.
    if (!keepsAlive) (timer as { unref?: () => unknown }).unref?.();
    return true;
  }

  /** Stops the timer, because nothing is waited for. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Sets the listener for the abort, in place of the one before. After an abort it is called at once. */
  onAbort(listener: (reason: unknown) => void): void {
    this.#onAbort = listener;
    if (this.signal.aborted) listener(this.signal.reason);
  }

  /** Stops the timer and removes all listeners. */
  end(): void {
    this.#ended = true;
    this.pause();
    this.#unfollow?.();
    this.#onAbort = null;
  }

  /** @internal Called when the caller's signal aborts. */
  follow(reason: unknown): void {
    this.#abort(reason);
  }

  #abort(reason: unknown): void {
    const listener = this.#onAbort;
    this.end();
    this.#controller.abort(reason);
    listener?.(reason);
  }
}
