import {
  admits,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  BudgetState,
  CostRates,
  drain,
  epochSeconds,
  estimateCost,
  estimateTokens,
  ExternalEndpoint,
  HostCapabilities,
  isDispatchError,
  type JobStore,
  Lease,
  logEgress,
  microCents,
  NoEligibleBackendError,
  runAndMonth,
  SecretRef,
  selectBackend,
  TokenRates,
  ToolRequirements,
  usd,
} from "dispatch-kit";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { anything, anywhere, COERCED, lookAlikes, SABOTAGE } from "./values.ts";

const huge = microCents(10n ** 30n);
const nothing = new BudgetState({ reserved: usd(0), spent: usd(0) });
const spent = new BudgetState({ reserved: usd(0), spent: usd(5) });
const small = new BudgetCap({ run: usd(5), month: usd(5) });
const needs = new ToolRequirements({ toolId: "whisper", minVramGb: 16 });

/** Puts fields on instances over whatever is there, by each way that a subclass has. */
const bends: readonly (readonly [string, (target: object, fields: object) => unknown])[] = [
  ["assignment", (target, fields) => Object.assign(target, fields)],
  ["definition", (target, fields) => Object.defineProperties(target, getters(fields))],
  [
    "a proxy",
    (target, fields) =>
      new Proxy(target, { get: (_, key) => Reflect.get({ ...target, ...fields }, key) as unknown }),
  ],
  [
    "a proxy with other keys",
    (target, fields) =>
      new Proxy(target, {
        ownKeys: () => Reflect.ownKeys(fields),
        getOwnPropertyDescriptor: (_, key) => Object.getOwnPropertyDescriptor(fields, key),
        get: (_, key) => Reflect.get(fields, key) as unknown,
      }),
  ],
  [
    "a derived object whose prototype answers",
    (target, fields) =>
      Object.create(Object.setPrototypeOf(Object.create(target, getters(fields)), null) as object) as unknown,
  ],
  [
    "another prototype",
    (target, fields) =>
      Object.setPrototypeOf(target, Object.create(null, getters(fields)) as object) as unknown,
  ],
];

function getters(fields: object): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, { get: () => value as unknown, enumerable: true }]),
  );
}

/** A decision, or that it was refused by an error of the right kind. */
function orRefused(decide: () => boolean): boolean {
  try {
    return decide();
  } catch (error) {
    // What a hostile getter throws may pass through.
    if (error !== SABOTAGE) expect(error).toBeInstanceOf(TypeError);
    return false;
  }
}

