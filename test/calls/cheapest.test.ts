import {
  BackendCapabilities,
  BackendKind,
  BudgetState,
  type MicroCents,
  microCents,
  selectBackend,
  ToolRequirements,
  usd,
} from "dispatch-kit";
import { roomsIn, type ScopeRoom, selectAffordable } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const needs = new ToolRequirements({ toolId: "summarise" });
const able = new BackendCapabilities();
const unable = new BackendCapabilities({ toolIds: [] });
const maxCost = ({ most }: { readonly most: MicroCents }): MicroCents => most;
const room = (scope: string, cap: string, spent: string): ScopeRoom => ({
  scope,
  cap: usd(cap),
  state: new BudgetState({ reserved: usd(0), spent: usd(spent) }),
});
const backend = (kind: BackendKind, most: string, capabilities = able) => ({
  kind,
  most: usd(most),
  capabilities,
});

const local = backend(BackendKind.LOCAL, "0.50");
const cloud = backend(BackendKind.CLOUD_WORKER, "0.30");
const sdk = backend(BackendKind.SDK, "0.10");

describe("selectAffordable", () => {
  it("takes the first of the fixed order that fits, and on request the cheapest", () => {
    const options = { maxCost, scopes: [room("run:1", "1", "0")], allowSdk: true };
    expect(selectAffordable([sdk, cloud, local], needs, options)).toMatchObject({
      kind: "selected",
      backend: local,
    });
    const cheapest = selectAffordable([local, cloud, sdk], needs, { ...options, prefer: "cheapest" });
    expect(cheapest).toMatchObject({ kind: "selected", backend: sdk, maxCost: usd("0.10") });
    expect(cheapest.passedOver.map(({ index, reason }) => [index, reason])).toEqual([
      [0, "#2 is cheaper"],
      [1, "#2 is cheaper"],
    ]);
  });

  it("passes over what does not fit one of the scopes, and says in which and by how much", () => {
    const scopes = [room("run:1", "1", "0.55"), room("month:2026-11", "10", "9.60")];
    const found = selectAffordable([local, cloud], needs, { maxCost, scopes });
    expect(found).toMatchObject({ kind: "selected", backend: cloud });
    expect(found.passedOver).toEqual([
      {
        index: 0,
        kind: "local",
        reason: 'its cost of $0.50 exceeds the room in "run:1" by $0.05, "month:2026-11" by $0.10',
        maxCost: usd("0.50"),
        lacking: [
          { scope: "run:1", by: usd("0.05") },
          { scope: "month:2026-11", by: usd("0.10") },
        ],
      },
    ]);
  });

  it("refuses when nothing fits or can run the job, and says why for each", () => {
    const broken = backend(BackendKind.LOCAL, "0", unable);
    const refused = selectAffordable([broken, cloud, sdk], needs, {
      maxCost,
      scopes: [room("run:1", "0.29", "0")],
    });
    expect(refused.kind).toBe("refused");
    expect(refused.passedOver.map(({ reason }) => reason)).toEqual([
      "it lacks the tool",
      'its cost of $0.30 exceeds the room in "run:1" by $0.01',
      "allowSdk is not set",
    ]);
    expect(refused.passedOver.map((of) => of.maxCost)).toEqual([null, usd("0.30"), null]);
    expect(selectAffordable([], needs, { maxCost, scopes: [] })).toMatchObject({
      kind: "refused",
      passedOver: [],
    });
  });

  it("an exact fit fits, a micro-cent more does not", () => {
    const at = (cap: bigint) =>
      selectAffordable([cloud], needs, {
        maxCost,
        scopes: [{ ...room("run:1", "0", "0"), cap: microCents(cap) }],
      }).kind;
    expect([at(30_000_000n), at(29_999_999n)]).toEqual(["selected", "refused"]);
  });

  it("equal costs go by the order of kinds, then by the list's", () => {
    const first = backend(BackendKind.LAN_WORKER, "0.10");
    const second = backend(BackendKind.LAN_WORKER, "0.10");
    const found = selectAffordable([sdk, first, second], needs, {
      maxCost,
      scopes: [],
      prefer: "cheapest",
      allowSdk: true,
    });
    expect(found.kind === "selected" && found.backend).toBe(first);
    expect(found.passedOver.map(({ reason }) => reason)).toEqual(["#1 comes first", "#1 comes first"]);
  });

  const kinds = fc.constantFrom(...Object.values(BackendKind));
  const lists = fc.array(
    fc.record({
      kind: kinds,
      most: fc.bigInt({ min: 0n, max: 20n }).map(microCents),
      capabilities: fc.constantFrom(able, unable),
    }),
    { maxLength: 6 },
  );

  it("chooses what fits and can run, none cheaper or none before it, and names all the others", () => {
    fc.assert(
      fc.property(
        lists,
        fc.bigInt({ min: 0n, max: 20n }),
        fc.constantFrom("order", "cheapest"),
        fc.boolean(),
        (backends, left, prefer, allowSdk) => {
          const scopes = [{ ...room("run:1", "0", "0"), cap: microCents(left) }];
          const found = selectAffordable(backends, needs, { maxCost, scopes, prefer, allowSdk });
          const fits = backends.filter(
            ({ most, capabilities, kind }) =>
              most <= left && capabilities === able && (allowSdk || kind !== "sdk"),
          );
          expect(found.kind).toBe(fits.length > 0 ? "selected" : "refused");
          expect(found.passedOver.length).toBe(backends.length - (fits.length > 0 ? 1 : 0));
          if (found.kind === "refused") return;
          const cheapest = fits.filter(({ most }) => fits.every((other) => most <= other.most));
          const among = prefer === "cheapest" ? cheapest : fits;
          expect(found.backend).toBe(selectBackend(among, needs, { allowSdk }));
          expect(found.maxCost).toBe(found.backend.most);
        },
      ),
      { numRuns: 500 },
    );
  });

  const options = { maxCost, scopes: [room("run:1", "1", "0")] };
  it.each<readonly [string, unknown, unknown, unknown]>([
    ["no list", undefined, needs, options],
    ["a list with a hole", new Array(1), needs, options],
    ["requirements without a tool", [local], { ...needs, toolId: undefined }, options],
    ["requirements that are inherited", [local], Object.create(needs), options],
    ["requirements of another class", [local], new Map(Object.entries(needs)), options],
    ["no options", [local], needs, undefined],
    ["no scopes", [local], needs, { maxCost }],
    ["no bound", [local], needs, { scopes: [] }],
    [
      "a state without what is spent",
      [local],
      needs,
      { maxCost, scopes: [{ ...room("a", "1", "0"), state: { reserved: 0n } }] },
    ],
    [
      "a state in dollars",
      [local],
      needs,
      { maxCost, scopes: [{ ...room("a", "1", "0"), state: { reserved: "0.00", spent: "0.00" } }] },
    ],
    [
      "a state that is a list",
      [local],
      needs,
      { maxCost, scopes: [{ ...room("a", "1", "0"), state: [0n, 0n] }] },
    ],
    ["a cap in dollars", [local], needs, { maxCost, scopes: [{ ...room("a", "1", "0"), cap: 1 }] }],
    ["a bound in dollars", [local], needs, { ...options, maxCost: () => 0.1 }],
    ["a bound that is missing", [local], needs, { ...options, maxCost: () => undefined }],
    ["a negative bound", [local], needs, { ...options, maxCost: () => -1n }],
    ["an unknown preference", [local], needs, { ...options, prefer: "best" }],
    ["an unknown option", [local], needs, { ...options, scope: [] }],
  ])("throws for %s", (_, backends, requirements, given) => {
    expect(() => selectAffordable(backends as never, requirements as never, given as never)).toThrow(
      /TypeError|RangeError|must be|no field/,
    );
  });

  it("reads look-alikes of requirements and states by their fields", () => {
    const given = { maxCost, scopes: [room("a", "1", "0.60")] };
    const clone = { maxCost, scopes: given.scopes.map((each) => ({ ...each, state: { ...each.state } })) };
    for (const requirements of [{ ...needs }, structuredClone(needs), new Proxy(needs, {})]) {
      const found = selectAffordable([local, cloud], requirements, clone as typeof given);
      expect(found).toEqual(selectAffordable([local, cloud], needs, given));
    }
    const full = { reserved: usd(1), spent: usd(0) } as BudgetState;
    const inFull = { maxCost, scopes: [{ ...room("a", "1", "0"), state: full }] };
    expect(selectAffordable([local], needs, inFull).kind).toBe("refused");
  });

  it("its outcome can be stringified, and is frozen", () => {
    const found = selectAffordable([local, cloud], needs, options);
    expect(JSON.parse(JSON.stringify(found))).toMatchObject({
      maxCost: "0.50",
      passedOver: [{ maxCost: "0.30" }],
    });
    expect([found, found.passedOver, found.passedOver[0]].every(Object.isFrozen)).toBe(true);
  });
});

