import type { DispatchStore } from "dispatch-kit";
import type { JournalEntry } from "../../../src/dispatch/journal.ts";

/** What the entries of a journal say that there is. */
export interface Replayed {
  /** What each scope has committed. */
  readonly committed: ReadonlyMap<string, bigint>;
  readonly holds: ReadonlyMap<string, ReplayedHold>;
  readonly jobs: ReadonlyMap<string, { readonly state: string | null; readonly attempts: number | null }>;
  /** The pinned caps that were in force when they were decided on. */
  readonly caps: ReadonlyMap<string, bigint | null>;
  readonly paused: ReadonlySet<string>;
}

export interface ReplayedHold {
  /** `resolved`: settled or charged, when a job's attempt was closed at the whole amount. */
  readonly state: "open" | "settled" | "released" | "charged" | "resolved";
  readonly held: bigint;
  readonly booked: bigint;
}

/** Every entry, read in pages of a few. Whoever else has a transaction open on the server is waited for. */
export async function allEntries(store: DispatchStore, limit = 7): Promise<readonly JournalEntry[]> {
  const all: JournalEntry[] = [];
  for (let cursor = 0; ;) {
    const page = await store.journal({ after: cursor, limit });
    all.push(...page.entries);
    cursor = page.cursor;
    if (!page.more && page.heldBackSince === null) return all;
  }
}

/** Carries out entries from the first. @throws where one does not begin with what the others before it left. */
export function replay(entries: readonly JournalEntry[]): Replayed {
  const committed = new Map<string, bigint>();
  const holds = new Map<string, ReplayedHold>();
  const jobs = new Map<string, { state: string | null; attempts: number | null }>();
  const caps = new Map<string, bigint | null>();
  const paused = new Set<string>();
  let last = 0;
  for (const entry of entries) {
    const { place, kind, jobId, closed, opened, lane } = entry;
    if (place <= last) throw new Error(`place ${String(place)} comes after ${String(last)}`);
    last = place;
    for (const { scope, before, after, cap } of entry.scopes) {
      if ((committed.get(scope) ?? 0n) !== before) {
        throw new Error(
          `${kind} at ${String(place)}: ${scope} had ${String(committed.get(scope))}, not ${String(before)}`,
        );
      }
      committed.set(scope, after);
      if (kind.startsWith("cap_")) caps.set(scope, cap);
    }
    const wasRunning = jobId !== null && jobs.get(jobId)?.state === "running";
    if (closed !== null) {
      const { holdId, held, booked } = closed;
      const known = holds.get(holdId);
      if (known?.held !== held) throw new Error(`${kind} at ${String(place)}: another hold ${holdId}`);
      if (kind === "forgotten") {
        if (known.booked !== booked) throw new Error(`forgotten at ${String(place)}: booked something else`);
        holds.delete(holdId);
      } else holds.set(holdId, { state: closedAs(entry, wasRunning), held, booked });
    }
    if (opened !== null) {
      if (holds.has(opened.holdId) !== (kind === "extended"))
        throw new Error(`${opened.holdId} is made again`);
      holds.set(opened.holdId, { state: "open", held: opened.held, booked: 0n });
    }
    if (kind === "forgotten") {
      if (jobId !== null) jobs.delete(jobId);
    } else if (jobId !== null && entry.state !== null) {
      jobs.set(jobId, { state: entry.state, attempts: entry.attempt });
    }
    if (kind === "lane_paused" && lane !== null) paused.add(lane);
    if (kind === "lane_resumed" && lane !== null) paused.delete(lane);
  }
  return { committed, holds, jobs, caps, paused };
}

function closedAs({ kind, closed }: JournalEntry, wasRunning: boolean): ReplayedHold["state"] {
  switch (kind) {
    case "settled":
    case "corrected":
      return "settled";
    case "released":
    case "expired":
      return "released";
    case "charged":
    case "recovered":
      return "charged";
    case "cancelled":
      return wasRunning ? "charged" : "released";
    default:
      return closed?.held === closed?.booked ? "resolved" : "settled";
  }
}
