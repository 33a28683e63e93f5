import type * as core from "dispatch-kit";
import { vi } from "vitest";
import type { Samples } from "./here.ts";

/** Of each value object the least that it can be made of, so that every default shows; a sample of each decision. */
export function samplesOf(built: typeof core): Samples {
  const { admits, BackendCapabilities, BudgetCap, BudgetState, ExternalEndpoint, SecretRef, usd } = built;
  const nothing = new BudgetState({ reserved: usd(0), spent: usd(0) });
  const needs = new built.ToolRequirements({ toolId: "t" });
  const secret = new SecretRef("SURFACE_SECRET");
  const endpoint = new ExternalEndpoint({ name: "n", baseUrl: "https://example.com", secret });
  const model = { modelVramGb: 1, vramPerBatchGb: 1 };
  return {
    values: {
      AdmissionDecision: admits(usd(0), nothing, nothing, new BudgetCap()),
      Approval: { author: "a", reason: "r", decidedAt: "2026-11-23T09:00:00Z" },
      BackendCapabilities: {},
      BudgetCap: {},
      BudgetState: { reserved: usd(0), spent: usd(0) },
      CostEstimate: { estimatedSeconds: 1, estimatedVramGb: null, feasibleLocally: true, reason: "" },
      CostRates: { gpuUsdPerS: 0, vcpuUsdPerS: 0, gibUsdPerS: 0 },
      ExternalEndpoint: { name: "n", baseUrl: "https://example.com", secret },
      FleetSummary: { total: 0, healthy: 0, stale: 0, dead: 0, busy: 0, idle: 0, gpuHealthy: 0 },
      GpuContext: { model: "m", vramGb: 1 },
      HostCapabilities: {},
      Lease: { jobId: "j", leasedAt: 0, token: "t" },
      NodeIdentity: { name: "n" },
      Provenance: {
        toolId: "t",
        toolVersion: "1",
        weightsId: null,
        weightsSha256: null,
        paramsHash: "p",
        inputHash: "i",
        referenceDataVersions: {},
        containerDigest: null,
        seed: null,
        determinism: "deterministic",
        runtimeSeconds: 1,
      },
      SecretRef: "SURFACE_SECRET" as unknown as object,
      StagedItem: { key: "k", sizeBytes: 1 },
      StagePlan: { stage: [], evict: [], overBudget: false },
      ThroughputPlan: { batchSize: 1, int8: false, concurrency: 1 },
      ToolRequirements: { toolId: "t" },
      Worker: { name: "w", kind: "local", lanes: [], lastSeen: 0 },
    },
    omitted: {
      "ExternalEndpoint.bearer: env": () => fromEnvironment(() => endpoint.bearer()),
      "SecretRef.resolve: env": () => fromEnvironment(() => secret.resolve()),
      "logEgress: detail": () => built.logEgress(endpoint, { log: () => null }).detail,
      "planThroughput: allowConcurrency": () => built.planThroughput(1_000, model).concurrency > 1,
      "planThroughput: maxBatch": () => built.planThroughput(1_000, model).batchSize,
      "selectBackend: allowSdk": () => {
        const sdk = { kind: built.BackendKind.SDK, capabilities: new BackendCapabilities() };
        try {
          return built.selectBackend([sdk], needs) === sdk;
        } catch {
          return false;
        }
      },
    },
  };
}

/** What is asked for where no `env` is given. */
function fromEnvironment(secret: () => string): string {
  vi.stubEnv("SURFACE_SECRET", "of the environment");
  try {
    return secret().endsWith("of the environment") ? "the environment" : "nothing";
  } finally {
    vi.unstubAllEnvs();
  }
}