describe("roomsIn", () => {
  it("is what the ledger has committed in each scope", async () => {
    const ledger = memoryStore();
    const scopes = [
      { scope: "run:1", cap: usd(1) },
      { scope: "month:2026-11", cap: usd(10) },
    ];
    await ledger.hold({ holdId: "h", amount: usd("0.60"), scopes, ttlSeconds: 60 });
    const rooms = await roomsIn(ledger, scopes);
    expect(rooms.map(({ scope, state }) => [scope, state.committed()])).toEqual([
      ["run:1", usd("0.60")],
      ["month:2026-11", usd("0.60")],
    ]);
    expect(selectAffordable([local], needs, { maxCost, scopes: rooms }).kind).toBe("refused");
  });

  it("needs a cap of each scope, because a cap of the store's own cannot be compared", async () => {
    for (const cap of [undefined, null]) {
      const scopes = [
        { scope: "run:1", cap: usd(1) },
        { scope: "month:2026-11", cap },
      ];
      await expect(roomsIn(memoryStore(), scopes)).rejects.toThrow(
        new TypeError(
          "roomsIn: scopes[1].cap must be MicroCents, from usd(…) or microCents(…); got undefined",
        ),
      );
    }
  });

  it("a ledger that is down is thrown, not room", async () => {
    const usage = (): Promise<BudgetState> => Promise.reject(new Error("down"));
    await expect(roomsIn({ usage }, [{ scope: "run:1", cap: usd(1) }])).rejects.toThrow("down");
  });
});
