import { check, kind, like, same, thrownBy } from "./check.ts";
import { jobHoldId } from "../budget/hold-request.ts";
import { type Definition, define } from "./define.ts";
import { approved, asks, capped, counted, free, leaseOf, micro, upTo } from "./fixtures.ts";

const ROOMY = capped(1000);
const DONE = { kind: "completed", booked: micro(4), overrun: micro(0) };

/** Concurrent calls that a store may group: each must get its own answer. */
export const groupCases: readonly Definition[] = [
  define(
    "both",
    ["submit", "usage", "job"],
    "group: of 16 concurrent submissions one is a conflict, and the other 15 are queued",
    async ({ store, peer }) => {
      await store.submit(approved("known", ROOMY));
      const calls = upTo(16).map((index) => {
        const bad = approved("known", ROOMY, { payload: "another" });
        const job = index === 7 ? bad : approved(`${index}`, ROOMY);
        const handle = index % 4 === 3 ? peer : store;
        return thrownBy(async () => {
          kind(`submission ${index}`, await handle.submit(job), "queued");
        });
      });
      const thrown = (await Promise.all(calls)).join();
      const expected = upTo(16).map((index) => (index === 7 ? "job_conflict" : null));
      same("what was thrown", thrown, expected.join());
      await counted("after that", store, 160, 0);
      like("the one that was known", await store.job("known"), { payload: "known", state: "queued" });
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "usage", "job"],
    "group: of 16 concurrent completions the invalid ones are refused, and the others count",
    async ({ store, peer }) => {
      await store.submit(free("free", { priority: 1 }));
      for (const index of upTo(15)) await store.submit(approved(`${index}`, ROOMY));
      const leases = [];
      while (leases.length < 16) leases.push(await leaseOf(store));
      const bad = new Map<number, string>([
        // Free work has no actual cost, and JSON cannot hold a bigint.
        [0, "RangeError"],
        [9, "result_refused"],
      ]);
      const calls = leases.map((lease, index) => {
        const handle = index % 4 === 3 ? peer : store;
        const result = index === 9 ? 1n : "done";
        return thrownBy(async () => {
          same(`completion ${index}`, await handle.complete(lease, result, { actual: micro(4) }), DONE);
        });
      });
      const thrown = (await Promise.all(calls)).join();
      same(
        "what was thrown",
        thrown,
        upTo(16)
          .map((index) => bad.get(index) ?? null)
          .join(),
      );
      await counted("after that", store, 10, 14 * 4);
      for (const { jobId } of leases.filter((_, index) => bad.has(index))) {
        like("the job of a bad one", await store.job(jobId), { state: "running", result: null });
      }
    },
  ),
  define(
    "both",
    ["submit", "claim", "complete", "hold", "settle", "usage", "job", "getHold"],
    "within: a roll-back undoes the calls in the caller's transaction, and keeps concurrent calls outside of it",
    async (setup) => {
      const { store } = setup;
      await store.submit(approved("j"));
      const lease = await leaseOf(store);
      await store.hold(asks("known", 10));
      const beside: Promise<{ readonly kind: string }>[] = [];
      await setup.rolledBack(async (inside) => {
        kind("inside, a hold", await inside.hold(asks("undone", 10)), "held");
        kind("inside, a settlement", await inside.settle("known", micro(4)), "settled");
        kind("inside, a submission", await inside.submit(approved("undone")), "queued");
        same("inside, a completion", await inside.complete(lease, "undone", { actual: micro(4) }), DONE);
        await counted("inside", inside, 20, 8);
        // Not awaited here: these calls may have to wait until the transaction ends.
        beside.push(store.hold(asks("beside", 10)), store.submit(approved("beside")));
        kind("inside, the last", await inside.hold(asks("last", 10)), "held");
      });
      const answers = (await Promise.all(beside)).map((answer) => answer.kind);
      same("beside it", answers, ["held", "queued"]);
      await counted("after the roll-back", store, 40, 0);
      for (const id of ["undone", "last", jobHoldId("undone", 1)]) {
        same(`the hold ${id}`, await store.getHold(id), null);
      }
      same("the job that was submitted", await store.job("undone"), null);
      like("the job that was completed", await store.job("j"), { state: "running", result: null });
      like("the hold that was settled", await store.getHold("known"), { state: "open" });
      same("completed again", await store.complete(lease, "done", { actual: micro(4) }), DONE);
      check("its result", (await store.job("j"))?.result === "done", "done", null);
    },
  ),
];
