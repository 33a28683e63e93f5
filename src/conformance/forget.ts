import { jobHoldId } from "../budget/hold-request.ts";
import { like, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  asks,
  AT_ONCE,
  at,
  capped,
  counted,
  decides,
  free,
  leaseOf,
  micro,
  NO,
  nothingToClaim,
  paid,
  RUN,
  STALE,
  upTo,
} from "./fixtures.ts";
import type { Handle } from "./setup.ts";

const QUEUED = { kind: "queued" };
/** After the end of all that ended at the start. */
const OLD = { before: at(1) };
const swept = (jobs: number, holds: number, more = false): unknown => ({ jobs, holds, more });

type Fills = "submit" | "claim" | "complete" | "hold" | "settle";

/** Paid jobs that have ended at a cost of 4, and holds of callers that have too. */
async function fill(store: Handle<Fills>, count: number): Promise<void> {
  for (const index of upTo(count)) {
    await store.submit(approved(`job ${index}`));
    await store.complete(await leaseOf(store), "done", { actual: micro(4) });
    await store.hold(asks(`hold ${index}`, 10));
    await store.settle(`hold ${index}`, micro(4));
  }
}

/** What is deleted for good, and how much at a time. */
export const forgetCases: readonly Definition[] = featured(
  ["forget"],
  [
    define(
      "both",
      ["submit", "claim", "complete", "hold", "settle", "prune", "usage"],
      "prune: takes at most its limit of jobs and of callers' holds, and says whether there is more",
      async ({ store }) => {
        await fill(store, 3);
        const limited = { ...OLD, limit: 2 };
        same("the first", await store.prune(limited), swept(2, 2, true));
        same("the rest", await store.prune(limited), swept(1, 1));
        same("nothing", await store.prune(limited), swept(0, 0));
        await counted("after that", store, 0, 24);
        same("exactly its limit", await store.prune({ ...OLD, limit: 3 }), swept(0, 0));
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "hold", "settle", "prune", "forget", "usage", "job"],
      "forget: takes at most its limit, pruned ones too, and says whether there is more; at the instant itself none",
      async ({ store }) => {
        await fill(store, 3);
        await store.prune({ ...OLD, limit: 1 });
        same("at the instant of their end", await store.forget({ before: at(0) }), swept(0, 0));
        same("the first", await store.forget({ ...OLD, limit: 2 }), swept(2, 2, true));
        same("exactly what is left", await store.forget({ ...OLD, limit: 1 }), swept(1, 1));
        same("nothing", await store.forget(OLD), swept(0, 0));
        await counted("after that", store, 0, 24);
        for (const index of upTo(3)) {
          same(`job ${index}`, await store.submit(approved(`job ${index}`)), QUEUED);
          same(`hold ${index}`, await store.hold(asks(`hold ${index}`, 10)), { kind: "held" });
        }
        await counted("in the end", store, 60, 24);
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "fail", "recoverStale", "forget", "usage", "job", "jobs", "getHold"],
      "forget: an ended job goes with all its holds, its scopes keep what they have booked, and its id is new",
      async ({ store }) => {
        await store.submit(approved("j", capped(100), { payload: "old" }));
        await store.fail(await leaseOf(store), "busy", { retriable: true, actual: micro(3) });
        await store.complete(await leaseOf(store), "done", { actual: micro(4) });
        same("forget", await store.forget(OLD), swept(1, 0));
        same("the job", await store.job("j"), null);
        same("the list", await store.jobs(), []);
        for (const n of [1, 2]) same(`its hold ${n}`, await store.getHold(jobHoldId("j", n)), null);
        await counted("forgotten", store, 0, 7);
        const again = approved("j", capped(100), { payload: "new", maxCost: micro(20) });
        same("submitted again", await store.submit(again), QUEUED);
        like("the new job", await store.job("j"), { state: "queued", attempts: 0, payload: "new" });
        like("its hold", await store.getHold(jobHoldId("j", 1)), { state: "open", amount: micro(20) });
        like("its lease", await leaseOf(store), { jobId: "j", attempts: 1 });
        await counted("in the end", store, 20, 7);
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "hold", "settle", "forget", "usage", "job", "getHold"],
      "forget: keeps open holds, jobs that have not ended, and what ended later",
      async ({ store, clock }) => {
        for (const id of ["later", "running"]) await store.submit(approved(id, capped(100, RUN)));
        const [later] = [await leaseOf(store), await leaseOf(store)];
        await store.submit(approved("queued", capped(100, RUN)));
        await store.submit(paid("waits"));
        await store.submit(free("free", { lane: "video" }));
        for (const id of ["open", "settled later"]) await store.hold(asks(id, 10, capped(100, RUN), 1e6));
        clock.now = START + 5;
        await store.complete(later, "done", { actual: micro(4) });
        await store.settle("settled later", micro(4));
        same("forget", await store.forget({ before: at(5) }), swept(0, 0));
        for (const [id, state] of [
          ["later", "succeeded"],
          ["running", "running"],
          ["queued", "queued"],
          ["waits", "awaiting_approval"],
          ["free", "pending"],
        ] as const) {
          like(id, await store.job(id), { state });
        }
        like("the open hold", await store.getHold("open"), { state: "open" });
        like("the other", await store.getHold("settled later"), { state: "settled" });
        await counted("after that", store, 30, 8, RUN);
      },
    ),
    define(
      "both",
      ["submit", "claim", "complete", "fail", "recoverStale", "forget", "usage", "job"],
      "forget: a late report about a forgotten job is stale and moves nothing, also when its id is a new job's",
      async ({ store }) => {
        await store.submit(approved("j", capped(100), { maxAttempts: 1 }));
        const lost = await leaseOf(store);
        await store.recoverStale(AT_ONCE);
        await store.forget(OLD);
        const actual = micro(3);
        same("complete", await store.complete(lost, "late", { actual }), STALE);
        same("fail", await store.fail(lost, "late", { retriable: true, actual }), STALE);
        await counted("forgotten", store, 0, 10);
        await store.submit(approved("j"));
        await leaseOf(store);
        same("complete, then", await store.complete(lost, "late", { actual }), STALE);
        like("the new job", await store.job("j"), { state: "running", result: null });
        await counted("in the end", store, 10, 10);
      },
    ),
    define(
      "both",
      ["submit", "approve", "cancel", "hold", "settle", "correct", "pinCap", "forget", "usage", "job"],
      "forget: decisions about what it drops go too, their ids are new; decisions about caps stay",
      async ({ store }) => {
        await store.pinCap(RUN, micro(50), decides("pin"));
        await store.pinCap(RUN, micro(100), decides("pin again"));
        const approve = (): Promise<unknown> => store.approve("j", decides("yes"), { scopes: capped(100) });
        const correct = (): Promise<unknown> => store.correct("a", micro(6), decides("bill"));
        const corrected = { kind: "corrected", from: micro(4), to: micro(6), overrun: micro(0) };
        for (const [time, spent] of [
          ["once", 6],
          ["again", 12],
        ] as const) {
          await store.submit(paid("j"));
          same(`approve, ${time}`, await approve(), QUEUED);
          await store.cancel("j", NO());
          await store.hold(asks("a", 10));
          await store.settle("a", micro(4));
          same(`correct, ${time}`, await correct(), corrected);
          await counted(time, store, 0, spent);
          like(`forget, ${time}`, await store.forget(OLD), { jobs: 1, holds: 1 });
        }
        await store.pinCap(RUN, micro(50), decides("pin"));
        same("by the last pin", await store.hold(asks("b", 88)), { kind: "held" });
      },
      "decisions",
      "corrections",
    ),
    define(
      "jobs",
      ["submit", "claim", "complete", "fail", "prune", "forget", "job"],
      "forget: only what has ended before the instant: what runs and waits is claimed as before",
      async ({ store, clock }) => {
        for (const id of ["done", "failed", "busy", "waits"]) await store.submit(free(id));
        await store.complete(await leaseOf(store), "done");
        await store.fail(await leaseOf(store), "broken", { retriable: false });
        await store.fail(await leaseOf(store), "busy", { retriable: true });
        clock.now = START + 5;
        like("forget", await store.forget({ before: at(5) }), { jobs: 2, more: false });
        for (const id of ["done", "failed"]) same(id, await store.job(id), null);
        like("what failed, again", await store.submit(free("failed")), QUEUED);
        const ids = [await leaseOf(store), await leaseOf(store), await leaseOf(store)].map(
          ({ jobId }) => jobId,
        );
        same("what is claimed", ids, ["busy", "waits", "failed"]);
        await nothingToClaim("after that", store);
      },
    ),
  ],
);
