import { type Definition, define } from "./define.ts";
import { kind, refuses, same } from "./check.ts";
import { asks, capped, counted, micro, MONTH, RUN } from "./fixtures.ts";

const HELD = { kind: "held" };
const exists = (state: string): unknown => ({ kind: "exists", state });

/** Answers to `hold`. */
export const holdCases: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "usage"],
    "hold: an exact fit is admitted, and one micro-cent more is not",
    async ({ store }) => {
      same("the first", await store.hold(asks("a", 60)), HELD);
      same("an exact fit", await store.hold(asks("b", 40)), HELD);
      kind("one micro-cent more", await store.hold(asks("c", 1)), "refused");
      kind(
        "one micro-cent over an empty cap",
        await store.hold(asks("d", 101, capped(100, "run:2"))),
        "refused",
      );
      same("nothing, under a full cap", await store.hold(asks("e", 0)), HELD);
      await counted("after that", store, 100, 0);
    },
  ),
  define(
    "ledger",
    ["hold", "usage", "getHold"],
    "hold: a refusal names every scope that lacks room and by how much, and changes none",
    async ({ store }) => {
      await store.hold(asks("a", 10, capped(10)));
      const month = [...capped(100, RUN), ...capped(15, MONTH)];
      const lackingIn = (...scopes: readonly string[]): unknown => ({
        kind: "refused",
        lacking: scopes.map((scope) => ({ scope, by: micro(5) })),
      });
      same("the month lacks room", await store.hold(asks("b", 10, month)), lackingIn(MONTH));
      const run = [...capped(15, RUN), ...capped(100, MONTH)];
      same("the run lacks room", await store.hold(asks("b", 10, run)), lackingIn(RUN));
      same("both lack room", await store.hold(asks("b", 10, capped(15))), lackingIn(RUN, MONTH));
      await counted("after the refusals", store, 10, 0);
      same("a hold that was refused", await store.getHold("b"), null);
    },
  ),
  define(
    "ledger",
    ["hold", "release", "usage"],
    "hold: after a refusal the same id is admitted when there is room, also with another body",
    async ({ store }) => {
      await store.hold(asks("a", 10, capped(10)));
      kind("without room", await store.hold(asks("b", 10, capped(10))), "refused");
      kind("another body, without room", await store.hold(asks("b", 7, capped(10))), "refused");
      await store.release("a");
      same("with room", await store.hold(asks("b", 6, capped(10))), HELD);
      await counted("after that", store, 6, 0);
    },
  ),
  define(
    "ledger",
    ["hold", "usage"],
    "hold: one id is one hold: a repeat answers exists and sets nothing aside",
    async ({ store }) => {
      same("the first", await store.hold(asks("a", 10)), HELD);
      same("a repeat", await store.hold(asks("a", 10)), exists("open"));
      same("a repeat without room", await store.hold(asks("a", 10, capped(1))), exists("open"));
      await counted("after that", store, 10, 0);
    },
  ),
  define(
    "ledger",
    ["hold", "getHold", "expire"],
    "hold: a repeat with another ttl, another cap or its scopes in another order is no conflict",
    async ({ store, clock }) => {
      await store.hold(asks("a", 10));
      same("another ttl", await store.hold(asks("a", 10, capped(100), 6000)), exists("open"));
      same("other caps", await store.hold(asks("a", 10, capped(7))), exists("open"));
      const turned = capped(100, MONTH, RUN);
      same("another order", await store.hold(asks("a", 10, turned)), exists("open"));
      clock.now += 60;
      const { charged } = await store.expire();
      same("what expires at the ttl of the first", charged, [{ holdId: "a", amount: micro(10) }]);
    },
  ),
  define(
    "ledger",
    ["hold", "usage"],
    "hold: a repeat with another amount or other scopes is a conflict",
    async ({ store }) => {
      await store.hold(asks("a", 10));
      const again = (amount: number, scopes: ReturnType<typeof capped>) => () =>
        store.hold(asks("a", amount, scopes));
      await refuses("another amount", "hold_conflict", again(11, capped(100)));
      await refuses("a scope less", "hold_conflict", again(10, capped(100, RUN)));
      await refuses("a scope more", "hold_conflict", again(10, capped(100, RUN, MONTH, "day:1")));
      await refuses("another scope", "hold_conflict", again(10, capped(100, RUN, "month:2026-12")));
      await counted("after the conflicts", store, 10, 0);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "expire", "usage"],
    "hold: an id that was settled, released or charged is not admitted again",
    async ({ store, clock }) => {
      await store.hold(asks("settled", 10));
      await store.settle("settled", micro(4));
      same("after settle", await store.hold(asks("settled", 10)), exists("settled"));
      await store.hold(asks("released", 10));
      await store.release("released");
      same("after release", await store.hold(asks("released", 10)), exists("released"));
      await store.hold(asks("charged", 10));
      clock.now += 60;
      await store.expire();
      same("after a charge", await store.hold(asks("charged", 10)), exists("charged"));
      await counted("after that", store, 0, 14);
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "usage"],
    "hold: a cap below the committed amount refuses new holds, and old holds can still settle",
    async ({ store }) => {
      await store.hold(asks("a", 50));
      const refused = kind("a new hold", await store.hold(asks("b", 1, capped(20))), "refused");
      same(
        "what it lacks",
        refused.lacking.map(({ by }) => by),
        [micro(31), micro(31)],
      );
      kind("an old hold", await store.settle("a", micro(30)), "settled");
      kind("a hold under the old cap", await store.hold(asks("c", 70)), "held");
      await counted("after that", store, 70, 30);
    },
  ),
];
