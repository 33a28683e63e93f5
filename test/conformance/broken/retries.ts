import { jobHoldId } from "dispatch-kit/rules";
import { epochSeconds, HoldState, type ScopeCap } from "dispatch-kit";
import { Journal } from "../../../src/stores/engine/journal.ts";
import { Holds } from "../../../src/stores/engine/holds.ts";
import { micro, MOST, NO } from "../../stores/memory/support.ts";
import {
  type Broken,
  byNumber,
  correct,
  methods,
  ofHolder,
  operations,
  spend,
  tables,
  unpinned,
} from "./table.ts";

export const brokenRetries: readonly Broken[] = [
  [
    "retry: each attempt has its own hold, which is made when the attempt is queued and closed when it ends",
    "releases the hold of a lost attempt",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId, attempt } of answer.attempts) correct(base, jobId, attempt, 0n);
        return answer;
      },
    })),
  ],
  [
    "retry: the last attempt is charged and ends the job, and nothing is held for another attempt",
    "makes a hold for an attempt that never runs",
    operations((engine, base) => ({
      async fail(failure) {
        const answer = await engine.fail(failure);
        const job = base.job(failure.lease.jobId);
        if (job && answer.kind === "failed") {
          new Holds(base, new Journal(base, null)).holdNext(job, job.scopes, base.now(), false);
        }
        return answer;
      },
    })),
  ],
  [
    "retry: can use the room that the old attempt gives back, in the same step",
    "checks for room before it closes the old attempt",
    operations((engine, base) => ({
      fail(failure) {
        const job = base.job(failure.lease.jobId);
        const hasRoom = job?.scopes.every(({ scope, cap }) => {
          const { reserved, spent } = base.scope(scope);
          return reserved + spent + job.body.maxCost <= (cap ?? 0n);
        });
        return engine.fail({ ...failure, retriable: hasRoom === true });
      },
    })),
  ],
  [
    "retry: without room the old attempt is charged, and the job waits for approval again, with the reason",
    "ends a job that has no room",
    methods((store) => ({
      async fail(lease, error, options) {
        const answer = await store.fail(lease, error, options);
        if (answer.kind !== "waiting") return answer;
        await store.cancel(lease.jobId, NO);
        return { ...answer, kind: "failed" };
      },
    })),
  ],
  [
    "retry: when the scope's month is over, to the second, the job waits even if there is room",
    "does not store the end of a scope",
    tables((base) => ({
      putJob(job) {
        base.putJob({ ...job, scopes: job.scopes.map((scope) => ({ ...scope, until: null })) });
      },
    })),
  ],
  [
    "retry: when the scope's month is over, to the second, the job waits even if there is room",
    "ends a scope one second late",
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
    "retry: if it is approved in a new month it counts there, and the old attempt is corrected in its old month",
    "keeps the scopes of the first approval",
    methods((store) => {
      const first = new Map<string, readonly ScopeCap[]>();
      return {
        submit(job) {
          if (job.approved?.scopes) first.set(job.jobId, job.approved.scopes);
          return store.submit(job);
        },
        approve: (jobId, approval, { scopes } = {}) =>
          store.approve(jobId, approval, { scopes: first.get(jobId) ?? scopes }),
      };
    }),
  ],
  [
    "retry: uses the scopes and caps of its approval, whatever caps other requests have",
    "assumes that an approved job always has room",
    tables((base) => ({
      putJob(job) {
        base.putJob({ ...job, scopes: job.scopes.map((scope) => ({ ...scope, cap: micro(MOST) })) });
      },
    })),
  ],
  [
    "retry: waits under a lowered pinned cap, and is admitted under a raised one",
    "uses the approval's cap instead of the pinned one",
    tables(unpinned),
  ],
  [
    "retry: a paid job waits for retryAfterSeconds, and its hold is made at once",
    "retries paid jobs at once",
    operations((engine) => ({ fail: (failure) => engine.fail({ ...failure, retryAfterSeconds: 0 }) })),
  ],
];

export const brokenZombies: readonly Broken[] = [
  [
    "zombie: it and the next attempt both spend their whole estimates, and holds cover both",
    "releases the hold of a lost attempt",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId, attempt } of answer.attempts) correct(base, jobId, attempt, 0n);
        return answer;
      },
    })),
  ],
  [
    "zombie: its late report corrects its own attempt, once, and not the next attempt",
    "corrects a charge more than once",
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
    "zombie: its late report corrects its own attempt, once, and not the next attempt",
    "books the cost on the running attempt",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: ofHolder(base, completion.lease) }),
    })),
  ],
  [
    "zombie: its report after the end of the job corrects its own charge, and the result stays",
    "stores the error of a late report",
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
    "zombie: a cost above its estimate is booked in full, and counted by the next admission",
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
    "zombie: a report with an unknown token corrects nothing",
    "identifies an attempt by its number instead of its token",
    operations((engine, base) => ({
      complete: (completion) => engine.complete({ ...completion, lease: byNumber(base, completion.lease) }),
    })),
  ],
];
