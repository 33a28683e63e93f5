import { check, like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  AT_ONCE,
  free,
  LANES,
  leaseOf,
  micro,
  nothingToClaim,
  recovered,
  ROUNDS,
  NO_ATTEMPTS,
  STALE,
  upTo,
} from "./fixtures.ts";
import { START } from "./clock.ts";

const AGAIN = { retriable: true };

/** How often a job runs, and races between reports of its attempts. */
export const attemptCases: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "fail", "recoverStale"],
    "attempts: a job with N attempts runs N times, and both crashes and failures count",
    async ({ store }) => {
      const job = free("j", { maxAttempts: 4 });
      await store.submit(job);
      for (const attempt of [1, 2, 3, 4]) {
        const lease = await leaseOf(store);
        same("the attempt's number", lease.attempts, attempt);
        const outcome = attempt < 4 ? "requeued" : "failed";
        if (attempt % 2 === 0) {
          const answer = await store.fail(lease, "busy", AGAIN);
          same(`failure ${attempt}`, answer, { kind: outcome, booked: micro(0), overrun: micro(0) });
        } else {
          same(`crash ${attempt}`, await store.recoverStale(AT_ONCE), recovered("j", attempt, outcome));
        }
      }
      await nothingToClaim("after four attempts of four", store);
      same("the job", await store.submit(job), { kind: "exists", state: "failed" });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "attempts: a crash on the last attempt ends the job as failed",
    async ({ store }) => {
      const job = free("j", { maxAttempts: 1 });
      await store.submit(job);
      const lease = await leaseOf(store);
      same("recovery", await store.recoverStale(AT_ONCE), recovered("j", 1, "failed"));
      same("the job", await store.submit(job), { kind: "exists", state: "failed" });
      same("a second recovery", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
      await nothingToClaim("after the end", store);
      same("its worker, late", await store.complete(lease, "late"), STALE);
      same("the job, then", await store.submit(job), { kind: "exists", state: "failed" });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "fail", "recoverStale"],
    "attempts: an argument can lower the job's own limit, and cannot raise it",
    async ({ store }) => {
      for (const id of ["raised", "lowered"]) await store.submit(free(id, { maxAttempts: 2 }));
      const [raised, lowered] = [await leaseOf(store), await leaseOf(store)];
      const limit = (maxAttempts: number) => ({ retriable: true, maxAttempts });
      like("lowered", await store.fail(lowered, "busy", limit(1)), { kind: "failed" });
      like("raised", await store.fail(raised, "busy", limit(9)), { kind: "requeued" });
      await leaseOf(store);
      const answer = await store.recoverStale({ ttlSeconds: 0, maxAttempts: 9 });
      same("raised by recovery", answer, recovered("raised", 2, "failed"));
      await store.submit(free("crashed"));
      await leaseOf(store);
      const once = await store.recoverStale({ ttlSeconds: 0, maxAttempts: 1 });
      same("lowered by recovery", once, recovered("crashed", 1, "failed"));
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "fail"],
    "fail: an error that is not retriable ends the job, even if attempts are left",
    async ({ store }) => {
      const job = free("j");
      await store.submit(job);
      const answer = await store.fail(await leaseOf(store), "broken", { retriable: false });
      same("fail", answer, { kind: "failed", booked: micro(0), overrun: micro(0) });
      same("the job", await store.submit(job), { kind: "exists", state: "failed" });
      await nothingToClaim("after the end", store);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "fail"],
    "fail: retryAfterSeconds delays the retry, to the second, and no other job",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      await store.submit(free("other", { priority: -1 }));
      const lease = await leaseOf(store);
      like("fail", await store.fail(lease, "busy", { ...AGAIN, retryAfterSeconds: 30 }), {
        kind: "requeued",
      });
      same("the other", (await leaseOf(store)).jobId, "other");
      clock.now = START + 29.999;
      await nothingToClaim("too early", store);
      clock.now = START + 30;
      const retry = await leaseOf(store);
      like("the retry", retry, { jobId: "j", attempts: 2 });
      like("fail again", await store.fail(retry, "busy", AGAIN), { kind: "requeued" });
      like("without a delay", await leaseOf(store), { jobId: "j", attempts: 3 });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "fail", "recoverStale", "job"],
    "job: shows the error of the last attempt: the executor's message, or that the lease was lost",
    async ({ store }) => {
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      await store.fail(lease, "busy \u{1f600}", AGAIN);
      like("after a failure", await store.job("j"), {
        state: "pending",
        error: { code: "error", message: "busy \u{1f600}" },
      });
      await leaseOf(store);
      await store.recoverStale(AT_ONCE);
      like("after a crash, the code", (await store.job("j"))?.error, { code: "lost" });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "races: a completion against a recovery: one wins, and the other's answer says so",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const job = free(`${round}`, { maxAttempts: 1 });
        await store.submit(job);
        const lease = await leaseOf(store);
        const calls = [store.complete(lease, "done"), peer.recoverStale(AT_ONCE)] as const;
        const [end, { attempts }] = await Promise.all(calls);
        const won = end.kind === "completed";
        same("attempts taken back", attempts.length, won ? 0 : 1);
        const state = won ? "succeeded" : "failed";
        same("the job", await store.submit(job), { kind: "exists", state });
        same("the same report", (await store.complete(lease, "done")).kind, end.kind);
      }
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "renew", "recoverStale"],
    "races: a renewal against a recovery: one wins, and a renewed lease is not taken back",
    async ({ store, peer, clock }) => {
      for (const round of upTo(ROUNDS)) {
        await store.submit(free(`${round}`, { maxAttempts: 1 }));
        const lease = await leaseOf(store);
        clock.now += 60;
        const ttl = { ttlSeconds: 60 };
        const [renewed, first] = await Promise.all([store.renew(lease), peer.recoverStale(ttl)]);
        same("taken back, though renewed", first.attempts.length, renewed ? 0 : 1);
        same("whether it holds", await store.renew(lease), renewed);
        await store.recoverStale(AT_ONCE);
      }
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "races: two recoveries take an attempt back once, and never the next worker's lease",
    async ({ store, peer, clock }) => {
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(free(id));
        await leaseOf(store);
        clock.now += 60;
        const ttl = { ttlSeconds: 60 };
        const [one, claimed, two, late] = await Promise.all([
          store.recoverStale(ttl),
          peer.claim(LANES),
          peer.recoverStale(ttl),
          store.claim(LANES),
        ]);
        const taken = [...one.attempts, ...two.attempts].map(({ attempt }) => attempt);
        same("the attempts that were taken back", taken, [1]);
        const next = [claimed, late].filter((job) => job !== null);
        check("who claims it then", next.length <= 1, "one at most", next.length);
        const lease = next[0]?.lease ?? (await leaseOf(store));
        like("the next lease", lease, { jobId: id, attempts: 2 });
        same("it holds", (await store.complete(lease, "done")).kind, "completed");
      }
    },
  ),
];
