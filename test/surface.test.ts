import { readFileSync } from "node:fs";
import type * as core from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { problems, type Row } from "./surface/compare.ts";
import { declarations, hereFacts, valueNames } from "./surface/here.ts";
import { pythonFacts, type Recorded, type Surface, surface } from "./surface/python.ts";
import { samplesOf } from "./surface/samples.ts";

// The built package against the public names of the original: name by name, field by field in order, default by default,
// method by method, parameter by parameter. What differs on purpose is in this table and nowhere else.

const TABLE: readonly Row[] = [
  {
    python: "`BudgetCap(run_usd, month_usd)`, `BudgetState(reserved_usd, spent_usd)`",
    here: "`run`, `month`, `reserved`, `spent`",
    why: "They are `MicroCents`, not dollars.",
    renamed: {
      "BudgetCap.run_usd": "run",
      "BudgetCap.month_usd": "month",
      "BudgetState.reserved_usd": "reserved",
      "BudgetState.spent_usd": "spent",
    },
  },
  {
    python: "`BudgetState()`",
    here: "both fields are required",
    why: "A row with misspelt columns must not read as $0 committed.",
    differs: {
      "new BudgetState": ["{ reserved?, spent? }", "{ reserved, spent }"],
      "BudgetState.reserved": ["MicroCents = 0", "MicroCents"],
      "BudgetState.spent": ["MicroCents = 0", "MicroCents"],
    },
  },
  {
    python: "`estimate_usd`, `actual_usd`, `run_state`, `month_state`",
    here: "the positional parameters `estimate`, `actual`, `run`, `month`",
    why: "Amounts are `MicroCents`; no caller writes these names.",
    differs: {
      "admits()": ["estimateUsd, runState, monthState, cap", "estimate, run, month, cap"],
      "reserve()": ["state, estimateUsd", "state, estimate"],
      "reconcile()": ["state, estimateUsd, actualUsd", "state, estimate, actual"],
      "release()": ["state, estimateUsd", "state, estimate"],
    },
  },
  {
    python: "`AdmissionDecision(admitted, refused_window, reason)`",
    here: "a frozen object from `admits`; `reason` is `null` if admitted",
    why: "The compiler narrows the other fields by `admitted`.",
    differs: {
      AdmissionDecision: ["frozen value object", "frozen object without a class"],
      "new AdmissionDecision": ["{ admitted, refusedWindow, reason }", null],
      "AdmissionDecision.reason": ["string", "string | null"],
    },
  },
  {
    python: "`CostRates` of `Decimal`s",
    here: "decimal strings, numbers, or `perHour(…)`",
    why: "A price per second rarely fits a whole micro-cent; only the estimate is rounded, once and up.",
    differs: {
      "CostRates.gpuUsdPerS": ["MicroCents", "Rate"],
      "CostRates.vcpuUsdPerS": ["MicroCents", "Rate"],
      "CostRates.gibUsdPerS": ["MicroCents", "Rate"],
      "CostRates.idleTailS": ["MicroCents = 0", "Price = 0"],
    },
  },
  {
    python: "instants as `float`",
    here: "`EpochSeconds`, and a `Date` wherever one is taken",
    why: "JavaScript's clocks give milliseconds, and those are refused.",
    differs: {
      "Lease.leasedAt": ["number", "EpochSeconds"],
      "Worker.lastSeen": ["number", "EpochSeconds"],
    },
  },
  {
    python: "`Lease(job_id, leased_at, attempts)`",
    here: "one more field, `token`, which is required",
    why: "A lease that was lost must not complete another attempt's job.",
    differs: {
      "new Lease": ["{ jobId, leasedAt, attempts? }", "{ jobId, leasedAt, attempts?, token }"],
      "Lease holds": ["jobId, leasedAt, attempts", "jobId, leasedAt, attempts, token"],
      "Lease.token": [null, "string"],
    },
  },
  {
    python: "`Approval(author, reason, decided_at, outcome)`",
    here: "one more field, `bound`, which is optional",
    why: "An approval can be worth nothing for anything else than what was seen.",
    differs: {
      "new Approval": [
        "{ author, reason, decidedAt, outcome? }",
        "{ author, reason, decidedAt, outcome?, bound? }",
      ],
    },
  },
  {
    python: "`JobStore.claim(lanes)`",
    here: "`claim(lanes, { leaseSeconds, by, … })`, the options optional",
    why: "A lease has its own length, so that a worker of another lane cannot end it.",
    differs: {
      "JobStore.claim()": ["lanes", "lanes, { leaseSeconds?, by?, onRefused?, signal? }"],
    },
  },
  {
    python: "`JobStore.complete(job_id, …)`, `fail(job_id, …)`, `recover_stale(now=…)`",
    here: "each takes the lease instead of the job's id, and the actual cost; the store has its own clock",
    why: "The token fences the attempt. A wrong clock of one worker must not end another worker's lease.",
    differs: {
      "JobStore.complete()": ["jobId, result", "lease, result, { actual? }"],
      "JobStore.fail()": [
        "jobId, error, { retriable, maxAttempts }",
        "lease, error, { retriable, counts?, maxAttempts?, actual?, retryAfterSeconds? }",
      ],
      "JobStore.recoverStale()": ["{ now, ttlSeconds, maxAttempts }", "{ ttlSeconds, maxAttempts?, limit? }"],
    },
  },
  {
    python: "`WorkerExecutor.execute(payload)`",
    here: "`execute(payload, context)`",
    why: "The context has the lease, `renew()`, and a signal that aborts when the lease is lost.",
    differs: { "WorkerExecutor.execute()": ["payload", "payload, context"] },
  },
  {
    python: "`drain(store, execute, lanes, max_attempts=…)` → `int`",
    here: "`drain(store, executor, { lanes, … })` → a promise of counts by outcome",
    why: "Stores are asynchronous; each job has its own `maxAttempts`.",
    differs: {
      "drain()": [
        "store, execute, lanes, { maxAttempts }",
        "store, executor, { lanes, signal?, actualCost?, onEvent?, leaseSeconds? }",
      ],
      "drain() returns": ["number", "Promise<DrainSummary>"],
    },
  },
  {
    python: "`Transport.submit(envelope, token)`",
    here: "`submit(envelope, token, { signal })`, the signal optional",
    why: "A caller that no longer wants the answer can abort.",
    differs: { "Transport.submit()": ["envelope, token", "envelope, token, { signal? }"] },
  },
  {
    python: "`Routable` has `can_satisfy`",
    here: "`canSatisfy` or `capabilities`",
    why: "A plain object needs no method, and the error can say what each backend lacks.",
    differs: { "Routable.capabilities": [null, "in one of its forms"] },
  },
  {
    python: "`EnvLookup` is a function",
    here: "a function or an object",
    why: "`process.env` or the `env` of a Cloudflare Worker can be passed as it is.",
    differs: {
      "EnvLookup is": [
        "collections.abc.Callable[[str], 'str | None']",
        "((name: string) => string | undefined) | Readonly<Record<string, unknown>>",
      ],
    },
  },
  {
    python: "`ExternalEndpoint.base_url` is a field",
    here: "`baseUrl` is a getter; the field is `origin`",
    why: "A path or query may be private: no log, inspection or JSON shows it.",
    differs: {
      "ExternalEndpoint holds": ["name, baseUrl, secret", "name, origin, secret"],
      "ExternalEndpoint.origin": [null, "string"],
    },
  },
  {
    python: "`SecretRef(env_var=…)`",
    here: '`new SecretRef("KEY")`',
    why: "One field needs no options object.",
    differs: { "new SecretRef": ["{ envVar }", "envVar"] },
  },
  {
    python: '`log_egress(endpoint, detail="")`',
    here: "`logEgress(endpoint, { detail, log })`, which returns the event; `detail` is `null` by default",
    why: "The record can go to any log. An empty detail differs from a missing one.",
    differs: {
      "logEgress()": ["endpoint, { detail? }", "endpoint, { detail?, log? }"],
      "logEgress: detail": ["", "null"],
      "logEgress() returns": ["void", "EgressEvent"],
    },
  },
  {
    python: "`NoEligibleBackendError`, `SecretMissingError`, `RetriableError`",
    here: "each extends `DispatchError`",
    why: "`isDispatchError(e, code)` recognizes all of them, also from another installed copy.",
    differs: {
      "NoEligibleBackendError extends": ["Error", "DispatchError"],
      "SecretMissingError extends": ["Error", "DispatchError"],
      "RetriableError extends": ["Error", "DispatchError"],
    },
  },
  {
    python: "`Contained`",
    here: "not ported",
    why: "`try` and `catch` replace it, and `drain` isolates each job.",
    differs: { Contained: ["class", null] },
  },
  {
    python: "`Observe`, `ObserveConfig`",
    here: "not ported",
    why: "They set up tools for Python; traces and errors belong to the application.",
    differs: { Observe: ["class", null], ObserveConfig: ["frozen value object", null] },
  },
];

