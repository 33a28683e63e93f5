import { anyText, nameUpTo, outOfRange, read, type Reader } from "../internal/check.ts";
import { memoized } from "../internal/memoized.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { outcome } from "../money/outcome.ts";
import { type EpochSeconds, type Instant, instant } from "../time.ts";
import { type BudgetCap, budgetCap } from "./cap.ts";

/** A scope that a hold counts in, and the most that may be committed in it. */
export interface ScopeCap {
  readonly scope: string;
  /** Micro-cents. If it is left out, the pinned cap counts, and without a pinned cap the request is refused. */
  readonly cap?: MicroCents | null | undefined;
  /**
   * When the scope's day, week or month ends, on the store's clock. From then on the scope refuses every new request
   * and retry, so that an old process cannot spend last month's budget. `null` or missing: never.
   */
  readonly until?: Instant | null | undefined;
}

/** A scope as it is stored with a hold. */
export interface HeldScope {
  readonly scope: string;
  /** `null` if the request had none. */
  readonly cap: MicroCents | null;
  readonly until: EpochSeconds | null;
}

/** A calendar scope: its name, and the instant at which it ends. */
export interface TimedScope {
  readonly scope: string;
  readonly until: EpochSeconds;
}

/** Options of {@link runScope}, {@link dayScope}, {@link weekScope} and {@link monthScope}. */
export interface ScopeOptions {
  /** The start of the scope's name, such as `tenant:acme:`; at most 150 code units. */
  readonly prefix?: string | undefined;
}

/**
 * The scope of one run: `run:` and its id.
 *
 * @param options - `prefix`: the start of the name, such as `tenant:acme:`.
 * @throws TypeError if the id or the prefix is not a string.
 * @throws RangeError if the id is empty, the scope would be longer than 200 code units, or it has a control character.
 * @example
 * ```ts
 * runScope("42"); // => "run:42"
 * runScope("42", { prefix: "tenant:acme:" }); // => "tenant:acme:run:42"
 * ```
 */
export function runScope(runId: string, options?: ScopeOptions): string {
  const prefix = prefixOf("runScope", options);
  const room = 200 - prefix.length - "run:".length;
  return `${prefix}run:${nameUpTo(room)("runScope", runId)}`;
}

/**
 * The scope of the calendar day of an instant in a time zone, such as `day:2026-11-24`.
 *
 * @param at - the time of admission.
 * @param timeZone - an IANA name such as `"Europe/Berlin"` or `"UTC"`; an unknown one is refused.
 * @param options - `prefix`: the start of the name, such as `tenant:acme:`.
 * @returns the scope, and when its day ends. Build it for each admission.
 * @throws TypeError if an argument has a wrong type.
 * @throws RangeError for milliseconds, an unknown time zone, or a prefix that is too long or has a control character.
 * @example
 * ```ts
 * dayScope(new Date("2026-11-23T23:30:00Z"), "Asia/Tokyo").scope; // => "day:2026-11-24"
 * ```
 */
export function dayScope(at: Instant, timeZone: string, options?: ScopeOptions): TimedScope {
  return calendarScope("dayScope", dayName, at, timeZone, options);
}

/**
 * The scope of the ISO 8601 week of an instant in a time zone, such as `week:2026-W48`. A week begins on Monday; the
 * first week of a year contains 4 January.
 *
 * @param at - the time of admission.
 * @param timeZone - an IANA name; an unknown one is refused.
 * @param options - `prefix`: the start of the name, such as `tenant:acme:`.
 * @returns the scope, and when its week ends. Build it for each admission.
 * @throws TypeError if an argument has a wrong type.
 * @throws RangeError for milliseconds, an unknown time zone, or a prefix that is too long or has a control character.
 * @example
 * ```ts
 * weekScope(new Date("2027-01-03T12:00:00Z"), "UTC").scope; // => "week:2026-W53"
 * ```
 */
export function weekScope(at: Instant, timeZone: string, options?: ScopeOptions): TimedScope {
  return calendarScope("weekScope", weekName, at, timeZone, options);
}

/**
 * The scope of the calendar month of an instant in a time zone, such as `month:2026-11`.
 *
 * @param at - the time of admission.
 * @param timeZone - an IANA name; an unknown one is refused.
 * @param options - `prefix`: the start of the name, such as `tenant:acme:`.
 * @returns the scope, and when its month ends. Build it for each admission.
 * @throws TypeError if an argument has a wrong type.
 * @throws RangeError for milliseconds, an unknown time zone, or a prefix that is too long or has a control character.
 * @example
 * ```ts
 * const at = new Date("2026-11-30T23:30:00Z");
 * monthScope(at, "UTC"); // => { scope: "month:2026-11", until: 1796083200 }
 * monthScope(at, "Europe/Berlin", { prefix: "tenant:acme:" }).scope; // => "tenant:acme:month:2026-12"
 * ```
 */
export function monthScope(at: Instant, timeZone: string, options?: ScopeOptions): TimedScope {
  return calendarScope("monthScope", monthName, at, timeZone, options);
}

/**
 * The two usual scopes of a hold: its run, and the calendar month of its admission.
 *
 * @param options - the run's id, the time of admission, the caps of both windows, an IANA time zone, and a `prefix`.
 * @returns two scopes with their caps, and for the month when it ends. Build them for each admission.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for milliseconds, an unknown time zone, or an id or prefix that is empty, too long or has a
 *   control character.
 * @example
 * ```ts
 * const cap = new BudgetCap({ run: usd("10"), month: usd("250") });
 * const at = new Date("2026-11-23T12:00:00Z");
 * const scopes = runAndMonth({ runId: "42", at, cap, timeZone: "UTC" });
 * scopes.map(({ scope }) => scope); // => ["run:42", "month:2026-11"]
 * ```
 */
