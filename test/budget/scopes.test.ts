import {
  BudgetCap,
  dayScope,
  type EpochSeconds,
  epochSeconds,
  monthScope,
  runAndMonth,
  runScope,
  type ScopeOptions,
  usd,
  weekScope,
} from "dispatch-kit";
import { scopeName } from "dispatch-kit/rules";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const at = (iso: string): EpochSeconds => epochSeconds(new Date(iso));
const cap = new BudgetCap({ run: usd(10), month: usd(250) });
const calendar = { dayScope, weekScope, monthScope };

/** When the month of an instant is over, as runAndMonth and monthScope have it. */
function monthEnd(instant: EpochSeconds, timeZone: string): number {
  const [, month] = runAndMonth({ runId: "1", at: instant, cap, timeZone });
  const { scope, until } = monthScope(instant, timeZone);
  expect([month.scope, month.until]).toEqual([scope, until]);
  return until;
}

const DAY = 86_400;

/** ISO 8601, 4.3.8, by walking: a week begins on Monday, and the first of a year has 4 January in it. */
function isoWeek(date: string): string {
  // 1 January 1970 was a Thursday.
  const mondayOf = (day: number): number => day - ((((day + 3) % 7) + 7) % 7);
  const monday = mondayOf(Date.parse(`${date}T00:00:00Z`) / 1000 / DAY);
  let year = Number(date.slice(0, 4)) + 1;
  const firstOf = (): number => mondayOf(Date.parse(`${String(year).padStart(4, "0")}-01-04`) / 1000 / DAY);
  while (firstOf() > monday) year--;
  let week = 1;
  for (let day = firstOf(); day < monday; day += 7) week++;
  return `${String(year).padStart(4, "0")}-W${String(week).padStart(2, "0")}`;
}

describe("runScope", () => {
  it("is run: and the id, up to 200 code units", () => {
    expect(runScope("42")).toBe("run:42");
    expect(runScope("x".repeat(196))).toHaveLength(200);
    expect(runScope("caf\u{e9}")).not.toBe(runScope("cafe\u{301}"));
  });

  it.each(["", "x".repeat(197), "a\nb", "a\0", "\u{d800}", "\u{9f}"])("refuses %j", (runId) => {
    expect(() => runScope(runId)).toThrow(RangeError);
  });

  it.each([undefined, null, 42, 42n, {}])("refuses the type of %s", (runId) => {
    expect(() => runScope(runId as never)).toThrow(TypeError);
  });

  it("begins with its prefix, and is no longer with it", () => {
    expect(runScope("42", { prefix: "tenant:acme:" })).toBe("tenant:acme:run:42");
    const prefix = "p".repeat(150);
    expect(runScope("x".repeat(46), { prefix })).toHaveLength(200);
    expect(() => runScope("x".repeat(47), { prefix })).toThrow(
      /^runScope must be 1 to 46 code units without control characters/,
    );
  });
});

describe("a prefix", () => {
  const now = at("2026-11-23T12:00:00Z");
  const named: readonly (readonly [string, (options?: ScopeOptions) => string])[] = [
    ["runScope", (options) => runScope("42", options)],
    ["dayScope", (options) => dayScope(now, "UTC", options).scope],
    ["weekScope", (options) => weekScope(now, "UTC", options).scope],
    ["monthScope", (options) => monthScope(now, "UTC", options).scope],
    [
      "runAndMonth",
      (options) => runAndMonth({ runId: "42", at: now, cap, timeZone: "UTC", ...options })[1].scope,
    ],
  ];

  it.each(named)("%s: is what the name begins with, and nothing else", (_, nameOf) => {
    const plain = nameOf();
    for (const prefix of ["a", "tenant:acme:", "\u{e9} ", "run:", "month:2026-11", "p".repeat(150)]) {
      expect(nameOf({ prefix })).toBe(prefix + plain);
      expect(scopeName("scope", nameOf({ prefix }))).toBe(prefix + plain);
    }
    for (const options of [undefined, {}, { prefix: undefined }, { prefix: "" }]) {
      expect(nameOf(options)).toBe(plain);
    }
  });

  it.each(named)("%s: refuses one that is too long, or has what no name has", (_, nameOf) => {
    for (const prefix of ["p".repeat(151), "a\n", "\0", "\u{9f}", "\u{d800}"]) {
      expect(() => nameOf({ prefix })).toThrow(RangeError);
    }
    for (const prefix of [null, 1, 1n, {}, ["a"], true]) {
      expect(() => nameOf({ prefix: prefix as never })).toThrow(TypeError);
    }
    expect(() => nameOf({ prefixes: "a" } as never)).toThrow(TypeError);
    expect(() => nameOf({ prefix: "a", timezone: "UTC" } as never)).toThrow(TypeError);
  });

  it.each(named.slice(0, 4))("%s: refuses options that are none", (_, nameOf) => {
    for (const options of [null, "tenant:", ["tenant:"], new Map([["prefix", "a"]])]) {
      expect(() => nameOf(options as never)).toThrow(TypeError);
    }
  });

  it("changes nothing about when a scope is over", () => {
    for (const scopeOf of Object.values(calendar)) {
      const { until } = scopeOf(now, "Europe/Berlin");
      expect(scopeOf(now, "Europe/Berlin", { prefix: "a" }).until).toBe(until);
    }
  });
});

