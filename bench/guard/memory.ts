import { fork } from "node:child_process";
import { median } from "../measure.ts";
import type { Kind } from "./events.ts";
import { messageOf } from "./provider.ts";

/** Streams that are open at once. */
export const STREAMS = 1000;
const ROUNDS = 3;

/** What a process with open streams is asked, and its answer: bytes of heap and external memory for each stream. */
export interface Question {
  readonly port: number;
  readonly kind: Kind;
  readonly guarded: boolean;
  /** Events that each client has read. */
  readonly read: number;
  /** Events that each stream has sent. */
  readonly sent: number;
}

/** What 1,000 open streams take, in bytes for each: the client alone, and with a guard. */
export interface Memory {
  readonly kind: Kind;
  /** What the clients have not read yet. */
  readonly title: string;
  readonly bare: number;
  readonly guarded: number;
  /** The median of the rounds' differences. */
  readonly beyond: number;
}

const STATES = [
  { title: "everything sent is read", sent: 10, read: 10 },
  { title: "300 events are sent, 10 are read", sent: 300, read: 10 },
] as const;

/** Measures the memory of open streams. Each process has one kind of streams only. */
export async function memoryOf(port: number): Promise<readonly Memory[]> {
  const all: Memory[] = [];
  for (const kind of ["openai, usage hidden", "anthropic"] as const) {
    for (const { title, ...events } of STATES) {
      const bare: number[] = [];
      const guarded: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        bare.push(await asked({ port, kind, guarded: false, ...events }));
        guarded.push(await asked({ port, kind, guarded: true, ...events }));
      }
      const beyond = median(guarded.map((bytes, round) => bytes - (bare[round] ?? NaN)));
      all.push({ kind, title, bare: median(bare), guarded: median(guarded), beyond });
    }
  }
  return all;
}

async function asked(question: Question): Promise<number> {
  const child = fork(new URL("open-streams.ts", import.meta.url), { execArgv: ["--expose-gc"] });
  child.send(question);
  const bytes = await messageOf(child);
  if (typeof bytes === "number") return bytes;
  throw new Error("the process with the streams has no answer");
}
