import {
  Approval,
  ApprovalOutcome,
  BackendCapabilities,
  BackendKind,
  BudgetWindow,
  Determinism,
  HoldState,
  isDispatchError,
  JobState,
  NoEligibleBackendError,
  selectBackend,
  TokenRates,
  ToolRequirements,
  WorkerHealth,
} from "dispatch-kit";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { bound, TABLE } from "./public.ts";
import { isPlain } from "./values.ts";

type Fields = Record<PropertyKey, unknown>;

/** Every object that can be reached through own fields, the first one included. */
function reachable(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== "object" || value === null || found.has(value)) return found;
  found.add(value);
  for (const key of Reflect.ownKeys(value)) reachable(Reflect.get(value, key), found);
  return found;
}

function shown(value: unknown): string {
  return inspect(value, { depth: Infinity, showHidden: true });
}

/** Freezes everything of the caller's that can be reached; values of ours are frozen already. */
function frozen<T>(value: T): T {
  for (const object of reachable(value)) if (Array.isArray(object) || isPlain(object)) Object.freeze(object);
  return value;
}

const values = Object.keys(TABLE).filter((path) => path.startsWith("new ") && !path.endsWith("Error"));
const outcomes = [
  "admits",
  "perHour",
  "dayScope",
  "weekScope",
  "monthScope",
  "runAndMonth",
  "reserve",
  "reconcile",
  "release",
  "summarizeFleet",
  "planThroughput",
  "planStage",
  "logEgress",
  "TokenRates.fromJSON",
  "BudgetCap.fromJSON",
];
const stateful = new Set(["drain"]);

describe.each([...values, ...outcomes])("%s", (path) => {
  const { self, args } = TABLE[path] ?? { self: undefined, args: () => [] };
  const made = (): object => bound(path)(self, args()) as object;

  it("gives a value that is frozen to its last element", () => {
    for (const part of reachable(made())) expect(Object.isFrozen(part), shown(part)).toBe(true);
  });

  it("gives a value that throws when it is changed, and stays what it was", () => {
    const value = made();
    const before = shown(value);
    for (const part of reachable(value)) {
      for (const key of [...Reflect.ownKeys(part), "extra"]) {
        expect(() => {
          (part as Fields)[key] = 10n ** 30n;
        }, String(key)).toThrow(TypeError);
        expect(() => Object.defineProperty(part, key, { value: 10n ** 30n })).toThrow(TypeError);
        expect(() => Object.defineProperty(part, key, { get: () => 10n ** 30n })).toThrow(TypeError);
        if (key !== "extra") expect(Reflect.deleteProperty(part, key)).toBe(false);
      }
      expect(() => Object.setPrototypeOf(part, { run: 10n ** 30n }) as unknown).toThrow(TypeError);
      expect(() => Object.assign(part, { run: 10n ** 30n, extra: 1 })).toThrow(TypeError);
      if (Array.isArray(part)) expect(() => part.push(1)).toThrow(TypeError);
    }
    expect(shown(value)).toBe(before);
  });
});

describe.each(Object.keys(TABLE).filter((path) => !stateful.has(path)))("%s: its arguments", (path) => {
  const { self, args } = TABLE[path] ?? { self: undefined, args: () => [] };
  const call = (given: readonly unknown[]): unknown => {
    try {
      return bound(path)(self, given);
    } catch (error) {
      // A refusal is an answer too.
      if (isDispatchError(error)) return error.message;
      throw error;
    }
  };
  const said = (result: unknown): string => (result instanceof Error ? result.message : shown(result));

  it("are not changed", () => {
    const given = args();
    const before = shown(given);
    call(given);
    expect(shown(given)).toBe(before);
  });

  it("may be frozen", () => {
    expect(said(call(frozen([...args()])))).toBe(said(call(args())));
  });
});

describe("a list that was given", () => {
  it("changes no BackendCapabilities when it changes later", () => {
    const images = ["a"];
    const toolIds = ["whisper"];
    const made = new BackendCapabilities({ images, toolIds });
    images.push("b");
    toolIds[0] = "boltz";
    toolIds.push("x");
    expect(made).toMatchObject({ images: ["a"], toolIds: ["whisper"] });
    expect(made.canSatisfy(new ToolRequirements({ toolId: "boltz" }))).toBe(false);
  });

  it("changes no TokenRates when it, or a tier in it, changes later", () => {
    const tier = { aboveInputTokens: 10, inputUsdPerMTok: "6", outputUsdPerMTok: "7" };
    const tiers = [tier];
    const made = new TokenRates({ inputUsdPerMTok: "3", outputUsdPerMTok: "4", tiers });
    const before = shown(made);
    tier.inputUsdPerMTok = "0";
    tiers.length = 0;
    expect(shown(made)).toBe(before);
  });
});

describe("NoEligibleBackendError: passedOver", () => {
  it("is frozen to its last element", () => {
    const list = [{ kind: BackendKind.LOCAL, capabilities: new BackendCapabilities({ toolIds: [] }) }];
    let thrown: unknown;
    try {
      selectBackend(list, new ToolRequirements({ toolId: "x" }));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(NoEligibleBackendError);
    for (const part of reachable((thrown as NoEligibleBackendError).passedOver)) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe("a constant of the barrel", () => {
  it.each(
    Object.entries({
      ApprovalOutcome,
      BackendKind,
      BudgetWindow,
      Determinism,
      HoldState,
      JobState,
      WorkerHealth,
    }),
  )("%s cannot be changed: decisions are made by it", (_, constant) => {
    expect(Object.isFrozen(constant)).toBe(true);
    expect(new Set(Object.values(constant)).size).toBe(Object.keys(constant).length);
  });

  it("BackendKind, bent, does not let the SDK pass for a local backend", () => {
    const bent: Record<string, string> = BackendKind;
    const before = { ...bent };
    const sdk = { kind: "sdk", capabilities: new BackendCapabilities() } as const;
    try {
      Reflect.set(bent, "LOCAL", "sdk");
      expect(() => selectBackend([sdk], new ToolRequirements({ toolId: "x" }))).toThrow(
        NoEligibleBackendError,
      );
    } finally {
      for (const [key, value] of Object.entries(before)) Reflect.set(bent, key, value);
    }
  });

  it("ApprovalOutcome, bent, does not let a rejection pass for an approval", () => {
    const bent: Record<string, string> = ApprovalOutcome;
    const rejected = {
      author: "a",
      reason: "no",
      decidedAt: "2026-11-23T09:00:00Z",
      outcome: "rejected",
    } as const;
    try {
      Reflect.set(bent, "APPROVED", "rejected");
      expect(new Approval(rejected).outcome).toBe("rejected");
      expect(new Approval({ ...rejected, outcome: "approved" }).outcome).toBe("approved");
    } finally {
      Reflect.set(bent, "APPROVED", "approved");
    }
  });
});
