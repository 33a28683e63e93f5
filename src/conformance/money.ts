import { microCents } from "../money/micro-cents.ts";
import { kind, like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { asks, capped, counted, micro, MOST, RUN } from "./fixtures.ts";

/** From here on, JavaScript numbers cannot hold every integer. */
const UNSAFE = 2n ** 53n;

/** The largest amounts that a ledger accepts, and invalid amounts. */
export const moneyCases: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "settle", "usage", "getHold"],
    "money: amounts around 2^53 are exact",
    async ({ store }) => {
      for (const amount of [UNSAFE - 1n, UNSAFE, UNSAFE + 1n, UNSAFE + 2n]) {
        const id = `a:${amount}`;
        kind("one less than it", await store.hold(asks(id, amount, capped(amount - 1n, id))), "refused");
        same("an exact fit", await store.hold(asks(id, amount, capped(amount, id))), { kind: "held" });
        like("the hold", await store.getHold(id), { amount: micro(amount) });
        await counted("held", store, amount, 0, id);
        const settled = kind("settle", await store.settle(id, microCents(amount - 1n)), "settled");
        same("booked", settled.booked, micro(amount - 1n));
        await counted("settled", store, 0, amount - 1n, id);
        kind("what is left", await store.hold(asks(`${id}:2`, 1, capped(amount, id))), "held");
        kind("one more", await store.hold(asks(`${id}:3`, 1, capped(amount, id))), "refused");
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "usage"],
    "money: an amount and a cap of 2^62 - 1 are accepted, and sums with them do not overflow",
    async ({ store }) => {
      const full = capped(MOST, RUN);
      same("the most", await store.hold(asks("a", MOST, full)), { kind: "held" });
      await counted("held", store, MOST, 0, RUN);
      const lacking = [{ scope: RUN, by: micro(MOST) }];
      same("as much again", await store.hold(asks("b", MOST, full)), { kind: "refused", lacking });
      const none = [{ scope: RUN, by: micro(MOST + 1n) }];
      same("one, under no cap", await store.hold(asks("b", 1, capped(0, RUN))), {
        kind: "refused",
        lacking: none,
      });
      kind("settle", await store.settle("a", micro(MOST)), "settled");
      await counted("settled", store, 0, MOST, RUN);
      const overrun = { kind: "settled", booked: micro(MOST), overrun: micro(MOST), corrected: false };
      same("nothing, with the cap full", await store.hold(asks("c", 0, full)), { kind: "held" });
      same("an overrun of the most", await store.settle("c", micro(MOST)), overrun);
      await counted("twice the most", store, 0, 2n * MOST, RUN);
      kind("one more", await store.hold(asks("d", 1, full)), "refused");
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "extend", "usage"],
    "money: a negative amount, or one above 2^62 - 1, is a RangeError everywhere, and changes nothing",
    async ({ store }) => {
      await store.hold(asks("open", 10));
      for (const amount of [-1n, MOST + 1n, 2n ** 63n, 2n ** 64n]) {
        const wrong = micro(amount);
        await refuses(`hold ${amount}`, "RangeError", () => store.hold(asks("a", amount)));
        await refuses(`a cap of ${amount}`, "RangeError", () => store.hold(asks("a", 1, capped(amount))));
        await refuses(`settle at ${amount}`, "RangeError", () => store.settle("open", wrong));
        await refuses(`extend by ${amount}`, "RangeError", () => store.extend("open", wrong, 1));
      }
      const rest = micro(MOST - 9n);
      await refuses("extended past the most", "RangeError", () => store.extend("open", rest, 1));
      await counted("after that", store, 10, 0);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "extend", "usage"],
    "money: an amount that is not a bigint is a TypeError, and changes nothing",
    async ({ store }) => {
      await store.hold(asks("open", 10));
      for (const value of [10, "10", null, undefined, true, {}]) {
        // Plain JavaScript can pass a value that is not a bigint.
        const wrong = value as never;
        const what = typeof value;
        await refuses(`hold: ${what}`, "TypeError", () => store.hold({ ...asks("a", 1), amount: wrong }));
        const scopes = [{ scope: RUN, cap: wrong }];
        // A cap may be left out.
        const isCap = value !== null && value !== undefined;
        if (isCap) await refuses(`a cap: ${what}`, "TypeError", () => store.hold(asks("a", 1, scopes)));
        await refuses(`settle: ${what}`, "TypeError", () => store.settle("open", wrong));
        await refuses(`extend: ${what}`, "TypeError", () => store.extend("open", wrong, 1));
      }
      await counted("after that", store, 10, 0);
    },
  ),
  define(
    "ledger",
    ["hold"],
    "money: a ttl that is not above 0 and finite is a RangeError, so that every hold ends",
    async ({ store }) => {
      for (const ttl of [0, -1, NaN, Infinity]) {
        await refuses(`a ttl of ${ttl}`, "RangeError", () => store.hold(asks("a", 1, capped(100), ttl)));
      }
    },
  ),
];
