import {
  admits,
  Approval,
  type ApprovalOutcome,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  BudgetState,
  canTransition,
  CostEstimate,
  CostRates,
  type Determinism,
  epochSeconds,
  estimateCost,
  expectedWall,
  ExternalEndpoint,
  formatUsd,
  HostCapabilities,
  isDispatchError,
  isLeaseStale,
  isOverrunning,
  type JobState,
  Lease,
  NodeIdentity,
  planStage,
  planThroughput,
  Provenance,
  realTimeFactor,
  reconcile,
  release,
  reserve,
  SecretRef,
  selectBackend,
  shouldGiveUp,
  StagedItem,
  summarizeFleet,
  ToolRequirements,
  usd,
  vramFits,
  Worker,
  workerHealth,
} from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { operations, type Vector, vectors } from "./support/vectors.ts";

/** The original's answer as the recording writes it, or the kind of what was thrown. */
function answer(run: () => unknown): { ok: unknown } | { error: string } {
  try {
    return { ok: run() };
  } catch (error) {
    if (isDispatchError(error)) return { error: error.code.replaceAll("_", "-") };
    if (error instanceof TypeError || error instanceof RangeError) return { error: "invalid" };
    throw error;
  }
}

function expected({ ok, error, differs }: Vector): { ok: unknown } | { error: string } {
  if (differs === "invalid") return { error: "invalid" };
  if (differs !== undefined) return { ok: differs };
  return error === undefined ? { ok } : { error };
}

/** What is run of each file. */
const covered = new Map<string, string[]>();

/** Each case by its own name, so that a failure says which. */
function agrees<Case>(file: string, op: string, run: (vector: Vector & Case) => unknown): void {
  covered.set(file, [...(covered.get(file) ?? []), op]);
  describe(op, () => {
    it.each(vectors<Case>(file, op).map((vector) => [JSON.stringify(vector), vector] as const))(
      "%s",
      (_, vector) => {
        const given = answer(() => run(vector));
        // "either": the two parsers may read it differently, and both answers are safe.
        if (vector.differs === "either") expect(["ok", "error"]).toContain(Object.keys(given)[0]);
        else expect(given).toStrictEqual(expected(vector));
      },
    );
  });
}

