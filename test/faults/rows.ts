import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import type { Place } from "./database.ts";

/** What the tables hold, read without the store's code; money as whole numbers of micro-cents. */
export interface Rows {
  readonly jobs: readonly JobRow[];
  readonly holds: readonly HoldRow[];
  readonly scopes: readonly { readonly scope: string; readonly reserved: bigint; readonly spent: bigint }[];
}

export interface JobRow {
  readonly jobId: string;
  readonly state: string;
  readonly result: string | null;
  readonly tokens: readonly string[];
  readonly ends: readonly (string | null)[];
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
}

type Row = Readonly<Record<string, unknown>>;

/** @param patience - milliseconds that SQLite may take to let others finish. */
export async function readRows({ store, at, schema }: Place, patience = 5000): Promise<Rows> {
  return store === "sqlite" ? sqliteRows(at, schema, patience) : await postgresRows(at, schema);
}

const text = (value: unknown): string => String(value);
const textOrNull = (value: unknown): string | null => (value === null ? null : text(value));
// Only the stores write the columns that these read.
const list = (value: unknown): readonly string[] => value as readonly string[];

/** Everything at one instant: a deferred transaction reads one snapshot. */
function sqliteRows(file: string, schema: string, patience: number): Rows {
  const database = new DatabaseSync(file, { timeout: patience, readOnly: true });
  const all = (table: string): readonly Row[] => database.prepare(`SELECT * FROM ${schema}_${table}`).all();
  try {
    database.exec("BEGIN");
    const parsed = (value: unknown): readonly Row[] => JSON.parse(text(value)) as readonly Row[];
    return {
      jobs: all("jobs").map((row) => ({
        jobId: text(row["job_id"]),
        state: text(row["state"]),
        result: textOrNull(row["result"]),
        tokens: parsed(row["attempts"]).map(({ token }) => text(token)),
        ends: parsed(row["attempts"]).map(({ end }) => textOrNull(end)),
      })),
      holds: all("holds").map((row) => ({
        holdId: text(row["hold_id"]),
        jobId: textOrNull(row["job_id"]),
        asked: BigInt(text(row["asked"])),
        held: [row["asked"], ...list(JSON.parse(text(row["steps"])))].reduce<bigint>(
          (sum, step) => sum + BigInt(text(step)),
          0n,
        ),
        scopes: parsed(row["scopes"]).map(({ scope }) => text(scope)),
        state: text(row["state"]),
        booked: BigInt(text(row["booked"])),
      })),
      scopes: all("scopes").map(counter),
    };
  } finally {
    database.close();
  }
}

async function postgresRows(url: string, schema: string): Promise<Rows> {
  const client = new pg.Client({ connectionString: url });
  // The server may go down at any time.
  client.on("error", () => undefined);
  await client.connect();
  const all = async (table: string): Promise<readonly Row[]> =>
    (await client.query<Row>(`SELECT * FROM ${schema}.${table}`)).rows;
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return {
      jobs: (await all("jobs")).map((row) => ({
        jobId: text(row["job_id"]),
        state: text(row["state"]),
        result: textOrNull(row["result"]),
        tokens: list(row["tokens"]),
        ends: row["ends"] as readonly (string | null)[],
      })),
      holds: (await all("holds")).map((row) => ({
        holdId: text(row["hold_id"]),
        jobId: textOrNull(row["job_id"]),
        asked: BigInt(text(row["asked"])),
        held: BigInt(text(row["held"])),
        scopes: list(row["scopes"]),
        state: text(row["state"]),
        booked: BigInt(text(row["booked"])),
      })),
      scopes: (await all("scopes")).map(counter),
    };
  } finally {
    await client.end();
  }
}

function counter(row: Row): Rows["scopes"][number] {
  const [reserved, spent] = [BigInt(text(row["reserved"])), BigInt(text(row["spent"]))];
  return { scope: text(row["scope"]), reserved, spent };
}
