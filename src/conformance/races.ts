import { check, kind, same, thrownBy } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { asks, capped, count, counted, micro, ROUNDS, upTo } from "./fixtures.ts";

/** Concurrent calls of the ledger, half of them through the second handle. */
export const raceCases: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "usage"],
    "races: concurrent holds fill the cap and never exceed it, also in new scopes",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scopes = [...capped(100, `run:${round}`), ...capped(7, `month:${round}`)];
        const holds = upTo(20).map((index) =>
          (index % 2 === 0 ? store : peer).hold(asks(`${round}:${index}`, 1, scopes)),
        );
        const answers = await Promise.all(holds);
        same("how many are held", count(answers, "held"), 7);
        same("how many are refused", count(answers, "refused"), 13);
        await counted("after the race", store, 7, 0, `run:${round}`, `month:${round}`);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "usage"],
    "races: two new scopes, held in opposite orders, are both counted",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const names = [`a:${round}`, `b:${round}`];
        const there = capped(100, ...names);
        const back = capped(100, ...[...names].reverse());
        const holds = upTo(6).map((index) =>
          index % 2 === 0
            ? store.hold(asks(`${round}:${index}`, 10, there))
            : peer.hold(asks(`${round}:${index}`, 10, back)),
        );
        same("how many are held", count(await Promise.all(holds), "held"), 6);
        await counted("after the race", store, 60, 0, ...names);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "usage"],
    "races: opposite orders of scopes never deadlock",
    async ({ store, peer }) => {
      const names = ["a", "b", "c"];
      const there = capped(1000, ...names);
      const back = capped(1000, ...[...names].reverse());
      for (const round of upTo(ROUNDS)) {
        const ids = upTo(8).map((index) => `${round}:${index}`);
        const held = ids.map((id, index) =>
          index % 2 === 0 ? store.hold(asks(id, 10, there)) : peer.hold(asks(id, 10, back)),
        );
        await Promise.all(held);
        const ended = ids.map((id, index) => (index % 4 < 2 ? store.settle(id, micro(1)) : peer.release(id)));
        await Promise.all(ended);
      }
      await counted("after the races", store, 0, 4 * ROUNDS, ...names);
    },
  ),
  define(
    "ledger",
    ["hold", "usage"],
    "races: concurrent requests with one id make one hold",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scopes = capped(100, `run:${round}`);
        const holds = upTo(10).map((index) =>
          (index % 2 === 0 ? store : peer).hold(asks(`${round}`, 10, scopes)),
        );
        const answers = await Promise.all(holds);
        same("held, and exists", [count(answers, "held"), count(answers, "exists")], [1, 9]);
        await counted("after the race", store, 10, 0, `run:${round}`);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "release", "usage"],
    "races: a settlement against a release: in either order the actual cost is booked in the end",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scope = `run:${round}`;
        await store.hold(asks(scope, 10, capped(100, scope)));
        const [released, settled] = await Promise.all([peer.release(scope), store.settle(scope, micro(4))]);
        const corrected = released.kind === "released";
        const overrun = micro(corrected ? 4 : 0);
        same("the settle, by the release", settled, {
          kind: "settled",
          booked: micro(4),
          overrun,
          corrected,
        });
        await counted("after the race", store, 0, 4, scope);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "expire", "usage"],
    "races: a settlement against an expiry: in either order the actual cost is booked in the end",
    async ({ store, peer, clock }) => {
      for (const round of upTo(ROUNDS)) {
        const scope = `run:${round}`;
        await store.hold(asks(scope, 10, capped(100, scope)));
        clock.now += 60;
        const [{ charged }, settled] = await Promise.all([peer.expire(), store.settle(scope, micro(4))]);
        const corrected = charged.length === 1;
        same("the settle, by the expiry", settled, {
          kind: "settled",
          booked: micro(4),
          overrun: micro(0),
          corrected,
        });
        await counted("after the race", store, 0, 4, scope);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "settle", "usage"],
    "races: of two settlements with different amounts, one is booked and the other is a conflict",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scope = `run:${round}`;
        await store.hold(asks(scope, 10, capped(100, scope)));
        const answers = await Promise.all([store.settle(scope, micro(3)), peer.settle(scope, micro(4))]);
        same("settled, and conflict", [count(answers, "settled"), count(answers, "conflict")], [1, 1]);
        const [{ booked }, other] = answers;
        same("what both say is booked", other.booked, booked);
        await counted("after the race", store, 0, booked, scope);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "extend", "usage"],
    "races: a step of an extension is applied once",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scope = `run:${round}`;
        await store.hold(asks(scope, 10, capped(100, scope)));
        const steps = upTo(6).map((index) => (index % 2 === 0 ? store : peer).extend(scope, micro(5), 1));
        const answers = await Promise.all(steps);
        same("held, and exists", [count(answers, "held"), count(answers, "exists")], [1, 5]);
        await counted("after the race", store, 15, 0, scope);
      }
    },
  ),
  define(
    "ledger",
    ["hold", "usage"],
    "races: concurrent calls get their own answers, although one of them is a conflict",
    async ({ store, peer }) => {
      await store.hold(asks("known", 10, capped(1000)));
      const calls = upTo(16).map((index) => {
        const request = index === 7 ? asks("known", 11, capped(1000)) : asks(`${index}`, 10, capped(1000));
        const handle = index % 2 === 0 ? store : peer;
        return thrownBy(async () => {
          kind(`call ${index}`, await handle.hold(request), "held");
        });
      });
      const thrown = await Promise.all(calls);
      const expected = thrown.map((_, index) => (index === 7 ? "hold_conflict" : null));
      check("what was thrown", String(thrown) === String(expected), String(expected), String(thrown));
      await counted("after that", store, 160, 0);
    },
  ),
];
