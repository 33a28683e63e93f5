import { Lease } from "../dispatch/lease.ts";
import { epochSeconds } from "../time.ts";
import { like, refuses, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { AT_ONCE, free, leaseOf, micro, NO_ATTEMPTS, nothingToClaim, recovered, STALE } from "./fixtures.ts";
import { START } from "./clock.ts";

const DONE = { kind: "completed", booked: micro(0), overrun: micro(0) };
const AGAIN = { retriable: true };

/** Leases: which token may report, and until when. */
export const leaseCases: readonly Definition[] = [
  define(
    "jobs",
    ["submit", "claim", "complete", "fail", "recoverStale"],
    "lease: A's lease goes stale and B claims the job: A's completions and failures are refused",
    async ({ store, peer, clock }) => {
      await store.submit(free("j"));
      const a = await leaseOf(store);
      clock.now += 60;
      same("recovery", await peer.recoverStale({ ttlSeconds: 60 }), recovered("j", 1, "requeued"));
      same("A completes the queued job", await store.complete(a, "a"), STALE);
      const b = await leaseOf(peer);
      like("B's lease", b, { jobId: "j", attempts: 2 });
      same("A completes", await store.complete(a, "a"), STALE);
      same("A fails", await store.fail(a, "a", AGAIN), STALE);
      same("A fails for good", await store.fail(a, "a", { retriable: false }), STALE);
      await nothingToClaim("while B holds it", store);
      same("B completes", await peer.complete(b, "b"), DONE);
      same("A completes after the end", await store.complete(a, "a"), STALE);
      same("A fails after the end", await store.fail(a, "a", AGAIN), STALE);
      await nothingToClaim("after the end", store);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "fail", "recoverStale", "job"],
    "lease: B's result stays, whatever A reports before and after",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      const a = await leaseOf(store);
      clock.now += 60;
      await store.recoverStale({ ttlSeconds: 60 });
      const b = await leaseOf(store);
      await store.complete(a, "a");
      like("while B runs", await store.job("j"), { state: "running", attempts: 2, result: null });
      await store.complete(b, "b");
      await store.complete(a, "a");
      await store.fail(a, "a", { retriable: false });
      like("in the end", await store.job("j"), { state: "succeeded", result: "b", error: null });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "renew", "recoverStale"],
    "lease: a lost lease cannot be renewed, and an attempt to renew it does not extend the next lease",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      const a = await leaseOf(store);
      await store.recoverStale(AT_ONCE);
      same("A renews its lost lease", await store.renew(a), false);
      const b = await leaseOf(store);
      clock.now += 60;
      same("A renews", await store.renew(a), false);
      same("B's time is over", await store.recoverStale({ ttlSeconds: 60 }), recovered("j", 2, "requeued"));
      same("B renews", await store.renew(b), false);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "lease: the same worker claims its own job again, and its old token is refused",
    async ({ store }) => {
      await store.submit(free("j"));
      const first = await leaseOf(store);
      await store.recoverStale(AT_ONCE);
      const second = await leaseOf(store);
      same("the tokens are one", first.token === second.token, false);
      same("the old token", await store.complete(first, "first"), STALE);
      const forged = new Lease({ ...fields(second), token: first.token });
      same("the old token with the new attempt's number", await store.complete(forged, "forged"), STALE);
      same("the new token", await store.complete(second, "second"), DONE);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "fail"],
    "lease: an unknown token is stale, for this job and for an unknown job",
    async ({ store }) => {
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      for (const wrong of [
        new Lease({ ...fields(lease), token: "stranger" }),
        new Lease({ ...fields(lease), jobId: "nobody" }),
      ]) {
        same("complete", await store.complete(wrong, "wrong"), STALE);
        same("fail", await store.fail(wrong, "wrong", AGAIN), STALE);
      }
      same("the token itself", await store.complete(new Lease(fields(lease)), "right"), DONE);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "fail", "job"],
    "complete: a repeat gets the first answer, and the first result stays",
    async ({ store }) => {
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      same("once", await store.complete(lease, "first"), DONE);
      same("twice", await store.complete(lease, "first"), DONE);
      same("with another result", await store.complete(lease, "second"), DONE);
      same("failed after that", await store.fail(lease, "late", AGAIN), STALE);
      like("the job", await store.job("j"), { state: "succeeded", result: "first", error: null });
      await nothingToClaim("after the end", store);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "fail"],
    "fail: a repeat gets the first answer, also while the next attempt runs, and does not affect that attempt",
    async ({ store }) => {
      await store.submit(free("j"));
      const first = await leaseOf(store);
      const requeued = { kind: "requeued", booked: micro(0), overrun: micro(0) };
      same("once", await store.fail(first, "busy", AGAIN), requeued);
      same("twice", await store.fail(first, "busy", AGAIN), requeued);
      const second = await leaseOf(store);
      same("while another runs", await store.fail(first, "other", { retriable: false }), requeued);
      same("completed after that", await store.complete(first, "late"), STALE);
      same("the other", await store.complete(second, "second"), DONE);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "complete: a late result is accepted as long as the lease was not recovered",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      clock.now += 1e6;
      same("late", await store.complete(lease, "late"), DONE);
      same("recovery after it", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "recoverStale"],
    "recoverStale: takes a lease back exactly when its ttl is over, and not before",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      await leaseOf(store);
      clock.now = START + 59.999;
      same("before", await store.recoverStale({ ttlSeconds: 60 }), NO_ATTEMPTS);
      clock.now = START + 60;
      same("at the second", await store.recoverStale({ ttlSeconds: 60 }), recovered("j", 1, "requeued"));
      like("the next lease", await leaseOf(store), { attempts: 2, leasedAt: START + 60 });
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "renew", "recoverStale"],
    "renew: restarts the lease's time on the store's clock",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      clock.now = START + 50;
      same("renew", await store.renew(lease), true);
      clock.now = START + 109;
      same("before", await store.recoverStale({ ttlSeconds: 60 }), NO_ATTEMPTS);
      clock.now = START + 110;
      same("at the second", await store.recoverStale({ ttlSeconds: 60 }), recovered("j", 1, "requeued"));
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "recoverStale: keeps a lease from the future, which exists after a clock was set back",
    async ({ store, clock }) => {
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      clock.now = START - 1000;
      same("ttl 60", await store.recoverStale({ ttlSeconds: 60 }), NO_ATTEMPTS);
      same("ttl 0", await store.recoverStale(AT_ONCE), NO_ATTEMPTS);
      same("complete", await store.complete(lease, "done"), DONE);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "recoverStale"],
    "lease: only the store's clock decides about a lease, also if the worker's clock is five minutes off",
    async ({ store, clock }) => {
      await store.submit(free("ahead"));
      const lease = await leaseOf(store);
      for (const off of [-300, 300]) {
        const seen = new Lease({ ...fields(lease), leasedAt: epochSeconds(lease.leasedAt + off) });
        clock.now = START + 59;
        same(`not over, seen ${off} s off`, await store.recoverStale({ ttlSeconds: 60 }), NO_ATTEMPTS);
        same(`complete, seen ${off} s off`, await store.complete(seen, "done"), DONE);
      }
      clock.now = START;
      await store.submit(free("lost"));
      const late = await leaseOf(store);
      clock.now = START + 60;
      same("over", await store.recoverStale({ ttlSeconds: 60 }), recovered("lost", 1, "requeued"));
      const seen = new Lease({ ...fields(late), leasedAt: epochSeconds(START + 300) });
      same("over, seen from ahead", await store.complete(seen, "late"), STALE);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "complete", "fail"],
    "lease: a clone, or a copy through JSON, is read by its fields; a malformed lease is refused",
    async ({ store }) => {
      const clones: readonly (readonly [string, (of: Lease) => unknown])[] = [
        ["a clone", (of) => structuredClone(of)],
        ["JSON", (of) => JSON.parse(JSON.stringify(of)) as unknown],
        ["its fields", fields],
      ];
      for (const [what, clone] of clones) {
        await store.submit(free(`${what} 1`));
        const first = clone(await leaseOf(store)) as Lease;
        same(`complete by ${what}`, await store.complete(first, "done"), DONE);
        await store.submit(free(`${what} 2`));
        const second = clone(await leaseOf(store)) as Lease;
        like(`fail by ${what}`, await store.fail(second, "no", { retriable: false }), { kind: "failed" });
      }
      await store.submit(free("j"));
      const lease = await leaseOf(store);
      // Plain JavaScript can pass any value.
      const wrong: readonly (readonly [string, unknown])[] = [
        ["without its token", { ...fields(lease), token: undefined }],
        ["with an unknown field", { ...fields(lease), worker: "w" }],
        ["that is a Map", new Map(Object.entries(lease))],
        ["whose fields are inherited", Object.create(lease)],
        ["that is its token", lease.token],
      ];
      for (const [what, given] of wrong) {
        const other = given as Lease;
        await refuses(`complete by one ${what}`, "TypeError", () => store.complete(other, "done"));
        await refuses(`fail by one ${what}`, "TypeError", () => store.fail(other, "no", AGAIN));
      }
      same("complete by the lease", await store.complete(lease, "done"), DONE);
    },
  ),
  define(
    "jobs",
    ["submit", "claim", "recoverStale"],
    "recoverStale: takes back at most its limit, and says whether there was more",
    async ({ store }) => {
      for (const id of ["a", "b", "c", "d"]) await store.submit(free(id, { maxAttempts: 1 }));
      for (let made = 0; made < 4; made++) await leaseOf(store);
      const seen: string[] = [];
      for (const [takes, more] of [
        [2, true],
        [2, false],
        [0, false],
      ] as const) {
        const { attempts, more: said } = await store.recoverStale({ ttlSeconds: 0, limit: 2 });
        same("how many, and whether more", [attempts.length, said], [takes, more]);
        seen.push(...attempts.map(({ jobId }) => jobId));
      }
      same("what was taken back", seen.sort(), ["a", "b", "c", "d"]);
    },
  ),
];

/** The fields of a lease, as its constructor takes them. */
export function fields({ jobId, leasedAt, attempts, token }: Lease): ConstructorParameters<typeof Lease>[0] {
  return { jobId, leasedAt, attempts, token };
}
