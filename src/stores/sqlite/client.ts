import { DispatchError } from "../../errors.ts";

/** A value that every SQLite client binds alike. */
export type SqliteValue = string | number | null;

/** A prepared statement, as `node:sqlite`, `better-sqlite3` and `bun:sqlite` all have it. */
export interface SqliteStatement {
  all(...values: SqliteValue[]): unknown[];
  run(...values: SqliteValue[]): unknown;
}

/**
 * The part of a SQLite client that the store uses: `DatabaseSync` of `node:sqlite`, `Database` of
 * `better-sqlite3` and of `bun:sqlite` fit as they are.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  // Twice, since TypeScript does not infer type parameters where it compares with overloads. It infers those of
  // better-sqlite3's `prepare` wrongly below 6.0: the statements then take no `null`, and the client does not fit.
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the reason is above
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  /** Whether a transaction is open: `node:sqlite`. */
  readonly isTransaction?: boolean | undefined;
  /** The same: `better-sqlite3` and `bun:sqlite`. */
  readonly inTransaction?: boolean | undefined;
}

/** A row by column; what is in it is what the schema lets in. */
export type Row = Readonly<Record<string, SqliteValue>>;

/** Statements over one database, each prepared once. What the client throws becomes `store_failed`. */
export class Client {
  readonly #database: SqliteDatabase;
  readonly #prepared = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  rows(sql: string, ...values: SqliteValue[]): readonly Row[] {
    // The schema says what a row holds.
    return failing(() => this.#statement(sql).all(...values)) as readonly Row[];
  }

  row(sql: string, ...values: SqliteValue[]): Row | null {
    return this.rows(sql, ...values)[0] ?? null;
  }

  run(sql: string, ...values: SqliteValue[]): void {
    failing(() => this.#statement(sql).run(...values));
  }

  /** Whether a transaction is open; `null` if the client does not tell. */
  inTransaction(): boolean | null {
    return this.#database.isTransaction ?? this.#database.inTransaction ?? null;
  }

  exec(sql: string): void {
    failing(() => this.#database.exec(sql));
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

function failing<Answer>(call: () => Answer): Answer {
  try {
    return call();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "the client threw what is no error";
    throw new DispatchError("store_failed", `SQLite: ${message}`, { cause });
  }
}
