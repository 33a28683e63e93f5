/**
 * For authors of stores: the rules of the ledger and of the job store as pure functions, the same that
 * the stores of this library apply.
 *
 * @module
 */
export {
  anyHoldId,
  capOf,
  chargeHold,
  extendHold,
  heldAmount,
  type HoldMove,
  holdRequest,
  type HoldRow,
  isOver,
  jobHoldId,
  lackingScopes,
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
  ourLease,
  recoverOptions,
  unknownJob,
} from "./dispatch/rules.ts";
export { identifier as scopeName } from "./internal/check.ts";
export { outcomeFromJSON, type StoreAnswer } from "./dispatch/outcome-json.ts";
