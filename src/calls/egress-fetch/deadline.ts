/** The end of a request's time: its own, or when the caller aborts. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout>;
  #onAbort: ((reason: unknown) => void) | null = null;

  /** @param late - makes the error for a request that took longer than `seconds`. */
  constructor(seconds: number, caller: AbortSignal | undefined, late: () => Error) {
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.#abort(late());
    }, seconds * 1000);
    caller?.addEventListener("abort", this.#follow);
    if (caller?.aborted === true) this.#follow();
  }

  /** Aborts what is given it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The answer of `task`, also if that does not listen to the signal. */
  async race<Answer>(task: PromiseLike<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.onAbort(reject);
      task.then(resolve, reject);
    });
  }

  /** Who is told of the end, instead of whoever was before. */
  onAbort(told: (reason: unknown) => void): void {
    this.#onAbort = told;
    if (this.signal.aborted) told(this.signal.reason);
  }

  /** Nothing is to be waited for any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#follow);
    this.#onAbort = null;
  }

  readonly #follow = (): void => {
    this.#abort(this.#caller?.reason);
  };

  #abort(reason: unknown): void {
    const told = this.#onAbort;
    this.end();
    this.#controller.abort(reason);
    told?.(reason);
  }
}
