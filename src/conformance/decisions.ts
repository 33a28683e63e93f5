import type { Approval, ApprovalFields } from "../approval/approval.ts";
import type { JobRequest } from "../dispatch/job.ts";
import { like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define } from "./define.ts";
import { capped, counted, free, lacks, MONTH, NO, paid, RUN, YES } from "./fixtures.ts";

const QUEUED = { kind: "queued" };
const REJECTED = { kind: "rejected" };
const WHO = { author: "bob", reason: "a plain decision" };
const isoAt = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Decisions as plain objects, clones, or instances from another copy of the library. */
export const decisionCases: readonly Definition[] = [
  define(
    "both",
    ["submit", "submitMany", "approve", "reject", "job", "usage"],
    "jobs: a plain decision becomes an approval; without its own time it gets the store's time",
    async ({ store, clock }) => {
      clock.now = START + 60.25;
      const scopes = capped(30);
      const plain = (id: string): JobRequest<unknown> =>
        paid(id, { approved: { approval: { ...WHO }, scopes } });
      same("submit", await store.submit(plain("one")), QUEUED);
      same("submitMany", await store.submitMany([plain("two"), plain("three")]), [QUEUED, QUEUED]);
      const refused = { kind: "refused", lacking: lacks(10, RUN, MONTH) };
      const several = [paid("approved"), plain("no room"), paid("rejected")];
      const waits = { kind: "awaiting_approval" };
      same("submitMany, one without room", await store.submitMany(several), [waits, refused, waits]);
      same(
        "free work",
        await store.submit(free("free", { approved: { approval: { ...WHO }, scopes } })),
        QUEUED,
      );
      clock.now = START + 3600;
      const undefinedTime = { ...WHO, decidedAt: undefined, outcome: undefined };
      same("approve", await store.approve("approved", undefinedTime, { scopes: capped(40) }), QUEUED);
      same("reject", await store.reject("rejected", { ...WHO }), REJECTED);
      // The time at which an approval is read must not change it.
      clock.now = START + 7200;
      for (const [id, at, outcome] of [
        ["one", START + 60.25, "approved"],
        ["two", START + 60.25, "approved"],
        ["three", START + 60.25, "approved"],
        ["free", START + 60.25, "approved"],
        ["approved", START + 3600, "approved"],
        ["rejected", START + 3600, "rejected"],
      ] as const) {
        same(id, (await store.job(id))?.approval, { ...WHO, decidedAt: isoAt(at), outcome });
      }
      await counted("after that", store, 40, 0);
    },
  ),
  define(
    "both",
    ["submit", "submitMany", "approve", "reject", "job"],
    "jobs: the time of a decision is kept: text as it was given, a Date as UTC text",
    async ({ store, clock }) => {
      clock.now = START + 60;
      const times: readonly (readonly [Date | string, string])[] = [
        ["2026-11-22T20:30:00-03:30", "2026-11-22T20:30:00-03:30"],
        ["2026-11-23T00:00:00.123456789Z", "2026-11-23T00:00:00.123456789Z"],
        ["2026-11-23T09:00+01:00", "2026-11-23T09:00+01:00"],
        [new Date("1999-12-31T23:59:59.999Z"), "1999-12-31T23:59:59.999Z"],
        [new Date("2026-11-23T09:00:00+01:00"), "2026-11-23T08:00:00.000Z"],
      ];
      for (const [index, [decidedAt, kept]] of times.entries()) {
        const id = (by: string): string => `${by} ${index}`;
        const scopes = capped(1000);
        const approval = { ...WHO, decidedAt };
        await store.submit(paid(id("submitted"), { approved: { approval, scopes } }));
        await store.submitMany([paid(id("of several"), { approved: { approval, scopes } })]);
        await store.submitMany([paid(id("approved")), paid(id("rejected"))]);
        await store.approve(id("approved"), approval, { scopes });
        await store.reject(id("rejected"), approval);
        for (const by of ["submitted", "of several", "approved", "rejected"]) {
          same(`${by} at ${kept}`, (await store.job(id(by)))?.approval?.decidedAt, kept);
        }
      }
    },
  ),
  define(
    "both",
    ["submit", "approve", "reject", "job", "usage"],
    "jobs: a plain decision with another outcome, or without author and reason, is refused, and the job still waits",
    async ({ store }) => {
      await store.submit(paid("j"));
      const scopes = capped(100);
      const decisions: readonly (readonly [string, "TypeError" | "RangeError", unknown])[] = [
        ["without an author", "TypeError", { reason: "demo" }],
        ["with an undefined reason", "TypeError", { ...WHO, reason: undefined }],
        ["with a blank author", "RangeError", { ...WHO, author: " " }],
        ["with an unknown field", "TypeError", { ...WHO, decidedBy: "bob" }],
        ["at no instant", "RangeError", { ...WHO, decidedAt: "2026-11-23" }],
        ["at an invalid Date", "RangeError", { ...WHO, decidedAt: new Date(NaN) }],
        ["at a number", "TypeError", { ...WHO, decidedAt: START }],
        ["of another outcome", "RangeError", { ...WHO, outcome: "maybe" }],
        ["that is a name", "TypeError", "bob"],
        ["that is a Map", "TypeError", new Map(Object.entries(WHO))],
        ["whose fields are inherited", "TypeError", Object.create(YES())],
      ];
      // Plain JavaScript can pass any value.
      const wrong = (decision: unknown): ApprovalFields => decision as ApprovalFields;
      for (const [what, expected, given] of decisions) {
        const approval = wrong(given);
        await refuses(`approve ${what}`, expected, () => store.approve("j", approval, { scopes }));
        await refuses(`reject ${what}`, expected, () => store.reject("j", approval));
        const approved = { approval, scopes };
        await refuses(`submit ${what}`, expected, () => store.submit(paid("k", { approved })));
      }
      const no = { ...WHO, outcome: "rejected" } as const;
      await refuses("approve by a rejection", "RangeError", () => store.approve("j", no, { scopes }));
      const rejected = { approved: { approval: no, scopes } };
      await refuses("submit by a rejection", "RangeError", () => store.submit(paid("k", rejected)));
      const yes = { ...WHO, outcome: "approved" } as const;
      await refuses("reject by an approval", "RangeError", () => store.reject("j", yes));
      like("the job", await store.job("j"), { state: "awaiting_approval", approval: null });
      same("the other", await store.job("k"), null);
      await counted("after that", store, 0, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "reject", "job"],
    "jobs: a clone of an approval, or a copy through JSON, is read by its fields",
    async ({ store }) => {
      const scopes = capped(100);
      const clones: readonly (readonly [string, (of: Approval) => ApprovalFields])[] = [
        ["a clone", (of) => structuredClone(of)],
        ["JSON", (of) => JSON.parse(JSON.stringify(of)) as ApprovalFields],
        ["its fields", ({ author, reason, decidedAt, outcome }) => ({ author, reason, decidedAt, outcome })],
      ];
      for (const [what, clone] of clones) {
        const [submitted, waits, ends] = [`${what} 1`, `${what} 2`, `${what} 3`];
        const approved = { approval: clone(YES()), scopes };
        same(`submit by ${what}`, await store.submit(paid(submitted, { approved })), QUEUED);
        await store.submit(paid(waits));
        same(`approve by ${what}`, await store.approve(waits, clone(YES()), { scopes }), QUEUED);
        await store.submit(paid(ends));
        same(`reject by ${what}`, await store.reject(ends, clone(NO())), REJECTED);
        for (const [id, expected] of [
          [submitted, YES()],
          [waits, YES()],
          [ends, NO()],
        ] as const) {
          same(`the decision about ${id}`, (await store.job(id))?.approval, expected);
        }
      }
    },
  ),
];
