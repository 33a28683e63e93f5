import { jobHoldId } from "../budget/hold-request.ts";
import { Lease } from "../dispatch/lease.ts";
import { kind, like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  asks,
  AT_ONCE,
  capped,
  CORRECTED,
  counted,
  leaseOf,
  micro,
  nothingToClaim,
  recovered,
  STALE,
} from "./fixtures.ts";
import { fields } from "./leases.ts";

const FAILS = { retriable: true };

/** Zombies: workers that lost their leases but still run, cost money and report. */
export const zombieCases: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "complete", "recoverStale", "hold", "usage"],
    "zombie: it and the next attempt both spend their whole estimates, and holds cover both",
    async ({ store, peer, clock }) => {
      await store.submit(approved("j", capped(20)));
      const zombie = await leaseOf(store);
      clock.now += 60;
      same("recovery", await peer.recoverStale({ ttlSeconds: 60 }), recovered("j", 1, "requeued", 10));
      await counted("charged and held anew", store, 10, 10);
      const next = await leaseOf(peer);
      kind("another's money", await store.hold(asks("other", 1, capped(20))), "refused");
      same("the zombie", await store.complete(zombie, "late"), STALE);
      await counted("after the zombie", store, 10, 10);
      kind("another's money, still", await store.hold(asks("other", 1, capped(20))), "refused");
      like("the next", await peer.complete(next, "done"), { kind: "completed", booked: micro(10) });
      await counted("both", store, 0, 20);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "fail", "recoverStale", "usage", "getHold"],
    "zombie: its late report corrects its own attempt, once, and not the next attempt",
    async ({ store }) => {
      await store.submit(approved("j"));
      const zombie = await leaseOf(store);
      await store.recoverStale(AT_ONCE);
      const next = await leaseOf(store);
      same("its actual", await store.complete(zombie, "late", { actual: micro(4) }), CORRECTED);
      await counted("corrected", store, 10, 4);
      same("again", await store.complete(zombie, "late", { actual: micro(4) }), CORRECTED);
      same("another", await store.complete(zombie, "late", { actual: micro(3) }), STALE);
      same("another, failed", await store.fail(zombie, "late", { ...FAILS, actual: micro(2) }), STALE);
      await counted("corrected once", store, 10, 4);
      like("the first's hold", await store.getHold(jobHoldId("j", 1)), {
        state: "settled",
        booked: micro(4),
      });
      like("the next one's hold", await store.getHold(jobHoldId("j", 2)), { state: "open" });
      like("the next", await store.complete(next, "done", { actual: micro(6) }), { booked: micro(6) });
      await counted("in the end", store, 0, 10);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "fail", "recoverStale", "job", "usage"],
    "zombie: its report after the end of the job corrects its own charge, and the result stays",
    async ({ store }) => {
      await store.submit(approved("j"));
      const zombie = await leaseOf(store);
      await store.recoverStale(AT_ONCE);
      const next = await leaseOf(store);
      await store.complete(next, "done", { actual: micro(6) });
      same("it fails late", await store.fail(zombie, "late", { ...FAILS, actual: micro(1) }), CORRECTED);
      like("the job", await store.job("j"), { state: "succeeded", result: "done", error: null });
      await nothingToClaim("after that", store);
      await counted("in the end", store, 0, 7);
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "recoverStale", "hold", "usage"],
    "zombie: a cost above its estimate is booked in full, and counted by the next admission",
    async ({ store }) => {
      await store.submit(approved("j", capped(30)));
      const zombie = await leaseOf(store);
      await store.recoverStale(AT_ONCE);
      same("its actual", await store.complete(zombie, "late", { actual: micro(25) }), CORRECTED);
      await counted("booked", store, 10, 25);
      kind("the next", await store.hold(asks("other", 1, capped(30))), "refused");
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "fail", "recoverStale", "usage"],
    "zombie: a report with an unknown token corrects nothing",
    async ({ store }) => {
      await store.submit(approved("j"));
      await store.submit(approved("other"));
      const [lost, other] = [await leaseOf(store), await leaseOf(store)];
      await store.recoverStale({ ttlSeconds: 0, limit: 1 });
      await counted("one is charged", store, 20, 10);
      for (const token of ["stranger", other.token]) {
        const forged = new Lease({ ...fields(lost), token });
        same("complete", await store.complete(forged, "late", { actual: micro(0) }), STALE);
        same("fail", await store.fail(forged, "late", { ...FAILS, actual: micro(0) }), STALE);
      }
      await counted("after that", store, 20, 10);
    },
  ),
];
