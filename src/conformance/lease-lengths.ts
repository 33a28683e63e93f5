import { fail, like, refuses, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  AT_ONCE,
  capped,
  counted,
  free,
  LANES,
  leaseOf,
  NO,
  NO_ATTEMPTS,
  recovered,
} from "./fixtures.ts";
import type { ClaimOptions } from "../dispatch/contract.ts";
import type { Lease } from "../dispatch/lease.ts";
import type { Handle } from "./setup.ts";

/** A ttl of a worker whose own leases are far longer. */
const LONG = { ttlSeconds: 1e6 };

async function claimFor(store: Handle<"claim">, options: ClaimOptions): Promise<Lease> {
  const job = await store.claim(LANES, options);
  return job?.lease ?? fail("claim", "a job", "null");
}

const lengths: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "recoverStale"],
    "leases: one with its own length is recovered at that length, whatever the ttlSeconds of who recovers",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      await claimFor(store, { leaseSeconds: 100 });
      clock.now = START + 99.999;
      for (const ttlSeconds of [0, 1, 1000]) {
        same(`before, with ${ttlSeconds} s`, await store.recoverStale({ ttlSeconds }), NO_ATTEMPTS);
      }
      clock.now = START + 100;
      same("at the second", await store.recoverStale(LONG), recovered("j", 1, "requeued"));
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "renew", "recoverStale"],
    "leases: a renewal keeps the length, and the next claim has its own or none",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      const lease = await claimFor(store, { leaseSeconds: 100 });
      clock.now = START + 50;
      same("renew", await store.renew(lease), true);
      clock.now = START + 149.999;
      same("before", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
      clock.now = START + 150;
      same("at the second", await store.recoverStale(LONG), recovered("j", 1, "requeued"));
      await leaseOf(store);
      clock.now = START + 160;
      same("without a length, before", await store.recoverStale({ ttlSeconds: 11 }), NO_ATTEMPTS);
      same("then", await store.recoverStale({ ttlSeconds: 10 }), recovered("j", 2, "requeued"));
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "claimMany", "job"],
    "leases: a length that is not above 0, or above a day, is a RangeError, and nothing is claimed",
    async ({ store }) => {
      await store.submit(free("j"));
      for (const leaseSeconds of [0, -1, 86_400.001, NaN, Infinity]) {
        const options = { leaseSeconds };
        await refuses(`claim for ${leaseSeconds} s`, "RangeError", () => store.claim(LANES, options));
        await refuses(`claimMany for ${leaseSeconds} s`, "RangeError", () =>
          store.claimMany(LANES, 2, options),
        );
      }
      like("the job", await store.job("j"), { state: "pending", attempts: 0 });
      like("a day", await claimFor(store, { leaseSeconds: 86_400 }), { jobId: "j", attempts: 1 });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "fail", "recoverStale", "cancel", "job"],
    "leases: the by of a claim is shown as leasedBy while the job runs, and not after it",
    async ({ store }) => {
      const shown = async (what: string, leasedBy: string | null): Promise<void> => {
        like(what, await store.job("j"), { leasedBy });
      };
      await store.submit(free("j", { maxAttempts: 9 }));
      await shown("waiting", null);
      await store.fail(await claimFor(store, { by: "worker 1" }), "busy", { retriable: true });
      await shown("failed", null);
      await claimFor(store, { by: "worker 2" });
      await shown("running", "worker 2");
      await store.recoverStale(AT_ONCE);
      await shown("recovered", null);
      const nameless = await leaseOf(store);
      await shown("claimed without a name", null);
      await store.fail(nameless, "busy", { retriable: true });
      await store.complete(await claimFor(store, { by: "worker 3" }), "done");
      await shown("completed", null);
      await store.submit(free("k"));
      await claimFor(store, { by: "worker 4" });
      await store.cancel("k", NO());
      like("cancelled", await store.job("k"), { state: "failed", leasedBy: null });
    },
  ),
];

const limits: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "renew", "recoverStale", "usage", "job"],
    "run limit: at its second nothing renews, and recovery takes the attempt, charged in full, as timed_out",
    async ({ store, clock }) => {
      await store.submit(approved("j", capped(100), { maxRunSeconds: 60, maxAttempts: 2 }));
      const run = async (start: number, attempt: number, outcome: string): Promise<void> => {
        const job = await store.claim(LANES);
        like("its claim", job, { maxRunSeconds: 60 });
        const lease = job?.lease ?? fail("claim", "a job", "null");
        clock.now = START + start + 59.999;
        same(`attempt ${attempt}: renewed in time`, await store.renew(lease), true);
        same(`attempt ${attempt}: recovery in time`, await store.recoverStale(LONG), NO_ATTEMPTS);
        clock.now = START + start + 60;
        same(`attempt ${attempt}: renewed at the second`, await store.renew(lease), false);
        same("recovery", await store.recoverStale(LONG), recovered("j", attempt, outcome, 10));
        like("why", (await store.job("j"))?.error, { code: "timed_out" });
      };
      await run(0, 1, "requeued");
      await counted("retried", store, 10, 10);
      await run(60, 2, "failed");
      await counted("in the end", store, 0, 20);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "recoverStale"],
    "run limit: it ends a run whose lease is longer, and a shorter lease ends before it",
    async ({ store, clock }) => {
      await store.submit(free("long", { maxRunSeconds: 60, priority: 1 }));
      await store.submit(free("short", { maxRunSeconds: 60 }));
      await claimFor(store, { leaseSeconds: 1000 });
      await claimFor(store, { leaseSeconds: 10 });
      clock.now = START + 10;
      same("the short lease", await store.recoverStale(LONG), recovered("short", 1, "requeued"));
      clock.now = START + 60;
      same("the long one", await store.recoverStale(LONG), recovered("long", 1, "requeued"));
    },
    "leases",
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "run limit: a result after it is accepted as long as the attempt was not recovered",
    async ({ store, clock }) => {
      await store.submit(free("j", { maxRunSeconds: 60 }));
      const lease = await leaseOf(store);
      clock.now = START + 100;
      like("late", await store.complete(lease, "done"), { kind: "completed" });
      same("recovery", await store.recoverStale(LONG), NO_ATTEMPTS);
    },
  ),
  define(
    "jobs",
    ["submit", "job"],
    "run limit: it is stored and returned, is a part of the job's body, and must be above 0",
    async ({ store }) => {
      await store.submit(free("j", { maxRunSeconds: 60 }));
      like("the job", await store.job("j"), { maxRunSeconds: 60 });
      const again = (rest: object) => () => store.submit(free("j", rest));
      await refuses("another", "job_conflict", again({ maxRunSeconds: 61 }));
      await refuses("none", "job_conflict", again({}));
      same("the same", await again({ maxRunSeconds: 60 })(), { kind: "exists", state: "pending" });
      for (const maxRunSeconds of [0, -1, NaN]) {
        await refuses(`${maxRunSeconds} s`, "RangeError", () => store.submit(free("k", { maxRunSeconds })));
      }
      same("the other", await store.job("k"), null);
    },
  ),
];

/** Leases of their own length, and the longest run of a job. */
export const leaseLengthCases: readonly Definition[] = [
  ...featured(["leases"], lengths),
  ...featured(["run_limits"], limits),
];
