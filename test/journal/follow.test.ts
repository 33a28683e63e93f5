import type { JournalEntry, JournalFilter, JournalPage } from "dispatch-kit";
import { follow, type FollowOptions, type JournalSource } from "dispatch-kit/journal";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decision, setUp } from "../stores/memory/support.ts";
import { histories, Life } from "./history.ts";
import { listOf } from "./stores.ts";
import { journalEntries } from "dispatch-kit/journal";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A follower that notes what it is handed. */
function started(store: JournalSource, options: Partial<FollowOptions> = {}) {
  const stop = new AbortController();
  const places: number[] = [];
  const onEntry = (entry: JournalEntry, cursor: number): void => {
    expect(cursor).toBe(entry.place);
    places.push(entry.place);
  };
  const ended = follow(store, { onEntry, signal: stop.signal, ...options });
  return { stop, places, ended };
}

/** Lets everything run that waits for no timer: the clock of these tests stands still. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function pauses(store: ReturnType<typeof setUp>["store"], count: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.pauseLane("x", decision());
}

describe("follow", () => {
  it("hands out what there is, then what comes, until the abort", async () => {
    const { store } = setUp();
    await pauses(store, 250);
    const { stop, places, ended } = started(store);
    await idle();
    expect(places).toHaveLength(250);
    await pauses(store, 2);
    await vi.advanceTimersByTimeAsync(999);
    expect(places).toHaveLength(250);
    await vi.advanceTimersByTimeAsync(1);
    expect(places).toEqual(Array.from({ length: 252 }, (_, n) => n + 1));
    stop.abort();
    expect(await ended).toBe(252);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes on from a cursor; the cursor also passes what is not selected", async () => {
    const { store } = setUp();
    await pauses(store, 3);
    await store.resumeLane("x", decision());
    await pauses(store, 2);
    const { stop, places, ended } = started(store, { after: 2, kinds: ["lane_resumed"], pollSeconds: 5 });
    await idle();
    expect(places).toEqual([4]);
    stop.abort();
    expect(await ended).toBe(6);
  });

  it("survives a store that is away: it waits longer each time, up to a minute, and leaves nothing out", async () => {
    const { store } = setUp();
    await pauses(store, 3);
    const errors: unknown[] = [];
    const calls: number[] = [];
    let away = 8;
    const gone = new Error("gone");
    const flaky: JournalSource = {
      journal: (filter) => {
        calls.push(Date.now());
        return away-- > 0 ? Promise.reject(gone) : store.journal({ ...filter, limit: 1 });
      },
    };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const onError = (error: unknown): never => {
      errors.push(error);
      throw new Error("ignored");
    };
    const { stop, places, ended } = started(flaky, { onError });
    await vi.advanceTimersByTimeAsync(1000 * (1 + 2 + 4 + 8 + 16 + 32 + 60 + 60));
    await idle();
    expect(places).toEqual([1, 2, 3]);
    expect(errors).toEqual(Array.from({ length: 8 }, () => gone));
    expect(calls.slice(1, 9).map((at, n) => Math.round((at - (calls[n] ?? 0)) / 1000))).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60,
    ]);
    stop.abort();
    await ended;
  });

  it("starts with short waits again after an answer, and needs no onError", async () => {
    const { store } = setUp();
    let call = 0;
    // Also one that throws instead of answering.
    const flaky: JournalSource = {
      journal: (filter) => {
        call++;
        if (call === 2) throw new Error("at once");
        return call % 2 === 1 ? Promise.reject(new Error("gone")) : store.journal(filter);
      },
    };
    const { stop, ended } = started(flaky);
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000 + 1000 + 1000);
    expect(call).toBe(6);
    stop.abort();
    expect(await ended).toBe(0);
  });

  it("what onEntry throws ends it; the next start begins with that entry", async () => {
    const { store } = setUp();
    await pauses(store, 3);
    const stop = new AbortController();
    let cursor = 0;
    const seen: number[] = [];
    const onEntry = async (entry: JournalEntry, next: number): Promise<void> => {
      await Promise.resolve();
      seen.push(entry.place);
      if (entry.place === 2 && seen.length === 2) throw new RangeError("full");
      cursor = next;
      if (next === 3) stop.abort();
    };
    await expect(follow(store, { after: cursor, onEntry, signal: stop.signal })).rejects.toThrow(
      new RangeError("full"),
    );
    expect(await follow(store, { after: cursor, onEntry, signal: stop.signal })).toBe(3);
    expect(seen).toEqual([1, 2, 2, 3]);
  });

  it("waits for onEntry, one entry at a time, also at the abort", async () => {
    const { store } = setUp();
    await pauses(store, 3);
    const stop = new AbortController();
    let finish: () => void = () => undefined;
    let running = 0;
    let handed = 0;
    const onEntry = async (): Promise<void> => {
      handed++;
      expect(++running).toBe(1);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      running--;
    };
    const ended = follow(store, { onEntry, signal: stop.signal });
    await idle();
    expect(handed).toBe(1);
    stop.abort();
    finish();
    expect(await ended).toBe(1);
    expect(handed).toBe(1);
  });

  it("ends at the abort while a store hangs, and before it begins", async () => {
    const hanging: JournalSource = { journal: () => new Promise<JournalPage>(() => undefined) };
    const { stop, ended } = started(hanging, { after: 7 });
    stop.abort();
    expect(await ended).toBe(7);
    expect(await follow(hanging, { after: 3, onEntry: () => undefined, signal: AbortSignal.abort() })).toBe(
      3,
    );
  });

  it.each<[string, object]>([
    ["no onEntry", { onEntry: undefined }],
    ["an AbortController", { signal: new AbortController() }],
    ["a wait of 0", { pollSeconds: 0 }],
    ["an unknown kind", { kinds: ["hold"] }],
    ["a cursor below 0", { after: -1 }],
    ["an unknown option", { from: 0 }],
  ])("refuses %s", async (_, wrong) => {
    const { store } = setUp();
    const options = { onEntry: () => undefined, signal: AbortSignal.abort(), ...wrong } as FollowOptions;
    await expect(follow(store, options)).rejects.toThrow(/^follow: options/);
  });

  it("with outages anywhere, every entry is handed out once, in order", async () => {
    vi.useRealTimers();
    const outages = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(histories, outages, fc.constantFrom(1, 3, 100), async (history, away, limit) => {
        const life = new Life("memory");
        await life.live(history);
        const all = await listOf(journalEntries(life.store));
        const stop = new AbortController();
        const seen: JournalEntry[] = [];
        const flaky = {
          async journal(filter?: JournalFilter): Promise<JournalPage> {
            if (away.next().value === true) throw new Error("gone");
            const page = await life.store.journal({ ...filter, limit });
            if (!page.more && page.entries.length === 0) stop.abort();
            return page;
          },
        };
        await follow(flaky, { signal: stop.signal, pollSeconds: 1e-9, onEntry: (entry) => seen.push(entry) });
        expect(seen).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });
});
