import { lackingScopes } from "../budget/caps.ts";
import type { Lacking } from "../budget/contract.ts";
import { isPlain, read, type Reader, wrongType } from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { ledgerAmount } from "../money/amount.ts";
import { type MicroCents, microCents } from "../money/micro-cents.ts";
import { outcome, outcomes } from "../money/outcome.ts";
import type { EpochSeconds } from "../time.ts";
import type { ClosedHold, JournalEntry, JournalScope, OpenedHold } from "../dispatch/journal.ts";

/** A hold, or an extension of one, that other caps would have refused. Amounts in micro-cents. */
export interface RefusedHold {
  /** The place and the time of its entry. */
  readonly place: number;
  readonly at: EpochSeconds;
  readonly holdId: string;
  readonly jobId: string | null;
  /** What was asked for; of an extension, how much more. */
  readonly amount: MicroCents;
  readonly lacking: readonly Lacking[];
}

/** What a scope would have come to. Amounts in micro-cents. */
export interface ReplayedScope {
  readonly scope: string;
  /** The cap that was tried; `null` if there was none. */
  readonly cap: MicroCents | null;
  /** At the end. */
  readonly spent: MicroCents;
  /** At the end, held and spent together. */
  readonly committed: MicroCents;
  /** The most that was ever committed. */
  readonly most: MicroCents;
}

/** The answer of {@link replay}. */
export interface Replayed {
  /** In the order of their entries: the first one says when. */
  readonly refused: readonly RefusedHold[];
  /** Every scope of the entries, in the order in which they were met. */
  readonly scopes: readonly ReplayedScope[];
}

interface Counter {
  readonly scope: string;
  readonly cap: MicroCents | null;
  reserved: bigint;
  spent: bigint;
  most: bigint;
}

interface Replaying {
  /** What is set aside. */
  held: bigint;
  /** `null` while it is open. */
  booked: bigint | null;
  /** Whether an extension was refused: the work has ended there. */
  cut: boolean;
}

/**
 * What other caps would have done to the holds of a journal: which they would have refused, and what would have been spent. It
 * changes nothing.
 *
 * A hold that is refused commits nothing, and has no settlement. A job whose hold is refused does not go on: its later moves and
 * retries are left out. Work whose extension is refused ends there: it costs at most what was held until then.
 *
 * Under caps that are nowhere lower than the real ones nothing is refused, and the sums are the real ones. For lower caps the
 * answer is exact about the holds that were admitted in fact. A hold that was refused in fact is no entry, so it is not tried
 * again, also where the lower caps would have left room for it.
 *
 * @param entries - in their order, from the first, or from any place that stands before the scopes of interest were used; what an
 *   earlier entry has committed is taken as spent.
 * @param options - `caps`: micro-cents by scope. A name that ends with `*` is that of every scope with this beginning
 *   (`"day:*"`: each day has this cap). The scope's own name counts before the longest beginning. Scopes without a cap refuse
 *   nothing.
 * @throws TypeError if a cap is not an amount.
 * @throws RangeError if a cap is below 0.
 * @example
 * ```ts
 * const store = memoryStore();
 * const scopes = [{ scope: "month:2026-07", cap: usd("100") }];
 * for (const holdId of ["a", "b", "c"]) {
 *   await store.hold({ holdId, amount: usd("30"), scopes, ttlSeconds: 60 });
 *   await store.settle(holdId, usd("20"));
 * }
 * const { refused, scopes: sums } = await replay(journalEntries(store), { caps: { "month:2026-07": usd("50") } });
 * refused.map(({ holdId }) => holdId); // => ["c"]
 * sums.map(({ spent, most }) => [formatUsd(spent), formatUsd(most)]); // => [["40.00", "50.00"]]
 * ```
 */
export async function replay(
  entries: Iterable<JournalEntry> | AsyncIterable<JournalEntry>,
  options: { readonly caps: Readonly<Record<string, MicroCents>> },
): Promise<Replayed> {
  const { caps } = read("replay: options", options, { caps: capsByName });
  const trial = new Trial(capFinder(caps));
  for await (const entry of entries) trial.see(entry);
  return trial.result();
}

/** The journal so far under other caps. */
class Trial {
  readonly #capOf: (scope: string) => MicroCents | null;
  readonly #counters = new Map<string, Counter>();
  readonly #holds = new Map<string, Replaying>();
  readonly #refused: RefusedHold[] = [];
  /** The holds that were not made, and the jobs that did not go on. */
  readonly #notMade = new Set<string>();
  readonly #stopped = new Set<string>();

  constructor(capOf: (scope: string) => MicroCents | null) {
    this.#capOf = capOf;
  }

