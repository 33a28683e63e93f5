import { isDispatchError } from "../../errors.ts";
import type { EpochSeconds } from "../../time.ts";
import { Group, missingAnswer } from "../group.ts";
import { ask, type PostgresClient, type PostgresValue, Undone } from "./client.ts";

/** How often a statement is tried that met another one. */
const TRIES = 3;
/** Milliseconds that the other one of a deadlock gets, by each try: it was asleep when its locks became free. */
const AHEAD = 50;

/** What one call gives its function; two about one thing do not travel together. */
export interface Item {
  readonly [column: string]: unknown;
  readonly holdId?: string;
  readonly jobId?: string;
  readonly token?: string;
}

/**
 * Calls of the store's functions in the database. Those in flight together travel as one, unless they are `alone`,
 * inside a caller's transaction.
 */
export class Calls {
  readonly clock: (() => EpochSeconds) | null;
  readonly #client: PostgresClient;
  readonly #schema: string;
  readonly #alone: boolean;
  readonly #groups = new Map<string, unknown>();

  constructor(client: PostgresClient, schema: string, clock: (() => EpochSeconds) | null, alone: boolean) {
    this.#client = client;
    this.#schema = schema;
    this.clock = clock;
    this.#alone = alone;
  }

  /** With the other calls of this operation that are in flight; those about one thing one after another. */
  async grouped<Answer>(name: string, input: Item, atomic?: false): Promise<Answer> {
    const last = atomic === undefined ? [] : [[atomic, "boolean"] as const];
    const run = (inputs: readonly Item[]): Promise<readonly unknown[]> =>
      this.tried(() => this.call(name, items(inputs), this.time(), ...last));
    // What a function answers is declared with each operation.
    const answer = await this.together(
      name,
      input,
      ({ token, holdId, jobId }) => token ?? holdId ?? jobId ?? "",
      run,
    );
    return answer as Answer;
  }

  /** In one statement with the other calls of a name, unless inside a caller's transaction. */
  async together<Input, Answer>(
    name: string,
    input: Input,
    key: (input: Input) => string | null,
    run: (inputs: readonly Input[]) => Promise<readonly Answer[]>,
  ): Promise<Answer> {
    if (this.#alone) return at(await run([input]), 0);
    // Under a name all calls are of one type.
    let group = this.#groups.get(name) as Group<Input, Answer> | undefined;
    if (group === undefined) {
      group = new Group(run, key);
      this.#groups.set(name, group);
    }
    return group.call(input);
  }

  /** Again, if it met another statement; inside a caller's transaction there is nothing left to try in. */
  async tried<Answer>(run: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await run();
      } catch (error) {
        const code = codeOf(error);
        if (this.#alone || tries >= TRIES || (code !== DEADLOCK && code !== DUPLICATE)) throw error;
        if (code === DEADLOCK) await new Promise((go) => setTimeout(go, AHEAD * tries));
      }
    }
  }

  async call<Answer>(
    name: string,
    ...parameters: readonly (readonly [PostgresValue, string])[]
  ): Promise<Answer> {
    const list = parameters.map(([, type], index) => `$${String(index + 1)}::text::${type}`).join(", ");
    const values = parameters.map(([value]) => (value === null ? null : String(value)));
    const text = `SELECT "${this.#schema}".${name}_v1(${list})::text AS answer`;
    return (await ask(this.#client, text, values)) as Answer;
  }

  /** The clock of the caller, or nothing for that of the database. */
  time(): readonly [PostgresValue, string] {
    return [this.clock ? this.clock() : null, "float8"];
  }
}

/** In one transaction; what undid it, if there was a conflict. */
export async function allOrNothing<Answer>(
  run: () => Promise<readonly Answer[]>,
): Promise<readonly Answer[] | Undone> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Undone) return error;
    throw error;
  }
}

export function items(inputs: readonly unknown[]): readonly [PostgresValue, string] {
  return [JSON.stringify(inputs), "jsonb"];
}

export function at<Answer>(answers: readonly Answer[], index: number): Answer {
  const answer = answers[index];
  if (answer === undefined) throw missingAnswer();
  return answer;
}

/** Both are definite, and met once. */
const DEADLOCK = "40P01";
const DUPLICATE = "23505";

/** What the database has answered instead, if that is why a call failed. */
function codeOf(error: unknown): unknown {
  if (!isDispatchError(error, "store_failed")) return null;
  return ((error.cause ?? {}) as { readonly code?: unknown }).code;
}
