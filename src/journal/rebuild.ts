import { HoldState } from "../budget/contract.ts";
import type { JobState } from "../dispatch/lifecycle.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import type { EpochSeconds } from "../time.ts";
import type { JournalEntry, JournalScope } from "../dispatch/journal.ts";

/** What a scope has committed. Amounts in micro-cents. */
export interface RebuiltScope {
  readonly reserved: MicroCents;
  readonly spent: MicroCents;
}

/** A hold. Amounts in micro-cents. */
export interface RebuiltHold {
  readonly held: MicroCents;
  /** 0 while it is open or released. */
  readonly booked: MicroCents;
  readonly state: HoldState;
}

/** A pinned cap. */
export interface RebuiltCap {
  /** Micro-cents. */
  readonly pinned: MicroCents;
  /** The raise, which counts until its end; `null` if there is none. */
  readonly raise: { readonly to: MicroCents; readonly until: EpochSeconds } | null;
}

/** A job. */
export interface RebuiltJob {
  readonly state: JobState;
  /** The attempts that counted. */
  readonly attempts: number;
}

/** The state that a journal tells. */
export interface Rebuilt {
  readonly scopes: ReadonlyMap<string, RebuiltScope>;
  /** By id. Those that were forgotten are gone. */
  readonly holds: ReadonlyMap<string, RebuiltHold>;
  /** By scope. */
  readonly caps: ReadonlyMap<string, RebuiltCap>;
  readonly pausedLanes: ReadonlySet<string>;
  /** By id. Those that were forgotten are gone. */
  readonly jobs: ReadonlyMap<string, RebuiltJob>;
}

/**
 * The state that a journal tells, from nothing but its entries: what each scope has committed, holds, pinned caps, paused lanes, and
 * jobs. It equals what the store answers, and shows what the store was at an earlier time if the later entries are left out.
 *
 * @param entries - all of them from the first, in their order.
 * @example
 * ```ts
 * const store = memoryStore();
 * const scopes = [{ scope: "month:2026-07", cap: usd("50") }];
 * await store.hold({ holdId: "call-1", amount: usd("3"), scopes, ttlSeconds: 60 });
 * await store.settle("call-1", usd("2"));
 * const { holds } = await rebuild(journalEntries(store));
 * holds.get("call-1")?.state; // => "settled"
 * ```
 */
export async function rebuild(
  entries: Iterable<JournalEntry> | AsyncIterable<JournalEntry>,
): Promise<Rebuilt> {
  const scopes = new Map<string, RebuiltScope>();
  const holds = new Map<string, RebuiltHold>();
  const caps = new Map<string, RebuiltCap>();
  const pausedLanes = new Set<string>();
  const jobs = new Map<string, RebuiltJob>();

  for await (const entry of entries) {
    const { kind, jobId, state, attempt, lane, closed, opened, scopes: moved } = entry;
    if (kind === "forgotten") {
      if (closed) holds.delete(closed.holdId);
      if (jobId !== null) jobs.delete(jobId);
      continue;
    }
    if (closed) {
      const { holdId, ...hold } = closed;
      put(holdId, hold, moved);
    }
    if (opened) {
      const { holdId, held } = opened;
      put(holdId, { held, booked: microCents(0n), state: HoldState.OPEN }, moved);
    }
    if (jobId !== null && state !== null) jobs.set(jobId, outcome({ state, attempts: attempt ?? 0 }));
    if (kind === "lane_paused" && lane !== null) pausedLanes.add(lane);
    if (kind === "lane_resumed" && lane !== null) pausedLanes.delete(lane);
    for (const scope of moved) setCap(caps, entry, scope);
  }
  return outcome({ scopes, holds, caps, pausedLanes, jobs });

  /** Keeps a hold, and counts it in its scopes in place of what it was. */
  function put(holdId: string, hold: RebuiltHold, moved: readonly JournalScope[]): void {
    const was = holds.get(holdId);
    holds.set(holdId, outcome({ held: hold.held, booked: hold.booked, state: hold.state }));
    for (const { scope } of moved) {
      const { reserved, spent } = scopes.get(scope) ?? { reserved: 0n, spent: 0n };
      const next = {
        reserved: microCents(reserved + reservedFor(hold) - (was ? reservedFor(was) : 0n)),
        spent: microCents(spent + hold.booked - (was?.booked ?? 0n)),
      };
      scopes.set(scope, outcome(next));
    }
  }
}

function reservedFor({ state, held }: RebuiltHold): bigint {
  return state === HoldState.OPEN ? held : 0n;
}

function setCap(
  caps: Map<string, RebuiltCap>,
  { kind, until }: JournalEntry,
  { scope, cap }: JournalScope,
): void {
  if (kind === "cap_unpinned") caps.delete(scope);
  if (cap === null) return;
  if (kind === "cap_pinned") caps.set(scope, outcome({ pinned: cap, raise: null }));
  if (kind !== "cap_raised" || until === null) return;
  caps.set(scope, outcome({ pinned: caps.get(scope)?.pinned ?? cap, raise: outcome({ to: cap, until }) }));
}
