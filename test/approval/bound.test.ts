import {
  Approval,
  type Bound,
  type BoundFields,
  checkBound,
  epochSeconds,
  type MicroCents,
  microCents,
  usd,
} from "dispatch-kit";
import { approvalWith, decidedAt, decisionBody, outcomeFromJSON } from "dispatch-kit/rules";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const digest = "0123456789abcdef".repeat(4);
const other = "fedcba9876543210".repeat(4);
const until = epochSeconds(1_796_083_200);
const bound: Bound = { digest, ceiling: usd("1.50"), until };
const given = { author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z" };
const facts = { digest, booked: usd("0.50"), nextHold: usd(1), now: epochSeconds(until - 1) };

describe("checkBound", () => {
  it("covers a hold up to the ceiling, and up to the last instant before `until`", () => {
    expect(checkBound(bound, facts)).toEqual({ kind: "ok" });
    expect(checkBound(bound, { ...facts, now: new Date(until * 1000 - 1) })).toEqual({ kind: "ok" });
  });

  it.each<readonly [string, Partial<typeof facts>, object]>([
    ["the digest", { digest: other }, { reason: "other_job" }],
    ["booked", { booked: usd("0.50000001") }, { reason: "ceiling", by: 1n }],
    ["nextHold", { nextHold: usd("1.25") }, { reason: "ceiling", by: usd("0.25") }],
    ["now, at `until`", { now: until }, { reason: "until", until }],
    ["now, after it", { now: epochSeconds(until + 1) }, { reason: "until", until }],
  ])("refuses by its name: %s", (_, altered, refusal) => {
    expect(checkBound(bound, { ...facts, ...altered })).toEqual({ kind: "refused", ...refusal });
  });

  it.each<readonly [string, Partial<Bound>, object]>([
    ["digest", { digest: other }, { reason: "other_job" }],
    ["ceiling", { ceiling: usd("1.49999999") }, { reason: "ceiling", by: 1n }],
    ["until", { until: facts.now }, { reason: "until", until: facts.now }],
  ])("refuses by its name an altered bound: %s", (_, altered, refusal) => {
    expect(checkBound({ ...bound, ...altered }, facts)).toEqual({ kind: "refused", ...refusal });
  });

  it("refuses in a fixed order: the digest, the ceiling, until", () => {
    const worst = { digest: other, booked: usd(9), nextHold: usd(9), now: until };
    expect(checkBound(bound, worst)).toMatchObject({ reason: "other_job" });
    expect(checkBound(bound, { ...worst, digest })).toMatchObject({ reason: "ceiling" });
  });

  it("refuses a free hold too, where more is booked than the ceiling", () => {
    expect(checkBound(bound, { ...facts, booked: usd(2), nextHold: usd(0) })).toMatchObject({
      by: usd("0.50"),
    });
  });

  it("never covers more than the ceiling", () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 62n - 1n }).map(microCents);
    fc.assert(
      fc.property(amount, amount, amount, (ceiling, booked, nextHold) => {
        const checked = checkBound({ ...bound, ceiling }, { ...facts, booked, nextHold });
        expect(checked.kind === "ok").toBe(booked + nextHold <= ceiling);
        if (checked.kind === "refused" && checked.reason === "ceiling") {
          expect(checked.by).toBe(booked + nextHold - ceiling);
        }
      }),
    );
  });

  it("writes its money as dollars", () => {
    const refused = checkBound(bound, { ...facts, booked: usd(1) });
    expect(JSON.stringify(refused)).toBe('{"kind":"refused","reason":"ceiling","by":"0.50"}');
  });
});

