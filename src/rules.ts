/**
 * For authors of stores: the rules of the ledger and of the job store as pure functions, the same that
 * the stores of this library apply.
 *
 * @module
 */
export { type ApprovalDraft, approvalWith, decidedAt } from "./approval/approval.ts";
export {
  anyHoldId,
  capOf,
  chargeHold,
  extendHold,
  heldAmount,
  type HoldMove,
  holdRequest,
  type HoldRow,
  isHoldDue,
  isOver,
  jobHoldId,
  lackingScopes,
  overrunOf,
  ownHoldId,
  releaseHold,
  repeatHold,
  scopeCaps,
  settleHold,
  unknownHold,
} from "./budget/holds.ts";
export {
  completeOptions,
  ensureSameJob,
  errorText,
  failOptions,
  isFree,
  type JobBody,
  jobRequest,
  jsonText,
  laneNames,
  noActualCost,
  recoverOptions,
  unknownJob,
} from "./dispatch/rules.ts";
export { leaseOf } from "./dispatch/lease.ts";
export { canMove } from "./dispatch/lifecycle.ts";
export { identifier as scopeName, type Reader } from "./internal/check.ts";
export { outcomeFromJSON, type StoreAnswer } from "./dispatch/outcome-json.ts";
