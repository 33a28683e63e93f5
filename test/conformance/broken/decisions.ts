import { Approval, ApprovalOutcome, JobState } from "dispatch-kit";
import type { Submission } from "../../../src/stores/operations.ts";
import { YES } from "../../stores/memory/support.ts";
import { type Broken, methods, operations } from "./table.ts";

/** The same submission with another time of its decision. */
function dated(submission: Submission, time: (given: string | null) => string): Submission {
  const { approved } = submission;
  if (approved === null) return submission;
  const decidedAt = time(approved.approval.decidedAt);
  return { ...submission, approved: { ...approved, approval: { ...approved.approval, decidedAt } } };
}

export const brokenDecisions: readonly Broken[] = [
  [
    "jobs: a plain decision becomes an approval, by the store's clock if it does not say when",
    "dates a decision by the clock of its process",
    operations((engine) => ({
      submit: (submission) => engine.submit(dated(submission, () => new Date().toISOString())),
    })),
  ],
  [
    "jobs: a plain decision becomes an approval, by the store's clock if it does not say when",
    "dates what is submitted together by nothing",
    operations((engine) => ({
      submitMany: (submissions) =>
        engine.submitMany(submissions.map((each) => dated(each, () => "1970-01-01T00:00:00.000Z"))),
    })),
  ],
  [
    "jobs: a plain decision becomes an approval, by the store's clock if it does not say when",
    "takes the outcome of every plain decision for approved",
    operations((engine) => ({
      reject: (jobId, decision) => engine.reject(jobId, { ...decision, outcome: ApprovalOutcome.APPROVED }),
    })),
  ],
  [
    "jobs: a plain decision becomes an approval, by the store's clock if it does not say when",
    "dates a decision when it is looked at",
    methods((store, clock) => ({
      async job(jobId) {
        const job = await store.job(jobId);
        const decidedAt = new Date(clock() * 1000);
        return job && { ...job, approval: job.approval && new Approval({ ...job.approval, decidedAt }) };
      },
    })),
  ],
  [
    "jobs: the time of a decision stays what it says: text as it was given, a Date in UTC",
    "keeps every time in UTC, to the millisecond",
    operations((engine) => ({
      submit: (submission) => engine.submit(dated(submission, (at) => new Date(at ?? 0).toISOString())),
    })),
  ],
  [
    "jobs: the time of a decision stays what it says: text as it was given, a Date in UTC",
    "keeps whole seconds",
    methods((store) => ({
      approve: (jobId, approval, options) => {
        const { decidedAt } = approval;
        const at =
          decidedAt instanceof Date ? new Date(Math.floor(decidedAt.getTime() / 1000) * 1000) : decidedAt;
        return store.approve(jobId, { ...approval, decidedAt: at }, options);
      },
    })),
  ],
  [
    "jobs: the time of a decision stays what it says: text as it was given, a Date in UTC",
    "dates every rejection itself",
    operations((engine) => ({
      reject: (jobId, decision) => engine.reject(jobId, { ...decision, decidedAt: null }),
    })),
  ],
  [
    "jobs: a plain decision that says another outcome, or not who and why, is refused, and the job goes on waiting",
    "takes a decision of nobody",
    methods((store) => ({
      approve: (jobId, approval, options) =>
        store.approve(jobId, Object.assign({ author: "somebody" }, approval), options),
    })),
  ],
  [
    "jobs: a plain decision that says another outcome, or not who and why, is refused, and the job goes on waiting",
    "rejects by an approval",
    methods((store) => ({
      reject: (jobId, { outcome, ...rest }) =>
        store.reject(jobId, { ...rest, outcome: outcome === "approved" ? "rejected" : outcome }),
    })),
  ],
  [
    "jobs: a plain decision that says another outcome, or not who and why, is refused, and the job goes on waiting",
    "takes whatever it is given for approved",
    methods((store) => ({
      submit(job) {
        const approved = job.approved && { ...job.approved, approval: YES };
        return store.submit({ ...job, approved });
      },
    })),
  ],
  [
    "jobs: a clone of an approval, or one that went through JSON, is taken by its fields",
    "leaves a job waiting for an approval that it has made itself",
    methods((store) => ({
      async approve(jobId, approval, options) {
        if (approval instanceof Approval) return store.approve(jobId, approval, options);
        return { kind: "not_waiting", state: JobState.AWAITING_APPROVAL };
      },
    })),
  ],
];
