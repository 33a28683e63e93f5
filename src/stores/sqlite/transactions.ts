import { DispatchError, isDispatchError } from "../../errors.ts";
import type { EpochSeconds } from "../../time.ts";
import { engine } from "../engine/engine.ts";
import type { Operations, Run } from "../operations.ts";
import { Client, type SqliteDatabase } from "./client.ts";
import { Schema } from "./schema.ts";
import { SqliteTables } from "./tables.ts";

interface Task {
  readonly operation: (operations: Operations) => unknown;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

type Answered<Answer> = { readonly answer: Answer } | { readonly error: unknown };

/** Runs after all calls of this turn. Node, Deno and Bun have `setImmediate`. */
function later(run: () => void): void {
  // Not every runtime's types declare it.
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown };
  if (setImmediate) setImmediate(run);
  else setTimeout(run);
}

/** Operations on one SQLite database; those in flight together run in one transaction. */
export class Transactions {
  readonly #client: Client;
  readonly #schema: Schema;
  readonly #clock: () => EpochSeconds;
  readonly #operations: Operations;
  #now: EpochSeconds | null = null;
  #waiting: Task[] = [];
  #isSafe = false;

  constructor(database: SqliteDatabase, prefix: string, clock: () => EpochSeconds) {
    this.#client = new Client(database);
    this.#schema = new Schema(this.#client, prefix);
    this.#clock = clock;
    // One instant for each operation: a clock that throws must throw before anything is written.
    const now = (): EpochSeconds => this.#now ?? clock();
    this.#operations = engine(new SqliteTables(this.#client, prefix, now));
  }

  /** Runs an operation in one transaction with all calls in flight, each with its own outcome. */
  readonly grouped: Run = (operation) =>
    new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      if (this.#waiting.length > 1) return;
      later(() => {
        const tasks = this.#waiting;
        this.#waiting = [];
        this.#runAll(tasks);
      });
    });

  /** Runs an operation alone, inside the transaction that the caller has begun. */
  readonly within: Run = (operation) =>
    new Promise((resolve) => {
      resolve(this.#inside(operation));
    });

  migrate(): void {
    this.#pinSafe();
    this.#client.exec("BEGIN IMMEDIATE");
    try {
      this.migrateWithin();
      this.#client.exec("COMMIT");
    } catch (error) {
      this.#undo("ROLLBACK");
      throw error;
    }
  }

  migrateWithin(): void {
    this.#schema.migrate();
  }

  #inside<Answer>(operation: (operations: Operations) => Answer): Answer {
    if (!this.#isBegun()) throw new DispatchError("store_failed", "within: begin a transaction first");
    this.#ensureSafe();
    this.#client.exec("SAVEPOINT dispatch_kit");
    let answered: Answered<Answer>;
    try {
      answered = this.#answer(operation);
    } catch (error) {
      this.#undo("ROLLBACK TO dispatch_kit; RELEASE dispatch_kit");
      throw error;
    }
    this.#client.exec("RELEASE dispatch_kit");
    if ("error" in answered) throw answered.error;
    return answered.answer;
  }

  #runAll(tasks: readonly Task[]): void {
    let answers: readonly Answered<unknown>[];
    try {
      this.#pinSafe();
      this.#client.exec("BEGIN IMMEDIATE");
    } catch (error) {
      for (const { reject } of tasks) reject(error);
      return;
    }
    try {
      answers = tasks.map(({ operation }) => this.#answer(operation));
    } catch (error) {
      this.#undo("ROLLBACK");
      // One of them may have caused it: run each alone.
      if (tasks.length > 1) for (const task of tasks) this.#runAll([task]);
      else tasks[0]?.reject(error);
      return;
    }
    try {
      this.#client.exec("COMMIT");
    } catch (cause) {
      this.#undo("ROLLBACK");
      const message = "SQLite failed to commit; whether it did is unknown, repeat the call with the same ids";
      for (const { reject } of tasks) reject(new DispatchError("outcome_unknown", message, { cause }));
      return;
    }
    tasks.forEach(({ resolve, reject }, index) => {
      const answered = answers[index];
      if (answered && "error" in answered) reject(answered.error);
      // What the operation answered.
      else resolve(answered?.answer as never);
    });
  }

  /** The answer of an operation, or the error that it throws; a failure of the database is thrown here. */
  #answer<Answer>(operation: (operations: Operations) => Answer): Answered<Answer> {
    this.#schema.ensureMigrated();
    try {
      this.#now = this.#clock();
      return { answer: operation(this.#operations) };
    } catch (error) {
      if (isDispatchError(error, "store_failed")) throw error;
      return { error };
    } finally {
      this.#now = null;
    }
  }

  /** Some builds of SQLite lower `synchronous` once the file is in WAL, unless the connection has set it. */
  #pinSafe(): void {
    if (this.#isSafe) return;
    this.#client.exec(`PRAGMA synchronous = ${this.#ensureSafe()}`);
    this.#isSafe = true;
  }

  /** What was committed must be on the disk, and another process's transaction is waited for. */
  #ensureSafe(): number {
    const pragma = (name: string): number =>
      Number(Object.values(this.#client.row(`PRAGMA ${name}`) ?? {})[0]);
    const [synchronous, timeout] = [pragma("synchronous"), pragma("busy_timeout")];
    if (synchronous < 2) throw unsafe("synchronous", "FULL (2) or EXTRA (3)", synchronous);
    if (timeout < 1) throw unsafe("busy_timeout", "above 0 milliseconds, such as 5000", timeout);
    return synchronous;
  }

  #isBegun(): boolean {
    const known = this.#client.inTransaction();
    if (known !== null) return known;
    try {
      this.#client.exec("BEGIN");
    } catch {
      // A transaction does not begin inside another.
      return true;
    }
    this.#undo("ROLLBACK");
    return false;
  }

  #undo(sql: string): void {
    try {
      this.#client.exec(sql);
    } catch {
      // The database has undone it already.
    }
  }
}

function unsafe(name: string, needed: string, given: number): DispatchError {
  return new DispatchError("store_failed", `PRAGMA ${name} must be ${needed}; it is ${given}`);
}
