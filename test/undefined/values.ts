import {
  admits,
  Approval,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  BudgetState,
  checkBound,
  CostEstimate,
  CostRates,
  dayScope,
  decide,
  Determinism,
  DispatchError,
  epochSeconds,
  estimateCost,
  estimateTokens,
  expectedWall,
  ExternalEndpoint,
  FleetSummary,
  GpuContext,
  HostCapabilities,
  isOverrunning,
  jobDigest,
  Lease,
  logEgress,
  mayApprove,
  monthScope,
  NodeIdentity,
  planStage,
  planThroughput,
  Provenance,
  RetriableError,
  runAndMonth,
  runScope,
  SecretMissingError,
  SecretRef,
  selectBackend,
  StagedItem,
  StagePlan,
  summarizeFleet,
  ThroughputPlan,
  tokenCost,
  TokenRates,
  ToolRequirements,
  usd,
  weekScope,
  Worker,
  workerHealth,
} from "dispatch-kit";
import { type Door, door } from "./doors.ts";

const at = epochSeconds(1_795_392_000);
const cap = new BudgetCap({ run: usd(5), month: usd(50) });
const state = new BudgetState({ reserved: usd(1), spent: usd(2) });
const needs = new ToolRequirements({ toolId: "whisper" });
const able = new BackendCapabilities();
const price = { inputUsdPerMTok: "3", outputUsdPerMTok: "15" };
const prices = { ...price, cacheReadUsdPerMTok: "0.3", requestUsd: "0.01", searchUsd: "0.02" };
const tokens = new TokenRates(prices);
const machine = { gpuUsdPerS: "1", vcpuUsdPerS: "2", gibUsdPerS: "3", idleTailS: 60 };
const prefix = { prefix: "tenant:acme:" };
const secret = new SecretRef("KEY");
const endpoint = new ExternalEndpoint({ name: "api", baseUrl: "https://api.example.com", secret });
const worker = { name: "a", kind: "lan_worker", lanes: ["l"], lastSeen: at } as const;
const limits = { staleAfterS: 30, deadAfterS: 60 };
const item = new StagedItem({ key: "a", sizeBytes: 40 });
const counts = { total: 0, healthy: 0, stale: 0, dead: 0, busy: 0, idle: 0, gpuHealthy: 0 };
const record = {
  toolId: "boltz",
  toolVersion: "2.1.0",
  weightsId: null,
  weightsSha256: null,
  paramsHash: "p",
  inputHash: "i",
  referenceDataVersions: { uniref90: "2026_02" },
  containerDigest: null,
  seed: 42,
  determinism: Determinism.SEEDED,
  runtimeSeconds: 1,
};
const yes = { author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z" };
const bound = { digest: "ab".repeat(32), ceiling: usd(1), until: at };
const checked = { digest: bound.digest, booked: usd(0), nextHold: usd(1), now: epochSeconds(0) };
const scope = { scope: "run:1", cap: usd(1), until: at };
const job = {
  jobId: "1",
  lane: "a",
  payload: "{}",
  backend: BackendKind.SDK,
  maxCost: usd(1),
  maxAttempts: 2,
  runAt: at,
  maxRunSeconds: 60,
  requestedBy: "carol",
  requires: { bound: true },
};
const facts = {
  maxCost: usd(1),
  maxAttempts: 2,
  backend: BackendKind.SDK,
  requestedBy: "carol",
  confidence: 0.5,
};
const rule = { name: "r", when: [], then: "auto" as const, budget: scope };

/** Every value and every options object of the core. */
export const VALUES: readonly Door[] = [
  door("BudgetCap", { run: usd(1), month: usd(2) }, [], (given) => new BudgetCap(given)),
  door("BudgetCap.fromJSON", { run: "1.00", month: "2.00" }, ["run", "month"], (given) =>
    BudgetCap.fromJSON(given),
  ),
  door("admits: cap", { run: usd(1), month: usd(2) }, [], (given) =>
    admits(usd(1), state, state, given as BudgetCap),
  ),
  door(
    "BudgetState",
    { reserved: usd(1), spent: usd(2) },
    ["reserved", "spent"],
    (given) => new BudgetState(given),
  ),
  door("BudgetState.fromJSON", { reserved: "1.00", spent: "2.00" }, ["reserved", "spent"], (given) =>
    BudgetState.fromJSON(given),
  ),
  door("admits: run", { reserved: usd(1), spent: usd(2) }, ["reserved", "spent"], (given) =>
    admits(usd(1), given as BudgetState, state, cap),
  ),

  door("CostRates", machine, ["gpuUsdPerS", "vcpuUsdPerS", "gibUsdPerS"], (given) => new CostRates(given)),
  door("CostRates.fromJSON", machine, ["gpuUsdPerS", "vcpuUsdPerS", "gibUsdPerS"], (given) =>
    CostRates.fromJSON(given),
  ),
  door(
    "CostRates.gpuUsdPerS",
    { perHour: "2.99" },
    ["perHour"],
    (given) => new CostRates({ ...machine, gpuUsdPerS: given }),
  ),
  door("estimateCost: rates", machine, ["gpuUsdPerS", "vcpuUsdPerS", "gibUsdPerS"], (given) =>
    estimateCost(given as unknown as CostRates, { maxRuntimeS: 1, vcpus: 1, memoryGib: 1 }),
  ),
  door(
    "estimateCost",
    { maxRuntimeS: 1, vcpus: 2, memoryGib: 3 },
    ["maxRuntimeS", "vcpus", "memoryGib"],
    (given) => estimateCost(new CostRates(machine), given),
  ),
  door(
    "TokenRates",
    { ...prices, tiers: [{ aboveInputTokens: 1000, ...price }] },
    ["inputUsdPerMTok", "outputUsdPerMTok"],
    (given) => new TokenRates(given),
  ),
  door("TokenRates.fromJSON", { ...prices, tiers: [] }, ["inputUsdPerMTok", "outputUsdPerMTok"], (given) =>
    TokenRates.fromJSON(given),
  ),
  door(
    "TokenRates.tiers[0]",
    { aboveInputTokens: 1000, ...prices },
    ["aboveInputTokens", "inputUsdPerMTok", "outputUsdPerMTok"],
    (given) => new TokenRates({ ...price, tiers: [given] }),
  ),
  door("estimateTokens: rates", prices, ["inputUsdPerMTok", "outputUsdPerMTok"], (given) =>
    estimateTokens(given as unknown as TokenRates, { maxInputTokens: 100, maxOutputTokens: 10 }),
  ),
  door(
    "estimateTokens",
    {
      maxInputTokens: 100,
      maxOutputTokens: 10,
      maxCacheReadTokens: 5,
      maxOutputReasoningTokens: 3,
      maxSearches: 1,
    },
    ["maxInputTokens", "maxOutputTokens"],
    (given) => estimateTokens(tokens, given),
  ),
  door(
    "tokenCost",
    { inputTokens: 100, outputTokens: 10, cacheReadTokens: 5, outputReasoningTokens: 3, searches: 1 },
    ["inputTokens", "outputTokens"],
    (given) => tokenCost(tokens, given),
  ),

  door("runScope", prefix, [], (given) => runScope("1", given)),
  door("dayScope", prefix, [], (given) => dayScope(at, "UTC", given)),
  door("weekScope", prefix, [], (given) => weekScope(at, "UTC", given)),
  door("monthScope", prefix, [], (given) => monthScope(at, "UTC", given)),
  door(
    "runAndMonth",
    { runId: "1", at, cap, timeZone: "UTC", ...prefix },
    ["runId", "at", "cap", "timeZone"],
    runAndMonth,
  ),

  door(
    "CostEstimate",
    { estimatedSeconds: 90, estimatedVramGb: 40, feasibleLocally: false, reason: "no room" },
    ["estimatedSeconds", "estimatedVramGb", "feasibleLocally", "reason"],
    (given) => new CostEstimate(given),
  ),
  door("HostCapabilities", { availableVramGb: 24 }, [], (given) => new HostCapabilities(given)),
  door("canFitVram: this", { availableVramGb: 24 }, [], (given) =>
    HostCapabilities.prototype.canFitVram.call(given as HostCapabilities, 16),
  ),
  door("NodeIdentity", { name: "box", address: "100.64.0.7" }, ["name"], (given) => new NodeIdentity(given)),
  door(
    "ToolRequirements",
    { toolId: "whisper", minVramGb: 16, image: "a:1" },
    ["toolId"],
    (given) => new ToolRequirements(given),
  ),
  door("canSatisfy", { toolId: "whisper", minVramGb: 16, image: "a:1" }, ["toolId"], (given) =>
    able.canSatisfy(given),
  ),
  door(
    "BackendCapabilities",
    { hasGpu: true, availableVramGb: 24, images: ["a:1"], toolIds: ["whisper"] },
    [],
    (given) => new BackendCapabilities(given),
  ),
  door(
    "selectBackend: capabilities",
    { hasGpu: true, availableVramGb: 24, images: ["a:1"], toolIds: ["whisper"] },
    [],
    (given) => {
      const backend = { kind: BackendKind.LOCAL, capabilities: given as unknown as BackendCapabilities };
      return selectBackend([backend], needs).kind;
    },
  ),
  door("selectBackend", { allowSdk: false }, [], (given) =>
    selectBackend([{ kind: BackendKind.LOCAL, capabilities: able }], needs, given),
  ),

  door(
    "Approval",
    { author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z", outcome: "rejected" as const },
    ["author", "reason", "decidedAt"],
    (given) => new Approval(given),
  ),
  door(
    "Approval.bound",
    bound,
    ["digest", "ceiling", "until"],
    (given) => new Approval({ ...yes, bound: given }),
  ),
  door(
    "Approval.fromJSON",
    { ...yes, outcome: "approved", bound: { ...bound, ceiling: "1.00" } },
    ["author", "reason", "decidedAt"],
    (given) => Approval.fromJSON(given),
  ),
  door("checkBound: bound", bound, ["digest", "ceiling", "until"], (given) => checkBound(given, checked)),
  door("checkBound: facts", checked, ["digest", "booked", "nextHold", "now"], (given) =>
    checkBound(bound, given),
  ),
  door("jobDigest", { storeId: "s", job, scopes: [scope] }, ["storeId", "job", "scopes"], jobDigest),
  door("jobDigest.job", job, ["jobId", "lane", "payload", "backend", "maxCost", "maxAttempts"], (given) =>
    jobDigest({ storeId: "s", job: given, scopes: [scope] }),
  ),
  door("jobDigest.job.requires", { bound: true, votes: 2 as const }, [], (given) =>
    jobDigest({ storeId: "s", job: { ...job, requires: given }, scopes: [scope] }),
  ),
  door("jobDigest.scopes[0]", scope, ["scope"], (given) => jobDigest({ storeId: "s", job, scopes: [given] })),
  door(
    "mayApprove",
    {
      requestedBy: "carol",
      requires: { votes: 2 as const },
      votes: [yes],
      approval: { ...yes, author: "bob" },
      now: at,
    },
    ["approval", "now"],
    mayApprove,
  ),
  door("decide: facts", facts, ["maxCost", "maxAttempts", "backend"], (given) => decide(given, [rule])),
  door("decide: rules[0]", rule, ["name", "when", "then", "budget"], (given) => decide(facts, [given])),
  door("decide: rules[0].budget", { ...scope }, ["scope", "cap"], (given) =>
    decide(facts, [{ ...rule, budget: given }]),
  ),
  door(
    "decide: rules[0].when[0]",
    { fact: "maxCost" as const, atMost: usd(1) },
    ["fact", "atMost"],
    (given) => decide(facts, [{ ...rule, when: [given] }]),
  ),
  door(
    "Lease",
    { jobId: "1", leasedAt: at, attempts: 2, token: "t" },
    ["jobId", "leasedAt", "token"],
    (given) => new Lease(given),
  ),
  door(
    "ExternalEndpoint",
    { name: "api", baseUrl: "https://api.example.com", secret },
    ["name", "baseUrl", "secret"],
    (given) => new ExternalEndpoint(given),
  ),
  door(
    "ExternalEndpoint.secret",
    { envVar: "KEY" },
    ["envVar"],
    (given) =>
      new ExternalEndpoint({ name: "api", baseUrl: "https://api.example.com", secret: given as SecretRef }),
  ),
  door("logEgress", { detail: "job 42", log: () => null }, [], (given) => logEgress(endpoint, given)),

  door(
    "DispatchError",
    { subject: "1", cause: 5 },
    [],
    (given) => shown(new DispatchError("store_failed", "x", given)),
    ["subject", "cause"],
  ),
  door("SecretMissingError", { cause: 5 }, [], (given) => shown(new SecretMissingError("KEY", given)), [
    "cause",
  ]),
  door("RetriableError", { actual: usd(1), retryAfterSeconds: 5, cause: 5 }, [], (given) =>
    shown(new RetriableError("busy", given)),
  ),

  door(
    "Worker",
    { ...worker, gpu: true, vramGb: 24, currentJob: "1", recentRtf: 0.5 },
    ["name", "kind", "lanes", "lastSeen"],
    (given) => new Worker(given),
  ),
  door("workerHealth", limits, ["staleAfterS", "deadAfterS"], (given) => workerHealth(at, at, given)),
  door("summarizeFleet", limits, ["staleAfterS", "deadAfterS"], (given) => summarizeFleet([], at, given)),
  door("summarizeFleet: workers[0]", { ...worker }, ["name", "kind", "lanes", "lastSeen"], (given) =>
    summarizeFleet([given as unknown as Worker], at, limits),
  ),
  door(
    "FleetSummary",
    counts,
    Object.keys(counts) as (keyof typeof counts)[],
    (given) => new FleetSummary(given),
  ),
  door("expectedWall", { rtfCeiling: 1.5 }, ["rtfCeiling"], (given) => expectedWall(100, given)),
  door("isOverrunning", { rtfCeiling: 1.5 }, ["rtfCeiling"], (given) => isOverrunning(100, 10, given)),
  door(
    "planThroughput",
    { modelVramGb: 10, vramPerBatchGb: 0.5, maxBatch: 4, allowConcurrency: true },
    ["modelVramGb", "vramPerBatchGb"],
    (given) => planThroughput(24, given),
  ),
  door(
    "ThroughputPlan",
    { batchSize: 8, int8: false, concurrency: 2 },
    ["batchSize", "int8", "concurrency"],
    (given) => new ThroughputPlan(given),
  ),
  door("StagedItem", { key: "a", sizeBytes: 40 }, ["key", "sizeBytes"], (given) => new StagedItem(given)),
  door("planStage", { maxItems: 5, maxBytes: 100 }, ["maxItems", "maxBytes"], (given) =>
    planStage([item], [], given),
  ),
  door(
    "StagePlan",
    { stage: ["b"], evict: ["a"], overBudget: false },
    ["stage", "evict", "overBudget"],
    (given) => new StagePlan(given),
  ),
  door(
    "GpuContext",
    { model: "RTX 4090", vramGb: 24 },
    ["model", "vramGb"],
    (given) => new GpuContext(given),
  ),
  door(
    "Provenance",
    {
      ...record,
      gpu: new GpuContext({ model: "RTX 4090", vramGb: 24 }),
      backend: BackendKind.CLOUD_WORKER,
      node: new NodeIdentity({ name: "box" }),
      extra: { run: "42" },
    },
    Object.keys(record) as (keyof typeof record)[],
    (given) => new Provenance(given),
  ),
];

/** Everything of an error but where it was made, and whether it has a cause of its own. */
function shown(error: Error): object {
  return { ...error, message: error.message, cause: error.cause, hasCause: Object.hasOwn(error, "cause") };
}
