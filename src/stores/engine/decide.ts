import type { Approval } from "../../approval/approval.ts";
import { decidedAt } from "../../approval/approval.ts";
import { decisionConflict } from "../../approval/decision.ts";
import { outcomeFromJSON } from "../../dispatch/outcome-json.ts";
import type { EpochSeconds } from "../../time.ts";
import type { Decided } from "../operations.ts";
import type { Tables } from "./tables.ts";

/** The answer of an operation that has none. */
export const DONE: { readonly kind: "done" } = /* @__PURE__ */ Object.freeze({ kind: "done" });

/** Answers that changed nothing and may change later: the same decision may be tried again. */
const OPEN_ANSWERS: readonly string[] = ["refused", "expired", "open"];

/**
 * Carries out a decision, and keeps its answer under its id. A repeat gets the first answer.
 *
 * @param subject - the job or hold that it is about; `null` for a cap or a lane.
 * @throws DispatchError `decision_conflict` if the id was used for another change.
 */
export function decide<Answer extends { readonly kind: string }>(
  tables: Tables,
  subject: string | null,
  { id, body, approval }: Decided,
  carryOut: (approval: Approval, now: EpochSeconds) => Answer,
): Answer {
  const now = tables.now();
  const known = id === null ? null : tables.decision(id);
  if (known) {
    if (known.body !== body) throw decisionConflict(known.id);
    const answer: unknown = JSON.parse(known.answer);
    // The same operation wrote it.
    return outcomeFromJSON(answer) as unknown as Answer;
  }
  const answer = carryOut(decidedAt(approval, now), now);
  if (id !== null && !OPEN_ANSWERS.includes(answer.kind)) {
    tables.putDecision({ id, subject, body, answer: JSON.stringify(answer) });
  }
  return answer;
}
