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

  /**
   * `{jobs}`, `{holds}`, `{scopes}`, `{lanes}`, `{decisions}`, and in PostgreSQL `{ready}` and `{leases}` stand for the tables, `$1` and
   * so on for the values.
   */
  run(sql: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return failing(() =>
      this.#on.run(
        sql.replaceAll(/\{(jobs|holds|scopes|lanes|decisions|ready|leases)\}/g, `${this.#on.prefix}$1`),
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

  /** The hold of the last attempt that was claimed; `null` without any. */
  async lastHoldOf(jobId: string): Promise<string | null> {
    const column = this.isPostgres
      ? "hold_numbers[cardinality(hold_numbers)]"
      : "json_extract(attempts, '$[#-1].hold')";
    const [row] = await this.run(`SELECT ${column} AS last FROM {jobs} WHERE job_id = $1`, jobId);
    const last = row?.["last"] ?? null;
    return last === null ? null : `job:${jobId}#${String(Number(last))}`;
  }

  /** The hold of the attempt that a token was minted for. */
  async holdOf(jobId: string, token: string): Promise<string> {
    const [row] = this.isPostgres
      ? await this.run(
          "SELECT hold_numbers[array_position(tokens, $2::text)] AS n FROM {jobs} WHERE job_id = $1",
          jobId,
          token,
        )
      : await this.run(
          `SELECT json_extract(value, '$.hold') AS n FROM {jobs}, json_each(attempts)
            WHERE job_id = $1 AND json_extract(value, '$.token') = $2`,
          jobId,
          token,
        );
    return `job:${jobId}#${String(row?.["n"])}`;
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
  async giveBack(store: DispatchStore, holdId: string | null): Promise<void> {
    if (holdId === null) return;
    const hold = await store.getHold(holdId);
    if (hold?.state !== "charged") return;
    await this.run("UPDATE {holds} SET state = 'released', booked = $2 WHERE hold_id = $1", holdId, "0");
    await this.countAll(hold.scopes, "spent", 0n - hold.booked);
  }

  /** Writes the scopes that were asked for over those that a hold was made in. */
  async setScopes(holdId: string, jobId: string | null, scopes: readonly ScopeCap[]): Promise<void> {
    if (this.isPostgres) {
      const list = (items: readonly (bigint | null | undefined)[]): string =>
        `{${items.map((item) => String(item ?? null)).join()}}`;
      await this.run(
        `UPDATE {holds} SET scopes = $2::text[], caps = $3::bigint[], untils = $4::float8[] WHERE hold_id = $1`,
        holdId,
        `{${scopes.map(({ scope }) => JSON.stringify(scope)).join()}}`,
        list(scopes.map(({ cap }) => cap)),
        list(scopes.map(() => null)),
      );
      return;
    }
    const text = JSON.stringify(
      scopes.map(({ scope, cap = null }) => ({ scope, cap: cap === null ? null : String(cap), until: null })),
    );
    await this.run("UPDATE {holds} SET scopes = $2 WHERE hold_id = $1", holdId, text);
    if (jobId !== null) await this.run("UPDATE {jobs} SET scopes = $2 WHERE job_id = $1", jobId, text);
  }
}
