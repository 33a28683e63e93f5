import { DispatchError, epochSeconds } from "dispatch-kit";
import { jobHoldId } from "dispatch-kit/rules";
import type { Tables } from "../../../src/stores/engine/tables.ts";
import { type Broken, methods, operations, spend, tables } from "./table.ts";

/** Tables whose decisions are all gone. */
const EMPTIED = new WeakSet<Tables>();

export const brokenForgets: readonly Broken[] = [
  [
    "prune: takes at most its limit of jobs and of callers' holds, and says whether there is more",
    "prunes all at once",
    methods((store) => ({ prune: ({ before }) => store.prune({ before }) })),
  ],
  [
    "prune: takes at most its limit of jobs and of callers' holds, and says whether there is more",
    "counts the holds of jobs too",
    methods((store) => ({
      async prune(options) {
        const { jobs, holds, more } = await store.prune(options);
        return { jobs, holds: holds + jobs, more };
      },
    })),
  ],
  [
    "forget: takes at most its limit, pruned ones too, and says whether there is more; at the instant itself none",
    "does not find what was pruned",
    tables((base) => ({ endedJobs: (before, limit) => base.endedJobs(before, limit, false) })),
  ],
  [
    "forget: an ended job goes with all its holds, its scopes keep what they have booked, and its id is new",
    "leaves the holds",
    tables(() => ({ deleteHold: () => undefined })),
  ],
  [
    "forget: an ended job goes with all its holds, its scopes keep what they have booked, and its id is new",
    "forgets what the job has cost",
    operations((engine, base) => ({
      forget(before, limit) {
        for (const { body, holds, scopes } of base.endedJobs(before, limit, true)) {
          for (let n = 1; n <= holds; n++) {
            spend(base, scopes, 0n - (base.hold(jobHoldId(body.jobId, n))?.booked ?? 0n));
          }
        }
        return engine.forget(before, limit);
      },
    })),
  ],
  [
    "forget: keeps open holds, jobs that have not ended, and what ended later",
    "forgets what has ended at the instant too",
    methods((store) => ({
      forget: ({ before }) => store.forget({ before: epochSeconds(Number(before) + 1) }),
    })),
  ],
  [
    "forget: a late report about a forgotten job is stale and moves nothing, also when its id is a new job's",
    "throws for an unknown job",
    methods((store) => ({
      async complete(lease, result, options) {
        if (await store.job(lease.jobId)) return store.complete(lease, result, options);
        throw new DispatchError("job_unknown", "there is no such job");
      },
    })),
  ],
  [
    "forget: decisions about what it drops go too, their ids are new; decisions about caps stay",
    "keeps all decisions",
    tables(() => ({ deleteDecisions: () => undefined })),
  ],
  [
    "forget: decisions about what it drops go too, their ids are new; decisions about caps stay",
    "forgets all decisions",
    tables((base) => ({
      decision: (id) => (EMPTIED.has(base) ? null : base.decision(id)),
      deleteDecisions: () => void EMPTIED.add(base),
    })),
  ],
  [
    "forget: only what has ended before the instant: what runs and waits is claimed as before",
    "forgets what waits, too",
    tables((base) => ({
      endedJobs: (_, limit) => base.jobs({ state: null, lane: null, limit, after: null }),
    })),
  ],
];
