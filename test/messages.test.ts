import {
  admits,
  Approval,
  BackendCapabilities,
  BudgetCap,
  BudgetState,
  CostEstimate,
  CostRates,
  dayScope,
  DispatchError,
  epochSeconds,
  estimateCost,
  estimateTokens,
  ExternalEndpoint,
  HostCapabilities,
  isLeaseStale,
  Lease,
  logEgress,
  microCents,
  monthScope,
  NodeIdentity,
  perHour,
  RetriableError,
  runAndMonth,
  runScope,
  SecretRef,
  selectBackend,
  shouldGiveUp,
  tokenCost,
  TokenRates,
  ToolRequirements,
  usd,
  vramFits,
  weekScope,
  drain,
  formatUsd,
  canTransition,
} from "dispatch-kit";
import {
  capOf,
  completeOptions,
  extendHold,
  failOptions,
  holdRequest,
  type HoldRow,
  isOver,
  jobRequest,
  lackingScopes,
  outcomeFromJSON,
  recoverOptions,
  repeatHold,
  settleHold,
} from "dispatch-kit/rules";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { raised } from "../src/budget/caps.ts";
import { noActualCost, unknownJob } from "../src/dispatch/rules.ts";
import { isTerminal } from "../src/dispatch/lifecycle.ts";

// Every message in one table: what was asked, what is needed, what was given. A wrong type is named but
// never shown, since it could be a secret; a wrong value of a known type is shown, cut and escaped.

const at = epochSeconds(1_795_392_000);
const nothing = new BudgetState({ reserved: usd(0), spent: usd(0) });
const scopes = [{ scope: "run:1", cap: usd(1), until: null }];
const held = { holdId: "h", amount: usd(1), scopes, ttlSeconds: 60 };
const job = { jobId: "j", lane: "l", payload: 1, backend: "local", maxCost: usd(0), maxAttempts: 1 } as const;
const row: HoldRow = {
  holdId: "h",
  asked: usd(1),
  steps: [usd(2)],
  scopes,
  state: "open",
  booked: usd(0),
  settledFrom: "open",
  corrected: false,
  firstSettled: null,
};
const endpoint = { name: "n", baseUrl: "https://example.com", secret: new SecretRef("KEY") };
const approval = { author: "a", reason: "r", decidedAt: "2026-11-23T09:00:00Z" };
const machine = new CostRates({ gpuUsdPerS: 1, vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 0 });
const wrongRates = { ...machine };
const needs = new ToolRequirements({ toolId: "t" });
const prices = { inputUsdPerMTok: 1, outputUsdPerMTok: 1 };
const again =
  "an ExternalEndpoint made by this copy of dispatch-kit with new ExternalEndpoint({ name, baseUrl, secret })";
const wrong = (value: unknown): never => value as never;

