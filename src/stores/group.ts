import { DispatchError, isDispatchError } from "../errors.ts";

interface Waiting<Input, Answer> {
  readonly input: Input;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** What is missing is no answer, and admits nothing. */
export function missingAnswer(): DispatchError {
  return new DispatchError("store_failed", "the database answered fewer calls than were made");
}

/** The most calls of one statement. */
const MOST = 200;
/** Milliseconds after which a statement that waits for a lock no longer keeps the next one waiting. */
const PATIENCE = 50;
/** The most statements of one kind at once. */
const LANES = 8;

/**
 * Calls of one kind that are in flight together in this process: they travel as one statement, each with its own
 * answer. After a definite error each is run alone.
 */
export class Group<Input, Answer> {
  readonly #run: (inputs: readonly Input[]) => Promise<readonly Answer[]>;
  readonly #key: (input: Input) => string | null;
  #waiting: Waiting<Input, Answer>[] = [];
  /** The keys of the calls that travel. */
  readonly #aboard = new Set<string>();
  #running = 0;
  #lanes = 1;
  #patience: ReturnType<typeof setTimeout> | null = null;

  /** @param key - of two calls with one key the second waits for the first; one without a key goes with any. */
  constructor(
    run: (inputs: readonly Input[]) => Promise<readonly Answer[]>,
    key: (input: Input) => string | null,
  ) {
    this.#run = run;
    this.#key = key;
  }

  call(input: Input): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject });
      // What else is called in this turn goes along.
      queueMicrotask(() => {
        this.#depart();
      });
    });
  }

  #depart(): void {
    if (this.#waiting.length === 0) return;
    if (this.#running >= this.#lanes) {
      this.#patience ??= setTimeout(() => {
        this.#patience = null;
        this.#lanes = Math.min(LANES, this.#running + 1);
        this.#depart();
      }, PATIENCE);
      return;
    }
    const taken = new Set(this.#aboard);
    const together: Waiting<Input, Answer>[] = [];
    const later: Waiting<Input, Answer>[] = [];
    for (const call of this.#waiting) {
      const key = this.#key(call.input);
      if (together.length === MOST || (key !== null && taken.has(key))) later.push(call);
      else together.push(call);
      if (key !== null) taken.add(key);
    }
    this.#waiting = later;
    // Those that are left follow calls with their own keys.
    if (together.length === 0) return;
    const keys = together.map(({ input }) => this.#key(input)).filter((key) => key !== null);
    for (const key of keys) this.#aboard.add(key);
    this.#running++;
    void this.#travel(together).finally(() => {
      for (const key of keys) this.#aboard.delete(key);
      this.#running--;
      this.#lanes = 1;
      if (this.#patience !== null) clearTimeout(this.#patience);
      this.#patience = null;
      this.#depart();
    });
  }

  async #travel(calls: readonly Waiting<Input, Answer>[]): Promise<void> {
    try {
      const answers = await this.#run(calls.map(({ input }) => input));
      calls.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(missingAnswer());
        else resolve(answer);
      });
    } catch (error) {
      if (calls.length > 1 && isDispatchError(error, "store_failed")) {
        for (const call of calls) await this.#travel([call]);
      } else for (const { reject } of calls) reject(error);
    }
  }
}
