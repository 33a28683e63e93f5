import { check, like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  AT_ONCE,
  capped,
  count,
  counted,
  LANES,
  leaseOf,
  micro,
  NO,
  nothingToClaim,
  paid,
  ROUNDS,
  STALE,
  upTo,
  YES,
} from "./fixtures.ts";

/** Concurrent calls about paid jobs, half of them through the second handle. */
export const paidRaceCases: readonly Definition[] = [
  define(
    "both",
    ["submit", "approve", "usage"],
    "races: concurrent approvals approve a job once",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(paid(id));
        const scopes = capped(100, `run:${id}`);
        const approvals = upTo(8).map((index) =>
          (index % 2 === 0 ? store : peer).approve(id, YES(), { scopes }),
        );
        const answers = await Promise.all(approvals);
        same("queued, and not waiting", [count(answers, "queued"), count(answers, "not_waiting")], [1, 7]);
        await counted("after the race", store, 10, 0, `run:${id}`);
      }
    },
  ),
  define(
    "both",
    ["submit", "approve", "usage"],
    "races: concurrent submissions and approvals fill the cap and never exceed it",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scopes = capped(75, `run:${round}`, `month:${round}`);
        const ids = upTo(12).map((index) => `${round}:${index}`);
        for (const id of ids) await store.submit(paid(id));
        const answers = await Promise.all([
          ...upTo(4).map((index) => store.submit(approved(`${round}:now:${index}`, scopes))),
          ...ids.map((id, index) => (index % 2 === 0 ? peer : store).approve(id, YES(), { scopes })),
        ]);
        same("queued, and refused", [count(answers, "queued"), count(answers, "refused")], [7, 9]);
        await counted("after the race", store, 70, 0, `run:${round}`, `month:${round}`);
      }
    },
  ),
  define(
    "both",
    ["submit", "approve", "reject", "usage", "job"],
    "races: an approval against a rejection: one wins, and money is held only after an approval",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(paid(id));
        const scopes = capped(100, `run:${id}`);
        const [yes, no] = await Promise.all([store.approve(id, YES(), { scopes }), peer.reject(id, NO())]);
        const isApproved = yes.kind === "queued";
        const state = isApproved ? "queued" : "rejected";
        const approval = isApproved ? YES() : NO();
        same("the one that lost", isApproved ? no : yes, { kind: "not_waiting", state, approval });
        like("the job", await store.job(id), { state });
        await counted("after the race", store, isApproved ? 10 : 0, 0, `run:${id}`);
      }
    },
  ),
  define(
    "both",
    ["submit", "approve", "claim", "cancel", "usage", "job"],
    "races: an approval against a cancellation: in either order no money stays held",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(paid(id));
        const scopes = capped(100, `run:${id}`);
        const [yes, off] = await Promise.all([store.approve(id, YES(), { scopes }), peer.cancel(id, NO())]);
        const state = yes.kind === "queued" ? "failed" : "rejected";
        same("the cancellation, by the approval", off, { kind: "cancelled", state, booked: micro(0) });
        const approval = NO();
        if (yes.kind !== "queued") same("the approval", yes, { kind: "not_waiting", state, approval });
        like("the job", await store.job(id), { state });
        await nothingToClaim("after the race", store);
        await counted("after the race", store, 0, 0, `run:${id}`);
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "cancel", "usage"],
    "races: a cancellation against a claim: a claimed job is charged, and a job that was not claimed gives its money back",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(approved(id, capped(100, `run:${id}`)));
        const [off, job] = await Promise.all([peer.cancel(id, NO()), store.claim(LANES)]);
        const booked = job === null ? 0 : 10;
        same("cancel, by the claim", off, { kind: "cancelled", state: "failed", booked: micro(booked) });
        if (job) same("its worker", await store.complete(job.lease, "late"), STALE);
        await nothingToClaim("after the race", store);
        await counted("after the race", store, 0, booked, `run:${id}`);
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "cancel", "usage", "job"],
    "races: a cancellation against a completion: one wins, and the actual cost is booked in the end",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const id = `${round}`;
        await store.submit(approved(id, capped(100, `run:${id}`)));
        const lease = await leaseOf(store);
        const [off, end] = await Promise.all([
          peer.cancel(id, NO()),
          store.complete(lease, "done", { actual: micro(4) }),
        ]);
        const isDone = end.kind === "completed";
        const ended = { kind: "ended", state: "succeeded" };
        const cancelled = { kind: "cancelled", state: "failed", booked: micro(10) };
        same("the cancellation, by the completion", off, isDone ? ended : cancelled);
        like("the job", await store.job(id), { result: isDone ? "done" : null });
        await counted("after the race", store, 0, 4, `run:${id}`);
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "recoverStale", "usage"],
    "races: a completion against a recovery of a paid attempt: one wins, and the actual cost is booked in the end",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scope = `run:${round}`;
        await store.submit(approved(`${round}`, capped(100, scope), { maxAttempts: 1 }));
        const lease = await leaseOf(store);
        const [end, { attempts }] = await Promise.all([
          store.complete(lease, "done", { actual: micro(4) }),
          peer.recoverStale(AT_ONCE),
        ]);
        const charged = attempts.map((attempt) => attempt.charged);
        same("what recovery charged", charged, end.kind === "completed" ? [] : [micro(10)]);
        await counted("after the race", store, 0, 4, scope);
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "completeMany", "recoverStale", "usage"],
    "races: completions and recoveries of many jobs in opposite orders never deadlock, and each is booked once",
    async ({ store, peer }) => {
      for (const round of upTo(ROUNDS)) {
        const scopes = capped(1000, `run:${round}`, `month:${round}`);
        const leases = [];
        for (const index of upTo(8)) {
          await store.submit(approved(`${round}:${index}`, scopes, { maxAttempts: 1 }));
          leases.push(await leaseOf(store));
        }
        const all = leases.map((lease) => ({ lease, result: "done", actual: micro(4) }));
        const back = [...all].reverse();
        const [there, one, again, two] = await Promise.all([
          store.completeMany(all),
          peer.recoverStale({ ...AT_ONCE, limit: 3 }),
          peer.completeMany(back),
          store.recoverStale(AT_ONCE),
        ]);
        const taken = [...one.attempts, ...two.attempts].map(({ jobId }) => jobId);
        check("what was taken back", new Set(taken).size === taken.length, "each once", taken);
        const kinds = leases.map(({ jobId }) => (taken.includes(jobId) ? "stale" : "completed"));
        const kindsOf = (answers: typeof there): readonly string[] => answers.map((answer) => answer.kind);
        same("completed in order", kindsOf(there), kinds);
        same("completed in the opposite order", kindsOf(again), [...kinds].reverse());
        await counted("after the race", store, 0, 32, `run:${round}`, `month:${round}`);
      }
    },
  ),
];