describe("dayScope, weekScope, monthScope", () => {
  // Offsets and changes of the clock: the IANA time zone database, 2025b.
  it.each([
    ["2026-11-23T23:30:00Z", "UTC", "2026-11-23"],
    ["2026-11-23T23:30:00Z", "Asia/Tokyo", "2026-11-24"],
    ["2026-11-30T22:59:59.999Z", "Europe/Berlin", "2026-11-30"],
    ["2026-11-30T23:00:00Z", "Europe/Berlin", "2026-12-01"],
    // Half an hour, three quarters, and the ends of the world.
    ["2026-11-30T18:29:59Z", "Asia/Kolkata", "2026-11-30"],
    ["2026-11-30T18:30:00Z", "Asia/Kolkata", "2026-12-01"],
    ["2026-11-30T18:14:59Z", "Asia/Kathmandu", "2026-11-30"],
    ["2026-11-30T18:15:00Z", "Asia/Kathmandu", "2026-12-01"],
    ["2026-11-30T10:00:00Z", "Pacific/Kiritimati", "2026-12-01"],
    ["2026-12-01T10:59:59Z", "Pacific/Pago_Pago", "2026-11-30"],
    // The day on which the clock of Berlin goes back has 25 hours, and the one on which it goes ahead 23.
    ["2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25"],
    ["2026-10-25T22:59:59Z", "Europe/Berlin", "2026-10-25"],
    ["2026-10-25T23:00:00Z", "Europe/Berlin", "2026-10-26"],
    ["2026-03-28T23:00:00Z", "Europe/Berlin", "2026-03-29"],
    ["2026-03-29T21:59:59Z", "Europe/Berlin", "2026-03-29"],
    ["2026-03-29T22:00:00Z", "Europe/Berlin", "2026-03-30"],
    // Lord Howe changes by half an hour.
    ["2026-04-04T12:59:59Z", "Australia/Lord_Howe", "2026-04-04"],
    ["2026-04-04T13:00:00Z", "Australia/Lord_Howe", "2026-04-05"],
    ["2026-04-05T13:29:59Z", "Australia/Lord_Howe", "2026-04-05"],
    ["2026-04-05T13:30:00Z", "Australia/Lord_Howe", "2026-04-06"],
    // Havana: 1 November 2026 has its first hour twice.
    ["2026-11-01T03:59:59Z", "America/Havana", "2026-10-31"],
    ["2026-11-01T04:00:00Z", "America/Havana", "2026-11-01"],
    ["2026-11-01T05:30:00Z", "America/Havana", "2026-11-01"],
    // Asuncion: on 1 October 2017 there was no midnight.
    ["2017-10-01T03:59:59Z", "America/Asuncion", "2017-09-30"],
    ["2017-10-01T04:00:00Z", "America/Asuncion", "2017-10-01"],
    // Apia left out 30 December 2011.
    ["2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29"],
    ["2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31"],
    // Leap days, and before 1970.
    ["2028-02-29T12:00:00Z", "UTC", "2028-02-29"],
    ["1969-12-31T23:59:59Z", "UTC", "1969-12-31"],
    ["0005-04-19T00:00:00Z", "UTC", "0005-04-19"],
  ])("%s in %s is %s", (iso, timeZone, day) => {
    expect(dayScope(at(iso), timeZone).scope).toBe(`day:${day}`);
    expect(weekScope(at(iso), timeZone).scope).toBe(`week:${isoWeek(day)}`);
    expect(monthScope(at(iso), timeZone).scope).toBe(`month:${day.slice(0, 7)}`);
  });

  it("are frozen, and hold what a hold takes: a name and when it is over", () => {
    for (const scopeOf of Object.values(calendar)) {
      const scope = scopeOf(at("2026-11-23T12:00:00Z"), "UTC");
      expect(Object.keys(scope)).toEqual(["scope", "until"]);
      expect(scope).toSatisfy(Object.isFrozen);
    }
  });

  it("take a Date for the instant", () => {
    for (const scopeOf of Object.values(calendar)) {
      for (const iso of ["2026-11-23T23:59:59.999Z", "2026-11-24T00:00:00Z", "1969-12-31T23:59:59.5Z"]) {
        expect(scopeOf(new Date(iso), "UTC")).toEqual(scopeOf(at(iso), "UTC"));
      }
    }
    const [run, month] = runAndMonth({
      runId: "1",
      at: new Date("2026-11-30T23:59:59.999Z"),
      cap,
      timeZone: "UTC",
    });
    expect([run.scope, month.scope, month.until]).toEqual([
      "run:1",
      "month:2026-11",
      at("2026-12-01T00:00:00Z"),
    ]);
  });

  it("count fractions of a second to the second that they are in", () => {
    expect(dayScope(epochSeconds(1_795_391_999.9995), "UTC").scope).toBe("day:2026-11-22");
    expect(dayScope(epochSeconds(1_795_391_999.9995), "UTC").until).toBe(1_795_392_000);
    expect(dayScope(epochSeconds(-0.5), "UTC")).toEqual({ scope: "day:1969-12-31", until: 0 });
  });

  it("know a zone by any capitals and by its old names", () => {
    for (const timeZone of ["asia/tokyo", "Asia/Calcutta", "Etc/GMT-1"]) {
      expect(dayScope(at("2026-11-23T23:30:00Z"), timeZone).scope).toBe("day:2026-11-24");
    }
  });

  it("stay right when more zones are used than are kept", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    const noon = at("2026-11-23T12:00:00Z");
    const first = zones.map((timeZone) => dayScope(noon, timeZone));
    expect(zones.map((timeZone) => dayScope(noon, timeZone))).toEqual(first);
    expect(new Set(first.map(({ scope }) => scope))).toEqual(new Set(["day:2026-11-23", "day:2026-11-24"]));
  });

  it("know the names of three letters that the IANA database has", () => {
    const zones = "CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET utc Cet";
    for (const timeZone of zones.split(" ")) {
      expect(dayScope(at("2026-11-23T12:00:00Z"), timeZone).scope).toBe("day:2026-11-23");
    }
    expect(dayScope(at("2026-11-23T23:30:00Z"), "PRC").scope).toBe("day:2026-11-24");
  });

  // What each means depends on who says it; the runtime has an answer for them all.
  const abbreviations = "IST PST CST BST AST SST EDT CEST ist".split(" ");

  const malformed = [
    "",
    " ",
    "+01:00",
    "-05:00",
    "+0100",
    "Europe/Nowhere",
    "Berlin",
    "UTC+1",
    "GMT+01:00",
    "Europe/Berlin ",
  ];
  it.each([...abbreviations, ...malformed, "Europe/Berlin\0", "refused", "Z", "local", "__proto__"])(
    "refuse the zone %j, and never take UTC for it",
    (timeZone) => {
      const now = at("2026-11-23T12:00:00Z");
      for (const scopeOf of Object.values(calendar)) {
        expect(() => scopeOf(now, timeZone)).toThrow(RangeError);
      }
      expect(() => runAndMonth({ runId: "1", at: now, cap, timeZone })).toThrow(RangeError);
      // And again: what was refused is not kept as known.
      expect(() => dayScope(now, timeZone)).toThrow(RangeError);
    },
  );

  it.each([undefined, null, 1, {}, ["UTC"]])("refuse the type of the zone %s", (timeZone) => {
    const now = at("2026-11-23T12:00:00Z");
    for (const scopeOf of Object.values(calendar)) {
      expect(() => scopeOf(now, timeZone as never)).toThrow(TypeError);
    }
  });

  it("refuse what is no instant in seconds", () => {
    for (const scope of Object.values(calendar)) {
      expect(() => scope(Date.now() as never, "UTC")).toThrow(RangeError);
      expect(() => scope(NaN as never, "UTC")).toThrow(RangeError);
      expect(() => scope(new Date(NaN), "UTC")).toThrow(RangeError);
      expect(() => scope(undefined as never, "UTC")).toThrow(TypeError);
      expect(() => scope("2026-11-23" as never, "UTC")).toThrow(TypeError);
    }
  });
});

