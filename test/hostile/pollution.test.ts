import {
  Approval,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  type DispatchStore,
  epochSeconds,
  monthScope,
  usd,
} from "dispatch-kit";
import { withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bound, TABLE } from "./public.ts";
import { isPlain, places, put } from "./values.ts";

/** Calls something while every object inherits a property, and cleans up. */
async function polluted(key: PropertyKey, value: unknown, call: () => unknown): Promise<unknown> {
  const descriptor = { value, configurable: true, writable: true, enumerable: true };
  Object.defineProperty(Object.prototype, key, descriptor);
  try {
    const made = call();
    return made instanceof Promise ? ((await made) as unknown) : made;
  } finally {
    Reflect.deleteProperty(Object.prototype, key);
  }
}

interface Outcome {
  readonly result?: unknown;
  readonly error?: unknown;
}

async function outcomeOf(call: () => unknown): Promise<Outcome> {
  try {
    return { result: await call() };
  } catch (error) {
    return { error };
  }
}

/** What polluting every object does to a call, if it does more than make it fail. */
async function effect(
  path: string,
  args: () => readonly unknown[],
  key: PropertyKey,
  value: unknown,
): Promise<string> {
  const call = bound(path);
  const self = TABLE[path]?.self;
  // Both are made before: what is polluted is the library's world, not how the arguments came to be.
  const [before = [], during = []] = [1, 2].map(() => args());
  const clean = await outcomeOf(() => call(self, before));
  const dirty = await outcomeOf(() => polluted(key, value, () => call(self, during)));
  if (dirty.error !== undefined) return dirty.error instanceof Error ? "" : "threw what is no error";
  const [expected, found] = [shown(clean.result), shown(dirty.result)];
  if (clean.error !== undefined) return `an error became ${found}`;
  // A store is an argument, and holds what it was told.
  if (shown(before) !== shown(during)) return `${shown(before)} became ${shown(during)}`;
  return expected === found ? "" : `${expected} became ${found}`;
}

function shown(value: unknown): string {
  // Where an error was made is no part of what it says.
  const said = value instanceof Error ? { ...value, message: value.message, stack: "" } : value;
  return inspect(said, { depth: Infinity, breakLength: Infinity });
}

const able = new BackendCapabilities();
const much = 10n ** 30n;

const POLLUTION: readonly (readonly [PropertyKey, unknown])[] = [
  ["run", much],
  ["month", much],
  ["reserved", 0n],
  ["spent", 0n],
  ["cap", new BudgetCap({ run: usd(1e6), month: usd(1e6) })],
  ["estimate", 0n],
  ["admitted", true],
  ["allowSdk", true],
  ["kind", "local"],
  ["kind", "held"],
  ["canSatisfy", () => true],
  ["capabilities", able],
  ["hasGpu", true],
  ["availableVramGb", 1e9],
  ["minVramGb", null],
  ["estimatedVramGb", null],
  ["feasibleLocally", true],
  ["toolIds", null],
  ["images", null],
  ["tiers", []],
  ["inputUsdPerMTok", "0"],
  ["outputUsdPerMTok", "0"],
  ["cacheReadUsdPerMTok", "0"],
  ["cacheWriteUsdPerMTok", "0"],
  ["cacheWrite1hUsdPerMTok", "0"],
  ["inputAudioUsdPerMTok", "0"],
  ["outputReasoningUsdPerMTok", "0"],
  ["requestUsd", "0"],
  ["searchUsd", "0"],
  ["searches", 0],
  ["maxCacheReadTokens", 0],
  ["maxOutputReasoningTokens", 0],
  ["aboveInputTokens", 1e9],
  ["cacheReadTokens", 0],
  ["perHour", "0"],
  ["gpuUsdPerS", "0"],
  ["idleTailS", "0"],
  ["maxRuntimeS", "0"],
  ["vcpus", "0"],
  ["actual", 0n],
  ["actualCost", () => 0n],
  ["onEvent", () => null],
  ["signal", { aborted: true }],
  ["aborted", true],
  ["retryAfterSeconds", 1e9],
  ["counts", false],
  ["leaseSeconds", 1e9],
  ["by", "polluted"],
  ["onRefused", () => null],
  ["requestedBy", "polluted"],
  ["tags", { polluted: "x" }],
  ["decideBy", 1],
  ["claimBy", 1],
  ["maxRunSeconds", 1],
  ["scopes", [{ scope: "polluted", cap: 0n }]],
  ["cap", 0n],
  ["after", 0],
  ["unknown", true],
  ["over", true],
  ["unreadable", "polluted"],
  ["id", "polluted"],
  ["approval", { author: "polluted", reason: "polluted" }],
  ["code", "retriable"],
  ["outcome", "approved"],
  ["detail", "polluted"],
  ["log", () => null],
  ["KEY", "polluted"],
  ["process", { env: { KEY: "polluted" } }],
  ["secret", "polluted"],
  ["host", "polluted"],
  ["until", null],
  ["prefix", "polluted"],
  ["author", "polluted"],
  ["reason", "polluted"],
  ["decidedAt", "2026-11-23T09:00:00Z"],
  ["jobId", "waiting"],
  ["leasedAt", 0],
  ["attempts", 1],
  ["token", "polluted"],
  ["staleAfterS", 1e9],
  ["deadAfterS", 1e9],
  ["timeZone", "Asia/Tokyo"],
  ["calendar", "buddhist"],
  ["numberingSystem", "arab"],
  ["era", "long"],
  ["hour", "2-digit"],
  ["length", 0],
  [0, "polluted"],
  ["toJSON", () => ({ run: "999999", month: "999999" })],
  [Symbol.iterator, () => [][Symbol.iterator]()],
  ["get", () => much],
  ["set", () => undefined],
  ["value", much],
  ["writable", true],
  ["configurable", true],
];

beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe.each(Object.keys(TABLE))("%s in a polluted world", (path) => {
  const args = TABLE[path]?.args ?? (() => []);

  it("answers as in a clean one, or fails", async () => {
    const broken: string[] = [];
    for (const [key, value] of POLLUTION) {
      for (let count = 0; count <= args().length; count++) {
        const found = await effect(path, () => args().slice(0, count), key, value);
        if (found !== "") broken.push(`${String(key)}, ${count} arguments: ${found}`);
      }
    }
    expect(broken, broken.join("\n")).toEqual([]);
  });

  it("takes no inherited field for a missing one", async () => {
    const broken: string[] = [];
    const isBent = ({ 0: index, length }: readonly PropertyKey[]): boolean =>
      length > 1 && Number(index) >= (TABLE[path]?.trusted ?? 0);
    for (const place of places(args()).filter(isBent)) {
      const [key, ...reversed] = [...place].reverse();
      const holder = reversed.reverse();
      const fields = holder.reduce<unknown>((found, step) => Reflect.get(found as object, step), args());
      if (key === undefined || !isPlain(fields)) continue;
      const { [key]: field, ...rest } = fields;
      const without = (): readonly unknown[] => put(args(), holder, rest) as readonly unknown[];
      const generous = POLLUTION.filter(([name]) => name === key).map(([, value]) => value);
      for (const value of [field, ...generous]) {
        const found = await effect(path, without, key, value);
        // What an error of ours is about is no decision.
        if (found !== "" && key !== "subject") broken.push(`${place.join(".")}: ${found}`);
      }
    }
    expect(broken, broken.join("\n")).toEqual([]);
  });
});

describe("monthScope: formatters that are kept", () => {
  it.each([
    ["calendar", "buddhist"],
    ["numberingSystem", "arab"],
    ["era", "long"],
    ["hour", "2-digit"],
  ])("one made while every object inherits %s names no other month", async (key, value) => {
    // A zone that nothing else here uses: its formatter is made now, and kept.
    const zone = {
      calendar: "Asia/Tokyo",
      numberingSystem: "Asia/Seoul",
      era: "Asia/Manila",
      hour: "Asia/Tbilisi",
    }[key];
    const at = epochSeconds(new Date("2026-11-23T12:00:00Z"));
    await outcomeOf(() => polluted(key, value, () => monthScope(at, zone ?? "")));
    expect(monthScope(at, zone ?? "").scope).toBe("month:2026-11");
  });
});

