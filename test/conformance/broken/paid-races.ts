import { type DispatchStore, JobState } from "dispatch-kit";
import { capped, micro, MOST } from "../../stores/memory/support.ts";
import { type Methods, turn } from "../makers.ts";
import { allOrNone, locksInOrder } from "./races.ts";
import { type Broken, methods } from "./table.ts";

/** Answers by the state that it read before it wrote. */
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
    "races: one job is approved once, whoever approves and how often",
    "answers by the state that it read before",
    methods(approvesWhatItRead),
  ],
  [
    "races: concurrent submissions and approvals never pass the cap, and fill it",
    "checks first, and counts in another transaction",
    methods((store) => ({
      async approve(jobId, approval, { scopes }) {
        const amount = (await store.job(jobId))?.maxCost ?? 0n;
        const usages = await Promise.all(scopes.map(({ scope }) => store.usage(scope)));
        await turn();
        const fits = scopes.every(({ cap }, index) => (usages[index]?.committed() ?? 0n) + amount <= cap);
        const uncapped = capped(MOST, ...scopes.map(({ scope }) => scope));
        return store.approve(jobId, approval, { scopes: fits ? uncapped : scopes });
      },
    })),
  ],
  [
    "races: of an approval and a rejection one wins, and money is held only for an approval",
    "answers by the state that it read before",
    methods(approvesWhatItRead),
  ],
  [
    "races: of an approval and a cancellation either is first, and no money is left held",
    "answers by the state that it read before",
    methods(approvesWhatItRead),
  ],
  [
    "races: of a cancellation and a claim either is first: what was claimed is charged, what was not is given back",
    "answers by the state that it read before",
    methods((store) => ({
      async cancel(jobId) {
        const job = await store.job(jobId);
        await turn();
        const answer = await store.cancel(jobId);
        const wasQueued = job?.state === JobState.QUEUED && answer.kind === "cancelled";
        return wasQueued ? { ...answer, booked: micro(0) } : answer;
      },
    })),
  ],
  [
    "races: of a cancellation and a completion one wins, and the truth is booked in the end",
    "answers by the state that it read before",
    methods((store) => ({
      async cancel(jobId) {
        const job = await store.job(jobId);
        await turn();
        const answer = await store.cancel(jobId);
        if (job?.state !== JobState.RUNNING) return answer;
        return { kind: "cancelled", state: "failed", booked: job.maxCost };
      },
    })),
  ],
  [
    "races: of a completion and a recovery of a paid attempt one wins, and the truth is booked in the end",
    "answers by the state that it read before",
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
    "group: of 16 submissions in flight together a bad one is refused, and 15 are queued",
    "fails every call of a group with the first that fails",
    methods((store) => {
      const together = allOrNone();
      return { submit: (job) => together(store.submit(job)) };
    }),
  ],
  [
    "group: of 16 completions in flight together the bad ones are refused, and the others count",
    "fails every call of a group with the first that fails",
    methods((store) => {
      const together = allOrNone();
      return { complete: (lease, result, options) => together(store.complete(lease, result, options)) };
    }),
  ],
  [
    "within: what a caller's transaction did is undone with it, and calls in flight beside it stand",
    "works on a connection of its own",
    { rollsBack: "nothing" },
  ],
  [
    "within: what a caller's transaction did is undone with it, and calls in flight beside it stand",
    "groups calls beside the transaction with those inside of it",
    { rollsBack: "everything" },
  ],
];
