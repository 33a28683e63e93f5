import { like, same } from "./check.ts";
import { START } from "./clock.ts";
import { type Definition, define, featured } from "./define.ts";
import {
  approved,
  at,
  AT_ONCE,
  capped,
  decides,
  free,
  LANES,
  leaseOf,
  micro,
  NO,
  paid,
  YES,
} from "./fixtures.ts";
import { chained, told, wholeJournal } from "./journal.ts";

/** The entries of jobs, and of the money that moves with them. */
export const journalJobCases: readonly Definition[] = featured(
  ["journal"],
  [
    define(
      "both",
      ["submit", "approve", "reject", "claim", "complete", "fail", "recoverStale", "journal", "usage"],
      "journal: each move of a job is one entry, with the money that moved with it and the node that moved it",
      async ({ store, clock }) => {
        const tags = { model: "m" };
        await store.submit(paid("j", { tags }));
        await store.submit(paid("no"));
        await store.submit(free("f", { lane: "free" }));
        clock.now = START + 1;
        await store.approve("j", YES(), { scopes: capped(100) });
        await store.reject("no", NO());
        const first = await store.claim(LANES, { by: "node-1" });
        if (first) await store.fail(first.lease, "again", { retriable: true, actual: micro(3) });
        const second = await store.claim(LANES, { by: "node-2" });
        await store.recoverStale(AT_ONCE);
        const third = await store.claim(LANES);
        if (third) await store.complete(third.lease, "done", { actual: micro(12) });
        // Late: it corrects its own charge.
        if (second) await store.complete(second.lease, "late", { actual: micro(6) });
        const freeLease = await store.claim(["free"]);
        if (freeLease) await store.fail(freeLease.lease, "no", { retriable: false });
        same("what it tells", await told(store), [
          "submitted j 0 awaiting_approval:",
          "submitted no 0 awaiting_approval:",
          "submitted f 0 pending:",
          "approved j 0 queued: j#1 10",
          "rejected no 0 rejected:",
          "claimed j 1 running:",
          "requeued j 1 queued: j#1 10 = 3, j#2 10",
          "claimed j 2 running:",
          "recovered j 2 queued: j#2 10 = 10, j#3 10",
          "claimed j 3 running:",
          "completed j 3 succeeded: j#3 10 = 12",
          "settled j 3 succeeded: j#2 10 = 6",
          "claimed f 1 running:",
          "failed f 1 failed:",
        ]);
        const entries = await wholeJournal(store, { jobId: "j" });
        same("of one job", entries.length, 9);
        like("approved", entries[1], { at: at(1), tags, lane: "text", backend: "cloud_worker" });
        like("its decision", entries[1]?.decision, { id: null, author: "alice", reason: "conformance" });
        same(
          "who",
          entries.map(({ by }) => by),
          [null, null, "node-1", "node-1", "node-2", "node-2", null, null, "node-2"],
        );
        await chained(store);
      },
      "leases",
      "tags",
    ),
    define(
      "both",
      ["submit", "submitMany", "claim", "claimMany", "completeMany", "fail", "journal", "usage"],
      "journal: a batch has an entry for each of its jobs, and what is given back says what followed",
      async ({ store }) => {
        await store.submitMany(["a", "b"].map((id) => approved(id)));
        const jobs = await store.claimMany(LANES, 2);
        const [a, b] = jobs.map(({ lease }) => lease);
        if (a) await store.fail(a, "stopped", { retriable: true, counts: false, actual: micro(0) });
        if (b) await store.completeMany([{ lease: b, result: "b", actual: micro(2) }]);
        same("what it tells", await told(store), [
          "submitted a 0 queued: a#1 10",
          "submitted b 0 queued: b#1 10",
          "claimed a 1 running:",
          "claimed b 1 running:",
          "given_back a 0 queued: a#1 10 = 0, a#2 10",
          "completed b 1 succeeded: b#1 10 = 2",
        ]);
        await chained(store);
      },
      "give_back",
    ),
    define(
      "both",
      ["submit", "claim", "cancel", "fail", "retry", "recoverStale", "journal", "usage"],
      "journal: a cancelled, a retried, a waiting and an expired job are told apart, with the money of each",
      async ({ store, clock }) => {
        await store.submit(approved("run"));
        await leaseOf(store);
        await store.cancel("run", NO());
        await store.submit(approved("queued"));
        await store.cancel("queued", NO());
        await store.submit(approved("j", capped(40), { maxAttempts: 1 }));
        await store.fail(await leaseOf(store), "no", { retriable: false, actual: micro(25) });
        await store.retry("j", { after: 0, scopes: capped(50) }, decides("again"));
        await store.submit(approved("late", capped(100), { claimBy: at(5), priority: -1 }));
        await leaseOf(store);
        clock.now = START + 5;
        await store.recoverStale({ ttlSeconds: 60 });
        same("what it tells", await told(store), [
          "submitted run 0 queued: run#1 10",
          "claimed run 1 running:",
          "cancelled run 1 failed: run#1 10 = 10",
          "submitted queued 0 queued: queued#1 10",
          "cancelled queued 0 failed: queued#1 10 = 0",
          "submitted j 0 queued: j#1 10",
          "claimed j 1 running:",
          "failed j 1 failed: j#1 10 = 25",
          "retried j 1 queued: j#2 10",
          "submitted late 0 queued: late#1 10",
          "claimed j 2 running:",
          "expired late 0 failed: late#1 10 = 0",
        ]);
        await chained(store);
      },
      "deadlines",
      "retries",
    ),
  ],
);
