import type { JournalEntry, JournalFilter } from "../dispatch/journal.ts";
import type { JournalQuestions } from "../dispatch/questions.ts";

/** What has a journal: every store of this library. */
export type JournalSource = Pick<JournalQuestions, "journal">;

/**
 * All entries that a store has now, page by page.
 *
 * @param filter - `limit` is the size of a page.
 * @throws unknown what `store.journal` throws.
 * @example
 * ```ts
 * const store = memoryStore();
 * await store.pauseLane("gpu", { id: "1", approval: { author: "alice", reason: "maintenance" } });
 * const kinds: string[] = [];
 * for await (const entry of journalEntries(store)) kinds.push(entry.kind);
 * kinds; // => ["lane_paused"]
 * ```
 */
export async function* journalEntries(
  store: JournalSource,
  filter: JournalFilter = {},
): AsyncGenerator<JournalEntry, void, undefined> {
  for (let { after } = filter; ;) {
    const { entries, cursor, more } = await store.journal({ ...filter, after });
    yield* entries;
    if (!more) return;
    after = cursor;
  }
}
