import {
  BudgetCap,
  dayScope,
  type EpochSeconds,
  epochSeconds,
  monthScope,
  runAndMonth,
  runScope,
  usd,
} from "dispatch-kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const at = (iso: string): EpochSeconds => epochSeconds(new Date(iso));
const cap = new BudgetCap({ run: usd(10), month: usd(250) });

/** When the month of an instant is over, as runAndMonth has it. */
function monthEnd(instant: EpochSeconds, timeZone: string): number {
  const [, month] = runAndMonth({ runId: "1", at: instant, cap, timeZone });
  return Number(month.until);
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
});

describe("dayScope, monthScope", () => {
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
    expect(dayScope(at(iso), timeZone)).toBe(`day:${day}`);
    expect(monthScope(at(iso), timeZone)).toBe(`month:${day.slice(0, 7)}`);
  });

  it("count fractions of a second to the second that they are in", () => {
    expect(dayScope(epochSeconds(1_795_391_999.9995), "UTC")).toBe("day:2026-11-22");
    expect(dayScope(epochSeconds(-0.5), "UTC")).toBe("day:1969-12-31");
  });

  it("know a zone by any capitals and by its old names", () => {
    expect(dayScope(at("2026-11-23T23:30:00Z"), "asia/tokyo")).toBe("day:2026-11-24");
    expect(dayScope(at("2026-11-23T23:30:00Z"), "Asia/Calcutta")).toBe("day:2026-11-24");
    expect(dayScope(at("2026-11-23T23:30:00Z"), "Etc/GMT-1")).toBe("day:2026-11-24");
  });

  it("stay right when more zones are used than are kept", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    const noon = at("2026-11-23T12:00:00Z");
    const first = zones.map((timeZone) => dayScope(noon, timeZone));
    expect(zones.map((timeZone) => dayScope(noon, timeZone))).toEqual(first);
    expect(new Set(first)).toEqual(new Set(["day:2026-11-23", "day:2026-11-24"]));
  });

  it("know the names of three letters that the IANA database has", () => {
    const zones = "CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET utc Cet";
    for (const timeZone of zones.split(" ")) {
      expect(dayScope(at("2026-11-23T12:00:00Z"), timeZone)).toBe("day:2026-11-23");
    }
    expect(dayScope(at("2026-11-23T23:30:00Z"), "PRC")).toBe("day:2026-11-24");
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
      expect(() => dayScope(now, timeZone)).toThrow(RangeError);
      expect(() => monthScope(now, timeZone)).toThrow(RangeError);
      expect(() => runAndMonth({ runId: "1", at: now, cap, timeZone })).toThrow(RangeError);
      // And again: what was refused is not kept as known.
      expect(() => dayScope(now, timeZone)).toThrow(RangeError);
    },
  );

  it.each([undefined, null, 1, {}, ["UTC"]])("refuse the type of the zone %s", (timeZone) => {
    const now = at("2026-11-23T12:00:00Z");
    expect(() => dayScope(now, timeZone as never)).toThrow(TypeError);
    expect(() => monthScope(now, timeZone as never)).toThrow(TypeError);
  });

  it("refuse what is no instant in seconds", () => {
    for (const scope of [dayScope, monthScope]) {
      expect(() => scope(Date.now() as never, "UTC")).toThrow(RangeError);
      expect(() => scope(NaN as never, "UTC")).toThrow(RangeError);
      expect(() => scope(new Date() as never, "UTC")).toThrow(TypeError);
      expect(() => scope("2026-11-23" as never, "UTC")).toThrow(TypeError);
    }
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
        expect(monthScope(epochSeconds(until - 1), timeZone)).toBe(monthScope(now, timeZone));
        const [year = 0, month = 0] = monthScope(now, timeZone).slice(6).split("-").map(Number);
        const next = month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, "0")}`;
        expect(dayScope(epochSeconds(until), timeZone)).toBe(`day:${next}-01`);
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
    [
      "a bare cap",
      { runId: "1", at: at("2026-11-23T00:00:00Z"), cap: { run: 1n, month: 1n }, timeZone: "UTC" },
    ],
    ["a run that is a number", { runId: 1, at: at("2026-11-23T00:00:00Z"), cap, timeZone: "UTC" }],
    ["a Date", { runId: "1", at: new Date(), cap, timeZone: "UTC" }],
    ["a misspelt field", { runId: "1", at: at("2026-11-23T00:00:00Z"), cap, timezone: "UTC" }],
  ])("refuses the type of %s", (_, options) => {
    expect(() => runAndMonth(options as never)).toThrow(TypeError);
  });

  it.each<readonly [string, object]>([
    ["milliseconds", { at: Date.now() }],
    ["an empty run", { runId: "" }],
    ["a run that is too long", { runId: "x".repeat(197) }],
  ])("refuses %s", (_, wrong) => {
    const options = { runId: "1", at: at("2026-11-23T00:00:00Z"), cap, timeZone: "UTC", ...wrong };
    expect(() => runAndMonth(options)).toThrow(RangeError);
  });
});
