import type {
  Approval,
  ApprovalFields,
  BackendCapabilities,
  BackendKind,
  BudgetState,
  CostRates,
  DispatchStore,
  GpuContext,
  Lease,
  NodeIdentity,
  ScopeCap,
  SecretRef,
  StagedItem,
  TokenRates,
  ToolRequirements,
  Worker,
} from "dispatch-kit";
import type { Copy } from "./copies.ts";

/** Replaces a value by another object: itself, a clone, a look-alike, or the same value of another copy. */
export type As = <Value extends object>(value: Value) => Value;

/** A class of values, and all functions that accept one. */
export interface ValueClass {
  readonly name: string;
  readonly value: object;
  /** Makes an instance from fields. */
  readonly make: (fields: object) => object;
  /** Whether its JSON has the same fields; JSON writes money as dollars, which only `fromJSON` reads. */
  readonly json: boolean;
  readonly uses: Readonly<Record<string, (as: As) => unknown>>;
}

/** The reason in an answer of a function that never throws. */
export class Reason extends Error {}

/** The clock of the stores. */
export const NOW = 1_795_392_000;

/** All classes of values that callers may pass, and all functions of a copy that accept them. */
export function valueClasses(copy: Copy): readonly ValueClass[] {
  return [...money(copy), ...rates(copy), ...places(copy), ...jobs(copy), ...fleet(copy)];
}

function money({ core, calls }: Copy): readonly ValueClass[] {
  const { admits, usd } = core;
  const nothing = new core.BudgetState({ reserved: usd(0), spent: usd(0) });
  const state = new core.BudgetState({ reserved: usd(1), spent: usd(2) });
  const cap = new core.BudgetCap({ run: usd(5), month: usd(50) });
  const local = { kind: core.BackendKind.LOCAL, capabilities: new core.BackendCapabilities() };
  const needs = new core.ToolRequirements({ toolId: "whisper" });
  const estimates = [usd(0), usd(2), usd("2.00000001"), usd(5), usd(51)];
  return [
    {
      name: "BudgetCap",
      value: cap,
      make: (fields) => new core.BudgetCap(fields),
      json: false,
      uses: {
        admits: (as) => estimates.map((estimate) => admits(estimate, nothing, state, as(cap))),
        runAndMonth: (as) =>
          core.runAndMonth({ runId: "1", at: core.epochSeconds(NOW), cap: as(cap), timeZone: "UTC" }),
        forWindow: (as) => core.BudgetCap.prototype.forWindow.call(as(cap), "month"),
      },
    },
    {
      name: "BudgetState",
      value: state,
      make: (fields) => new core.BudgetState(fields as BudgetState),
      json: false,
      uses: {
        "admits, as the run": (as) => estimates.map((estimate) => admits(estimate, as(state), nothing, cap)),
        "admits, as the month": (as) =>
          estimates.map((estimate) => admits(estimate, nothing, as(state), cap)),
        committed: (as) => core.BudgetState.prototype.committed.call(as(state)),
        reserve: (as) => core.reserve(as(state), usd(1)),
        reconcile: (as) => core.reconcile(as(state), usd(1), usd(3)),
        release: (as) => core.release(as(state), usd(1)),
        selectAffordable: (as) =>
          estimates.map((estimate) =>
            calls.selectAffordable([local], needs, {
              maxCost: () => estimate,
              scopes: [{ scope: "run:1", cap: usd(5), state: as(state) }],
            }),
          ),
      },
    },
  ];
}

