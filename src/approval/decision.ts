import { DispatchError } from "../errors.ts";
import { identifier, read, type Reader } from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import {
  type Approval,
  type ApprovalDraft,
  type ApprovalFields,
  type ApprovalOutcome,
  approvalWith,
} from "./approval.ts";

/**
 * A change that a person decides: who, why, and an id. The same id again gets the first answer and changes nothing, so a
 * repeat never undoes what was decided since. The same id for another change throws a `decision_conflict`.
 *
 * An answer that changed nothing and may change later (no room, or a hold that is still open) is not remembered.
 *
 * For what a service sets when it starts, make the id from its configuration, such as `cap:month:50`.
 */
export interface Decision {
  /** 1 to 200 code units. */
  readonly id: string;
  readonly approval: Approval | ApprovalFields;
}

/** A checked decision. Its id is `null` if a plain approval was given. */
export interface DecisionDraft {
  readonly id: string | null;
  readonly approval: ApprovalDraft;
}

/** A checked decision with an id. */
export interface CheckedDecision extends DecisionDraft {
  readonly id: string;
}

/** With a literal, because a bundler keeps code that reads a property when the module loads. */
const APPROVED = /* @__PURE__ */ approvalWith("approved");

/** Reads a {@link Decision}. */
export const decisionOf: Reader<CheckedDecision> = (what, value) =>
  Object.freeze(read(what, value, { id: identifier, approval: APPROVED }));

/** Reads a {@link Decision}, or an approval without an id; each must have this outcome. */
export function decisionWith(outcome: ApprovalOutcome): Reader<DecisionDraft> {
  const approval = approvalWith(outcome);
  return (what, value) => {
    const isObject = typeof value === "object" && value !== null;
    const isDecision = isObject && (Object.hasOwn(value, "id") || Object.hasOwn(value, "approval"));
    const draft = isDecision
      ? read<DecisionDraft>(what, value, { id: identifier, approval })
      : { id: null, approval: approval(what, value) };
    return Object.freeze(draft);
  };
}

/** What a decision decides, as JSON: what a repeat of its id is compared with. `decidedAt` is none of it. */
export function decisionBody(
  change: readonly unknown[],
  { author, reason, outcome, bound }: ApprovalDraft,
): string {
  const terms = bound === undefined ? [] : [bound.digest, String(bound.ceiling), bound.until];
  return JSON.stringify([...change, author, reason, outcome, ...terms]);
}

/** The error for an id that was used for another change. */
export function decisionConflict(id: string): DispatchError {
  const message = `decision ${quote(id)} was made before about something else; use a new id for a new decision`;
  return new DispatchError("decision_conflict", message, { subject: id });
}
