import { jobHoldId } from "../budget/hold-request.ts";
import { like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  asks,
  AT_ONCE,
  capped,
  CORRECTED,
  count,
  counted,
  decides,
  leaseOf,
  micro,
  NO,
  recovered,
  ROUNDS,
  upTo,
} from "./fixtures.ts";

/** Concurrent calls about corrections, retries by a person and jobs that are given back. */
export const decidedRaceCases: readonly Definition[] = [
  define(
    "ledger",
    ["hold", "settle", "correct", "usage"],
    "races: a correction against a settlement: a hold that is still open answers open, and else the correction stays",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scope = `run:${round}`;
        await store.hold(asks(scope, 10, capped(100, scope)));
        const [corrected, settled] = await Promise.all([
          peer.correct(scope, micro(7), decides(scope)),
          store.settle(scope, micro(4)),
        ]);
        like("the settlement", settled, { kind: "settled", booked: micro(4) });
        const answer = { kind: "corrected", from: micro(4), to: micro(7), overrun: micro(0) };
        const isOpen = corrected.kind === "open";
        same("the correction", corrected, isOpen ? { kind: "open" } : answer);
        await counted("after the race", store, 0, isOpen ? 4 : 7, scope);
      }
    },
    "corrections",
  ),
  define(
    "both",
    ["submit", "cancel", "retry", "usage", "job", "getHold"],
    "races: of two retries by two people one queues the job, and the other is moved_on",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(approved(id, capped(100, `run:${id}`)));
        await store.cancel(id, NO());
        const answers = await Promise.all([
          store.retry(id, { after: 0 }, decides(`${id}: one`)),
          peer.retry(id, { after: 0 }, decides(`${id}: two`)),
        ]);
        same("queued, and moved_on", [count(answers, "queued"), count(answers, "moved_on")], [1, 1]);
        like("the job", await store.job(id), { state: "queued", retries: 1 });
        same("a third hold", await store.getHold(jobHoldId(id, 3)), null);
        await counted("after the race", store, 10, 0, `run:${id}`);
      }
    },
    "retries",
  ),
  define(
    "both",
    ["submit", "claim", "fail", "recoverStale", "usage", "job", "getHold"],
    "races: a job that is given back against a recovery: one wins, and the actual cost is booked in the end",
    async ({ store, peer }) => {
      const back = { retriable: false, counts: false, actual: micro(4) };
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(approved(id, capped(100, `run:${id}`), { lane: id }));
        const lease = await leaseOf({ claim: () => store.claim([id]) });
        const [end, recovery] = await Promise.all([
          store.fail(lease, "stopped", back),
          peer.recoverStale(AT_ONCE),
        ]);
        const isBack = end.kind === "requeued";
        const requeued = { kind: "requeued", booked: micro(4), overrun: micro(0) };
        same("the job that was given back", end, isBack ? requeued : CORRECTED);
        const none = { attempts: [], ended: [], more: false };
        same("the recovery", recovery, isBack ? none : recovered(id, 1, "requeued", 10));
        like("the job", await store.job(id), { state: "queued", attempts: isBack ? 0 : 1 });
        like("the next hold", await store.getHold(jobHoldId(id, 2)), { state: "open" });
        await counted("after the race", store, 10, 4, `run:${id}`);
      }
    },
    "give_back",
  ),
  define(
    "ledger",
    ["hold", "settle", "correct", "usage"],
    "within: a decision that is rolled back is not remembered",
    async (setup) => {
      const { store } = setup;
      await store.hold(asks("a", 10));
      await store.settle("a", micro(4));
      const corrected = (to: number): unknown => ({
        kind: "corrected",
        from: micro(4),
        to: micro(to),
        overrun: micro(0),
      });
      await setup.rolledBack(async (inside) => {
        same("inside", await inside.correct("a", micro(7), decides("bill")), corrected(7));
        same("inside, repeated", await inside.correct("a", micro(7), decides("bill")), corrected(7));
        await counted("inside", inside, 0, 7);
      });
      await counted("after the roll-back", store, 0, 4);
      same("another change", await store.correct("a", micro(5), decides("bill")), corrected(5));
      await counted("in the end", store, 0, 5);
    },
    "corrections",
    "decisions",
  ),
];
