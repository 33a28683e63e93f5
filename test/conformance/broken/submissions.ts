import { DispatchError, JobState } from "dispatch-kit";
import { jobOfHold } from "../../../src/budget/hold-request.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods, tables } from "./table.ts";

export const brokenSubmissions: readonly Broken[] = [
  [
    "submit: its scopes are those of an approval that names none, also of one that comes with it, and of the retries",
    "needs scopes in every approval",
    methods((store) => ({
      async approve(jobId, approval, options) {
        if (!options?.scopes) throw new RangeError("approve: scopes must be given");
        return store.approve(jobId, approval, options);
      },
    })),
  ],
  [
    "submit: an approval may name other scopes than the submission; without any it is a RangeError",
    "keeps the scopes of the submission",
    methods((store) => {
      const asked = new Set<string>();
      return {
        submit(job) {
          if (job.scopes) asked.add(job.jobId);
          return store.submit(job);
        },
        approve: (jobId, approval, options) =>
          store.approve(jobId, approval, asked.has(jobId) ? {} : options),
      };
    }),
  ],
  [
    "submit: the names of its scopes are a part of the job's body; their order, caps and ends are not",
    "does not compare them",
    methods((store) => ({
      submit: (job) => orElse(store.submit(job), { kind: "exists", state: JobState.AWAITING_APPROVAL }),
    })),
  ],
  [
    "submit: the names of its scopes are a part of the job's body; their order, caps and ends are not",
    "compares their caps too",
    methods((store) => {
      const known = new Map<string, string>();
      return {
        async submit(job) {
          const text = String(job.scopes?.map(({ cap }) => cap));
          if ((known.get(job.jobId) ?? text) !== text) throw new DispatchError("job_conflict", "another");
          known.set(job.jobId, text);
          return store.submit(job);
        },
      };
    }),
  ],
  [
    "approve: scopes of the submission that are over refuse, and newer ones are taken",
    "does not store the end of a scope",
    tables((base) => ({
      putJob(job) {
        const askedScopes = job.terms.askedScopes?.map((scope) => ({ ...scope, until: null })) ?? null;
        base.putJob({ ...job, terms: { ...job.terms, askedScopes } });
      },
    })),
  ],
  [
    "tags: those of a job are shown with it and with each of its holds, those of a hold with the hold",
    "gives its tags to no hold of a job",
    tables((base) => ({
      putHold: (hold) => {
        base.putHold(jobOfHold(hold.holdId) === null ? hold : { ...hold, tags: {} });
      },
    })),
  ],
  [
    "tags: they are no part of a body; requestedBy is one of a job's, and is shown with it",
    "compares them too",
    methods((store) => {
      const known = new Map<string, string>();
      return {
        async submit(job) {
          const text = JSON.stringify(job.tags);
          if ((known.get(job.jobId) ?? text) !== text) throw new DispatchError("job_conflict", "another");
          known.set(job.jobId, text);
          return store.submit(job);
        },
      };
    }),
  ],
  [
    "tags: they are no part of a body; requestedBy is one of a job's, and is shown with it",
    "does not compare who asked",
    methods((store) => ({
      submit: (job) => orElse(store.submit(job), { kind: "exists", state: JobState.PENDING }),
    })),
  ],
  [
    "tags: at most 16, of names and values that are text of 1 to 200 code units, else they are refused",
    "keeps the first 16",
    methods((store) => ({
      hold({ tags = {}, ...request }) {
        return store.hold({ ...request, tags: Object.fromEntries(Object.entries(tags).slice(0, 16)) });
      },
    })),
  ],
  [
    "prune: deletes the tags of a closed hold, and keeps those of an open one",
    "keeps the tags",
    tables((base) => ({
      putHold(hold) {
        base.putHold(hold.pruned ? { ...hold, tags: base.hold(hold.holdId)?.tags ?? {} } : hold);
      },
    })),
  ],
];
