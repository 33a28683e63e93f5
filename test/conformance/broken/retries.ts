import { jobHoldId } from "dispatch-kit/rules";
import { epochSeconds, HoldState, type ScopeCap } from "dispatch-kit";
import { Holds } from "../../../src/stores/engine/holds.ts";
import { micro, MOST } from "../../stores/memory/support.ts";
import { type Broken, byNumber, correct, methods, ofHolder, operations, spend, tables } from "./table.ts";

export const brokenRetries: readonly Broken[] = [
  [
    "retry: each attempt has a hold of its own, made when it is queued and closed by itself",
    "gives back what a lost attempt held",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId, attempt } of answer.attempts) correct(base, jobId, attempt, 0n);
        return answer;
      },
    })),
  ],
  [
    "retry: the last attempt is charged and ends the job, and nothing is held for another",
    "holds for an attempt that will never be",
    operations((engine, base) => ({
      async fail(failure) {
        const answer = await engine.fail(failure);
        const job = base.job(failure.lease.jobId);
        if (job && answer.kind === "failed") {
          new Holds(base).holdNext(job, job.scopes);
        }
        return answer;
      },
    })),
  ],
  [
    "retry: has the room that the old attempt's close gives back, in one step",
    "looks for room before it closes the old attempt",
    operations((engine, base) => ({
      fail(failure) {
        const job = base.job(failure.lease.jobId);
        const hasRoom = job?.scopes.every(({ scope, cap }) => {
          const { reserved, spent } = base.counter(scope);
          return reserved + spent + job.body.maxCost <= cap;
        });
        return engine.fail({ ...failure, retriable: hasRoom === true });
      },
    })),
  ],
  [
    "retry: without room the job waits for its approval again, with the reason, and is charged for what ran",
    "ends a job that it has no room for",
    methods((store) => ({
      async fail(lease, error, options) {
        const answer = await store.fail(lease, error, options);
        if (answer.kind !== "waiting") return answer;
        await store.cancel(lease.jobId);
        return { ...answer, kind: "failed" };
      },
    })),
  ],
  [
    "retry: when the scope's month is over the job waits, though there is room, to the second",
    "does not keep when a scope is over",
    tables((base) => ({
      putJob(job) {
        base.putJob({ ...job, scopes: job.scopes.map((scope) => ({ ...scope, until: null })) });
      },
    })),
  ],
  [
    "retry: when the scope's month is over the job waits, though there is room, to the second",
    "lets a scope go on until its last second is over",
    tables((base) => ({
      putJob(job) {
        const scopes = job.scopes.map(({ scope, cap, until }) => ({
          ...{ scope, cap },
          until: until ? epochSeconds(until + 1) : null,
        }));
        base.putJob({ ...job, scopes });
      },
    })),
  ],
  [
    "retry: approved in a new month it counts there, and the old attempt is corrected in its own",
    "keeps the scopes of the first approval",
    methods((store) => {
      const first = new Map<string, readonly ScopeCap[]>();
      return {
        submit(job) {
          if (job.approved) first.set(job.jobId, job.approved.scopes);
          return store.submit(job);
        },
        approve: (jobId, approval, { scopes }) =>
          store.approve(jobId, approval, { scopes: first.get(jobId) ?? scopes }),
      };
    }),
  ],
  [
    "retry: holds by the scopes and caps of its approval, whatever cap others bring",
    "takes it that what was approved once has room",
    tables((base) => ({
      putJob(job) {
        base.putJob({ ...job, scopes: job.scopes.map((scope) => ({ ...scope, cap: micro(MOST) })) });
      },
    })),
  ],
  [
    "retry: under a lowered cap that is pinned it waits, and a raised one lets it in",
    "goes by the cap of the approval, pinned or not",
    tables(() => ({ pinned: () => undefined })),
  ],
  [
    "retry: of a paid job waits for retryAfterSeconds, with its hold made already",
    "retries at once what is paid for",
    operations((engine) => ({ fail: (failure) => engine.fail({ ...failure, retryAfterSeconds: 0 }) })),
  ],
];

export const brokenZombies: readonly Broken[] = [
  [
    "zombie: spends its whole estimate after recovery while the next attempt spends its own: both are covered",
    "gives back what a lost attempt held",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId, attempt } of answer.attempts) correct(base, jobId, attempt, 0n);
        return answer;
      },
    })),
  ],
  [
    "zombie: reports its actual late: its own attempt is corrected once, and the next is untouched",
    "corrects as often as it is told",
    operations((engine, base) => ({
      async complete(completion) {
        const { lease, actual } = completion;
        const hold = base.hold(jobHoldId(lease.jobId, lease.attempts));
        const answer = await engine.complete(completion);
        if (hold?.state === HoldState.SETTLED && actual !== null) {
          spend(base, hold.scopes, actual - hold.booked);
          base.putHold({ ...hold, booked: actual });
        }
        return answer;
      },
    })),
  ],
  [
    "zombie: reports its actual late: its own attempt is corrected once, and the next is untouched",
    "books it on the attempt that runs",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: ofHolder(base, completion.lease) }),
    })),
  ],
  [
    "zombie: reports after the next attempt's end: the job's result stands, and its own charge is corrected",
    "keeps the last error that it was told",
    operations((engine, base) => ({
      async fail(failure) {
        const answer = await engine.fail(failure);
        const job = base.job(failure.lease.jobId);
        if (job) base.putJob({ ...job, error: { code: "error", message: failure.error } });
        return answer;
      },
    })),
  ],
  [
    "zombie: what it spent past its estimate is booked in full, and seen by the next admission",
    "corrects a charge only downwards",
    operations((engine, base) => ({
      complete(completion) {
        const most = base.job(completion.lease.jobId)?.body.maxCost ?? micro(0);
        const isMore = completion.actual !== null && completion.actual > most;
        return engine.complete({ ...completion, actual: isMore ? null : completion.actual });
      },
    })),
  ],
  [
    "zombie: a token that was never minted corrects nothing",
    "takes the number of the attempt for the token",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: byNumber(base, completion.lease) }),
    })),
  ],
];
