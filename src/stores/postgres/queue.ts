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
import type { Submission } from "../engine/queue.ts";
import type { Operations, Pruned } from "../operations.ts";
import { allOrNothing, at, type Calls, type Item, items } from "./calls.ts";
import { Undone } from "./client.ts";
import { bodyOf, type JobAnswer, refusedOf, shownOf } from "./rows.ts";
import { columns, pinned, type Pinned, Places, type Refusal } from "./terms.ts";

interface NotWaiting {
  readonly kind: "not_waiting";
  readonly state: JobState;
}
type SubmitAnswered =
  | Pinned
  | Refusal
  | { readonly kind: "queued" | "awaiting_approval" }
  | { readonly kind: "known"; readonly job: JobAnswer & { readonly pruned: boolean } };

export type QueueOperations = Pick<
  Operations,
  "submit" | "submitMany" | "approve" | "reject" | "cancel" | "job" | "jobs" | "prune"
>;

/** Submissions, decisions and look-ups. */
export function queueOperations(calls: Calls): QueueOperations {
  return {
    async submit(submission) {
      const answer = await calls.together<Submission, SubmitAnswered>(
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
          : submissions.map((submission, index) => submitted(at(answers, index), submission)),
      );
    },

    async approve(jobId, approved) {
      const input = { jobId, ...approvalColumns(approved) };
      const answer = await calls.grouped<Pinned | Refusal | NotWaiting | { readonly kind: "queued" } | null>(
        "approve",
        input,
      );
      if (answer === null) throw unknownJob(jobId);
      if (answer.kind === "pinned") throw pinned(answer, approved.scopes);
      return answer.kind === "refused" ? refusedOf(answer.lacking) : outcome(answer);
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
      const [job] = await calls.call<[JobAnswer | null]>("job", items([jobId]));
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

  function submit(submissions: readonly Submission[], atomic: boolean): Promise<readonly SubmitAnswered[]> {
    const [jobs, approvals] = submissionInputs(submissions);
    return calls.tried(() =>
      calls.call("submit", items(jobs), items(approvals), calls.time(), [atomic, "boolean"]),
    );
  }
}

function approvalColumns(approved: CheckedApproval | null): object {
  return {
    decision: approved ? JSON.stringify(approved.approval) : null,
    ...columns(approved?.scopes ?? []),
  };
}

/** Jobs, and the approvals that they name by their place: many jobs have the same one. */
function submissionInputs(submissions: readonly Submission[]): readonly [readonly Item[], readonly object[]] {
  const approvals = new Places();
  const jobs = submissions.map(({ body, approved }) => {
    const job = { ...body, maxCost: String(body.maxCost) };
    if (approved === null) return job;
    // Free work holds nothing, so it locks no scope.
    const held = isFree(body) ? { ...approved, scopes: [] } : approved;
    return { ...job, approval: approvals.of(approvalColumns(held), body.maxCost) };
  });
  return [jobs, approvals.list];
}

function submitted(answer: SubmitAnswered, { body, approved }: Submission): SubmitOutcome {
  switch (answer.kind) {
    case "pinned":
      throw pinned(answer, approved?.scopes ?? []);
    case "refused":
      return refusedOf(answer.lacking);
    case "known":
      if (!answer.job.pruned) ensureSameJob(bodyOf(answer.job), body);
      return outcome({ kind: "exists", state: answer.job.state });
    default:
      return outcome({ kind: answer.kind });
  }
}

/** What undid a batch. */
type Conflict =
  Pinned | { readonly kind: "other"; readonly jobId: string; readonly fields: readonly string[] };

/** Throws the conflict that undid a batch, where it belongs. */
function undone(conflict: Conflict, submission: Submission): SubmitOutcome {
  if (conflict.kind === "other") throw jobConflict(conflict.jobId, conflict.fields);
  if (!brings(submission, conflict)) return outcome({ kind: "queued" });
  return submitted(conflict, submission);
}

/** Whether a submission is one that a pinned cap refuses; others of the batch may name the scope and be right. */
function brings({ body, approved }: Submission, { scope, pinned }: Pinned): boolean {
  const asked = isFree(body) ? undefined : approved?.scopes.find((each) => each.scope === scope);
  return asked !== undefined && asked.cap !== BigInt(pinned);
}