const built = (await import(new URL("../dist/index.js", import.meta.url).href)) as typeof core;
const declared = declarations();
const original = surface("0.4.0");
const ours = hereFacts(declared, built, samplesOf(built), original);

describe("the surface of the original", () => {
  it("the build is of these sources", () => {
    expect(Object.keys(built).sort(), "npm run build").toEqual(valueNames(declared));
  });

  it("is here as it is in 0.4.0, but for the table", () => {
    expect(problems(original, ours, TABLE)).toEqual([]);
  });

  it("was the same in 0.1.0: every fact of it is one of 0.4.0", () => {
    const now = pythonFacts(original);
    const then = Array.from(pythonFacts(surface("0.1.0")));
    expect(then.length).toBeGreaterThan(100);
    expect(then.filter(([path, fact]) => now.get(path) !== fact)).toEqual([]);
  });

  it("the table is the one of the README", () => {
    const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const cells = page
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(cells.slice(2)).toEqual(TABLE.map(({ python, here, why }) => [python, here, why]));
  });
});

/** A recording that can be changed. */
type Draft = Record<string, { -readonly [Key in keyof Recorded]-?: Recorded[Key] }>;

/** A copy of the original in which something was changed. */
function changed(change: (names: Draft) => unknown): Surface {
  const copy = structuredClone(original) as Draft;
  change(copy);
  return copy;
}

