import {
  Approval,
  ApprovalOutcome,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  BudgetState,
  CostEstimate,
  CostRates,
  DispatchError,
  epochSeconds,
  ExternalEndpoint,
  HostCapabilities,
  isDispatchError,
  type JobStore,
  Lease,
  NodeIdentity,
  NoEligibleBackendError,
  perHour,
  RetriableError,
  SecretMissingError,
  SecretRef,
  TokenRates,
  ToolRequirements,
  usd,
} from "dispatch-kit";
import * as barrel from "dispatch-kit";
import { isDeepStrictEqual } from "node:util";
import { rational } from "../support/rational.ts";
import * as law from "./laws.ts";
import { isPlain } from "./values.ts";

/**
 * Whether an answer may stand.
 *
 * @param models - what the arguments honestly say.
 * @param values - the arguments themselves.
 */
export type Law = (result: unknown, models: readonly unknown[], values: readonly unknown[]) => boolean;

/** A public name, called rightly; where it decides, it refuses. */
export interface Entry {
  /** What a method is called on. */
  readonly self?: object;
  /** The right arguments, made anew. */
  readonly args: () => readonly unknown[];
  readonly law: Law;
  /** How many leading arguments are a contract that the user implements: only replaced, not bent. */
  readonly trusted?: number;
  /** Whether it makes text of what it is given, as the constructor of Error does. */
  readonly coerces?: boolean;
}

const exported: Readonly<Record<string, unknown>> = barrel;

