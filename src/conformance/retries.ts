import { jobHoldId } from "../budget/hold-request.ts";
import { epochSeconds } from "../time.ts";
import { check, like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  decides,
  approved,
  asks,
  AT_ONCE,
  capped,
  counted,
  lacks,
  leaseOf,
  micro,
  MONTH,
  nothingToClaim,
  recovered,
  RUN,
  YES,
} from "./fixtures.ts";
import { START } from "./clock.ts";

const AGAIN = { retriable: true };
const QUEUED = { kind: "queued" };
const waiting = (booked: number): unknown => ({
  kind: "waiting",
  booked: micro(booked),
  overrun: micro(0),
});
const requeued = (booked: number): unknown => ({
  kind: "requeued",
  booked: micro(booked),
  overrun: micro(0),
});

/** The holds of retries of paid jobs. */
export const retryCases: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "complete", "fail", "recoverStale", "usage", "getHold"],
    "retry: each attempt has its own hold, which is made when the attempt is queued and closed when it ends",
    async ({ store }) => {
      await store.submit(approved("j"));
      const first = await leaseOf(store);
      same("the first fails", await store.fail(first, "busy", { ...AGAIN, actual: micro(3) }), requeued(3));
      await counted("queued again", store, 10, 3);
      like("the first's hold", await store.getHold(jobHoldId("j", 1)), {
        state: "settled",
        booked: micro(3),
      });
      like("the second's hold", await store.getHold(jobHoldId("j", 2)), {
        amount: micro(10),
        state: "open",
        expiresAt: null,
      });
      like("the second", await leaseOf(store), { attempts: 2 });
      same("the second is lost", await store.recoverStale(AT_ONCE), recovered("j", 2, "requeued", 10));
      await counted("recovered", store, 10, 13);
      const third = await leaseOf(store);
      like("complete", await store.complete(third, "done", { actual: micro(5) }), { booked: micro(5) });
      await counted("in the end", store, 0, 18);
      same("a fourth's hold", await store.getHold(jobHoldId("j", 4)), null);
    },
  ),
  define(
    "both",
    ["submit", "claim", "fail", "recoverStale", "usage"],
    "retry: the last attempt is charged and ends the job, and nothing is held for another attempt",
    async ({ store }) => {
      await store.submit(approved("failed", capped(100), { maxAttempts: 1 }));
      const failed = await store.fail(await leaseOf(store), "busy", AGAIN);
      same("fail", failed, { kind: "failed", booked: micro(10), overrun: micro(0) });
      await store.submit(approved("lost", capped(100), { maxAttempts: 1 }));
      await leaseOf(store);
      same("recovery", await store.recoverStale(AT_ONCE), recovered("lost", 1, "failed", 10));
      await counted("after that", store, 0, 20);
      await nothingToClaim("after that", store);
    },
  ),
  define(
    "both",
    ["submit", "claim", "fail", "usage"],
    "retry: can use the room that the old attempt gives back, in the same step",
    async ({ store }) => {
      await store.submit(approved("j", capped(13)));
      const answer = await store.fail(await leaseOf(store), "busy", { ...AGAIN, actual: micro(3) });
      same("an exact fit", answer, requeued(3));
      await counted("then", store, 10, 3);
      const second = await store.fail(await leaseOf(store), "busy", { ...AGAIN, actual: micro(1) });
      same("one micro-cent short", second, waiting(1));
      await counted("in the end", store, 0, 4);
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "complete", "fail", "recoverStale", "job", "usage", "getHold"],
    "retry: without room the old attempt is charged, and the job waits for approval again, with the reason",
    async ({ store }) => {
      await store.submit(approved("failed", capped(15, "run:f")));
      same("fail", await store.fail(await leaseOf(store), "busy", AGAIN), waiting(10));
      await store.submit(approved("lost", capped(15, "run:l")));
      await leaseOf(store);
      same("recovery", await store.recoverStale(AT_ONCE), recovered("lost", 1, "waiting", 10));
      for (const [id, scope] of [
        ["failed", "run:f"],
        ["lost", "run:l"],
      ] as const) {
        await counted(`${id}: charged`, store, 0, 10, scope);
        const job = await store.job(id);
        same(`${id}: why`, [job?.state, job?.error?.code], ["awaiting_approval", "no_room"]);
        same(`${id}: a second hold`, await store.getHold(jobHoldId(id, 2)), null);
        await nothingToClaim(id, store);
        const refused = { kind: "refused", lacking: lacks(1, scope) };
        same(`${id}: too low`, await store.approve(id, YES(), { scopes: capped(19, scope) }), refused);
        same(`${id}: approved`, await store.approve(id, YES(), { scopes: capped(20, scope) }), QUEUED);
        const lease = await leaseOf(store);
        like(`${id}: its lease`, lease, { jobId: id, attempts: 2 });
        like(`${id}: its end`, await store.complete(lease, "done"), { kind: "completed", booked: micro(10) });
        await counted(`${id}: in the end`, store, 0, 20, scope);
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "fail", "recoverStale", "job", "usage"],
    "retry: when the scope's month is over, to the second, the job waits even if there is room",
    async ({ store, clock }) => {
      const until = epochSeconds(START + 100);
      const scopes = [...capped(100, RUN), { scope: MONTH, cap: micro(100), until }];
      for (const id of ["before", "after"]) await store.submit(approved(id, scopes));
      const [before, after] = [await leaseOf(store), await leaseOf(store)];
      clock.now = START + 99.5;
      same("before its end", await store.fail(before, "busy", { ...AGAIN, actual: micro(1) }), requeued(1));
      await leaseOf(store);
      clock.now = START + 100;
      same("at its end", await store.fail(after, "busy", { ...AGAIN, actual: micro(1) }), waiting(1));
      same("recovery", await store.recoverStale(AT_ONCE), recovered("before", 2, "waiting", 10));
      like("why", (await store.job("after"))?.error, { code: "no_room" });
      await counted("after that", store, 0, 12);
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "complete", "fail", "usage"],
    "retry: if it is approved in a new month it counts there, and the old attempt is corrected in its old month",
    async ({ store, clock }) => {
      const until = epochSeconds(START + 100);
      await store.submit(approved("j", [{ scope: MONTH, cap: micro(100), until }]));
      const first = await leaseOf(store);
      clock.now = START + 200;
      same("fail", await store.fail(first, "busy", AGAIN), waiting(10));
      const scopes = capped(100, "month:2026-12");
      same("approve", await store.approve("j", YES(), { scopes }), QUEUED);
      await counted("the month of admission", store, 0, 10, MONTH);
      await counted("the new month", store, 10, 0, "month:2026-12");
      const second = await leaseOf(store);
      await store.complete(first, "late", { actual: micro(4) });
      await counted("the month of admission, corrected", store, 0, 4, MONTH);
      await counted("the new month, then", store, 10, 0, "month:2026-12");
      await store.complete(second, "done", { actual: micro(5) });
      await counted("the month of admission, in the end", store, 0, 4, MONTH);
      await counted("the new month, in the end", store, 0, 5, "month:2026-12");
    },
  ),
  define(
    "both",
    ["submit", "claim", "fail", "hold", "usage"],
    "retry: uses the scopes and caps of its approval, whatever caps other requests have",
    async ({ store }) => {
      await store.submit(approved("j", capped(25)));
      await store.hold(asks("other", 5, capped(1000)));
      const lease = await leaseOf(store);
      same("with room", await store.fail(lease, "busy", AGAIN), requeued(10));
      await counted("queued again", store, 15, 10);
      same("without", await store.fail(await leaseOf(store), "busy", AGAIN), waiting(10));
      await counted("in the end", store, 5, 20);
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "fail", "pinCap", "usage"],
    "retry: waits under a lowered pinned cap, and is admitted under a raised one",
    async ({ store }) => {
      await store.pinCap(RUN, micro(100), decides("pin 1"));
      await store.submit(approved("j", capped(100, RUN)));
      const lease = await leaseOf(store);
      await store.pinCap(RUN, micro(19), decides("pin 2"));
      same("under the lowered cap", await store.fail(lease, "busy", AGAIN), waiting(10));
      const refused = { kind: "refused", lacking: lacks(1, RUN) };
      same("approve", await store.approve("j", YES(), { scopes: capped(19, RUN) }), refused);
      await store.pinCap(RUN, micro(20), decides("pin 3"));
      same("under a higher one", await store.approve("j", YES(), { scopes: capped(20, RUN) }), QUEUED);
      await store.pinCap(RUN, micro(30), decides("pin 4"));
      same("a retry under a raised one", await store.fail(await leaseOf(store), "busy", AGAIN), requeued(10));
      await counted("in the end", store, 10, 20, RUN);
    },
  ),
  define(
    "both",
    ["submit", "claim", "fail"],
    "retry: a paid job waits for retryAfterSeconds, and its hold is made at once",
    async ({ store, clock }) => {
      await store.submit(approved("j"));
      const busy = { ...AGAIN, actual: micro(0), retryAfterSeconds: 30 };
      same("fail", await store.fail(await leaseOf(store), "busy", busy), requeued(0));
      clock.now = START + 29.5;
      await nothingToClaim("too early", store);
      clock.now = START + 30;
      const lease = await leaseOf(store);
      check("its attempt", lease.attempts === 2, "2", lease.attempts);
    },
  ),
];
