import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { DispatchStore } from "../../src/dispatch/contract.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { type SqliteDatabase, sqliteStore } from "../../src/stores/sqlite/index.ts";
import { breakStore } from "./broken/broken.ts";
import { type Connection, Raw, type Row } from "./broken/raw.ts";
import type { StoreName } from "./plan.ts";
import type { Points } from "./points.ts";

/** Where a seed's store is, as a process is told. */
export interface Place {
  readonly store: StoreName;
  /** A connection string, or a file. */
  readonly at: string;
  readonly schema: string;
  /** What is wrong with the store, if anything is. */
  readonly broken: string | null;
}

export interface Opened {
  readonly store: DispatchStore;
  close(): Promise<void>;
}

/**
 * Opens the store as a service does.
 *
 * @param points - interrupts the process while the store is used.
 * @param isOlder - whether it is used by code that cannot read the payloads of newer jobs.
 */
export function openStore(place: Place, points: Points | null, isOlder = false): Opened {
  const payload = isOlder ? olderPayload : (value: unknown) => value;
  const opened =
    place.store === "sqlite" ? openSqlite(place, points, payload) : openPostgres(place, points, payload);
  if (place.broken === null) return opened;
  return { ...opened, store: breakStore(place.broken, opened.store, new Raw(opened.connection)) };
}

type Parser = (value: unknown) => unknown;

/** Older code reads a name, and newer code writes an object. */
function olderPayload(value: unknown): unknown {
  if (typeof value === "string") return value;
  throw new TypeError("an older process cannot read this");
}

/** A store, and a way behind its back. */
interface Behind extends Opened {
  readonly connection: Connection;
}

function openPostgres({ at, schema }: Place, points: Points | null, payload: Parser): Behind {
  const pool = new pg.Pool({
    connectionString: at,
    max: 2,
    application_name: schema,
    connectionTimeoutMillis: 10_000,
  });
  // A connection that is cut while it is idle; the next call says so.
  pool.on("error", () => undefined);
  const through = (client: pg.Pool | pg.PoolClient) => ({
    query: async (text: string, values: unknown[]) => {
      const answer = client.query<Row>(text, values);
      points?.onTheWay();
      return answer;
    },
  });
  const client = through(pool);
  const store = postgresStore(client, { schema, payload });
  const prefix = `"${schema}".`;
  return {
    store,
    connection: {
      dialect: "postgres",
      prefix,
      run: async (sql, ...values) => (await client.query(sql, [...values])).rows,
      async together(use) {
        const own = await pool.connect();
        own.on("error", () => undefined);
        const inside = through(own);
        const raw: Connection = {
          dialect: "postgres",
          prefix,
          run: async (sql, ...values) => (await inside.query(sql, [...values])).rows,
          together: () => Promise.reject(new Error("it is one already")),
        };
        try {
          await own.query("BEGIN");
          const answer = await use(store.within(inside), new Raw(raw));
          await own.query("COMMIT");
          own.release();
          return answer;
        } catch (error) {
          // What it has begun ends with the connection.
          own.release(true);
          throw error;
        }
      },
    },
    close: () => pool.end(),
  };
}

/** Milliseconds that a transaction waits for another process's; one that is stopped inside of its own has longer. */
const BUSY = 1000;

/** A connection as it is recommended. */
export function connect(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: BUSY });
}

function openSqlite({ at, schema }: Place, points: Points | null, payload: Parser): Behind {
  const database = connect(at);
  const client = points ? interrupted(database, points) : database;
  const store = sqliteStore(client, { schema, payload });
  const connection: Connection = {
    dialect: "sqlite",
    prefix: `${schema}_`,
    run: (sql, ...values) => {
      const statement = client.prepare(sql.replaceAll(/\$(\d)/g, "?$1"));
      // A row of SQLite, by column.
      return Promise.resolve(statement.all(...values) as readonly Row[]);
    },
    async together(use) {
      // Nothing else of this process comes between: whatever is awaited here is settled already.
      client.exec("BEGIN IMMEDIATE");
      try {
        const answer = await use(store.within(client), new Raw(connection));
        client.exec("COMMIT");
        return answer;
      } catch (error) {
        client.exec("ROLLBACK");
        throw error;
      }
    },
  };
  return {
    store,
    connection,
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

/** The same, with a point after each statement, inside of transactions too. */
function interrupted(database: DatabaseSync, points: Points): SqliteDatabase {
  const passing = <Answer>(answer: Answer): Answer => {
    points.pass("sql");
    return answer;
  };
  return {
    exec: (sql) => {
      // Before what commits, and after it.
      points.pass("sql");
      database.exec(sql);
      points.pass("sql");
    },
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        all: (...values) => passing(statement.all(...values)),
        run: (...values) => passing(statement.run(...values)),
      };
    },
  };
}