describe("memoryStore in a polluted world", () => {
  const at = epochSeconds(0);
  const cap = usd(1);
  const scopes = [{ scope: "run:1", cap }];
  const approval = new Approval({ author: "a", reason: "r", decidedAt: "2026-11-23T09:00:00Z" });
  const job = {
    lane: "a",
    payload: null,
    backend: BackendKind.CLOUD_WORKER,
    maxCost: usd(1),
    maxAttempts: 1,
  };

  /** A store whose one scope is full, with a hold that could be extended and a job that waits. */
  async function full(): Promise<ReturnType<typeof memoryStore>> {
    const store = memoryStore({ clock: () => at });
    await store.hold({ holdId: "full", amount: cap, scopes, ttlSeconds: 60 });
    await store.submit({ ...job, jobId: "waiting" });
    return store;
  }

  const plain = { author: "a", reason: "r" };
  const asks: Readonly<Record<string, (store: DispatchStore) => Promise<unknown>>> = {
    hold: (store) => store.hold({ holdId: "more", amount: usd(1), scopes, ttlSeconds: 60 }),
    extend: (store) => store.extend("full", usd(100), 1),
    submit: (store) => store.submit({ ...job, jobId: "2", approved: { approval, scopes } }),
    approve: (store) => store.approve("waiting", approval, { scopes }),
    "submit, decided plainly": (store) =>
      store.submit({ ...job, jobId: "2", approved: { approval: plain, scopes } }),
    "approve, decided plainly": (store) => store.approve("waiting", plain, { scopes }),
    claim: (store) => store.claim(["a"]),
  };

  it.each(Object.entries(asks))("%s admits nothing that it refuses in a clean one", async (_, ask) => {
    const clean = await ask(await full());
    expect(clean === null || Reflect.get(clean as object, "kind") === "refused").toBe(true);
    const broken: string[] = [];
    for (const [key, value] of POLLUTION) {
      const store = await full();
      const kinds = ["held", "queued"].map((kind) => (key === "kind" ? kind : value));
      for (const inherited of kinds) {
        // What is inherited is read while it is inherited, as the caller would.
        const { result } = await outcomeOf(() =>
          polluted(key, inherited, () =>
            ask(store).then((found): unknown => found && Reflect.get(found, "kind")),
          ),
        );
        if (result !== undefined && result !== null && result !== "refused")
          broken.push(`${String(key)}: ${shown(result)}`);
      }
    }
    expect(broken, broken.join("\n")).toEqual([]);
  });
});

describe("a decision or a lease in a polluted world", () => {
  const at = epochSeconds(0);
  const scopes = [{ scope: "run:1", cap: usd(1) }];
  const fields = { author: "a", reason: "r", decidedAt: "2026-11-23T09:00:00Z" };
  const job = { jobId: "1", lane: "a", payload: null, maxAttempts: 1 };
  const paid = { ...job, backend: BackendKind.CLOUD_WORKER, maxCost: usd(1) };

  it.each(["author", "reason"] as const)("takes no inherited %s for a missing one", async (key) => {
    const store = memoryStore({ clock: () => at });
    await store.submit(paid);
    const decision = { ...fields, [key]: undefined } as never;
    const calls = [
      () => store.approve("1", decision, { scopes }),
      () => store.reject("1", decision),
      () => store.submit({ ...paid, jobId: "2", approved: { approval: decision, scopes } }),
    ];
    for (const call of calls) {
      expect((await outcomeOf(() => polluted(key, "polluted", call))).error).toBeInstanceOf(TypeError);
    }
    expect((await store.job("1"))?.state).toBe("awaiting_approval");
  });

  it("takes no inherited outcome for that of a decision", async () => {
    const store = memoryStore({ clock: () => at });
    await store.submit(paid);
    await polluted("outcome", "approved", () => store.reject("1", fields));
    expect((await store.job("1"))?.approval?.outcome).toBe("rejected");
  });

  it("takes no inherited token for that of a lease", async () => {
    const store = memoryStore({ clock: () => at });
    await store.submit({ ...job, backend: BackendKind.LOCAL, maxCost: usd(0) });
    const lease = (await store.claim(["a"]))?.lease;
    const without = { jobId: "1", leasedAt: at, attempts: 1 } as never;
    const { error } = await outcomeOf(() =>
      polluted("token", lease?.token, () => store.complete(without, 1)),
    );
    expect(error).toBeInstanceOf(TypeError);
    expect((await store.job("1"))?.state).toBe("running");
  });
});

describe("withHold in a polluted world", () => {
  it("takes no inherited actual cost for one that was not told: the hold is booked in full", async () => {
    const ledger = memoryStore();
    const hold = { holdId: "h", amount: usd(1), scopes: [{ scope: "run:1", cap: usd(1) }], ttlSeconds: 60 };
    const untold = { value: "hello" } as { value: string; actual: null };
    const done = await polluted("actual", 0n, () => withHold(ledger, hold, () => untold));
    expect(done).toMatchObject({ settlement: "in_full", booked: usd(1) });
    expect((await ledger.usage("run:1")).committed()).toBe(usd(1));
  });
});

describe("a property of every object that cannot be set", () => {
  it.each<[string, PropertyDescriptor]>([
    ["by a setter", { get: () => much, set: () => undefined }],
    ["being read-only", { value: much, writable: false }],
  ])("does not stand in for a field: %s", (_, descriptor) => {
    const given = { run: usd("1"), month: usd("20") };
    Object.defineProperty(Object.prototype, "run", { ...descriptor, configurable: true });
    try {
      const cap = new BudgetCap(given);
      expect([cap.run, Object.hasOwn(cap, "run")]).toEqual([usd("1"), true]);
    } finally {
      Reflect.deleteProperty(Object.prototype, "run");
    }
  });
});
