import { type ApprovalDraft, ApprovalOutcome } from "../approval/approval.ts";
import { decisionBody, type DecisionDraft, decisionOf, decisionWith } from "../approval/decision.ts";
import { DispatchError } from "../errors.ts";
import type { Reader } from "../internal/check.ts";
import type { Decided } from "./operations.ts";

/** Read what approves, and what rejects or cancels: a decision, or an approval without an id. */
export const APPROVED: Reader<DecisionDraft> = /* @__PURE__ */ decisionWith(ApprovalOutcome.APPROVED);
export const REJECTED: Reader<DecisionDraft> = /* @__PURE__ */ decisionWith(ApprovalOutcome.REJECTED);

/** A decision with an id, and what it decides. */
export function decidedBy(
  operation: string,
  decision: unknown,
  ...change: readonly (string | number | null)[]
): Decided {
  return withBody(operation, decisionOf(`${operation}: decision`, decision), ...change);
}

/** A decision, and what it decides. */
export function withBody(
  operation: string,
  { id, approval }: DecisionDraft,
  ...change: readonly (string | number | null)[]
): Decided {
  refuseBound(operation, approval);
  return { id, approval, body: decisionBody([operation, ...change], approval) };
}

/**
 * Refuses what no store checks yet: a bound approval that was taken as any other would say that it is worth nothing for
 * anything else, and be worth it.
 *
 * @throws DispatchError `unsupported`.
 */
export function refuseBound(operation: string, { bound }: Pick<ApprovalDraft, "bound">): void {
  if (bound === undefined) return;
  throw new DispatchError(
    "unsupported",
    `${operation}: the stores do not check bound approvals yet, so they refuse them; leave \`bound\` out`,
  );
}