describe("a subclass", () => {
  it("of BudgetCap raises no cap by getters, methods or fields", () => {
    class Getters extends BudgetCap {}
    Object.defineProperties(Getters.prototype, getters({ run: huge, month: huge }));
    class Methods extends BudgetCap {
      override forWindow(): typeof huge {
        return huge;
      }
      override toJSON(): { run: string; month: string } {
        return { run: "1e30", month: "1e30" };
      }
      override valueOf(): bigint {
        return huge;
      }
    }
    for (const Evil of [Getters, Methods]) {
      const cap = new Evil({ run: usd(5), month: usd(5) });
      expect(cap.run).toBe(usd(5));
      expect(admits(microCents(1n), spent, spent, cap).admitted).toBe(false);
      const [run, month] = runAndMonth({ runId: "1", at: epochSeconds(0), cap, timeZone: "UTC" });
      expect([run.cap, month.cap]).toEqual([usd(5), usd(5)]);
    }
    class Fields extends BudgetCap {
      override readonly run = huge;
    }
    expect(() => new Fields()).toThrow(TypeError);
  });

  it.each(bends)("of BudgetCap or BudgetState is not bent by %s after it is made", (_, bend) => {
    const cap = (): BudgetCap =>
      bend(new BudgetCap({ run: usd(5), month: usd(5) }), { run: huge, month: huge }) as BudgetCap;
    const state = (): BudgetState =>
      bend(new BudgetState({ reserved: usd(0), spent: usd(5) }), { reserved: 0n, spent: 0n }) as BudgetState;
    expect(orRefused(() => admits(microCents(1n), spent, spent, cap()).admitted)).toBe(false);
    expect(orRefused(() => admits(microCents(1n), state(), nothing, small).admitted)).toBe(false);
    expect(orRefused(() => admits(microCents(1n), nothing, state(), small).admitted)).toBe(false);
  });

  it("of BudgetCap or BudgetState that an object derives from says nothing: only the object's own fields do", () => {
    const derived = (value: object, fields: object): never => Object.create(value, getters(fields)) as never;
    const raised = derived(small, { run: huge, month: huge });
    const lowered = derived(new BudgetCap({ run: huge, month: huge }), { run: usd(5), month: usd(5) });
    expect(admits(microCents(1n), spent, spent, raised).admitted).toBe(true);
    expect(admits(microCents(1n), spent, spent, lowered).admitted).toBe(false);
    // A window that is only inherited has none of its cap, and a state none of its money.
    expect(admits(microCents(1n), spent, nothing, derived(small, { month: huge })).refusedWindow).toBe("run");
    expect(() => admits(microCents(1n), derived(nothing, { reserved: 0n }), nothing, small)).toThrow(
      TypeError,
    );
    expect(() => admits(microCents(1n), spent, spent, derived(small, {}))).toThrow(TypeError);
  });

  it("of BudgetState commits no less", () => {
    class Evil extends BudgetState {
      override committed(): typeof huge {
        return usd(0);
      }
    }
    Object.defineProperties(Evil.prototype, getters({ reserved: 0n, spent: 0n }));
    const state = new Evil({ reserved: usd(1), spent: usd(4) });
    expect(admits(microCents(1n), state, nothing, small).refusedWindow).toBe("run");
    expect(admits(microCents(1n), nothing, state, small).refusedWindow).toBe("month");
  });

  it("whose constructor returns something else is only what it returns", () => {
    class Other extends BudgetCap {
      constructor(other: object) {
        super({ run: huge, month: huge });
        return other as Other;
      }
    }
    class Proxied extends BudgetCap {
      constructor() {
        super({ run: usd(5), month: usd(5) });
        return new Proxy(this, { get: () => huge });
      }
    }
    const plain = { run: usd(5), month: usd(5) };
    for (const other of [plain, { month: huge }, {}]) {
      expect(admits(microCents(1n), spent, nothing, new Other(other)).refusedWindow).toBe("run");
    }
    expect(admits(usd(0), spent, spent, new Other(plain)).admitted).toBe(true);
    for (const other of [[], new Map(), () => plain, { ...plain, months: huge }, { run: "5" }]) {
      expect(() => admits(microCents(1n), spent, spent, new Other(other))).toThrow(TypeError);
    }
    expect(() => admits(microCents(1n), spent, spent, new Proxied())).toThrow(TypeError);
  });

  it("made with another class's constructor, or another prototype, is bent by neither", () => {
    for (const prototype of [
      {},
      null,
      new Proxy({}, { get: () => huge }),
      {
        get run() {
          return huge;
        },
      },
    ]) {
      const NewTarget = Object.assign(
        function () {
          return undefined;
        },
        { prototype },
      );
      const cap = Reflect.construct(BudgetCap, [{ run: usd(5), month: usd(5) }], NewTarget) as BudgetCap;
      expect(cap.run).toBe(usd(5));
      expect(admits(microCents(1n), spent, spent, cap).admitted).toBe(false);
    }
  });

  it("that never came to be leaves nothing behind that is ours", () => {
    // The prototype is looked up on the way to the new object: the first that could be seen of it.
    const seen: unknown[] = [];
    const trap = (target: object, key: PropertyKey, receiver: unknown): unknown => {
      seen.push(receiver);
      return Reflect.get(target, key) as unknown;
    };
    const prototype = new Proxy(BudgetCap.prototype, { get: trap, set: () => false });
    class NewTarget extends BudgetCap {}
    Object.setPrototypeOf(NewTarget.prototype, prototype);
    expect((): unknown => Reflect.construct(BudgetCap, [{ run: 5 }], NewTarget)).toThrow(TypeError);
    for (const value of seen as BudgetCap[]) {
      expect(orRefused(() => admits(microCents(1n), nothing, nothing, value).admitted)).toBe(false);
    }
  });

  it("of CostRates or TokenRates is no cheaper", () => {
    class Free extends CostRates {}
    Object.defineProperties(
      Free.prototype,
      getters({ gpuUsdPerS: 0, vcpuUsdPerS: 0, gibUsdPerS: 0, idleTailS: 0 }),
    );
    const rates = new Free({ gpuUsdPerS: 1, vcpuUsdPerS: 0, gibUsdPerS: 0, idleTailS: 0 });
    expect(estimateCost(rates, { maxRuntimeS: 1, vcpus: 0, memoryGib: 0 })).toBe(usd(1));
    class NoTokens extends TokenRates {}
    Object.defineProperties(
      NoTokens.prototype,
      getters({ inputUsdPerMTok: 0, outputUsdPerMTok: 0, tiers: [] }),
    );
    const tokens = new NoTokens({ inputUsdPerMTok: 1, outputUsdPerMTok: 1 });
    expect(estimateTokens(tokens, { maxInputTokens: 1_000_000, maxOutputTokens: 0 })).toBe(usd(1));
  });

  it("of HostCapabilities makes no room on a host: canFitVram reads what the host has", () => {
    class Evil extends HostCapabilities {}
    Object.defineProperties(Evil.prototype, getters({ availableVramGb: 1e9 }));
    expect(new Evil({ availableVramGb: 8 }).canFitVram(16)).toBe(false);
    expect(new Evil().canFitVram(16)).toBe(false);
  });

  it("of BackendCapabilities or ToolRequirements lets nothing through that lacks something", () => {
    class Evil extends BackendCapabilities {
      override canSatisfy(): boolean {
        return true;
      }
    }
    class Modest extends ToolRequirements {}
    Object.defineProperties(Modest.prototype, getters({ minVramGb: null, image: null }));
    const backend = { kind: BackendKind.LOCAL, capabilities: new Evil({ toolIds: ["whisper"] }) };
    expect(() => selectBackend([backend], needs)).toThrow(NoEligibleBackendError);
    expect(() => selectBackend([backend], new Modest({ toolId: "whisper", minVramGb: 16 }))).toThrow(
      NoEligibleBackendError,
    );
  });

  it("of ExternalEndpoint is logged with the host that the data goes to", () => {
    class Evil extends ExternalEndpoint {
      override host(): string {
        return "safe.example\n";
      }
    }
    const lines: string[] = [];
    const endpoint = new Evil({
      name: "api",
      baseUrl: "https://evil.example/v1",
      secret: new SecretRef("KEY"),
    });
    expect(logEgress(endpoint, { log: (line) => lines.push(line) }).host).toBe("evil.example");
    expect(lines).toEqual(['egress name="api" host="evil.example"']);
  });
});

