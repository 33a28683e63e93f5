import { epochSeconds, JobState } from "dispatch-kit";
import { micro } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, correct, methods, operations, tables } from "./table.ts";

export const brokenCharges: readonly Broken[] = [
  [
    "complete: settles the attempt's hold at its actual cost, also at 0 and above the estimate",
    "books no more than was set aside",
    operations((engine, base) => ({
      complete(completion) {
        const most = base.job(completion.lease.jobId)?.body.maxCost ?? micro(0);
        const { actual } = completion;
        return engine.complete({ ...completion, actual: actual !== null && actual > most ? most : actual });
      },
    })),
  ],
  [
    "complete, fail: without an actual cost the attempt is charged in full, because paid work may have run",
    "treats an unknown cost as 0",
    methods((store) => ({
      complete: (lease, result, options) => store.complete(lease, result, { actual: micro(0), ...options }),
    })),
  ],
  [
    "complete, fail: without an actual cost the attempt is charged in full, because paid work may have run",
    "treats a failure as work that never ran",
    methods((store) => ({
      fail: (lease, error, options) => store.fail(lease, error, { actual: micro(0), ...options }),
    })),
  ],
  [
    "fail: settles the attempt's hold at its actual cost; 0 says that nothing ran",
    "treats an actual cost of 0 as unknown",
    operations((engine) => ({
      fail: (failure) => engine.fail({ ...failure, actual: failure.actual === 0n ? null : failure.actual }),
    })),
  ],
  [
    "complete, fail: a repeat with the same token gets the first answer, and books nothing more",
    "answers with the actual cost of the repeat",
    methods((store) => ({
      async complete(lease, result, options) {
        const answer = await store.complete(lease, result, options);
        if (answer.kind === "stale") return answer;
        return { ...answer, booked: options?.actual ?? answer.booked };
      },
    })),
  ],
  [
    "complete: after a charge in full, a repeat with an actual cost still gets the first answer",
    "treats a repeat as a correction",
    operations((engine, base) => ({
      async complete(completion) {
        const answer = await engine.complete(completion);
        const { lease, actual } = completion;
        if (actual !== null) correct(base, lease.jobId, lease.attempts, actual);
        return answer;
      },
    })),
  ],
  [
    "ledger: calls on a job's hold are hold_owned_by_job, whatever its state, and change nothing",
    "answers released",
    methods((store) => ({ release: (holdId) => orElse(store.release(holdId), { kind: "released" }) })),
  ],
  [
    "expire: never charges the hold of a queued or running job, however late",
    "gives every hold an expiry",
    tables((base) => ({
      putHold(hold) {
        base.putHold({ ...hold, expiresAt: hold.expiresAt ?? epochSeconds(base.now() + 3600) });
      },
    })),
  ],
  [
    "claim: a queued paid job whose hold is not open is never claimed, and blocks no other job",
    "claims queued jobs without a check of their holds",
    tables((base) => ({
      claimable: (_, now) =>
        base
          .jobs({ state: JobState.QUEUED, lane: null, limit: 100, after: null })
          .find(({ runAt }) => runAt <= now) ?? null,
    })),
  ],
  [
    "claim: a queued paid job whose hold is not open is never claimed, and blocks no other job",
    "checks only the first job of a lane",
    tables((base) => ({
      claimable(lanes, now) {
        const jobs = base.jobs({ state: JobState.QUEUED, lane: null, limit: 1, after: null });
        const found = base.claimable(lanes, now);
        return found?.body.jobId === jobs[0]?.body.jobId ? found : null;
      },
    })),
  ],
  [
    "actual: an actual cost of free work is a RangeError, alone and in a batch, and changes nothing",
    "ignores the actual cost",
    methods((store) => ({
      async complete(lease, result, options) {
        const isFree = (await store.job(lease.jobId))?.maxCost === 0n;
        return store.complete(lease, result, isFree ? {} : options);
      },
    })),
  ],
  [
    "actual: an actual cost of free work is a RangeError, alone and in a batch, and changes nothing",
    "completes the jobs before it in the batch",
    methods((store) => ({
      async completeMany(completions) {
        const answers = [];
        for (const completion of completions) answers.push(...(await store.completeMany([completion])));
        return answers;
      },
    })),
  ],
  [
    "money: a job's cost and actual cost are exact around 2^53 and up to 2^62 - 1",
    "reads a job's cost with a driver that returns numbers",
    tables((base) => ({
      putJob(job) {
        const maxCost = micro(BigInt(Number(job.body.maxCost)));
        base.putJob({ ...job, body: { ...job.body, maxCost } });
      },
    })),
  ],
  [
    "prune: a paid job's money stays booked, its id answers exists, and a lost attempt can still be corrected",
    "forgets the tokens of pruned jobs",
    tables((base) => ({
      job(jobId) {
        const job = base.job(jobId);
        return job?.pruned ? { ...job, attempts: [] } : job;
      },
    })),
  ],
];
