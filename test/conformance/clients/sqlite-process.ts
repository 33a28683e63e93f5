// Another process on the same SQLite files: it runs the calls of the stores that it is told to open, and is
// killed at a commit if it is told so. Told in lines of JSON, on any runtime.
import { createInterface } from "node:readline";
import type { DispatchStore, EpochSeconds } from "../../../src/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { type Connection, type Driver, DRIVERS } from "./drivers.ts";
import { decode, encode, encodeError } from "./wire.ts";

interface Opened {
  readonly store: DispatchStore;
  readonly connection: Connection;
}

/** What it is told. */
export type Told = { readonly id: number } & (
  | { readonly open: number; readonly file: string; readonly cut: "before" | "after" | null }
  | { readonly close: number }
  | {
      readonly call: number;
      readonly method: keyof DispatchStore;
      readonly args: unknown;
      readonly now: EpochSeconds;
    }
);

const open = await DRIVERS[process.argv[2] as Driver]();
const stores = new Map<number, Opened>();
let now: EpochSeconds;

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal is on its way.
  for (;;);
}

/** A connection whose process is killed right before its commit, or right after. */
function killed(connection: Connection, cut: "before" | "after"): Connection {
  return {
    prepare: (sql) => connection.prepare(sql),
    exec: (sql) => {
      if (sql === "COMMIT" && cut === "before") die();
      connection.exec(sql);
      if (sql === "COMMIT") die();
    },
    close: () => connection.close(),
  };
}

async function run(told: Told): Promise<unknown> {
  if ("open" in told) {
    const file = open(told.file);
    const connection = told.cut ? killed(file, told.cut) : file;
    stores.set(told.open, { connection, store: sqliteStore(connection, { clock: () => now }) });
    return null;
  }
  const opened = stores.get("close" in told ? told.close : told.call);
  if (!opened) throw new Error("no such store");
  if ("close" in told) return void opened.connection.close();
  now = told.now;
  // The case calls what a store has, with what it takes.
  const call = opened.store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  return call[told.method]?.(...(decode(told.args) as unknown[]));
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const told = JSON.parse(line) as Told;
  const answer = (body: object): void =>
    void process.stdout.write(`${JSON.stringify({ id: told.id, ...body })}\n`);
  run(told).then(
    (value) => {
      answer({ answer: encode(value) });
    },
    (error: unknown) => {
      answer({ error: encodeError(error) });
    },
  );
});
// Nobody is left to tell it anything.
lines.on("close", () => process.exit());
