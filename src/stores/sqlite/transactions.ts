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

/** The longest wait in milliseconds between two tries to lock the file. */
const LONGEST_WAIT = 20;

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
  /** The connection's busy timeout in milliseconds, once its settings are checked. */
  #patience: number | null = null;

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
        void this.#flush();
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

  /** Runs all calls that wait, once the file can be locked. It always resolves. */
  async #flush(): Promise<void> {
    let failure: Answered<never> | null = null;
    try {
      await this.#begin();
    } catch (error) {
      failure = { error };
    }
    const tasks = this.#waiting;
    this.#waiting = [];
    if (failure) for (const { reject } of tasks) reject(failure.error);
    else this.#runAll(tasks);
  }

  /**
   * Begins a transaction. While another one has locked the file, it is tried again without blocking the process, which may
   * be the one that has to end the other: for as long as the connection's busy timeout.
   */
  async #begin(): Promise<void> {
    const patience = this.#pinSafe();
    const startedAt = performance.now();
    for (let wait = 1; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      if (this.#tryBegin(patience)) return;
      const waited = performance.now() - startedAt;
      if (waited >= patience) {
        const message = `SQLite: another transaction was open for ${Math.round(waited)} ms; nothing was done`;
        throw new DispatchError("store_failed", message);
      }
      await new Promise((go) => setTimeout(go, wait));
    }
  }

  /** Begins a transaction if the file is not locked. */
  #tryBegin(patience: number): boolean {
    // Somebody's own transaction on this connection.
    if (this.#client.inTransaction() === true) return false;
    this.#client.exec("PRAGMA busy_timeout = 0");
    try {
      this.#client.exec("BEGIN IMMEDIATE");
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    } finally {
      this.#client.exec(`PRAGMA busy_timeout = ${patience}`);
    }
  }

  /** Runs calls in the transaction that was begun. */
  #runAll(tasks: readonly Task[]): void {
    let answers: readonly Answered<unknown>[];
    try {
      answers = tasks.map(({ operation }) => this.#answer(operation));
    } catch (error) {
      this.#undo("ROLLBACK");
      // One of them may have caused it: run each alone.
      if (tasks.length > 1) for (const task of tasks) this.#runAlone(task);
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

  #runAlone(task: Task): void {
    try {
      this.#client.exec("BEGIN IMMEDIATE");
    } catch (error) {
      task.reject(error);
      return;
    }
    this.#runAll([task]);
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

  /**
   * Some builds of SQLite lower `synchronous` once the file is in WAL, unless the connection has set it.
   *
   * @returns the connection's busy timeout in milliseconds.
   */
  #pinSafe(): number {
    if (this.#patience !== null) return this.#patience;
    const { synchronous, timeout } = this.#ensureSafe();
    this.#client.exec(`PRAGMA synchronous = ${synchronous}`);
    this.#patience = timeout;
    return timeout;
  }

  /** What was committed must be on the disk, and another process's transaction is waited for. */
  #ensureSafe(): { readonly synchronous: number; readonly timeout: number } {
    const pragma = (name: string): number =>
      Number(Object.values(this.#client.row(`PRAGMA ${name}`) ?? {})[0]);
    const [synchronous, timeout] = [pragma("synchronous"), pragma("busy_timeout")];
    if (synchronous < 2) throw unsafe("synchronous", "FULL (2) or EXTRA (3)", synchronous);
    if (timeout < 1) throw unsafe("busy_timeout", "above 0 milliseconds, such as 5000", timeout);
    return { synchronous, timeout };
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

/** Whether another connection has locked the file: SQLite's result code 5, as each client tells it. */
function isBusy(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  // A client may have thrown anything.
  const { code, errcode, errno } = Object(cause) as Readonly<Record<string, unknown>>;
  if (typeof code === "string" && code.startsWith("SQLITE_BUSY")) return true;
  return [errcode, errno].some((number) => typeof number === "number" && (number & 0xff) === 5);
}
