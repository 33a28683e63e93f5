import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** An answer of the store, its money as digits. */
export interface Answer {
  readonly did: "answer";
  readonly call: string;
  /** A job's, a hold's, a lane's or a scope's id; empty for what is about no single one. */
  readonly subject: string;
  /** What the call told the store: an attempt's token, an amount, the id of a decision. */
  readonly token?: string;
  readonly attempt?: number;
  readonly actual?: string | null;
  readonly decision?: string;
  /** The length of the lease that a claim asked for, in seconds. */
  readonly leaseSeconds?: number | null;
  /** When it was asked for the first time, and for the last time, in milliseconds since 1970. */
  readonly began?: number;
  readonly asked?: number;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** What a process writes down, outside the store, as it goes. */
export type Written =
  | Answer
  /** Before it is asked for: a decision may be carried out, and never be answered. */
  | { readonly did: "decides"; readonly call: string; readonly subject: string; readonly decision: string }
  /** Before it is spent, and on the disk by then; under a hold's id, or the token of a job's attempt. */
  | { readonly did: "spend"; readonly hold: string; readonly amount: string }
  /** Before it is reported. */
  | {
      readonly did: "report";
      readonly job: string;
      readonly attempt: number;
      readonly token: string;
      readonly result: string | null;
      readonly actual: string | null;
      /** Whether the attempt counts; one that does not is given back. */
      readonly counts: boolean;
      readonly retriable: boolean;
    }
  | { readonly did: "task"; readonly id: number }
  /** When the processes of the seed started, in seconds since 1970: its deadlines count from there. */
  | { readonly did: "started"; readonly start: number }
  | { readonly did: "fault"; readonly index: number; readonly act: "kill" | "stop" }
  | { readonly did: "continued" | "audit" }
  /** What was done to the server and to the connections. */
  | { readonly did: "crash" | "cut"; readonly how: string }
  | { readonly did: "broke"; readonly message: string };

/** The same, with the time at which it was written, in milliseconds since 1970. */
export type Entry = Written & { readonly at: number };

/** The file of one process. What it wrote survives its SIGKILL; what it spends, it has put on the disk first. */
export class Journal {
  readonly #file: number;

  constructor(folder: string, name: string) {
    this.#file = openSync(join(folder, `${name}.jsonl`), "a");
  }

  write(entry: Written): void {
    writeSync(this.#file, `${JSON.stringify({ ...entry, at: Date.now() })}\n`);
  }

  /** The truth about money: before the cost arises, a crash of the machine must not lose it. */
  spend(hold: string, amount: bigint): void {
    this.write({ did: "spend", hold, amount: String(amount) });
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Everything that all processes of a seed wrote, each in its order. */
export function readJournals(folder: string): ReadonlyMap<string, readonly Entry[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".jsonl"));
  return new Map(
    files.sort().map((file) => {
      // What follows the last line end is being written, or its process was killed there, before it went on.
      const lines = readFileSync(join(folder, file), "utf8").split("\n").slice(0, -1);
      // Only this module writes there.
      return [file.slice(0, -".jsonl".length), lines.map((line) => JSON.parse(line) as Entry)];
    }),
  );
}

/** An answer without its prototype, whose `toJSON` would write dollars: amounts stay digits. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}
