import { DispatchError, epochSeconds, JobState, type RetryOutcome } from "dispatch-kit";
import type { Defect } from "../makers.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, operations, tables } from "./table.ts";

/** The next hold gets the number of the next attempt. */
export const NUMBERED_BY_ATTEMPTS: Defect = operations((engine, base) => ({
  retry(jobId, after, scopes, decided) {
    const job = base.job(jobId);
    if (job) base.putJob({ ...job, holds: job.tried });
    return engine.retry(jobId, after, scopes, decided);
  },
}));

export const brokenRetriedJobs: readonly Broken[] = [
  [
    "retry by a person: a failed job gets maxAttempts more, each with the next number, and may fail and be retried again",
    "counts the attempts before the retry",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, triedBefore: 0 });
      },
    })),
  ],
  [
    "retry by a person: a failed job gets maxAttempts more, each with the next number, and may fail and be retried again",
    "starts to count its attempts again",
    tables((base) => ({
      putJob: (job) => {
        base.putJob(job.triedBefore > 0 ? { ...job, tried: 0, triedBefore: 0 } : job);
      },
    })),
  ],
  [
    "retry by a person: a job that has not failed, or was retried since, is moved_on, and nothing changes",
    "does not look at how often it was retried",
    methods((store) => ({
      async retry(jobId, options, decision) {
        const after = (await store.job(jobId))?.retries ?? 0;
        return store.retry(jobId, { ...options, after }, decision);
      },
    })),
  ],
  [
    "retry by a person: without room it is refused and stays failed; the same decision works once there is room",
    "remembers a refusal",
    methods((store) => {
      const answers = new Map<string, RetryOutcome>();
      return {
        async retry(jobId, options, decision) {
          const answer = answers.get(decision.id) ?? (await store.retry(jobId, options, decision));
          answers.set(decision.id, answer);
          return answer;
        },
      };
    }),
  ],
  [
    "retry by a person: without room it is refused and stays failed; the same decision works once there is room",
    "lets a job without room wait for approval",
    operations((engine, base) => ({
      async retry(jobId, after, scopes, decided) {
        const answer = await engine.retry(jobId, after, scopes, decided);
        const job = base.job(jobId);
        if (job && answer.kind === "refused") base.putJob({ ...job, state: JobState.AWAITING_APPROVAL });
        return answer;
      },
    })),
  ],
  [
    "retry by a person: an unknown job is job_unknown, and a pruned one is job_pruned",
    "answers moved_on for a job that it does not know",
    methods((store) => ({
      retry: (jobId, options, decision) =>
        orElse(store.retry(jobId, options, decision), {
          kind: "moved_on",
          state: JobState.FAILED,
          retries: 0,
        }),
    })),
  ],
  [
    "retry by a person: an unknown job is job_unknown, and a pruned one is job_pruned",
    "retries a pruned job",
    tables((base) => ({
      job(jobId) {
        const job = base.job(jobId);
        return job && { ...job, pruned: false };
      },
    })),
  ],
  [
    "retry by a person: free work waits in pending, and is claimed at once",
    "delays the job by a minute",
    tables((base) => ({
      putJob(job) {
        const isRetried = job.retries > 0 && job.state === JobState.PENDING;
        base.putJob(isRetried ? { ...job, runAt: epochSeconds(job.runAt + 60) } : job);
      },
    })),
  ],
  [
    "retry by a person: scopes that are given replace the old ones, also for the attempts after it",
    "ignores the scopes",
    methods((store) => ({
      retry: (jobId, { after }, decision) => store.retry(jobId, { after }, decision),
    })),
  ],
  [
    "retry by a person: scopes that are given replace the old ones, also for the attempts after it",
    "uses the scopes for the next attempt only",
    operations((engine, base) => ({
      async retry(jobId, after, scopes, decided) {
        const before = base.job(jobId);
        const answer = await engine.retry(jobId, after, scopes, decided);
        const job = base.job(jobId);
        if (job && before) base.putJob({ ...job, scopes: before.scopes });
        return answer;
      },
    })),
  ],
  [
    "retry by a person: a scope that is over refuses; newer scopes are taken",
    "does not store the end of a scope",
    tables((base) => ({
      putJob(job) {
        base.putJob({ ...job, scopes: job.scopes.map((scope) => ({ ...scope, until: null })) });
      },
    })),
  ],
  [
    "retry by a person: the number of a hold that was released unclaimed is not used again",
    "numbers holds by attempts",
    NUMBERED_BY_ATTEMPTS,
  ],
  [
    "retry by a person: an unknown cap is no room, and a cap that is given anew counts",
    "throws cap_unknown for the stored scopes",
    methods((store) => ({
      async retry(jobId, options, decision) {
        const answer = await store.retry(jobId, options, decision);
        if (answer.kind === "refused") throw new DispatchError("cap_unknown", "there is no cap");
        return answer;
      },
    })),
  ],
];
