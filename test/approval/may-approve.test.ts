import {
  Approval,
  type ApprovalFields,
  type Bound,
  epochSeconds,
  mayApprove,
  type Requirements,
  usd,
} from "dispatch-kit";
import { requirementsOf } from "dispatch-kit/rules";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const now = epochSeconds(1_795_392_000);
const bound: Bound = { digest: "ab".repeat(32), ceiling: usd(2), until: epochSeconds(now + 60) };
const other: Bound = { ...bound, digest: "cd".repeat(32) };
const ok = { kind: "ok", bound: null };
const voted = { kind: "voted" };
const no = (reason: string): object => ({ kind: "refused", reason });

const by = (author: string, bound?: Bound): ApprovalFields => ({ author, reason: "seen", bound });

type Row = readonly [
  name: string,
  requestedBy: string | null,
  requires: Requirements | null,
  votes: readonly ApprovalFields[],
  approval: ApprovalFields,
  answer: object,
];

const TABLE: readonly Row[] = [
  ["a job that demands nothing", "carol", null, [], by("alice"), ok],
  ["nobody knows who asked", null, null, [], by("alice"), ok],
  ["a bound approval", "carol", null, [], by("alice", bound), { kind: "ok", bound }],
  ["one's own request", "alice", null, [], by("alice"), no("own_request")],
  ["one's own request, bound", "alice", { bound: true }, [], by("alice", bound), no("own_request")],
  ["another's spelling is another", "Alice", null, [], by("alice"), ok],
  ["another's normal form is another", "e\u0301", null, [], by("\u00e9"), ok],
  ["white space makes another", "alice ", null, [], by("alice"), ok],
  ["bound is demanded", "carol", { bound: true }, [], by("alice"), no("bound_required")],
  ["bound is demanded and given", "carol", { bound: true }, [], by("alice", bound), { kind: "ok", bound }],
  ["bound, and nobody knows who asked", null, null, [], by("alice", bound), no("requested_by_missing")],
  ["bound is demanded, nobody knows who asked", null, { bound: true }, [], by("alice"), no("bound_required")],
  ["the first of two", "carol", { votes: 2 }, [], by("alice"), voted],
  ["the second of two", "carol", { votes: 2 }, [by("alice")], by("bob"), ok],
  ["the same again", "carol", { votes: 2 }, [by("alice")], by("alice"), no("same_voter")],
  ["two, one's own request", "bob", { votes: 2 }, [by("alice")], by("bob"), no("own_request")],
  ["a third after two", "carol", { votes: 2 }, [by("alice"), by("bob")], by("dave"), ok],
  [
    "a vote that is listed twice is one",
    "carol",
    { votes: 2 },
    [by("alice"), by("alice")],
    by("alice"),
    no("same_voter"),
  ],
  [
    "two bound to the same: the strictest counts",
    "carol",
    { bound: true, votes: 2 },
    [by("alice", { ...bound, ceiling: usd(1) })],
    by("bob", { ...bound, until: epochSeconds(now + 1) }),
    { kind: "ok", bound: { ...bound, ceiling: usd(1), until: now + 1 } },
  ],
  ["two bound to two things", "carol", { votes: 2 }, [by("alice", bound)], by("bob", other), voted],
  [
    "the same author, for something else",
    "carol",
    { votes: 2 },
    [by("alice", bound)],
    by("alice", other),
    voted,
  ],
  ["a bound and a plain one", "carol", { votes: 2 }, [by("alice", bound)], by("bob"), voted],
  ["a plain and a bound one", "carol", { votes: 2 }, [by("alice")], by("bob", bound), voted],
  [
    "a bound vote that is over counts no more",
    "carol",
    { votes: 2 },
    [by("alice", { ...bound, until: now })],
    by("bob", bound),
    voted,
  ],
  [
    "and its author may vote again",
    "carol",
    { votes: 2 },
    [by("alice", { ...bound, until: now }), by("bob", bound)],
    by("alice", bound),
    { kind: "ok", bound },
  ],
];

