import {
  admits,
  Approval,
  type ApprovalOutcome,
  BackendCapabilities,
  type BackendKind,
  BudgetCap,
  BudgetState,
  canTransition,
  CostRates,
  estimateCost,
  ExternalEndpoint,
  isDispatchError,
  isLeaseStale,
  type JobState,
  selectBackend,
  SecretRef,
  shouldGiveUp,
  ToolRequirements,
  usd,
  vramFits,
  epochSeconds,
} from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { type Vector, vectors } from "./support/vectors.ts";

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

/** Each case by its own name, so that a failure says which. */
function agrees<Case>(file: string, op: string, run: (vector: Vector & Case) => unknown): void {
  describe(op, () => {
    it.each(vectors<Case>(file, op).map((vector) => [JSON.stringify(vector), vector] as const))(
      "%s",
      (_, vector) => {
        const given = answer(() => run(vector));
        // "either": the two parsers may read it differently, and both answers are safe.
        if (vector.differs === "either") expect(["ok", "error"]).toContain(Object.keys(given)[0]);
        else expect(given).toEqual(expected(vector));
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

  agrees<{ current: JobState; target: JobState }>("lifecycle", "canTransition", ({ current, target }) =>
    canTransition(current, target),
  );
});