function isClass(value: unknown): value is new (...args: never[]) => object {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function methodsOf(owner: object): string[] {
  const ownKeys = Object.getOwnPropertyNames(owner);
  return ownKeys.filter((key) => {
    const found = Object.getOwnPropertyDescriptor(owner, key);
    return key !== "constructor" && (typeof found?.value === "function" || found?.get !== undefined);
  });
}

/** Every public function, constructor, static (`A.b`) and method or getter (`A#b`) of the package. */
export function callables(): string[] {
  return Object.entries(exported).flatMap(([name, value]) => {
    if (!isClass(value)) return typeof value === "function" ? [name] : [];
    const statics = methodsOf(value).map((key) => `${name}.${key}`);
    return [
      `new ${name}`,
      ...statics,
      ...methodsOf(value.prototype as object).map((key) => `${name}#${key}`),
    ];
  });
}

/** Every other export. */
export function constants(): string[] {
  return Object.keys(exported).filter((name) => typeof exported[name] !== "function");
}

/** A public name, as {@link callables} writes it, found before the world is bent. */
export function bound(path: string): (self: object | undefined, args: readonly unknown[]) => unknown {
  const [, made, owner = "", kind, key = ""] = /^(new )?(\w+)(?:([.#])(\w+))?$/.exec(path) ?? [];
  const target = exported[owner] as new (...args: unknown[]) => object;
  if (made !== undefined) return (_, args) => Reflect.construct(target, args);
  const holder: object = kind === "#" ? (target.prototype as object) : target;
  const found = kind === undefined ? { value: target } : Object.getOwnPropertyDescriptor(holder, key);
  if (found?.get !== undefined) return (self) => Reflect.get(holder, key, self) as unknown;
  const called = found?.value as (...args: readonly unknown[]) => unknown;
  return (self, args) => Reflect.apply(called, self, args);
}

const cap = new BudgetCap({ run: usd(5), month: usd(5) });
const over = new BudgetState({ reserved: usd(4), spent: usd(6) });
const noGpu = new HostCapabilities({ hasGpu: false, availableVramGb: 80 });
const estimate = new CostEstimate({ maxCost: usd(1), maxRuntimeS: 60, requiredVramGb: 16 });
const needs = new ToolRequirements({ toolId: "whisper", minVramGb: 16, image: null });
const able = new BackendCapabilities({ hasGpu: true, availableVramGb: 24, toolIds: ["whisper"] });
const noTool = new BackendCapabilities({ hasGpu: true, availableVramGb: 24, images: [], toolIds: [] });
const noCard = new BackendCapabilities({ hasGpu: false, availableVramGb: 24, toolIds: ["whisper"] });
const secret = new SecretRef("KEY");
const baseUrl = "https://api.example.com/v1?token=t0ps3cret";
const endpoint = new ExternalEndpoint({ name: "api", baseUrl, secret });
const lease = new Lease({ jobId: "1", leasedAt: epochSeconds(1000), attempts: 1, token: "t" });
const machine = new CostRates({
  gpuUsdPerS: perHour("0.71"),
  vcpuUsdPerS: "0.000018",
  gibUsdPerS: 2e-6,
  idleTailS: 600,
});
const tier = { aboveInputTokens: 1000, inputUsdPerMTok: "6", outputUsdPerMTok: "22.5" };
const tokens = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: "15", tiers: [tier] });

const none = (): readonly unknown[] => [];
/** It takes no argument: whatever is given, it answers as ever. */
const answers = (right: unknown): Entry["law"] => {
  return (result) => isDeepStrictEqual(result, right);
};
/** A value with exactly the fields that were given. */
const value = (fields: Readonly<Record<string, law.Field>>, lenient = false, missing?: object): Law => {
  return (result, [model]) =>
    law.has(result, law.fieldsOf(fields, model === undefined ? missing : model, lenient));
};
/** Only what was genuine to begin with is one. */
const is = (genuine: object): Entry => ({
  args: () => [genuine],
  law: (result, _, [value]) => result === (value === genuine),
});
const json = (genuine: { toJSON: () => unknown }): Entry => ({
  self: genuine,
  args: none,
  law: answers(genuine.toJSON()),
});

const gb = law.orNull(law.finite);
const names = law.orNull(law.listOf(law.nameUpTo(500)));
const id = law.nameUpTo(200);
const hosts = { hasGpu: law.or(false, law.flag), availableVramGb: gb };
const machines = { gpuUsdPerS: law.rate, vcpuUsdPerS: law.rate, gibUsdPerS: law.rate, idleTailS: law.price };
const parts = [
  "cacheRead",
  "cacheWrite",
  "cacheWrite1h",
  "cacheReadAudio",
  "cacheReadImage",
  "inputAudio",
  "inputImage",
  "inputVideo",
  "outputAudio",
  "outputImage",
  "outputVideo",
  "outputReasoning",
  "outputCitation",
];
const ofParts = (name: (part: string) => string, field: law.Field): Record<string, law.Field> =>
  Object.fromEntries(parts.map((part) => [name(part), field]));
const prices = {
  inputUsdPerMTok: law.price,
  outputUsdPerMTok: law.price,
  ...ofParts((part) => `${part}UsdPerMTok`, law.orNull(law.price)),
  requestUsd: law.orNull(law.price),
  searchUsd: law.orNull(law.price),
};
const always = ["cacheReadUsdPerMTok", "cacheWriteUsdPerMTok", "requestUsd"];
/** A price that few models have is not there at all where there is none. */
const stated = (fields: unknown): unknown =>
  isPlain(fields)
    ? Object.fromEntries(Object.entries(fields).filter(([key, of]) => of !== null || always.includes(key)))
    : fields;
const tiers = law.listOf((model) => stated(law.fieldsOf({ aboveInputTokens: law.whole, ...prices }, model)));
const ratesLaw: Law = (result, [model]) =>
  law.has(result, stated(law.fieldsOf({ ...prices, tiers: law.or([], tiers) }, model)));

const count = law.or(0, law.whole);
const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Dollars as JSON has them. */
const dollars: law.Field = (model) => {
  const micro = typeof model === "string" ? microCents(model) : null;
  return micro === null || micro < 0n ? law.REFUSED : micro;
};

function microCents(model: unknown, up = false): bigint | null {
  const exact = law.decimal(model, up);
  if (exact === null) return null;
  return up || (exact.over * 10n ** 8n) % exact.under === 0n ? law.roundedUp(exact) : null;
}

/** The original's table, written down again. */
const MOVES: Readonly<Record<string, readonly string[]>> = {
  pending: ["awaiting_approval", "running", "failed"],
  awaiting_approval: ["approved", "rejected", "failed"],
  approved: ["queued", "failed"],
  queued: ["running", "failed"],
  running: ["succeeded", "failed"],
};
const isMove = ([from, to]: readonly unknown[]): boolean =>
  typeof from === "string" &&
  Object.hasOwn(MOVES, from) &&
  typeof to === "string" &&
  MOVES[from]?.includes(to) === true;

const KINDS = ["local", "lan_worker", "cloud_worker", "sdk"];

/** Whether a chosen backend says, honestly, that it may and can. */
const eligible: Law = (result, models, values) => {
  const [listed, , options] = models;
  if (!Array.isArray(values[0]) || !Array.isArray(listed)) return false;
  const chosen: unknown = listed[values[0].indexOf(result)];
  if (!isPlain(chosen) || !KINDS.includes(chosen["kind"] as string)) return false;
  if (chosen["kind"] === "sdk" && !(isPlain(options) && options["allowSdk"] === true)) return false;
  const { canSatisfy, capabilities } = chosen;
  return typeof canSatisfy === "function"
    ? (canSatisfy as (needs: unknown) => unknown)(needs) === true
    : capabilities === able;
};

const isoInstant: law.Field = (model) =>
  typeof model === "string" && /^\d{4}-\d\d-\d\dT.*[Z\d]$/.test(model) ? model : law.REFUSED;

/** Does not tell what a job has cost: it is charged in full. */
const notTold = (): null => null;

/** A store with one job, which writes down what it is told. */
export function oneJob(): JobStore & { readonly reports: unknown[] } {
  const jobs = [{ lease, payload: "p" }];
  const reports: unknown[] = [];
  return {
    reports,
    claim: () => jobs.pop() ?? null,
    complete: (_, result, options) => {
      reports.push({ result, ...options });
      return { kind: "completed", booked: usd(1), overrun: usd(0) };
    },
    fail: (_, message, options) => {
      reports.push({ message, ...options });
      return { kind: "failed", booked: usd(1) };
    },
    recoverStale: () => ({ attempts: [], more: false }),
  };
}

/** Every public name, with right arguments and what may come of wrong ones. */
export const TABLE: Readonly<Record<string, Entry>> = {
  admits: {
    args: () => [usd(1), over, over, cap],
    law: (result) => isPlain(result) && result["admitted"] === false && Object.isFrozen(result),
  },
  canTransition: {
    args: () => ["failed", "running"],
    law: (result, models) => result === isMove(models),
  },
  ensureTransition: { args: () => ["queued", "running"], law: (_, models) => isMove(models) },
  epochSeconds: {
    args: () => [1000],
    law: (result, [model]) =>
      law.instant(result) !== law.REFUSED &&
      Object.is(result, model instanceof Date ? model.getTime() / 1000 : model),
  },
  isLeaseStale: {
    args: () => [1000, 1059, 60],
    law: (result, models) => {
      const [leasedAt, now, ttl] = models as [number, number, number];
      return models.every((model) => typeof model === "number") && result === now - leasedAt >= ttl;
    },
  },
  shouldGiveUp: {
    args: () => [2, 3],
    law: (result, models) => {
      const [attempts, most] = models as [number, number];
      return models.every((model) => law.whole(model) !== law.REFUSED) && result === attempts >= most;
    },
  },
  vramFits: {
    args: () => [null, 16],
    law: (result, models) => {
      const [available, required] = models as [number | null, number | null];
      if (models.some((model) => model === undefined || gb(model) === law.REFUSED)) return false;
      return result === (required === null || (available !== null && available >= required));
    },
  },
  selectBackend: {
    args: () => [
      [
        { kind: BackendKind.SDK, capabilities: able },
        { kind: BackendKind.LOCAL, capabilities: noTool },
        { kind: BackendKind.LAN_WORKER, capabilities: noCard },
        { kind: BackendKind.CLOUD_WORKER, canSatisfy: () => false },
      ],
      needs,
      { allowSdk: false },
    ],
    law: eligible,
  },
  isDispatchError: {
    args: () => [new Error("x"), "job_unknown"],
    law: (result, [error, code], [given]) => {
      if (typeof result !== "boolean") return false;
      return (
        !result ||
        (given instanceof DispatchError && (code === undefined || code === given.code)) ||
        hasCode(error)
      );
    },
  },
  drain: {
    trusted: 1,
    args: () => [
      oneJob(),
      () => "result",
      { lanes: ["a"], signal: new AbortController().signal, actualCost: notTold, onStale: () => null },
    ],
    law: (result, [, , options], [store]) => {
      const { reports } = store as ReturnType<typeof oneJob>;
      const told = isPlain(options) && ![undefined, notTold].includes(options["actualCost"] as undefined);
      return isPlain(result) && reports.every((report) => told || !("actual" in (report as object)));
    },
  },
  logEgress: {
    args: () => [endpoint, { detail: "job 42", log: () => null }],
    law: (result, [to, options = {}]) => {
      const fields = law.fieldsOf(
        { detail: law.orNull(text), log: law.or(null, law.callable) },
        options,
        true,
      );
      if (to !== endpoint || fields === law.REFUSED || !isPlain(result)) return false;
      const all = Object.values(result).join("");
      return (
        Object.isFrozen(result) && result["host"] === "api.example.com" && !/[\p{C}\p{Zl}\p{Zp}]/u.test(all)
      );
    },
  },

  usd: {
    args: () => ["12.50", "up"],
    law: (result, [model, rounding]) =>
      (rounding === undefined || rounding === "up") &&
      result !== null &&
      result === microCents(model, rounding === "up"),
  },
  microCents: {
    args: () => ["1250000000"],
    law: (result, [model]) =>
      typeof model === "bigint"
        ? result === model
        : typeof model === "string" && /^-?\d+$/.test(model) && result === BigInt(model),
  },
  formatUsd: {
    args: () => [usd("12.5")],
    law: (result, [model]) =>
      typeof model === "bigint" &&
      typeof result === "string" &&
      /^-?\d+\.\d{2,8}$/.test(result) &&
      law.roundedUp(rational(result)) === model,
  },
  perHour: {
    args: () => ["2.99"],
    law: (result, [model]) => law.price(model) !== law.REFUSED && law.has(result, { perHour: model }),
  },
  estimateCost: {
    args: () => [machine, { maxRuntimeS: 3600, vcpus: "8", memoryGib: 32 }],
    law: (result, [rates, limits]) =>
      rates === machine &&
      result ===
        law.machineCost(
          {
            gpu: law.perHour("0.71"),
            vcpu: rational("0.000018"),
            gib: rational("0.000002"),
            tail: rational(600),
          },
          limits,
        ),
  },
  estimateTokens: {
    args: () => [tokens, { maxInputTokens: 2000, maxOutputTokens: 100 }],
    law: (result, [rates, model]) => {
      const rest = { ...ofParts((part) => `max${capitalized(part)}Tokens`, count), maxSearches: count };
      const whole = { maxInputTokens: law.whole, maxOutputTokens: law.whole };
      const limits = law.fieldsOf({ ...whole, ...rest }, model);
      if (rates !== tokens || limits === law.REFUSED) return false;
      // These rates have one price for all input, one for all output, and none for searches.
      const { maxInputTokens, maxOutputTokens, maxSearches } = limits as Record<string, number>;
      if (maxSearches !== 0) return false;
      return result === tokenUsd(maxInputTokens, maxOutputTokens);
    },
  },
  tokenCost: {
    args: () => [tokens, { inputTokens: 2000, outputTokens: 100, cacheReadTokens: 10, cacheWriteTokens: 0 }],
    law: (result, [rates, model]) => {
      const rest = { ...ofParts((part) => `${part}Tokens`, count), searches: count };
      const usage = law.fieldsOf({ inputTokens: law.whole, outputTokens: law.whole, ...rest }, model);
      if (rates !== tokens || usage === law.REFUSED) return false;
      const of = usage as Record<string, number>;
      const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, searches } = of;
      if (searches !== 0 || Number(cacheReadTokens) + Number(cacheWriteTokens) > Number(inputTokens))
        return false;
      return result === tokenUsd(inputTokens, outputTokens);
    },
  },

  runScope: {
    args: () => ["42"],
    law: (result, [model]) =>
      typeof model === "string" && id(`run:${model}`) !== law.REFUSED && result === `run:${model}`,
  },
  monthScope: {
    args: () => [1_795_392_000, "UTC"],
    law: (result, models) => inZone(models) && /^month:\d{4}-\d\d$/.test(String(result)),
  },
  dayScope: {
    args: () => [1_795_392_000, "UTC"],
    law: (result, models) => inZone(models) && /^day:\d{4}-\d\d-\d\d$/.test(String(result)),
  },
  runAndMonth: {
    args: () => [{ runId: "42", at: 1_795_392_000, cap, timeZone: "UTC" }],
    law: (result, [model]) => {
      const fields = law.fieldsOf(
        { runId: id, at: law.instant, cap: law.exactly(cap), timeZone: text },
        model,
      );
      if (fields === law.REFUSED || !Array.isArray(result) || !Object.isFrozen(result)) return false;
      const scopes: readonly unknown[] = result;
      return scopes.length === 2 && scopes.every((scope) => Reflect.get(scope as object, "cap") === cap.run);
    },
  },

  "new BudgetCap": {
    args: () => [{ run: usd(5), month: usd(6) }],
    law: value({ run: law.or(0n, law.amount), month: law.or(0n, law.amount) }, false, {}),
  },
  "BudgetCap.is": is(cap),
  "BudgetCap.fromJSON": {
    args: () => [{ run: "5.00", month: "6.00" }],
    law: value({ run: dollars, month: dollars }),
  },
  "BudgetCap#forWindow": {
    self: cap,
    args: () => ["run"],
    law: (result, [model]) => (model === "run" || model === "month") && result === usd(5),
  },
  "BudgetCap#toJSON": json(cap),

  "new BudgetState": {
    args: () => [{ reserved: usd(4), spent: usd(6) }],
    law: value({ reserved: law.amount, spent: law.amount }),
  },
  "BudgetState.is": is(over),
  "BudgetState.fromJSON": {
    args: () => [{ reserved: "4.00", spent: "6.00" }],
    law: value({ reserved: dollars, spent: dollars }),
  },
  "BudgetState#committed": { self: over, args: none, law: answers(usd(10)) },
  "BudgetState#toJSON": json(over),

  "new CostRates": {
    args: () => [
      { gpuUsdPerS: { perHour: "0.71" }, vcpuUsdPerS: "0.000018", gibUsdPerS: 2e-6, idleTailS: 600 },
    ],
    law: value(machines),
  },
  "CostRates.is": is(machine),
  "CostRates.fromJSON": {
    args: () => [JSON.parse(JSON.stringify(machine)) as unknown],
    law: value(machines),
  },
  "CostRates#toJSON": json(machine),

  "new TokenRates": {
    args: () => [{ inputUsdPerMTok: "3", outputUsdPerMTok: 15, requestUsd: null, tiers: [tier] }],
    law: ratesLaw,
  },
  "TokenRates.is": is(tokens),
  "TokenRates.fromJSON": {
    args: () => [JSON.parse(JSON.stringify(tokens)) as unknown],
    law: ratesLaw,
  },
  "TokenRates#toJSON": json(tokens),

  "new CostEstimate": {
    args: () => [{ maxCost: usd(1), maxRuntimeS: 60, requiredVramGb: 16 }],
    law: value({ maxCost: law.amount, maxRuntimeS: gb, requiredVramGb: gb }),
  },
  "CostEstimate.is": is(estimate),
  "CostEstimate.fromJSON": {
    args: () => [{ maxCost: "1.00", maxRuntimeS: 60, requiredVramGb: 16 }],
    law: value({ maxCost: dollars, maxRuntimeS: gb, requiredVramGb: gb }),
  },
  "CostEstimate#fitsOn": { self: estimate, args: () => [noGpu], law: (result) => result === false },
  "CostEstimate#toJSON": json(estimate),

  "new HostCapabilities": {
    args: () => [{ hasGpu: true, availableVramGb: 24 }],
    law: value(hosts, true, {}),
  },
  "HostCapabilities.is": is(noGpu),
  "HostCapabilities#canFitVram": {
    self: noGpu,
    args: () => [16],
    law: (result, [model]) => result === (model === null),
  },

  "new NodeIdentity": {
    args: () => [{ nodeId: "box", host: "10.0.0.7" }],
    law: value({ nodeId: id, host: law.orNull(law.nameUpTo(500)) }, true),
  },
  "NodeIdentity.is": is(new NodeIdentity({ nodeId: "box" })),

  "new ToolRequirements": {
    args: () => [{ toolId: "whisper", minVramGb: 16, image: "ghcr.io/a/b:1" }],
    law: value({ toolId: id, minVramGb: gb, image: law.orNull(law.nameUpTo(500)) }, true),
  },
  "ToolRequirements.is": is(needs),

  "new BackendCapabilities": {
    args: () => [{ hasGpu: true, availableVramGb: 24, images: ["a", "b"], toolIds: ["whisper"] }],
    law: value({ ...hosts, images: names, toolIds: names }, true, {}),
  },
  "BackendCapabilities.is": is(able),
  "BackendCapabilities#canSatisfy": { self: noTool, args: () => [needs], law: (result) => result === false },

  "new Approval": {
    args: () => [{ author: "alice", reason: "demo", decidedAt: "2026-11-23T09:00:00Z", outcome: "rejected" }],
    law: value(
      {
        author: law.words,
        reason: law.words,
        decidedAt: isoInstant,
        outcome: law.or(ApprovalOutcome.APPROVED, law.oneOf(["approved", "rejected"])),
      },
      true,
    ),
  },
  "Approval.is": is(new Approval({ author: "a", reason: "r", decidedAt: "2026-11-23T09:00:00Z" })),

  "new Lease": {
    args: () => [{ jobId: "1", leasedAt: 1000, attempts: 1, token: "t" }],
    law: value({ jobId: id, leasedAt: law.instant, attempts: law.whole, token: id }),
  },
  "Lease.is": is(lease),

  "new SecretRef": {
    args: () => ["KEY"],
    law: (result, [model]) =>
      typeof model === "string" &&
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(model) &&
      law.has(result, { envVar: model }),
  },
  "SecretRef.is": is(secret),
  "SecretRef#resolve": { self: secret, args: () => [{ KEY: "k-1", OTHER: "x" }], law: isSecret },

  "new ExternalEndpoint": {
    args: () => [{ name: "api", baseUrl, secret }],
    law: (result, [model]) => {
      const url: law.Field = (model) => (/^https:\/\/[^@]+$/.test(String(model)) ? model : law.REFUSED);
      const fields = law.fieldsOf({ name: law.words, baseUrl: url, secret: law.exactly(secret) }, model);
      if (fields === law.REFUSED) return false;
      const { name } = fields as { name: string };
      return law.has(result, { name, origin: "https://api.example.com", secret });
    },
  },
  "ExternalEndpoint.is": is(endpoint),
  "ExternalEndpoint#baseUrl": { self: endpoint, args: none, law: answers(baseUrl) },
  "ExternalEndpoint#host": { self: endpoint, args: none, law: answers("api.example.com") },
  "ExternalEndpoint#bearer": {
    self: endpoint,
    args: () => [{ KEY: "k-1", OTHER: "x" }],
    law: (result, models, values) =>
      typeof result === "string" &&
      result.startsWith("Bearer ") &&
      isSecret(result.slice("Bearer ".length), models, values),
  },

  // Errors are made by whoever throws them; they carry what they are given, and never more than that.
  "new DispatchError": {
    coerces: true,
    args: () => ["store_failed", "the database is gone", { subject: "1", cause: new Error("x") }],
    law: (result) => result instanceof DispatchError && result.name === "DispatchError",
  },
  "new NoEligibleBackendError": {
    coerces: true,
    args: () => ["none can", [{ index: 0, kind: "sdk", reason: "allowSdk is not set" }]],
    law: (result) =>
      result instanceof NoEligibleBackendError && isDispatchError(result, "no_eligible_backend"),
  },
  "new SecretMissingError": {
    coerces: true,
    args: () => ["KEY", { cause: new Error("x") }],
    law: (result) => result instanceof SecretMissingError && isDispatchError(result, "secret_missing"),
  },
  "new RetriableError": {
    coerces: true,
    args: () => ["busy", { actual: usd(1), retryAfterSeconds: 30, cause: new Error("x") }],
    law: (result, _, [, options]) => {
      if (!(result instanceof RetriableError) || !isDispatchError(result, "retriable")) return false;
      // It carries what it is given, which the store checks; what nobody said is charged in full.
      return result.actual === null || Object.hasOwn(Object(options) as object, "actual");
    },
  },
  "RetriableError#toJSON": json(new RetriableError("busy", { actual: usd(1) })),
};

function text(model: unknown): unknown {
  return typeof model === "string" ? model : law.REFUSED;
}

function hasCode(error: unknown): boolean {
  return isPlain(error) && typeof error["code"] === "string";
}

function inZone([at, timeZone]: readonly unknown[]): boolean {
  return law.instant(at) !== law.REFUSED && typeof timeZone === "string" && /^[a-z]/i.test(timeZone);
}

function isSecret(result: unknown, _: readonly unknown[], [env]: readonly unknown[]): boolean {
  if (typeof result !== "string" || result.trim() === "" || /\p{Cc}/u.test(result)) return false;
  return typeof env === "function" || (typeof env === "object" && env !== null && Object.hasOwn(env, "KEY"));
}

/** The dearest call of at most so many tokens, at the prices of `tokens`. */
function tokenUsd(input = 0, output = 0): bigint {
  const [inputUsd, outputUsd] = input > 1000 ? ["6", "22.5"] : ["3", "15"];
  const dollars =
    law.roundedUp(rational(inputUsd)) * BigInt(input) + law.roundedUp(rational(outputUsd)) * BigInt(output);
  return (dollars + 999_999n) / 1_000_000n;
}
