/**
 * For authors of stores: the rules of the ledger and of the job store as pure functions, the same that
 * the stores of this library apply.
 *
 * @module
 */
export {
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
  releaseHold,
  repeatHold,
  scopeCaps,
  settleHold,
} from "./budget/rules.ts";
export {
  completeOptions,
  ensureSameJob,
  failOptions,
  isFree,
  type JobBody,
  jobRequest,
  recoverOptions,
} from "./dispatch/rules.ts";
export { outcomeFromJSON, type StoreAnswer } from "./outcomes.ts";
