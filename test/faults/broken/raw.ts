import type { ScopeCap } from "../../../src/budget/scopes.ts";
import type { DispatchStore } from "../../../src/dispatch/contract.ts";
import { DispatchError, isDispatchError } from "../../../src/errors.ts";

export type Row = Readonly<Record<string, unknown>>;
export type Value = string | number | null;

/** A database behind a store's back. */
export interface Connection {
  readonly dialect: "postgres" | "sqlite";
  /** What the names of the tables begin with. */
  readonly prefix: string;
  run(sql: string, ...values: readonly Value[]): Promise<readonly Row[]>;
  /** The store and the statements in one transaction. */
  together<Answer>(use: (store: DispatchStore, raw: Raw) => Promise<Answer>): Promise<Answer>;
}

/** Tells of a database that is away as a store does, so that what is caught is the mistake and not its clumsiness. */
async function failing<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (cause) {
    if (isDispatchError(cause)) throw cause;
    const { code, message } = cause as { readonly code?: string; readonly message: string };
    const definite = code !== undefined && /^(?!08|57P)[0-9A-Z]{5}$/.test(code);
    throw new DispatchError(
      definite || message === "database is locked" ? "store_failed" : "outcome_unknown",
      message,
      { cause },
    );
  }
}

/** What breaks stores does to their tables, in the words of both databases. */
export class Raw {
  readonly #on: Connection;

  constructor(on: Connection) {
    this.#on = on;
  }

  get isPostgres(): boolean {
    return this.#on.dialect === "postgres";
  }

  get prefix(): string {
    return this.#on.prefix;
  }

  /** `{jobs}`, `{holds}`, `{scopes}`, and in PostgreSQL `{ready}` and `{leases}` stand for the tables, `$1` and so on for the values. */
  run(sql: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return failing(() =>
      this.#on.run(
        sql.replaceAll(/\{(jobs|holds|scopes|ready|leases)\}/g, `${this.#on.prefix}$1`),
        ...values,
      ),
    );
  }

  together<Answer>(use: (store: DispatchStore, raw: Raw) => Promise<Answer>): Promise<Answer> {
    return failing(() => this.#on.together(use));
  }

  /** The token that holds a running job now. */
  async tokenOf(jobId: string): Promise<string | null> {
    const last = this.isPostgres ? "tokens[cardinality(tokens)]" : "json_extract(attempts, '$[#-1].token')";
    const [row] = await this.run(
      `SELECT ${last} AS token FROM {jobs} WHERE job_id = $1 AND state = 'running'`,
      jobId,
    );
    return row === undefined ? null : String(row["token"]);
  }

  async attemptsOf(jobId: string): Promise<number> {
    const length = this.isPostgres ? "cardinality(tokens)" : "json_array_length(attempts)";
    const [row] = await this.run(`SELECT ${length} AS made FROM {jobs} WHERE job_id = $1`, jobId);
    return Number(row?.["made"] ?? 0);
  }

  async count(scope: string, column: "reserved" | "spent", by: bigint): Promise<void> {
    const sum = this.isPostgres
      ? `${column} + $2::numeric`
      : `CAST(CAST(${column} AS INTEGER) + CAST($2 AS INTEGER) AS TEXT)`;
    await this.run(`UPDATE {scopes} SET ${column} = ${sum} WHERE scope = $1`, scope, String(by));
  }

  async countAll(scopes: readonly ScopeCap[], column: "reserved" | "spent", by: bigint): Promise<void> {
    for (const { scope } of scopes) await this.count(scope, column, by);
  }

  /** Gives back what was charged. */
  async giveBack(store: DispatchStore, holdId: string): Promise<void> {
    const hold = await store.getHold(holdId);
    if (hold?.state !== "charged") return;
    await this.run("UPDATE {holds} SET state = 'released', booked = $2 WHERE hold_id = $1", holdId, "0");
    await this.countAll(hold.scopes, "spent", 0n - hold.booked);
  }

  /** Writes the caps that were asked for over those that a hold was made with. */
  async setCaps(holdId: string, jobId: string | null, scopes: readonly ScopeCap[]): Promise<void> {
    if (this.isPostgres) {
      const caps = `{${scopes.map(({ cap }) => String(cap)).join()}}`;
      await this.run("UPDATE {holds} SET caps = $2::bigint[] WHERE hold_id = $1", holdId, caps);
      return;
    }
    const text = JSON.stringify(scopes.map(({ scope, cap }) => ({ scope, cap: String(cap), until: null })));
    await this.run("UPDATE {holds} SET scopes = $2 WHERE hold_id = $1", holdId, text);
    if (jobId !== null) await this.run("UPDATE {jobs} SET scopes = $2 WHERE job_id = $1", jobId, text);
  }
}
