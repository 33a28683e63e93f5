import { DispatchError, isDispatchError } from "../errors.ts";

interface Call<Input, Answer> {
  readonly input: Input;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** The error for a call without an answer: it may have been committed, so it is not run again. */
export function missingAnswer(): DispatchError {
  const message = "the database answered fewer calls than were made; repeat the call with the same ids";
  return new DispatchError("outcome_unknown", message);
}

/** The most calls in one statement. */
const MOST_CALLS = 200;
/** The most code units of payloads and results in one statement; a call with more travels alone. */
const MOST_SIZE = 4_000_000;
/** Milliseconds after which a statement that waits for a lock no longer delays the next one. */
const PATIENCE = 50;
/** The most statements of one kind at once. */
const MOST_STATEMENTS = 8;

/**
 * Sends calls of one kind that are in flight together in this process as one statement, each with its own answer.
 * After a definite error each call is run alone.
 */
export class Group<Input, Answer> {
  readonly #run: (inputs: readonly Input[]) => Promise<readonly Answer[]>;
  readonly #key: (input: Input) => string | null;
  readonly #size: (input: Input) => number;
  #waiting: Call<Input, Answer>[] = [];
  /** The keys of the calls that were sent and are not answered yet. */
  readonly #sentKeys = new Set<string>();
  #running = 0;
  #allowed = 1;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param key - of two calls with the same key the second waits for the first; `null` waits for none.
   * @param size - the code units of a call's payload or result.
   */
  constructor(
    run: (inputs: readonly Input[]) => Promise<readonly Answer[]>,
    key: (input: Input) => string | null,
    size: (input: Input) => number = () => 0,
  ) {
    this.#run = run;
    this.#key = key;
    this.#size = size;
  }

  call(input: Input): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject });
      // Calls of the same turn are sent together.
      queueMicrotask(() => {
        this.#sendWaiting();
      });
    });
  }

  #sendWaiting(): void {
    if (this.#waiting.length === 0) return;
    if (this.#running >= this.#allowed) {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#allowed = Math.min(MOST_STATEMENTS, this.#running + 1);
        this.#sendWaiting();
      }, PATIENCE);
      return;
    }
    const taken = new Set(this.#sentKeys);
    const together: Call<Input, Answer>[] = [];
    const later: Call<Input, Answer>[] = [];
    let size = 0;
    for (const call of this.#waiting) {
      const key = this.#key(call.input);
      const more = this.#size(call.input);
      const isFull =
        together.length === MOST_CALLS || (together.length > 0 && more > 0 && size + more > MOST_SIZE);
      if (isFull || (key !== null && taken.has(key))) later.push(call);
      else {
        together.push(call);
        size += more;
      }
      if (key !== null) taken.add(key);
    }
    this.#waiting = later;
    // Every call waits for one with its own key.
    if (together.length === 0) return;
    const keys = together.map(({ input }) => this.#key(input)).filter((key) => key !== null);
    for (const key of keys) this.#sentKeys.add(key);
    this.#running++;
    void this.#send(together).finally(() => {
      for (const key of keys) this.#sentKeys.delete(key);
      this.#running--;
      this.#allowed = 1;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#sendWaiting();
    });
  }

  async #send(calls: readonly Call<Input, Answer>[]): Promise<void> {
    try {
      const answers = await this.#run(calls.map(({ input }) => input));
      calls.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(missingAnswer());
        else resolve(answer);
      });
    } catch (error) {
      if (calls.length > 1 && isDispatchError(error, "store_failed")) {
        for (const call of calls) await this.#send([call]);
      } else for (const { reject } of calls) reject(error);
    }
  }
}
