import { DispatchError, type EpochSeconds, epochSeconds, type JobState } from "dispatch-kit";
import type { JobRecord, Tables } from "../../../src/stores/engine/tables.ts";
import { type Broken, methods, operations, reserve, tables } from "./table.ts";

const ALL = { state: null, lane: null, limit: 100, after: null };
const WAITING: readonly JobState[] = ["awaiting_approval", "pending", "queued"];

/** Jobs that wait, past a `claimBy` that binds every claim. */
function late(base: Tables, now: EpochSeconds): readonly JobRecord[] {
  return base
    .jobs(ALL)
    .filter(({ state, terms: { claimBy } }) => WAITING.includes(state) && claimBy !== null && claimBy <= now);
}

export const brokenDeadlines: readonly Broken[] = [
  [
    "deadlines: a job that a claim has passed over is offered again after recovery, if the clock was set back",
    "leaves aside for ever what a claim has passed over",
    tables(() => ({ unpark: () => undefined })),
  ],
  [
    "deadlines: decideBy: at its second an approval is expired, and recovery ends the job as rejected",
    "compares with > instead of >=",
    tables((base) => ({
      putJob(job) {
        const { decideBy } = job.terms;
        const then = decideBy === null ? null : epochSeconds(decideBy + 0.001);
        base.putJob({ ...job, terms: { ...job.terms, decideBy: then } });
      },
    })),
  ],
  [
    "deadlines: decideBy: at its second an approval is expired, and recovery ends the job as rejected",
    "ends no job that waits for approval",
    tables((base) => ({
      overdue: (now, limit) => base.overdue(now, limit).filter(({ state }) => state !== "awaiting_approval"),
    })),
  ],
  [
    "deadlines: claimBy: at its second the job is not offered, and recovery ends it as failed and gives its money back",
    "keeps the money of a job that nobody has claimed",
    operations((engine, base) => ({
      async recoverStale(options) {
        const answer = await engine.recoverStale(options);
        for (const { jobId, released } of answer.ended)
          reserve(base, base.job(jobId)?.scopes ?? [], released);
        return answer;
      },
    })),
  ],
  [
    "deadlines: claimBy: at its second the job is not offered, and recovery ends it as failed and gives its money back",
    "offers a job until it is recovered",
    tables((base) => ({
      claimable: (lanes, now) =>
        base.claimable(lanes, now) ?? late(base, now).find(({ state }) => state === "queued") ?? null,
    })),
  ],
  [
    "deadlines: they bind the first decision and the first claim only: what was claimed in time may wait and run again",
    "binds every claim",
    tables((base) => ({ overdue: (now, limit) => late(base, now).slice(0, limit) })),
  ],
  [
    "deadlines: they are stored and returned, and computed anew they are no other body",
    "compares them too",
    methods((store) => {
      const known = new Map<string, string>();
      return {
        async submit(job) {
          const text = JSON.stringify([job.decideBy, job.claimBy]);
          if ((known.get(job.jobId) ?? text) !== text) throw new DispatchError("job_conflict", "another");
          known.set(job.jobId, text);
          return store.submit(job);
        },
      };
    }),
  ],
  [
    "deadlines: a job past its claimBy blocks no other job of its lane, however high its priority",
    "offers nothing while the first job of a lane is past its deadline",
    tables((base) => ({
      claimable: (lanes, now) => (late(base, now).length > 0 ? null : base.claimable(lanes, now)),
    })),
  ],
  [
    "deadlines: a pause of the lane stops none",
    "leaves the jobs of a paused lane alone",
    tables((base) => ({
      overdue: (now, limit) =>
        base.overdue(now, limit).filter(({ body }) => base.offered([body.lane]).length > 0),
    })),
  ],
  [
    "deadlines: a job that a person retries has no claimBy any more",
    "keeps the claimBy of the submission",
    tables((base) => ({
      putJob(job) {
        const claimBy = base.job(job.body.jobId)?.terms.claimBy ?? job.terms.claimBy;
        base.putJob({ ...job, terms: { ...job.terms, claimBy } });
      },
    })),
  ],
  [
    "recoverStale: its limit counts lost attempts and ended jobs together, and so does more",
    "takes its limit of each kind",
    methods((store) => ({
      async recoverStale(options) {
        const one = await store.recoverStale(options);
        const two = await store.recoverStale(options);
        const [attempts, ended] = [
          [...one.attempts, ...two.attempts],
          [...one.ended, ...two.ended],
        ];
        return { attempts, ended, more: two.more };
      },
    })),
  ],
];
