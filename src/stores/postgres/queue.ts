import {
  type CheckedApproval,
  ensureSameJob,
  isFree,
  jobConflict,
  unknownJob,
} from "../../dispatch/rules.ts";
import type { CancelOutcome, SubmitOutcome } from "../../dispatch/contract.ts";
import { outcome } from "../../money/outcome.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { microCents } from "../../money/micro-cents.ts";
import type { Pruned, QueueOperations, Submission } from "../operations.ts";
import { allOrNothing, answerAt, type Calls, type Item, jsonb } from "./calls.ts";
import {
  bodyOf,
  capConflict,
  type JobAnswer,
  type PinnedAnswer,
  type RefusedAnswer,
  refusedOf,
  shownOf,
} from "./answers.ts";
import { Undone } from "./client.ts";
import { scopeColumns, ScopeLists } from "./scope-lists.ts";

interface NotWaiting {
  readonly kind: "not_waiting";
  readonly state: JobState;
}
type SubmitAnswer =
  | PinnedAnswer
  | RefusedAnswer
  | { readonly kind: "queued" | "awaiting_approval" }
  | { readonly kind: "known"; readonly job: JobAnswer & { readonly pruned: boolean } };

/** Submissions, decisions and look-ups. */
export function queueOperations(calls: Calls): QueueOperations {
  return {
    async submit(submission) {
      const answer = await calls.together<Submission, SubmitAnswer>(
        "submit",
        submission,
        ({ body }) => body.jobId,
        (inputs) => submit(inputs, false),
      );
      return submitted(answer, submission);
    },

    async submitMany(submissions) {
      const answers = await allOrNothing(() => submit(submissions, true));
      return Object.freeze(
        answers instanceof Undone
          ? submissions.map((submission) => undone(answers.answer as Conflict, submission))
          : submissions.map((submission, index) => submitted(answerAt(answers, index), submission)),
      );
    },

    async approve(jobId, approved) {
      const input = { jobId, ...approvalColumns(approved) };
      const answer = await calls.grouped<
        PinnedAnswer | RefusedAnswer | NotWaiting | { readonly kind: "queued" } | null
      >("approve", input);
      if (answer === null) throw unknownJob(jobId);
      if (answer.kind === "pinned") throw capConflict(answer, approved.scopes);
      return answer.kind === "refused" ? refusedOf(answer) : outcome(answer);
    },

    async reject(jobId, decision) {
      const error = JSON.stringify({ code: "rejected", message: decision.reason });
      const input = { jobId, decision: JSON.stringify(decision), error };
      const answer = await calls.grouped<NotWaiting | { readonly kind: "rejected" } | null>("reject", input);
      if (answer === null) throw unknownJob(jobId);
      return outcome(answer);
    },

    async cancel(jobId) {
      type Cancelled = Extract<CancelOutcome, { kind: "cancelled" }>;
      const answer = await calls.grouped<
        | (Omit<Cancelled, "booked"> & { readonly booked: string })
        | { readonly kind: "ended"; readonly state: JobState }
        | null
      >("cancel", { jobId });
      if (answer === null) throw unknownJob(jobId);
      return answer.kind === "ended"
        ? outcome(answer)
        : outcome({ ...answer, booked: microCents(answer.booked) });
    },

    async job(jobId) {
      const [job] = await calls.call<[JobAnswer | null]>("job", jsonb([jobId]));
      return job === null || job.pruned ? null : shownOf(job);
    },

    async jobs({ state, lane, limit, after }) {
      const jobs = await calls.call<readonly (JobAnswer | null)[]>(
        "jobs",
        [state, "text"],
        [lane, "text"],
        [limit, "bigint"],
        [after, "text"],
      );
      return jobs.map((job) => {
        if (job === null) throw unknownJob(after ?? "");
        return shownOf(job);
      });
    },

    async prune(before) {
      const [pruned] = await calls.call<[Pruned]>("prune", [before, "float8"]);
      return pruned;
    },
  };

  function submit(submissions: readonly Submission[], atomic: boolean): Promise<readonly SubmitAnswer[]> {
    const [jobs, approvals] = submissionInputs(submissions);
    return calls.tried(() =>
      calls.call("submit", jsonb(jobs), jsonb(approvals), calls.time(), [atomic, "boolean"]),
    );
  }
}

function approvalColumns(approved: CheckedApproval | null): object {
  return {
    decision: approved ? JSON.stringify(approved.approval) : null,
    ...scopeColumns(approved?.scopes ?? []),
  };
}

/** Jobs, and the approvals that they name by their number: many jobs have the same one. */
function submissionInputs(submissions: readonly Submission[]): readonly [readonly Item[], readonly object[]] {
  const approvals = new ScopeLists();
  const jobs = submissions.map(({ body, approved }) => {
    const job = { ...body, maxCost: String(body.maxCost) };
    if (approved === null) return job;
    // Free work holds no money, so it locks no scope.
    const held = isFree(body) ? { ...approved, scopes: [] } : approved;
    return { ...job, approval: approvals.add(approvalColumns(held), body.maxCost) };
  });
  return [jobs, approvals.all];
}

function submitted(answer: SubmitAnswer, { body, approved }: Submission): SubmitOutcome {
  switch (answer.kind) {
    case "pinned":
      throw capConflict(answer, approved?.scopes ?? []);
    case "refused":
      return refusedOf(answer);
    case "known":
      if (!answer.job.pruned) ensureSameJob(bodyOf(answer.job), body);
      return outcome({ kind: "exists", state: answer.job.state });
    default:
      return outcome({ kind: answer.kind });
  }
}

/** What undid a batch. */
type Conflict =
  PinnedAnswer | { readonly kind: "other"; readonly jobId: string; readonly fields: readonly string[] };

/** Throws the conflict that undid a batch, for a submission that caused it. */
function undone(conflict: Conflict, submission: Submission): SubmitOutcome {
  if (conflict.kind === "other") throw jobConflict(conflict.jobId, conflict.fields);
  if (!causes(submission, conflict)) return outcome({ kind: "queued" });
  return submitted(conflict, submission);
}

/** Whether a pinned cap refuses a submission; others of the batch may name the scope with the right cap. */
function causes({ body, approved }: Submission, { scope, pinned }: PinnedAnswer): boolean {
  const asked = isFree(body) ? undefined : approved?.scopes.find((each) => each.scope === scope);
  return asked !== undefined && asked.cap !== BigInt(pinned);
}
