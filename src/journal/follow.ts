import { listenableSignal } from "../internal/abort.ts";
import { callable, identifier, listOf, optional, positive, read, whole } from "../internal/check.ts";
import { pacer, startTimer } from "../internal/timers.ts";
import { journalKind, type JournalEntry, type JournalFilter, type JournalPage } from "../dispatch/journal.ts";
import type { JournalSource } from "./read.ts";

/** Options of {@link follow}. */
export interface FollowOptions extends Omit<JournalFilter, "limit"> {
  /**
   * Called with each entry, in order, and awaited before the next one. Keep the cursor where you keep what you make of the
   * entry: it is the `after` of the next start.
   */
  readonly onEntry: (entry: JournalEntry, cursor: number) => unknown;
  /** Its abort ends the follower. */
  readonly signal: AbortSignal;
  /** Seconds between two looks for new entries, above 0; 1 by default. */
  readonly pollSeconds?: number | undefined;
  /** Called each time that the store did not answer. What it throws is ignored, and nothing waits for its promise. */
  readonly onError?: ((error: unknown) => unknown) | undefined;
}

/** The longest wait, in seconds, before a store that does not answer is asked again. */
const LONGEST_WAIT = 60;

/**
 * Reads a store's journal on and on: first what there is behind a cursor, then each new entry soon after it was made.
 *
 * No entry is left out or handed out twice, also while the store is away: then `follow` asks again after `pollSeconds`, after
 * twice that time, and so on up to a minute. If the process ends between `onEntry` and your record of the cursor, the next start
 * hands that entry out again.
 *
 * @param options - `after`: the cursor to go on from; 0, the default, is the beginning. `kinds`, `scope` and `jobId` select
 *   entries, as for `journal`.
 * @returns after the abort, and after an `onEntry` that was running then: the cursor, with all that was passed over because it was
 *   not selected.
 * @throws TypeError if an option has a wrong type.
 * @throws RangeError if one is out of range.
 * @throws unknown what `onEntry` throws or rejects with. The cursor of the next start is then that of the entry before.
 * @example
 * ```ts
 * const store = memoryStore();
 * await store.pauseLane("gpu", { id: "1", approval: { author: "alice", reason: "maintenance" } });
 * const stop = new AbortController();
 * const seen: string[] = [];
 * await follow(store, {
 *   after: 0,
 *   signal: stop.signal,
 *   onEntry: ({ kind }) => {
 *     seen.push(kind);
 *     stop.abort(); // in a service: on SIGTERM
 *   },
 * });
 * seen; // => ["lane_paused"]
 * ```
 */
export async function follow(store: JournalSource, options: FollowOptions): Promise<number> {
  const { after, signal, onEntry, onError, pollSeconds, ...filter } = read("follow: options", options, {
    after: optional(whole, 0),
    onEntry: callable,
    signal: listenableSignal,
    pollSeconds: optional(positive, 1),
    onError: optional(callable, undefined),
    kinds: optional(listOf(journalKind), undefined),
    scope: optional(identifier, undefined),
    jobId: optional(identifier, undefined),
  });
  const isOver = (): boolean => signal.aborted;
  const pace = pacer();
  let cursor = after;
  let wait = pollSeconds;
  while (!isOver()) {
    let page: JournalPage | null;
    try {
      page = await untilAbort(signal, store.journal({ ...filter, after: cursor }));
    } catch (error) {
      (async () => {
        await onError?.(error);
      })().catch(() => undefined);
      await pause(wait, signal);
      wait = Math.min(wait * 2, Math.max(pollSeconds, LONGEST_WAIT));
      continue;
    }
    if (page === null) break;
    for (const entry of page.entries) {
      if (isOver()) return cursor;
      await onEntry(entry, entry.place);
      cursor = entry.place;
    }
    ({ cursor } = page);
    wait = pollSeconds;
    if (page.more) await pace();
    else await pause(pollSeconds, signal);
  }
  return cursor;
}

/** The answer, or `null` if the signal aborts before it: a store that hangs does not keep the follower from ending. */
function untilAbort<Answer>(signal: AbortSignal, answer: Promise<Answer>): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      resolve(null);
    };
    signal.addEventListener("abort", finish);
    void answer.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", finish);
    });
  });
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      stop();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const stop = startTimer(seconds, finish);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
  });
}