describe("weekScope", () => {
  // ISO 8601: years of 53 weeks, and days at New Year that belong to the other year.
  it.each([
    ["2024-12-29", "2024-W52"],
    ["2024-12-30", "2025-W01"],
    ["2026-01-01", "2026-W01"],
    ["2026-12-31", "2026-W53"],
    ["2027-01-03", "2026-W53"],
    ["2027-01-04", "2027-W01"],
    ["2021-01-03", "2020-W53"],
    ["2023-01-01", "2022-W52"],
    ["2008-12-29", "2009-W01"],
    ["2010-01-03", "2009-W53"],
    ["1970-01-01", "1970-W01"],
    ["1969-12-28", "1969-W52"],
  ])("%s is in %s", (date, week) => {
    expect(isoWeek(date)).toBe(week);
    expect(weekScope(at(`${date}T00:00:00Z`), "UTC").scope).toBe(`week:${week}`);
    expect(weekScope(at(`${date}T23:59:59.999Z`), "UTC").scope).toBe(`week:${week}`);
  });

  const instant = fc.integer({ min: 0, max: Date.UTC(2101, 0) / 1000 - 1 });

  it("is the week that walking from 4 January comes to, until its Sunday is over", () => {
    fc.assert(
      fc.property(instant, (seconds) => {
        const day = Math.floor(seconds / DAY);
        const { scope, until } = weekScope(epochSeconds(seconds), "UTC");
        expect(scope).toBe(`week:${isoWeek(new Date(day * DAY * 1000).toISOString().slice(0, 10))}`);
        expect(until).toBe((day + 7 - ((day + 3) % 7)) * DAY);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is the week of the local day, in every zone", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), (seconds, timeZone) => {
        const now = epochSeconds(seconds);
        const date = dayScope(now, timeZone).scope.slice("day:".length);
        expect(weekScope(now, timeZone).scope).toBe(`week:${isoWeek(date)}`);
      }),
      { numRuns: 400 },
    );
  });
});

