import type { Decision } from "../approval/decision.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import { like, refuses, same } from "./check.ts";
import { type Definition, define, featured } from "./define.ts";
import { approved, asks, at, capped, counted, decides, micro, MONTH, NO, paid, RUN } from "./fixtures.ts";

const QUEUED = { kind: "queued" };

/** Changes under a known id: each must be a `decision_conflict`. */
async function conflicts(calls: Readonly<Record<string, () => Awaitable<unknown>>>): Promise<void> {
  for (const [what, call] of Object.entries(calls)) await refuses(what, "decision_conflict", call);
}

const ofBob = (id: string): Decision => ({ id, approval: { author: "bob", reason: "conformance" } });
const otherwise = (id: string): Decision => decides(id, "another reason");
const later = (id: string): Decision => ({
  id,
  approval: { author: "alice", reason: "conformance", decidedAt: "2026-11-24T00:00:00Z" },
});

/** Decisions with ids: another change under the id is refused. */
export const decisionConflictCases: readonly Definition[] = featured(
  ["decisions"],
  [
    define(
      "ledger",
      ["pinCap", "unpinCap", "raiseCap", "cap"],
      "decisions: an id with another cap, scope, author, reason or operation is decision_conflict, and changes nothing",
      async ({ store }) => {
        await store.pinCap(RUN, micro(50), decides("pin"));
        const raise = { to: micro(80), until: at(60) };
        await conflicts({
          "another cap": () => store.pinCap(RUN, micro(51), decides("pin")),
          "another scope": () => store.pinCap(MONTH, micro(50), decides("pin")),
          "another author": () => store.pinCap(RUN, micro(50), ofBob("pin")),
          "another reason": () => store.pinCap(RUN, micro(50), otherwise("pin")),
          unpinCap: () => store.unpinCap(RUN, decides("pin")),
          raiseCap: () => store.raiseCap(RUN, raise, decides("pin")),
        });
        same("the cap", await store.cap(RUN), { pinned: micro(50), cap: micro(50), until: null });
        same("the other cap", await store.cap(MONTH), null);
        await store.raiseCap(RUN, raise, decides("raise"));
        await conflicts({
          "another raise": () => store.raiseCap(RUN, { ...raise, to: micro(81) }, decides("raise")),
          "another end": () => store.raiseCap(RUN, { ...raise, until: at(61) }, decides("raise")),
        });
        like("the cap, raised", await store.cap(RUN), { cap: micro(80), until: at(60) });
      },
      "caps",
    ),
    define(
      "ledger",
      ["hold", "settle", "correct", "usage"],
      "decisions: correct: an id with another amount, hold, author or reason is decision_conflict, and moves nothing",
      async ({ store }) => {
        for (const id of ["a", "b"]) {
          await store.hold(asks(id, 10));
          await store.settle(id, micro(4));
        }
        await store.correct("a", micro(7), decides("one"));
        await conflicts({
          "another amount": () => store.correct("a", micro(8), decides("one")),
          "another hold": () => store.correct("b", micro(7), decides("one")),
          "another author": () => store.correct("a", micro(7), ofBob("one")),
          "another reason": () => store.correct("a", micro(7), otherwise("one")),
        });
        await counted("after that", store, 0, 11);
      },
      "corrections",
    ),
    define(
      "both",
      ["submit", "approve", "reject", "cancel", "usage", "job"],
      "decisions: approve, reject, cancel: an id with another job, author, reason or operation is decision_conflict",
      async ({ store }) => {
        const [yes, scopes] = [decides("yes"), capped(100)];
        for (const id of ["j", "k"]) await store.submit(paid(id));
        same("approve", await store.approve("j", yes, { scopes }), QUEUED);
        await conflicts({
          "another job": () => store.approve("k", yes, { scopes }),
          "another author": () => store.approve("j", ofBob("yes"), { scopes }),
          "another reason": () => store.approve("j", otherwise("yes"), { scopes }),
          reject: () => store.reject("k", yes),
          cancel: () => store.cancel("j", yes),
        });
        like("the job", await store.job("j"), { state: "queued" });
        like("the other", await store.job("k"), { state: "awaiting_approval" });
        await counted("after that", store, 10, 0);
      },
    ),
    define(
      "both",
      ["submit", "cancel", "retry", "usage", "job"],
      "decisions: retry: an id with another job, count, author, reason or scopes is decision_conflict",
      async ({ store }) => {
        for (const id of ["j", "k"]) {
          await store.submit(approved(id));
          await store.cancel(id, NO());
        }
        await store.retry("j", { after: 0 }, decides("retry"));
        await conflicts({
          "another job": () => store.retry("k", { after: 0 }, decides("retry")),
          "another count": () => store.retry("j", { after: 1 }, decides("retry")),
          "another author": () => store.retry("j", { after: 0 }, ofBob("retry")),
          "another reason": () => store.retry("j", { after: 0 }, otherwise("retry")),
          scopes: () => store.retry("j", { after: 0, scopes: capped(100) }, decides("retry")),
        });
        like("the other", await store.job("k"), { state: "failed", retries: 0 });
        await counted("after that", store, 10, 0);
      },
      "retries",
    ),
    define(
      "jobs",
      ["pauseLane", "resumeLane", "lanes"],
      "decisions: pauseLane, resumeLane: an id with another lane, reason or operation is decision_conflict",
      async ({ store }) => {
        await store.pauseLane("text", decides("pause"));
        await conflicts({
          "another lane": () => store.pauseLane("video", decides("pause")),
          "another reason": () => store.pauseLane("text", otherwise("pause")),
          resumeLane: () => store.resumeLane("text", decides("pause")),
        });
        const states = (await store.lanes()).map(({ lane, paused }) => [lane, paused]);
        same("the lanes", states, [["text", true]]);
      },
      "pauses",
    ),
    define(
      "both",
      ["submit", "approve", "pinCap", "usage"],
      "decisions: the time of a decision is no part of it: a repeat with another one is no conflict",
      async ({ store }) => {
        await store.pinCap(RUN, micro(100), decides("pin"));
        await store.pinCap(RUN, micro(100), later("pin"));
        await store.submit(paid("j"));
        const scopes = capped(100, RUN);
        same("approve", await store.approve("j", decides("yes"), { scopes }), QUEUED);
        same("approve, later", await store.approve("j", later("yes"), { scopes }), QUEUED);
        await counted("after that", store, 10, 0, RUN);
      },
    ),
    define(
      "ledger",
      ["hold", "pinCap"],
      "decisions: one without an id or an author, or with a malformed id, is refused, and changes nothing",
      async ({ store }) => {
        const { approval } = decides("a");
        // Plain JavaScript can pass any value.
        const wrong: readonly (readonly [string, "TypeError" | "RangeError", unknown])[] = [
          ["none", "TypeError", undefined],
          ["no id", "TypeError", { approval }],
          ["an empty id", "RangeError", { id: "", approval }],
          ["no approval", "TypeError", { id: "a" }],
          ["no author", "TypeError", { id: "a", approval: { reason: "conformance" } }],
          ["a blank reason", "RangeError", { id: "a", approval: { author: "alice", reason: " " } }],
        ];
        for (const [what, expected, given] of wrong) {
          await refuses(what, expected, () => store.pinCap(RUN, micro(1), given as Decision));
        }
        same("a hold", await store.hold(asks("x", 10, capped(10, RUN))), { kind: "held" });
      },
    ),
  ],
);
