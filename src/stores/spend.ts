import { timeZoneName } from "../budget/scopes.ts";
import { identifier, listOf, oneOf, optional, outOfRange, read } from "../internal/check.ts";
import { tagsOf as readTags } from "../budget/hold-request.ts";
import type { Tags } from "../budget/contract.ts";
import type { SpendFilter, SpendRow } from "../dispatch/questions.ts";
import { memoized } from "../internal/memoized.ts";
import { microCents } from "../money/micro-cents.ts";
import { outcome, outcomes } from "../money/outcome.ts";
import { type EpochSeconds, epochSeconds, instant } from "../time.ts";
import type { JournalRow, StoredEntry } from "./journal-rows.ts";
import type { JournalRows } from "./operations.ts";

/** Where the entries come from. */
export interface SpendSource {
  /** The last place before an instant. */
  readonly placeAt: (at: EpochSeconds) => Promise<number>;
  /** The next rows with entries behind a place. */
  readonly rows: (after: number) => Promise<JournalRows>;
}

/** What an entry has changed of what is booked, and of what of it nobody had set aside. */
interface Booking {
  readonly booked: bigint;
  readonly overrun: bigint;
  readonly calls: number;
}

interface Sums {
  readonly group: Readonly<Record<string, string | null>>;
  booked: bigint;
  overrun: bigint;
  calls: number;
}

/** The value of one name in `by` for an entry. */
type Group = (entry: StoredEntry, at: EpochSeconds) => string | null;

/** So far, in seconds, a clock may have been set back: the order of places is not quite that of times. */
export const CLOCK_STEPS = 3600;

/** Adds up what was booked, group by group, in the order in which each group was met first. */
export async function spendRows(filter: SpendFilter, source: SpendSource): Promise<readonly SpendRow[]> {
  const { from, to, by, where, on, timeZone } = read("spend: filter", filter, {
    from: instant,
    to: instant,
    by: optional(listOf(identifier), []),
    where: optional(readTags, null),
    on: optional(oneOf({ booked: "booked", admitted: "admitted" }), "booked"),
    timeZone: optional(timeZoneName, "UTC"),
  });
  const groups = by.map((name): [string, Group] => [name, groupOf(name, timeZone)]);
  const sums = new Map<string, Sums>();
  const admitted = new Map<string, EpochSeconds>();
  const start = epochSeconds(from - CLOCK_STEPS);
  await eachEntry(source, await source.placeAt(start), (entry, at) => {
    if (on === "booked" && at >= to) return at < to + CLOCK_STEPS;
    if (at < from) return true;
    if (!hasTags(entry, where)) return true;
    if (on === "admitted" && entry.opened && entry.kind !== "extended" && at < to) {
      admitted.set(entry.opened[0], at);
    }
    const counted = on === "booked" ? at : admitted.get(entry.closed?.[0] ?? "");
    const booking = bookingOf(entry);
    if (booking !== null && counted !== undefined) add(sums, groups, entry, counted, booking);
    return true;
  });
  return outcomes(
    [...sums.values()].map(({ group, booked, overrun, calls }) => ({
      group,
      booked: microCents(booked),
      overrun: microCents(overrun),
      calls,
    })),
  );
}

/** Hands every entry behind a place on, until one answers false. */
async function eachEntry(
  source: SpendSource,
  after: number,
  use: (entry: StoredEntry, at: EpochSeconds) => boolean,
): Promise<void> {
  for (let place = after; ;) {
    const { rows, more } = await source.rows(place);
    for (const { at, body } of rows) {
      for (const entry of body.entries) if (!use(entry, at)) return;
    }
    const last: JournalRow | undefined = rows.at(-1);
    if (!more || last === undefined) return;
    place = last.place + last.body.entries.length - 1;
  }
}

function add(
  sums: Map<string, Sums>,
  groups: readonly (readonly [string, Group])[],
  entry: StoredEntry,
  at: EpochSeconds,
  { booked, overrun, calls }: Booking,
): void {
  const values = groups.map(([name, of]) => [name, of(entry, at)] as const);
  const key = JSON.stringify(values);
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = { group: outcome(Object.fromEntries(values)), booked: 0n, overrun: 0n, calls: 0 };
    sums.set(key, sum);
  }
  sum.booked += booked;
  sum.overrun += overrun;
  sum.calls += calls;
}

/** What an entry changes; `null` if it books nothing. What is given back has run nothing, so it is no call. */
function bookingOf({ kind, closed, was, givenBack }: StoredEntry): Booking | null {
  if (!closed || kind === "forgotten" || closed[3] === "released") return null;
  const aside = givenBack === true ? 0n : BigInt(closed[1]);
  const booked = BigInt(closed[2]);
  const before = BigInt(was ?? 0);
  return {
    booked: booked - before,
    overrun: over(booked, aside) - over(before, aside),
    // A hold that was given back is called for when its cost is told after all.
    calls: (was ?? null) === null || (givenBack === true && before === 0n) ? 1 : 0,
  };
}

function over(booked: bigint, held: bigint): bigint {
  return booked > held ? booked - held : 0n;
}

function hasTags({ tags }: StoredEntry, where: Tags | null): boolean {
  if (where === null) return true;
  const own = tagsOf(tags);
  return Object.entries(where).every(([name, value]) => own[name] === value);
}

function tagsOf(tags: StoredEntry["tags"]): Tags {
  // Only this library writes here.
  return tags ? (JSON.parse(tags) as Tags) : {};
}

/** What a name in `by` groups by. */
function groupOf(name: string, timeZone: string): Group {
  if (name.startsWith("tag:")) {
    const tag = name.slice("tag:".length);
    return ({ tags }) => {
      const own = tagsOf(tags);
      return Object.hasOwn(own, tag) ? (own[tag] ?? null) : null;
    };
  }
  if (name.startsWith("scope:")) {
    const prefix = name.slice("scope:".length);
    return ({ scopes }) => (scopes ?? []).find(([scope]) => scope.startsWith(prefix))?.[0] ?? null;
  }
  if (name === "lane") return ({ lane }) => lane ?? null;
  if (name === "backend") return ({ backend }) => backend ?? null;
  const length = { hour: 13, day: 10, month: 7 }[name];
  if (length === undefined) {
    throw outOfRange("spend: by", "tag:<name>, scope:<prefix>, lane, backend, hour, day or month", name);
  }
  const clock = localClock(timeZone);
  return (_, at) => clock(at).slice(0, length);
}

/** The local date and hour of instants, such as `2026-11-24T09`. Zones differ from UTC by quarters of an hour. */
function localClock(timeZone: string): (at: EpochSeconds) => string {
  const format = new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
  });
  const known = new Map<number, string>();
  return (at) => {
    const quarter = Math.floor(at / 900);
    return memoized(known, quarter, () => {
      const parts = format.formatToParts(new Date(quarter * 900_000));
      const part = (type: string): string => parts.find((found) => found.type === type)?.value ?? "";
      return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}T${part("hour")}`;
    });
  };
}
