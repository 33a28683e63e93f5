import { jobHoldId } from "../budget/hold-request.ts";
import { BackendKind } from "../routing/kind.ts";
import { epochSeconds } from "../time.ts";
import { kind, like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  asks,
  capped,
  claim,
  counted,
  decides,
  lacks,
  micro,
  MONTH,
  NO,
  nothingToClaim,
  paid,
  RUN,
  YES,
} from "./fixtures.ts";
import { START } from "./clock.ts";

const QUEUED = { kind: "queued" };
const notWaiting = (state: string, approval: unknown = YES()): unknown => ({
  kind: "not_waiting",
  state,
  approval,
});

/** Approvals and rejections of paid work, and the money that an approval sets aside. */
export const approvalCases: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "job", "usage"],
    "submit: a job that costs money or leaves the machine waits for approval, and holds nothing until then",
    async ({ store }) => {
      for (const [id, rest] of [
        ["cloud", {}],
        ["cloud at no cost", { maxCost: micro(0) }],
        ["local at a cost", { backend: BackendKind.LOCAL }],
        ["sdk", { backend: BackendKind.SDK }],
      ] as const) {
        same(id, await store.submit(paid(id, rest)), { kind: "awaiting_approval" });
        like(`${id}: the job`, await store.job(id), { state: "awaiting_approval", approval: null });
      }
      await nothingToClaim("without an approval", store);
      await counted("without an approval", store, 0, 0);
    },
  ),
  define(
    "both",
    ["submit", "claim", "job", "usage", "getHold"],
    "submit: a job that is approved at once is queued, with a hold in every scope that does not expire",
    async ({ store }) => {
      same("submit", await store.submit(approved("j")), QUEUED);
      await counted("queued", store, 10, 0);
      const hold = { amount: micro(10), state: "open", booked: micro(0), expiresAt: null };
      like("its hold", await store.getHold(jobHoldId("j", 1)), hold);
      same("a second attempt's", await store.getHold(jobHoldId("j", 2)), null);
      const job = await store.job("j");
      like("the job", job, { state: "queued", maxCost: micro(10), backend: "cloud_worker" });
      same("who approved", job?.approval?.author, "alice");
      like("its lease", (await claim(store)).lease, { jobId: "j", attempts: 1 });
      await counted("running", store, 10, 0);
    },
  ),
  define(
    "both",
    ["submit", "hold", "release", "job", "usage", "getHold"],
    "submit: without room the job is refused with the lacking scopes, is not stored, and may be submitted again",
    async ({ store }) => {
      await store.hold(asks("other", 95));
      const lacking = { kind: "refused", lacking: lacks(5, RUN, MONTH) };
      same("without room", await store.submit(approved("j")), lacking);
      same("the job", await store.job("j"), null);
      same("its hold", await store.getHold(jobHoldId("j", 1)), null);
      await counted("after the refusal", store, 95, 0);
      same("another body", await store.submit(approved("j", capped(100), { maxCost: micro(5) })), QUEUED);
      await counted("then", store, 100, 0);
      await store.release("other");
      same("the next", await store.submit(approved("k")), QUEUED);
    },
  ),
  define(
    "both",
    ["submit", "usage"],
    "submit: the same paid job twice holds once, and another body is job_conflict and holds nothing",
    async ({ store, peer }) => {
      const both = await Promise.all([store.submit(approved("j")), peer.submit(approved("j"))]);
      same("in flight together", both.map((answer) => answer.kind).sort(), ["exists", "queued"]);
      const other = approved("j", capped(7, "run:2"));
      same("approved otherwise", await store.submit(other), { kind: "exists", state: "queued" });
      for (const rest of [
        { maxCost: micro(11) },
        { maxCost: micro(0) },
        { backend: BackendKind.SDK },
        { maxAttempts: 4 },
      ]) {
        const again = approved("j", capped(100), rest);
        await refuses(`another ${Object.keys(rest).join()}`, "job_conflict", () => store.submit(again));
      }
      await counted("after that", store, 10, 0);
      await counted("the other scope", store, 0, 0, "run:2");
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "usage", "job"],
    "approve: makes the first attempt's hold and queues the job; a repeat holds nothing more",
    async ({ store }) => {
      await store.submit(paid("j"));
      same("once", await store.approve("j", YES(), { scopes: capped(100) }), QUEUED);
      like("the job", await store.job("j"), { state: "queued", error: null });
      await counted("once", store, 10, 0);
      same("twice", await store.approve("j", YES(), { scopes: capped(100) }), notWaiting("queued"));
      same("elsewhere", await store.approve("j", YES(), { scopes: capped(9, "x") }), notWaiting("queued"));
      await claim(store);
      const running = await store.approve("j", YES(), { scopes: capped(100) });
      same("while it runs", running, notWaiting("running"));
      await counted("after that", store, 10, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "hold", "release", "usage", "job", "getHold"],
    "approve: without room it is refused with the lacking scopes, and the job still waits",
    async ({ store }) => {
      await store.submit(paid("j"));
      await store.hold(asks("other", 95));
      const scopes = [...capped(200, RUN), ...capped(100, MONTH)];
      const refused = { kind: "refused", lacking: lacks(5, MONTH) };
      same("without room", await store.approve("j", YES(), { scopes }), refused);
      like("the job", await store.job("j"), { state: "awaiting_approval", approval: null });
      same("its hold", await store.getHold(jobHoldId("j", 1)), null);
      await nothingToClaim("without room", store);
      await counted("after the refusal", store, 95, 0);
      await store.release("other");
      same("with room", await store.approve("j", YES(), { scopes }), QUEUED);
      await counted("then", store, 10, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "usage", "job"],
    "approve: an empty list of scopes, or the same scope twice, is a RangeError, also in submit",
    async ({ store }) => {
      await store.submit(paid("j"));
      for (const scopes of [[], capped(100, RUN, MONTH, RUN)]) {
        const what = `${scopes.length} scopes`;
        await refuses(`approve: ${what}`, "RangeError", () => store.approve("j", YES(), { scopes }));
        await refuses(`submit: ${what}`, "RangeError", () => store.submit(approved("k", scopes)));
      }
      await refuses("a rejection", "RangeError", () => store.approve("j", NO(), { scopes: capped(100) }));
      like("the job", await store.job("j"), { state: "awaiting_approval" });
      same("the other", await store.job("k"), null);
      await counted("after that", store, 0, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "reject", "claim", "usage", "job"],
    "reject: ends a job that waits for approval, and no other job",
    async ({ store }) => {
      await store.submit(paid("j"));
      await refuses("an approval", "RangeError", () => store.reject("j", YES()));
      same("once", await store.reject("j", NO()), { kind: "rejected" });
      like("the job", await store.job("j"), {
        state: "rejected",
        error: { code: "rejected", message: "conformance" },
      });
      same("twice", await store.reject("j", NO()), notWaiting("rejected", NO()));
      const late = await store.approve("j", YES(), { scopes: capped(100) });
      same("approved after that", late, notWaiting("rejected", NO()));
      same("submitted again", await store.submit(paid("j")), { kind: "exists", state: "rejected" });
      await nothingToClaim("after that", store);
      await counted("after that", store, 0, 0);
      await store.submit(approved("queued"));
      same("a queued job", await store.reject("queued", NO()), notWaiting("queued"));
      await claim(store);
      same("a job that runs", await store.reject("queued", NO()), notWaiting("running"));
      await counted("the queued job", store, 10, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "reject", "cancel"],
    "jobs: a decision about an unknown job is job_unknown",
    async ({ store }) => {
      const scopes = capped(100);
      await refuses("approve", "job_unknown", () => store.approve("nobody", YES(), { scopes }));
      await refuses("reject", "job_unknown", () => store.reject("nobody", NO()));
      await refuses("cancel", "job_unknown", () => store.cancel("nobody", NO()));
    },
  ),
  define(
    "both",
    ["submit", "submitMany", "usage", "job"],
    "submitMany: paid jobs hold in order, each with its own outcome; if it throws, nothing is held",
    async ({ store }) => {
      await store.submit(paid("known"));
      const scopes = capped(25);
      const jobs = ["a", "b", "c"].map((id) => approved(id, scopes));
      const conflict = [...jobs, paid("known", { maxAttempts: 9 })];
      await refuses("a conflict", "job_conflict", () => store.submitMany(conflict));
      await counted("after the conflict", store, 0, 0);
      same("a job of it", await store.job("a"), null);
      same("each in order", await store.submitMany([...jobs, paid("known")]), [
        QUEUED,
        QUEUED,
        { kind: "refused", lacking: lacks(5, RUN, MONTH) },
        { kind: "exists", state: "awaiting_approval" },
      ]);
      await counted("then", store, 20, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "pinCap", "usage", "job"],
    "pinCap: an approval with another cap is cap_conflict, and changes nothing",
    async ({ store }) => {
      await store.pinCap(MONTH, micro(50), decides("pin 1"));
      await store.submit(paid("j"));
      for (const cap of [51, 49]) {
        const scopes = [...capped(100, RUN), ...capped(cap, MONTH)];
        await refuses(`approve by ${cap}`, "cap_conflict", () => store.approve("j", YES(), { scopes }));
        await refuses(`submit by ${cap}`, "cap_conflict", () => store.submit(approved("k", scopes)));
      }
      like("the job", await store.job("j"), { state: "awaiting_approval" });
      same("the other", await store.job("k"), null);
      await counted("after the conflicts", store, 0, 0);
      const scopes = [...capped(100, RUN), ...capped(50, MONTH)];
      kind("by the pinned cap", await store.approve("j", YES(), { scopes }), "queued");
    },
  ),
  define(
    "both",
    ["submit", "submitMany", "approve", "usage", "job"],
    "approve: a scope whose time is over refuses jobs, approved at once or later, and a waiting job still waits",
    async ({ store, clock }) => {
      const until = epochSeconds(START + 60);
      const scopes = [...capped(100, RUN), ...capped(100, MONTH).map((scope) => ({ ...scope, until }))];
      await store.submit(paid("waits"));
      clock.now = START + 60;
      const refused = { kind: "refused", lacking: [{ scope: MONTH, by: micro(10), until, over: true }] };
      same("submit", await store.submit(approved("a", scopes)), refused);
      const several = ["b", "c"].map((id) => approved(id, scopes));
      same("several", await store.submitMany(several), [refused, refused]);
      same("approve", await store.approve("waits", YES(), { scopes }), refused);
      same("what was refused", await store.job("a"), null);
      like("what waits", await store.job("waits"), { state: "awaiting_approval", approval: null });
      await counted("after the refusals", store, 0, 0);
      same("in the new month", await store.approve("waits", YES(), { scopes: capped(100) }), QUEUED);
    },
  ),
];
