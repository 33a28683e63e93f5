import { Approval, ApprovalOutcome } from "dispatch-kit";
import { describe, expect, it } from "vitest";

const given = { author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z" };

describe("Approval", () => {
  it("is approved unless it says otherwise, and frozen", () => {
    expect(new Approval(given)).toEqual({ ...given, outcome: "approved" });
    expect(new Approval({ ...given, outcome: ApprovalOutcome.REJECTED }).outcome).toBe("rejected");
    expect(Object.isFrozen(new Approval(given))).toBe(true);
  });

  it("takes a Date for its instant, and keeps it as ISO text in UTC", () => {
    const decidedAt = new Date("2026-11-23T10:00:00.5+01:00");
    expect(new Approval({ ...given, decidedAt })).toEqual({
      ...given,
      decidedAt: "2026-11-23T09:00:00.500Z",
      outcome: "approved",
    });
    decidedAt.setTime(0);
    const approval = new Approval({ ...given, decidedAt });
    decidedAt.setTime(1);
    expect(approval.decidedAt).toBe("1970-01-01T00:00:00.000Z");
  });

  it.each([new Date(NaN), new Date(8.64e15), new Date(-8.64e15)])(
    "refuses a Date that ISO-8601 does not write with four digits of the year: %s",
    (decidedAt) => {
      expect(() => new Approval({ ...given, decidedAt })).toThrow(RangeError);
    },
  );

  it("survives JSON", () => {
    const approval = new Approval(given);
    expect(new Approval(JSON.parse(JSON.stringify(approval)) as Approval)).toEqual(approval);
  });

  it.each([
    "2026-11-23T09:00Z",
    "2026-11-23T09:00:00.123456789Z",
    "2026-11-23T09:00:00+01:00",
    "2026-11-23T09:00:00-03:30",
    "2026-11-23T09:00:00+14:00",
    "2024-02-29T23:59:59Z",
    "2000-02-29T00:00:00Z",
    new Date(0).toISOString(),
  ])("takes the instant %s", (decidedAt) => {
    expect(new Approval({ ...given, decidedAt }).decidedAt).toBe(decidedAt);
  });

  it.each([
    "",
    "not a date",
    "2026-11-23",
    "2026-11-23T09:00:00",
    "2026-11-23 09:00:00Z",
    "2026-11-23t09:00:00z",
    "2026-02-29T09:00:00Z",
    "2100-02-29T09:00:00Z",
    "2026-02-30T09:00:00Z",
    "2026-04-31T09:00:00Z",
    "2026-13-01T09:00:00Z",
    "2026-00-01T09:00:00Z",
    "2026-00-01T09:00:00Z",
    "2026-11-00T09:00:00Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T09:60:00Z",
    "2026-11-23T09:00:60Z",
    "2026-11-23T09:00:00+24:00",
    "2026-11-23T09:00:00+1:00",
    "2026-11-23T09:00:00+01",
    "2026-11-23T09:00:00-0330",
    "2026-11-23T09:00:00,5Z",
    "2026-11-23T09:00:00Z\n",
    " 2026-11-23T09:00:00Z",
    "26-11-23T09:00:00Z",
    "1795392000",
  ])("refuses %j, which is no instant", (decidedAt) => {
    expect(() => new Approval({ ...given, decidedAt })).toThrow(RangeError);
  });

  it.each(["", " ", "\t\n", "\u00a0", "\u200b", "\u202e", "a\0b", "\ud800"])(
    "refuses the text %j",
    (text) => {
      expect(() => new Approval({ ...given, author: text })).toThrow(RangeError);
      expect(() => new Approval({ ...given, reason: text })).toThrow(RangeError);
    },
  );

  it.each(["é", "0", "!", "👩‍🚀", "line\nline"])("takes the text %j", (text) => {
    expect(new Approval({ ...given, author: text, reason: text }).author).toBe(text);
  });

  it("refuses another outcome, and a wrong type", () => {
    expect(() => new Approval({ ...given, outcome: "maybe" as never })).toThrow(RangeError);
    expect(() => new Approval({ ...given, outcome: true as never })).toThrow(TypeError);
    expect(() => new Approval({ ...given, decidedAt: Date.now() as never })).toThrow(TypeError);
    expect(() => new Approval({ ...given, decided_at: "" } as never)).toThrow(TypeError);
  });

  it("needs an author, a reason and an instant: only a store says when", () => {
    const needed = { author: "a string", reason: "a string", decidedAt: "a Date or a string" };
    for (const [key, what] of Object.entries(needed)) {
      const rest = { ...given, [key]: undefined };
      expect(() => new Approval(rest)).toThrow(
        new TypeError(`Approval.${key} must be ${what}; got undefined`),
      );
    }
  });
});
