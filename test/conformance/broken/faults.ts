import { DispatchError, type HoldOutcome } from "dispatch-kit";
import { type Broken, correct, methods, operations, tables } from "./table.ts";

const HELD: HoldOutcome = { kind: "held" };

export const brokenFaults: readonly Broken[] = [
  [
    "cut before the commit: hold, extend, settle, release, expire: it throws, nothing is done, and a repeat does it",
    "answers without a value when its connection is lost",
    { cutError: () => null },
  ],
  [
    "cut before the commit: submit, approve, reject, cancel: it throws, nothing is done, and a repeat does it",
    "reports a lost connection as an unknown job",
    { cutError: () => new DispatchError("job_unknown", "there is no such job") },
  ],
  [
    "cut before the commit: renew, fail, complete, recoverStale: it throws, nothing is done, and a repeat does it",
    "throws the client's own error",
    { cutError: () => new Error("read ECONNRESET") },
  ],
  [
    "cut before the commit: submitMany, completeMany: it throws, nothing is done, and a repeat does it",
    "reports a lost connection as a wrong value",
    { cutError: () => new RangeError("out of range") },
  ],
  [
    "cut before the commit: claim, claimMany: it throws, nothing is claimed, and a repeat claims the job",
    "reports a lost connection as an empty queue",
    { cutError: () => null },
  ],
  [
    "cut after the commit: hold, extend, settle, release, expire: it throws, it is done once, and a repeat says so",
    "admits a repeat, because the first answer was lost",
    methods((store) => ({
      async hold(request) {
        const answer = await store.hold(request);
        return answer.kind === "exists" ? HELD : answer;
      },
    })),
  ],
  [
    "cut after the commit: submit, approve, reject, cancel: it throws, it is done once, and a repeat says so",
    "cancels a job that has ended",
    methods((store) => ({
      async cancel(jobId, by) {
        const answer = await store.cancel(jobId, by);
        const booked = (await store.getHold(`job:${jobId}#1`))?.booked;
        if (answer.kind === "cancelled" || booked === undefined) return answer;
        return { kind: "cancelled", state: "failed", booked };
      },
    })),
  ],
  [
    "cut after the commit: renew, fail, complete, recoverStale: it throws, it is done once, and a repeat says so",
    "forgets the token of an attempt that failed",
    methods((store) => {
      const done = new Set<string>();
      return {
        async fail(lease, error, options) {
          if (done.has(lease.token)) return { kind: "stale", corrected: false };
          done.add(lease.token);
          return store.fail(lease, error, options);
        },
      };
    }),
  ],
  [
    "cut after the commit: submitMany, completeMany: it throws, it is done once, and a repeat says so",
    "forgets the tokens of a completed batch",
    methods((store) => {
      const done = new Set<string>();
      return {
        async completeMany(completions) {
          const isDone = completions.every(({ lease }) => done.has(lease.token));
          for (const { lease } of completions) done.add(lease.token);
          if (isDone) return completions.map(() => ({ kind: "stale", corrected: false }));
          return store.completeMany(completions);
        },
      };
    }),
  ],
  [
    "cut after the commit: claim, claimMany: it throws, and recovery charges the attempt, which no worker runs",
    "assumes that an attempt without a report never ran",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId, attempt } of answer.attempts) correct(base, jobId, attempt, 0n);
        return answer;
      },
    })),
  ],
  [
    "cut before the commit: pinCap, approve, give back, cancel, retry, correct: it throws, nothing is done, and a repeat does it",
    "throws the client's own error",
    { cutError: () => new Error("read ECONNRESET") },
  ],
  [
    "cut after the commit: pinCap, approve, give back, cancel, retry, correct: it throws, it is done once, and a repeat says so",
    "remembers no decisions",
    tables(() => ({ decision: () => null })),
  ],
];