describe("the Python package's answers", () => {
  interface Cost {
    rates: ConstructorParameters<typeof CostRates>[0];
    maxRuntimeS: number;
    vcpus: number;
    memoryGib: number;
    ok?: { usd: string; microCentsCeil: string };
  }
  agrees<Cost>("budget", "estimateCost", ({ rates, maxRuntimeS, vcpus, memoryGib, ok }) => {
    const cost = estimateCost(new CostRates(rates), { maxRuntimeS, vcpus, memoryGib });
    return { usd: ok?.usd, microCentsCeil: String(cost) };
  });

  interface Admission {
    estimate: string;
    run: { reserved: string; spent: string };
    month: { reserved: string; spent: string };
    cap: { run: string; month: string };
  }
  agrees<Admission>("budget", "admits", ({ estimate, run, month, cap }) => {
    const state = (of: Admission["run"]): BudgetState =>
      new BudgetState({ reserved: usd(of.reserved), spent: usd(of.spent) });
    const limit = new BudgetCap({ run: usd(cap.run), month: usd(cap.month) });
    const { admitted, refusedWindow } = admits(usd(estimate), state(run), state(month), limit);
    return { admitted, refusedWindow };
  });

  interface Decided {
    author: string;
    reason: string;
    decidedAt: string;
    outcome: ApprovalOutcome | null;
  }
  agrees<Decided>("approval", "approval", ({ author, reason, decidedAt, outcome }) => {
    const approval = new Approval({ author, reason, decidedAt, ...(outcome === null ? {} : { outcome }) });
    return { outcome: approval.outcome };
  });

  agrees<{ leasedAt: number; now: number; ttlSeconds: number }>("dispatch", "isLeaseStale", (lease) =>
    isLeaseStale(epochSeconds(lease.leasedAt), epochSeconds(lease.now), lease.ttlSeconds),
  );
  agrees<{ attempts: number; maxAttempts: number }>("dispatch", "shouldGiveUp", ({ attempts, maxAttempts }) =>
    shouldGiveUp(attempts, maxAttempts),
  );

  agrees<{ name: string; baseUrl: string; envVar: string }>(
    "egress",
    "endpoint",
    ({ name, baseUrl, envVar }) => ({
      host: new ExternalEndpoint({ name, baseUrl, secret: new SecretRef(envVar) }).host(),
    }),
  );
  agrees<{ env: Record<string, string> }>("egress", "resolve", ({ env }) => new SecretRef("K").resolve(env));
  agrees<{ env: Record<string, string> }>("egress", "bearer", ({ env }) =>
    new ExternalEndpoint({ name: "n", baseUrl: "https://example.com", secret: new SecretRef("K") }).bearer(
      env,
    ),
  );

  agrees<{ availableGb: number | null; requiredGb: number | null }>("estimate", "vramFits", (host) =>
    vramFits(host.availableGb, host.requiredGb),
  );

  type Capabilities = ConstructorParameters<typeof BackendCapabilities>[0];
  type Requirements = ConstructorParameters<typeof ToolRequirements>[0];
  agrees<{ capabilities: Capabilities; requirements: Requirements }>("routing", "canSatisfy", (vector) =>
    new BackendCapabilities(vector.capabilities).canSatisfy(new ToolRequirements(vector.requirements)),
  );
  interface Selection {
    backends: readonly { kind: BackendKind; capabilities: Capabilities }[];
    requirements: Requirements;
    allowSdk: boolean;
  }
  agrees<Selection>("routing", "selectBackend", ({ backends, requirements, allowSdk }) => {
    const routable = backends.map(({ kind, capabilities }, index) => ({
      kind,
      capabilities: new BackendCapabilities(capabilities),
      index,
    }));
    return selectBackend(routable, new ToolRequirements(requirements), { allowSdk }).index;
  });

  /** What was given, and what is asked of the value that is made of it. */
  interface Made<Class extends abstract new (fields: never) => unknown, Asked = object> {
    given: ConstructorParameters<Class>[0] & Asked;
  }
  // A value is spread: its own fields, nothing more and nothing less, and the answers of its methods.
  agrees<Made<typeof HostCapabilities, { requiredGb: number | null }>>(
    "values",
    "hostCapabilities",
    (vector) => {
      const { requiredGb, ...fields } = vector.given;
      const host = new HostCapabilities(fields);
      return { ...host, canFitVram: host.canFitVram(requiredGb) };
    },
  );
  agrees<Made<typeof CostEstimate>>("values", "costEstimate", ({ given }) => ({
    ...new CostEstimate(given),
  }));
  agrees<Made<typeof NodeIdentity>>("values", "nodeIdentity", ({ given }) => ({
    ...new NodeIdentity(given),
  }));
  agrees<Made<typeof ToolRequirements>>("values", "toolRequirements", ({ given }) => ({
    ...new ToolRequirements(given),
  }));
  agrees<Made<typeof BackendCapabilities, { minVramGb: number | null }>>(
    "values",
    "backendCapabilities",
    (vector) => {
      const { minVramGb, ...fields } = vector.given;
      const backend = new BackendCapabilities(fields);
      const canSatisfy = backend.canSatisfy(new ToolRequirements({ toolId: "t", minVramGb }));
      return { ...backend, canSatisfy };
    },
  );
  agrees<{ given: { jobId: string; leasedAt: number; attempts?: number } }>(
    "values",
    "lease",
    ({ given }) => {
      // Ours has one field more: the token that fences the attempt.
      const lease = new Lease({ ...given, leasedAt: epochSeconds(given.leasedAt), token: "t-1" });
      const { token, ...recorded } = lease;
      expect(token).toBe("t-1");
      return recorded;
    },
  );

  interface Move {
    state: { reserved: string; spent: string };
    estimate: string;
    actual?: string;
    ok?: { reserved: string; spent: string };
  }
  /** Dollars as a recording writes them: without zeros at the end. */
  const dollars = (amount: bigint): string => formatUsd(amount).replace(/\.?0+$/, "");
  const moves = {
    reserve: (state: BudgetState, { estimate }: Move) => reserve(state, usd(estimate)),
    release: (state: BudgetState, { estimate }: Move) => release(state, usd(estimate)),
    reconcile: (state: BudgetState, { estimate, actual = "" }: Move) =>
      reconcile(state, usd(estimate), usd(actual)),
  };
  for (const [op, move] of Object.entries(moves)) {
    agrees<Move>("moves", op, (vector) => {
      const { reserved, spent } = vector.state;
      const after = move(new BudgetState({ reserved: usd(reserved), spent: usd(spent) }), vector);
      return { reserved: dollars(after.reserved), spent: dollars(after.spent) };
    });
  }

  agrees<{ current: JobState; target: JobState }>("later", "canTransition", ({ current, target }) =>
    canTransition(current, target),
  );

  interface Beat {
    now: number;
    staleAfterS: number;
    deadAfterS: number;
  }
  agrees<Beat & { lastSeen: number }>("later", "workerHealth", ({ lastSeen, now, staleAfterS, deadAfterS }) =>
    workerHealth(epochSeconds(lastSeen), epochSeconds(now), { staleAfterS, deadAfterS }),
  );
  interface Fleet extends Beat {
    workers: readonly { name: string; lastSeen: number; gpu: boolean; currentJob: string | null }[];
  }
  agrees<Fleet>("later", "summarizeFleet", ({ workers, now, staleAfterS, deadAfterS }) => {
    const fleet = workers.map(
      ({ lastSeen, ...fields }) =>
        // A kind and lanes, which every worker has and no summary reads.
        new Worker({
          ...fields,
          lastSeen: epochSeconds(lastSeen),
          kind: BackendKind.LAN_WORKER,
          lanes: ["lane"],
        }),
    );
    return { ...summarizeFleet(fleet, epochSeconds(now), { staleAfterS, deadAfterS }) };
  });

  agrees<{ wallSeconds: number; workSeconds: number }>("later", "realTimeFactor", (vector) =>
    realTimeFactor(vector.wallSeconds, vector.workSeconds),
  );
  agrees<{ workSeconds: number; rtfCeiling: number }>(
    "later",
    "expectedWall",
    ({ workSeconds, rtfCeiling }) => expectedWall(workSeconds, { rtfCeiling }),
  );
  agrees<{ workSeconds: number; elapsedSeconds: number; rtfCeiling: number }>(
    "later",
    "isOverrunning",
    ({ workSeconds, elapsedSeconds, rtfCeiling }) =>
      isOverrunning(workSeconds, elapsedSeconds, { rtfCeiling }),
  );

  type Sizing = Parameters<typeof planThroughput>[1] & { availableVramGb: number };
  agrees<Sizing>("later", "planThroughput", (vector) => {
    const { availableVramGb, modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency } = vector;
    const options = { modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency };
    return { ...planThroughput(availableVramGb, options) };
  });

  type Item = ConstructorParameters<typeof StagedItem>[0];
  interface Staging {
    desired: readonly Item[];
    staged: readonly Item[];
    maxItems: number;
    maxBytes: number;
  }
  agrees<Staging>("later", "planStage", ({ desired, staged, maxItems, maxBytes }) => {
    const items = (fields: readonly Item[]): StagedItem[] => fields.map((item) => new StagedItem(item));
    return { ...planStage(items(desired), items(staged), { maxItems, maxBytes }) };
  });

  interface Origin {
    toolId: string;
    seed: number | null;
    determinism: Determinism;
    runtimeSeconds: number;
  }
  agrees<Origin>("later", "provenance", ({ toolId, seed, determinism, runtimeSeconds }) => {
    const provenance = new Provenance({
      toolId,
      toolVersion: "1",
      weightsId: null,
      weightsSha256: null,
      paramsHash: "p",
      inputHash: "i",
      referenceDataVersions: {},
      containerDigest: null,
      seed,
      determinism,
      runtimeSeconds,
    });
    return provenance.seed === seed;
  });

  it("every case of every file of the original is run", () => {
    const files = Array.from(covered.keys());
    expect(files).toEqual([
      "budget",
      "approval",
      "dispatch",
      "egress",
      "estimate",
      "routing",
      "values",
      "moves",
      "later",
    ]);
    for (const file of files) {
      expect(covered.get(file)?.sort(), file).toEqual([...operations(file)].sort());
    }
  });
});
