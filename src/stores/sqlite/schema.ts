import { DispatchError } from "../../errors.ts";
import type { Client, Row } from "./client.ts";
import { MIGRATIONS } from "./sql.gen.ts";
import { statementsOf } from "./statements.ts";

/** The version of the schema that this code reads and writes. */
const VERSION: number = MIGRATIONS.length;

/** The migrations of one schema. */
export class Schema {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #sql: ReturnType<typeof statementsOf>;

  constructor(client: Client, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
    this.#sql = statementsOf(prefix);
  }

  /** Brings the schema up to this code's version; call it inside a transaction that locks the database. */
  migrate(): void {
    this.#client.exec(this.#sql.createMigrations);
    this.#ensureDigests();
    const from = this.#version(this.#client.rows(this.#sql.migrations));
    for (const { version, sha256, sql } of MIGRATIONS.slice(from)) {
      this.#client.exec(sql.replaceAll("{prefix}", this.#prefix));
      this.#client.run(this.#sql.putMigration, version, sha256);
    }
  }

  /** Refuses a schema that is missing, or of another version than this code's. */
  ensureMigrated(): void {
    const version = this.#version(this.#stored());
    if (version === VERSION) return;
    throw this.#refused(`is at version ${version}, this code needs ${VERSION}; call migrate() once`);
  }

  #stored(): readonly Row[] {
    try {
      return this.#client.rows(this.#sql.migrations);
    } catch (error) {
      // Nobody has migrated yet, or with a version that kept no digests.
      if (this.#client.rows(this.#sql.columnsOfMigrations).length === 0) return [];
      this.#ensureDigests();
      throw error;
    }
  }

  #ensureDigests(): void {
    const columns = this.#client.rows(this.#sql.columnsOfMigrations);
    if (!columns.some(({ name }) => name === "sha256")) throw this.#unpublished();
  }

  /** The version of a schema whose migrations are this code's, as far as there are any. */
  #version(stored: readonly Row[]): number {
    const version = Math.max(0, ...stored.map((row) => Number(row["version"])));
    if (version > VERSION) {
      throw this.#refused(`is at version ${version}, this code knows ${VERSION}; update dispatch-kit`);
    }
    const known = stored.every(({ sha256 }, index) => sha256 === MIGRATIONS[index]?.sha256);
    if (!known) throw this.#unpublished();
    return version;
  }

  #unpublished(): DispatchError {
    return this.#refused(
      "was made by a version of dispatch-kit that was never published; " +
        "drop its tables, or name another one, and call migrate() again",
    );
  }

  #refused(why: string): DispatchError {
    return new DispatchError("store_failed", `the schema ${this.#prefix} ${why}`);
  }
}
