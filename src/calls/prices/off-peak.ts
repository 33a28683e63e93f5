import { quote } from "../../internal/text.ts";
import { type AnyObject, isObject, presentField } from "../own-fields.ts";
import { DAY, type Hours, isWithin, momentsIn, weekdayOf } from "./hours.ts";
import { RefusedPriceError } from "./listed.ts";
import type { Wanted } from "./outcome.ts";

/** Hours of the UTC day on some days of the week, 1 to 7 from Monday. */
interface Window {
  readonly hours: readonly Hours[];
  readonly days: ReadonlySet<number>;
}

const ALL_DAYS: readonly number[] = [1, 2, 3, 4, 5, 6, 7];
const NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const QUARTER_HOUR = 900;

/**
 * Whether the off-peak prices of LiteLLM's `off_peak_pricing` apply from `at` to `until`: both answers, if both occur.
 *
 * Its `hours_utc` apply every day, and those in `windows` on their `weekdays`. Days are those of `weekday_timezone`, or
 * else of UTC. A start equal to its end means the whole day, and an end is not included.
 *
 * @throws RefusedPriceError if the hours cannot be read.
 */
export function offPeakStates(
  model: string,
  block: AnyObject,
  { at, until }: Pick<Wanted, "at" | "until">,
): ReadonlySet<boolean> {
  const refuse = (): never => {
    throw new RefusedPriceError("unreadable", `the off-peak hours of ${quote(model)} cannot be read`);
  };
  const nested = presentField(block, "windows") ?? [];
  if (!Array.isArray(nested)) return refuse();
  const listed: readonly unknown[] = [block, ...(nested as readonly unknown[])];
  const windows = listed.map((one): Window => {
    const read = isObject(one) ? windowOf(one) : null;
    return read ?? refuse();
  });
  const zone = presentField(block, "weekday_timezone");
  if (zone !== undefined && typeof zone !== "string") return refuse();
  const dayOf = zone === undefined || zone === "UTC" ? weekdayOf : (weekdayIn(zone) ?? refuse());
  const hours = windows.flatMap((window) => window.hours);
  if (hours.length === 0) return refuse();
  const times = hours.flatMap(({ from, to }) => [from, to % DAY]);
  // A day of the week begins at midnight, which in any zone is at a full quarter of an hour of UTC.
  const midnights = zone === undefined ? [0] : Array.from({ length: 96 }, (_, index) => index * QUARTER_HOUR);
  const moments = momentsIn(at, until, [...times, ...midnights], ALL_DAYS.length);
  return new Set(
    moments.map((moment) =>
      windows.some(
        (window) => window.days.has(dayOf(moment)) && window.hours.some((one) => isWithin(one, moment)),
      ),
    ),
  );
}

function windowOf(window: AnyObject): Window | null {
  const hours = listed(presentField(window, "hours_utc")).map(hoursOf);
  const weekdays = presentField(window, "weekdays");
  const days: readonly (number | null)[] =
    weekdays === undefined ? ALL_DAYS : listed(weekdays).map(dayNumber);
  if (hours.includes(null) || days.includes(null)) return null;
  return {
    hours: hours.filter((of) => of !== null),
    days: new Set(days.filter((day) => day !== null)),
  };
}

/** One value, or a list of them. */
function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** Reads hours such as `16:30-00:30`. */
function hoursOf(value: unknown): Hours | null {
  const pattern = /^\s*(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)\s*$/;
  const digits = typeof value === "string" ? pattern.exec(value)?.slice(1).map(Number) : undefined;
  const [fromHour = 24, fromMinute = 60, toHour = 24, toMinute = 60] = digits ?? [];
  if (Math.max(fromHour, toHour) > 23 || Math.max(fromMinute, toMinute) > 59) return null;
  const from = fromHour * 3600 + fromMinute * 60;
  const to = toHour * 3600 + toMinute * 60;
  return from === to ? { from: 0, to: DAY } : { from, to };
}

/** A day by its number, 1 to 7, or its English name. */
function dayNumber(value: unknown): number | null {
  if (typeof value === "number") return ALL_DAYS.includes(value) ? value : null;
  const name = typeof value === "string" ? value.trim().toLowerCase() : "";
  const index = NAMES.findIndex((short) => name.startsWith(short) && name.length <= "wednesday".length);
  return index < 0 ? null : index + 1;
}

/** The day of the week in a time zone; `null` for a zone that the runtime does not know. */
function weekdayIn(timeZone: string): ((at: number) => number) | null {
  try {
    const format = new Intl.DateTimeFormat("en-US", { weekday: "short", timeZone });
    return (at) => NAMES.indexOf(format.format(at * 1000).toLowerCase()) + 1;
  } catch {
    return null;
  }
}