function slotsOf(slots: unknown): Record<string, unknown>[] {
  return slots as Record<string, unknown>[];
}

describe("the comparison finds", () => {
  it.each<readonly [string, (names: Draft) => unknown, string]>([
    [
      "a name that is missing here",
      (names) => Object.assign(names, { Parcel: names["Lease"] }),
      "Parcel: frozen value object in Python, nothing here",
    ],
    [
      "a field of another name",
      ({ NodeIdentity }) => Object.assign(slotsOf(NodeIdentity?.fields)[0] ?? {}, { name: "node_id" }),
      "new NodeIdentity: { nodeId, address? } in Python, { name, address? } here",
    ],
    [
      "fields in another order",
      ({ CostEstimate }) => slotsOf(CostEstimate?.fields).reverse(),
      "CostEstimate holds: reason, feasibleLocally, estimatedVramGb, estimatedSeconds in Python, estimatedSeconds, estimatedVramGb, feasibleLocally, reason here",
    ],
    [
      "another default",
      ({ HostCapabilities }) => Object.assign(slotsOf(HostCapabilities?.fields)[0] ?? {}, { default: 8 }),
      "HostCapabilities.availableVramGb: number | null = 8 in Python, number | null = null here",
    ],
    [
      "a field that has become required",
      ({ Worker }) => delete slotsOf(Worker?.fields).at(-1)?.["default"],
      "Worker.recentRtf: number | null in Python, number | null = null here",
    ],
    [
      "another type of a field",
      ({ Provenance }) => Object.assign(slotsOf(Provenance?.fields)[8] ?? {}, { annotation: "str" }),
      "Provenance.seed: string in Python, number | null here",
    ],
    [
      "a value that may change",
      ({ StagedItem }) => Object.assign(StagedItem ?? {}, { frozen: false }),
      "StagedItem: dataclass in Python, frozen value object here",
    ],
    [
      "a property that is missing here",
      ({ Worker }) => Object.assign(Worker ?? {}, { properties: ["busy", "idle"] }),
      "Worker.idle: property in Python, nothing here",
    ],
    [
      "a method's parameter of another name",
      ({ BudgetCap }) => Object.assign(BudgetCap?.methods["for_window"]?.[0] ?? {}, { name: "which" }),
      "BudgetCap.forWindow(): which in Python, window here",
    ],
    [
      "parameters in another order",
      ({ is_lease_stale }) => slotsOf(is_lease_stale?.parameters).reverse(),
      "isLeaseStale(): ttlSeconds, now, leasedAt in Python, leasedAt, now, ttlSeconds here",
    ],
    [
      "an option that has become positional",
      ({ expected_wall }) =>
        Object.assign(slotsOf(expected_wall?.parameters)[1] ?? {}, { keywordOnly: false }),
      "expectedWall(): workSeconds, rtfCeiling in Python, workSeconds, { rtfCeiling } here",
    ],
    [
      "an option that has become required",
      ({ plan_throughput }) => delete slotsOf(plan_throughput?.parameters)[3]?.["default"],
      "planThroughput(): availableVramGb, { modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency? } in Python, availableVramGb, { modelVramGb, vramPerBatchGb, maxBatch?, allowConcurrency? } here",
    ],
    [
      "another default of an option",
      ({ plan_throughput }) => Object.assign(slotsOf(plan_throughput?.parameters)[3] ?? {}, { default: 8 }),
      "planThroughput: maxBatch: 8 in Python, 16 here",
    ],
    [
      "another result",
      ({ staged_bytes }) => Object.assign(staged_bytes ?? {}, { returns: "str" }),
      "stagedBytes() returns: string in Python, number here",
    ],
    [
      "another string of an enum",
      ({ BackendKind }) => Object.assign(BackendKind?.members ?? {}, { SDK: "SDK" }),
      "BackendKind.SDK: SDK in Python, sdk here",
    ],
    [
      "a member that is missing here",
      ({ WorkerHealth }) => Object.assign(WorkerHealth?.members ?? {}, { LOST: "lost" }),
      "WorkerHealth members: HEALTHY, STALE, DEAD, LOST in Python, HEALTHY, STALE, DEAD here",
    ],
    [
      "another base of an error",
      ({ DispatchError }) => Object.assign(DispatchError ?? {}, { bases: ["ValueError"] }),
      "DispatchError extends: ValueError in Python, Error here",
    ],
    [
      "a difference that is none any more",
      ({ Lease }) => slotsOf(Lease?.fields).push({ name: "token", annotation: "str", required: true }),
      "Lease.token: the table declares a difference that is not there",
    ],
    [
      "what is not ported, and is not there to port",
      (names) => delete names["Contained"],
      "Contained: the table declares a difference that is not there",
    ],
    [
      "a new name for a field that is gone",
      ({ BudgetCap }) => Object.assign(slotsOf(BudgetCap?.fields)[0] ?? {}, { name: "run" }),
      "BudgetCap.run_usd: the table renames it to run, and there is no such field",
    ],
  ])("%s", (_, change, problem) => {
    expect(problems(changed(change), ours, TABLE)).toContain(problem);
  });

  it("every row is needed, and each of its facts", () => {
    for (const row of TABLE) {
      const others = TABLE.filter((other) => other !== row);
      expect(problems(original, ours, others), row.python).not.toEqual([]);
      for (const path of Object.keys(row.differs ?? {})) {
        const differs = Object.fromEntries(
          Object.entries(row.differs ?? {}).filter(([other]) => other !== path),
        );
        expect(problems(original, ours, [...others, { ...row, differs }]).length, path).toBe(1);
      }
    }
  });

  it("a value or member that is built otherwise", () => {
    const { Determinism, DispatchError } = built;
    const other = {
      ...built,
      Determinism: Object.freeze({ ...Determinism, SEEDED: "seed" }),
      NoEligibleBackendError: class extends DispatchError {},
      ThroughputPlan: class {
        readonly concurrency = 1;
        readonly batchSize = 1;
      },
    };
    const facts = hereFacts(declared, other, samplesOf(built), original);
    expect(problems(original, facts, TABLE)).toEqual([
      "Determinism.SEEDED: seeded in Python, seed here",
      "ThroughputPlan: frozen value object in Python, value object here",
      "ThroughputPlan holds: batchSize, int8, concurrency in Python, concurrency, batchSize here",
    ]);
  });
});
