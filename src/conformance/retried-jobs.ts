import { jobHoldId } from "../budget/hold-request.ts";
import type { JobRequest } from "../dispatch/job.ts";
import { epochSeconds } from "../time.ts";
import { like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  asks,
  capped,
  counted,
  decides,
  free,
  lacks,
  leaseOf,
  micro,
  MONTH,
  NO,
  nothingToClaim,
  paid,
  RUN,
} from "./fixtures.ts";
import type { Handle } from "./setup.ts";

const QUEUED = { kind: "queued" };
const FAILS = { retriable: false };
const movedOn = (state: string, retries: number): unknown => ({ kind: "moved_on", state, retries });

/** Submits a paid job that fails for good in its first attempt, at a cost of 1. */
async function failed(
  store: Handle<"submit" | "claim" | "fail">,
  jobId: string,
  scopes = capped(100),
  rest: Partial<JobRequest<unknown>> = {},
): Promise<void> {
  await store.submit(approved(jobId, scopes, rest));
  await store.fail(await leaseOf(store), "broken", { ...FAILS, actual: micro(1) });
}

/** The retry of a failed job by a person. */
export const retriedJobCases: readonly Definition[] = featured(
  ["retries"],
  [
    define(
      "both",
      ["submit", "claim", "complete", "fail", "retry", "usage", "job", "getHold"],
      "retry by a person: a failed job gets maxAttempts more, each with the next number, and may fail and be retried again",
      async ({ store }) => {
        const fail = async (what: string, attempts: number, kind: string): Promise<void> => {
          const lease = await leaseOf(store);
          like(`${what}: its lease`, lease, { attempts });
          like(what, await store.fail(lease, "busy", { retriable: true, actual: micro(1) }), { kind });
        };
        await store.submit(approved("j", capped(100), { maxAttempts: 2 }));
        await fail("the first", 1, "requeued");
        await fail("the second", 2, "failed");
        for (const [after, attempts] of [
          [0, 2],
          [1, 4],
        ] as const) {
          same(`retry after ${after}`, await store.retry("j", { after }, decides(`retry ${after}`)), QUEUED);
          const job = { state: "queued", attempts, retries: after + 1, error: null };
          like(`retried after ${after}`, await store.job("j"), job);
          like("its hold", await store.getHold(jobHoldId("j", attempts + 1)), {
            state: "open",
            expiresAt: null,
          });
          await counted(`retried after ${after}`, store, 10, attempts);
          await fail("one more", attempts + 1, "requeued");
          if (after === 0) await fail("the last", attempts + 2, "failed");
        }
        const last = await leaseOf(store);
        like("the last lease", last, { attempts: 6 });
        like("its end", await store.complete(last, "done", { actual: micro(1) }), { kind: "completed" });
        await counted("in the end", store, 0, 6);
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "fail", "reject", "retry", "usage"],
      "retry by a person: a job that has not failed, or was retried since, is moved_on, and nothing changes",
      async ({ store }) => {
        await store.submit(paid("waits"));
        await store.submit(paid("rejected"));
        await store.reject("rejected", NO());
        await store.submit(approved("done", capped(100), { priority: 2 }));
        await store.complete(await leaseOf(store), "done", { actual: micro(1) });
        await store.submit(approved("running", capped(100), { priority: 1 }));
        await leaseOf(store);
        await store.submit(approved("queued"));
        for (const [id, state] of [
          ["waits", "awaiting_approval"],
          ["rejected", "rejected"],
          ["done", "succeeded"],
          ["running", "running"],
          ["queued", "queued"],
        ] as const) {
          same(id, await store.retry(id, { after: 0 }, decides(id)), movedOn(state, 0));
        }
        await counted("after that", store, 20, 1);
        await failed(store, "j", capped(100), { priority: 1 });
        same("too many before", await store.retry("j", { after: 1 }, decides("a")), movedOn("failed", 0));
        same("as seen", await store.retry("j", { after: 0 }, decides("b")), QUEUED);
        same("once more", await store.retry("j", { after: 0 }, decides("c")), movedOn("queued", 1));
        await store.fail(await leaseOf(store), "broken", { ...FAILS, actual: micro(1) });
        same(
          "seen before the first",
          await store.retry("j", { after: 0 }, decides("d")),
          movedOn("failed", 1),
        );
        await counted("in the end", store, 20, 3);
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "retry", "hold", "release", "usage", "job", "getHold"],
      "retry by a person: without room it is refused and stays failed; the same decision works once there is room",
      async ({ store }) => {
        await failed(store, "j");
        await store.hold(asks("other", 95));
        const refused = { kind: "refused", lacking: lacks(6, RUN, MONTH) };
        const retry = (): Promise<unknown> => store.retry("j", { after: 0 }, decides("retry"));
        same("without room", await retry(), refused);
        like("the job", await store.job("j"), {
          state: "failed",
          retries: 0,
          error: { code: "error", message: "broken" },
        });
        same("its next hold", await store.getHold(jobHoldId("j", 2)), null);
        await counted("refused", store, 95, 1);
        await store.release("other");
        same("with room", await retry(), QUEUED);
        await counted("then", store, 10, 1);
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "fail", "retry", "prune"],
      "retry by a person: an unknown job is job_unknown, and a pruned one is job_pruned",
      async ({ store }) => {
        const retry = (id: string) => () => store.retry(id, { after: 0 }, decides("retry"));
        await refuses("unknown", "job_unknown", retry("nobody"));
        await store.submit(free("j"));
        await store.fail(await leaseOf(store), "broken", FAILS);
        await store.prune({ before: epochSeconds(START + 1) });
        await refuses("pruned", "job_pruned", retry("j"));
        await nothingToClaim("after that", store);
      },
    ),
    define(
      "jobs",
      ["submit", "claim", "complete", "fail", "retry", "job"],
      "retry by a person: free work waits in pending, and is claimed at once",
      async ({ store, clock }) => {
        await store.submit(free("j", { maxAttempts: 1 }));
        await store.fail(await leaseOf(store), "broken", { retriable: true });
        clock.now += 10;
        same("retry", await store.retry("j", { after: 0 }, decides("retry")), QUEUED);
        like("the job", await store.job("j"), { state: "pending", retries: 1, attempts: 1, error: null });
        const lease = await leaseOf(store);
        like("its lease", lease, { attempts: 2 });
        like("its end", await store.complete(lease, "done"), { kind: "completed" });
        like("the job, then", await store.job("j"), { state: "succeeded", result: "done" });
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "retry", "usage"],
      "retry by a person: scopes that are given replace the old ones, also for the attempts after it",
      async ({ store }) => {
        await failed(store, "j", capped(100, "old"));
        const scopes = capped(15, "new");
        same("retry", await store.retry("j", { after: 0, scopes }, decides("retry")), QUEUED);
        await counted("the old", store, 0, 1, "old");
        await counted("the new", store, 10, 0, "new");
        const end = await store.fail(await leaseOf(store), "busy", { retriable: true, actual: micro(6) });
        like("the next attempt finds no room there", end, { kind: "waiting" });
        await counted("the old, in the end", store, 0, 1, "old");
        await counted("the new, in the end", store, 0, 6, "new");
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "retry", "usage", "job"],
      "retry by a person: a scope that is over refuses; newer scopes are taken",
      async ({ store, clock }) => {
        const until = epochSeconds(START + 60);
        await failed(store, "j", [{ scope: MONTH, cap: micro(100), until }]);
        clock.now = START + 60;
        const lacking = [{ scope: MONTH, by: micro(10), until, over: true }];
        const refused = { kind: "refused", lacking };
        same("in the old month", await store.retry("j", { after: 0 }, decides("retry")), refused);
        like("the job", await store.job("j"), { state: "failed" });
        const scopes = capped(100, "month:2026-12");
        same("in the new month", await store.retry("j", { after: 0, scopes }, decides("again")), QUEUED);
        await counted("the old month", store, 0, 1, MONTH);
        await counted("the new month", store, 10, 0, "month:2026-12");
      },
    ),
    define(
      "both",
      ["submit", "cancel", "claim", "complete", "retry", "usage", "getHold"],
      "retry by a person: the number of a hold that was released unclaimed is not used again",
      async ({ store }) => {
        await store.submit(approved("j"));
        await store.cancel("j", NO());
        same("retry", await store.retry("j", { after: 0 }, decides("retry")), QUEUED);
        like("the first hold", await store.getHold(jobHoldId("j", 1)), { state: "released" });
        like("the second", await store.getHold(jobHoldId("j", 2)), { state: "open", amount: micro(10) });
        const lease = await leaseOf(store);
        like("the first attempt", lease, { jobId: "j", attempts: 1 });
        await store.complete(lease, "done", { actual: micro(4) });
        like("the first hold, then", await store.getHold(jobHoldId("j", 1)), {
          state: "released",
          booked: micro(0),
        });
        like("the second, then", await store.getHold(jobHoldId("j", 2)), {
          state: "settled",
          booked: micro(4),
        });
        await counted("in the end", store, 0, 4);
      },
    ),
    define(
      "both",
      ["submit", "claim", "fail", "retry", "pinCap", "unpinCap", "usage", "job"],
      "retry by a person: an unknown cap is no room, and a cap that is given anew counts",
      async ({ store }) => {
        await store.pinCap(RUN, micro(100), decides("pin"));
        await failed(store, "j", [{ scope: RUN }]);
        await store.unpinCap(RUN, decides("unpin"));
        const refused = { kind: "refused", lacking: [{ scope: RUN, by: micro(10), unknown: true }] };
        same("without a cap", await store.retry("j", { after: 0 }, decides("a")), refused);
        like("the job", await store.job("j"), { state: "failed" });
        const scopes = [{ scope: RUN }];
        const given = () => store.retry("j", { after: 0, scopes }, decides("b"));
        await refuses("scopes without a cap", "cap_unknown", given);
        same("with one", await store.retry("j", { after: 0, scopes: capped(11, RUN) }, decides("c")), QUEUED);
        await counted("in the end", store, 10, 1, RUN);
      },
      "caps",
    ),
  ],
);
