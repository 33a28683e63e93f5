import { jobHoldId } from "../budget/hold-request.ts";
import { epochSeconds } from "../time.ts";
import { like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  asks,
  capped,
  claim,
  CORRECTED,
  counted,
  free,
  leaseOf,
  micro,
  MOST,
  nothingToClaim,
  recovered,
  RUN,
} from "./fixtures.ts";
import { START } from "./clock.ts";

const completed = (booked: bigint | number, overrun: bigint | number = 0): unknown => ({
  kind: "completed",
  booked: micro(booked),
  overrun: micro(overrun),
});

/** What an attempt of a job is charged, and which calls may change its hold. */
export const chargeCases: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "complete", "usage", "getHold"],
    "complete: settles the attempt's hold at its actual cost, also at 0 and above the estimate",
    async ({ store }) => {
      for (const [id, actual, overrun] of [
        ["less", 4, 0],
        ["nothing", 0, 0],
        ["all", 10, 0],
        ["more", 13, 3],
      ] as const) {
        await store.submit(approved(id, capped(100, `run:${id}`)));
        const lease = await leaseOf(store);
        const answer = await store.complete(lease, "done", { actual: micro(actual) });
        same(id, answer, completed(actual, overrun));
        await counted(id, store, 0, actual, `run:${id}`);
        const hold = await store.getHold(jobHoldId(id, 1));
        like(`${id}: its hold`, hold, { amount: micro(10), state: "settled", booked: micro(actual) });
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "fail", "usage", "getHold"],
    "complete, fail: without an actual cost the attempt is charged in full, because paid work may have run",
    async ({ store }) => {
      await store.submit(approved("done"));
      same("complete", await store.complete(await leaseOf(store), "done"), completed(10));
      await counted("completed", store, 0, 10);
      await store.submit(approved("failed"));
      const failed = await store.fail(await leaseOf(store), "broken", { retriable: false });
      same("fail", failed, { kind: "failed", booked: micro(10), overrun: micro(0) });
      await counted("failed", store, 0, 20);
      for (const id of ["done", "failed"]) {
        like(`its hold: ${id}`, await store.getHold(jobHoldId(id, 1)), { state: "charged" });
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "fail", "usage"],
    "fail: settles the attempt's hold at its actual cost; 0 says that nothing ran",
    async ({ store }) => {
      for (const [id, actual] of [
        ["less", 4],
        ["nothing", 0],
        ["more", 13],
      ] as const) {
        await store.submit(approved(id, capped(100, `run:${id}`)));
        const lease = await leaseOf(store);
        const answer = await store.fail(lease, "broken", { retriable: false, actual: micro(actual) });
        same(id, answer, {
          kind: "failed",
          booked: micro(actual),
          overrun: micro(Math.max(0, actual - 10)),
        });
        await counted(id, store, 0, actual, `run:${id}`);
      }
      await nothingToClaim("after the end", store);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "fail", "usage"],
    "complete, fail: a repeat with the same token gets the first answer, and books nothing more",
    async ({ store }) => {
      await store.submit(approved("done"));
      const done = await leaseOf(store);
      for (const actual of [micro(4), micro(4), micro(9)]) {
        same(`complete at ${actual}`, await store.complete(done, "done", { actual }), completed(4));
      }
      same("complete without one", await store.complete(done, "done"), completed(4));
      await counted("completed", store, 0, 4);
      await store.submit(approved("busy"));
      const busy = await leaseOf(store);
      for (const actual of [micro(3), micro(3), micro(9)]) {
        const answer = await store.fail(busy, "busy", { retriable: true, actual });
        same(`fail at ${actual}`, answer, { kind: "requeued", booked: micro(3), overrun: micro(0) });
      }
      await counted("failed once", store, 10, 7);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "usage"],
    "complete: after a charge in full, a repeat with an actual cost still gets the first answer",
    async ({ store }) => {
      await store.submit(approved("j"));
      const lease = await leaseOf(store);
      same("once", await store.complete(lease, "done"), completed(10));
      same("twice", await store.complete(lease, "done", { actual: micro(4) }), completed(10));
      await counted("after that", store, 0, 10);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "hold", "settle", "release", "extend", "usage"],
    "ledger: calls on a job's hold are hold_owned_by_job, whatever its state, and change nothing",
    async ({ store }) => {
      const id = jobHoldId("j", 1);
      const allRefused = async (when: string): Promise<void> => {
        await refuses(`hold, ${when}`, "hold_owned_by_job", () => store.hold(asks(id, 10)));
        await refuses(`settle, ${when}`, "hold_owned_by_job", () => store.settle(id, micro(1)));
        await refuses(`release, ${when}`, "hold_owned_by_job", () => store.release(id));
        await refuses(`extend, ${when}`, "hold_owned_by_job", () => store.extend(id, micro(1), 1));
      };
      await store.submit(approved("j"));
      await allRefused("queued");
      await counted("queued", store, 10, 0);
      const lease = await leaseOf(store);
      await allRefused("running");
      await counted("running", store, 10, 0);
      same("complete", await store.complete(lease, "done"), completed(10));
      await allRefused("charged");
      await counted("charged", store, 0, 10);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "expire", "usage"],
    "expire: never charges the hold of a queued or running job, however late",
    async ({ store, clock }) => {
      await store.submit(approved("running"));
      const lease = await leaseOf(store);
      await store.submit(approved("queued"));
      clock.now += 1e8;
      same("expire", await store.expire(), { charged: [], more: false });
      await counted("much later", store, 20, 0);
      same("the job that ran", await store.complete(lease, "done", { actual: micro(4) }), completed(4));
      like("the queued job", (await claim(store)).lease, { jobId: "queued", attempts: 1 });
    },
  ),
  define(
    "both",
    ["submit", "claim", "fail", "usage"],
    "claim: a queued paid job whose hold is not open is never claimed, and blocks no other job",
    async (setup) => {
      const { store } = setup;
      await store.submit(approved("closed", capped(100), { priority: 1 }));
      await store.submit(approved("next"));
      await setup.closeHold(jobHoldId("closed", 1));
      const lease = await leaseOf(store);
      same("what is claimed", lease.jobId, "next");
      await nothingToClaim("without its hold", store);
      await counted("the next", store, 10, 0);
      await store.fail(lease, "busy", { retriable: true, actual: micro(0) });
      await setup.closeHold(jobHoldId("next", 2));
      await nothingToClaim("without a retry's hold", store);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "completeMany", "fail", "job", "usage"],
    "actual: an actual cost of free work is a RangeError, alone and in a batch, and changes nothing",
    async ({ store }) => {
      await store.submit(free("free", { priority: 1 }));
      await store.submit(approved("paid"));
      const [lease, other] = [await leaseOf(store), await leaseOf(store)];
      for (const actual of [micro(0), micro(4)]) {
        const fails = { retriable: true, actual };
        await refuses(`complete at ${actual}`, "RangeError", () => store.complete(lease, "x", { actual }));
        await refuses(`fail at ${actual}`, "RangeError", () => store.fail(lease, "x", fails));
        const batch = [
          { lease: other, result: "x", actual: micro(3) },
          { lease, result: "x", actual },
        ];
        await refuses(`completeMany at ${actual}`, "RangeError", () => store.completeMany(batch));
      }
      for (const id of ["free", "paid"]) {
        like(`the job ${id}`, await store.job(id), { state: "running", result: null, error: null });
      }
      await counted("after that", store, 10, 0);
      same("without one", await store.complete(lease, "done"), completed(0));
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "fail", "job", "usage"],
    "money: a job's cost and actual cost are exact around 2^53 and up to 2^62 - 1",
    async ({ store }) => {
      for (const amount of [2n ** 53n - 1n, 2n ** 53n + 1n, MOST]) {
        const scope = `run:${amount}`;
        const job = approved(`${amount}`, capped(MOST, scope), { maxCost: micro(amount) });
        await store.submit(job);
        await counted("held", store, amount, 0, scope);
        like("the job", await store.job(`${amount}`), { maxCost: micro(amount) });
        const actual = micro(amount - 1n);
        const answer = await store.complete(await leaseOf(store), "done", { actual });
        same("completed", answer, completed(amount - 1n));
        await counted("completed", store, 0, amount - 1n, scope);
      }
      await store.submit(approved("over", capped(MOST), { maxAttempts: 1 }));
      const failed = await store.fail(await leaseOf(store), "x", { retriable: true, actual: micro(MOST) });
      same("an overrun of the most", failed, {
        kind: "failed",
        booked: micro(MOST),
        overrun: micro(MOST - 10n),
      });
      for (const wrong of [-1n, MOST + 1n]) {
        const job = approved("wrong", capped(MOST), { maxCost: micro(wrong) });
        await refuses(`a cost of ${wrong}`, "RangeError", () => store.submit(job));
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "recoverStale", "prune", "usage", "getHold"],
    "prune: a paid job's money stays booked, its id answers exists, and a lost attempt can still be corrected",
    async ({ store, clock }) => {
      await store.submit(approved("done", capped(100, RUN)));
      const done = await leaseOf(store);
      await store.complete(done, "done", { actual: micro(4) });
      await store.submit(approved("lost", capped(100, RUN), { maxAttempts: 1 }));
      const lost = await leaseOf(store);
      clock.now += 5;
      same("recovery", await store.recoverStale({ ttlSeconds: 5 }), recovered("lost", 1, "failed", 10));
      await store.submit(approved("queued", capped(100, RUN)));
      const pruned = await store.prune({ before: epochSeconds(START + 3600) });
      same("what is pruned", { ...pruned }, { jobs: 2, holds: 0, more: false });
      await counted("after it", store, 10, 14, RUN);
      same("the same job", await store.submit(approved("done", capped(100, RUN))), {
        kind: "exists",
        state: "succeeded",
      });
      same("the lost one's cost", await store.complete(lost, "late", { actual: micro(3) }), CORRECTED);
      await counted("in the end", store, 10, 7, RUN);
      like("the queued one", await leaseOf(store), { jobId: "queued", attempts: 1 });
    },
  ),
];
