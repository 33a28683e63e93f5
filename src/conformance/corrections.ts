import { jobHoldId } from "../budget/hold-request.ts";
import { epochSeconds } from "../time.ts";
import { kind, like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  asks,
  AT_ONCE,
  capped,
  CORRECTED,
  counted,
  decides,
  lacks,
  leaseOf,
  micro,
  MONTH,
  MOST,
  RUN,
  STALE,
} from "./fixtures.ts";

const OPEN = { kind: "open" };
const corrected = (from: number, to: number, overrun = 0): unknown => ({
  kind: "corrected",
  from: micro(from),
  to: micro(to),
  overrun: micro(overrun),
});
const completed = (booked: number): unknown => ({
  kind: "completed",
  booked: micro(booked),
  overrun: micro(0),
});

/** What a person books for a hold that is closed. */
export const correctionCases: readonly Definition[] = featured(
  ["corrections"],
  [
    define(
      "ledger",
      ["hold", "settle", "correct", "usage", "getHold"],
      "correct: replaces what is booked, up and down, as often as bills say so, and says from, to and the overrun",
      async ({ store }) => {
        await store.hold(asks("a", 10));
        await store.settle("a", micro(4));
        let from = 4;
        for (const [to, overrun] of [
          [7, 0],
          [13, 3],
          [2, 0],
          [0, 0],
          [10, 0],
        ] as const) {
          same(
            `to ${to}`,
            await store.correct("a", micro(to), decides(`to ${to}`)),
            corrected(from, to, overrun),
          );
          await counted(`to ${to}`, store, 0, to);
          like(`the hold at ${to}`, await store.getHold("a"), { amount: micro(10), booked: micro(to) });
          from = to;
        }
      },
    ),
    define(
      "ledger",
      ["hold", "release", "expire", "correct", "usage"],
      "correct: a charged hold too, and a released one, whose whole cost is an overrun",
      async ({ store, clock }) => {
        await store.hold(asks("charged", 10));
        await store.hold(asks("released", 10));
        await store.release("released");
        clock.now += 60;
        await store.expire();
        same("charged", await store.correct("charged", micro(6), decides("one")), corrected(10, 6));
        same("released", await store.correct("released", micro(4), decides("two")), corrected(0, 4, 4));
        same(
          "released, again",
          await store.correct("released", micro(3), decides("three")),
          corrected(4, 3, 3),
        );
        await counted("after that", store, 0, 9);
      },
    ),
    define(
      "ledger",
      ["hold", "settle", "correct", "usage"],
      "correct: may pass a cap, and the next admission counts it",
      async ({ store }) => {
        await store.hold(asks("a", 10, capped(20)));
        await store.settle("a", micro(4));
        same("past the cap", await store.correct("a", micro(25), decides("one")), corrected(4, 25, 15));
        const refused = { kind: "refused", lacking: lacks(6, RUN, MONTH) };
        same("the next", await store.hold(asks("b", 1, capped(20))), refused);
        await store.correct("a", micro(19), decides("two"));
        kind("after a refund", await store.hold(asks("b", 1, capped(20))), "held");
        await counted("after that", store, 1, 19);
      },
    ),
    define(
      "ledger",
      ["hold", "settle", "correct", "usage", "getHold"],
      "correct: an open hold answers open and stays; the same decision corrects it once it is closed",
      async ({ store }) => {
        await store.hold(asks("a", 10));
        same("open", await store.correct("a", micro(7), decides("one")), OPEN);
        same("still open", await store.correct("a", micro(7), decides("one")), OPEN);
        await counted("while it is open", store, 10, 0);
        await store.settle("a", micro(4));
        same("closed", await store.correct("a", micro(7), decides("one")), corrected(4, 7));
        await counted("after that", store, 0, 7);
      },
    ),
    define(
      "ledger",
      ["hold", "settle", "release", "extend", "expire", "correct", "usage"],
      "correct: after it no settlement moves the hold, and a repeat of the first one gets its answer",
      async ({ store, clock }) => {
        await store.hold(asks("a", 10));
        const settled = await store.settle("a", micro(4));
        await store.correct("a", micro(7), decides("one"));
        same("the settlement, repeated", await store.settle("a", micro(4)), settled);
        const conflict = { kind: "conflict", booked: micro(7) };
        for (const other of [5, 7, 10]) {
          same(`another, at ${other}`, await store.settle("a", micro(other)), conflict);
        }
        same("a release", await store.release("a"), { kind: "closed", as: "settled" });
        same("an extension", await store.extend("a", micro(1), 1), { kind: "exists", state: "settled" });
        await counted("after that", store, 0, 7);
        await store.hold(asks("charged", 10));
        clock.now += 60;
        await store.expire();
        await store.correct("charged", micro(7), decides("two"));
        same("a late settlement", await store.settle("charged", micro(4)), conflict);
        await counted("in the end", store, 0, 14);
      },
    ),
    define(
      "ledger",
      ["hold", "settle", "correct", "usage"],
      "correct: an unknown hold is hold_unknown, and an amount out of range is refused",
      async ({ store }) => {
        await refuses("unknown", "hold_unknown", () => store.correct("never", micro(1), decides("one")));
        await store.hold(asks("a", 10));
        await store.settle("a", micro(4));
        for (const amount of [-1n, MOST + 1n]) {
          await refuses(`${amount}`, "RangeError", () => store.correct("a", micro(amount), decides("one")));
        }
        // Plain JavaScript can pass a value that is not a bigint.
        const wrong = 7 as never;
        await refuses("a number", "TypeError", () => store.correct("a", wrong, decides("one")));
        same("under the same id", await store.correct("a", micro(7), decides("one")), corrected(4, 7));
        await counted("after that", store, 0, 7);
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "correct", "usage", "getHold"],
      "correct: a hold of a job's attempt too; the worker's repeat gets its first answer, and moves nothing",
      async ({ store }) => {
        await store.submit(approved("told"));
        const told = await leaseOf(store);
        const hold = jobHoldId("told", 1);
        same("while it runs", await store.correct(hold, micro(7), decides("one")), OPEN);
        same("complete", await store.complete(told, "done", { actual: micro(4) }), completed(4));
        same("corrected", await store.correct(hold, micro(7), decides("one")), corrected(4, 7));
        same("its repeat", await store.complete(told, "done", { actual: micro(4) }), completed(4));
        await counted("told", store, 0, 7);
        await store.submit(approved("charged"));
        const charged = await leaseOf(store);
        same("complete without a cost", await store.complete(charged, "done"), completed(10));
        const other = await store.correct(jobHoldId("charged", 1), micro(3), decides("two"));
        same("corrected, then", other, corrected(10, 3));
        same(
          "its repeat, with a cost",
          await store.complete(charged, "done", { actual: micro(5) }),
          completed(10),
        );
        await counted("after that", store, 0, 10);
        like("its hold", await store.getHold(jobHoldId("charged", 1)), {
          state: "settled",
          booked: micro(3),
        });
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "fail", "recoverStale", "correct", "usage"],
      "correct: after it a lost worker's actual cost moves nothing, and its answer says so",
      async ({ store }) => {
        await store.submit(approved("before", capped(100), { maxAttempts: 1 }));
        await store.submit(approved("after", capped(100), { maxAttempts: 1 }));
        const [before, after] = [await leaseOf(store), await leaseOf(store)];
        await store.recoverStale(AT_ONCE);
        const first = await store.correct(jobHoldId("before", 1), micro(6), decides("one"));
        same("before its report", first, corrected(10, 6));
        same("its report", await store.complete(before, "late", { actual: micro(3) }), STALE);
        same(
          "the amount itself",
          await store.fail(before, "late", { retriable: true, actual: micro(6) }),
          STALE,
        );
        await counted("after the report", store, 0, 16);
        same("another's report", await store.complete(after, "late", { actual: micro(3) }), CORRECTED);
        const second = await store.correct(jobHoldId("after", 1), micro(5), decides("two"));
        same("after its report", second, corrected(3, 5));
        same("its repeat", await store.complete(after, "late", { actual: micro(3) }), CORRECTED);
        await counted("in the end", store, 0, 11);
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "hold", "settle", "prune", "correct", "usage"],
      "correct: is still possible after a prune, of a caller's hold and of a job's",
      async ({ store }) => {
        await store.hold(asks("a", 10));
        await store.settle("a", micro(4));
        await store.submit(approved("j"));
        await store.complete(await leaseOf(store), "done", { actual: micro(5) });
        like("prune", await store.prune({ before: epochSeconds(START + 1) }), { jobs: 1, holds: 1 });
        same("a caller's", await store.correct("a", micro(6), decides("one")), corrected(4, 6));
        same(
          "a job's",
          await store.correct(jobHoldId("j", 1), micro(12), decides("two")),
          corrected(5, 12, 2),
        );
        await counted("after that", store, 0, 18);
      },
    ),
  ],
);
