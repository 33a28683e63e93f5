import { jobHoldId } from "../budget/hold-request.ts";
import { check, like, refuses, same, thrownBy } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  asks,
  at,
  capped,
  counted,
  free,
  leaseOf,
  MALFORMED,
  micro,
  MONTH,
  nothingToClaim,
  paid,
  RUN,
  upTo,
  YES,
} from "./fixtures.ts";

const QUEUED = { kind: "queued" };
const TAGS = { user: "u-7", цвет: "\u{1f600}" };

const scopes: readonly Definition[] = [
  define(
    "both",
    ["submit", "approve", "claim", "fail", "usage"],
    "submit: its scopes are those of an approval that names none, also of one that comes with it, and of the retries",
    async ({ store }) => {
      await store.submit(paid("later", { scopes: capped(100) }));
      await counted("waiting", store, 0, 0);
      same("approve", await store.approve("later", YES()), QUEUED);
      await counted("approved", store, 10, 0);
      const now = paid("now", { scopes: capped(100), approved: { approval: YES() } });
      same("submit", await store.submit(now), QUEUED);
      await counted("both", store, 20, 0);
      const busy = { retriable: true, actual: micro(1) };
      like("retried", await store.fail(await leaseOf(store), "busy", busy), { kind: "requeued" });
      await counted("retried", store, 20, 1);
    },
  ),
  define(
    "both",
    ["submit", "approve", "usage", "job"],
    "submit: an approval may name other scopes than the submission; without any it is a RangeError",
    async ({ store }) => {
      await store.submit(paid("asked", { scopes: capped(100, "asked") }));
      same("others", await store.approve("asked", YES(), { scopes: capped(100, RUN) }), QUEUED);
      await counted("the asked one", store, 0, 0, "asked");
      await counted("the other", store, 10, 0, RUN);
      await store.submit(paid("none"));
      await refuses("without any", "RangeError", () => store.approve("none", YES()));
      const now = paid("now", { approved: { approval: YES() } });
      const thrown = await thrownBy(() => store.submit(now));
      // A field that is missing, or a list that is empty.
      const isWrong = thrown === "TypeError" || thrown === "RangeError";
      check("at once, without any", isWrong, "it to throw TypeError or RangeError", thrown);
      like("the job", await store.job("none"), { state: "awaiting_approval", approval: null });
      same("the other job", await store.job("now"), null);
    },
  ),
  define(
    "both",
    ["submit", "approve", "usage"],
    "submit: the names of its scopes are a part of the job's body; their order, caps and ends are not",
    async ({ store }) => {
      await store.submit(paid("j", { scopes: capped(100, RUN, MONTH) }));
      const again = (names: ReturnType<typeof capped> | null) => () =>
        store.submit(paid("j", { scopes: names }));
      const exists = { kind: "exists", state: "awaiting_approval" };
      same("another order", await again(capped(100, MONTH, RUN))(), exists);
      const computed = capped(7, RUN, MONTH).map((scope) => ({ ...scope, until: at(60) }));
      same("other caps and ends", await again(computed)(), exists);
      await refuses("a scope less", "job_conflict", again(capped(100, RUN)));
      await refuses("a scope more", "job_conflict", again(capped(100, RUN, MONTH, "day:1")));
      await refuses("none", "job_conflict", again(null));
      await refuses("an empty list", "RangeError", again([]));
      same("approve", await store.approve("j", YES()), QUEUED);
      await counted("by the first caps", store, 10, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "usage", "job"],
    "approve: scopes of the submission that are over refuse, and newer ones are taken",
    async ({ store, clock }) => {
      await store.submit(paid("j", { scopes: [{ scope: MONTH, cap: micro(100), until: at(60) }] }));
      clock.now = START + 60;
      const lacking = [{ scope: MONTH, by: micro(10), until: at(60), over: true }];
      same("in the old month", await store.approve("j", YES()), { kind: "refused", lacking });
      like("the job", await store.job("j"), { state: "awaiting_approval" });
      const next = capped(100, "month:2026-12");
      same("in the new month", await store.approve("j", YES(), { scopes: next }), QUEUED);
      await counted("the old month", store, 0, 0, MONTH);
      await counted("the new month", store, 10, 0, "month:2026-12");
    },
  ),
];

const tags: readonly Definition[] = [
  define(
    "both",
    ["submit", "approve", "claim", "fail", "hold", "job", "getHold"],
    "tags: those of a job are shown with it and with each of its holds, those of a hold with the hold",
    async ({ store }) => {
      await store.submit(paid("j", { tags: TAGS }));
      like("the job", await store.job("j"), { tags: TAGS });
      await store.approve("j", YES(), { scopes: capped(100) });
      await store.fail(await leaseOf(store), "busy", { retriable: true });
      for (const n of [1, 2]) like(`its hold ${n}`, await store.getHold(jobHoldId("j", n)), { tags: TAGS });
      await store.hold({ ...asks("a", 10), tags: TAGS });
      like("a hold", await store.getHold("a"), { tags: TAGS });
      await store.hold(asks("b", 10));
      like("a hold without", await store.getHold("b"), { tags: {} });
      await store.submit(free("k"));
      like("a job without", await store.job("k"), { tags: {}, requestedBy: null });
    },
  ),
  define(
    "both",
    ["submit", "hold", "job", "getHold"],
    "tags: they are no part of a body; requestedBy is one of a job's, and is shown with it",
    async ({ store }) => {
      const job = { requestedBy: "user 7", tags: TAGS };
      await store.submit(free("j", job));
      const again = (rest: object) => () => store.submit(free("j", { ...job, ...rest }));
      same("other tags", await again({ tags: { user: "u-8" } })(), { kind: "exists", state: "pending" });
      await refuses("another person", "job_conflict", again({ requestedBy: "user 8" }));
      await refuses("nobody", "job_conflict", again({ requestedBy: null }));
      like("the job", await store.job("j"), job);
      await store.hold({ ...asks("a", 10), tags: TAGS });
      const other = { ...asks("a", 10), tags: { user: "u-8" } };
      same("a hold with other tags", await store.hold(other), { kind: "exists", state: "open" });
      like("the hold", await store.getHold("a"), { tags: TAGS });
    },
  ),
  define(
    "both",
    ["submit", "claim", "hold", "usage"],
    "tags: at most 16, of names and values that are text of 1 to 200 code units, else they are refused",
    async ({ store }) => {
      const some = (count: number) => Object.fromEntries(upTo(count).map((index) => [`t${index}`, "x"]));
      const wrong: readonly (readonly [string, "TypeError" | "RangeError", unknown])[] = [
        ["17 tags", "RangeError", some(17)],
        ["a number", "TypeError", { user: 7 }],
        ["null", "TypeError", { user: null }],
        ["a list", "TypeError", ["user"]],
        ["text", "TypeError", "user"],
        ...MALFORMED.map((name, index) => [`name ${index}`, "RangeError", { [name]: "x" }] as const),
        ...MALFORMED.map((value, index) => [`value ${index}`, "RangeError", { user: value }] as const),
      ];
      for (const [what, expected, given] of wrong) {
        // Plain JavaScript can pass any value.
        const bad = given as typeof TAGS;
        await refuses(`a job: ${what}`, expected, () => store.submit(free("j", { tags: bad })));
        await refuses(`a hold: ${what}`, expected, () => store.hold({ ...asks("a", 10), tags: bad }));
      }
      await nothingToClaim("after that", store);
      await counted("after that", store, 0, 0);
      const most = { ...asks("a", 10), tags: { ...some(15), ["x".repeat(200)]: "y".repeat(200) } };
      same("16", await store.hold(most), { kind: "held" });
      same("a job with 16", await store.submit(approved("j", capped(100), { tags: most.tags })), QUEUED);
    },
  ),
];

const pruned: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "settle", "prune", "getHold", "usage"],
    "prune: deletes the tags of a closed hold, and keeps those of an open one",
    async ({ store }) => {
      for (const id of ["closed", "open"]) await store.hold({ ...asks(id, 10), tags: TAGS });
      await store.settle("closed", micro(4));
      like("prune", await store.prune({ before: at(1) }), { holds: 1 });
      like("the closed one", await store.getHold("closed"), { state: "settled", booked: micro(4), tags: {} });
      like("the open one", await store.getHold("open"), { state: "open", tags: TAGS });
      await counted("after that", store, 10, 4);
    },
  ),
];

/** What a submission may say beside its body: scopes, tags and who asked. */
export const submissionCases: readonly Definition[] = [
  ...featured(["submitted_scopes"], scopes),
  ...featured(["tags"], [...tags, ...pruned]),
];
