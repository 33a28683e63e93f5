export { Approval, type ApprovalFields, ApprovalOutcome } from "./approval/approval.ts";
export { type Bound, type BoundCheck, type BoundFields, checkBound } from "./approval/bound.ts";
export type { Decision } from "./approval/decision.ts";
export { type DigestedJob, type DigestedScope, jobDigest } from "./approval/digest.ts";
export { type ApprovalRefusal, type MayApprove, mayApprove } from "./approval/may-approve.ts";
export {
  decide,
  type PolicyBudget,
  type PolicyCondition,
  type PolicyDecision,
  type PolicyFacts,
  type PolicyRule,
} from "./approval/policy.ts";
export type { Requirements } from "./approval/requirements.ts";
export { admits, type AdmissionDecision } from "./budget/admits.ts";
export { BudgetCap, BudgetWindow } from "./budget/cap.ts";
export {
  type BudgetLedger,
  type CorrectOutcome,
  type ExpireOutcome,
  type Hold,
  type HoldOutcome,
  type HoldRequest,
  HoldState,
  type Lacking,
  type PinnedCap,
  type ReleaseOutcome,
  type SettleOutcome,
  type Tags,
} from "./budget/contract.ts";
export { reconcile, release, reserve } from "./budget/moves.ts";
export { CostRates, estimateCost, type HourlyPrice, perHour } from "./budget/rates.ts";
export {
  dayScope,
  type HeldScope,
  monthScope,
  runAndMonth,
  runScope,
  type ScopeCap,
  type ScopeOptions,
  type TimedScope,
  weekScope,
} from "./budget/scopes.ts";
export { BudgetState } from "./budget/state.ts";
export { drain, type DrainOptions } from "./dispatch/drain.ts";
export type { DispatchEvent, DrainSummary } from "./dispatch/events.ts";
export {
  type Envelope,
  type ExecutionContext,
  type Executor,
  NonRetriableError,
  RetriableError,
  type Transport,
  type WorkerExecutor,
} from "./dispatch/executor.ts";
export { isLeaseStale, Lease, shouldGiveUp } from "./dispatch/lease.ts";
export type {
  ApprovedScopes,
  Job,
  JobErrorCode,
  JobFilter,
  JobRequest,
  LaneState,
  ReadableJob,
  UnreadableJob,
} from "./dispatch/job.ts";
export type {
  ApproveOutcome,
  CancelOutcome,
  CompleteOutcome,
  FailOutcome,
  PruneOutcome,
  RecoverOutcome,
  RejectOutcome,
  RetryOutcome,
  SubmitOutcome,
} from "./dispatch/outcomes.ts";
export type {
  Claimed,
  ClaimOptions,
  CompleteOptions,
  DispatchStore,
  FailOptions,
  JobQueue,
  JobStore,
  PruneOptions,
  RecoverOptions,
  RefusedPayload,
  RetryOptions,
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
export { FleetSummary, summarizeFleet, WorkerHealth, workerHealth } from "./fleet/health.ts";
export { expectedWall, isOverrunning, realTimeFactor } from "./fleet/pace.ts";
export { Determinism, GpuContext, Provenance } from "./fleet/provenance.ts";
export { planThroughput, ThroughputPlan } from "./fleet/sizing.ts";
export { planStage, stagedBytes, StagedItem, StagePlan } from "./fleet/staging.ts";
export { Worker } from "./fleet/worker.ts";
export type { Awaitable } from "./internal/awaitable.ts";
export type { Price } from "./money/decimal.ts";
export type {
  ClosedHold,
  JournalDecision,
  JournalEntry,
  JournalFilter,
  JournalKind,
  JournalPage,
  JournalScope,
  OpenedHold,
} from "./dispatch/journal.ts";
export type {
  AuditDifference,
  HoldFilter,
  InDoubt,
  JobAttempt,
  JobCount,
  JournalQuestions,
  ListedHold,
  ScopeFilter,
  ScopeStatus,
  SpendFilter,
  SpendRow,
} from "./dispatch/questions.ts";
export { canTransition, ensureTransition, JobState } from "./dispatch/lifecycle.ts";
export { formatUsd, microCents, type MicroCents, usd } from "./money/micro-cents.ts";
export { BackendKind } from "./routing/kind.ts";
export { BackendCapabilities, ToolRequirements } from "./routing/capabilities.ts";
export { NodeIdentity } from "./routing/node.ts";
export {
  NoEligibleBackendError,
  type PassedOver,
  type Routable,
  selectBackend,
} from "./routing/select-backend.ts";
export { type EpochSeconds, epochSeconds, type Instant } from "./time.ts";
export type { TokenLimits, TokenPrices, TokenTier, TokenUsage } from "./tokens/fields.ts";
export { estimateTokens } from "./tokens/estimate-tokens.ts";
export { TokenRates } from "./tokens/rates.ts";
export { tokenCost } from "./tokens/token-cost.ts";
