import { type CompleteOutcome, JobState } from "dispatch-kit";
import type { Tables } from "../../../src/stores/engine/tables.ts";
import { micro } from "../../stores/memory/support.ts";
import { turn } from "../makers.ts";
import { type Broken, methods, operations, tables } from "./table.ts";

const DONE: CompleteOutcome = { kind: "completed", booked: micro(0), overrun: micro(0) };

function limitTo(base: Tables, jobId: string, maxAttempts: number): void {
  const job = base.job(jobId);
  if (job) base.putJob({ ...job, body: { ...job.body, maxAttempts } });
}

export const brokenAttempts: readonly Broken[] = [
  [
    "attempts: a job with N attempts runs N times, and both crashes and failures count",
    "does not count a crash",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId } of answer.attempts) {
          limitTo(base, jobId, (base.job(jobId)?.body.maxAttempts ?? 0) + 1);
        }
        return answer;
      },
    })),
  ],
  [
    "attempts: a crash on the last attempt ends the job as failed",
    "takes back only attempts of jobs that may run again",
    tables((base) => ({
      lost: (now, ttl, limit) =>
        base.lost(now, ttl, limit).filter(({ attempts, body }) => attempts.length < body.maxAttempts),
    })),
  ],
  [
    "attempts: an argument can lower the job's own limit, and cannot raise it",
    "uses the argument instead of the job's own limit",
    operations((engine, base) => ({
      fail(failure) {
        if (failure.maxAttempts < Infinity) limitTo(base, failure.lease.jobId, failure.maxAttempts);
        return engine.fail(failure);
      },
    })),
  ],
  [
    "fail: an error that is not retriable ends the job, even if attempts are left",
    "retries every failure while attempts are left",
    methods((store) => ({
      fail: (lease, error, options) => store.fail(lease, error, { ...options, retriable: true }),
    })),
  ],
  [
    "fail: retryAfterSeconds delays the retry, to the second, and no other job",
    "retries at once",
    operations((engine) => ({ fail: (failure) => engine.fail({ ...failure, retryAfterSeconds: 0 }) })),
  ],
  [
    "races: a completion against a recovery: one wins, and the other's answer says so",
    "answers by what it read before its write",
    methods((store) => ({
      async complete(lease, result, options) {
        const job = await store.job(lease.jobId);
        const answer = await store.complete(lease, result, options);
        return job?.state === JobState.RUNNING ? DONE : answer;
      },
    })),
  ],
  [
    "races: a renewal against a recovery: one wins, and a renewed lease is not taken back",
    "answers by what it read before its write",
    methods((store) => ({
      async renew(lease) {
        const job = await store.job(lease.jobId);
        await turn();
        await store.renew(lease);
        return job?.state === JobState.RUNNING;
      },
    })),
  ],
  [
    "races: two recoveries take an attempt back once, and never the next worker's lease",
    "reports every attempt that it found to be stale, also if another recovery took it back",
    methods((store) => ({
      async recoverStale(options) {
        const running = await store.jobs({ state: JobState.RUNNING });
        await turn();
        const { ended, more } = await store.recoverStale(options);
        const attempts = running.map(({ jobId, attempts: attempt }) => {
          return { jobId, attempt, charged: micro(0), outcome: "requeued" as const };
        });
        return { attempts, ended, more };
      },
    })),
  ],
];
