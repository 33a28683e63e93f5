import { nameUpTo, outOfRange, read, text } from "../internal/check.ts";
import { kept } from "../internal/memoized.ts";
import { outcome } from "../money/outcome.ts";
import type { MicroCents } from "../money/micro-cents.ts";
import { type EpochSeconds, instant } from "../time.ts";
import { type BudgetCap, ourCap } from "./cap.ts";

/** One counter that a hold counts in, and the most that may be committed there. */
export interface ScopeCap {
  readonly scope: string;
  /** Micro-cents. */
  readonly cap: MicroCents;
  /**
   * When the scope's day or month is over, on the store's clock: from then on no request and no retry holds in
   * it, so that an old process cannot spend last month's room. `null` or missing: never.
   */
  readonly until?: EpochSeconds | null;
}

/**
 * The scope of one run: `run:` and its id.
 *
 * @throws TypeError if the id is not a string.
 * @throws RangeError if the scope would be longer than 200 code units or hold a control character.
 * @example
 * ```ts
 * runScope("42"); // => "run:42"
 * ```
 */
export function runScope(runId: string): string {
  return `run:${nameUpTo(196)("runScope", runId)}`;
}

/**
 * The scope of the calendar month that an instant falls in, where the clock says `timeZone`.
 *
 * @param at - epoch seconds.
 * @param timeZone - an IANA name such as `"Europe/Berlin"` or `"UTC"`; an unknown one is refused.
 * @throws TypeError if either is of a wrong type.
 * @throws RangeError for milliseconds, or an unknown time zone.
 * @example
 * ```ts
 * const at = epochSeconds(new Date("2026-11-30T23:30:00Z"));
 * monthScope(at, "UTC"); // => "month:2026-11"
 * monthScope(at, "Europe/Berlin"); // => "month:2026-12"
 * ```
 */
export function monthScope(at: EpochSeconds, timeZone: string): string {
  return `month:${localDate("monthScope", at, timeZone).slice(0, -3)}`;
}

/**
 * The scope of the calendar day that an instant falls on, where the clock says `timeZone`.
 *
 * @param at - epoch seconds.
 * @param timeZone - an IANA name; an unknown one is refused.
 * @throws TypeError if either is of a wrong type.
 * @throws RangeError for milliseconds, or an unknown time zone.
 * @example
 * ```ts
 * dayScope(epochSeconds(new Date("2026-11-23T23:30:00Z")), "Asia/Tokyo"); // => "day:2026-11-24"
 * ```
 */
export function dayScope(at: EpochSeconds, timeZone: string): string {
  return `day:${localDate("dayScope", at, timeZone)}`;
}

/**
 * The two usual scopes of a hold: this run, and the month that it is admitted in.
 *
 * @param options - the run's id, the time of admission, the caps of both windows, an IANA time zone.
 * @returns two scopes with their caps; the month's knows when it is over. Make them anew for each admission.
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for milliseconds, or an unknown time zone.
 * @example
 * ```ts
 * const cap = new BudgetCap({ run: usd("10"), month: usd("250") });
 * const at = epochSeconds(new Date("2026-11-23T12:00:00Z"));
 * const scopes = runAndMonth({ runId: "42", at, cap, timeZone: "UTC" });
 * scopes.map(({ scope }) => scope); // => ["run:42", "month:2026-11"]
 * ```
 */
export function runAndMonth(options: {
  readonly runId: string;
  readonly at: EpochSeconds;
  readonly cap: BudgetCap;
  readonly timeZone: string;
}): readonly [ScopeCap, ScopeCap & { readonly until: EpochSeconds }] {
  const { runId, at, cap, timeZone } = read("runAndMonth", options, {
    runId: text,
    at: instant,
    cap: ourCap,
    timeZone: text,
  });
  const scope = monthScope(at, timeZone);
  return Object.freeze([
    outcome({ scope: runScope(runId), cap: cap.run }),
    outcome({
      scope,
      cap: cap.month,
      until: someKept(monthEnds, `${timeZone} ${scope}`, () => monthEnd(at, timeZone, scope)),
    }),
  ] as const);
}

/** A few are kept: there may be any number of zones and months. */
function someKept<Value>(made: Map<string, Value>, key: string, make: () => Value): Value {
  // Stryker disable next-line all: only how much memory is used
  if (made.size >= 64) made.clear();
  return kept(made, key, make);
}

/**
 * Some runtimes take an offset such as +01:00, which knows no daylight saving, and abbreviations such as BST, for
 * Dhaka's time or London's. These are all names of three letters that the IANA database has (2025b).
 */
const NAME = /^(?:(?![a-z]{3}$)[a-z]|[cemw]et|[ehm]st|gmt|prc|ro[ck]|uct|utc)/i;

const formatters = /* @__PURE__ */ new Map<string, Intl.DateTimeFormat>();
const monthEnds = /* @__PURE__ */ new Map<string, EpochSeconds>();

function formatterFor(what: string, timeZone: string): Intl.DateTimeFormat {
  return someKept(formatters, timeZone, () => {
    // Without a prototype: no calendar or numbering is inherited.
    const options = Object.assign(
      Object.create(null) as object,
      {
        timeZone: NAME.test(timeZone) ? timeZone : "refused",
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
      } as const,
    );
    try {
      return new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", options);
    } catch {
      throw outOfRange(`${what}: timeZone`, "an IANA name such as Europe/Berlin", timeZone);
    }
  });
}

/** The local calendar date, `2026-11-23`. */
function localDate(what: string, at: unknown, timeZone: unknown): string {
  const date = new Date(instant(`${what}: at`, at) * 1000);
  const parts = formatterFor(what, text(`${what}: timeZone`, timeZone)).formatToParts(date);
  // Stryker disable next-line OptionalChaining,StringLiteral: the parts that were asked for are there
  const part = (type: string): string => parts.find((found) => found.type === type)?.value ?? "";
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`;
}

const DAY = 86_400;

/** The second in which the scope's month ends: midnight, unless the clocks change just then. */
function monthEnd(at: EpochSeconds, timeZone: string, scope: string): EpochSeconds {
  let inside = Math.floor(at);
  let outside = inside + 32 * DAY;
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    // Between two instants is an instant.
    if (monthScope(middle as EpochSeconds, timeZone) === scope) inside = middle;
    else outside = middle;
  }
  return outside as EpochSeconds;
}