describe("Approval.bound", () => {
  it("is checked, copied and frozen; a Date becomes epoch seconds", () => {
    const mine = { ...bound, until: new Date(until * 1000) };
    const approval = new Approval({ ...given, bound: mine });
    expect(approval.bound).toEqual(bound);
    expect(approval.bound).toSatisfy(Object.isFrozen);
    mine.digest = other;
    expect(approval.bound?.digest).toBe(digest);
  });

  it("is no field at all where it was not given", () => {
    const fields = ["author", "reason", "decidedAt", "outcome"];
    expect(Object.keys(new Approval(given))).toEqual(fields);
    expect(Object.keys(new Approval({ ...given, bound: undefined }))).toEqual(fields);
    expect(JSON.parse(JSON.stringify(new Approval(given)))).toEqual({ ...given, outcome: "approved" });
    expect(Object.keys(approvalWith("approved")("a", given))).toEqual(fields);
  });

  it.each<readonly [string, unknown, typeof TypeError]>([
    ["no digest", { ...bound, digest: undefined }, TypeError],
    ["63 digits", { ...bound, digest: digest.slice(1) }, RangeError],
    ["65 digits", { ...bound, digest: `${digest}0` }, RangeError],
    ["a line break after the digits", { ...bound, digest: `${digest}\n` }, RangeError],
    ["uppercase digits", { ...bound, digest: digest.toUpperCase() }, RangeError],
    ["no ceiling", { ...bound, ceiling: undefined }, TypeError],
    ["a ceiling in dollars", { ...bound, ceiling: "1.50" }, TypeError],
    ["a negative ceiling", { ...bound, ceiling: -1n }, RangeError],
    ["a ceiling above 2^62 - 1", { ...bound, ceiling: 2n ** 62n }, RangeError],
    ["no until", { ...bound, until: undefined }, TypeError],
    ["milliseconds", { ...bound, until: until * 1000 }, RangeError],
    ["ISO text", { ...bound, until: "2026-12-01T00:00:00Z" }, TypeError],
    ["a field too many", { ...bound, from: until }, TypeError],
    ["null", null, TypeError],
    ["the digest alone", digest, TypeError],
  ])("refuses %s", (_, value, error) => {
    expect(() => new Approval({ ...given, bound: value as BoundFields })).toThrow(error);
    expect(() => approvalWith("approved")("a", { ...given, bound: value })).toThrow(error);
    expect(() => checkBound(value as BoundFields, facts)).toThrow(error);
  });

  it("is refused in a rejection", () => {
    const message = "Approval.bound must be left out of a rejection";
    expect(() => new Approval({ ...given, outcome: "rejected", bound })).toThrow(new RangeError(message));
    expect(() => approvalWith("rejected")("a", { ...given, bound })).toThrow(message);
  });

  it("survives JSON exactly, as dollars", () => {
    const ceiling = fc.bigInt({ min: 0n, max: 2n ** 62n - 1n }).map(microCents);
    const seconds = fc.double({ min: 0, max: 9e10, noNaN: true }).map(epochSeconds);
    fc.assert(
      fc.property(ceiling, seconds, (ceiling: MicroCents, until) => {
        const approval = new Approval({ ...given, bound: { digest, ceiling, until } });
        const json = JSON.stringify(approval);
        const read = Approval.fromJSON(JSON.parse(json));
        expect(read).toEqual(approval);
        expect(JSON.stringify(read)).toBe(json);
      }),
    );
    const { bound: text } = JSON.parse(JSON.stringify(new Approval({ ...given, bound }))) as {
      bound: unknown;
    };
    expect(text).toEqual({ digest, ceiling: "1.50", until: 1_796_083_200 });
  });

  it("is read from JSON in dollars only", () => {
    const json = { ...given, outcome: "approved", bound: { digest, ceiling: "1.50", until } };
    expect(Approval.fromJSON(json)).toEqual(new Approval({ ...given, bound }));
    for (const ceiling of [1.5, 150_000_000n, undefined, null]) {
      expect(() => Approval.fromJSON({ ...json, bound: { ...json.bound, ceiling } })).toThrow(TypeError);
    }
    expect(() => Approval.fromJSON({ ...json, bound: { ...json.bound, ceiling: "-1" } })).toThrow(RangeError);
    expect(() => Approval.fromJSON({ ...json, outcome: "rejected" })).toThrow(RangeError);
    expect(Object.keys(Approval.fromJSON(given))).not.toContain("bound");
  });

  it("is kept in an answer that has gone through JSON", () => {
    const approval = new Approval({ ...given, bound });
    const json: unknown = JSON.parse(JSON.stringify({ kind: "not_waiting", state: "queued", approval }));
    expect(outcomeFromJSON(json)).toMatchObject({ approval });
  });

  it("is kept when the store adds its time", () => {
    const draft = approvalWith("approved")("a", { author: "alice", reason: "demo", bound });
    expect(decidedAt(draft, until)).toEqual(
      new Approval({ ...given, decidedAt: new Date(until * 1000), bound }),
    );
  });
});

describe("decisionBody", () => {
  const body = (bound?: BoundFields): string =>
    decisionBody(["approve", "1", null], approvalWith("approved")("a", { ...given, bound }));

  it("has each part of a bound, and without one is what it always was", () => {
    expect(body()).toBe('["approve","1",null,"alice","demo","approved"]');
    const others = [{ digest: other }, { ceiling: usd("1.51") }, { until: epochSeconds(until + 1) }];
    const bodies = [body(), body(bound), ...others.map((altered) => body({ ...bound, ...altered }))];
    expect(new Set(bodies).size).toBe(bodies.length);
    expect(body({ ...bound, until: new Date(until * 1000) })).toBe(body(bound));
  });
});
