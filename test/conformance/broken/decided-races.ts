import { HoldState, JobState } from "dispatch-kit";
import { micro } from "../../stores/memory/support.ts";
import { turn } from "../makers.ts";
import { type Broken, methods } from "./table.ts";

export const brokenDecidedRaces: readonly Broken[] = [
  [
    "races: a correction against a settlement: a hold that is still open answers open, and else the correction stays",
    "answers by a state that it read earlier",
    methods((store) => ({
      async correct(holdId, actual, decision) {
        const hold = await store.getHold(holdId);
        await turn();
        const answer = await store.correct(holdId, actual, decision);
        return hold?.state === HoldState.OPEN ? { kind: "open" } : answer;
      },
    })),
  ],
  [
    "races: of two retries by two people one queues the job, and the other is moved_on",
    "answers by a state that it read earlier",
    methods((store) => ({
      async retry(jobId, options, decision) {
        const job = await store.job(jobId);
        await turn();
        const answer = await store.retry(jobId, options, decision);
        return job?.state === JobState.FAILED ? { kind: "queued" } : answer;
      },
    })),
  ],
  [
    "races: a job that is given back against a recovery: one wins, and the actual cost is booked in the end",
    "answers by a state that it read earlier",
    methods((store) => ({
      async fail(lease, error, options) {
        const job = await store.job(lease.jobId);
        await turn();
        const answer = await store.fail(lease, error, options);
        if (job?.state !== JobState.RUNNING) return answer;
        return { kind: "requeued", booked: options.actual ?? job.maxCost, overrun: micro(0) };
      },
    })),
  ],
  [
    "within: a decision that is rolled back is not remembered",
    "uses its own connection",
    { rollsBack: "nothing" },
  ],
];
