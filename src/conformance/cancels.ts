import { jobHoldId } from "../budget/hold-request.ts";
import { like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  AT_ONCE,
  capped,
  CORRECTED,
  counted,
  free,
  leaseOf,
  micro,
  NO,
  NO_ATTEMPTS,
  nothingToClaim,
  paid,
  STALE,
  YES,
} from "./fixtures.ts";

const cancelled = (state: string, booked = 0): unknown => ({
  kind: "cancelled",
  state,
  booked: micro(booked),
});
/** A decision that comes after others. */
const LATE = { author: "bob", reason: "late" };
const ended = (state: string): unknown => ({ kind: "ended", state });

/** The cancellation of jobs. */
export const cancelCases: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale", "cancel", "job"],
    "cancel: free work that waits or runs ends as failed; a job that has ended does not change",
    async ({ store }) => {
      await store.submit(free("waiting"));
      same("waiting", await store.cancel("waiting", NO()), cancelled("failed"));
      await nothingToClaim("cancelled", store);
      await store.submit(free("running"));
      const lease = await leaseOf(store);
      same("running", await store.cancel("running", NO()), cancelled("failed"));
      same("its worker's result", await store.complete(lease, "late"), STALE);
      same("recovery", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
      like("the job", await store.job("running"), { state: "failed", result: null });
      like("its error", (await store.job("running"))?.error, { code: "cancelled" });
      await store.submit(free("done"));
      await store.complete(await leaseOf(store), "done");
      same("twice", await store.cancel("running", NO()), ended("failed"));
      same("after its end", await store.cancel("done", NO()), ended("succeeded"));
      like("what was done", await store.job("done"), { state: "succeeded", result: "done", error: null });
    },
  ),
  define(
    "both",
    ["submit", "claim", "cancel", "usage", "job", "getHold"],
    "cancel: a job that waits for approval is rejected; a queued job gives its money back, because nothing has run",
    async ({ store }) => {
      await store.submit(paid("waiting"));
      same("waiting", await store.cancel("waiting", NO()), cancelled("rejected"));
      same("twice", await store.cancel("waiting", NO()), ended("rejected"));
      await store.submit(approved("queued"));
      same("queued", await store.cancel("queued", NO()), cancelled("failed"));
      same("twice, then", await store.cancel("queued", NO()), ended("failed"));
      like("its hold", await store.getHold(jobHoldId("queued", 1)), { state: "released", booked: micro(0) });
      for (const [id, state] of [
        ["waiting", "rejected"],
        ["queued", "failed"],
      ] as const) {
        const job = await store.job(id);
        same(id, [job?.state, job?.error?.code], [state, "cancelled"]);
      }
      await nothingToClaim("after that", store);
      await counted("after that", store, 0, 0);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "fail", "cancel", "recoverStale", "usage", "getHold"],
    "cancel: a running job is charged in full, and its result does not count",
    async ({ store }) => {
      await store.submit(approved("j"));
      const lease = await leaseOf(store);
      same("cancel", await store.cancel("j", NO()), cancelled("failed", 10));
      await counted("charged", store, 0, 10);
      like("its hold", await store.getHold(jobHoldId("j", 1)), { state: "charged", booked: micro(10) });
      same("twice", await store.cancel("j", NO()), ended("failed"));
      same("its worker completes", await store.complete(lease, "late"), STALE);
      same("its worker fails", await store.fail(lease, "late", { retriable: true }), STALE);
      same("recovery", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
      await nothingToClaim("after that", store);
      await counted("after that", store, 0, 10);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "cancel", "usage"],
    "cancel: a later report of the worker corrects the charge, once",
    async ({ store }) => {
      await store.submit(approved("j"));
      const lease = await leaseOf(store);
      await store.cancel("j", NO());
      same("its actual", await store.complete(lease, "late", { actual: micro(4) }), CORRECTED);
      await counted("corrected", store, 0, 4);
      same("another actual", await store.complete(lease, "late", { actual: micro(3) }), STALE);
      await counted("after that", store, 0, 4);
    },
  ),
  define(
    "both",
    ["submit", "approve", "reject", "cancel", "job"],
    "approve, reject: a job that does not wait answers the decision that stands, a cancellation before an approval",
    async ({ store }) => {
      const late = async (what: string, id: string, state: string, approval: unknown): Promise<void> => {
        const answer = { kind: "not_waiting", state, approval };
        same(`${what}: approve`, await store.approve(id, LATE, { scopes: capped(100) }), answer);
        same(`${what}: reject`, await store.reject(id, { ...LATE, outcome: "rejected" }), answer);
      };
      await store.submit(approved("queued"));
      await late("queued", "queued", "queued", YES());
      await store.cancel("queued", NO());
      await late("cancelled", "queued", "failed", NO());
      const job = await store.job("queued");
      same("both are kept", [job?.approval, job?.cancellation], [YES(), NO()]);
      await store.submit(paid("waiting"));
      await store.cancel("waiting", NO());
      await late("cancelled while it waited", "waiting", "rejected", NO());
    },
  ),
];