const table: readonly (readonly [
  message: string,
  error: new (...args: never) => Error,
  run: () => unknown,
])[] = [
  // Money
  ["usd must be a decimal string or a number; got undefined", TypeError, () => usd(wrong(undefined))],
  ["usd must be a decimal string or a number; got a bigint", TypeError, () => usd(wrong(5n))],
  ['usd must be a plain decimal such as 12.50; got "1,50"', RangeError, () => usd("1,50")],
  ["usd must be a plain decimal such as 12.50; got NaN", RangeError, () => usd(NaN)],
  [
    "usd must be exact: a string, or a number of at most 15 significant digits; got 0.30000000000000004",
    RangeError,
    () => usd(0.1 + 0.2),
  ],
  [
    'usd must be a decimal with at most 8 decimal places; got "0.123456789"',
    RangeError,
    () => usd("0.123456789"),
  ],
  ['usd: rounding must be "up" or left out; got "down"', RangeError, () => usd(1, wrong("down"))],
  ["microCents must be a bigint or its digits; got 5", TypeError, () => microCents(wrong(5))],
  ['microCents must be whole digits such as 1250000000; got "1.5"', RangeError, () => microCents("1.5")],
  ["formatUsd must be a bigint of micro-cents; got 5", TypeError, () => formatUsd(wrong(5))],
  // Caps, states, decisions
  ["BudgetState must be a plain object; got undefined", TypeError, () => new BudgetState(wrong(undefined))],
  [
    "BudgetCap.run must be MicroCents, from usd(…) or microCents(…); got 10",
    TypeError,
    () => new BudgetCap({ run: wrong(10) }),
  ],
  [
    "BudgetCap.run must be at least 0 micro-cents; got -1",
    RangeError,
    () => new BudgetCap({ run: microCents(-1n) }),
  ],
  [
    "hold.scopes must be an array; got undefined",
    TypeError,
    () => holdRequest({ ...held, scopes: wrong(undefined) }),
  ],
  [
    "hold.amount must be MicroCents, from usd(…) or microCents(…); got undefined",
    TypeError,
    () => holdRequest({ ...held, amount: wrong(undefined) }),
  ],
  [
    'BudgetCap has no field "rum"; its fields are run, month',
    TypeError,
    () => new BudgetCap(wrong({ rum: 1 })),
  ],
  [
    'BudgetCap has no field "Symbol(run)"; its fields are run, month',
    TypeError,
    () => new BudgetCap(wrong({ [Symbol("run")]: 1 })),
  ],
  ["BudgetCap must be a plain object; got null", TypeError, () => new BudgetCap(wrong(null))],
  ["BudgetCap must be a plain object; got an object", TypeError, () => new BudgetCap(wrong(new Date()))],
  [
    'forWindow must be one of run, month; got "year"',
    RangeError,
    () => new BudgetCap().forWindow(wrong("year")),
  ],
  ["forWindow must be a string; got undefined", TypeError, () => new BudgetCap().forWindow(wrong(undefined))],
  [
    "BudgetState.spent must be MicroCents, from usd(…) or microCents(…); got undefined",
    TypeError,
    () => new BudgetState(wrong({ reserved: usd(1) })),
  ],
  [
    "admits: estimate must be MicroCents; got undefined",
    TypeError,
    () => admits(wrong(undefined), nothing, nothing, new BudgetCap()),
  ],
  [
    "admits: run.reserved must be MicroCents, from usd(…) or microCents(…); got a string",
    TypeError,
    () => admits(usd(1), wrong(nothing.toJSON()), nothing, new BudgetCap()),
  ],
  [
    "admits: month must be a BudgetState or its fields; got null",
    TypeError,
    () => admits(usd(1), nothing, wrong(null), new BudgetCap()),
  ],
  [
    "admits: month must be a BudgetState or its fields; got an object",
    TypeError,
    () => admits(usd(1), nothing, wrong(new Map()), new BudgetCap()),
  ],
  [
    "admits: cap must be a BudgetCap or its fields; got a string",
    TypeError,
    () => admits(usd(1), nothing, nothing, wrong("cap")),
  ],
  [
    'admits: cap has no field "rum"; its fields are run, month',
    TypeError,
    () => admits(usd(1), nothing, nothing, wrong({ rum: usd(1) })),
  ],
  // Rates and tokens
  [
    "CostRates.gibUsdPerS must be a decimal string or a number; got undefined",
    TypeError,
    () => new CostRates(wrong({ gpuUsdPerS: 1, vcpuUsdPerS: 1, idleTailS: 1 })),
  ],
  [
    'CostRates.gpuUsdPerS must be at least 0; got "-1"',
    RangeError,
    () => new CostRates({ gpuUsdPerS: "-1", vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 1 }),
  ],
  [
    'CostRates.gpuUsdPerS has no field "hour"; its fields are perHour',
    TypeError,
    () => new CostRates({ gpuUsdPerS: wrong({ hour: 1 }), vcpuUsdPerS: 1, gibUsdPerS: 1, idleTailS: 1 }),
  ],
  [
    "estimateCost: rates must be a CostRates or its fields; got undefined",
    TypeError,
    () => estimateCost(wrong(undefined), { maxRuntimeS: 1, vcpus: 1, memoryGib: 1 }),
  ],
  [
    "estimateCost: rates.gpuUsdPerS must be a decimal string or a number; got undefined",
    TypeError,
    () => estimateCost(wrong({}), { maxRuntimeS: 1, vcpus: 1, memoryGib: 1 }),
  ],
  [
    "TokenRates.inputUsdPerMTok must be a decimal string or a number; got undefined",
    TypeError,
    () => new TokenRates(wrong({ outputUsdPerMTok: 1 })),
  ],
  [
    'TokenRates.tiers must be tiers with different aboveInputTokens; got "5, 5"',
    RangeError,
    () =>
      new TokenRates({
        ...prices,
        tiers: [
          { aboveInputTokens: 5, ...prices },
          { aboveInputTokens: 5, ...prices },
        ],
      }),
  ],
  [
    "TokenRates.tiers[0].aboveInputTokens must be a whole number of at least 0; got 0.5",
    RangeError,
    () => new TokenRates({ ...prices, tiers: [{ aboveInputTokens: 0.5, ...prices }] }),
  ],
  [
    "tokenCost: inputTokens must be at least 11, the sum of its parts; got 10",
    RangeError,
    () =>
      tokenCost(new TokenRates(prices), {
        inputTokens: 10,
        outputTokens: 0,
        cacheReadTokens: 5,
        cacheWriteTokens: 6,
      }),
  ],
  // Routing
  ["vramFits: requiredGb must be a number; got undefined", TypeError, () => vramFits(1, wrong(undefined))],
  ["vramFits: availableGb must be finite and at least 0; got -1", RangeError, () => vramFits(-1, 1)],
  [
    "selectBackend: backends must be an array; got an object",
    TypeError,
    () => selectBackend(wrong({}), new ToolRequirements({ toolId: "x" })),
  ],
  [
    "selectBackend.allowSdk must be true or false; got a string",
    TypeError,
    () => selectBackend([], new ToolRequirements({ toolId: "x" }), { allowSdk: wrong("true") }),
  ],
  [
    "selectBackend: canSatisfy() must be true or false; got 1",
    TypeError,
    () =>
      selectBackend([{ kind: "local", canSatisfy: () => wrong(1) }], new ToolRequirements({ toolId: "x" })),
  ],
  [
    'selectBackend: kind must be one of local, lan_worker, cloud_worker, sdk; got "gpu"',
    RangeError,
    () =>
      selectBackend([{ kind: wrong("gpu"), canSatisfy: () => true }], new ToolRequirements({ toolId: "x" })),
  ],
  [
    "selectBackend: a backend must be an object with capabilities or canSatisfy(); got null",
    TypeError,
    () => selectBackend([wrong(null)], new ToolRequirements({ toolId: "x" })),
  ],
  [
    "selectBackend: requirements must be a ToolRequirements or its fields; got a string",
    TypeError,
    () => selectBackend([], wrong("x")),
  ],
  [
    "selectBackend: requirements.toolId must be a string; got undefined",
    TypeError,
    () => selectBackend([], wrong({})),
  ],
  [
    "selectBackend: capabilities must be a BackendCapabilities or its fields; got null",
    TypeError,
    () => selectBackend([{ kind: "local", capabilities: wrong(null) }], needs),
  ],
  [
    'selectBackend: capabilities has no field "vram"; its fields are hasGpu, availableVramGb, images, toolIds',
    TypeError,
    () => selectBackend([{ kind: "local", capabilities: wrong({ vram: 1 }) }], needs),
  ],
  [
    "canSatisfy must be a ToolRequirements or its fields; got undefined",
    TypeError,
    () => new BackendCapabilities().canSatisfy(wrong(undefined)),
  ],
  [
    "BackendCapabilities.images[1] must be a string; got 1",
    TypeError,
    () => new BackendCapabilities({ images: ["a", wrong(1)] }),
  ],
  [
    'ToolRequirements.toolId must be 1 to 200 code units without control characters; got ""',
    RangeError,
    () => new ToolRequirements({ toolId: "" }),
  ],
  [
    'ToolRequirements.toolId must be 1 to 200 code units without control characters; got "a\\n\\"b\\\\"',
    RangeError,
    () => new ToolRequirements({ toolId: 'a\n"b\\' }),
  ],
  [
    `ToolRequirements.toolId must be 1 to 200 code units without control characters; got "${"x".repeat(59)}…"`,
    RangeError,
    () => new ToolRequirements({ toolId: "x".repeat(201) }),
  ],
  // Egress
  ["SecretRef must be a string; got undefined", TypeError, () => new SecretRef(wrong(undefined))],
  [
    "SecretRef must be the name of an environment variable; what was given is not shown",
    RangeError,
    () => new SecretRef("sk-123"),
  ],
  [
    "SecretRef must be the name of an environment variable; what was given is not shown",
    RangeError,
    () => new SecretRef("sk_live_51HxAbCdEfGhIjKlMn"),
  ],
  [
    "the secret in KEY is not set or empty, so no call is made",
    DispatchError,
    () => new SecretRef("KEY").resolve({}),
  ],
  [
    "the secret in KEY must have no line break, control or invisible character; it is not shown",
    RangeError,
    () => new SecretRef("KEY").resolve({ KEY: "a\nb" }),
  ],
  [
    "resolve: env must be a function or an object; got a string",
    TypeError,
    () => new SecretRef("KEY").resolve(wrong("KEY=1")),
  ],
  [
    "ExternalEndpoint.baseUrl must be an https:// URL with a host, no credentials and no white space; it is not shown",
    RangeError,
    () => new ExternalEndpoint({ ...endpoint, baseUrl: "http://user:hunter2@example.com" }),
  ],
  [
    'ExternalEndpoint.name must be well-formed text that is not blank; got " "',
    RangeError,
    () => new ExternalEndpoint({ ...endpoint, name: " " }),
  ],
  [
    "ExternalEndpoint.secret must be a SecretRef or its fields; got a string",
    TypeError,
    () => new ExternalEndpoint({ ...endpoint, secret: wrong("KEY") }),
  ],
  [
    "ExternalEndpoint.secret.envVar must be the name of an environment variable; what was given is not shown",
    RangeError,
    () => new ExternalEndpoint({ ...endpoint, secret: wrong({ envVar: "sk-123" }) }),
  ],
  [`logEgress must be ${again}; got an object`, TypeError, () => logEgress(wrong(endpoint))],
  [
    "logEgress.log must be a function; got null",
    TypeError,
    () => logEgress(new ExternalEndpoint(endpoint), { log: wrong(null) }),
  ],
  // Approval, time, leases, lifecycle
  [
    'Approval.decidedAt must be an ISO-8601 instant such as 2026-11-23T09:00:00Z, or a valid Date; got "today"',
    RangeError,
    () => new Approval({ ...approval, decidedAt: "today" }),
  ],
  [
    'Approval.decidedAt must be an ISO-8601 instant such as 2026-11-23T09:00:00Z, or a valid Date; got "an invalid Date"',
    RangeError,
    () => new Approval({ ...approval, decidedAt: new Date(NaN) }),
  ],
  [
    "Approval.decidedAt must be a Date or a string; got undefined",
    TypeError,
    () => new Approval(wrong({ author: "a", reason: "r" })),
  ],
  [
    'Approval.outcome must be one of approved, rejected; got "maybe"',
    RangeError,
    () => new Approval({ ...approval, outcome: wrong("maybe") }),
  ],
  [
    "epochSeconds must be a valid Date or finite epoch seconds, not milliseconds; got 1795392000000",
    RangeError,
    () => epochSeconds(1_795_392_000_000),
  ],
  ["epochSeconds must be a Date or epoch seconds; got a string", TypeError, () => epochSeconds(wrong("now"))],
  [
    "epochSeconds must be a valid Date or finite epoch seconds, not milliseconds; got NaN",
    RangeError,
    () => epochSeconds(new Date(NaN)),
  ],
  [
    "isLeaseStale: now must be a valid Date or finite epoch seconds, not milliseconds; got NaN",
    RangeError,
    () => isLeaseStale(at, wrong(NaN), 60),
  ],
  [
    "isLeaseStale: leasedAt must be a Date or epoch seconds; got undefined",
    TypeError,
    () => isLeaseStale(wrong(undefined), at, 60),
  ],
  [
    "isLeaseStale: ttlSeconds must be finite and at least 0; got -1",
    RangeError,
    () => isLeaseStale(at, at, -1),
  ],
  [
    "shouldGiveUp: attempts must be a whole number of at least 0; got 1.5",
    RangeError,
    () => shouldGiveUp(1.5, 1),
  ],
  [
    "shouldGiveUp: maxAttempts must be a number; got undefined",
    TypeError,
    () => shouldGiveUp(1, wrong(undefined)),
  ],
  [
    "Lease.token must be a string; got undefined",
    TypeError,
    () => new Lease(wrong({ jobId: "j", leasedAt: at, attempts: 1 })),
  ],
  [
    'canTransition: target must be one of pending, awaiting_approval, approved, queued, running, succeeded, failed, rejected; got "done"',
    RangeError,
    () => canTransition("running", wrong("done")),
  ],
  [
    "canTransition: current must be a string; got undefined",
    TypeError,
    () => canTransition(wrong(undefined), "running"),
  ],
  // Scopes, holds, jobs
  ['runScope must be 1 to 196 code units without control characters; got ""', RangeError, () => runScope("")],
  [
    'dayScope: timeZone must be an IANA name such as Europe/Berlin; got "Mars/Base"',
    RangeError,
    () => dayScope(at, "Mars/Base"),
  ],
  ["dayScope: timeZone must be a string; got undefined", TypeError, () => dayScope(at, wrong(undefined))],
  [
    "dayScope: at must be a Date or epoch seconds; got undefined",
    TypeError,
    () => dayScope(wrong(undefined), "UTC"),
  ],
  [
    "runAndMonth.cap must be a BudgetCap or its fields; got undefined",
    TypeError,
    () => runAndMonth(wrong({ runId: "1", at, timeZone: "UTC" })),
  ],
  [
    "runAndMonth.cap.run must be MicroCents, from usd(…) or microCents(…); got 1",
    TypeError,
    () => runAndMonth({ runId: "1", at, cap: wrong({ run: 1 }), timeZone: "UTC" }),
  ],
  [
    `monthScope.prefix must be 1 to 150 code units without control characters; got "${"x".repeat(59)}…"`,
    RangeError,
    () => monthScope(at, "UTC", { prefix: "x".repeat(151) }),
  ],
  [
    'runScope.prefix must be 1 to 150 code units without control characters; got "a\\n"',
    RangeError,
    () => runScope("1", { prefix: "a\n" }),
  ],
  [
    "weekScope.prefix must be a string; got null",
    TypeError,
    () => weekScope(at, "UTC", { prefix: wrong(null) }),
  ],
  [
    'dayScope has no field "suffix"; its fields are prefix',
    TypeError,
    () => dayScope(at, "UTC", wrong({ suffix: "a" })),
  ],
  [
    "hold.scopes must be at least one scope, each once; got none",
    RangeError,
    () => holdRequest({ ...held, scopes: [] }),
  ],
  [
    'hold.scopes must be at least one scope, each once; got "run:1", "run:1"',
    RangeError,
    () => holdRequest({ ...held, scopes: [...scopes, ...scopes] }),
  ],
  [
    "hold.amount must be at most 2^62 - 1 micro-cents; got 4611686018427387904",
    RangeError,
    () => holdRequest({ ...held, amount: microCents(2n ** 62n) }),
  ],
  ["hold.ttlSeconds must be above 0; got 0", RangeError, () => holdRequest({ ...held, ttlSeconds: 0 })],
  [
    "hold.ttlSeconds must be at most 1e9 seconds; got 1795392000",
    RangeError,
    () => holdRequest({ ...held, ttlSeconds: at }),
  ],
  [
    'hold.holdId: "job:1#1" belongs to a job; only the job store moves its money',
    DispatchError,
    () => holdRequest({ ...held, holdId: "job:1#1" }),
  ],
  [
    'hold "h" was made for $1.00 in "run:1"; asked now: $2.00 in "run:1"',
    DispatchError,
    () => repeatHold(row, holdRequest({ ...held, amount: usd(2) })),
  ],
  [
    'the cap of "run:1" is pinned at $2.00; the request says $1.00',
    DispatchError,
    () => capOf({ scope: "run:1", cap: usd(1) }, { cap: usd(2), raise: null }, at),
  ],
  [
    'the cap of "run:1" is in neither the request nor the store: give it, or pin it',
    DispatchError,
    () => capOf({ scope: "run:1" }, undefined, at),
  ],
  [
    'the cap of "run:1" is not pinned: only a pinned cap can be raised',
    DispatchError,
    () => raised("run:1", undefined, usd(2), at),
  ],
  [
    'the cap of "run:1" is pinned at $2.00; raising it to $1.00 would lower it',
    DispatchError,
    () => raised("run:1", { cap: usd(2), raise: null }, usd(1), at),
  ],
  [
    "hold.tags must be at most 16 tags; got 17",
    RangeError,
    () =>
      holdRequest({
        ...held,
        tags: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`t${n}`, "x"])),
      }),
  ],
  [
    "hold.tags must be a plain object; got an object",
    TypeError,
    () => holdRequest({ ...held, tags: wrong(["user"]) }),
  ],
  [
    'hold.tags."user" must be a string; got 7',
    TypeError,
    () => holdRequest({ ...held, tags: wrong({ user: 7 }) }),
  ],
  [
    'hold.tags: the name of a tag must be 1 to 200 code units without control characters; got ""',
    RangeError,
    () => holdRequest({ ...held, tags: { "": "x" } }),
  ],
  [
    'hold "h" was made for $2.00 in step 1; asked now: $3.00 in step 1',
    DispatchError,
    () => extendHold(row, usd(3), 1),
  ],
  ["extend: step must be the next one, 2; got 3", RangeError, () => extendHold(row, usd(3), 3)],
  ["extend: step must be a whole number of at least 1; got 0", RangeError, () => extendHold(row, usd(3), 0)],
  [
    "extend: the extended amount must be at most 2^62 - 1 micro-cents; got 4611686018727387903",
    RangeError,
    () => extendHold(row, microCents(2n ** 62n - 1n), 2),
  ],
  [
    "submit.maxAttempts must be a whole number of at least 1; got 0",
    RangeError,
    () => jobRequest({ ...job, maxAttempts: 0 }),
  ],
  [
    "submit.payload must be what JSON can hold; money goes in as formatUsd(…)",
    TypeError,
    () => jobRequest({ ...job, payload: usd(1) }),
  ],
  [
    "submit.payload must be what JSON can hold; got a function",
    TypeError,
    () => jobRequest({ ...job, payload: () => 1 }),
  ],
  [
    'submit.approved.approval.outcome must be approved; got "rejected"',
    RangeError,
    () =>
      jobRequest({
        ...job,
        approved: { approval: new Approval({ ...approval, outcome: "rejected" }), scopes },
      }),
  ],
  ["outcomeFromJSON must be a plain object; got a string", TypeError, () => outcomeFromJSON("{}")],
  [
    "settled.booked must be a string; got 1",
    TypeError,
    () => outcomeFromJSON({ kind: "settled", booked: 1, overrun: "0.00", corrected: false }),
  ],
  // Text is cut after 60 code units.
  [
    `usd must be a plain decimal such as 12.50; got "${"x".repeat(60)}"`,
    RangeError,
    () => usd("x".repeat(60)),
  ],
  [
    `usd must be a plain decimal such as 12.50; got "${"x".repeat(59)}…"`,
    RangeError,
    () => usd("x".repeat(61)),
  ],
  [
    "selectBackend: a backend must be an object with capabilities or canSatisfy(); got a string",
    TypeError,
    () => selectBackend([wrong("local")], needs),
  ],
  // Who was asked: every door says its own name.
  [
    "forWindow: this must be a BudgetCap or its fields; got a function",
    TypeError,
    () => BudgetCap.prototype.forWindow.call(wrong(BudgetCap), "run"),
  ],
  [
    "committed: this must be a BudgetState or its fields; got undefined",
    TypeError,
    () => BudgetState.prototype.committed.call(wrong(undefined)),
  ],
  [
    "committed: this.reserved must be MicroCents, from usd(…) or microCents(…); got a string",
    TypeError,
    () => BudgetState.prototype.committed.call(wrong({ reserved: "1", spent: usd(1) })),
  ],
  [
    "canFitVram: this must be a HostCapabilities or its fields; got an object",
    TypeError,
    () => HostCapabilities.prototype.canFitVram.call(wrong(Promise.resolve()), 1),
  ],
  [
    "canSatisfy: this must be a BackendCapabilities or its fields; got an object",
    TypeError,
    () => BackendCapabilities.prototype.canSatisfy.call(wrong(new Map()), needs),
  ],
  [
    "estimateTokens: rates must be a TokenRates or its fields; got an object",
    TypeError,
    () => estimateTokens(wrong([]), wrong({})),
  ],
  [
    "tokenCost: rates.outputUsdPerMTok must be a decimal string or a number; got undefined",
    TypeError,
    () => tokenCost(wrong({}), wrong({})),
  ],
  [
    "submit.approved.approval must be an Approval or its fields; got a string",
    TypeError,
    () => jobRequest({ ...job, approved: { approval: wrong("alice"), scopes } }),
  ],
  [
    "submit.approved.approval.author must be a string; got undefined",
    TypeError,
    () => jobRequest({ ...job, approved: { approval: wrong({}), scopes } }),
  ],
  [
    "submit.approved.scopes[0] must be an object; got a string",
    TypeError,
    () => jobRequest({ ...job, approved: { approval, scopes: [wrong("run:1")] } }),
  ],
  ["BudgetCap must be a plain object; got a string", TypeError, () => BudgetCap.fromJSON("{}")],
  ["BudgetState must be a plain object; got a string", TypeError, () => BudgetState.fromJSON("{}")],
  [
    "CostEstimate.reason must be a string; got undefined",
    TypeError,
    () => new CostEstimate(wrong({ estimatedSeconds: 1, estimatedVramGb: null, feasibleLocally: true })),
  ],
  ["CostEstimate must be a plain object; got null", TypeError, () => new CostEstimate(wrong(null))],
  ["HostCapabilities must be a plain object; got null", TypeError, () => new HostCapabilities(wrong(null))],
  ["NodeIdentity must be a plain object; got null", TypeError, () => new NodeIdentity(wrong(null))],
  ["TokenRates must be a plain object; got null", TypeError, () => new TokenRates(wrong(null))],
  ["RetriableError must be a plain object; got null", TypeError, () => new RetriableError("x", wrong(null))],
  ["estimateCost must be a plain object; got null", TypeError, () => estimateCost(machine, wrong(null))],
  [
    "estimateTokens must be a plain object; got null",
    TypeError,
    () => estimateTokens(new TokenRates(prices), wrong(null)),
  ],
  [
    "tokenCost must be a plain object; got null",
    TypeError,
    () => tokenCost(new TokenRates(prices), wrong(null)),
  ],
  ["complete: options must be a plain object; got null", TypeError, () => completeOptions(null)],
  ["fail: options must be a plain object; got null", TypeError, () => failOptions(null)],
  ["recoverStale: options must be a plain object; got null", TypeError, () => recoverOptions(null)],
  ["outcomeFromJSON must be a plain object; got null", TypeError, () => outcomeFromJSON(null)],
  [
    "resolve: env must be a function or an object; got null",
    TypeError,
    () => new SecretRef("KEY").resolve(wrong(null)),
  ],
  ["perHour must be a decimal string or a number; got undefined", TypeError, () => perHour(wrong(undefined))],
  [
    "CostRates.gpuUsdPerS must be a decimal string or a number; got null",
    TypeError,
    () => new CostRates({ ...wrongRates, gpuUsdPerS: wrong(null) }),
  ],
  ["monthScope: timeZone must be a string; got undefined", TypeError, () => monthScope(at, wrong(undefined))],
  ["isTerminal must be a string; got undefined", TypeError, () => isTerminal(wrong(undefined))],
  ["lackingScopes: amount must be at least 0 micro-cents; got -1", RangeError, () => lackingScopes(-1n, [])],
  [
    "lackingScopes: cap must be at least 0 micro-cents; got -1",
    RangeError,
    () => lackingScopes(1n, [{ scope: "a", cap: -1n, committed: 0n }]),
  ],
  [
    "lackingScopes: committed must be at least 0 micro-cents; got -1",
    RangeError,
    () => lackingScopes(1n, [{ scope: "a", cap: 0n, committed: -1n }]),
  ],
  [
    "isOver: until must be a Date or epoch seconds; got a string",
    TypeError,
    () => isOver({ until: wrong("2026-11-23T00:00:00Z") }, at),
  ],
  [
    "isOver: now must be a valid Date or finite epoch seconds, not milliseconds; got NaN",
    RangeError,
    () => isOver({ until: at }, wrong(NaN)),
  ],
  [
    "settle: actual must be at least 0 micro-cents; got -1",
    RangeError,
    () => settleHold(row, microCents(-1n)),
  ],
  [
    "extend: by must be at least 0 micro-cents; got -1",
    RangeError,
    () => extendHold(row, microCents(-1n), 2),
  ],
  [
    'hold "h" was made for $1.00 in "run:1"; asked now: $1.00 in "a", "b"',
    DispatchError,
    () =>
      repeatHold(row, {
        ...held,
        scopes: [
          { scope: "b", cap: usd(1) },
          { scope: "a", cap: usd(1) },
        ],
      }),
  ],
  [
    'there is no job "j"',
    DispatchError,
    () => {
      throw unknownJob("j");
    },
  ],
  [
    'complete: job "j" is free, so it has no actual cost; got $0.40',
    RangeError,
    () => {
      throw noActualCost("complete", "j", usd("0.40"));
    },
  ],
  [
    'complete: job "j" is free, so it has no actual cost; got none',
    RangeError,
    () => {
      throw noActualCost("complete", "j", null);
    },
  ],
  ["outcomeFromJSON: kind must be a string; got 1", TypeError, () => outcomeFromJSON({ kind: 1 })],
  [
    "a Job.payload must be present; got undefined",
    TypeError,
    () => outcomeFromJSON({ jobId: "j", lane: "l" }),
  ],
  ["a Hold.holdId must be a string; got 1", TypeError, () => outcomeFromJSON({ holdId: 1 })],
  ["a RecoverOutcome.attempts must be an array; got 1", TypeError, () => outcomeFromJSON({ attempts: 1 })],
  ["an ExpireOutcome.charged must be an array; got undefined", TypeError, () => outcomeFromJSON({})],
  [
    "refused.lacking[0].over must be true or left out; got a boolean",
    RangeError,
    () => outcomeFromJSON({ kind: "refused", lacking: [{ scope: "a", by: "0.00", over: false }] }),
  ],
  [
    'none of 2 backends can run "t"; #0 local: it lacks the tool; #1 sdk: allowSdk is not set',
    DispatchError,
    () =>
      selectBackend(
        [
          { kind: "local", capabilities: new BackendCapabilities({ toolIds: [] }) },
          { kind: "sdk", capabilities: new BackendCapabilities() },
        ],
        needs,
      ),
  ],
  [
    "selectBackend: a backend must be an object with capabilities or canSatisfy(); got an object",
    TypeError,
    () => selectBackend([wrong({ kind: "local" })], needs),
  ],
];

