import { type DispatchStore, JobState } from "dispatch-kit";
import { capped, micro, MOST } from "../../stores/memory/support.ts";
import { type Methods, turn } from "../makers.ts";
import { allOrNone, locksInOrder } from "./races.ts";
import { type Broken, methods } from "./table.ts";

/** Answers by a state that it read before its write. */
function approvesWhatItRead(store: DispatchStore): Methods {
  return {
    async approve(jobId, approval, options) {
      const job = await store.job(jobId);
      await turn();
      const answer = await store.approve(jobId, approval, options);
      return job?.state === JobState.AWAITING_APPROVAL ? { kind: "queued" } : answer;
    },
  };
}

export const brokenPaidRaces: readonly Broken[] = [
  [
    "races: concurrent approvals approve a job once",
    "answers by a state that it read earlier",
    methods(approvesWhatItRead),
  ],
  [
    "races: concurrent submissions and approvals fill the cap and never exceed it",
    "checks in one transaction and reserves in another",
    methods((store) => ({
      async approve(jobId, approval, { scopes = [] } = {}) {
        const amount = (await store.job(jobId))?.maxCost ?? 0n;
        const usages = await Promise.all(scopes.map(({ scope }) => store.usage(scope)));
        await turn();
        const fits = scopes.every(
          ({ cap }, index) => (usages[index]?.committed() ?? 0n) + amount <= (cap ?? 0n),
        );
        const uncapped = capped(MOST, ...scopes.map(({ scope }) => scope));
        return store.approve(jobId, approval, { scopes: fits ? uncapped : scopes });
      },
    })),
  ],
  [
    "races: an approval against a rejection: one wins, and money is held only after an approval",
    "answers by a state that it read earlier",
    methods(approvesWhatItRead),
  ],
  [
    "races: an approval against a cancellation: in either order no money stays held",
    "answers by a state that it read earlier",
    methods(approvesWhatItRead),
  ],
  [
    "races: a cancellation against a claim: a claimed job is charged, and a job that was not claimed gives its money back",
    "answers by a state that it read earlier",
    methods((store) => ({
      async cancel(jobId, by) {
        const job = await store.job(jobId);
        await turn();
        const answer = await store.cancel(jobId, by);
        const wasQueued = job?.state === JobState.QUEUED && answer.kind === "cancelled";
        return wasQueued ? { ...answer, booked: micro(0) } : answer;
      },
    })),
  ],
  [
    "races: a cancellation against a completion: one wins, and the actual cost is booked in the end",
    "answers by a state that it read earlier",
    methods((store) => ({
      async cancel(jobId, by) {
        const job = await store.job(jobId);
        await turn();
        const answer = await store.cancel(jobId, by);
        if (job?.state !== JobState.RUNNING) return answer;
        return { kind: "cancelled", state: "failed", booked: job.maxCost };
      },
    })),
  ],
  [
    "races: a completion against a recovery of a paid attempt: one wins, and the actual cost is booked in the end",
    "answers by a state that it read earlier",
    methods((store) => ({
      async complete(lease, result, options) {
        const job = await store.job(lease.jobId);
        await turn();
        const answer = await store.complete(lease, result, options);
        if (job?.state !== JobState.RUNNING) return answer;
        return { kind: "completed", booked: options?.actual ?? job.maxCost, overrun: micro(0) };
      },
    })),
  ],
  [
    "races: completions and recoveries of many jobs in opposite orders never deadlock, and each is booked once",
    "locks jobs in the order of the batch",
    methods((store) => {
      const locking = locksInOrder();
      return {
        completeMany: (completions) =>
          locking(
            completions.map(({ lease }) => lease.jobId),
            () => store.completeMany(completions),
          ),
      };
    }),
  ],
];

export const brokenGroups: readonly Broken[] = [
  [
    "group: of 16 concurrent submissions one is a conflict, and the other 15 are queued",
    "fails every call of a group if one fails",
    methods((store) => {
      const together = allOrNone();
      return { submit: (job) => together(store.submit(job)) };
    }),
  ],
  [
    "group: of 16 concurrent completions the invalid ones are refused, and the others count",
    "fails every call of a group if one fails",
    methods((store) => {
      const together = allOrNone();
      return { complete: (lease, result, options) => together(store.complete(lease, result, options)) };
    }),
  ],
  [
    "within: a roll-back undoes the calls in the caller's transaction, and keeps concurrent calls outside of it",
    "uses its own connection",
    { rollsBack: "nothing" },
  ],
  [
    "within: a roll-back undoes the calls in the caller's transaction, and keeps concurrent calls outside of it",
    "groups calls outside of the transaction with those inside of it",
    { rollsBack: "everything" },
  ],
];
