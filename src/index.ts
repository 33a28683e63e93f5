export { Approval, ApprovalOutcome } from "./approval/approval.ts";
export { admits, type AdmissionDecision } from "./budget/admits.ts";
export { BudgetCap, BudgetWindow } from "./budget/cap.ts";
export {
  type Awaitable,
  type BudgetLedger,
  type ExpireOutcome,
  type Hold,
  type HoldOutcome,
  type HoldRequest,
  HoldState,
  type Lacking,
  type ReleaseOutcome,
  type SettleOutcome,
} from "./budget/contract.ts";
export { CostRates, estimateCost, type HourlyPrice, perHour } from "./budget/rates.ts";
export { dayScope, monthScope, runAndMonth, runScope, type ScopeCap } from "./budget/scopes.ts";
export { BudgetState } from "./budget/state.ts";
export { drain, type DrainOptions, type DrainSummary } from "./dispatch/drain.ts";
export {
  type ExecutionContext,
  type Executor,
  RetriableError,
  type Transport,
  type WorkerExecutor,
} from "./dispatch/executor.ts";
export { isLeaseStale, Lease, shouldGiveUp } from "./dispatch/lease.ts";
export type {
  ApprovedScopes,
  ApproveOutcome,
  CancelOutcome,
  Claimed,
  CompleteOptions,
  CompleteOutcome,
  DispatchStore,
  FailOptions,
  FailOutcome,
  Job,
  JobErrorCode,
  JobQueue,
  JobRequest,
  JobStore,
  RecoverOutcome,
  RejectOutcome,
  SubmitOutcome,
} from "./dispatch/contract.ts";
export {
  type EgressEvent,
  type EnvLookup,
  ExternalEndpoint,
  logEgress,
  SecretMissingError,
  SecretRef,
} from "./egress.ts";
export { DispatchError, type DispatchErrorCode, isDispatchError } from "./errors.ts";
export { CostEstimate, HostCapabilities, vramFits } from "./estimate.ts";
export type { Price } from "./money/decimal.ts";
export { canTransition, ensureTransition, JobState } from "./dispatch/lifecycle.ts";
export { formatUsd, microCents, type MicroCents, usd } from "./money/micro-cents.ts";
export {
  BackendCapabilities,
  BackendKind,
  NodeIdentity,
  NoEligibleBackendError,
  type PassedOver,
  type Routable,
  selectBackend,
  ToolRequirements,
} from "./routing/select-backend.ts";
export { type EpochSeconds, epochSeconds } from "./time.ts";
export type { TokenLimits, TokenPrices, TokenTier, TokenUsage } from "./tokens/fields.ts";
export { estimateTokens, tokenCost, TokenRates } from "./tokens/rates.ts";