describe("a method on a look-alike", () => {
  // As row mappers make them: own fields from anywhere, on our prototype.
  const rowOf = (prototype: object, fields: object): object =>
    Object.assign(Object.create(prototype) as object, fields);

  it.each<readonly [object, boolean | typeof TypeError | typeof RangeError]>([
    [{ availableVramGb: 24 }, true],
    [{ availableVramGb: 8 }, false],
    [{ availableVramGb: null }, false],
    [{ availableVramGb: "24" }, TypeError],
    [{ availableVramGb: true }, TypeError],
    [{ availableVramGb: Infinity }, RangeError],
    [{ availableVramGb: NaN }, RangeError],
    [{ availableVramGb: 24, row: 1 }, TypeError],
    [{}, TypeError],
  ])("answers as the class would with its own fields: %o", (fields, expected) => {
    const host = rowOf(HostCapabilities.prototype, fields) as HostCapabilities;
    const row = rowOf(BackendCapabilities.prototype, fields) as BackendCapabilities;
    const asked = [(): boolean => host.canFitVram(16), (): boolean => row.canSatisfy(needs)];
    for (const ask of asked) {
      if (typeof expected === "boolean") expect(ask()).toBe(expected);
      else expect(ask).toThrow(expected);
    }
  });

  it("reads a field once: one that changes its mind is what it first said", () => {
    for (const [key, first, then] of [
      ["availableVramGb", 8, 1e9],
      ["availableVramGb", null, 1e9],
    ] as const) {
      const evil = (prototype: object): object => {
        let reads = 0;
        const get = (): unknown => (reads++ === 0 ? first : then);
        return Object.create(prototype, { [key]: { get, enumerable: true } }) as object;
      };
      expect((evil(HostCapabilities.prototype) as HostCapabilities).canFitVram(16)).toBe(false);
      expect((evil(BackendCapabilities.prototype) as BackendCapabilities).canSatisfy(needs)).toBe(false);
      const backend = {
        kind: BackendKind.LOCAL,
        capabilities: evil(Object.prototype) as BackendCapabilities,
      };
      expect(() => selectBackend([backend], needs)).toThrow(NoEligibleBackendError);
    }
  });

  it("adds up no money that is none", () => {
    const state = (fields: object): BudgetState => rowOf(BudgetState.prototype, fields) as BudgetState;
    expect(() => state({ reserved: "1", spent: "2" }).committed()).toThrow(TypeError);
    expect(() => state({ reserved: 1n }).committed()).toThrow(TypeError);
    expect(() => state({ reserved: 1n, spent: -1n }).committed()).toThrow(RangeError);
    expect(state({ reserved: 1n, spent: 2n }).committed()).toBe(3n);
  });
});

