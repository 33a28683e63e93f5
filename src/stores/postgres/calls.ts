import { isDispatchError } from "../../errors.ts";
import type { EpochSeconds } from "../../time.ts";
import { Group, missingAnswer } from "../group.ts";
import { ask, isPool, type PostgresClient, type PostgresValue, Undone } from "./client.ts";

/** How often a statement is tried that lost against another one. */
const TRIES = 5;
/** Milliseconds to wait after a deadlock, times the number of tries: the other statement gets its locks first. */
const DEADLOCK_WAIT = 50;

/** The schema of a store, its clock (`null`: the database's), and who it is. */
export interface StoreNames {
  readonly schema: string;
  readonly clock: (() => EpochSeconds) | null;
  readonly by: string | null;
}

/** The input of one call. Two calls about the same hold, job or token are never in one statement. */
export interface Item {
  readonly [column: string]: unknown;
  readonly holdId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly token?: string | undefined;
  readonly result?: string | undefined;
}

/**
 * Calls of the store's functions in the database. Calls in flight together are sent as one statement, unless they are
 * `alone`, inside a caller's transaction.
 */
export class Calls {
  readonly clock: (() => EpochSeconds) | null;
  readonly #by: string | null;
  readonly #client: PostgresClient;
  readonly #schema: string;
  readonly #alone: boolean;
  /** Whether others may have begun a transaction on the client's connection. */
  readonly #isShared: boolean;
  readonly #groups = new Map<string, unknown>();

  constructor(client: PostgresClient, { schema, clock, by }: StoreNames, alone: boolean) {
    this.#client = client;
    this.#schema = schema;
    this.clock = clock;
    this.#by = by;
    this.#alone = alone;
    this.#isShared = !alone && !isPool(client);
  }

  /** In one statement with the other calls of this operation that are in flight, each about something else. */
  async grouped<Answer>(
    name: string,
    input: Item,
    ...last: readonly (readonly [PostgresValue, string])[]
  ): Promise<Answer> {
    const run = (inputs: readonly Item[]): Promise<readonly unknown[]> =>
      this.call(name, jsonb(inputs), this.time(), ...last);
    // Each operation declares what its function answers.
    const answer = await this.together(
      name,
      input,
      ({ token, holdId, jobId }) => token ?? holdId ?? jobId ?? "",
      run,
      ({ result }) => result?.length ?? 0,
    );
    return answer as Answer;
  }

  /** In one statement with the other calls of the same name, unless inside a caller's transaction. */
  async together<Input, Answer>(
    name: string,
    input: Input,
    key: (input: Input) => string | null,
    run: (inputs: readonly Input[]) => Promise<readonly Answer[]>,
    size?: (input: Input) => number,
  ): Promise<Answer> {
    if (this.#alone) return answerAt(await run([input]), 0);
    // All calls of one name have the same types.
    let group = this.#groups.get(name) as Group<Input, Answer> | undefined;
    if (group === undefined) {
      group = new Group(run, key, size);
      this.#groups.set(name, group);
    }
    return group.call(input);
  }

  /**
   * Calls a function of the store. What lost against another statement is tried again; inside a caller's transaction there
   * is nothing left to try in.
   */
  async call<Answer>(
    name: string,
    ...parameters: readonly (readonly [PostgresValue, string])[]
  ): Promise<Answer> {
    const values = parameters.map(([value]) => (value === null ? null : String(value)));
    const text = this.#isShared ? this.#procedure(name, parameters.length) : this.#function(name, parameters);
    for (let tries = 1; ; tries++) {
      try {
        // Each operation declares what its function answers.
        return (await ask(this.#client, text, values)) as Answer;
      } catch (error) {
        const code = codeOf(error);
        if (this.#alone || tries >= TRIES || !REPEATABLE.includes(code)) throw error;
        if (code === DEADLOCK) await new Promise((go) => setTimeout(go, DEADLOCK_WAIT * tries));
      }
    }
  }

  #function(name: string, parameters: readonly (readonly [PostgresValue, string])[]): string {
    const list = parameters.map(([, type], index) => `$${index + 1}::text::${type}`);
    return `SELECT "${this.#schema}".${name}_v1(${list.join(", ")})::text AS answer`;
  }

  /** A connection that others use too may be inside a transaction of theirs: this fails there. */
  #procedure(name: string, count: number): string {
    const list = Array.from({ length: count }, (_, index) => `$${index + 1}::text`);
    return `CALL "${this.#schema}".alone_v1('${name}', ARRAY[${list.join(", ")}]::text[], NULL)`;
  }

  /** The time of the caller's clock; `null` for the database's. */
  time(): readonly [PostgresValue, string] {
    return [this.clock ? this.clock() : null, "float8"];
  }

  /** Who the store is, for the journal. */
  by(): readonly [PostgresValue, string] {
    return [this.#by, "text"];
  }
}

/** Runs a batch that is all or nothing. @returns what undid it, if there was a conflict. */
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

/** A list or an object as a parameter. */
export function jsonb(list: object): readonly [PostgresValue, string] {
  return [JSON.stringify(list), "jsonb"];
}

export function answerAt<Answer>(answers: readonly Answer[], index: number): Answer {
  const answer = answers[index];
  if (answer === undefined) throw missingAnswer();
  return answer;
}

const DEADLOCK = "40P01";
/** After these (also a serialization failure and a duplicate key) nothing has changed, and a repeat may succeed. */
const REPEATABLE: readonly unknown[] = [DEADLOCK, "40001", "23505"];

/** The SQLSTATE of an error of the database; `null` for any other error. */
function codeOf(error: unknown): unknown {
  if (!isDispatchError(error, "store_failed")) return null;
  return ((error.cause ?? {}) as { readonly code?: unknown }).code;
}
