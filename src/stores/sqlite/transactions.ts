import { DispatchError, isDispatchError } from "../../errors.ts";
import { soon } from "../../internal/timers.ts";
import type { EpochSeconds } from "../../time.ts";
import { engine } from "../engine/engine.ts";
import type { Operations, Run } from "../operations.ts";
import { Client, type SqliteDatabase } from "./client.ts";
import { Schema } from "./schema.ts";
import { SqliteTables } from "./tables.ts";

interface Task {
  /** When it was called, on the monotonic clock in milliseconds. */
  readonly since: number;
  /** Whether it runs in a transaction of its own: a migration, or since one that it was in has failed. */
  readonly isAlone: boolean;
  /** A failure of the database is thrown. */
  readonly run: () => Answered<unknown>;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/** The longest wait in milliseconds between two tries to lock the file. */
const LONGEST_WAIT = 20;
/** Milliseconds after which a transaction takes no more calls, so that the process goes on. */
const LONGEST_TURN = 20;

type Answered<Answer> = { readonly answer: Answer } | { readonly error: unknown };

/** Operations on one SQLite database; those in flight together run in one transaction. */
export class Transactions {
  readonly #client: Client;
  readonly #schema: Schema;
  readonly #clock: () => EpochSeconds;
  readonly #operations: Operations;
  #now: EpochSeconds | null = null;
  #waiting: Task[] = [];
  #isRunning = false;
  /** The connection's busy timeout in milliseconds, as it was seen last. */
  #patience = Infinity;
  #isPinned = false;

  constructor(database: SqliteDatabase, prefix: string, clock: () => EpochSeconds, by: string | null) {
    this.#client = new Client(database);
    this.#schema = new Schema(this.#client, prefix);
    this.#clock = clock;
    // One instant for each operation: a clock that throws must throw before anything is written.
    const now = (): EpochSeconds => this.#now ?? clock();
    this.#operations = engine(new SqliteTables(this.#client, prefix, now), by);
  }

  /** Runs an operation in one transaction with all calls in flight, each with its own outcome. */
  readonly grouped: Run = (operation) => this.#queue(false, () => this.#answer(operation));

  /** Runs an operation alone, inside the transaction that the caller has begun. */
  readonly within: Run = (operation) =>
    new Promise((resolve) => {
      resolve(this.#inside(operation));
    });

  migrate(): Promise<void> {
    return this.#queue(true, () => {
      this.migrateWithin();
      return { answer: undefined };
    });
  }

  migrateWithin(): void {
    this.#schema.migrate();
  }

  #queue<Answer>(isAlone: boolean, run: Task["run"]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ since: performance.now(), isAlone, run, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      // After all calls of this turn.
      soon(() => {
        void this.#runAll();
      });
    });
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

  /**
   * Runs all calls that wait. While another transaction has locked the file, it tries again without blocking the process,
   * which may be the one that has to end the other: each call for as long as the connection's busy timeout.
   */
  async #runAll(): Promise<void> {
    for (let wait = 1; this.#waiting.length > 0;) {
      let begun: Answered<boolean>;
      try {
        begun = { answer: this.#tryBegin() };
      } catch (error) {
        begun = { error };
      }
      if ("error" in begun) {
        for (const { reject } of this.#waiting.splice(0)) reject(begun.error);
      } else if (begun.answer) {
        wait = 1;
        this.#runSome();
        // Whatever else this process has to do comes between two transactions.
        if (this.#waiting.length > 0) await new Promise<void>(soon);
      } else {
        this.#rejectLate();
        await new Promise((go) => setTimeout(go, wait));
        wait = Math.min(2 * wait, LONGEST_WAIT);
      }
    }
    this.#isRunning = false;
  }

  /** Rejects the calls that have waited for the file too long. */
  #rejectLate(): void {
    const now = performance.now();
    const late = this.#waiting.filter(({ since }) => now - since >= this.#patience);
    this.#waiting = this.#waiting.filter(({ since }) => now - since < this.#patience);
    for (const { since, reject } of late) {
      const message = `SQLite: another transaction was open for ${Math.round(now - since)} ms; nothing was done`;
      reject(new DispatchError("store_failed", message));
    }
  }

  /** Begins a transaction if the file is not locked. */
  #tryBegin(): boolean {
    const { synchronous, timeout } = this.#ensureSafe();
    this.#patience = timeout;
    // Somebody's own transaction on this connection.
    if (this.#client.inTransaction() === true) return false;
    this.#pin(synchronous);
    this.#client.exec("PRAGMA busy_timeout = 0");
    try {
      this.#client.exec("BEGIN IMMEDIATE");
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    } finally {
      this.#client.exec(`PRAGMA busy_timeout = ${this.#patience}`);
    }
  }

  /** Runs calls in the transaction that was begun, as many as its time allows. */
  #runSome(): void {
    const start = performance.now();
    const tasks: Task[] = [];
    const answers: Answered<unknown>[] = [];
    try {
      for (let next = this.#next(tasks); next; next = this.#next(tasks)) {
        tasks.push(next);
        answers.push(next.run());
        if (performance.now() - start >= LONGEST_TURN) break;
      }
    } catch (error) {
      this.#undo("ROLLBACK");
      // One of them may have caused it: each runs alone.
      if (tasks.length > 1) this.#waiting.unshift(...tasks.map((task) => ({ ...task, isAlone: true })));
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

  /** The next call of a transaction that has these already. */
  #next(tasks: readonly Task[]): Task | undefined {
    const [next] = this.#waiting;
    const isFull = tasks.length > 0 && (next?.isAlone === true || tasks[0]?.isAlone === true);
    return isFull ? undefined : this.#waiting.shift();
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
  #pin(synchronous: number): void {
    if (this.#isPinned) return;
    this.#client.exec(`PRAGMA synchronous = ${synchronous}`);
    this.#isPinned = true;
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
