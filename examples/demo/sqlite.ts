import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqliteStore } from "dispatch-kit/sqlite";
import { InputError, reasonOf } from "./failure.ts";
import { shown } from "./format.ts";
import type { Ground, Notes, Place, PlaceDescription } from "./ground.ts";
import type { Answer, Prompt } from "./guards.ts";

/** A run of the demo in a SQLite file, which can be resumed after a kill. */
export interface SqlitePlace extends Place {
  /** Whether the file had an unfinished run with the same input. */
  readonly isResumed: boolean;
  /** Marks the run as finished, so that the next run is a new one. */
  finish(): void;
  close(): void;
}

const TABLES = `
  CREATE TABLE demo_run (input TEXT NOT NULL, finished INTEGER NOT NULL CHECK (finished IN (0, 1)));
  CREATE TABLE demo_notes (
    pass TEXT NOT NULL, kind TEXT NOT NULL, line INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (pass, kind, line)
  ) WITHOUT ROWID`;

/**
 * Opens the file for a run, and resumes the run in it if that was killed.
 *
 * @param input - everything that decides the result; a run is resumed only with the same input.
 * @throws InputError if the file is not a database of this demo, or another process has it open.
 */
export function inSqlite(file: string, input: unknown, isFresh: boolean): SqlitePlace {
  const database = openFile(file);
  const identity = createHash("sha256").update(JSON.stringify(input)).digest("hex");
  let isResumed: boolean;
  try {
    isResumed = prepare(database, file, identity, isFresh);
  } catch (error) {
    database.close();
    throw error instanceof InputError ? error : new InputError(`${file}: ${reasonOf(error)}`);
  }
  let commits = 0;
  let commitSeconds = 0;
  const commit = (): void => {
    const started = performance.now();
    database.exec("COMMIT");
    commitSeconds += (performance.now() - started) / 1000;
    commits++;
  };
  return {
    isResumed,
    async open(pass, clock) {
      const store = sqliteStore<Prompt, Answer>(database, { schema: pass, clock: () => clock.now });
      await store.migrate();
      // A step and its notes are one transaction, so that a kill leaves only complete steps.
      const together: Ground["together"] = async (step) => {
        database.exec("BEGIN IMMEDIATE");
        try {
          const value = await step();
          commit();
          return value;
        } catch (error) {
          if (database.isTransaction) database.exec("ROLLBACK");
          throw error;
        }
      };
      return {
        isResumed,
        store: Object.assign(store.within(database), { migrate: () => Promise.resolve() }),
        notes: notesOf(database, pass),
        together,
      };
    },
    finish() {
      database.exec("UPDATE demo_run SET finished = 1");
    },
    close() {
      database.close();
    },
    get description(): PlaceDescription {
      return { store: "sqlite", name: shown(file), processes: 1, deaths: 0, commits, commitSeconds };
    },
  };
}

function openFile(file: string): DatabaseSync {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return new DatabaseSync(file, { timeout: 1000 });
  } catch (error) {
    throw new InputError(`${file}: cannot open the database: ${reasonOf(error)}`);
  }
}

/** Makes sure that the file has a run of this input; returns whether it was there before. */
function prepare(database: DatabaseSync, file: string, identity: string, isFresh: boolean): boolean {
  // The lock prevents two demos on one file, and ends with the process.
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name));
  if (tables.length > 0 && !tables.includes("demo_run")) {
    throw new InputError(`${file}: this is another program's database`);
  }
  const run = tables.length > 0 ? database.prepare("SELECT input, finished FROM demo_run").get() : undefined;
  const isResumed = !isFresh && run?.["input"] === identity && run["finished"] === 0;
  if (!isResumed) {
    for (const table of tables) database.exec(`DROP TABLE ${table}`);
    database.exec(TABLES);
    database.prepare("INSERT INTO demo_run VALUES (?, 0)").run(identity);
  }
  database.exec("COMMIT");
  return isResumed;
}

function notesOf(database: DatabaseSync, pass: string): Notes {
  const write = database.prepare("INSERT INTO demo_notes VALUES (?, ?, ?, ?)");
  const read = database.prepare("SELECT line, text FROM demo_notes WHERE pass = ? AND kind = ?");
  return {
    write: (kind, line, text) => write.run(pass, kind, line, text),
    read: (kind) => new Map(read.all(pass, kind).map(({ line, text }) => [Number(line), String(text)])),
  };
}
