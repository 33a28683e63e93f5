/** Ends a request after its timeout, or when the caller's signal aborts. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout>;
  #onAbort: ((reason: unknown) => void) | null = null;

  /** @param timeoutError - makes the error for a request that took longer than `seconds`. */
  constructor(seconds: number, caller: AbortSignal | undefined, timeoutError: () => Error) {
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.#abort(timeoutError());
    }, seconds * 1000);
    caller?.addEventListener("abort", this.#follow);
    if (caller?.aborted === true) this.#follow();
  }

  /** Aborts at the timeout, or when the caller's signal aborts. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for `task`, but rejects at the deadline even if `task` ignores the signal. */
  async race<Answer>(task: PromiseLike<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.onAbort(reject);
      task.then(resolve, reject);
    });
  }

  /** Sets the listener for the abort, in place of the one before. After an abort it is called at once. */
  onAbort(listener: (reason: unknown) => void): void {
    this.#onAbort = listener;
    if (this.signal.aborted) listener(this.signal.reason);
  }

  /** Stops the timer and removes all listeners. */
  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#follow);
    this.#onAbort = null;
  }

  readonly #follow = (): void => {
    this.#abort(this.#caller?.reason);
  };

  #abort(reason: unknown): void {
    const listener = this.#onAbort;
    this.end();
    this.#controller.abort(reason);
    listener?.(reason);
  }
}
