import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { Place } from "./database.ts";

/** What the tables hold, read without the store's code; money as whole numbers of micro-cents. */
export interface Rows {
  readonly jobs: readonly JobRow[];
  readonly holds: readonly HoldRow[];
  readonly scopes: readonly ScopeRow[];
  /** What people decided, and the hold, or `job:` and the job, that it is about; `null` for caps and lanes. */
  readonly decisions: readonly { readonly id: string; readonly subject: string | null }[];
  /** What the journal tells, row by row in the order of its places. */
  readonly journal: readonly ToldRow[];
  /** Each change of a row so far, in its order, as the database itself has written it down. */
  readonly jobMoves: readonly Move<JobRow>[];
  readonly holdMoves: readonly Move<HoldRow>[];
  readonly scopeMoves: readonly Move<ScopeRow>[];
}

/** The entries of a statement, as they are stored. */
export interface ToldRow {
  readonly place: number;
  readonly before: Readonly<Record<string, string>>;
  readonly entries: readonly {
    readonly kind: string;
    readonly job?: string | null;
    readonly attempt?: number | null;
    readonly state?: string | null;
    readonly closed?: readonly [holdId: string, held: string, booked: string] | null;
    readonly opened?: readonly [holdId: string, held: string] | null;
    readonly moved?: string | null;
    readonly scopes?: readonly (readonly [scope: string, cap: string | null])[] | null;
  }[];
}

/** A row before and after a change; `after` is `null` if the row was deleted. */
export interface Move<Kind> {
  /** Seconds since 1970, on the database's clock. */
  readonly at: number;
  readonly before: Kind;
  readonly after: Kind | null;
}

export interface ScopeRow {
  readonly scope: string;
  readonly reserved: bigint;
  readonly spent: bigint;
  readonly pinned: bigint | null;
  readonly raisedTo: bigint | null;
}

export interface JobRow {
  readonly jobId: string;
  readonly state: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly pruned: boolean;
  /** One of each claim: its token, how it ended, and the number of its hold. */
  readonly tokens: readonly string[];
  readonly ends: readonly (string | null)[];
  readonly numbers: readonly number[];
  /** The number of its holds, the attempts that count, and how often a person has retried it. */
  readonly holds: number;
  readonly tried: number;
  readonly retries: number;
}

export interface HoldRow {
  readonly holdId: string;
  readonly jobId: string | null;
  readonly asked: bigint;
  /** What is set aside, extensions included. */
  readonly held: bigint;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly booked: bigint;
  readonly corrected: boolean;
  readonly pruned: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/** @param patience - milliseconds that SQLite may take to let others finish. */
export async function readRows({ store, at, schema }: Place, patience = 5000): Promise<Rows> {
  const tables = ["jobs", "holds", "scopes", "decisions", "journal", "witness"];
  const [jobs = [], holds = [], scopes = [], decisions = [], journal = [], moves = []] =
    store === "sqlite" ? sqliteRows(at, schema, patience, tables) : await postgresRows(at, schema, tables);
  const [jobOf, holdOf] = store === "sqlite" ? [sqliteJob, sqliteHold] : [postgresJob, postgresHold];
  const movesOf = <Kind>(table: string, read: (row: Row) => Kind): readonly Move<Kind>[] =>
    [...moves]
      .filter(({ tab }) => tab === table)
      .sort((one, other) => Number(one["number"]) - Number(other["number"]))
      .map(({ at: seconds, before, after }) => ({
        at: Number(seconds),
        before: read(parsed(before)),
        after: after === null ? null : read(parsed(after)),
      }));
  return {
    jobs: jobs.map(jobOf),
    holds: holds.map(holdOf),
    scopes: scopes.map(scopeOf),
    decisions: decisions.map(({ id, subject }) => ({ id: text(id), subject: textOrNull(subject) })),
    journal: journal.map(toldOf).sort((one, other) => one.place - other.place),
    jobMoves: movesOf("jobs", jobOf),
    holdMoves: movesOf("holds", holdOf),
    scopeMoves: movesOf("scopes", scopeOf),
  };
}

/** Everything at one instant: a deferred transaction reads one snapshot. */
function sqliteRows(
  file: string,
  schema: string,
  patience: number,
  tables: readonly string[],
): readonly (readonly Row[])[] {
  const database = new DatabaseSync(file, { timeout: patience, readOnly: true });
  try {
    database.exec("BEGIN");
    return tables.map((table) => database.prepare(`SELECT * FROM ${schema}_${table}`).all());
  } finally {
    database.close();
  }
}

async function postgresRows(
  url: string,
  schema: string,
  tables: readonly string[],
): Promise<readonly (readonly Row[])[]> {
  const client = new pg.Client({ connectionString: url });
  // The server may go down at any time.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const all: (readonly Row[])[] = [];
    for (const table of tables) all.push((await client.query<Row>(`SELECT * FROM ${schema}.${table}`)).rows);
    return all;
  } finally {
    await client.end();
  }
}

