import { Approval, ApprovalOutcome, JobState } from "dispatch-kit";
import type { Submission } from "../../../src/stores/operations.ts";
import { YES } from "../../stores/memory/support.ts";
import { type Broken, methods, operations } from "./table.ts";

/** The same submission, with another time in its decision. */
function dated(submission: Submission, time: (given: string | null) => string): Submission {
  const { approved } = submission;
  if (approved === null) return submission;
  const decidedAt = time(approved.approval.decidedAt);
  return { ...submission, approved: { ...approved, approval: { ...approved.approval, decidedAt } } };
}

export const brokenDecisions: readonly Broken[] = [
  [
    "jobs: a plain decision becomes an approval; without its own time it gets the store's time",
    "uses the clock of the process",
    operations((engine) => ({
      submit: (submission) => engine.submit(dated(submission, () => new Date().toISOString())),
    })),
  ],
  [
    "jobs: a plain decision becomes an approval; without its own time it gets the store's time",
    "gives decisions of a batch the time 0",
    operations((engine) => ({
      submitMany: (submissions) =>
        engine.submitMany(submissions.map((each) => dated(each, () => "1970-01-01T00:00:00.000Z"))),
    })),
  ],
  [
    "jobs: a plain decision becomes an approval; without its own time it gets the store's time",
    "reads every plain decision as approved",
    operations((engine) => ({
      reject: (jobId, decision) =>
        engine.reject(jobId, {
          ...decision,
          approval: { ...decision.approval, outcome: ApprovalOutcome.APPROVED },
        }),
    })),
  ],
  [
    "jobs: a plain decision becomes an approval; without its own time it gets the store's time",
    "sets the time of a decision when it is read",
    methods((store, clock) => ({
      async job(jobId) {
        const job = await store.job(jobId);
        const decidedAt = new Date(clock() * 1000);
        return job && { ...job, approval: job.approval && new Approval({ ...job.approval, decidedAt }) };
      },
    })),
  ],
  [
    "jobs: the time of a decision is kept: text as it was given, a Date as UTC text",
    "converts every time to UTC with milliseconds",
    operations((engine) => ({
      submit: (submission) => engine.submit(dated(submission, (at) => new Date(at ?? 0).toISOString())),
    })),
  ],
  [
    "jobs: the time of a decision is kept: text as it was given, a Date as UTC text",
    "cuts a Date to whole seconds",
    methods((store) => ({
      approve: (jobId, approval, options) => {
        if ("approval" in approval) return store.approve(jobId, approval, options);
        const { decidedAt } = approval;
        const at =
          decidedAt instanceof Date ? new Date(Math.floor(decidedAt.getTime() / 1000) * 1000) : decidedAt;
        return store.approve(jobId, { ...approval, decidedAt: at }, options);
      },
    })),
  ],
  [
    "jobs: the time of a decision is kept: text as it was given, a Date as UTC text",
    "replaces the time of every rejection",
    operations((engine) => ({
      reject: (jobId, decision) =>
        engine.reject(jobId, { ...decision, approval: { ...decision.approval, decidedAt: null } }),
    })),
  ],
  [
    "jobs: a plain decision with another outcome, or without author and reason, is refused, and the job still waits",
    "accepts a decision without an author",
    methods((store) => ({
      approve: (jobId, approval, options) =>
        store.approve(jobId, Object.assign({ author: "somebody" }, approval), options),
    })),
  ],
  [
    "jobs: a plain decision with another outcome, or without author and reason, is refused, and the job still waits",
    "accepts an approval as a rejection",
    methods((store) => ({
      reject(jobId, approval) {
        const isOther = "outcome" in approval && approval.outcome === "approved";
        return store.reject(jobId, isOther ? { ...approval, outcome: "rejected" } : approval);
      },
    })),
  ],
  [
    "jobs: a plain decision with another outcome, or without author and reason, is refused, and the job still waits",
    "accepts any value as an approval",
    methods((store) => ({
      submit(job) {
        const approved = job.approved && { ...job.approved, approval: YES };
        return store.submit({ ...job, approved });
      },
    })),
  ],
  [
    "jobs: a clone of an approval, or a copy through JSON, is read by its fields",
    "accepts only instances of its own class, and leaves the job waiting",
    methods((store) => ({
      async approve(jobId, approval, options) {
        if (approval instanceof Approval) return store.approve(jobId, approval, options);
        return { kind: "not_waiting", state: JobState.AWAITING_APPROVAL, approval: null };
      },
    })),
  ],
];
