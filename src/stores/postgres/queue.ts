import { Approval } from "../../approval/approval.ts";
import { prunedJob, scopesMissing, storableText, unknownJob } from "../../dispatch/rules.ts";
import type { CancelOutcome, NotWaiting, PruneOutcome, RetryOutcome } from "../../dispatch/outcomes.ts";
import { DispatchError } from "../../errors.ts";
import { outcome } from "../../money/outcome.ts";
import type { JobState } from "../../dispatch/lifecycle.ts";
import { microCents } from "../../money/micro-cents.ts";
import type { EpochSeconds } from "../../time.ts";
import { scopeTexts } from "../engine/codec.ts";
import { jobSubject, type ShownJob } from "../engine/tables.ts";
import type { Decided, QueueOperations } from "../operations.ts";
import { type Calls, jsonb } from "./calls.ts";
import type { PostgresValue } from "./client.ts";
import {
  capConflict,
  type DecidedAnswer,
  decisionColumns,
  firstAnswer,
  type JobAnswer,
  type PinnedAnswer,
  type RefusedAnswer,
  refusedOf,
  shownOf,
} from "./answers.ts";
import { submissionOperations } from "./submissions.ts";

interface NotWaitingAnswer {
  readonly kind: "not_waiting";
  readonly state: JobState;
  readonly approval: Approval | null;
}
interface ExpiredAnswer {
  readonly kind: "expired";
  readonly deadline: EpochSeconds;
}
/** What queues a job once more, or why it does not. */
type QueuedAnswer =
  PinnedAnswer | RefusedAnswer | { readonly kind: "queued" } | { readonly kind: "no_scopes" };

/** Submissions, decisions and look-ups. */
export function queueOperations(calls: Calls): QueueOperations {
  return {
    ...submissionOperations(calls),

    async approve(jobId, scopes, decided) {
      const answer = await decision<QueuedAnswer | ExpiredAnswer | NotWaitingAnswer | null>(
        "approve",
        jobId,
        decided,
        { scopes: scopes && scopeTexts(scopes) },
      );
      if (answer === null) throw unknownJob(jobId);
      if (answer.kind === "not_waiting") return notWaiting(answer);
      return answer.kind === "expired" ? outcome(answer) : queued(answer, jobId);
    },

    async reject(jobId, decided) {
      const answer = await decision<NotWaitingAnswer | { readonly kind: "rejected" } | null>(
        "reject",
        jobId,
        decided,
        { error: errorJson("rejected", decided) },
      );
      if (answer === null) throw unknownJob(jobId);
      return answer.kind === "not_waiting" ? notWaiting(answer) : outcome(answer);
    },

    async cancel(jobId, decided) {
      type Cancelled = Extract<CancelOutcome, { kind: "cancelled" }>;
      const answer = await decision<
        | (Omit<Cancelled, "booked"> & { readonly booked: string })
        | { readonly kind: "ended"; readonly state: JobState }
        | null
      >("cancel", jobId, decided, { error: errorJson("cancelled", decided) });
      if (answer === null) throw unknownJob(jobId);
      return answer.kind === "ended"
        ? outcome(answer)
        : outcome({ ...answer, booked: microCents(answer.booked) });
    },

    async retry(jobId, after, scopes, decided) {
      type Answer =
        QueuedAnswer | Extract<RetryOutcome, { kind: "moved_on" }> | { readonly kind: "pruned" } | null;
      const input = {
        jobId,
        after,
        scopes: scopes && scopeTexts(scopes),
        subject: jobSubject(jobId),
        ...decisionColumns(decided),
      };
      const [answered] = await calls.call<readonly [Answer | DecidedAnswer<Answer>]>(
        "retry",
        jsonb(input),
        calls.time(),
        calls.by(),
      );
      const answer = firstAnswer(answered, decided);
      if (answer === null) throw unknownJob(jobId);
      if (answer.kind === "pruned") throw prunedJob(jobId);
      return answer.kind === "moved_on" ? outcome(answer) : queued(answer, jobId);
    },

    async setLane(lane, paused, decided) {
      const input = { lane, paused, ...decisionColumns(decided) };
      const [answer] = await calls.call<readonly [{ readonly kind: "done" }]>(
        "set_lane",
        jsonb(input),
        calls.time(),
        calls.by(),
      );
      firstAnswer(answer, decided);
    },

    async lanes() {
      const lanes = await calls.call<readonly { lane: string; paused: boolean; approval: string }[]>("lanes");
      return Object.freeze(
        lanes.map(({ lane, paused, approval }) => {
          // Only the store's functions write it.
          return Object.freeze({ lane, paused, approval: new Approval(JSON.parse(approval) as Approval) });
        }),
      );
    },

    async id() {
      const [id] = await calls.call<readonly string[]>("id");
      if (id === undefined) throw new DispatchError("store_failed", "PostgreSQL: the store has no id");
      return id;
    },

    async job(jobId) {
      const [job] = await calls.call<[JobAnswer | null]>("job", jsonb([jobId]));
      return job === null || job.pruned ? null : shownOf(job);
    },

    async jobs({ state, lane, limit, after }) {
      const found: ShownJob[] = [];
      let [last, isCut] = [after, true];
      while (isCut && found.length < limit) {
        const [cut, jobs] = await calls.call<readonly [boolean, readonly (JobAnswer | null)[]]>(
          "jobs",
          [state, "text"],
          [lane, "text"],
          [limit - found.length, "bigint"],
          [last, "text"],
        );
        for (const job of jobs) {
          if (job === null) throw unknownJob(last ?? "");
          found.push(shownOf(job));
          last = job.jobId;
        }
        isCut = cut;
      }
      return found;
    },

    prune(before, limit) {
      return sweep("prune", [before, "float8"], [limit, "bigint"]);
    },

    forget(before, limit) {
      return sweep("forget", [before, "float8"], [limit, "bigint"], calls.time(), calls.by());
    },
  };

  async function sweep(
    name: string,
    ...parameters: readonly (readonly [PostgresValue, string])[]
  ): Promise<PruneOutcome> {
    const [swept] = await calls.call<[PruneOutcome]>(name, ...parameters);
    return Object.freeze(swept);
  }

  /** Carries out a decision about a job, and returns its answer, or the first one if it repeats one. */
  async function decision<Answer extends { readonly kind: string } | null>(
    name: string,
    jobId: string,
    decided: Decided,
    more: object,
  ): Promise<Answer> {
    const input = { jobId, subject: jobSubject(jobId), ...decisionColumns(decided), ...more };
    return firstAnswer(await calls.grouped<Answer | DecidedAnswer<Answer>>(name, input, calls.by()), decided);
  }
}

/** The error of a job that a person has ended. */
function errorJson(code: "cancelled" | "rejected", { approval }: Decided): string {
  return JSON.stringify({ code, message: storableText(approval.reason) });
}

function queued(
  answer: QueuedAnswer,
  jobId: string,
): { readonly kind: "queued" } | ReturnType<typeof refusedOf> {
  switch (answer.kind) {
    case "no_scopes":
      throw scopesMissing(jobId);
    case "pinned":
      throw capConflict(answer);
    case "refused":
      return refusedOf(answer);
    case "queued":
      return outcome(answer);
  }
}

function notWaiting({ kind, state, approval }: NotWaitingAnswer): NotWaiting {
  return outcome({ kind, state, approval: approval && new Approval(approval) });
}
