import { jobHoldId } from "../budget/hold-request.ts";
import { like, refuses, same } from "./check.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  asks,
  at,
  capped,
  counted,
  decides,
  leaseOf,
  micro,
  NO,
  nothingToClaim,
  paid,
  RUN,
} from "./fixtures.ts";

const QUEUED = { kind: "queued" };
const corrected = (from: number, to: number): unknown => ({
  kind: "corrected",
  from: micro(from),
  to: micro(to),
  overrun: micro(0),
});

const repeats: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "pinCap"],
    "decisions: pinCap: a repeat of an id changes nothing, also after another cap was pinned",
    async ({ store }) => {
      await store.pinCap(RUN, micro(50), decides("a"));
      await store.pinCap(RUN, micro(20), decides("b"));
      await store.pinCap(RUN, micro(50), decides("a"));
      await refuses("by the old cap", "cap_conflict", () => store.hold(asks("x", 1, capped(50, RUN))));
      same("by the new cap", await store.hold(asks("x", 1, capped(20, RUN))), { kind: "held" });
    },
  ),
  define(
    "ledger",
    ["pinCap", "unpinCap", "raiseCap", "cap"],
    "decisions: raiseCap, unpinCap: a repeat of an id changes nothing, also after another decision",
    async ({ store }) => {
      const raise = { to: micro(80), until: at(60) };
      const raised = { pinned: micro(50), cap: micro(80), until: at(60) };
      const pinned = { pinned: micro(50), cap: micro(50), until: null };
      await store.pinCap(RUN, micro(50), decides("pin"));
      await store.raiseCap(RUN, raise, decides("raise"));
      same("raised", await store.cap(RUN), raised);
      await store.pinCap(RUN, micro(50), decides("pin again"));
      await store.raiseCap(RUN, raise, decides("raise"));
      same("the raise, repeated after its end", await store.cap(RUN), pinned);
      await store.unpinCap(RUN, decides("unpin"));
      same("unpinned", await store.cap(RUN), null);
      await store.pinCap(RUN, micro(50), decides("pin once more"));
      await store.unpinCap(RUN, decides("unpin"));
      same("unpinned, repeated after another pin", await store.cap(RUN), pinned);
    },
    "caps",
  ),
  define(
    "jobs",
    ["pauseLane", "resumeLane", "lanes"],
    "decisions: pauseLane, resumeLane: a repeat of an id changes nothing, also after another decision",
    async ({ store }) => {
      const paused = async (what: string, expected: boolean): Promise<void> => {
        const states = (await store.lanes()).map(({ lane, paused: isPaused }) => [lane, isPaused]);
        same(what, states, [["text", expected]]);
      };
      await store.pauseLane("text", decides("pause"));
      await store.resumeLane("text", decides("resume"));
      await store.pauseLane("text", decides("pause"));
      await paused("the pause, repeated", false);
      await store.pauseLane("text", decides("pause again"));
      await store.resumeLane("text", decides("resume"));
      await paused("the end of it, repeated", true);
    },
    "pauses",
  ),
  define(
    "ledger",
    ["hold", "settle", "correct", "usage"],
    "decisions: correct: a repeat of an id gets the first answer and moves nothing, also after another correction",
    async ({ store }) => {
      await store.hold(asks("a", 10));
      await store.settle("a", micro(4));
      same("once", await store.correct("a", micro(7), decides("one")), corrected(4, 7));
      same("twice", await store.correct("a", micro(7), decides("one")), corrected(4, 7));
      same("another", await store.correct("a", micro(5), decides("two")), corrected(7, 5));
      same("the first again", await store.correct("a", micro(7), decides("one")), corrected(4, 7));
      await counted("after that", store, 0, 5);
    },
    "corrections",
  ),
  define(
    "both",
    ["submit", "approve", "reject", "claim", "fail", "usage", "job"],
    "decisions: approve, reject: a repeat of an id gets the first answer, also after the job waits again",
    async ({ store }) => {
      const scopes = capped(15);
      await store.submit(paid("j"));
      const approve = (id: string) => store.approve("j", decides(id), { scopes });
      same("approve", await approve("yes"), QUEUED);
      same("approve, repeated", await approve("yes"), QUEUED);
      await counted("approved once", store, 10, 0);
      like("no room for a retry", await store.fail(await leaseOf(store), "busy", { retriable: true }), {
        kind: "waiting",
      });
      same("approve, repeated after that", await approve("yes"), QUEUED);
      like("the job", await store.job("j"), { state: "awaiting_approval" });
      await counted("after that", store, 0, 10);
      same("reject", await store.reject("j", decides("no")), { kind: "rejected" });
      same("reject, repeated", await store.reject("j", decides("no")), { kind: "rejected" });
    },
  ),
  define(
    "both",
    ["submit", "cancel", "retry", "claim", "usage", "job", "getHold"],
    "decisions: cancel, retry: a repeat of an id gets the first answer, also after another decision",
    async ({ store }) => {
      const cancelled = { kind: "cancelled", state: "failed", booked: micro(0) };
      const retry = (): Promise<unknown> => store.retry("j", { after: 0 }, decides("retry"));
      await store.submit(approved("j"));
      same("cancel", await store.cancel("j", decides("cancel")), cancelled);
      same("retry", await retry(), QUEUED);
      same("cancel, repeated", await store.cancel("j", decides("cancel")), cancelled);
      like("the job", await store.job("j"), { state: "queued", retries: 1 });
      await counted("queued", store, 10, 0);
      same("cancel again", await store.cancel("j", decides("cancel again")), cancelled);
      same("retry, repeated", await retry(), QUEUED);
      like("the job, then", await store.job("j"), { state: "failed", retries: 1 });
      same("a third hold", await store.getHold(jobHoldId("j", 3)), null);
      await nothingToClaim("in the end", store);
      await counted("in the end", store, 0, 0);
    },
    "retries",
  ),
  define(
    "both",
    ["submit", "approve", "hold", "release", "usage", "job"],
    "decisions: an approval that found no room is not remembered: the same id is tried again",
    async ({ store }) => {
      await store.hold(asks("other", 95));
      await store.submit(paid("j"));
      const approve = () => store.approve("j", decides("yes"), { scopes: capped(100) });
      like("without room", await approve(), { kind: "refused" });
      like("still without", await approve(), { kind: "refused" });
      await store.release("other");
      same("with room", await approve(), QUEUED);
      same("repeated", await approve(), QUEUED);
      await counted("after that", store, 10, 0);
    },
  ),
  define(
    "both",
    ["submit", "approve", "cancel", "usage"],
    "decisions: two calls of one id at once get one answer, and decide once",
    async ({ store, peer }) => {
      await store.submit(paid("j"));
      const approve = { scopes: capped(100) };
      const both = [store.approve("j", decides("yes"), approve), peer.approve("j", decides("yes"), approve)];
      same("approve", await Promise.all(both), [QUEUED, QUEUED]);
      await counted("approved once", store, 10, 0);
      const cancelled = { kind: "cancelled", state: "failed", booked: micro(0) };
      const ends = [store.cancel("j", decides("end")), peer.cancel("j", decides("end"))];
      same("cancel", await Promise.all(ends), [cancelled, cancelled]);
      await counted("cancelled once", store, 0, 0);
    },
  ),
  define(
    "both",
    ["submit", "cancel", "retry", "usage", "job", "getHold"],
    "decisions: two retries of one id at once get one answer, and hold once",
    async ({ store, peer }) => {
      await store.submit(approved("j"));
      await store.cancel("j", NO());
      const both = [
        store.retry("j", { after: 0 }, decides("retry")),
        peer.retry("j", { after: 0 }, decides("retry")),
      ];
      same("both", await Promise.all(both), [QUEUED, QUEUED]);
      like("the job", await store.job("j"), { state: "queued", retries: 1 });
      same("a third hold", await store.getHold(jobHoldId("j", 3)), null);
      await counted("after that", store, 10, 0);
    },
    "retries",
  ),
  define(
    "ledger",
    ["hold", "settle", "correct", "usage"],
    "decisions: two corrections of one id at once get one answer, and book once",
    async ({ store, peer }) => {
      await store.hold(asks("a", 10));
      await store.settle("a", micro(4));
      const both = [
        store.correct("a", micro(7), decides("bill")),
        peer.correct("a", micro(7), decides("bill")),
      ];
      same("both", await Promise.all(both), [corrected(4, 7), corrected(4, 7)]);
      await counted("after that", store, 0, 7);
    },
    "corrections",
  ),
];

/** Decisions with ids: a repeat gets the first answer, and changes nothing. */
export const decisionIdCases: readonly Definition[] = featured(["decisions"], repeats);
