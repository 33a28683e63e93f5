import { kind, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { asks, capped, counted, micro, MONTH, RUN } from "./fixtures.ts";
import { START } from "./clock.ts";

const settled = (booked: number, overrun = 0, corrected = false): unknown => {
  return { kind: "settled", booked: micro(booked), overrun: micro(overrun), corrected };
};
const conflict = (booked: number): unknown => ({ kind: "conflict", booked: micro(booked) });

/** How a hold is settled, released, charged or extended. */
export const resolveCases: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "settle", "usage"],
    "settle: replaces the hold by the actual cost in every scope, also by 0",
    async ({ store }) => {
      await store.hold(asks("a", 10));
      await store.hold(asks("b", 20));
      same("the first", await store.settle("a", micro(4)), settled(4));
      await counted("after the first", store, 20, 4);
      same("what cost nothing", await store.settle("b", micro(0)), settled(0));
      await counted("after both", store, 0, 4);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "usage"],
    "settle: a repeat with the same amount gets the same answer, and books nothing more",
    async ({ store }) => {
      await store.hold(asks("a", 10));
      for (const time of ["once", "twice", "a third time"]) {
        same(time, await store.settle("a", micro(13)), settled(13, 3));
        await counted(time, store, 0, 13);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "usage"],
    "settle: another amount is a conflict, and changes nothing",
    async ({ store }) => {
      await store.hold(asks("a", 10));
      await store.settle("a", micro(4));
      for (const other of [0, 3, 5, 10]) {
        same(`at ${other}`, await store.settle("a", micro(other)), conflict(4));
      }
      await counted("after the conflicts", store, 0, 4);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "usage"],
    "settle: after a release the actual cost is booked, and all of it is an overrun",
    async ({ store }) => {
      await store.hold(asks("a", 10));
      await store.release("a");
      for (const time of ["once", "twice"]) {
        same(time, await store.settle("a", micro(4)), settled(4, 4, true));
        await counted(time, store, 0, 4);
      }
      same("another amount", await store.settle("a", micro(5)), conflict(4));
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "expire", "usage"],
    "settle: corrects a charge once, down or up, and then another amount is a conflict",
    async ({ store, clock }) => {
      await store.hold(asks("down", 10));
      await store.hold(asks("up", 10));
      clock.now += 60;
      await store.expire();
      await counted("charged", store, 0, 20);
      same("down", await store.settle("down", micro(4)), settled(4, 0, true));
      await counted("after a lower cost", store, 0, 14);
      same("down, to another amount", await store.settle("down", micro(3)), conflict(4));
      same("up", await store.settle("up", micro(13)), settled(13, 3, true));
      same("up, again", await store.settle("up", micro(13)), settled(13, 3, true));
      await counted("after both", store, 0, 17);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "usage"],
    "settle: an overrun is booked in full, reported, and counted by the next admission",
    async ({ store }) => {
      await store.hold(asks("a", 10, capped(20)));
      same("an overrun", await store.settle("a", micro(25)), settled(25, 15));
      await counted("after the overrun", store, 0, 25);
      const refused = kind("the next", await store.hold(asks("b", 1, capped(20))), "refused");
      same(
        "what it lacks",
        refused.lacking.map(({ by }) => by),
        [micro(6), micro(6)],
      );
      kind("nothing, past the cap", await store.hold(asks("c", 0, capped(20))), "held");
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "expire", "usage"],
    "settle: a late settlement counts in the month of its admission, and not in the new month",
    async ({ store, clock }) => {
      const november = capped(100, MONTH);
      for (const id of ["settled", "released", "charged"]) await store.hold(asks(id, 10, november, 60));
      clock.now = START + 30 * 86_400;
      await store.hold(asks("december", 7, capped(100, "month:2026-12")));
      await store.settle("settled", micro(4));
      await store.release("released");
      await store.expire();
      await counted("the month of admission", store, 0, 14, MONTH);
      await counted("the new month", store, 7, 0, "month:2026-12");
      await store.settle("charged", micro(9));
      await counted("the month of admission, corrected", store, 0, 13, MONTH);
      await counted("the new month, then", store, 7, 0, "month:2026-12");
    },
  ),
  define(
    "ledger",
    ["hold", "release", "usage"],
    "release: gives the money back once, however often it is repeated",
    async ({ store }) => {
      await store.hold(asks("a", 10));
      await store.hold(asks("other", 30));
      for (const time of ["once", "twice", "a third time"]) {
        same(time, await store.release("a"), { kind: "released" });
        await counted(time, store, 30, 0);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "expire", "usage"],
    "release: does nothing to a settled or charged hold, and says so",
    async ({ store, clock }) => {
      await store.hold(asks("settled", 10));
      await store.settle("settled", micro(4));
      same("settled", await store.release("settled"), { kind: "closed", as: "settled" });
      await store.hold(asks("charged", 10));
      clock.now += 60;
      await store.expire();
      same("charged", await store.release("charged"), { kind: "closed", as: "charged" });
      await counted("after that", store, 0, 14);
    },
  ),
  define(
    "ledger",
    ["hold", "expire", "usage"],
    "expire: charges in full, once, exactly when the ttl is over, and not before",
    async ({ store, clock }) => {
      await store.hold(asks("a", 10, capped(100), 60));
      clock.now = START + 59.999;
      same("before", await store.expire(), { charged: [], more: false });
      await counted("before", store, 10, 0);
      clock.now = START + 60;
      const charged = { charged: [{ holdId: "a", amount: micro(10) }], more: false };
      same("at the second", await store.expire(), charged);
      await counted("charged", store, 0, 10);
      same("again", await store.expire(), { charged: [], more: false });
      await counted("again", store, 0, 10);
    },
  ),
  define(
    "ledger",
    ["hold", "expire"],
    "expire: charges at most its limit, and says whether there was more",
    async ({ store, clock }) => {
      for (const id of ["a", "b", "c", "d"]) await store.hold(asks(id, 10));
      clock.now += 60;
      const seen: string[] = [];
      for (const [charges, more] of [
        [2, true],
        [2, false],
        [0, false],
      ] as const) {
        const answer = await store.expire({ limit: 2 });
        same("how many, and whether more", [answer.charged.length, answer.more], [charges, more]);
        seen.push(...answer.charged.map(({ holdId }) => holdId));
      }
      same("what was charged", seen.sort(), ["a", "b", "c", "d"]);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "extend"],
    "ledger: an id that was never held, or only refused, is hold_unknown",
    async ({ store }) => {
      kind("without room", await store.hold(asks("refused", 10, capped(9))), "refused");
      for (const id of ["never", "refused"]) {
        await refuses(`settle ${id}`, "hold_unknown", () => store.settle(id, micro(1)));
        await refuses(`release ${id}`, "hold_unknown", () => store.release(id));
        await refuses(`extend ${id}`, "hold_unknown", () => store.extend(id, micro(1), 1));
      }
    },
  ),
  define(
    "ledger",
    ["hold", "extend", "usage", "getHold", "expire", "settle"],
    "extend: sets more aside under the same id, each step once, and all of it is charged or settled",
    async ({ store, clock }) => {
      for (const id of ["a", "b"]) {
        await store.hold(asks(id, 10));
        same("step 1", await store.extend(id, micro(5), 1), { kind: "held" });
        same("step 1 again", await store.extend(id, micro(5), 1), { kind: "exists", state: "open" });
        same("step 2", await store.extend(id, micro(5), 2), { kind: "held" });
      }
      same("the amount", (await store.getHold("a"))?.amount, micro(20));
      await counted("extended", store, 40, 0);
      same("settled", await store.settle("b", micro(18)), settled(18));
      clock.now += 60;
      const { charged } = await store.expire();
      same("charged", charged, [{ holdId: "a", amount: micro(20) }]);
      same("a step after the end", await store.extend("a", micro(5), 3), {
        kind: "exists",
        state: "charged",
      });
      await counted("after that", store, 0, 38);
    },
  ),
  define(
    "ledger",
    ["hold", "extend", "usage"],
    "extend: without room, with another amount, or after a skipped step, nothing is set aside",
    async ({ store }) => {
      await store.hold(asks("a", 10, [...capped(100, RUN), ...capped(12, MONTH)]));
      const lacking = [{ scope: MONTH, by: micro(3) }];
      same("without room", await store.extend("a", micro(5), 1), { kind: "refused", lacking });
      await refuses("a step left out", "RangeError", () => store.extend("a", micro(1), 2));
      same("with room", await store.extend("a", micro(2), 1), { kind: "held" });
      await refuses("another amount", "hold_conflict", () => store.extend("a", micro(1), 1));
      await counted("after that", store, 12, 0);
    },
  ),
];