function rates({ core, calls }: Copy): readonly ValueClass[] {
  const { usd } = core;
  const machine = new core.CostRates({
    gpuUsdPerS: core.perHour("0.71"),
    vcpuUsdPerS: "0.000018",
    gibUsdPerS: 2e-6,
    idleTailS: 600,
  });
  const tier = { aboveInputTokens: 1000, inputUsdPerMTok: "6", outputUsdPerMTok: "22.5" };
  const tokens = new core.TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: 15, tiers: [tier] });
  const report = { prompt_tokens: 1200, completion_tokens: 7, total_tokens: 1207 };
  return [
    {
      name: "CostRates",
      value: machine,
      make: (fields) => new core.CostRates(fields as CostRates),
      json: true,
      uses: {
        estimateCost: (as) =>
          core.estimateCost(as(machine), { maxRuntimeS: 3600, vcpus: "8", memoryGib: 32 }),
      },
    },
    {
      name: "TokenRates",
      value: tokens,
      make: (fields) => new core.TokenRates(fields as TokenRates),
      json: true,
      uses: {
        estimateTokens: (as) =>
          core.estimateTokens(as(tokens), { maxInputTokens: 2000, maxOutputTokens: 100 }),
        tokenCost: (as) => core.tokenCost(as(tokens), { inputTokens: 2000, outputTokens: 100 }),
        actualOf: (as) => {
          const found = calls.actualOf(as(tokens), report);
          if (found.kind === "unknown") throw new Reason(found.reason);
          return found;
        },
        affordableTokens: (as) =>
          calls.affordableTokens(as(tokens), { amount: usd("0.01"), maxInputTokens: 1000 }),
        StreamMeter: (as) => {
          const options = { amount: usd("0.01"), maxInputTokens: 1000, maxChunkTokens: 16 };
          const meter = new calls.StreamMeter({ rates: as(tokens), ...options });
          return [meter.take({ tokens: 150 }), meter.extend(usd("0.02")), meter.take({ tokens: 900 })];
        },
      },
    },
  ];
}

function places({ core, calls }: Copy): readonly ValueClass[] {
  const { usd } = core;
  const needs = new core.ToolRequirements({ toolId: "whisper", minVramGb: 16, image: null });
  const has = new core.BackendCapabilities({ hasGpu: true, availableVramGb: 24, toolIds: ["whisper"] });
  const small = new core.BackendCapabilities({ availableVramGb: 15, images: [] });
  const host = new core.HostCapabilities({ availableVramGb: 24 });
  const secret = new core.SecretRef("KEY");
  const backend = (kind: BackendKind, capabilities: BackendCapabilities) => ({ kind, capabilities });
  /** The selected backend; the last one in the list can run any job. */
  const choose = (requirements: ToolRequirements, ...list: readonly ReturnType<typeof backend>[]): number => {
    const all = [...list, backend("cloud_worker", new core.BackendCapabilities({ availableVramGb: 1e6 }))];
    return all.indexOf(core.selectBackend(all, requirements));
  };
  const affordable = (
    requirements: ToolRequirements,
    ...list: readonly ReturnType<typeof backend>[]
  ): unknown => calls.selectAffordable(list, requirements, { maxCost: () => usd(1), scopes: [] }).kind;
  return [
    {
      name: "ToolRequirements",
      value: needs,
      make: (fields) => new core.ToolRequirements(fields as ToolRequirements),
      json: true,
      uses: {
        canSatisfy: (as) => [has, small].map((each) => each.canSatisfy(as(needs))),
        selectBackend: (as) => [
          choose(as(needs), backend("local", small), backend("local", has)),
          choose(as(needs), backend("local", small), backend("sdk", has)),
        ],
        selectAffordable: (as) => affordable(as(needs), backend("local", small), backend("local", has)),
      },
    },
    {
      name: "BackendCapabilities",
      value: has,
      make: (fields) => new core.BackendCapabilities(fields),
      json: true,
      uses: {
        canSatisfy: (as) =>
          ["whisper", "boltz"].map((toolId) =>
            core.BackendCapabilities.prototype.canSatisfy.call(
              as(has),
              new core.ToolRequirements({ toolId, minVramGb: 24 }),
            ),
          ),
        selectBackend: (as) => [
          choose(needs, backend("local", small), backend("local", as(has))),
          choose(new core.ToolRequirements({ toolId: "boltz" }), backend("local", as(has))),
          choose(new core.ToolRequirements({ toolId: "whisper", minVramGb: 25 }), backend("local", as(has))),
        ],
        selectAffordable: (as) => affordable(needs, backend("local", as(has))),
      },
    },
    {
      name: "HostCapabilities",
      value: host,
      make: (fields) => new core.HostCapabilities(fields),
      json: true,
      uses: {
        canFitVram: (as) =>
          [24, 24.001, null].map((gb) => core.HostCapabilities.prototype.canFitVram.call(as(host), gb)),
      },
    },
    {
      name: "SecretRef",
      value: secret,
      make: ({ ...fields }) => {
        const { envVar, ...others } = fields as SecretRef;
        // As the options of a constructor would be read.
        if (Reflect.ownKeys(others).length > 0) throw new TypeError("SecretRef has no field");
        return new core.SecretRef(envVar);
      },
      json: true,
      uses: {
        ExternalEndpoint: (as) => {
          const endpoint = new core.ExternalEndpoint({
            name: "api",
            baseUrl: "https://api.example.com",
            secret: as(secret),
          });
          return [endpoint, endpoint.bearer((name) => `the secret in ${name}`)];
        },
      },
    },
  ];
}