/** What the constructor that belongs at a place of `admits` makes of fields; `null` if it refuses them. */
function genuinely(index: number, fields: unknown): BudgetState | BudgetCap | null {
  try {
    return index === 3 ? new BudgetCap(fields as BudgetCap) : new BudgetState(fields as BudgetState);
  } catch {
    return null;
  }
}

/** Calls `admits` as plain JavaScript would: with anything. */
function isAdmitted(args: readonly unknown[]): boolean {
  const call = admits as unknown as (...args: readonly unknown[]) => { readonly admitted: boolean };
  return orRefused(() => call(...args).admitted);
}

describe("admits", () => {
  it("refuses what is refused, whatever is put in place of anything genuine", () => {
    const estimate = microCents(usd(5) + 1n);
    const right: readonly unknown[] = [estimate, nothing, nothing, small];
    expect(isAdmitted([usd(5), nothing, nothing, small])).toBe(true);
    right.forEach((genuine, index) => {
      const alike = typeof genuine === "object" && genuine !== null ? lookAlikes(genuine) : [];
      for (const { label, value, model } of [...anywhere(), ...alike]) {
        // A smaller bigint is an honest estimate.
        if (index === 0 && typeof value === "bigint" && value >= 0n && value <= usd(5)) continue;
        const args = right.map((arg, at) => (at === index ? value : arg));
        // What has the fields is what the constructor makes of them: who can write a cap can raise it.
        const made = right.map((arg, at) => (at === index ? genuinely(index, model) : arg));
        const expected = index > 0 && made[index] !== null && isAdmitted(made);
        expect(isAdmitted(args), `${index}: ${label}`).toBe(expected);
      }
    });
  });

  it("takes no value in another's place, and one of another realm by its fields", () => {
    const foreign = (run: number): unknown =>
      runInNewContext(`({ run: ${run}n * 10n ** 8n, month: 10n ** 30n })`);
    expect(isAdmitted([usd(0), nothing, small, nothing])).toBe(false);
    expect(isAdmitted([usd(0), small, small, small])).toBe(false);
    expect(isAdmitted([microCents(1n), spent, nothing, foreign(5)])).toBe(false);
    expect(isAdmitted([microCents(1n), spent, nothing, foreign(6)])).toBe(true);
  });

  it("reads each field once, whoever wrote it", () => {
    const reads: string[] = [];
    const counted = (name: string, value: object): object =>
      new Proxy(
        { ...value },
        {
          get: (target, key) => {
            reads.push(`${name}.${String(key)}`);
            return Reflect.get(target, key) as unknown;
          },
        },
      );
    expect(
      isAdmitted([usd(5), counted("run", nothing), counted("month", nothing), counted("cap", small)]),
    ).toBe(true);
    const fields = ["run.reserved", "run.spent", "month.reserved", "month.spent", "cap.run", "cap.month"];
    expect(reads.sort()).toEqual(fields.sort());
  });

  it("admits nothing for anything in all four places", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 5 }), (args) => {
        expect(isAdmitted(args)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("selectBackend", () => {
  const able = new BackendCapabilities({ hasGpu: true, availableVramGb: 24 });
  const sdk = { kind: BackendKind.SDK, capabilities: able };

  it("gives the SDK for nothing but true", () => {
    for (const { label, value } of anywhere()) {
      if (value === true) continue;
      const options = { allowSdk: value } as { allowSdk: boolean };
      const chosen = (): boolean => {
        try {
          return selectBackend([sdk], needs, options) === sdk;
        } catch (error) {
          if (error instanceof NoEligibleBackendError) return false;
          throw error;
        }
      };
      expect(orRefused(chosen), label).toBe(false);
    }
    expect(selectBackend([sdk], needs, { allowSdk: true })).toBe(sdk);
  });

  it("takes only true for a yes of canSatisfy", () => {
    for (const { label, value } of anywhere()) {
      if (typeof value === "boolean") continue;
      const backend = { kind: BackendKind.LOCAL, canSatisfy: () => value as boolean };
      expect(() => selectBackend([backend], needs), label).toThrow(TypeError);
    }
    for (const answer of [Promise.resolve(true), Promise.resolve(false)]) {
      const backend = { kind: BackendKind.LOCAL, canSatisfy: () => answer as unknown as boolean };
      expect(() => selectBackend([backend], needs)).toThrow(TypeError);
    }
  });

  it("reads a kind once: one that changes its mind is what it first said", () => {
    for (const first of ["bogus", "", null, 0, -1]) {
      let reads = 0;
      const backend = {
        get kind() {
          return (reads++ === 0 ? first : "sdk") as BackendKind;
        },
        capabilities: able,
      };
      expect(() => selectBackend([backend], needs)).toThrow(/kind/);
    }
    let reads = 0;
    const honest = {
      get kind(): BackendKind {
        reads++;
        return "local";
      },
      capabilities: able,
    };
    expect(selectBackend([honest], needs)).toBe(honest);
    expect(reads).toBe(1);
  });

  it("reads a list by its places, not by an iterator that lies or never ends", () => {
    let steps = 0;
    class Liar extends Array<typeof sdk> {
      override *[Symbol.iterator](): ReturnType<(typeof sdk)[][typeof Symbol.iterator]> {
        // Long enough to be noticed, and not to hang.
        while (steps++ < 1_000) yield { kind: BackendKind.LOCAL as never, capabilities: able };
      }
      override map(): never[] {
        return [];
      }
    }
    const list = Liar.of(sdk);
    expect(() => selectBackend(list, needs)).toThrow(NoEligibleBackendError);
    expect(steps).toBe(0);
  });

  it("shows no unprintable kind, and none of a getter's later answers, in its message", () => {
    let reads = 0;
    const backend = {
      get kind() {
        return (reads++ === 0 ? "sdk" : "sdk\n\u001b[31m") as BackendKind;
      },
      capabilities: able,
    };
    let thrown: unknown;
    try {
      selectBackend([backend], needs);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as Error).message).not.toMatch(/\p{C}/u);
  });
});

describe("isDispatchError", () => {
  it("knows only codes that are ours, whichever is asked for", () => {
    for (const code of ["ENOENT", "", undefined, null, 5, "constructor", "retriable "]) {
      const error = Object.assign(new Error("x"), { code });
      expect(isDispatchError(error)).toBe(false);
      expect(isDispatchError(error, code as never)).toBe(false);
    }
  });

  it("reads a code once", () => {
    let reads = 0;
    const error = {
      get code() {
        return reads++ === 0 ? "ENOENT" : "retriable";
      },
    };
    expect(isDispatchError(error, "retriable")).toBe(false);
    expect(reads).toBe(1);
  });
});

describe("drain", () => {
  const lease = new Lease({ jobId: "1", leasedAt: epochSeconds(0), attempts: 1, token: "t" });

  function storeOf(count: number): { readonly store: JobStore; readonly calls: string[] } {
    const calls: string[] = [];
    let left = count;
    const store: JobStore = {
      claim() {
        calls.push("claim");
        return left-- > 0 ? { lease, payload: null } : null;
      },
      complete(_, __, options) {
        calls.push(`complete ${Object.keys(options ?? {}).join()}`);
        return { kind: "completed", booked: usd(0), overrun: usd(0) };
      },
      fail(_, message, { retriable, ...rest }) {
        calls.push(`fail ${typeof message} ${retriable} ${Object.keys(rest).join()}`.trim());
        return { kind: "failed", booked: usd(0), overrun: usd(0) };
      },
      recoverStale: () => ({ attempts: [], ended: [], more: false }),
    };
    return { store, calls };
  }

  it("claims nothing when an option or the executor is wrong", async () => {
    for (const { label, value } of anywhere()) {
      const { store, calls } = storeOf(1);
      const run = vi.fn();
      const options = { lanes: ["a"], actualCost: value, onEvent: value, signal: value } as never;
      if (value !== undefined) await expect(drain(store, run, options), label).rejects.toThrow();
      if (typeof value !== "function")
        await expect(drain(store, value as never, { lanes: ["a"] }), label).rejects.toThrow();
      const isList = label.startsWith("a list");
      if (!isList) await expect(drain(store, run, { lanes: value as never }), label).rejects.toThrow();
      expect(calls, label).toEqual([]);
      expect(run).not.toHaveBeenCalled();
    }
  });

  it("reads an option once", async () => {
    const { store, calls } = storeOf(1);
    let reads = 0;
    const options = {
      lanes: ["a"],
      get actualCost() {
        return reads++ === 0 ? () => null : () => usd(0);
      },
    };
    await drain(store, () => 1, options);
    expect(calls).toEqual(["claim", "complete ", "claim"]);
    expect(reads).toBe(1);
  });

  it("records whatever an executor throws, and goes on", async () => {
    const revoked = Proxy.revocable(new Error("x"), {});
    revoked.revoke();
    const throwing = Object.defineProperty(new Error("x"), "message", {
      get: () => {
        throw SABOTAGE;
      },
    });
    const coded = Object.defineProperty(new Error("x"), "code", {
      get: () => {
        throw SABOTAGE;
      },
    });
    const thrown: readonly unknown[] = [
      ...anywhere().map(({ value }) => value),
      revoked.proxy,
      throwing,
      coded,
      new Proxy(new Error("x"), {
        get: () => {
          throw COERCED;
        },
        getPrototypeOf: () => {
          throw COERCED;
        },
      }),
      { code: "retriable", actual: -5n, retryAfterSeconds: NaN },
    ];
    const { store, calls } = storeOf(thrown.length);
    let next = 0;
    const summary = await drain(
      store,
      () => {
        throw thrown[next++];
      },
      { lanes: ["a"] },
    );
    expect(summary.failed).toBe(thrown.length);
    expect(calls.filter((call) => call.startsWith("fail string"))).toHaveLength(thrown.length);
  });

  it("charges in full whatever is no cost", async () => {
    for (const { label, value } of anywhere()) {
      if (typeof value === "bigint" || value === undefined) continue;
      const reports: unknown[] = [];
      const { store } = storeOf(1);
      const checking: JobStore = {
        ...store,
        complete(_, __, options = {}) {
          // As every store does.
          if ("actual" in options && typeof options.actual !== "bigint") throw new TypeError("actual");
          reports.push(options);
          return { kind: "completed", booked: usd(1), overrun: usd(0) };
        },
      };
      await drain(checking, () => 1, { lanes: ["a"], actualCost: () => value as never });
      expect(reports, label).toEqual([{}]);
    }
  });
});
