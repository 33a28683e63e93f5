import { type CompleteOutcome, JobState } from "dispatch-kit";
import { orElse } from "../makers.ts";
import { type Broken, methods, operations, tables } from "./table.ts";

const STALE: CompleteOutcome = { kind: "stale", corrected: false };
const A_DAY = 86_400;

export const brokenLeaseLengths: readonly Broken[] = [
  [
    "leases: one with its own length is recovered at that length, whatever the ttlSeconds of who recovers",
    "goes by the ttlSeconds of who recovers",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, leaseSeconds: null });
      },
    })),
  ],
  [
    "leases: one with its own length is recovered at that length, whatever the ttlSeconds of who recovers",
    "goes by the shorter of the two",
    tables((base) => ({
      lost(now, ttl, limit) {
        const running = base.jobs({ state: JobState.RUNNING, lane: null, limit: 100, after: null });
        const age = (leasedAt: number, length: number | null) =>
          now - leasedAt >= Math.min(ttl, length ?? ttl);
        return running.filter(({ leasedAt, leaseSeconds }) => age(leasedAt, leaseSeconds)).slice(0, limit);
      },
    })),
  ],
  [
    "leases: a renewal keeps the length, and the next claim has its own or none",
    "forgets the length at a renewal",
    operations((engine, base) => ({
      async renew(lease) {
        const isRenewed = await engine.renew(lease);
        const job = base.job(lease.jobId);
        if (job) base.putJob({ ...job, leaseSeconds: null });
        return isRenewed;
      },
    })),
  ],
  [
    "leases: a renewal keeps the length, and the next claim has its own or none",
    "keeps the length for the next claim",
    tables((base) => ({
      putJob(job) {
        const leaseSeconds = job.leaseSeconds ?? base.job(job.body.jobId)?.leaseSeconds ?? null;
        base.putJob({ ...job, leaseSeconds });
      },
    })),
  ],
  [
    "leases: a length that is not above 0, or above a day, is a RangeError, and nothing is claimed",
    "cuts a length that is too long",
    methods((store) => ({
      claim(lanes, { leaseSeconds = A_DAY, ...options } = {}) {
        return store.claim(lanes, { ...options, leaseSeconds: Math.min(leaseSeconds, A_DAY) });
      },
    })),
  ],
  [
    "leases: the by of a claim is shown as leasedBy while the job runs, and not after it",
    "shows who ran it last",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, leasedBy: job.leasedBy ?? base.job(job.body.jobId)?.leasedBy ?? null });
      },
    })),
  ],
  [
    "run limit: at its second nothing renews, and recovery takes the attempt, charged in full, as timed_out",
    "renews without end",
    tables((base) => ({
      putJob: (job) => {
        base.putJob({ ...job, runUntil: null });
      },
    })),
  ],
  [
    "run limit: at its second nothing renews, and recovery takes the attempt, charged in full, as timed_out",
    "ends the job, though attempts are left",
    operations((engine) => ({
      recoverStale: (options) => engine.recoverStale({ ...options, maxAttempts: 1 }),
    })),
  ],
  [
    "run limit: it ends a run whose lease is longer, and a shorter lease ends before it",
    "waits for the end of the lease",
    tables((base) => ({
      lost: (now, ttl, limit) =>
        base
          .lost(now, ttl, limit)
          .filter(({ leasedAt, leaseSeconds }) => now - leasedAt >= (leaseSeconds ?? ttl)),
    })),
  ],
  [
    "run limit: a result after it is accepted as long as the attempt was not recovered",
    "refuses a result after it",
    methods((store, clock) => ({
      async complete(lease, result, options) {
        const most = (await store.job(lease.jobId))?.maxRunSeconds ?? Infinity;
        return clock() - lease.leasedAt >= most ? STALE : store.complete(lease, result, options);
      },
    })),
  ],
  [
    "run limit: it is stored and returned, is a part of the job's body, and must be above 0",
    "does not compare it",
    methods((store) => ({
      submit: (job) => orElse(store.submit(job), { kind: "exists", state: JobState.PENDING }),
    })),
  ],
];