export function runAndMonth(options: {
  readonly runId: string;
  readonly at: Instant;
  readonly cap: BudgetCap;
  readonly timeZone: string;
  readonly prefix?: string | undefined;
}): readonly [ScopeCap & { readonly cap: MicroCents }, TimedScope & { readonly cap: MicroCents }] {
  const { runId, at, cap, timeZone, prefix } = read("runAndMonth", options, {
    runId: anyText,
    at: instant,
    cap: budgetCap,
    timeZone: anyText,
    prefix: prefixReader,
  });
  return Object.freeze([
    outcome({ scope: runScope(runId, { prefix }), cap: cap.run }),
    outcome({ ...calendarScope("runAndMonth", monthName, at, timeZone, { prefix }), cap: cap.month }),
  ] as const);
}

/** Reads a prefix that may be missing or empty. */
const prefixReader: Reader<string> = (what, value) =>
  value === undefined || value === "" ? "" : nameUpTo(150)(what, value);

function prefixOf(what: string, options: ScopeOptions = {}): string {
  const { prefix } = read(what, options, { prefix: prefixReader });
  return prefix;
}

/** Names the day, week or month of a local date. */
type NameOf = (date: LocalDate) => string;

/** A date in a time zone. */
interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

function digits(count: number, value: number): string {
  return String(value).padStart(count, "0");
}

function dateText({ year, month, day }: LocalDate): string {
  return `${digits(4, year)}-${digits(2, month)}-${digits(2, day)}`;
}

function dayName(date: LocalDate): string {
  return `day:${dateText(date)}`;
}

function monthName(date: LocalDate): string {
  return `month:${dateText(date).slice(0, -3)}`;
}

/** ISO 8601-1:2019, 4.3.8: a week belongs to the year of its Thursday. */
function weekName({ year, month, day }: LocalDate): string {
  const date = new Date(0);
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = date.setUTCDate(day + 3 - weekday);
  const weekYear = date.getUTCFullYear();
  const newYear = date.setUTCFullYear(weekYear, 0, 1);
  const week = 1 + Math.floor((thursday - newYear) / (7 * SECONDS_PER_DAY * 1000));
  return `week:${digits(4, weekYear)}-W${digits(2, week)}`;
}

function calendarScope(
  what: string,
  nameOf: NameOf,
  at: unknown,
  timeZone: unknown,
  options: ScopeOptions | undefined,
): TimedScope {
  const seconds = instant(`${what}: at`, at);
  const zone = anyText(`${what}: timeZone`, timeZone);
  const prefix = prefixOf(what, options);
  const name = nameOf(localDate(what, seconds, zone));
  const until = memoized(ends, `${zone} ${name}`, () => endOf(nameOf, seconds, zone, name));
  return Object.freeze({ scope: `${prefix}${name}`, until });
}

/**
 * Names that may be passed to Intl. It leaves out offsets such as +01:00, which some runtimes accept although they have
 * no daylight saving time, and ambiguous abbreviations such as BST (Dhaka or London). The listed names are all the
 * three-letter names of the IANA database (2025b).
 */
const NAME = /^(?:(?![a-z]{3}$)[a-z]|[cemw]et|[ehm]st|gmt|prc|ro[ck]|uct|utc)/i;

const formatters = /* @__PURE__ */ new Map<string, Intl.DateTimeFormat>();
const ends = /* @__PURE__ */ new Map<string, EpochSeconds>();

function formatterFor(what: string, timeZone: string): Intl.DateTimeFormat {
  return memoized(formatters, timeZone, () => {
    const options = {
      // Without a prototype, so that no calendar or numbering system is inherited.
      __proto__: null,
      timeZone: NAME.test(timeZone) ? timeZone : "refused",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    } as const;
    try {
      return new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", options);
    } catch {
      throw outOfRange(what, "an IANA name such as Europe/Berlin", timeZone);
    }
  });
}

/** Reads the name of a time zone. */
export const timeZoneName: Reader<string> = (what, value) => {
  const name = anyText(what, value);
  formatterFor(what, name);
  return name;
};

function localDate(what: string, at: EpochSeconds, timeZone: string): LocalDate {
  const parts = formatterFor(`${what}: timeZone`, timeZone).formatToParts(new Date(at * 1000));
  // Stryker disable next-line OptionalChaining: the formatter always returns the parts that were asked for
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value);
  return { year: part("year"), month: part("month"), day: part("day") };
}

const SECONDS_PER_DAY = 86_400;

/**
 * The second in which a scope ends: midnight, unless the clocks change then. If the clocks go back just after midnight,
 * the old day comes back for a time; the scope ends when it is over for the last time.
 */
function endOf(nameOf: NameOf, at: EpochSeconds, timeZone: string, name: string): EpochSeconds {
  // A value between two valid instants is a valid instant.
  const isWithin = (seconds: number): boolean =>
    nameOf(localDate("until", seconds as EpochSeconds, timeZone)) === name;
  let inside = Math.floor(at);
  for (;;) {
    let outside = inside + LONGEST_PERIOD;
    while (outside - inside > 1) {
      const middle = Math.floor((inside + outside) / 2);
      if (isWithin(middle)) inside = middle;
      else outside = middle;
    }
    const again = WITHIN_HOURS.map((hours) => outside + hours * 3600).find(isWithin);
    if (again === undefined) return outside as EpochSeconds;
    inside = again;
  }
}

/** An upper bound of the length of a month in seconds, with room for clock changes. */
const LONGEST_PERIOD = 33 * SECONDS_PER_DAY;

/** How far clocks go back, in hours: usually one, never more than three. */
const WITHIN_HOURS = [0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3];
