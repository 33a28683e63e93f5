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
    "attempts: N attempts are N executions, crashes and failures together",
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
    "attempts: a crash on the last one ends the job as failed, and never leaves it stuck",
    "takes back only what may run again",
    tables((base) => ({
      stale: (now, ttl, limit) =>
        base.stale(now, ttl, limit).filter(({ attempts, body }) => attempts.length < body.maxAttempts),
    })),
  ],
  [
    "attempts: an argument can lower the job's own limit, and cannot raise it",
    "takes the argument in place of the job's own limit",
    operations((engine, base) => ({
      fail(failure) {
        if (failure.maxAttempts < Infinity) limitTo(base, failure.lease.jobId, failure.maxAttempts);
        return engine.fail(failure);
      },
    })),
  ],
  [
    "fail: what no retry can fix ends the job, though attempts are left",
    "retries whatever failed while attempts are left",
    methods((store) => ({
      fail: (lease, error, options) => store.fail(lease, error, { ...options, retriable: true }),
    })),
  ],
  [
    "fail: retryAfterSeconds keeps the retry back to the second, and nothing else",
    "retries at once",
    operations((engine) => ({ fail: (failure) => engine.fail({ ...failure, retryAfterSeconds: 0 }) })),
  ],
  [
    "races: of a completion and a recovery one wins, and the other sees it",
    "answers by what it read before it wrote",
    methods((store) => ({
      async complete(lease, result, options) {
        const job = await store.job(lease.jobId);
        const answer = await store.complete(lease, result, options);
        return job?.state === JobState.RUNNING ? DONE : answer;
      },
    })),
  ],
  [
    "races: of a renewal and a recovery one wins: a lease that was renewed is not taken back",
    "answers by what it read before it wrote",
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
    "reports what it found to be stale, whoever takes it back",
    methods((store) => ({
      async recoverStale(options) {
        const running = await store.jobs({ state: JobState.RUNNING });
        await turn();
        const { more } = await store.recoverStale(options);
        const attempts = running.map(({ jobId, attempts: attempt }) => {
          return { jobId, attempt, charged: micro(0), outcome: "requeued" as const };
        });
        return { attempts, more };
      },
    })),
  ],
];
