import { type ApproveOutcome, type Decision } from "dispatch-kit";
import type { Decided } from "../../../src/stores/operations.ts";
import { turn } from "../makers.ts";
import { type Broken, methods, operations, tables } from "./table.ts";

const FORGETFUL = tables(() => ({ decision: () => null }));
/** Every decision is the same one, but for its id. */
const any = (decided: Decided): Decided => ({ ...decided, body: "any" });
const timed = (decided: Decided): Decided => ({
  ...decided,
  body: decided.body + String(decided.approval.decidedAt),
});

export const brokenDecisionIds: readonly Broken[] = [
  [
    "decisions: pinCap: a repeat of an id changes nothing, also after another cap was pinned",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: raiseCap, unpinCap: a repeat of an id changes nothing, also after another decision",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: pauseLane, resumeLane: a repeat of an id changes nothing, also after another decision",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: correct: a repeat of an id gets the first answer and moves nothing, also after another correction",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: approve, reject: a repeat of an id gets the first answer, also after the job waits again",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: approve, reject: a repeat of an id gets the first answer, also after the job waits again",
    "remembers a decision as long as the job does not wait",
    methods((store) => ({
      async approve(jobId, approval, options) {
        const isOpen = (await store.job(jobId))?.error?.code === "no_room";
        return store.approve(jobId, isOpen && "approval" in approval ? approval.approval : approval, options);
      },
    })),
  ],
  [
    "decisions: cancel, retry: a repeat of an id gets the first answer, also after another decision",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: an approval that found no room is not remembered: the same id is tried again",
    "remembers a refusal",
    methods((store) => {
      const answers = new Map<unknown, ApproveOutcome>();
      return {
        async approve(jobId, approval, options) {
          const id: unknown = Reflect.get(approval, "id");
          const answer = answers.get(id) ?? (await store.approve(jobId, approval, options));
          answers.set(id, answer);
          return answer;
        },
      };
    }),
  ],
  [
    "decisions: two calls of one id at once get one answer, and decide once",
    "remembers a decision after it was carried out, in another transaction",
    methods((store) => {
      const answers = new Map<string, ApproveOutcome>();
      return {
        async approve(jobId, decision, options) {
          const { id, approval } = decision as Decision;
          const known = answers.get(id);
          if (known) return known;
          await turn();
          const answer = await store.approve(jobId, approval, options);
          answers.set(id, answer);
          return answer;
        },
      };
    }),
  ],
  [
    "decisions: an id with another cap, scope, author, reason or operation is decision_conflict, and changes nothing",
    "compares only the id",
    operations((engine) => ({
      pinCap: (scope, cap, decided) => engine.pinCap(scope, cap, any(decided)),
    })),
  ],
  [
    "decisions: an id with another cap, scope, author, reason or operation is decision_conflict, and changes nothing",
    "compares only ids of one operation, and not those of another",
    operations((engine) => ({
      unpinCap: (scope, decided) => engine.unpinCap(scope, { ...decided, id: `unpin ${String(decided.id)}` }),
    })),
  ],
  [
    "decisions: correct: an id with another amount, hold, author or reason is decision_conflict, and moves nothing",
    "compares only the id",
    operations((engine) => ({
      correct: (holdId, actual, decided) => engine.correct(holdId, actual, any(decided)),
    })),
  ],
  [
    "decisions: approve, reject, cancel: an id with another job, author, reason or operation is decision_conflict",
    "compares only the id",
    operations((engine) => ({
      approve: (jobId, scopes, decided) => engine.approve(jobId, scopes, any(decided)),
    })),
  ],
  [
    "decisions: pauseLane, resumeLane: an id with another lane, reason or operation is decision_conflict",
    "compares only the id",
    operations((engine) => ({
      setLane: (lane, paused, decided) => engine.setLane(lane, paused, any(decided)),
    })),
  ],
  [
    "decisions: the time of a decision is no part of it: a repeat with another one is no conflict",
    "compares the time too",
    operations((engine) => ({ pinCap: (scope, cap, decided) => engine.pinCap(scope, cap, timed(decided)) })),
  ],
  [
    "decisions: the time of a decision is no part of it: a repeat with another one is no conflict",
    "compares the time of an approval too",
    operations((engine) => ({
      approve: (jobId, scopes, decided) => engine.approve(jobId, scopes, timed(decided)),
    })),
  ],
  [
    "decisions: one without an id or an author, or with a malformed id, is refused, and changes nothing",
    "makes up an id where there is none",
    methods((store) => ({
      pinCap: (scope, cap, decision) => store.pinCap(scope, cap, Object.assign({ id: "made up" }, decision)),
    })),
  ],
  [
    "decisions: two retries of one id at once get one answer, and hold once",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: two corrections of one id at once get one answer, and book once",
    "remembers no decisions",
    FORGETFUL,
  ],
  [
    "decisions: retry: an id with another job, count, author, reason or scopes is decision_conflict",
    "compares only the id",
    operations((engine) => ({
      retry: (jobId, after, scopes, decided) => engine.retry(jobId, after, scopes, any(decided)),
    })),
  ],
];