/** A store with a fixed clock, one job that waits for approval, and one job that can be claimed. */
async function store({ core, memory }: Copy): Promise<DispatchStore> {
  const made = memory.memoryStore({ clock: () => core.epochSeconds(NOW) });
  const free = {
    lane: "a",
    payload: 1,
    backend: core.BackendKind.LOCAL,
    maxCost: core.usd(0),
    maxAttempts: 2,
  };
  await made.submit({ ...free, jobId: "claimable" });
  await made.submit({ ...paid({ core }), jobId: "waiting" });
  return made;
}

const paid = ({ core }: Pick<Copy, "core">) => ({
  lane: "b",
  payload: 1,
  backend: core.BackendKind.CLOUD_WORKER,
  maxCost: core.usd(1),
  maxAttempts: 1,
});

function jobs(copy: Copy): readonly ValueClass[] {
  const { core, rules } = copy;
  const { usd } = core;
  const scopes = [{ scope: "run:1", cap: usd(1) }];
  const fields = { author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z" };
  const yes = new core.Approval({ ...fields, outcome: "approved" });
  const no = new core.Approval({ ...fields, outcome: "rejected" });
  const at = core.epochSeconds(NOW);
  const terms = { digest: "ab".repeat(32), ceiling: usd(1), until: core.epochSeconds(NOW + 60) };
  const bound = new core.Approval({ ...fields, bound: terms });
  /** A missing instant becomes the store's time, and a missing outcome the requested one. */
  const decision = (outcome: Approval["outcome"]) => (given: object) => {
    const { decidedAt = new Date(NOW * 1000), outcome: said = outcome, ...rest } = given as ApprovalFields;
    return new core.Approval({ ...rest, decidedAt, outcome: said });
  };
  const lease = new core.Lease({
    jobId: "claimable",
    leasedAt: core.epochSeconds(NOW),
    attempts: 1,
    token: "t",
  });
  /** Claims a job, and replaces its lease as {@link lease} says. */
  const claimed = async (
    use: (of: DispatchStore, lease: Lease) => Promise<unknown>,
    as: As,
  ): Promise<unknown> => {
    const of = await store(copy);
    const found = (await of.claim(["a"]))?.lease;
    if (found === undefined) throw new Error("there is no job to claim");
    const answer = await use(of, as(found));
    // The token differs each time.
    return [answer, await of.job("claimable")];
  };
  const timed = core.dayScope(core.epochSeconds(NOW), "UTC", { prefix: "a:" });
  const scope = rules.scopeCaps("scopes", [{ ...timed, cap: usd(1) }])[0] as ScopeCap;
  const ask = { holdId: "h", amount: usd("0.60"), ttlSeconds: 60 };
  return [
    {
      name: "Approval",
      value: yes,
      make: decision("approved"),
      json: true,
      uses: {
        submit: async (as) => {
          const of = await store(copy);
          const approved = { approval: as(yes), scopes };
          return [await of.submit({ ...paid(copy), jobId: "1", approved }), await of.job("1")];
        },
        submitMany: async (as) => {
          const of = await store(copy);
          const approved = { approval: as(yes), scopes };
          return [await of.submitMany([{ ...paid(copy), jobId: "1", approved }]), await of.job("1")];
        },
        approve: async (as) => {
          const of = await store(copy);
          return [await of.approve("waiting", as(yes), { scopes }), await of.job("waiting")];
        },
      },
    },
    {
      name: "Approval, rejected",
      value: no,
      make: decision("rejected"),
      json: true,
      uses: {
        reject: async (as) => {
          const of = await store(copy);
          return [await of.reject("waiting", as(no)), await of.job("waiting")];
        },
      },
    },
    {
      name: "Approval, bound",
      value: bound,
      make: decision("approved"),
      json: false,
      uses: {
        mayApprove: (as) => core.mayApprove({ requestedBy: "carol", approval: as(bound), now: at }),
        "mayApprove, as a vote": (as) =>
          core.mayApprove({ requestedBy: "carol", votes: [as(bound)], approval: bound, now: at }),
      },
    },
    {
      name: "Lease",
      value: lease,
      make: (given) => new core.Lease(given as Lease),
      json: true,
      uses: {
        complete: async (as) => claimed((of, held) => of.complete(held, "done"), as),
        completeMany: async (as) =>
          claimed((of, held) => of.completeMany([{ lease: held, result: "done" }]), as),
        fail: async (as) => claimed((of, held) => of.fail(held, "no", { retriable: true }), as),
        renew: async (as) => claimed((of, held) => of.renew(held), as),
      },
    },
    {
      name: "a scope that was answered",
      value: scope,
      make: (given) => rules.scopeCaps("scopes", [{ ...given }])[0] as object,
      json: false,
      uses: {
        hold: async (as) => {
          const of = await store(copy);
          const hold = (holdId: string) => of.hold({ ...ask, holdId, scopes: [as(scope)] });
          return [await hold("1"), await hold("2"), await of.getHold("1")];
        },
        submit: async (as) => {
          const of = await store(copy);
          const approved = { approval: yes, scopes: [as(scope)] };
          return [await of.submit({ ...paid(copy), jobId: "1", approved }), await of.usage(scope.scope)];
        },
        approve: async (as) => {
          const of = await store(copy);
          return [await of.approve("waiting", yes, { scopes: [as(scope)] }), await of.usage(scope.scope)];
        },
      },
    },
  ];
}

function fleet({ core }: Copy): readonly ValueClass[] {
  const seen = core.epochSeconds(NOW);
  const worker = new core.Worker({
    name: "a",
    kind: "lan_worker",
    lanes: ["l"],
    lastSeen: seen,
    currentJob: "1",
  });
  const item = new core.StagedItem({ key: "a", sizeBytes: 40 });
  const other = new core.StagedItem({ key: "b", sizeBytes: 70 });
  const gpu = new core.GpuContext({ model: "RTX 4090", vramGb: 24 });
  const node = new core.NodeIdentity({ name: "box", address: "100.64.0.7" });
  const record = {
    toolId: "boltz",
    toolVersion: "2.1.0",
    weightsId: null,
    weightsSha256: null,
    paramsHash: "p",
    inputHash: "i",
    referenceDataVersions: {},
    containerDigest: null,
    seed: null,
    determinism: "nondeterministic",
    runtimeSeconds: 1,
  } as const;
  return [
    {
      name: "Worker",
      value: worker,
      make: (fields) => new core.Worker(fields as Worker),
      json: true,
      uses: {
        summarizeFleet: (as) =>
          core.summarizeFleet([as(worker)], core.epochSeconds(NOW + 30), { staleAfterS: 30, deadAfterS: 60 }),
        busy: (as) => Reflect.get(core.Worker.prototype, "busy", as(worker)),
      },
    },
    {
      name: "StagedItem",
      value: item,
      make: (fields) => new core.StagedItem(fields as StagedItem),
      json: true,
      uses: {
        planStage: (as) =>
          core.planStage([as(item), other], [other, as(item)], { maxItems: 5, maxBytes: 100 }),
        stagedBytes: (as) => core.stagedBytes([as(item), other]),
      },
    },
    {
      name: "GpuContext",
      value: gpu,
      make: (fields) => new core.GpuContext(fields as GpuContext),
      json: true,
      uses: { Provenance: (as) => new core.Provenance({ ...record, gpu: as(gpu) }) },
    },
    {
      name: "NodeIdentity",
      value: node,
      make: (fields) => new core.NodeIdentity(fields as NodeIdentity),
      json: true,
      uses: { Provenance: (as) => new core.Provenance({ ...record, node: as(node) }) },
    },
  ];
}