describe("mayApprove", () => {
  it.each(TABLE)("%s", (_, requestedBy, requires, votes, approval, answer) => {
    const made = mayApprove({ requestedBy, requires, votes, approval, now });
    expect(made).toEqual(answer);
    expect(made).toSatisfy(Object.isFrozen);
  });

  it("takes genuine approvals", () => {
    const approval = new Approval({ author: "bob", reason: "seen", decidedAt: new Date(0), bound });
    expect(mayApprove({ requestedBy: "carol", votes: [approval], approval, now })).toEqual(no("same_voter"));
  });

  it("refuses in a fixed order", () => {
    const worst = { requestedBy: "alice", requires: { bound: true, votes: 2 }, now } as const;
    const votes = [by("alice"), by("alice", bound)];
    expect(mayApprove({ ...worst, votes, approval: by("alice") })).toEqual(no("bound_required"));
    expect(mayApprove({ ...worst, requestedBy: null, votes, approval: by("alice", bound) })).toEqual(
      no("requested_by_missing"),
    );
    expect(mayApprove({ ...worst, votes, approval: by("alice", bound) })).toEqual(no("own_request"));
  });

  it("refuses a rejection, and what is no approval", () => {
    const rejection = { ...by("alice"), outcome: "rejected" } as const;
    expect(() => mayApprove({ approval: rejection, now })).toThrow(RangeError);
    expect(() => mayApprove({ votes: [rejection], approval: by("bob"), now })).toThrow(RangeError);
    expect(() => mayApprove({ approval: "alice" as never, now })).toThrow(TypeError);
    expect(() => mayApprove({ approval: by("alice") } as never)).toThrow(TypeError);
  });

  it("never lets a job go with fewer authors than it wants, or with the one who asked", () => {
    const author = fc.constantFrom("alice", "bob", "carol");
    const approval = fc.tuple(author, fc.constantFrom(undefined, bound, other)).map(([a, b]) => by(a, b));
    const requires = fc.record({ bound: fc.boolean(), votes: fc.constantFrom<1 | 2>(1, 2) });
    fc.assert(
      fc.property(
        fc.option(author),
        requires,
        fc.array(approval, { maxLength: 6 }),
        (requestedBy, requires, asked) => {
          let votes: readonly ApprovalFields[] = [];
          for (const approval of asked) {
            const answer = mayApprove({ requestedBy, requires, votes, approval, now });
            if (answer.kind === "refused") continue;
            votes = [...votes, approval];
            if (answer.kind === "voted") continue;
            const agreed = votes.filter((vote) => vote.bound?.digest === approval.bound?.digest);
            const authors = new Set(agreed.map((vote) => vote.author));
            expect(authors.size).toBeGreaterThanOrEqual(requires.votes);
            expect(authors).not.toContain(requestedBy);
            expect(answer.bound === null).toBe(approval.bound === undefined);
            if (requires.bound) expect(answer.bound).not.toBeNull();
            break;
          }
        },
      ),
    );
  });
});

describe("requirementsOf", () => {
  it("fills in what is missing, and takes what it gave", () => {
    const none = { bound: false, votes: 1 };
    for (const value of [undefined, null, {}, none, { bound: undefined, votes: undefined }]) {
      expect(requirementsOf("requires", value)).toEqual(none);
    }
    expect(requirementsOf("requires", { bound: true, votes: 2 })).toEqual({ bound: true, votes: 2 });
    expect(requirementsOf("requires", { bound: true })).toSatisfy(Object.isFrozen);
  });

  it.each<readonly [unknown, typeof TypeError]>([
    [{ votes: 0 }, RangeError],
    [{ votes: 3 }, RangeError],
    [{ votes: 1.5 }, RangeError],
    [{ votes: "2" }, TypeError],
    [{ bound: 1 }, TypeError],
    [{ bond: true }, TypeError],
    [true, TypeError],
  ])("refuses %j", (value, error) => {
    expect(() => requirementsOf("requires", value)).toThrow(error);
  });
});
