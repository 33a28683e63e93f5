import type { DispatchStore } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import type { Answer, Guard, Prompt } from "./guards.ts";
import type { SimulatedClock } from "./replay.ts";

/** The two passes over the same hour: without settlement, and with it. */
export type PassName = "naive" | "settled";

export type Store = DispatchStore<Prompt, Answer>;

/** The two kinds of notes about a call: its egress record, and the lease with which its answer is reported. */
export type NoteKind = "egress" | "lease";

/** Notes of a pass about its calls, written in the same transaction as the store's changes. */
export interface Notes {
  write(kind: NoteKind, line: number, text: string): void;
  /** By the call's line. */
  read(kind: NoteKind): ReadonlyMap<number, string>;
}

/** The store of a pass, and what belongs to it. */
export interface Ground {
  /** Whether this resumes a killed run. */
  readonly isResumed: boolean;
  readonly store: Store;
  readonly notes: Notes;
  /** Runs a step as one transaction. */
  readonly together: <Value>(step: () => Promise<Value>) => Promise<Value>;
}

/** Where the passes keep their data. */
export interface Place {
  /** Opens the ground of a pass; its store is ready to use. */
  open(pass: PassName, clock: SimulatedClock): Promise<Ground>;
  /** Another guard for an open pass; `null` for the default guard. */
  guard?(pass: PassName): Guard | null;
  readonly description: PlaceDescription;
}

/** Which store was used, and by how many processes. */
export interface PlaceDescription {
  readonly store: "memory" | "sqlite" | "postgres";
  readonly name: string;
  readonly processes: number;
  /** How many processes died during the run and were replaced. */
  readonly deaths: number;
  /** How many transactions were committed, and how long their commits took. */
  readonly commits: number;
  readonly commitSeconds: number;
}

/** Keeps everything in the memory of this process. */
export function inMemory(): Place {
  return {
    async open(_, clock) {
      const store = memoryStore<Prompt, Answer>({ clock: () => clock.now });
      await store.migrate();
      return { isResumed: false, store, notes: memoryNotes(), together: (step) => step() };
    },
    description: { store: "memory", name: "memory", processes: 1, deaths: 0, commits: 0, commitSeconds: 0 },
  };
}

export function memoryNotes(): Notes {
  const notes: Record<NoteKind, Map<number, string>> = { egress: new Map(), lease: new Map() };
  return {
    write: (kind, line, text) => notes[kind].set(line, text),
    read: (kind) => notes[kind],
  };
}
