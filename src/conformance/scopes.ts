import { epochSeconds } from "../time.ts";
import { kind, like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { asks, capped, counted, decides, MALFORMED, micro, MONTH, RUN } from "./fixtures.ts";
import { START } from "./clock.ts";

const COMPOSED = "caf\u00e9";
const DECOMPOSED = "cafe\u0301";

/** Names of holds and scopes, pinned caps, and the end of a scope. */
export const scopeCases: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "usage", "getHold"],
    "scopes: an empty list, or the same scope twice, is a RangeError and holds nothing",
    async ({ store }) => {
      await refuses("none", "RangeError", () => store.hold(asks("a", 10, [])));
      const twice = [...capped(100, RUN, MONTH), ...capped(50, RUN)];
      await refuses("one twice", "RangeError", () => store.hold(asks("a", 10, twice)));
      same("the hold", await store.getHold("a"), null);
      await counted("after that", store, 0, 0);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "usage", "getHold"],
    "scopes: names are compared byte for byte: composed and decomposed, upper and lower case are different",
    async ({ store }) => {
      const names = [COMPOSED, DECOMPOSED, "CAFE", "cafe", "cafe "];
      for (const [index, name] of names.entries()) {
        same(`hold ${index}`, await store.hold(asks(name, index + 1, capped(10, name))), { kind: "held" });
      }
      for (const [index, name] of names.entries()) {
        await counted(`scope ${index}`, store, index + 1, 0, name);
        like(`hold ${index}`, await store.getHold(name), { holdId: name, amount: micro(index + 1) });
      }
      await store.settle(COMPOSED, micro(0));
      await counted("the other's scope", store, 2, 0, DECOMPOSED);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "usage", "getHold"],
    "scopes: an empty or overlong name, a lone surrogate, a NUL or another control character is a RangeError",
    async ({ store }) => {
      for (const [index, name] of MALFORMED.entries()) {
        const what = `name ${index}`;
        await refuses(`${what} of a hold`, "RangeError", () => store.hold(asks(name, 1)));
        const scopes = capped(100, RUN, name);
        await refuses(`${what} of a scope`, "RangeError", () => store.hold(asks("a", 1, scopes)));
        await refuses(`${what}, settled`, "RangeError", () => store.settle(name, micro(1)));
        await refuses(`${what}, released`, "RangeError", () => store.release(name));
        await refuses(`${what}, asked for`, "RangeError", () => store.usage(name));
      }
      await counted("after that", store, 0, 0, RUN);
      same("the hold", await store.getHold("a"), null);
    },
  ),
  define(
    "ledger",
    ["hold", "usage", "getHold"],
    "scopes: names of 1 and of 200 code units, of any script, are kept as they are",
    async ({ store }) => {
      const names = ["x", "x".repeat(200), "\u{1f600}".repeat(100), "月:'\"\\%_;--", " ", "__proto__"];
      for (const name of names) await store.hold(asks(name, 3, capped(10, name)));
      for (const [index, name] of names.entries()) {
        const hold = await store.getHold(name);
        same(`hold ${index}`, [hold?.holdId, hold?.scopes[0]?.scope], [name, name]);
        await counted(`scope ${index}`, store, 3, 0, name);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "usage"],
    "scopes: each is counted separately, and an unused one has nothing committed",
    async ({ store }) => {
      await store.hold(asks("a", 10, capped(100, "a", "ab")));
      await store.hold(asks("b", 5, capped(100, "ab", "b")));
      await counted("the first", store, 10, 0, "a");
      await counted("the shared one", store, 15, 0, "ab");
      await counted("the last", store, 5, 0, "b");
      await counted("one that was never used", store, 0, 0, "c");
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "getHold"],
    "getHold: shows a hold, and null for an unknown id",
    async ({ store }) => {
      same("before", await store.getHold("a"), null);
      await store.hold(asks("a", 10, [...capped(100, RUN), ...capped(50, MONTH)], 60));
      const hold = await store.getHold("a");
      const expiresAt = START + 60;
      like("open", hold, { holdId: "a", amount: micro(10), state: "open", booked: micro(0), expiresAt });
      const scopes = hold?.scopes.map(({ scope, cap }) => ({ scope, cap }));
      same("its scopes", scopes, [...capped(100, RUN), ...capped(50, MONTH)]);
      await store.settle("a", micro(4));
      like("settled", await store.getHold("a"), { amount: micro(10), state: "settled", booked: micro(4) });
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "extend"],
    "ledger: an id that starts with job: is hold_owned_by_job, whether the job exists or not",
    async ({ store }) => {
      for (const id of ["job:j#1", "job:"]) {
        await refuses(`hold ${id}`, "hold_owned_by_job", () => store.hold(asks(id, 1)));
        await refuses(`settle ${id}`, "hold_owned_by_job", () => store.settle(id, micro(1)));
        await refuses(`release ${id}`, "hold_owned_by_job", () => store.release(id));
        await refuses(`extend ${id}`, "hold_owned_by_job", () => store.extend(id, micro(1), 1));
      }
      same("an id that only looks like it", await store.hold(asks("jobs:j#1", 1)), { kind: "held" });
    },
  ),
  define(
    "ledger",
    ["hold", "pinCap", "usage"],
    "pinCap: a request with a higher or lower cap is cap_conflict; a repeat of an old request is not",
    async ({ store }) => {
      await store.pinCap(MONTH, micro(50), decides("pin 1"));
      const asked = (id: string, cap: number) => () =>
        store.hold(asks(id, 10, [...capped(100, RUN), ...capped(cap, MONTH)]));
      await refuses("a higher cap", "cap_conflict", asked("a", 51));
      await refuses("a lower cap", "cap_conflict", asked("a", 49));
      await counted("after the conflicts", store, 0, 0);
      same("the pinned cap", await asked("a", 50)(), { kind: "held" });
      same("a repeat with another", await asked("a", 60)(), { kind: "exists", state: "open" });
      await counted("after that", store, 10, 0);
    },
  ),
  define(
    "ledger",
    ["hold", "pinCap", "settle", "extend", "usage"],
    "pinCap: a new value counts at once: a lowered cap refuses new holds, and old holds can still settle",
    async ({ store }) => {
      await store.pinCap(RUN, micro(50), decides("pin 2"));
      await store.hold(asks("a", 40, capped(50, RUN)));
      await store.pinCap(RUN, micro(20), decides("pin 3"));
      await refuses("by the old cap", "cap_conflict", () => store.hold(asks("b", 1, capped(50, RUN))));
      kind("without room", await store.hold(asks("b", 1, capped(20, RUN))), "refused");
      kind("an extension without room", await store.extend("a", micro(1), 1), "refused");
      kind("an old one", await store.settle("a", micro(15)), "settled");
      kind("with room", await store.hold(asks("b", 5, capped(20, RUN))), "held");
      await counted("after that", store, 5, 15, RUN);
    },
  ),
  define(
    "ledger",
    ["hold", "extend", "settle", "usage", "getHold"],
    "scopes: one whose time is over refuses new holds, alone or in a group; its open holds can be extended and settled",
    async ({ store, clock }) => {
      const [run, month] = [capped(100, RUN), capped(100, MONTH)];
      const until = epochSeconds(START + 60);
      const scopes = [...run, ...month.map((scope) => ({ ...scope, until }))];
      clock.now = START + 59.999;
      same("in time", await store.hold(asks("a", 10, scopes, 600)), { kind: "held" });
      clock.now = START + 60;
      const lacking = [{ scope: MONTH, by: micro(10), until, over: true }];
      const refused = { kind: "refused", lacking };
      same("at the second", await store.hold(asks("b", 10, scopes)), refused);
      const group = ["c", "d", "e"].map((id) => store.hold(asks(id, 10, scopes)));
      same("in a group", await Promise.all(group), [refused, refused, refused]);
      same("an amount of 0", await store.hold(asks("f", 0, scopes)), {
        kind: "refused",
        lacking: [{ scope: MONTH, by: micro(0), until, over: true }],
      });
      await counted("after the refusals", store, 10, 0);
      same("a repeat", await store.hold(asks("a", 10, scopes)), { kind: "exists", state: "open" });
      same("an extension", await store.extend("a", micro(5), 1), { kind: "held" });
      like("its actual cost", await store.settle("a", micro(12)), { booked: micro(12), overrun: micro(0) });
      await counted("in the month of admission", store, 0, 12);
    },
  ),
  define(
    "ledger",
    ["hold", "usage"],
    "scopes: a refusal says when the time of a scope without room ends, and nothing about one without an end",
    async ({ store }) => {
      const until = epochSeconds(START + 60);
      await store.hold(asks("a", 10, capped(10)));
      const scopes = [...capped(15, RUN), { scope: MONTH, cap: micro(15), until }];
      const lacking = [
        { scope: RUN, by: micro(5) },
        { scope: MONTH, by: micro(5), until },
      ];
      same("without room", await store.hold(asks("b", 10, scopes)), { kind: "refused", lacking });
      await counted("after that", store, 10, 0);
    },
  ),
];
