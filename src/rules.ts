/**
 * For authors of stores: the rules of the ledger and of the job store as pure functions, the same that
 * the stores of this library apply.
 *
 * @module
 */
export { type ApprovalDraft, approvalWith, decidedAt } from "./approval/approval.ts";
export {
  type CheckedDecision,
  decisionBody,
  decisionConflict,
  type DecisionDraft,
  decisionOf,
  decisionWith,
} from "./approval/decision.ts";
export {
  type CheckedDigestedJob,
  type CheckedDigestedScope,
  joinedDigest,
  jobText,
  scopesText,
  textDigest,
} from "./approval/digest.ts";
export { type CheckedRequirements, requirementsOf } from "./approval/requirements.ts";
export { anyHoldId, holdRequest, jobHoldId, ownHoldId, scopeCaps, tagsOf } from "./budget/hold-request.ts";
export { capInForce, capOf, isOver, lackingScopes, type Pin } from "./budget/caps.ts";
export {
  chargeHold,
  correctHold,
  extendHold,
  firstBooking,
  heldAmount,
  type HoldMove,
  type HoldRow,
  isHoldDue,
  overrunOf,
  releaseHold,
  repeatHold,
  settleHold,
  unknownHold,
} from "./budget/holds.ts";
export { claimOptions, completeOptions, failOptions, recoverOptions } from "./dispatch/options.ts";
export {
  errorText,
  isPast,
  mayHoldAgain,
  MOST_REFUSALS,
  noActualCost,
  prunedJob,
  refusalDelay,
  scopesMissing,
  storableText,
  unknownJob,
} from "./dispatch/rules.ts";
export { jsonText } from "./dispatch/job-request.ts";
export { ensureSameJob, isFree, type JobBody, jobRequest, type JobTerms } from "./dispatch/job-request.ts";
export { laneNames } from "./dispatch/options.ts";
export { isLeaseLost, isTimedOut, leaseOf, type LeaseTerms } from "./dispatch/lease.ts";
export { canMove } from "./dispatch/lifecycle.ts";
export { identifier as scopeName, type Reader } from "./internal/check.ts";
export { outcomeFromJSON, type StoreAnswer } from "./dispatch/outcome-json.ts";
