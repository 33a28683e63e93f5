import { DispatchError, type HoldOutcome } from "dispatch-kit";
import { type Broken, correct, methods, operations } from "./table.ts";

const HELD: HoldOutcome = { kind: "held" };

export const brokenFaults: readonly Broken[] = [
  [
    "cut before the commit: hold, extend, settle, release, expire: thrown, nothing was done, and a repeat does it",
    "answers nothing when its connection is lost",
    { cutError: () => null },
  ],
  [
    "cut before the commit: submit, approve, reject, cancel: thrown, nothing was done, and a repeat does it",
    "takes a lost connection for a job that there is not",
    { cutError: () => new DispatchError("job_unknown", "there is no such job") },
  ],
  [
    "cut before the commit: renew, fail, complete, recoverStale: thrown, nothing was done, and a repeat does it",
    "throws what its client threw",
    { cutError: () => new Error("read ECONNRESET") },
  ],
  [
    "cut before the commit: submitMany, completeMany: thrown, nothing was done, and a repeat does it",
    "takes a lost connection for a wrong value",
    { cutError: () => new RangeError("out of range") },
  ],
  [
    "cut before the commit: claim, claimMany: thrown, nothing was claimed, and a repeat claims it",
    "takes a lost connection for an empty queue",
    { cutError: () => null },
  ],
  [
    "cut after the commit: hold, extend, settle, release, expire: thrown, it was done once, and a repeat says so",
    "admits a repeat, since its caller has heard nothing yet",
    methods((store) => ({
      async hold(request) {
        const answer = await store.hold(request);
        return answer.kind === "exists" ? HELD : answer;
      },
    })),
  ],
  [
    "cut after the commit: submit, approve, reject, cancel: thrown, it was done once, and a repeat says so",
    "cancels again what has ended",
    methods((store) => ({
      async cancel(jobId) {
        const answer = await store.cancel(jobId);
        const booked = (await store.getHold(`job:${jobId}#1`))?.booked;
        if (answer.kind === "cancelled" || booked === undefined) return answer;
        return { kind: "cancelled", state: "failed", booked };
      },
    })),
  ],
  [
    "cut after the commit: renew, fail, complete, recoverStale: thrown, it was done once, and a repeat says so",
    "forgets the token of an attempt that failed",
    methods((store) => {
      const done = new Set<string>();
      return {
        async fail(lease, error, options) {
          if (done.has(lease.token)) return { kind: "stale" };
          done.add(lease.token);
          return store.fail(lease, error, options);
        },
      };
    }),
  ],
  [
    "cut after the commit: submitMany, completeMany: thrown, it was done once, and a repeat says so",
    "forgets the tokens of a batch that is done",
    methods((store) => {
      const done = new Set<string>();
      return {
        async completeMany(completions) {
          const isDone = completions.every(({ lease }) => done.has(lease.token));
          for (const { lease } of completions) done.add(lease.token);
          if (isDone) return completions.map(() => ({ kind: "stale" }));
          return store.completeMany(completions);
        },
      };
    }),
  ],
  [
    "cut after the commit: claim, claimMany: thrown, and recovery charges the attempt that nobody knows of",
    "takes it that nothing ran for which no worker reports",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId, attempt } of answer.attempts) correct(base, jobId, attempt, 0n);
        return answer;
      },
    })),
  ],
];