const text = (value: unknown): string => String(value);
const textOrNull = (value: unknown): string | null => (value === null ? null : text(value));
const amount = (value: unknown): bigint => BigInt(text(value));
const amountOrNull = (value: unknown): bigint | null => (value === null ? null : amount(value));
// Only the stores and the triggers write the columns that these read.
const list = <Item>(value: unknown): readonly Item[] => value as readonly Item[];
const parsed = (value: unknown): Row => JSON.parse(text(value)) as Row;
const parsedList = (value: unknown): readonly Row[] => JSON.parse(text(value)) as readonly Row[];

function toldOf({ place, body }: Row): ToldRow {
  // Only the stores write here.
  return { ...(parsed(body) as unknown as Omit<ToldRow, "place">), place: Number(place) };
}

function sqliteJob(row: Row): JobRow {
  const attempts = parsedList(row["attempts"]);
  const [tried, , retries] = list<number>(JSON.parse(text(row["counts"])));
  return {
    ...jobOf(row),
    tokens: attempts.map(({ token }) => text(token)),
    ends: attempts.map(({ end }) => textOrNull(end)),
    numbers: attempts.map(({ hold }) => Number(hold)),
    tried: Number(tried),
    retries: Number(retries),
  };
}

function postgresJob(row: Row): JobRow {
  return {
    ...jobOf(row),
    tokens: list(row["tokens"]),
    ends: list(row["ends"]),
    numbers: list(row["hold_numbers"]),
    tried: Number(row["tried"]),
    retries: Number(row["retries"]),
  };
}

function jobOf(row: Row): Pick<JobRow, "jobId" | "state" | "result" | "error" | "pruned" | "holds"> {
  return {
    jobId: text(row["job_id"]),
    state: text(row["state"]),
    result: textOrNull(row["result"]),
    error: row["error"] === null ? null : text(parsed(row["error"])["code"]),
    pruned: Boolean(row["pruned"]),
    holds: Number(row["holds"]),
  };
}

function sqliteHold(row: Row): HoldRow {
  const steps = list<string>(JSON.parse(text(row["steps"])));
  return {
    ...holdOf(row),
    held: steps.reduce((sum, step) => sum + amount(step), amount(row["asked"])),
    scopes: parsedList(row["scopes"]).map(({ scope }) => text(scope)),
  };
}

function postgresHold(row: Row): HoldRow {
  return { ...holdOf(row), held: amount(row["held"]), scopes: list(row["scopes"]) };
}

function holdOf(row: Row): Omit<HoldRow, "held" | "scopes"> {
  return {
    holdId: text(row["hold_id"]),
    jobId: textOrNull(row["job_id"]),
    asked: amount(row["asked"]),
    state: text(row["state"]),
    booked: amount(row["booked"]),
    corrected: Boolean(row["corrected"]),
    pruned: Boolean(row["pruned"]),
  };
}

function scopeOf(row: Row): ScopeRow {
  return {
    scope: text(row["scope"]),
    reserved: amount(row["reserved"]),
    spent: amount(row["spent"]),
    pinned: amountOrNull(row["pinned"]),
    raisedTo: amountOrNull(row["raised_to"]),
  };
}
