import type { DispatchStore } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import type { Answer, Guard, Prompt } from "./guards.ts";
import type { SimulatedClock } from "./replay.ts";

/** The two ways in which the same hour is spent. */
export type PassName = "naive" | "settled";

export type Store = DispatchStore<Prompt, Answer>;

/** What a call's note is about: the record of what leaves, or the right to report its answer. */
export type NoteKind = "egress" | "lease";

/** What a pass writes down about its calls, beside its store and in the same transaction. */
export interface Notes {
  write(kind: NoteKind, line: number, text: string): void;
  /** By the call's line. */
  read(kind: NoteKind): ReadonlyMap<number, string>;
}

/** What a pass stands on. */
export interface Ground {
  /** Whether a run that was killed goes on. */
  readonly isResumed: boolean;
  readonly store: Store;
  readonly notes: Notes;
  /** Runs a step, so that all of it is kept or none. */
  readonly together: <Value>(step: () => Promise<Value>) => Promise<Value>;
}

/** Where the passes keep what they do, and what became of it. */
export interface Place {
  /** The ground of a pass, whose store is ready. */
  open(pass: PassName, clock: SimulatedClock): Promise<Ground>;
  /** Its own guard for a pass, once that is open; without it the pass has its usual one. */
  guard?(pass: PassName): Guard | null;
  readonly description: PlaceDescription;
}

/** Which store it was, and how many processes worked on it. */
export interface PlaceDescription {
  readonly store: "memory" | "sqlite" | "postgres";
  readonly name: string;
  readonly processes: number;
  /** How many of them died at work, and were replaced. */
  readonly deaths: number;
  /** How many transactions were committed, and the time that it took to have them on the disk. */
  readonly commits: number;
  readonly commitSeconds: number;
}

/** In this process, and gone with it. */
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
