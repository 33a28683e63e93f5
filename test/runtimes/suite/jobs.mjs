import { equal, isTrue, thrown } from "./check.mjs";

/** Money and jobs through the memory store: promises, AbortSignal and private fields of each runtime. */
export async function jobChecks({ core, memory, ledger }, check) {
  const { usd } = core;
  const cap = usd("1");
  const scopes = [{ scope: core.runScope("42"), cap }];
  const approval = new core.Approval({ author: "alice", reason: "test", decidedAt: "2026-11-23T09:00:00Z" });
  const job = {
    jobId: "job-1",
    lane: "gpu",
    payload: { n: 1 },
    backend: core.BackendKind.CLOUD_WORKER,
    maxCost: usd("0.40"),
    maxAttempts: 3,
    approved: { approval, scopes },
  };

  // The life of a paid job, on the machine's own clock: what it held becomes what it cost.
  await check("memory store: submit, claim, complete, usage", async () => {
    const store = memory.memoryStore();
    equal(await store.submit(job), { kind: "queued" });
    equal(await store.usage("run:42"), { reserved: "0.40", spent: "0.00" });
    const { lease, payload } = await store.claim(["gpu"]);
    equal(payload, { n: 1 });
    const done = await store.complete(lease, "result", { actual: usd("0.25") });
    equal(done, { kind: "completed", booked: "0.25", overrun: "0.00" });
    equal(await store.usage("run:42"), { reserved: "0.00", spent: "0.25" });
    equal((await store.job("job-1")).result, "result");
  });

  // The fence: who lost the lease changes nothing, and the lost attempt is paid for.
  await check("memory store: a stale lease is refused", async () => {
    let now = 1_795_392_000;
    const store = memory.memoryStore({ clock: () => core.epochSeconds(now) });
    await store.submit(job);
    const lost = await store.claim(["gpu"]);
    now += 60;
    const attempt = { jobId: "job-1", attempt: 1, charged: "0.40", outcome: "requeued" };
    equal(await store.recoverStale({ ttlSeconds: 60 }), { attempts: [attempt], ended: [], more: false });
    const again = await store.claim(["gpu"]);
    equal(await store.complete(lost.lease, "late"), { kind: "stale", corrected: false });
    equal((await store.complete(again.lease, "in time", { actual: usd("0.10") })).kind, "completed");
    equal((await store.job("job-1")).result, "in time");
    equal(await store.usage("run:42"), { reserved: "0.00", spent: "0.50" });
  });

  // The cap: a hold without room says what it lacks, and changes nothing.
  await check("memory store: a hold without room is refused", async () => {
    const store = memory.memoryStore();
    const amount = usd("0.60");
    equal(await store.hold({ holdId: "a", amount, scopes, ttlSeconds: 60 }), { kind: "held" });
    const refused = { kind: "refused", lacking: [{ scope: "run:42", by: "0.20" }] };
    equal(await store.hold({ holdId: "b", amount, scopes, ttlSeconds: 60 }), refused);
    equal(await store.usage("run:42"), { reserved: "0.60", spent: "0.00" });
  });

  // Every entry point has to see the same classes, or one would refuse the other's values.
  await check("entry points: one set of classes", async () => {
    const store = memory.memoryStore();
    isTrue((await store.usage("run:42")) instanceof core.BudgetState, "usage() is another BudgetState");
    const error = await thrown(core.DispatchError, () => store.release("nobody"));
    equal(error.code, "hold_unknown");
    equal(ledger.isFree({ backend: core.BackendKind.LOCAL, maxCost: usd(0) }), true);
    const settled = { kind: "settled", booked: "0.40", overrun: "0.00", corrected: false };
    equal(ledger.outcomeFromJSON(settled).booked, usd("0.40"));
  });

  // The loop a worker runs, with the runtime's AbortController.
  await check("drain: runs what can be claimed, and stops on abort", async () => {
    const store = memory.memoryStore();
    const free = {
      lane: "text",
      payload: null,
      backend: core.BackendKind.LOCAL,
      maxCost: usd(0),
      maxAttempts: 1,
    };
    for (const jobId of ["1", "2", "3"]) await store.submit({ ...free, jobId });
    const controller = new AbortController();
    let ran = 0;
    const executor = () => {
      if (++ran === 2) controller.abort();
      return "done";
    };
    const summary = await core.drain(store, executor, { lanes: ["text"], signal: controller.signal });
    equal(summary, {
      completed: 2,
      requeued: 0,
      failed: 0,
      given_back: 0,
      waiting: 0,
      stale: 0,
    });
  });
}
