import { jobHoldId } from "../budget/hold-request.ts";
import { like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  capped,
  counted,
  decides,
  free,
  leaseOf,
  micro,
  nothingToClaim,
  RUN,
  STALE,
  upTo,
  YES,
} from "./fixtures.ts";

const BACK = { retriable: false, counts: false };
const requeued = (booked: number, overrun = 0): unknown => ({
  kind: "requeued",
  booked: micro(booked),
  overrun: micro(overrun),
});
const waiting = (booked: number): unknown => ({ kind: "waiting", booked: micro(booked), overrun: micro(0) });

/** Jobs that a worker gives back: the attempt does not count. */
export const giveBackCases: readonly Definition[] = featured(
  ["give_back"],
  [
    define(
      "jobs",
      ["submit", "claim", "complete", "fail", "job"],
      "give back: free work is offered again at once, however often, also with one attempt and a last error",
      async ({ store }) => {
        await store.submit(free("j", { maxAttempts: 1 }));
        for (const time of upTo(5)) {
          const lease = await leaseOf(store);
          like(`time ${time}: its lease`, lease, { attempts: 1 });
          same(`time ${time}`, await store.fail(lease, "stopped", BACK), requeued(0));
          like(`time ${time}: the job`, await store.job("j"), { state: "pending", attempts: 0 });
        }
        like("in the end", await store.complete(await leaseOf(store), "done"), { kind: "completed" });
        like("the job", await store.job("j"), { state: "succeeded", attempts: 1, result: "done" });
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "usage", "job", "getHold"],
      "give back: a paid attempt closes at its actual cost, else in full, and the next has its own hold",
      async ({ store }) => {
        await store.submit(approved("j", capped(100), { maxAttempts: 5 }));
        let [n, spent] = [1, 0];
        for (const [what, actual, booked, overrun, state] of [
          ["nothing ran", micro(0), 0, 0, "settled"],
          ["some", micro(3), 3, 0, "settled"],
          ["more than its estimate", micro(12), 12, 2, "settled"],
          ["unknown", undefined, 10, 0, "charged"],
        ] as const) {
          const lease = await leaseOf(store);
          like(`${what}: its lease`, lease, { attempts: 1 });
          const answer = await store.fail(lease, "stopped", { ...BACK, actual });
          same(what, answer, requeued(booked, overrun));
          spent += booked;
          await counted(what, store, 10, spent);
          like(`${what}: its hold`, await store.getHold(jobHoldId("j", n)), { state, booked: micro(booked) });
          n++;
          like(`${what}: the next hold`, await store.getHold(jobHoldId("j", n)), {
            state: "open",
            expiresAt: null,
          });
          like(`${what}: the job`, await store.job("j"), { state: "queued", attempts: 0 });
        }
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "fail", "job"],
      "give back: attempts that count are counted beside those that do not",
      async ({ store }) => {
        await store.submit(free("j", { maxAttempts: 2 }));
        for (const [attempts, counts, kind] of [
          [1, false, "requeued"],
          [1, true, "requeued"],
          [2, false, "requeued"],
          [2, true, "failed"],
        ] as const) {
          const lease = await leaseOf(store);
          like("its lease", lease, { attempts });
          like("the answer", await store.fail(lease, "busy", { retriable: true, counts }), { kind });
          like("the job", await store.job("j"), { attempts: counts ? attempts : attempts - 1 });
        }
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "fail"],
      "give back: retryAfterSeconds counts, to the second",
      async ({ store, clock }) => {
        await store.submit(free("j"));
        await store.fail(await leaseOf(store), "stopped", { ...BACK, retryAfterSeconds: 30 });
        clock.now = START + 29.999;
        await nothingToClaim("too early", store);
        clock.now = START + 30;
        like("at the second", await leaseOf(store), { jobId: "j", attempts: 1 });
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "fail", "usage"],
      "give back: a repeat gets the first answer, also while the next attempt runs, and changes nothing",
      async ({ store }) => {
        await store.submit(approved("j"));
        const first = await leaseOf(store);
        const back = (actual: number): Promise<unknown> =>
          store.fail(first, "stopped", { ...BACK, actual: micro(actual) });
        same("once", await back(3), requeued(3));
        same("twice", await back(3), requeued(3));
        await counted("twice", store, 10, 3);
        const second = await leaseOf(store);
        same("while the next runs", await back(5), requeued(3));
        like("the next", await store.complete(second, "done", { actual: micro(4) }), { kind: "completed" });
        same("after its end", await back(3), requeued(3));
        same("completed after that", await store.complete(first, "late", { actual: micro(5) }), STALE);
        await counted("in the end", store, 0, 7);
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "approve", "usage", "job", "getHold"],
      "give back: without room the job waits for a person, and goes on with the next hold",
      async ({ store }) => {
        await store.submit(approved("j", capped(15)));
        same("without room", await store.fail(await leaseOf(store), "stopped", BACK), waiting(10));
        const job = await store.job("j");
        same("why", [job?.state, job?.error?.code, job?.attempts], ["awaiting_approval", "no_room", 0]);
        await counted("waiting", store, 0, 10);
        same("approve", await store.approve("j", YES(), { scopes: capped(20) }), { kind: "queued" });
        like("the second hold", await store.getHold(jobHoldId("j", 2)), { state: "open" });
        like("its lease", await leaseOf(store), { jobId: "j", attempts: 1 });
        await counted("in the end", store, 10, 10);
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "approve", "usage", "job"],
      "give back: a job whose cost would pass maxAttempts times maxCost waits; each approval allows as much again",
      async ({ store }) => {
        const back = async (): Promise<unknown> => store.fail(await leaseOf(store), "stopped", BACK);
        await store.submit(approved("j", capped(1000), { maxAttempts: 2 }));
        for (const [what, spent] of [
          ["first", 20],
          ["second", 40],
        ] as const) {
          same(`the ${what} approval: allowed`, await back(), requeued(10));
          same(`the ${what} approval: the limit`, await back(), waiting(10));
          const job = await store.job("j");
          const why = [job?.state, job?.error?.code, job?.attempts];
          same(`the ${what} approval: why`, why, ["awaiting_approval", "cost_limit", 0]);
          await counted(`the ${what} approval`, store, 0, spent);
          same("approve", await store.approve("j", YES(), { scopes: capped(1000) }), { kind: "queued" });
        }
        await counted("in the end", store, 10, 40);
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "retry", "usage", "getHold"],
      "give back: no number of a hold is used twice, also after a failure and a retry by a person",
      async ({ store }) => {
        await store.submit(approved("j", capped(100, RUN), { maxAttempts: 1 }));
        await store.fail(await leaseOf(store), "stopped", { ...BACK, actual: micro(0) });
        await store.fail(await leaseOf(store), "broken", { retriable: false, actual: micro(2) });
        await store.retry("j", { after: 0 }, decides("retry"));
        const third = await leaseOf(store);
        like("its lease", third, { attempts: 2 });
        await store.fail(third, "stopped", { ...BACK, actual: micro(3) });
        for (const [index, cost] of [0, 2, 3].entries()) {
          const hold = await store.getHold(jobHoldId("j", index + 1));
          like(`hold ${index + 1}`, hold, { state: "settled", booked: micro(cost) });
        }
        like("hold 4", await store.getHold(jobHoldId("j", 4)), { state: "open", booked: micro(0) });
        await counted("in the end", store, 10, 5, RUN);
      },
      "retries",
    ),
    define(
      "jobs",
      ["submit", "claim", "fail", "job"],
      "give back: an actual cost of free work is a RangeError, and the lease still holds the job",
      async ({ store }) => {
        await store.submit(free("j"));
        const lease = await leaseOf(store);
        const back = { ...BACK, actual: micro(0) };
        await refuses("with a cost", "RangeError", () => store.fail(lease, "stopped", back));
        like("the job", await store.job("j"), { state: "running" });
        same("without one", await store.fail(lease, "stopped", BACK), requeued(0));
      },
    ),
  ],
);
