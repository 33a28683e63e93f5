import { Approval, ApprovalOutcome, type Decision } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { decisionBody, decisionConflict, decisionOf, decisionWith } from "../../src/approval/decision.ts";
import { NO, YES } from "../stores/memory/support.ts";

const plain = { author: "alice", reason: "agreed" };

describe("decisionOf", () => {
  it("reads an id and who decided, and freezes both", () => {
    const read = decisionOf("pinCap: decision", { id: "d1", approval: YES });
    expect(read).toEqual({ id: "d1", approval: { ...YES } });
    expect(read).toSatisfy(Object.isFrozen);
    expect(read.approval).toSatisfy(Object.isFrozen);
  });

  it("takes plain fields without a time, which the store fills in", () => {
    expect(decisionOf("d", { id: "d1", approval: plain }).approval).toEqual({
      ...plain,
      decidedAt: null,
      outcome: "approved",
    });
  });

  it("reads each field once", () => {
    let reads = 0;
    const decision = {
      get id() {
        return `d${String(reads++)}`;
      },
      approval: YES,
    };
    expect(decisionOf("d", decision).id).toBe("d0");
    expect(reads).toBe(1);
  });

  it.each<readonly [string, unknown, typeof TypeError]>([
    ["nothing", undefined, TypeError],
    ["an approval alone", YES, TypeError],
    ["its fields alone", plain, TypeError],
    ["no id", { approval: YES }, TypeError],
    ["an id that is null", { id: null, approval: YES }, TypeError],
    ["an id that is a number", { id: 1, approval: YES }, TypeError],
    ["an empty id", { id: "", approval: YES }, RangeError],
    ["an id that is too long", { id: "x".repeat(201), approval: YES }, RangeError],
    ["an id with a line break", { id: "a\nb", approval: YES }, RangeError],
    ["no approval", { id: "d1" }, TypeError],
    ["an approval of nobody", { id: "d1", approval: { reason: "r" } }, TypeError],
    ["a rejection", { id: "d1", approval: NO }, RangeError],
    ["a field too many", { id: "d1", approval: YES, by: "alice" }, TypeError],
    ["inherited fields", Object.create({ id: "d1", approval: YES }), TypeError],
    ["a list", ["d1", YES], TypeError],
  ])("refuses %s", (_, value, error) => {
    expect(() => decisionOf("pinCap: decision", value)).toThrow(error);
  });
});

describe("decisionWith", () => {
  const rejects = decisionWith(ApprovalOutcome.REJECTED);
  const approves = decisionWith(ApprovalOutcome.APPROVED);

  it("takes an approval, its fields, or a decision with an id", () => {
    expect(approves("a", YES)).toEqual({ id: null, approval: { ...YES } });
    expect(approves("a", plain)).toMatchObject({ id: null, approval: plain });
    expect(approves("a", { id: "d1", approval: YES })).toEqual({ id: "d1", approval: { ...YES } });
    expect(rejects("a", { id: "d1", approval: plain })).toMatchObject({
      id: "d1",
      approval: { outcome: "rejected" },
    });
    expect(rejects("a", NO)).toSatisfy(Object.isFrozen);
  });

  it.each<readonly [string, unknown, typeof TypeError]>([
    ["the other outcome", YES, RangeError],
    ["the other outcome, in a decision", { id: "d1", approval: YES }, RangeError],
    ["a decision without an id", { approval: NO }, TypeError],
    ["a decision with an id that is undefined", { id: undefined, approval: NO }, TypeError],
    ["an id beside the fields of an approval", { id: "d1", ...plain }, TypeError],
    ["a decision with a field too many", { id: "d1", approval: NO, ...plain }, TypeError],
    ["null", null, TypeError],
    ["text", "alice", TypeError],
  ])("refuses %s", (_, value, error) => {
    expect(() => rejects("reject: approval", value)).toThrow(error);
  });
});

it("decisionWith: says what a decision lacks, and not what an approval has", () => {
  const approves = decisionWith(ApprovalOutcome.APPROVED);
  expect(() => approves("approve: approval", { id: "d1" })).toThrow(
    "approve: approval.approval must be an Approval or its fields; got undefined",
  );
  expect(() => approves("approve: approval", { approval: YES })).toThrow(
    "approve: approval.id must be a string; got undefined",
  );
});

describe("decisionBody", () => {
  const body = (approval: Decision["approval"], ...change: readonly unknown[]): string => {
    const read = decisionOf("d", { id: "d1", approval });
    return decisionBody(change, read.approval);
  };

  it("is what was decided and by whom, and not when", () => {
    const one = body(YES, "pinCap", "month", "5");
    expect(body({ ...YES, decidedAt: "2027-01-01T00:00:00Z" }, "pinCap", "month", "5")).toBe(one);
    expect(body(new Approval({ ...YES, decidedAt: new Date(0) }), "pinCap", "month", "5")).toBe(one);
    const others = [
      body(YES, "unpinCap", "month", "5"),
      body(YES, "pinCap", "month", "6"),
      body(YES, "pinCap", "month5"),
      body(YES, "pinCap", "month", 5),
      body({ ...YES, author: "bob" }, "pinCap", "month", "5"),
      body({ ...YES, reason: "other" }, "pinCap", "month", "5"),
    ];
    expect(new Set([one, ...others]).size).toBe(others.length + 1);
  });
});

it("decisionConflict: names the id", () => {
  expect(decisionConflict("d1")).toMatchObject({ code: "decision_conflict", subject: "d1" });
  expect(decisionConflict("d1").message).toContain('"d1"');
});
