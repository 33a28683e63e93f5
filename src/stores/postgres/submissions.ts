import { ensureSameJob, isFree, jobConflict } from "../../dispatch/job-request.ts";
import type { SubmitOutcome } from "../../dispatch/outcomes.ts";
import { outcome } from "../../money/outcome.ts";
import { scopesToJson, tagsToJson } from "../engine/codec.ts";
import type { QueueOperations, Submission } from "../operations.ts";
import {
  bodyOf,
  capConflict,
  type JobAnswer,
  type PinnedAnswer,
  type RefusedAnswer,
  refusedOf,
} from "./answers.ts";
import { allOrNothing, answerAt, type Calls, type Item, jsonb } from "./calls.ts";
import { Undone } from "./client.ts";
import { scopeColumns, ScopeLists } from "./scope-lists.ts";

/** What the store's function answers about a submission. */
type SubmitAnswer =
  | PinnedAnswer
  | RefusedAnswer
  | { readonly kind: "queued" | "awaiting_approval" }
  | { readonly kind: "known"; readonly job: JobAnswer & { readonly pruned: boolean } };

/** What undid a batch. */
type Conflict =
  PinnedAnswer | { readonly kind: "other"; readonly jobId: string; readonly fields: readonly string[] };

/** Submissions. */
export function submissionOperations(calls: Calls): Pick<QueueOperations, "submit" | "submitMany"> {
  return {
    async submit(submission) {
      const answer = await calls.together<Submission, SubmitAnswer>(
        "submit",
        submission,
        ({ body }) => body.jobId,
        (inputs) => submit(inputs, false),
        ({ body }) => body.payload.length,
      );
      return submitted(answer, submission);
    },

    async submitMany(submissions) {
      const answers = await allOrNothing(() => submit(submissions, true));
      return Object.freeze(
        answers instanceof Undone
          ? // Only the store's function undoes a batch.
            submissions.map((submission) => undone(answers.answer as Conflict, submission))
          : submissions.map((submission, index) => submitted(answerAt(answers, index), submission)),
      );
    },
  };

  function submit(submissions: readonly Submission[], atomic: boolean): Promise<readonly SubmitAnswer[]> {
    const [jobs, approvals] = submissionInputs(submissions);
    return calls.call("submit", jsonb(jobs), jsonb(approvals), calls.time(), calls.by(), [atomic, "boolean"]);
  }
}

/** Jobs, and the approvals that they name by their number: many jobs have the same one. */
function submissionInputs(submissions: readonly Submission[]): readonly [readonly Item[], readonly object[]] {
  const approvals = new ScopeLists();
  const jobs = submissions.map(({ body, terms, approved }) => {
    const { jobId, lane, payload, backend, maxAttempts, priority, runAt } = body;
    const maxCost = String(body.maxCost);
    const job = {
      jobId,
      lane,
      payload,
      backend,
      maxCost,
      maxAttempts,
      priority,
      runAt,
      more: moreOf(body, terms),
    };
    if (approved === null) return job;
    // Free work holds no money, so it locks no scope.
    const held = isFree(body) ? { ...approved, scopes: [] } : approved;
    return { ...job, approval: approvals.add(approvalColumns(held), body.maxCost) };
  });
  return [jobs, approvals.all];
}

function approvalColumns(approved: Submission["approved"]): object {
  return {
    decision: approved ? JSON.stringify(approved.approval) : null,
    ...scopeColumns(approved?.scopes ?? []),
  };
}

/** The fields that few jobs have; left out if there are none. */
function moreOf(
  { scopes, requestedBy, maxRunSeconds }: Submission["body"],
  { askedScopes, tags, decideBy, claimBy }: Submission["terms"],
): object | undefined {
  const more = {
    askedScopes: askedScopes && scopesToJson(askedScopes),
    scopes,
    requestedBy,
    tags: tagsToJson(tags),
    decideBy,
    claimBy,
    maxRunSeconds,
  };
  return Object.values(more).every((field) => field === null) ? undefined : more;
}

function submitted(answer: SubmitAnswer, { body }: Submission): SubmitOutcome {
  switch (answer.kind) {
    case "pinned":
      throw capConflict(answer);
    case "refused":
      return refusedOf(answer);
    case "known":
      if (!answer.job.pruned) ensureSameJob(bodyOf(answer.job), body);
      return outcome({ kind: "exists", state: answer.job.state });
    default:
      return outcome({ kind: answer.kind });
  }
}

/** Throws the conflict that undid a batch, for a submission that caused it. */
function undone(conflict: Conflict, submission: Submission): SubmitOutcome {
  if (conflict.kind === "other") throw jobConflict(conflict.jobId, conflict.fields);
  if (!causes(submission, conflict)) return outcome({ kind: "queued" });
  return submitted(conflict, submission);
}

/** Whether a pinned cap refuses a submission; others of the batch may name the scope with the right cap. */
function causes({ body, approved }: Submission, { scope, pinned }: PinnedAnswer): boolean {
  const asked = isFree(body) ? undefined : approved?.scopes.find((each) => each.scope === scope);
  if (asked === undefined) return false;
  return pinned === null ? asked.cap === null : asked.cap !== null && asked.cap !== BigInt(pinned);
}