describe("messages", () => {
  it.each(table)("%s", (message, error, run) => {
    let thrown: unknown;
    try {
      run();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(error);
    expect((thrown as Error).message).toBe(message);
  });

  const store = memoryStore();
  const rejected: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['there is no hold "none"', () => store.settle("none", usd(1))],
    [
      'settle: holdId: "job:1#1" belongs to a job; only the job store moves its money',
      () => store.settle("job:1#1", usd(1)),
    ],
    ['there is no job "none"', () => store.cancel("none", { author: "a", reason: "r" })],
    [
      "drain: executor must be a function or a WorkerExecutor; got undefined",
      () => drain(store, wrong(undefined), { lanes: [] }),
    ],
    [
      "drain: executor must be a function or a WorkerExecutor; got null",
      () => drain(store, wrong(null), { lanes: [] }),
    ],
    [
      "drain: options.signal must be an AbortSignal; got a string",
      () => drain(store, () => 1, { lanes: [], signal: wrong("aborted") }),
    ],
    [
      "drain: options.signal must be an AbortSignal; got null",
      () => drain(store, () => 1, { lanes: [], signal: wrong(null) }),
    ],
    [
      "drain: options.signal must be an AbortSignal; got an object",
      () => drain(store, () => 1, { lanes: [], signal: wrong(new AbortController()) }),
    ],
    [
      "drain: options.onEvent must be a function; got a boolean",
      () => drain(store, () => 1, { lanes: [], onEvent: wrong(true) }),
    ],
    [
      "claim: options.leaseSeconds must be finite and above 0; got 0",
      () => store.claim([], { leaseSeconds: 0 }),
    ],
    [
      "claim: options.leaseSeconds must be at most 86400 seconds, a day; got 86401",
      () => store.claim([], { leaseSeconds: 86_401 }),
    ],
    ["submit.maxRunSeconds must be above 0 seconds; got 0", () => store.submit({ ...job, maxRunSeconds: 0 })],
    [
      "cancel: approval must be an Approval or its fields; got undefined",
      () => store.cancel("none", wrong(undefined)),
    ],
    [
      "pinCap: decision must be a plain object; got undefined",
      () => store.pinCap("s", usd(1), wrong(undefined)),
    ],
    [
      "pinCap: decision.id must be a string; got undefined",
      () => store.pinCap("s", usd(1), wrong({ approval })),
    ],
    [
      "retry: options.after must be a whole number of at least 0; got -1",
      () => store.retry("none", { after: -1 }, { id: "d", approval }),
    ],
    [
      "raiseCap: raise.until must be a Date or epoch seconds; got undefined",
      () => store.raiseCap("s", wrong({ to: usd(1) }), { id: "d", approval }),
    ],
    ['job "pruned" was pruned: it cannot run again', () => retryPruned()],
    [
      'decision "d" was made before about something else; use a new id for a new decision',
      () => decideTwice(),
    ],
    ['approve: scopes must be given, since job "waits" was submitted without any', () => approveNowhere()],
    [
      "drain: options.lanes must be an array; got a string",
      () => drain(store, () => 1, { lanes: wrong("gpu") }),
    ],
    ["expire: options.limit must be a whole number of at least 1; got 0", () => store.expire({ limit: 0 })],
    [
      "complete: lease must be a Lease or its fields; got an object",
      () => store.complete(wrong(Promise.resolve()), 1),
    ],
    ["complete: lease.jobId must be a string; got undefined", () => store.complete(wrong({}), 1)],
    [
      "renew: lease.token must be a string; got undefined",
      () => store.renew(wrong({ jobId: "j", leasedAt: at, attempts: 1 })),
    ],
    [
      'reject: approval.outcome must be rejected; got "approved"',
      () => store.reject("none", new Approval(approval)),
    ],
  ];
  const paid = { ...job, backend: "sdk" } as const;

  async function retryPruned(): Promise<unknown> {
    await store.submit({ ...paid, jobId: "pruned" });
    await store.reject("pruned", { author: "a", reason: "r" });
    await store.prune({ before: new Date(Date.now() + 1000) });
    return store.retry("pruned", { after: 0 }, { id: "again", approval });
  }

  async function decideTwice(): Promise<unknown> {
    await store.pinCap("s", usd(1), { id: "d", approval });
    return store.pinCap("s", usd(2), { id: "d", approval });
  }

  async function approveNowhere(): Promise<unknown> {
    await store.submit({ ...paid, jobId: "waits" });
    return store.approve("waits", approval);
  }

  it.each(rejected)("%s", async (message, run) => {
    await expect(run()).rejects.toThrow(expect.objectContaining({ message }));
  });

  it("job_conflict: says which fields are others", async () => {
    await store.submit(job);
    await expect(store.submit({ ...job, lane: "m", payload: 2 })).rejects.toThrow(
      expect.objectContaining({
        code: "job_conflict",
        message: 'job "j" was submitted before with another lane, payload',
      }),
    );
  });

  it("RetriableError: keeps the caller's own words", () => {
    expect(new RetriableError("the model is busy").message).toBe("the model is busy");
  });
});