describe("until", () => {
  // Changes of the clock: the IANA time zone database, 2025b.
  it.each([
    ["dayScope", "2026-11-23T12:00:00Z", "UTC", "2026-11-24T00:00:00Z"],
    // The day on which the clock goes back has 25 hours, and the one on which it goes ahead 23.
    ["dayScope", "2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25T23:00:00Z"],
    ["dayScope", "2026-03-28T23:00:00Z", "Europe/Berlin", "2026-03-29T22:00:00Z"],
    ["dayScope", "2026-11-01T04:00:00Z", "America/New_York", "2026-11-02T05:00:00Z"],
    ["dayScope", "2026-03-08T05:00:00Z", "America/New_York", "2026-03-09T04:00:00Z"],
    ["weekScope", "2026-10-20T00:00:00Z", "Europe/Berlin", "2026-10-25T23:00:00Z"],
    ["weekScope", "2026-10-26T04:00:00Z", "America/New_York", "2026-11-02T05:00:00Z"],
    ["weekScope", "2026-03-29T21:59:59Z", "Europe/Berlin", "2026-03-29T22:00:00Z"],
    // Apia left out 30 December 2011: the week had six days.
    ["dayScope", "2011-12-29T12:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00Z"],
    ["weekScope", "2011-12-29T12:00:00Z", "Pacific/Apia", "2012-01-01T10:00:00Z"],
    ["monthScope", "2011-12-29T12:00:00Z", "Pacific/Apia", "2011-12-31T10:00:00Z"],
    // St. John's went back at one minute past midnight: the old day came once more, from 23:01 on.
    ["dayScope", "2006-10-28T12:00:00Z", "America/St_Johns", "2006-10-29T03:30:00Z"],
    ["dayScope", "2006-10-29T02:29:59Z", "America/St_Johns", "2006-10-29T03:30:00Z"],
    ["dayScope", "2006-10-29T02:31:00Z", "America/St_Johns", "2006-10-29T03:30:00Z"],
    ["dayScope", "2006-10-29T02:30:30Z", "America/St_Johns", "2006-10-30T03:30:00Z"],
    ["dayScope", "2006-10-29T03:30:00Z", "America/St_Johns", "2006-10-30T03:30:00Z"],
    ["monthScope", "2009-10-15T00:00:00Z", "America/St_Johns", "2009-11-01T03:30:00Z"],
    ["monthScope", "2009-11-01T02:30:30Z", "America/St_Johns", "2009-12-01T03:30:00Z"],
    ["weekScope", "2006-10-29T02:30:30Z", "America/St_Johns", "2006-10-30T03:30:00Z"],
    ["dayScope", "2005-10-29T12:00:00Z", "America/Moncton", "2005-10-30T04:00:00Z"],
    ["dayScope", "2010-11-06T12:00:00Z", "America/Goose_Bay", "2010-11-07T04:00:00Z"],
    // Casey went back by three hours, at two.
    ["dayScope", "2010-03-04T00:00:00Z", "Antarctica/Casey", "2010-03-04T16:00:00Z"],
    ["dayScope", "2010-03-04T14:00:00Z", "Antarctica/Casey", "2010-03-05T16:00:00Z"],
    // Cairo: the last hour of October twice, and a day in April that begins at one.
    ["dayScope", "2024-10-31T00:00:00Z", "Africa/Cairo", "2024-10-31T22:00:00Z"],
    ["dayScope", "2024-04-25T12:00:00Z", "Africa/Cairo", "2024-04-25T22:00:00Z"],
    ["dayScope", "2024-04-25T22:00:00Z", "Africa/Cairo", "2024-04-26T21:00:00Z"],
    // Kathmandu went ahead by a quarter of an hour, at midnight of New Year 1986.
    ["dayScope", "1985-12-31T12:00:00Z", "Asia/Kathmandu", "1985-12-31T18:30:00Z"],
    ["dayScope", "1985-12-31T18:30:00Z", "Asia/Kathmandu", "1986-01-01T18:15:00Z"],
    ["weekScope", "2026-11-23T12:00:00Z", "Asia/Kathmandu", "2026-11-29T18:15:00Z"],
  ] as const)("%s: of %s in %s it is %s", (name, iso, timeZone, end) => {
    const { until } = calendar[name](at(iso), timeZone);
    expect(new Date(until * 1000).toISOString()).toBe(new Date(end).toISOString());
  });

  const zones = [
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Apia",
    "America/St_Johns",
    "America/Moncton",
    "Antarctica/Casey",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "UTC",
  ];

  it.each(Object.entries(calendar))("%s: is the second after the last that is in the scope", (_, scopeOf) => {
    const seconds = fc.integer({ min: 0, max: Date.UTC(2040, 0) / 1000 });
    fc.assert(
      fc.property(
        seconds,
        fc.constantFrom(...zones),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (second, zone, part) => {
          const { scope, until } = scopeOf(epochSeconds(second), zone);
          const nameAt = (at: number): string => scopeOf(epochSeconds(at), zone).scope;
          expect(Number.isInteger(until)).toBe(true);
          expect(until).toBeGreaterThan(second);
          expect(nameAt(until - 1)).toBe(scope);
          expect(nameAt(until - 0.001)).toBe(scope);
          // Nor does it come back: the clock is put back by three hours at most.
          for (let after = 0; after <= 4 * 3600; after += 900) expect(nameAt(until + after)).not.toBe(scope);
          // What an end was found from does not matter; a zone in other letters has none that is kept.
          const other = second + Math.floor((until - 1 - second) * part);
          const found = scopeOf(epochSeconds(other), zone.toLowerCase());
          if (found.scope === scope) expect(found.until).toBe(until);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("runAndMonth", () => {
  it("gives the run and the month with their caps; the month knows when it is over", () => {
    const now = at("2026-11-23T12:00:00Z");
    const scopes = runAndMonth({ runId: "42", at: now, cap, timeZone: "UTC" });
    expect(scopes).toEqual([
      { scope: "run:42", cap: usd(10) },
      { scope: "month:2026-11", cap: usd(250), until: at("2026-12-01T00:00:00Z") },
    ]);
    for (const part of [scopes, ...scopes]) expect(part).toSatisfy(Object.isFrozen);
    expect(JSON.stringify(scopes[0])).toBe('{"scope":"run:42","cap":"10.00"}');
  });

  it("reads a look-alike of a cap by its fields", () => {
    const options = { runId: "42", at: at("2026-11-23T12:00:00Z"), timeZone: "UTC" };
    for (const other of [{ ...cap }, structuredClone(cap), new Proxy(cap, {})]) {
      expect(runAndMonth({ ...options, cap: other as BudgetCap })).toEqual(runAndMonth({ ...options, cap }));
    }
    // As of any cap: a window that is not given has $0.
    const [run, month] = runAndMonth({ ...options, cap: { run: usd(1) } as BudgetCap });
    expect([run.cap, month.cap]).toEqual([usd(1), usd(0)]);
  });

  // Offsets and changes of the clock: the IANA time zone database, 2025b.
  it.each([
    ["2026-11-23T12:00:00Z", "UTC", "2026-12-01T00:00:00Z"],
    ["2026-12-31T23:59:59Z", "UTC", "2027-01-01T00:00:00Z"],
    ["2026-12-01T00:00:00Z", "UTC", "2027-01-01T00:00:00Z"],
    ["2028-02-01T00:00:00Z", "UTC", "2028-03-01T00:00:00Z"],
    ["2026-02-28T23:59:59.999Z", "UTC", "2026-03-01T00:00:00Z"],
    ["1969-12-15T00:00:00Z", "UTC", "1970-01-01T00:00:00Z"],
    // A month that begins in summer time and ends in winter time, and the other way round.
    ["2026-10-02T00:00:00Z", "Europe/Berlin", "2026-10-31T23:00:00Z"],
    ["2026-03-02T00:00:00Z", "Europe/Berlin", "2026-03-31T22:00:00Z"],
    ["2026-10-02T00:00:00Z", "Australia/Sydney", "2026-10-31T13:00:00Z"],
    ["2026-04-02T00:00:00Z", "Australia/Sydney", "2026-04-30T14:00:00Z"],
    ["2026-04-02T00:00:00Z", "America/Santiago", "2026-05-01T04:00:00Z"],
    ["2026-09-02T00:00:00Z", "America/Santiago", "2026-10-01T03:00:00Z"],
    // Half-hour offsets, also of the change itself.
    ["2026-11-23T12:00:00Z", "Asia/Kolkata", "2026-11-30T18:30:00Z"],
    ["2026-11-23T12:00:00Z", "Asia/Kathmandu", "2026-11-30T18:15:00Z"],
    ["2026-04-02T00:00:00Z", "Australia/Lord_Howe", "2026-04-30T13:30:00Z"],
    ["2026-10-02T00:00:00Z", "Australia/Lord_Howe", "2026-10-31T13:00:00Z"],
    // The ends of the world.
    ["2026-11-23T12:00:00Z", "Pacific/Kiritimati", "2026-11-30T10:00:00Z"],
    ["2026-11-23T12:00:00Z", "Pacific/Pago_Pago", "2026-12-01T11:00:00Z"],
    // No midnight on the 1st: the month begins at one o'clock.
    ["2017-09-15T12:00:00Z", "America/Asuncion", "2017-10-01T04:00:00Z"],
    ["2017-10-01T04:00:00Z", "America/Asuncion", "2017-11-01T03:00:00Z"],
    // The 1st has its first hour twice: the month begins with the first of them.
    ["2026-10-15T12:00:00Z", "America/Havana", "2026-11-01T04:00:00Z"],
    ["2026-11-01T05:30:00Z", "America/Havana", "2026-12-01T05:00:00Z"],
    // The last has its last hour twice: at midnight the clock went back.
    ["2024-10-15T12:00:00Z", "Africa/Cairo", "2024-10-31T22:00:00Z"],
    ["2024-10-31T21:30:00Z", "Africa/Cairo", "2024-10-31T22:00:00Z"],
    // A day that was left out, before the end of the month and as the end of it.
    ["2011-12-29T12:00:00Z", "Pacific/Apia", "2011-12-31T10:00:00Z"],
    ["1994-12-15T12:00:00Z", "Pacific/Kiritimati", "1994-12-31T10:00:00Z"],
  ])("at %s in %s, the month ends at %s", (iso, timeZone, end) => {
    expect(new Date(monthEnd(at(iso), timeZone) * 1000).toISOString()).toBe(new Date(end).toISOString());
  });

  it("ends each month in the first second of the next, in every zone", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    const instant = fc.integer({ min: Date.UTC(2015, 0) / 1000, max: Date.UTC(2040, 0) / 1000 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, (timeZone, seconds) => {
        const now = epochSeconds(seconds);
        const until = monthEnd(now, timeZone);
        expect(until).toBeGreaterThan(seconds);
        expect(until - seconds).toBeLessThan(31.2 * 86_400);
        expect(monthScope(epochSeconds(until - 1), timeZone)).toEqual(monthScope(now, timeZone));
        const [year = 0, month = 0] = monthScope(now, timeZone).scope.slice(6).split("-").map(Number);
        const next = month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, "0")}`;
        expect(dayScope(epochSeconds(until), timeZone).scope).toBe(`day:${next}-01`);
        // The next month goes on from there: no instant is in none, and none in two.
        expect(monthEnd(epochSeconds(until), timeZone)).toBeGreaterThan(until + 27.8 * 86_400);
      }),
      { numRuns: 400 },
    );
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["a missing zone", { runId: "1", at: at("2026-11-23T00:00:00Z"), cap }],
    ["a missing cap", { runId: "1", at: at("2026-11-23T00:00:00Z"), timeZone: "UTC" }],
    ["a cap in dollars", { runId: "1", at: at("2026-11-23T00:00:00Z"), cap: { run: 1 }, timeZone: "UTC" }],
    [
      "an inherited cap",
      { runId: "1", at: at("2026-11-23T00:00:00Z"), cap: Object.create(cap) as unknown, timeZone: "UTC" },
    ],
    [
      "a cap in a Map",
      { runId: "1", at: at("2026-11-23T00:00:00Z"), cap: new Map([["run", 1n]]), timeZone: "UTC" },
    ],
    ["a run that is a number", { runId: 1, at: at("2026-11-23T00:00:00Z"), cap, timeZone: "UTC" }],
    ["an instant as text", { runId: "1", at: new Date().toISOString(), cap, timeZone: "UTC" }],
    ["no instant", { runId: "1", at: undefined, cap, timeZone: "UTC" }],
    [
      "a prefix that is a number",
      { runId: "1", at: at("2026-11-23T00:00:00Z"), cap, timeZone: "UTC", prefix: 1 },
    ],
    ["a misspelt field", { runId: "1", at: at("2026-11-23T00:00:00Z"), cap, timezone: "UTC" }],
  ])("refuses the type of %s", (_, options) => {
    expect(() => runAndMonth(options as never)).toThrow(TypeError);
  });

  it.each<readonly [string, object]>([
    ["milliseconds", { at: Date.now() as EpochSeconds }],
    ["an invalid Date", { at: new Date(NaN) }],
    ["a prefix that is too long", { prefix: "x".repeat(151) }],
    ["a run that is too long with its prefix", { runId: "x".repeat(47), prefix: "x".repeat(150) }],
    ["an empty run", { runId: "" }],
    ["a run that is too long", { runId: "x".repeat(197) }],
  ])("refuses %s", (_, wrong) => {
    const options = { runId: "1", at: at("2026-11-23T00:00:00Z"), cap, timeZone: "UTC", ...wrong };
    expect(() => runAndMonth(options)).toThrow(RangeError);
  });
});