  see(entry: JournalEntry): void {
    const counters = entry.scopes.map((scope) => this.#counter(scope));
    if (entry.kind === "forgotten") {
      // The same ids are new again. What was booked stays.
      if (entry.closed) this.#holds.delete(entry.closed.holdId);
      if (entry.closed) this.#notMade.delete(entry.closed.holdId);
      if (entry.jobId !== null) this.#stopped.delete(entry.jobId);
      return;
    }
    if (entry.closed) this.#close(entry.closed, entry, counters);
    if (entry.opened) this.#open(entry.opened, entry, counters);
    for (const counter of counters) counter.most = max(counter.most, counter.reserved + counter.spent);
  }

  result(): Replayed {
    const scopes = [...this.#counters.values()].map(({ scope, cap, reserved, spent, most }) => ({
      scope,
      cap,
      spent: microCents(spent),
      committed: microCents(reserved + spent),
      most: microCents(most),
    }));
    return outcome({ refused: outcomes(this.#refused), scopes: outcomes(scopes) });
  }

  #counter({ scope, before }: JournalScope): Counter {
    let counter = this.#counters.get(scope);
    if (counter === undefined) {
      counter = { scope, cap: this.#capOf(scope), reserved: 0n, spent: before, most: before };
      this.#counters.set(scope, counter);
    }
    return counter;
  }

  #close({ holdId, held, booked }: ClosedHold, entry: JournalEntry, counters: readonly Counter[]): void {
    if (this.#notMade.has(holdId)) return;
    // What was held before the first entry is in the sum that it began with.
    const earlier = booked - moved(entry) + (entry.opened?.held ?? 0n);
    const hold = this.#holds.get(holdId) ?? { held, booked: earlier, cut: false };
    const next = hold.cut && booked > hold.held ? hold.held : booked;
    for (const counter of counters) {
      if (hold.booked === null) counter.reserved -= hold.held;
      counter.spent += next - (hold.booked ?? 0n);
    }
    this.#holds.set(holdId, { ...hold, booked: next });
  }

  #open({ holdId, held }: OpenedHold, entry: JournalEntry, counters: readonly Counter[]): void {
    const { kind, place, at, jobId } = entry;
    const known = kind === "extended" ? this.#extended(holdId, held - moved(entry), counters) : null;
    if (known?.cut) return;
    if (this.#notMade.has(holdId) || (jobId !== null && this.#stopped.has(jobId))) {
      this.#notMade.add(holdId);
      return;
    }
    const amount = microCents(held - (known?.held ?? 0n));
    const lacking = lackingScopes(amount, counters.flatMap(roomOf));
    if (lacking.length === 0) {
      for (const counter of counters) counter.reserved += amount;
      this.#holds.set(holdId, { held, booked: null, cut: false });
      return;
    }
    this.#refused.push({ place, at, holdId, jobId, amount, lacking: outcomes(lacking) });
    if (known) this.#holds.set(holdId, { ...known, cut: true });
    else this.#notMade.add(holdId);
    if (jobId !== null) this.#stopped.add(jobId);
  }

  /** The hold that is extended; `null` if it was not made. */
  #extended(holdId: string, held: bigint, counters: readonly Counter[]): Replaying | null {
    const known = this.#holds.get(holdId);
    if (known !== undefined || this.#notMade.has(holdId)) return known ?? null;
    // It was held before the first entry, so it is in the sum that it began with.
    for (const counter of counters) {
      counter.spent -= held;
      counter.reserved += held;
    }
    return { held, booked: null, cut: false };
  }
}

/** By how much an entry has moved each of its scopes. */
function moved({ scopes: [first] }: JournalEntry): bigint {
  return first ? first.after - first.before : 0n;
}

/** A scope without a cap refuses nothing. */
function roomOf({ scope, cap, reserved, spent }: Counter): Parameters<typeof lackingScopes>[1] {
  return cap === null ? [] : [{ scope, cap, committed: reserved + spent }];
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

const capsByName: Reader<ReadonlyMap<string, MicroCents>> = (what, value) => {
  if (!isPlain(value)) throw wrongType(what, "a plain object", value);
  return new Map(
    Object.entries(value).map(([name, cap]) => [name, ledgerAmount(`${what}: ${quote(name)}`, cap)]),
  );
};

/** The cap of a scope: by its own name, or by the longest beginning. */
function capFinder(caps: ReadonlyMap<string, MicroCents>): (scope: string) => MicroCents | null {
  const beginnings = [...caps]
    .filter(([name]) => name.endsWith("*"))
    .map(([name, cap]) => [name.slice(0, -1), cap] as const)
    .sort(([a], [b]) => b.length - a.length);
  return (scope) =>
    caps.get(scope) ?? beginnings.find(([beginning]) => scope.startsWith(beginning))?.[1] ?? null;
}
